//! The errors of documents.

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use super::{json::Json, json_error::JsonError, yaml_error::YamlError};

/// What is wrong with a document, and where.
#[derive(Debug)]
pub struct DocumentError {
    /// The name of the invalid option, or `None` if the document is invalid.
    option: Option<&'static str>,
    /// The place as a JSON pointer (RFC 6901); empty for the whole document or option.
    pointer: String,
    problem: Problem,
    /// The other errors of the same document, in their order. They have no further ones.
    further: Vec<DocumentError>,
}

/// What is wrong at a place. Never contains the value itself, which may be a secret.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The document or option is not JSON.
    NotJson(JsonError),
    /// The document or option is not YAML, or has a value that is not one of JSON.
    NotYaml(YamlError),
    /// A required member is absent or null.
    Missing,
    /// A value is of the wrong kind.
    WrongKind {
        /// The kind of the value, such as "a number".
        found: &'static str,
        /// What is expected instead, such as "a string".
        expected: &'static str,
    },
    /// A value of the right kind is invalid.
    Invalid {
        /// What is expected instead, such as "an IPv4 or IPv6 address".
        expected: &'static str,
    },
    /// A string is not base64 (RFC 4648, 4).
    NotBase64 {
        /// The first invalid character, counted from 1.
        character: usize,
    },
    /// A member is unknown, and the document may have only known ones.
    Unknown {
        /// The beginning of the member's name.
        name: String,
        /// The known name that is probably meant.
        meant: Option<&'static str>,
        /// The names of all known members.
        known: &'static [&'static str],
    },
    /// Members contradict each other, or ask for something impossible. Contains the whole message.
    Conflict(&'static str),
}

impl DocumentError {
    /// Returns the name of the invalid option, or `None` if the document is invalid.
    pub fn option(&self) -> Option<&'static str> {
        self.option
    }

    /// Returns the place in the document or option as a JSON pointer (RFC 6901), which is empty for the whole.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Returns the other errors of the same document, at most 19.
    pub fn further(&self) -> &[Self] {
        &self.further
    }

    /// Appends other errors of the same document. Only the first ones are kept, and each of them once.
    pub(super) fn and(mut self, other: Self) -> Self {
        let Self { option, pointer, problem, further } = other;
        let first = Self { option, pointer, problem, further: Vec::new() };
        for error in core::iter::once(first).chain(further) {
            let is_same = |known: &Self| known.option == error.option && known.pointer == error.pointer;
            if self.further.len() < MAX_FURTHER && !is_same(&self) && !self.further.iter().any(is_same) {
                self.further.push(error);
            }
        }
        self
    }

    /// Marks the error as one in an option, not in the document.
    pub(crate) fn in_option(mut self, name: &'static str) -> Self {
        self.each(|error| error.option = Some(name));
        self
    }

    /// Prepends a step to the place. Long names are truncated: a name of 100 MiB would not help to find the place.
    pub(super) fn below(mut self, step: impl fmt::Display) -> Self {
        let step = format!("/{}", pointer_step(step));
        self.each(|error| error.pointer.insert_str(0, &step));
        self
    }

    fn each(&mut self, mut change: impl FnMut(&mut Self)) {
        self.further.iter_mut().for_each(&mut change);
        change(self);
    }
}

/// Maximum number of errors after the first: enough for one sitting, and short enough to read.
const MAX_FURTHER: usize = 19;

/// Returns a step of a JSON pointer, of at most 1000 characters before they are escaped.
pub(super) fn pointer_step(step: impl fmt::Display) -> String {
    format!("{step:.1000}").replace('~', "~0").replace('/', "~1")
}

impl Problem {
    /// Builds the error for a `value` that is not of the kind `expected`.
    pub(super) fn kind(value: &Json<'_>, expected: &'static str) -> Self {
        Self::WrongKind { found: value.kind(), expected }
    }
}

impl From<Problem> for DocumentError {
    fn from(problem: Problem) -> Self {
        Self { option: None, pointer: String::new(), problem, further: Vec::new() }
    }
}

impl From<JsonError> for DocumentError {
    fn from(error: JsonError) -> Self {
        Problem::NotJson(error).into()
    }
}

impl From<YamlError> for DocumentError {
    fn from(error: YamlError) -> Self {
        Problem::NotYaml(error).into()
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(option) = self.option {
            write!(f, "option {option}: ")?;
        }
        if !self.pointer.is_empty() {
            // Tenants choose the names of members, so escape and truncate them.
            for character in self.pointer.chars().take(200).flat_map(char::escape_debug) {
                fmt::Write::write_char(f, character)?;
            }
            f.write_str(": ")?;
        }
        match &self.problem {
            Problem::NotJson(error) => error.fmt(f),
            Problem::NotYaml(error) => error.fmt(f),
            Problem::Missing => f.write_str("missing required member"),
            Problem::WrongKind { found, expected } => write!(f, "expected {expected}, found {found}"),
            Problem::Invalid { expected } => write!(f, "invalid value: expected {expected}"),
            Problem::NotBase64 { character } => write!(
                f,
                "invalid base64 at character {character}: expected RFC 4648's standard alphabet, padded, on one line"
            ),
            Problem::Unknown { name, meant, known } => {
                write!(f, "unknown member \"{}\"", name.escape_debug())?;
                match (meant, known) {
                    (Some(meant), _) => write!(f, "; did you mean {meant}?"),
                    (None, [first @ .., last]) if !first.is_empty() => {
                        write!(f, ": expected only {} and {last}", first.join(", "))
                    }
                    (None, known) => write!(f, ": expected only {}", known.join(", ")),
                }
            }
            Problem::Conflict(message) => f.write_str(message),
        }
    }
}

impl core::error::Error for DocumentError {}
