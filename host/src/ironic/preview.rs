//! Previews of requests, for dry runs.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::provision::{Drive, DriveDigest, ProvisionRequest, Target};
use crate::transport::{Method, Request};

/// A request as it would be sent, but safe to show: without the token, and with a digest in place of the drive.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// The HTTP method.
    pub method: Method,
    /// The complete URL.
    pub url: String,
    /// The headers that Ironic reads, except those for authentication.
    pub headers: BTreeMap<&'static str, String>,
    /// The members of the body.
    pub body: PreviewBody,
}

/// The members of a previewed body.
#[derive(Clone, Debug, Serialize)]
pub struct PreviewBody {
    /// The requested target.
    pub target: Target,
    /// The drive's digest, if there is a drive.
    pub configdrive: Option<DriveDigest>,
}

impl Preview {
    pub(super) fn new(endpoint: &str, put: &Request, request: &ProvisionRequest) -> Self {
        Self {
            method: put.method,
            url: format!("{endpoint}{}", put.path),
            headers: put.headers().into_iter().collect(),
            body: PreviewBody { target: request.target, configdrive: request.drive.as_ref().map(Drive::digest) },
        }
    }
}

/// As in HTTP, except for the drive.
impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.method, self.url)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        write!(f, "\n{{\"target\": \"{}\"", self.body.target)?;
        if let Some(digest) = &self.body.configdrive {
            write!(f, ", \"configdrive\": <{digest}>")?;
        }
        f.write_str("}")
    }
}
