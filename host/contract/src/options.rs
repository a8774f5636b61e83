//! The operator's settings, most of them from nova.conf.

use std::{error, fmt, str::FromStr};

/// The operator's settings for the decision whether an instance gets a drive.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// nova.conf `[DEFAULT] force_config_drive`.
    pub force_config_drive: bool,
}

/// The operator's settings for a drive. The defaults are Nova's, except that there is no random seed.
///
/// ```
/// use configdrive_contract::{ImageFormat, Options};
///
/// let mut options = Options::default();
/// options.format = ImageFormat::Vfat;
/// options.size = Some(64 << 20);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// nova.conf `[DEFAULT] config_drive_format`.
    pub format: ImageFormat,
    /// Size of a `vfat` image in bytes: a multiple of the sector size, at most 64 MiB. Default: as small as the files allow.
    pub size: Option<u64>,
    /// Logical sector size of a `vfat` image in bytes: 512, 2048 or 4096. Default: 512.
    pub sector_size: Option<u32>,
    /// nova.conf `[api] config_drive_skip_versions`: EC2 metadata versions to leave out, separated by single spaces.
    pub skip_versions: Option<String>,
    /// The newest OpenStack metadata version on the drive, for example `2020-10-14`, the newest one of Nova before 31; `latest` has
    /// its content. Default: `2025-04-04`.
    pub newest_version: Option<String>,
    /// nova.conf `[api] dhcp_domain`: appended to the host name after a dot. Empty: the bare host name.
    pub dhcp_domain: Option<String>,
    /// nova.conf `[api] vendordata_providers`, in order. Default: both, the static one first.
    pub vendordata_providers: Option<Vec<VendordataProvider>>,
    /// The node's ports as Ironic's API returns them, as JSON or YAML. Replaces the document's `ports`.
    pub ports: Option<String>,
    /// The node's port groups as Ironic's API returns them, as JSON or YAML. Replaces the document's `portgroups`.
    pub portgroups: Option<String>,
    /// Static vendor data, as JSON or YAML. Replaces the document's `vendor_data`.
    pub vendor_data: Option<String>,
    /// Dynamic vendor data, as JSON or YAML. Replaces the document's `vendor_data2`.
    pub vendor_data2: Option<String>,
    /// Random bytes for the instance, in base64; Nova uses 512 bytes. Replaces the document's `random_seed`.
    pub random_seed: Option<String>,
    /// Random seed for a document without `random_seed`, in base64.
    pub default_random_seed: Option<String>,
    /// Date of everything in the image, in seconds since 1970-01-01T00:00:00Z. Default: 1980-01-01.
    pub source_date_epoch: Option<u64>,
}

/// The file system of an image to build. The list is complete: every implementation must support every format.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ImageFormat {
    /// ISO 9660 with Joliet and Rock Ridge. Nova's default.
    #[default]
    Iso9660,
    /// FAT with long names.
    Vfat,
}

/// A source of vendor data: an item of nova.conf `[api] vendordata_providers`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VendordataProvider {
    /// `StaticJSON`: the document's `vendor_data`.
    StaticJson,
    /// `DynamicJSON`: the document's `vendor_data2`.
    DynamicJson,
}

/// Parses nova.conf's spelling.
impl FromStr for VendordataProvider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, UnknownProvider> {
        match name {
            "StaticJSON" => Ok(Self::StaticJson),
            "DynamicJSON" => Ok(Self::DynamicJson),
            name => Err(UnknownProvider(name.to_owned())),
        }
    }
}

/// The error for a name that is not a [`VendordataProvider`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownProvider(String);

impl fmt::Display for UnknownProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected StaticJSON or DynamicJSON, found {:?}", self.0)
    }
}

impl error::Error for UnknownProvider {}
