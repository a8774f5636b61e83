//! The options of clouds.

use std::path::PathBuf;

use clap::Args;
use configdrive_host::cloud::{CloudSettings, Interface};

/// Which cloud, and the way into it.
#[derive(Args, Clone)]
#[command(next_help_heading = "Cloud")]
pub struct CloudOptions {
    /// A cloud of clouds.yaml [default: OS_CLOUD, else OS_AUTH_URL and so on, else its only one]
    #[arg(long, value_name = "NAME")]
    os_cloud: Option<String>,
    /// The region of the catalogue [default: OS_REGION_NAME, else the cloud's]
    #[arg(long, value_name = "NAME")]
    os_region_name: Option<String>,
    /// Ironic's endpoint in the catalogue: public, internal or admin [default: OS_INTERFACE, else the cloud's, else public]
    #[arg(long, value_name = "INTERFACE")]
    os_interface: Option<Interface>,
    /// Ironic's URL, instead of the catalogue's; without --os-cloud and OS_*, without authentication
    #[arg(long, value_name = "URL", visible_alias = "os-endpoint-override")]
    endpoint: Option<String>,
    /// Trust these CAs alone, in PEM [default: OS_CACERT, else the cloud's, else those of the system]
    #[arg(long, value_name = "FILE")]
    os_cacert: Option<PathBuf>,
    /// The client's certificate, in PEM [default: OS_CERT, else the cloud's]
    #[arg(long, value_name = "FILE")]
    os_cert: Option<PathBuf>,
    /// Its key, in PEM [default: OS_KEY, else the cloud's, else in the certificate's file]
    #[arg(long, value_name = "FILE")]
    os_key: Option<PathBuf>,
    /// Trust every server, whoever it is
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

/// What a person is told where [`Cloud::is_insecure`](configdrive_host::cloud::Cloud::is_insecure).
pub const INSECURE: &str = "no server's certificate is checked (--insecure, `insecure` or `verify: false`): whoever stands \
                            in between reads the token and the drive";
