//! Media types of requests and responses (RFC 9110, section 8.3).

/// The media type of a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Media {
    Json,
    Schema,
    Problem,
    PlainText,
    OctetStream,
}

impl Media {
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Schema => "application/schema+json",
            Self::Problem => "application/problem+json",
            Self::PlainText => "text/plain",
            Self::OctetStream => "application/octet-stream",
        }
    }
}
