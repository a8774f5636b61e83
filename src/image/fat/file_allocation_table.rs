//! The table that tells which clusters belong together.

use alloc::vec::Vec;
use core::num::NonZero;

use super::bios_parameter_block::{FIRST_CLUSTER, FatType, MEDIA};

/// Gives clusters out, one after the other, and writes the FAT (FATGEN, "FAT Data Structure").
pub struct FileAllocationTable {
    cluster_size: NonZero<u32>,
    /// How many clusters each file and folder has, in their order on the volume.
    chains: Vec<u32>,
    next: u32,
}

impl FileAllocationTable {
    pub fn new(cluster_size: NonZero<u32>) -> Self {
        Self { cluster_size, chains: Vec::new(), next: FIRST_CLUSTER }
    }

    /// The first cluster of something of `size` bytes; 0 if it is empty.
    pub fn allocate(&mut self, size: u32) -> u32 {
        let clusters = size.div_ceil(self.cluster_size.get());
        if clusters == 0 {
            return 0;
        }
        let first = self.next;
        // There is a volume for all that is to be placed, so its clusters have numbers.
        self.next = self.next.saturating_add(clusters);
        self.chains.push(clusters);
        first
    }

    /// How many clusters are given out.
    pub fn used(&self) -> u32 {
        self.next - FIRST_CLUSTER
    }

    /// The table up to the last cluster that is given out.
    pub fn bytes(&self, fat_type: FatType) -> Vec<u8> {
        let ones = u32::MAX;
        let mut next = FIRST_CLUSTER;
        let chains = self.chains.iter().flat_map(move |&clusters| {
            let first = next;
            next = next.saturating_add(clusters);
            (first + 1..next).chain([ones])
        });
        // FAT[0] has the media in its low bits, FAT[1] that the volume is in order.
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
    fn wider_entries_stand_alone() {
        let entries = [0xfff8, 0xffff, 0xffff, 4, 0xffff, 6, 7, 0xffff];
        assert_eq!(table().bytes(FatType::Fat16), entries.map(u16::to_le_bytes).concat());
        let entries: [u32; 8] = [0x0fff_fff8, 0x0fff_ffff, 0x0fff_ffff, 4, 0x0fff_ffff, 6, 7, 0x0fff_ffff];
        assert_eq!(table().bytes(FatType::Fat32), entries.map(u32::to_le_bytes).concat());
    }
}
