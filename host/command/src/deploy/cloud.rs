//! The options for the cloud.

use std::path::PathBuf;

use clap::Args;
use configdrive_host::cloud::{CloudSettings, Interface};

/// Which cloud to use, and how to connect to it.
#[derive(Args, Clone)]
#[command(next_help_heading = "Cloud")]
pub struct CloudOptions {
    /// Use this cloud from clouds.yaml [default: OS_CLOUD, else OS_AUTH_URL and so on, else the only cloud in the file]
    #[arg(long, value_name = "NAME")]
    os_cloud: Option<String>,
    /// Use this region of the catalogue [default: OS_REGION_NAME, else the cloud's]
    #[arg(long, value_name = "NAME")]
    os_region_name: Option<String>,
    /// Use this interface of Ironic's: public, internal or admin [default: OS_INTERFACE, else the cloud's, else public]
    #[arg(long, value_name = "INTERFACE")]
    os_interface: Option<Interface>,
    /// Use this URL for Ironic instead of the catalogue's; not authenticated unless --os-cloud or OS_* select a cloud
    #[arg(long, value_name = "URL", visible_alias = "os-endpoint-override")]
    endpoint: Option<String>,
    /// Trust only the CAs in this PEM file [default: OS_CACERT, else the cloud's, else the system's CAs]
    #[arg(long, value_name = "FILE")]
    os_cacert: Option<PathBuf>,
    /// Use the client certificate in this PEM file [default: OS_CERT, else the cloud's]
    #[arg(long, value_name = "FILE")]
    os_cert: Option<PathBuf>,
    /// Use the client key in this PEM file [default: OS_KEY, else the cloud's, else in the certificate's file]
    #[arg(long, value_name = "FILE")]
    os_key: Option<PathBuf>,
    /// Skip TLS certificate verification
    #[arg(long, conflicts_with = "os_cacert")]
    insecure: bool,
}

impl CloudOptions {
    pub fn settings(self) -> CloudSettings {
        let mut settings = CloudSettings::default();
        settings.name = self.os_cloud;
        settings.region = self.os_region_name;
        settings.interface = self.os_interface;
        settings.endpoint = self.endpoint;
        settings.ca_file = self.os_cacert;
        settings.certificate = self.os_cert;
        settings.key = self.os_key;
        settings.insecure = self.insecure;
        settings
    }
}

/// The warning if [`Cloud::is_insecure`](configdrive_host::cloud::Cloud::is_insecure).
pub const INSECURE: &str = "TLS certificates are not verified (--insecure, `insecure` or `verify: false`): anyone on the network \
                            path can read the token and the drive";
