//! Errors as problem details (RFC 9457).

use configdrive_contract::{Error, ErrorCode, FurtherError, chain, untrusted::one_line};
use serde_json::json;

use super::media::Media;

/// The reason why a request failed.
pub struct Problem {
    pub status: u16,
    /// Reason phrase of the status.
    title: &'static str,
    /// Error code for programs: a code of `wit/`, or HTTP's reason phrase in kebab case.
    code: &'static str,
    /// One line for people.
    detail: String,
    /// Place in the document as a JSON pointer (RFC 6901).
    pointer: Option<String>,
    /// The other errors of the document.
    further: Vec<FurtherError>,
    /// Value of the `Allow` header, for status 405.
    pub allow: Option<String>,
}

impl Problem {
    fn new(status: u16, title: &'static str, code: &'static str, detail: String) -> Self {
        // A detail may quote the request, which is untrusted.
        Self {
            status,
            title,
            code,
            detail: one_line(&detail, DETAIL_CHARS),
            pointer: None,
            further: Vec::new(),
            allow: None,
        }
    }

    pub fn to_json(&self) -> String {
        let Self { status, title, code, detail, pointer, further, allow: _ } = self;
        let mut problem =
            json!({"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code});
        if let (Some(problem), Some(pointer)) = (problem.as_object_mut(), pointer) {
            problem.insert("pointer".into(), pointer.as_str().into());
        }
        if let (Some(problem), false) = (problem.as_object_mut(), further.is_empty()) {
            let member = |error: &FurtherError| json!({"detail": error.message, "pointer": error.pointer});
            problem.insert("further".into(), further.iter().map(member).collect());
        }
        problem.to_string()
    }

    pub fn not_found() -> Self {
        Self::new(404, "Not Found", "not-found", "no such endpoint; /v1/openapi.json lists the endpoints".into())
    }

    pub fn method_not_allowed(allow: String) -> Self {
        let detail = format!("this endpoint does not support the request's method; use {allow}");
        Self { allow: Some(allow), ..Self::new(405, "Method Not Allowed", "method-not-allowed", detail) }
    }

    pub fn not_acceptable(returned: Media) -> Self {
        let detail = format!("the response is {}, which the Accept header excludes", returned.name());
        Self::new(406, "Not Acceptable", "not-acceptable", detail)
    }

    pub fn unsupported_media(accepted: &[Media]) -> Self {
        let accepted = accepted.iter().map(|media| media.name()).collect::<Vec<_>>().join(" or ");
        let detail = format!("the Content-Type header must be {accepted}");
        Self::new(415, "Unsupported Media Type", "unsupported-media-type", detail)
    }

    pub fn unsupported_coding() -> Self {
        let detail = "content codings are not supported; send the body unencoded, without Content-Encoding".into();
        Self::new(415, "Unsupported Media Type", "unsupported-media-type", detail)
    }

    pub fn content_too_large(limit: usize) -> Self {
        let detail = format!("the body is larger than {limit} bytes; leave something out");
        Self::new(413, "Content Too Large", "content-too-large", detail)
    }

    pub fn incomplete() -> Self {
        Self::new(400, "Bad Request", "incomplete-body", "the body is incomplete; send it again".into())
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
            Error::Refused { code: code @ ErrorCode::InvalidOption, pointer, further, .. } => {
                Self { pointer, further, ..Self::new(400, "Bad Request", code.name(), detail) }
            }
            Error::Refused { code, pointer, further, .. } => {
                Self { pointer, further, ..Self::unprocessable(code.name(), detail) }
            }
            Error::NotUtf8 { .. } => Self::unprocessable(ErrorCode::InvalidDocument.name(), detail),
            _ => Self::new(500, "Internal Server Error", "fault", detail),
        }
    }
}

/// Short enough for people to read.
const DETAIL_CHARS: usize = 400;
