//! The drive as a volume: how it is found, mounted and taken at all.

use alloc::{format, string::String, vec, vec::Vec};

use super::{Code, Finding, Findings, Place};
use crate::image::{MAX_IMAGE_SIZE, read::FileSystem};

/// The volume that holds the files.
#[derive(Clone, Copy, Debug)]
pub struct Volume<'a> {
    /// The file system.
    pub file_system: FileSystem,
    /// The label as `blkid` shows it.
    pub label: &'a str,
    /// Of the image, in bytes.
    pub size: u64,
}

pub(super) fn check(volume: &Volume<'_>, findings: &mut Findings) {
    let place = Place::file("");
    if volume.size > MAX_IMAGE_SIZE {
        findings.found.extend(too_large());
    }
    // Both spellings: `LABEL_TYPES` of cloudinit.sources.DataSourceConfigDrive, and glean-early.sh.
    if !["config-2", "CONFIG-2"].contains(&volume.label) {
        let message = if volume.label.eq_ignore_ascii_case("config-2") {
            "the label is config-2 in mixed case: cloud-init and glean look for config-2 and CONFIG-2 alone"
        } else {
            "the label is not config-2: no reader finds the drive on a partition, where Ironic puts it"
        };
        findings.add(Code::WrongLabel, &place, message);
    }
    let sector_size = volume.file_system.sector_size();
    if sector_size < 4096 {
        let message = format!(
            "its sectors have {sector_size} bytes: Linux cannot mount it from a disk whose sectors have 4096; newer agents of \
             Ironic rebuild it there as FAT, older ones and all other ways onto such a disk do not"
        );
        findings.add(Code::NotFor4knDisks, &place, message);
    }
    if let FileSystem::Fat { .. } = volume.file_system {
        let message = "where the node's network interface is flat or neutron, Ironic opens the drive as ISO 9660 and fails the \
                       deployment: \"Failed to prepare the configdrive\"";
        findings.add(Code::VfatUnderIronicsCheck, &place, message);
    }
}

/// All that can be said of an image that is too large.
pub(super) fn too_large() -> Vec<Finding> {
    let message = format!(
        "the image has more than {MAX_IMAGE_SIZE} bytes (64 MiB): Ironic's agent refuses it, and the deployment fails"
    );
    vec![Finding { code: Code::ImageTooLarge, place: String::new(), message }]
}
