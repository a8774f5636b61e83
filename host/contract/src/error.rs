//! Errors of the component and of the host that runs it.

use std::{error, fmt, sync::Arc, time::Duration};

use crate::untrusted::one_line;

/// An error of the component or of the host that runs it.
///
/// `Display` writes one line that is safe to print to a terminal; [`source`](error::Error::source) returns the cause, if there
/// is one. [`chain`] joins the two.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The component could not be loaded, or the machine lacks something that a call needs.
    Start(Cause),
    /// The document is not UTF-8.
    NotUtf8 {
        /// Offset of the first invalid byte, in bytes.
        offset: usize,
    },
    /// The component refused the document, an option or the drive.
    Refused {
        /// Kind of error.
        code: ErrorCode,
        /// The place, what was expected and what was found. It may quote names that a tenant chose, escaped and cut to length.
        message: String,
        /// Place in the document as a JSON pointer (RFC 6901), if there is one.
        pointer: Option<String>,
        /// What else is wrong with the document.
        further: Vec<FurtherError>,
    },
    /// The call exceeded one of its limits.
    Limit(Limit),
    /// The call was cancelled, before it started or while it ran.
    Cancelled,
    /// The component failed. No input should make it fail: this is a bug in it.
    Trap(Cause),
}

/// The cause of an error; shared, so that errors can be cloned.
pub type Cause = Arc<dyn error::Error + Send + Sync>;

impl Error {
    /// Builds an [`Error::Refused`] from the component's error. Its strings are untrusted: control characters are escaped, and both
    /// strings are cut to length.
    pub fn refused(code: ErrorCode, message: &str, pointer: Option<&str>) -> Self {
        Self::Refused {
            code,
            message: one_line(message, MESSAGE_CHARS),
            pointer: pointer.map(|pointer| one_line(pointer, POINTER_CHARS)),
            further: Vec::new(),
        }
    }

    /// Appends another error of the same document to an [`Error::Refused`]. Its strings are untrusted as well; more than 19 further
    /// errors are left out.
    #[must_use]
    pub fn and(mut self, message: &str, pointer: Option<&str>) -> Self {
        if let Self::Refused { further, .. } = &mut self
            && further.len() < MAX_FURTHER
        {
            further.push(FurtherError {
                message: one_line(message, MESSAGE_CHARS),
                pointer: pointer.map(|pointer| one_line(pointer, POINTER_CHARS)),
            });
        }
        self
    }
}

/// Another error of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct FurtherError {
    /// The place, what was expected and what was found.
    pub message: String,
    /// Place in the document as a JSON pointer (RFC 6901), if there is one.
    pub pointer: Option<String>,
}

/// The component's own limit.
const MAX_FURTHER: usize = 19;

/// Short enough to read at a glance.
const MESSAGE_CHARS: usize = 380;

/// Programs may want the whole pointer, but a tenant decides how long it is.
const POINTER_CHARS: usize = 1000;

/// The kind of a refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The document is neither JSON nor YAML, or contradicts itself. Only another document will help.
    InvalidDocument,
    /// An option is invalid; the message names it.
    InvalidOption,
    /// The drive would be larger than Ironic or its agent accepts, or have more files than can be read back.
    TooLarge,
    /// The input is not a drive, or it is damaged.
    InvalidDrive,
}

impl ErrorCode {
    /// Returns the code's name in `wit/configdrive.wit`.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidDocument => "invalid-document",
            Self::InvalidOption => "invalid-option",
            Self::TooLarge => "too-large",
            Self::InvalidDrive => "invalid-drive",
        }
    }
}

/// The limit that a call exceeded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// Size of the document or the drive, in bytes.
    Input {
        /// The limit.
        limit: usize,
    },
    /// Size of the result, in bytes.
    Output {
        /// The limit.
        limit: usize,
    },
    /// Memory of the component, in bytes.
    Memory {
        /// The limit.
        limit: usize,
    },
    /// Running time.
    Time {
        /// The limit.
        limit: Duration,
    },
    /// Size of the stack, which is fixed.
    Stack,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(_) => f.write_str("cannot start the sandbox on this machine"),
            Self::NotUtf8 { offset } => {
                write!(f, "the document is not UTF-8 (invalid byte at offset {offset}); JSON and YAML must be UTF-8")
            }
            Self::Refused { message, .. } => f.write_str(message),
            Self::Limit(limit) => limit.fmt(f),
            Self::Cancelled => f.write_str("the call was cancelled"),
            // The cause follows in `chain`.
            Self::Trap(_) => f.write_str("the component failed on this input (a bug; please report it)"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Start(cause) | Self::Trap(cause) => Some(&**cause),
            _ => None,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input { limit } => {
                write!(f, "the input is larger than {limit} bytes; a drive has at most 64 MiB, so leave something out")
            }
            Self::Output { limit } => write!(
                f,
                "the result exceeded the output limit of {limit} bytes; raise the limit, or leave something out of the drive"
            ),
            Self::Memory { limit } => write!(
                f,
                "the component exceeded its memory limit of {} MiB; raise the limit, or leave something out of the drive",
                limit >> 20
            ),
            Self::Time { limit } => write!(
                f,
                "the component exceeded its time limit of {} seconds; raise the limit, or leave something out of the drive",
                limit.as_secs_f64()
            ),
            Self::Stack => f.write_str("the document is nested too deeply; flatten it"),
        }
    }
}

/// Returns a document as a string, or [`Error::NotUtf8`].
pub fn document_text(document: &[u8]) -> Result<&str, Error> {
    str::from_utf8(document).map_err(|error| Error::NotUtf8 { offset: error.valid_up_to() })
}

/// Joins an error and its sources with `: `, into one line that is safe to print to a terminal.
pub fn chain(error: &dyn error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    one_line(&text, CHAIN_CHARS)
}

/// Longer than any error of this project.
const CHAIN_CHARS: usize = 10_000;

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_chain_names_every_cause_in_one_line() {
        let cause = io::Error::other("no\nroom");
        let error = Error::Start(Arc::new(cause));
        assert_eq!(error.to_string(), "cannot start the sandbox on this machine");
        assert_eq!(chain(&error), r"cannot start the sandbox on this machine: no\u{a}room");
    }

    #[test]
    fn a_refusal_is_cut_to_length_and_escaped() {
        let text = format!("\u{1b}[2J{}", "x".repeat(5000));
        let Error::Refused { message, pointer, .. } = Error::refused(ErrorCode::TooLarge, &text, Some(&text)) else {
            panic!()
        };
        assert!(message.starts_with(r"\u{1b}[2Jxx") && message.chars().count() == MESSAGE_CHARS + 1, "{message}");
        assert_eq!(pointer.unwrap().chars().count(), POINTER_CHARS + 1);
    }
}
