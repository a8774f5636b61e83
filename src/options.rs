//! What the operator decides and the embedder hands over: nova.conf's part.

use alloc::{string::String, vec::Vec};

/// The operator's part in the decision whether an instance gets a drive.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// nova.conf `[DEFAULT] force_config_drive`.
    pub force_config_drive: bool,
}

/// The operator's part in a drive. Where a member is absent, the default is Nova's.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// nova.conf `[DEFAULT] config_drive_format`.
    pub format: ImageFormat,
    /// nova.conf `[api] config_drive_skip_versions`: EC2 versions separated by single spaces.
    pub skip_versions: Option<String>,
    /// nova.conf `[api] dhcp_domain`.
    pub dhcp_domain: Option<String>,
    /// nova.conf `[api] vendordata_providers`.
    pub vendordata_providers: Option<Vec<VendordataProvider>>,
    /// JSON text that replaces the document's `ports`.
    pub ports: Option<String>,
    /// JSON text that replaces the document's `portgroups`.
    pub portgroups: Option<String>,
    /// JSON text that replaces the document's `vendor_data`.
    pub vendor_data: Option<String>,
    /// JSON text that replaces the document's `vendor_data2`.
    pub vendor_data2: Option<String>,
    /// Base64 that replaces the document's `random_seed`.
    pub random_seed: Option<String>,
    /// The same, for a document that has none.
    pub default_random_seed: Option<String>,
    /// The date of everything in the image, in seconds since 1970-01-01T00:00:00Z.
    pub source_date_epoch: Option<u64>,
}

impl Options {
    /// The earliest date that every format can tell: 1980-01-01T00:00:00Z, where FAT's calendar begins.
    const DEFAULT_SOURCE_DATE_EPOCH: u64 = 315_532_800;

    /// The date of everything in the image, in seconds since 1970-01-01T00:00:00Z.
    pub(crate) fn source_date_epoch(&self) -> u64 {
        self.source_date_epoch.unwrap_or(Self::DEFAULT_SOURCE_DATE_EPOCH)
    }
}

/// The file system of an image.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ImageFormat {
    /// ISO 9660 with Joliet and Rock Ridge.
    #[default]
    Iso9660,
}

/// A source of vendor data, as nova.conf's `[api] vendordata_providers` names them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VendordataProvider {
    /// `StaticJSON`: the document's `vendor_data`.
    StaticJson,
    /// `DynamicJSON`: the document's `vendor_data2`.
    DynamicJson,
}
