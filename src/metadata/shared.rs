//! Data that is the same in the files of all versions.

use alloc::{format, string::String, vec::Vec};

use super::interfaces;
use crate::{Options, document::InstanceDocument, tree::Content};

/// nova.conf's default for `[api] dhcp_domain`.
const DHCP_DOMAIN: &str = "novalocal";

/// Data that is the same in the files of all versions.
pub struct Shared {
    /// The host name with its domain.
    pub hostname: String,
    /// The interfaces file, if any network is injected.
    pub interfaces: Option<Content>,
}

impl Shared {
    pub fn new(document: &InstanceDocument<'_>, options: &Options) -> Self {
        let hostname = document.instance.hostname;
        Self {
            hostname: match options.dhcp_domain.as_deref().unwrap_or(DHCP_DOMAIN) {
                "" => hostname.into(),
                domain => format!("{hostname}.{domain}"),
            },
            interfaces: interfaces::render(&document.network_info).map(|text| Content::from(text.into_bytes())),
        }
    }

    /// Returns the name in `openstack/content` of the injected file at `index`. The interfaces file, if any, is numbered first.
    pub fn content_name(&self, index: usize) -> String {
        format!("{:04}", index.saturating_add(usize::from(self.interfaces.is_some())))
    }

    /// Returns the files of `openstack/content` with their names.
    pub fn contents(&self, document: &InstanceDocument<'_>) -> Vec<(String, Content)> {
        let interfaces = self.interfaces.iter().map(|content| ("0000".into(), content.clone()));
        let files = document.injected_files.iter().zip(0..);
        interfaces.chain(files.map(|(file, index)| (self.content_name(index), file.contents.clone()))).collect()
    }
}
