//! The caller's settings for the cloud.

use std::path::PathBuf;

use tokio::time::Instant;

use super::catalogue::Interface;

/// Which cloud to use, and how to connect to it. Settings that are absent here come from the environment or clouds.yaml.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CloudSettings {
    /// The name of a cloud in clouds.yaml. Without it, `OS_CLOUD` names the cloud, or `OS_AUTH_TYPE`, `OS_AUTH_URL` and so on
    /// describe it, or it is the only one in clouds.yaml.
    pub name: Option<String>,
    /// The region. Overrides `OS_REGION_NAME` and `region_name`.
    pub region: Option<String>,
    /// The interface. Overrides `OS_INTERFACE` and `interface`.
    pub interface: Option<Interface>,
    /// Ironic's URL. Overrides the one in the catalogue or the configuration. If no cloud is named and the environment
    /// describes none, requests to this URL are not authenticated.
    pub endpoint: Option<String>,
    /// A file with the only trusted CA certificates, in PEM. Overrides `OS_CACERT` and `cacert`. Without any of these, the
    /// system's CAs are trusted.
    pub ca_file: Option<PathBuf>,
    /// A file with the client certificate, in PEM. Overrides `OS_CERT` and `cert`.
    pub certificate: Option<PathBuf>,
    /// A file with its key, in PEM. Overrides `OS_KEY` and `key`. Without any of these, the key is in the certificate's file.
    pub key: Option<PathBuf>,
    /// Whether to skip TLS certificate verification, as `verify: false` and `insecure: true` do.
    pub insecure: bool,
    /// When to give up connecting. Without it, a busy Keystone is asked again for two minutes.
    pub deadline: Option<Instant>,
}
