//! Writes ISO 9660 (ECMA-119) with Joliet and Rock Ridge (SUSP 1.12, and the part of RRIP 1.12 that RRIP_1991A has).
//!
//! All names are the same as those of `genisoimage -ldots -allow-lowercase -allow-multidot -l -J -r`, because Ironic's conductor
//! looks up files in the plain tree by these names. Files with the same bytes share one extent.

mod contents;
mod descriptors;
mod directory_record;
mod fields;
mod hierarchy;
mod layout;
mod names;
mod path_table;
mod rock_ridge;

use alloc::vec::Vec;

use super::{ImageError, Sink};
use crate::tree::Tree;

pub use layout::Layout;

/// Size of a logical sector and of a logical block (ECMA-119, 6.1.2 and 6.2.2), in bytes.
const SECTOR: u32 = 2048;

/// Writes the image of `tree`, with everything in it dated `source_date_epoch` seconds after 1970-01-01T00:00:00Z.
pub fn write(tree: &Tree, source_date_epoch: u64) -> Result<Vec<u8>, ImageError> {
    let layout = Layout::new(tree, source_date_epoch)?;
    let mut image = Vec::with_capacity(layout.size());
    layout.write(&mut image);
    Ok(image)
}

/// Writes `bytes` and pads them to whole sectors.
fn write_sectors(bytes: &[u8], sink: &mut impl Sink) {
    sink.bytes(bytes);
    sink.zeros(bytes.len().next_multiple_of(SECTOR as usize) - bytes.len());
}
