//! A request that is shown instead of sent.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::provision::{Drive, DriveDigest, ProvisionRequest, Target};
use crate::transport::{Method, Request};

/// A request as it would be sent, fit to be shown: without token, and with the drive's digest for the drive.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// The HTTP method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// The headers that Ironic reads, beside those of the authentication.
    pub headers: BTreeMap<&'static str, String>,
    /// The body's members.
    pub body: PreviewBody,
}

/// The body's members.
#[derive(Clone, Debug, Serialize)]
pub struct PreviewBody {
    /// What the node is to do.
    pub target: Target,
    /// The drive, if there is one.
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

/// As HTTP writes it, but for the drive.
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
