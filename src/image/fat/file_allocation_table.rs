//! The file allocation table, which links the clusters of each file.

use alloc::vec::Vec;
use core::num::NonZero;

use super::bios_parameter_block::{FIRST_CLUSTER, FatType, MEDIA};

/// Allocates clusters sequentially, and writes the FAT (FATGEN, "FAT Data Structure").
pub struct FileAllocationTable {
    cluster_size: NonZero<u32>,
    /// Number of clusters of each file and directory, in their order on the volume.
    chains: Vec<u32>,
    next: u32,
}

impl FileAllocationTable {
    pub fn new(cluster_size: NonZero<u32>) -> Self {
        Self { cluster_size, chains: Vec::new(), next: FIRST_CLUSTER }
    }

    /// Allocates clusters for `size` bytes, and returns the first one; 0 if `size` is 0.
    pub fn allocate(&mut self, size: u32) -> u32 {
        let clusters = size.div_ceil(self.cluster_size.get());
        if clusters == 0 {
            return 0;
        }
        let first = self.next;
        // The volume was sized for everything that is placed, so this does not overflow.
        self.next = self.next.saturating_add(clusters);
        self.chains.push(clusters);
        first
    }

    /// Returns the number of allocated clusters.
    pub fn used(&self) -> u32 {
        self.next - FIRST_CLUSTER
    }

    /// Returns the table up to the last allocated cluster.
    pub fn bytes(&self, fat_type: FatType) -> Vec<u8> {
        let ones = u32::MAX;
        let mut next = FIRST_CLUSTER;
        let chains = self.chains.iter().flat_map(move |&clusters| {
            let first = next;
            next = next.saturating_add(clusters);
            (first + 1..next).chain([ones])
        });
        // FAT[0] has the media type in its low bits; FAT[1] says that the volume is clean.
        let media = ones << 8 | u32::from(MEDIA);
        let entries: Vec<u32> = [media, ones].into_iter().chain(chains).collect();
        match fat_type {
            FatType::Fat12 => {
                let pair = |pair: &[u32]| {
                    let [first, second] = [0, 1].map(|index| pair.get(index).map_or(0, |entry| entry & 0x0fff));
                    let [a, b, c, _] = (first | second << 12).to_le_bytes();
                    [a, b, c]
                };
                let mut bytes: Vec<u8> = entries.chunks(2).flat_map(pair).collect();
                bytes.truncate((entries.len() * 3).div_ceil(2));
                bytes
            }
            FatType::Fat16 => entries.iter().flat_map(|&entry| (entry as u16).to_le_bytes()).collect(),
            // The upper four bits are reserved.
            FatType::Fat32 => entries.iter().flat_map(|entry| (entry & 0x0fff_ffff).to_le_bytes()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> FileAllocationTable {
        let mut table = FileAllocationTable::new(NonZero::new(512).unwrap());
        assert_eq!([0, 1, 513, 0, 1536].map(|size| table.allocate(size)), [0, 2, 3, 0, 5]);
        assert_eq!(table.used(), 6);
        table
    }

    #[test]
    fn entries_of_twelve_bits_share_bytes() {
        let bytes = [0xf8, 0xff, 0xff, 0xff, 0x4f, 0x00, 0xff, 0x6f, 0x00, 0x07, 0xf0, 0xff];
        assert_eq!(table().bytes(FatType::Fat12), bytes);
        let mut odd = table();
        odd.allocate(1);
        assert_eq!(odd.bytes(FatType::Fat12), [&bytes[..], &[0xff, 0x0f]].concat());
    }

    #[test]
    fn wider_entries_do_not_share_bytes() {
        let entries = [0xfff8, 0xffff, 0xffff, 4, 0xffff, 6, 7, 0xffff];
        assert_eq!(table().bytes(FatType::Fat16), entries.map(u16::to_le_bytes).concat());
        let entries: [u32; 8] = [0x0fff_fff8, 0x0fff_ffff, 0x0fff_ffff, 4, 0x0fff_ffff, 6, 7, 0x0fff_ffff];
        assert_eq!(table().bytes(FatType::Fat32), entries.map(u32::to_le_bytes).concat());
    }
}
