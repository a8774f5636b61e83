//! The area of the files' contents.

use alloc::{collections::BTreeMap, rc::Rc, vec::Vec};
use core::cmp::Ordering;

use super::{super::Sink, SECTOR, directory_record::Extent, write_sectors};
use crate::tree::Content;

/// The sectors of the files' contents. Equal contents are stored once.
#[derive(Default)]
pub struct ContentArea<'t> {
    places: BTreeMap<Key<'t>, u32>,
    /// The contents in their order on the volume.
    contents: Vec<&'t Content>,
    sectors: u64,
}

impl<'t> ContentArea<'t> {
    /// Returns the extent of `content`, adding it if needed; its location counts from the area's first sector.
    pub fn place(&mut self, content: &'t Content) -> Extent {
        // Numbers that do not fit are far beyond the image limit, with which the layout compares `sectors`.
        let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
        let location = *self.places.entry(Key(content)).or_insert_with(|| {
            let location = u32::try_from(self.sectors).unwrap_or(u32::MAX);
            self.contents.push(content);
            self.sectors = self.sectors.saturating_add(content.len().div_ceil(SECTOR as usize) as u64);
            location
        });
        Extent { location, size }
    }

    pub fn sectors(&self) -> u64 {
        self.sectors
    }

    pub fn write(&self, sink: &mut impl Sink) {
        for content in &self.contents {
            write_sectors(content, sink);
        }
    }
}

/// A content that is cheap to compare: most contents differ in length, and equal ones are often the same allocation.
struct Key<'t>(&'t Content);

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| match Rc::ptr_eq(self.0, other.0) {
            true => Ordering::Equal,
            false => self.0.cmp(other.0),
        })
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_contents_share_a_place() {
        let contents =
            [&[1; 2049][..], &[2; 2049], &[], &[1; 2049], &[1; 2048], &[]].map(|bytes| Content::from(bytes.to_vec()));
        let mut area = ContentArea::default();
        let locations = [0, 1, 2, 3, 4, 5].map(|index: usize| area.place(&contents[index]).location);
        assert_eq!(locations, [0, 2, 4, 0, 4, 4]);
        assert_eq!(area.sectors(), 5);
        let mut bytes = Vec::new();
        area.write(&mut bytes);
        assert_eq!(bytes.len(), 5 * 2048);
        assert_eq!(bytes[4096..], [&[2; 2049][..], &[0; 2047], &[1; 2048]].concat());
    }

    #[test]
    fn contents_compare_by_length_and_then_by_their_bytes() {
        let [short, low, high, same] = [&b"z"[..], b"aa", b"ab", b"ab"].map(|bytes| Content::from(bytes.to_vec()));
        assert!(Key(&short) < Key(&low) && Key(&low) < Key(&high) && Key(&short) != Key(&low));
        assert!(Key(&high) == Key(&same) && Key(&high) == Key(&high));
    }
}
