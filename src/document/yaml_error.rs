//! The reason why a text is not YAML with the values of JSON.

use core::fmt;

use super::yaml::MAX_SIZE;
use crate::yaml::{Fault, MAX_DEPTH, MAX_NODES, Mark, Stop};

/// Why a document is not YAML with the values of JSON, with line and column.
#[derive(Debug)]
pub struct YamlError {
    /// Counted from 1.
    mark: Mark,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    TooLarge,
    Text(Fault),
    /// The text is YAML, but a value in it is not one of JSON, or not the same for everybody.
    Value(&'static str),
}

impl YamlError {
    pub(super) fn too_large() -> Self {
        Self { mark: Mark { line: 1, column: 1 }, cause: Cause::TooLarge }
    }

    pub(super) fn value(mark: Mark, why: &'static str) -> Self {
        Self { mark, cause: Cause::Value(why) }
    }
}

impl From<Stop> for YamlError {
    fn from(Stop { mark, fault }: Stop) -> Self {
        Self { mark, cause: Cause::Text(fault) }
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mark { line, column } = self.mark;
        match self.cause {
            Cause::TooLarge => write!(f, "a YAML document may have at most {MAX_SIZE} bytes; write it as JSON"),
            Cause::Text(Fault::TooDeep) => {
                write!(f, "nested deeper than {MAX_DEPTH} levels at line {line} column {column}; flatten the data")
            }
            Cause::Text(Fault::TooMany) => {
                write!(f, "a YAML document may have at most {MAX_NODES} values; write it as JSON")
            }
            Cause::Text(Fault::Invalid(why)) => {
                write!(
                    f,
                    "expected a document in JSON or YAML, found invalid YAML at line {line} column {column}: {why}"
                )
            }
            Cause::Text(Fault::Tab) => write!(
                f,
                "expected a document in JSON or YAML, found invalid YAML at line {line} column {column}: a tab between \
                 values; use spaces"
            ),
            Cause::Value(why) => write!(f, "unsupported YAML at line {line} column {column}: {why}"),
        }
    }
}

impl core::error::Error for YamlError {}
