//! The reason why a text is not JSON.

use alloc::{
    format,
    string::{String, ToString},
};
use core::fmt;

/// Why a document is not JSON, with line and column.
#[derive(Debug)]
pub struct JsonError(pub(super) serde_json::Error);

impl JsonError {
    /// Returns what is wrong with the text and where, as the predicate of a sentence about it: "is not valid JSON: …".
    pub(crate) fn predicate(&self) -> String {
        let place = self.place();
        match self.cause() {
            None => format!("is nested deeper than 127 levels{place}"),
            Some(cause) => format!("is not valid JSON: {cause}{place}"),
        }
    }

    /// Returns what is wrong, in serde_json's words or clearer ones. `None` if the text is only nested too deeply.
    fn cause(&self) -> Option<String> {
        let message = self.0.to_string();
        if message.starts_with("recursion limit exceeded") {
            return None;
        }
        Some(match message.strip_suffix(&self.place()).unwrap_or(&message) {
            _ if self.0.is_eof() => "unexpected end of the text".into(),
            "expected ident" => "expected null, true or false".into(),
            "expected value" => "expected a value".into(),
            cause => cause.into(),
        })
    }

    /// Returns the place as serde_json appends it to its messages.
    fn place(&self) -> String {
        format!(" at line {} column {}", self.0.line(), self.0.column())
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        match self.cause() {
            None => write!(f, "nested deeper than 127 levels{place}; flatten the data"),
            Some(cause) => write!(f, "expected a JSON document, found invalid JSON{place}: {cause}"),
        }
    }
}

impl core::error::Error for JsonError {}
