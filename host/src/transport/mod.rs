//! The way to Ironic: requests, answers and transport errors.
//!
//! [`cloud`](crate::cloud) provides it, [`ironic`](crate::ironic) uses it.

mod fault;
mod version;

pub use self::fault::Fault;
pub use self::version::{Microversion, NotAVersion, VersionRange};

pub(crate) use self::fault::tidy;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

/// The way to Ironic: one request there, one answer back. What is behind it (authentication, TLS, proxies) is its own
/// affair; [`Cloud`](crate::cloud::Cloud) is the implementation for real clouds.
pub trait Transport: Send + Sync {
    /// Where Ironic is, without `/v1` and without a slash at the end.
    fn endpoint(&self) -> &str;

    /// Sends `request` once; whether to send it again is not the transport's decision, but for one that was refused for
    /// its token (401). Any HTTP status is an answer.
    fn send(&self, request: Request) -> impl Future<Output = Result<Answer, TransportError>> + Send;
}

/// A request to Ironic.
#[derive(Debug)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// Below the endpoint, such as `/v1/nodes/n0`. Only characters that a URL takes as they are.
    pub path: String,
    /// Of the same characters.
    pub query: Vec<(&'static str, String)>,
    /// In which version the server is to understand it; without one, Ironic takes 1.1.
    pub version: Option<Microversion>,
    /// JSON.
    pub body: Option<Body>,
    /// How long the answer may take, from the first byte sent to the last one received.
    pub timeout: Duration,
}

impl Request {
    /// The headers that Ironic reads, beside those of the authentication.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("Accept", "application/json".to_owned())];
        headers.extend(self.version.map(|version| ("X-OpenStack-Ironic-API-Version", version.to_string())));
        headers.extend(self.body.as_ref().map(|_| ("Content-Type", "application/json".to_owned())));
        headers
    }
}

/// The body of a request. It may hold secrets, so it shows its length alone. Cloning it does not copy the bytes.
#[derive(Clone)]
pub struct Body(pub Bytes);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// The methods in use.
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

/// An answer of Ironic's, or of something before it.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What the headers tell about the versions that the server speaks. Every answer below `/v1` has them.
    pub versions: Option<VersionRange>,
    /// At most [`Answer::LIMIT`] bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// The largest body that is read: 16 MiB. A thousand ports take about one.
    pub const LIMIT: usize = 16 << 20;
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportError {
    /// Nothing was sent: no connection (name, port, TLS).
    Unreachable(String),
    /// Nothing was sent: no trusted CA has signed the server's certificate.
    Untrusted(String),
    /// The request may or may not have arrived: the connection broke afterwards.
    Lost(String),
    /// The request may or may not have arrived: there was no answer in time.
    Timeout(Duration),
    /// Nothing was sent: no token was to be had.
    Unauthenticated(String),
    /// The answer is larger than [`Answer::LIMIT`].
    TooLarge,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(cause) | Self::Untrusted(cause) => f.write_str(cause),
            Self::Lost(cause) => write!(f, "the connection was lost: {cause}"),
            Self::Timeout(after) => write!(f, "no answer within {} s", after.as_secs()),
            Self::Unauthenticated(cause) => write!(f, "cannot authenticate: {cause}"),
            Self::TooLarge => write!(f, "the answer is larger than {} MiB", Answer::LIMIT >> 20),
        }
    }
}

impl std::error::Error for TransportError {}
