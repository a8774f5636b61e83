//! Writes FAT12, FAT16 and FAT32 with long names, as specified in Microsoft's "FAT: General Overview of On-Disk Format" (version
//! 1.03, FATGEN in these files; ECMA-107 specifies the older parts).
//!
//! A volume is written once and then only read: files are contiguous, in the order of their directories, followed by the free space.

mod bios_parameter_block;
mod directory_entry;
mod file_allocation_table;
mod geometry;
mod hierarchy;
mod layout;
mod names;

use alloc::vec::Vec;

use super::ImageError;
use crate::tree::Tree;

pub use geometry::{Geometry, SectorSize};
pub use layout::Layout;

/// Writes the image of `tree`, with everything in it dated `source_date_epoch` seconds after 1970-01-01T00:00:00Z.
pub fn write(tree: &Tree, source_date_epoch: u64, geometry: Geometry) -> Result<Vec<u8>, ImageError> {
    let layout = Layout::new(tree, source_date_epoch, geometry)?;
    let mut image = Vec::with_capacity(layout.size());
    layout.write(&mut image);
    Ok(image)
}

/// The volume's label, in the boot sector and in the root directory. Lower case, as `mkfs.vfat -n config-2` writes it.
const LABEL: &[u8; 11] = b"config-2   ";
