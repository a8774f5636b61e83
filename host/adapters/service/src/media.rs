//! Media types of requests and responses (RFC 9110, section 8.3).

/// The media type of a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Media {
    Json,
    Yaml,
    Schema,
    Problem,
    PlainText,
    OctetStream,
}

impl Media {
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            // RFC 9512.
            Self::Yaml => "application/yaml",
            Self::Schema => "application/schema+json",
            Self::Problem => "application/problem+json",
            Self::PlainText => "text/plain",
            Self::OctetStream => "application/octet-stream",
        }
    }
}
