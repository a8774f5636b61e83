//! What a caller decides about the cloud.

use std::path::PathBuf;

use super::catalogue::Interface;

/// Which cloud, and where in it. What is not set here is looked for in the environment and in clouds.yaml.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CloudSettings {
    /// A cloud of clouds.yaml. Without it `OS_CLOUD` tells, else `OS_AUTH_TYPE`, `OS_AUTH_URL` and so on, else it is the
    /// only one of clouds.yaml.
    pub name: Option<String>,
    /// In place of `OS_REGION_NAME` and `region_name`.
    pub region: Option<String>,
    /// In place of `OS_INTERFACE` and `interface`.
    pub interface: Option<Interface>,
    /// Ironic's URL, in place of the one that the catalogue or the configuration has. Where no cloud is named and the
    /// environment describes none, that Ironic is asked without authentication.
    pub endpoint: Option<String>,
    /// A file of CA certificates in PEM, which alone are trusted, in place of `OS_CACERT` and `cacert`; without any of
    /// them those of the system are.
    pub ca_file: Option<PathBuf>,
    /// The client's certificate in PEM, in place of `OS_CERT` and `cert`.
    pub certificate: Option<PathBuf>,
    /// Its key in PEM, in place of `OS_KEY` and `key`; without any of them it is in the certificate's file.
    pub key: Option<PathBuf>,
    /// Trusts every server, as `verify: false` and `insecure: true` do.
    pub insecure: bool,
}
