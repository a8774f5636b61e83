//! The transport to Ironic: requests, answers and errors.
//!
//! [`cloud`](crate::cloud) implements it, [`ironic`](crate::ironic) uses it.

mod fault;
mod version;

pub use self::fault::Fault;
pub use self::version::{Microversion, NotAVersion, VersionRange};

pub(crate) use self::fault::{tidy, without_query};

use std::fmt;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

/// A transport to Ironic, which sends a request and returns its answer. Authentication, TLS and proxies are up to the
/// implementation. [`Cloud`](crate::cloud::Cloud) is the one for real clouds.
pub trait Transport: Send + Sync {
    /// Returns Ironic's URL, without `/v1` and without a trailing slash.
    fn endpoint(&self) -> &str;

    /// Sends `request` once. A transport never repeats a request, except for a read or a patch that was refused because of its token
    /// (401). After such an answer to [`Method::Put`], it obtains a new token and returns the answer. Any HTTP status is an answer.
    fn send(&self, request: Request) -> impl Future<Output = Result<Answer, TransportError>> + Send;
}

/// A request to Ironic.
#[derive(Debug)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The path below the endpoint, such as `/v1/nodes/n0`. It contains only characters that need no escaping in a URL.
    pub path: String,
    /// The query's names and values.
    pub query: Vec<(&'static str, String)>,
    /// The API version of the request. Without one, Ironic assumes 1.1.
    pub version: Option<Microversion>,
    /// The body, in JSON.
    pub body: Option<Body>,
    /// The time limit from the first byte sent to the last byte received.
    pub timeout: Duration,
}

impl Request {
    /// Returns the headers that Ironic reads, except those for authentication.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("Accept", "application/json".to_owned())];
        headers.extend(self.version.map(|version| ("X-OpenStack-Ironic-API-Version", version.to_string())));
        headers.extend(self.body.as_ref().map(|_| ("Content-Type", "application/json".to_owned())));
        headers
    }
}

/// The body of a request. It may contain secrets, so `Debug` shows only its length. Cloning it does not copy the bytes.
#[derive(Clone)]
pub struct Body(pub Bytes);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Sets a node's target state.
    Put,
    /// Changes members of a node (RFC 6902).
    Patch,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        })
    }
}

/// An answer from Ironic or from a server in front of it.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The API versions that the server supports, from the headers. Every answer below `/v1` has them.
    pub versions: Option<VersionRange>,
    /// The body, at most [`Answer::LIMIT`] bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// The maximum size of a body in bytes: 16 MiB. A thousand ports need about one MiB.
    pub const LIMIT: usize = 16 << 20;
}

/// The reason why a request got no usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportError {
    /// Nothing was sent: the connection failed (name, port or TLS).
    Unreachable(String),
    /// Nothing was sent: the server's certificate is not signed by a trusted CA.
    Untrusted(String),
    /// The request may or may not have arrived: the connection was lost while or after it was sent.
    Lost(String),
    /// The request may or may not have arrived: there was no answer within this time.
    Timeout(Duration),
    /// Nothing was sent: no token could be obtained.
    Unauthenticated(String),
    /// The answer is larger than [`Answer::LIMIT`].
    TooLarge,
    /// The answer is in a character encoding other than UTF-8.
    NotUtf8,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(cause) | Self::Untrusted(cause) => f.write_str(cause),
            Self::Lost(cause) => write!(f, "the connection was lost: {cause}"),
            Self::Timeout(after) => write!(f, "no answer within {} s", after.as_secs()),
            Self::Unauthenticated(cause) => write!(f, "cannot authenticate: {cause}"),
            Self::NotUtf8 => f.write_str("the answer is in a character encoding other than UTF-8"),
            Self::TooLarge => write!(f, "the answer is larger than {} MiB", Answer::LIMIT >> 20),
        }
    }
}

impl std::error::Error for TransportError {}
