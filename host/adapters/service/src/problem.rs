//! Why there is no answer, as problem details (RFC 9457).

use configdrive_contract::{Error, ErrorCode, chain, untrusted::one_line};
use serde_json::json;

use super::media::Media;

/// Why there is no answer.
pub struct Problem {
    pub status: u16,
    /// The reason phrase of the status.
    title: &'static str,
    /// What went wrong, for programs: `wit/`'s code, or HTTP's phrase.
    code: &'static str,
    /// What went wrong, for people.
    detail: String,
    /// The place in the document, a JSON pointer (RFC 6901).
    pointer: Option<String>,
    /// The value of `Allow`, which goes with status 405.
    pub allow: Option<String>,
}

impl Problem {
    fn new(status: u16, title: &'static str, code: &'static str, detail: String) -> Self {
        // A detail may quote the request.
        Self { status, title, code, detail: one_line(&detail, DETAIL_CHARS), pointer: None, allow: None }
    }

    pub fn to_json(&self) -> String {
        let Self { status, title, code, detail, pointer, allow: _ } = self;
        let mut problem =
            json!({"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code});
        if let (Some(problem), Some(pointer)) = (problem.as_object_mut(), pointer) {
            problem.insert("pointer".into(), pointer.as_str().into());
        }
        problem.to_string()
    }

    pub fn not_found() -> Self {
        Self::new(404, "Not Found", "not-found", "there is nothing here; /v1/openapi.json tells what there is".into())
    }

    pub fn method_not_allowed(allow: String) -> Self {
        let detail = format!("this method does nothing here; use {allow}");
        Self { allow: Some(allow), ..Self::new(405, "Method Not Allowed", "method-not-allowed", detail) }
    }

    pub fn not_acceptable(gives: Media) -> Self {
        let detail = format!("the answer is {}, which the header Accept leaves out", gives.name());
        Self::new(406, "Not Acceptable", "not-acceptable", detail)
    }

    pub fn unsupported_media(takes: &[Media]) -> Self {
        let takes = takes.iter().map(|media| media.name()).collect::<Vec<_>>().join(" or ");
        let detail = format!("the header Content-Type has to be {takes}");
        Self::new(415, "Unsupported Media Type", "unsupported-media-type", detail)
    }

    pub fn unsupported_coding() -> Self {
        let detail = "the header Content-Encoding has to be absent: send the body as it is".into();
        Self::new(415, "Unsupported Media Type", "unsupported-media-type", detail)
    }

    pub fn content_too_large(limit: usize) -> Self {
        let detail = format!("the body is larger than {limit} bytes; leave something out");
        Self::new(413, "Content Too Large", "content-too-large", detail)
    }

    pub fn incomplete() -> Self {
        Self::new(400, "Bad Request", "incomplete-body", "the body ends before its end".into())
    }

    pub fn invalid_option(detail: String) -> Self {
        Self::new(400, "Bad Request", "invalid-option", detail)
    }

    fn unprocessable(code: &'static str, detail: String) -> Self {
        Self::new(422, "Unprocessable Content", code, detail)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = chain(&error);
        match error {
            Error::Refused { code: code @ ErrorCode::InvalidOption, pointer, .. } => {
                Self { pointer, ..Self::new(400, "Bad Request", code.name(), detail) }
            }
            Error::Refused { code, pointer, .. } => Self { pointer, ..Self::unprocessable(code.name(), detail) },
            Error::NotUtf8 { .. } => Self::unprocessable(ErrorCode::InvalidDocument.name(), detail),
            _ => Self::new(500, "Internal Server Error", "fault", detail),
        }
    }
}

/// One line, for people.
const DETAIL_CHARS: usize = 400;
