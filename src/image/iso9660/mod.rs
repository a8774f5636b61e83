//! ISO 9660 (ECMA-119) with Joliet and Rock Ridge (SUSP 1.12, RRIP 1.12 as far as RRIP_1991A has it).
//!
//! The names of all three trees are those that `genisoimage -ldots -allow-lowercase -allow-multidot -l -J -r` gives, because
//! Ironic's conductor reads the plain tree by these. Files with the same bytes share one extent.

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

/// Logical sector and logical block (ECMA-119, 6.1.2 and 6.2.2), in bytes.
const SECTOR: u32 = 2048;

/// Writes the image of `tree`, with everything in it dated `source_date_epoch` seconds after 1970-01-01T00:00:00Z.
pub fn write(tree: &Tree, source_date_epoch: u64) -> Result<Vec<u8>, ImageError> {
    let layout = Layout::new(tree, source_date_epoch)?;
    let mut image = Vec::with_capacity(layout.size());
    layout.write(&mut image);
    Ok(image)
}

/// Writes `bytes` and fills their last sector up.
fn write_sectors(bytes: &[u8], sink: &mut impl Sink) {
    sink.bytes(bytes);
    sink.zeros(bytes.len().next_multiple_of(SECTOR as usize) - bytes.len());
}
