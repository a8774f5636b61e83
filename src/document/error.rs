//! What can be wrong with a document.

use alloc::{format, string::String};
use core::fmt;

use super::json::{Json, JsonError};

/// What is wrong with a document, and where.
#[derive(Debug)]
pub struct DocumentError {
    /// The option that holds the text, if it is not the document.
    option: Option<&'static str>,
    /// The place as a JSON pointer (RFC 6901); empty for the text as a whole.
    pointer: String,
    problem: Problem,
}

/// What is wrong at a place. Never holds the value itself: it may be a secret.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The text is not JSON.
    NotJson(JsonError),
    /// A required member is absent or null.
    Missing,
    /// A value of another kind than wanted.
    WrongKind {
        /// The kind that is there.
        found: &'static str,
        /// What should be there.
        wanted: &'static str,
    },
    /// A value of the right kind that cannot be.
    Invalid {
        /// What should be there.
        wanted: &'static str,
    },
    /// A text that is not base64 (RFC 4648, 4) from this character on, counted from 1.
    NotBase64 {
        /// The first bad character, counted from 1.
        character: usize,
    },
    /// Members that contradict each other, or a demand that cannot be met: the whole sentence.
    Conflict(&'static str),
}

impl DocumentError {
    /// The option whose text is wrong, if it is not the document.
    pub fn option(&self) -> Option<&'static str> {
        self.option
    }

    /// The place in that text as a JSON pointer (RFC 6901); empty for the text as a whole.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The error is not in the document but in the text of an option.
    pub(super) fn in_option(mut self, name: &'static str) -> Self {
        self.option = Some(name);
        self
    }

    /// The same error seen from one level further out. A name is cut: one of 100 MiB helps nobody to find it.
    pub(super) fn below(mut self, step: impl fmt::Display) -> Self {
        let step = format!("{step:.1000}").replace('~', "~0").replace('/', "~1");
        self.pointer.insert_str(0, &format!("/{step}"));
        self
    }
}

impl Problem {
    /// `value` is of another kind than `wanted`.
    pub(super) fn kind(value: &Json<'_>, wanted: &'static str) -> Self {
        Self::WrongKind { found: value.kind(), wanted }
    }
}

impl From<Problem> for DocumentError {
    fn from(problem: Problem) -> Self {
        Self { option: None, pointer: String::new(), problem }
    }
}

impl From<JsonError> for DocumentError {
    fn from(error: JsonError) -> Self {
        Problem::NotJson(error).into()
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(option) = self.option {
            write!(f, "option {option}: ")?;
        }
        if !self.pointer.is_empty() {
            // A tenant chooses the names of members: one line, of bounded length.
            for character in self.pointer.chars().take(200).flat_map(char::escape_debug) {
                fmt::Write::write_char(f, character)?;
            }
            f.write_str(": ")?;
        }
        match &self.problem {
            Problem::NotJson(error) => error.fmt(f),
            Problem::Missing => f.write_str("missing; it has no default"),
            Problem::WrongKind { found, wanted } => write!(f, "found {found}, want {wanted}"),
            Problem::Invalid { wanted } => write!(f, "found another value, want {wanted}"),
            Problem::NotBase64 { character } => {
                write!(f, "not base64 at character {character}; want RFC 4648's standard alphabet, padded, in one line")
            }
            Problem::Conflict(sentence) => f.write_str(sentence),
        }
    }
}

impl core::error::Error for DocumentError {}
