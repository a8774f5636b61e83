//! Previews of requests, for dry runs.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::deploy_steps::DeploySteps;
use super::instance_info::InstanceInfo;
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
    /// What is set in the node's `instance_info` before, without secrets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub instance_info: BTreeMap<String, Value>,
}

/// The members of a previewed body.
#[derive(Clone, Debug, Serialize)]
pub struct PreviewBody {
    /// The requested target.
    pub target: Target,
    /// The drive's digest, if there is a drive.
    pub configdrive: Option<DriveDigest>,
    /// The names of the requested deploy steps, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy_steps: Option<String>,
}

impl Preview {
    pub(super) fn new(endpoint: &str, put: &Request, request: &ProvisionRequest, info: &InstanceInfo) -> Self {
        let configdrive = request.drive.as_ref().map(Drive::digest);
        let deploy_steps = request.deploy_steps.as_ref().map(DeploySteps::to_string);
        Self {
            method: put.method,
            url: format!("{endpoint}{}", put.path),
            headers: put.headers().into_iter().collect(),
            body: PreviewBody { target: request.target, configdrive, deploy_steps },
            instance_info: info.shown().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }
}

/// As in HTTP, except for the drive and the steps.
impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.instance_info {
            writeln!(f, "instance_info.{name} = {value}")?;
        }
        if !self.instance_info.is_empty() {
            writeln!(f)?;
        }
        writeln!(f, "{} {}", self.method, self.url)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        write!(f, "\n{{\"target\": \"{}\"", self.body.target)?;
        if let Some(digest) = &self.body.configdrive {
            write!(f, ", \"configdrive\": <{digest}>")?;
        }
        if let Some(steps) = &self.body.deploy_steps {
            write!(f, ", \"deploy_steps\": <{steps}>")?;
        }
        f.write_str("}")
    }
}
