//! Findings about the volume: whether the drive is accepted, found and mounted.

use alloc::{format, string::String, vec, vec::Vec};

use super::{Code, Finding, Findings, Place, Readers};
use crate::image::{MAX_IMAGE_SIZE, read::FileSystem};

/// The volume that contains the files.
#[derive(Clone, Copy, Debug)]
pub struct Volume<'a> {
    /// The file system.
    pub file_system: FileSystem,
    /// The volume label, as `blkid` reports it.
    pub label: &'a str,
    /// Size of the image, in bytes.
    pub size: u64,
}

pub(super) fn check(volume: &Volume<'_>, findings: &mut Findings) {
    let place = Place::file("");
    if volume.size > MAX_IMAGE_SIZE {
        findings.add(Code::ImageTooLarge, Readers::AGENT, &place, too_large_message());
    }
    // Both spellings: `LABEL_TYPES` of cloudinit.sources.DataSourceConfigDrive, and glean-early.sh.
    if !["config-2", "CONFIG-2"].contains(&volume.label) {
        let (readers, message) = if volume.label.eq_ignore_ascii_case("config-2") {
            (
                Readers::CLOUD_INIT | Readers::GLEAN,
                "cloud-init and glean do not find the drive because its label is neither config-2 nor CONFIG-2, but in mixed case",
            )
        } else {
            (
                Readers::INSIDE,
                "no reader finds the drive on a partition, where Ironic puts it, because its label is not config-2",
            )
        };
        findings.add(Code::WrongLabel, readers, &place, message);
    }
    let sector_size = volume.file_system.sector_size();
    if sector_size < 4096 {
        let message = format!(
            "Linux cannot mount the drive from a disk with 4096-byte sectors because its own sectors have {sector_size} bytes; \
             newer versions of Ironic's agent rebuild it there as FAT, older versions and other ways to write it do not"
        );
        findings.add(Code::NotFor4knDisks, Readers::CLOUD_INIT | Readers::GLEAN, &place, message);
    }
    if let FileSystem::Fat { .. } = volume.file_system {
        let message = "if the node's network interface is flat or neutron, Ironic tries to open the drive as ISO 9660 and fails \
                       the deployment with \"Failed to prepare the configdrive\"";
        findings.add(Code::VfatUnderIronicsCheck, Readers::IRONIC, &place, message);
    }
}

/// Returns the only finding about an image that is too large to be read.
pub(super) fn too_large() -> Vec<Finding> {
    let (code, readers) = (Code::ImageTooLarge, Readers::AGENT);
    vec![Finding { code, readers, place: String::new(), message: too_large_message() }]
}

fn too_large_message() -> String {
    format!("Ironic's agent refuses an image of more than {MAX_IMAGE_SIZE} bytes (64 MiB), and the deployment fails")
}
