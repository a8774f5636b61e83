//! Directory records, and how they are packed into sectors.

use alloc::vec::Vec;

use super::{
    SECTOR,
    fields::{Both16, Both32, Date},
    names::MAX_IDENTIFIER,
    rock_ridge::MAX_SYSTEM_USE,
};

/// Extent of a file or directory (ECMA-119, 6.4.3).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Extent {
    /// Number of the first logical block.
    pub location: u32,
    /// Size in bytes.
    pub size: u32,
}

/// Directory record (ECMA-119, 9.1), without the fields that are the same in all our records.
pub struct DirectoryRecord<'r> {
    pub extent: Extent,
    pub recording_date: Date,
    pub file_flags: FileFlags,
    pub file_identifier: &'r [u8],
    pub system_use: &'r [u8],
}

impl DirectoryRecord<'_> {
    pub fn write(&self, out: &mut Vec<u8>) {
        let length = length(self.file_identifier.len(), self.system_use.len());
        // The assertion below makes sure that the lengths fit.
        out.push(length as u8);
        out.push(0); // extended attribute record length
        out.extend(Both32(self.extent.location).bytes());
        out.extend(Both32(self.extent.size).bytes());
        out.extend(self.recording_date.short());
        out.push(self.file_flags as u8);
        out.push(0); // file unit size: not interleaved
        out.push(0); // interleave gap size
        out.extend(Both16(1).bytes()); // volume sequence number
        out.push(self.file_identifier.len() as u8);
        out.extend(self.file_identifier);
        out.extend(self.file_identifier.len().is_multiple_of(2).then_some(0));
        out.extend(self.system_use);
        out.extend((self.system_use.len() % 2 == 1).then_some(0));
    }
}

/// File flags (ECMA-119, 9.1.6).
#[derive(Clone, Copy)]
pub enum FileFlags {
    File = 0,
    Directory = 2,
}

/// Returns the length of a record, in bytes, which is even (ECMA-119, 9.1.13).
pub const fn length(identifier: usize, system_use: usize) -> usize {
    33 + identifier + (identifier + 1) % 2 + system_use + system_use % 2
}

/// Maximum length of a record, in bytes: an even number in a one-byte field (ECMA-119, 9.1.1).
pub const MAX_LENGTH: usize = 254;

const _: () = assert!(length(MAX_IDENTIFIER, 0) <= MAX_LENGTH && MAX_SYSTEM_USE <= MAX_LENGTH);

/// File identifier of a directory itself (ECMA-119, 7.6.2).
pub const SELF: &[u8] = &[0];

/// File identifier of a directory's parent (ECMA-119, 7.6.2).
pub const PARENT: &[u8] = &[1];

/// Packs records into sectors, so that none of them crosses a sector boundary (ECMA-119, 6.8.1.1).
pub struct Packer {
    size: u64,
}

impl Packer {
    pub fn new() -> Self {
        Self { size: 0 }
    }

    /// Adds a record of `length` bytes, and returns how many bytes to leave free before it.
    pub fn gap(&mut self, length: usize) -> usize {
        let used = self.size % u64::from(SECTOR);
        let gap = if used + length as u64 > u64::from(SECTOR) { u64::from(SECTOR) - used } else { 0 };
        self.size = self.size.saturating_add(gap).saturating_add(length as u64);
        gap as usize
    }

    /// Returns the size of the directory, in bytes, padded to whole sectors.
    pub fn finish(self) -> u64 {
        self.size.next_multiple_of(u64::from(SECTOR))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_its_fields_in_order_and_an_even_length() {
        let date = Date::new(315_532_800).unwrap();
        let mut out = Vec::new();
        let extent = Extent { location: 0x0102, size: 3 };
        DirectoryRecord {
            extent,
            recording_date: date,
            file_flags: FileFlags::Directory,
            file_identifier: b"ab",
            system_use: b"xyz",
        }
        .write(&mut out);
        let expected =
            b"\x28\0\x02\x01\0\0\0\0\x01\x02\x03\0\0\0\0\0\0\x03\x50\x01\x01\0\0\0\0\x02\0\0\x01\0\0\x01\x02ab\0xyz\0";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_record_does_not_cross_a_sector_boundary() {
        let mut packer = Packer::new();
        let gaps: Vec<_> = [2000, 48, 100, 1949, 2048].map(|length| packer.gap(length)).into();
        assert_eq!(gaps, [0, 0, 0, 1948, 99]);
        assert_eq!(packer.finish(), 4 * 2048);
    }

    #[test]
    fn a_record_is_as_long_as_its_length_field_says() {
        let date = Date::new(0).unwrap();
        for (identifier, system_use) in [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 3), (128, 0), (33, 187)] {
            let mut out = Vec::new();
            DirectoryRecord {
                extent: Extent::default(),
                recording_date: date,
                file_flags: FileFlags::File,
                file_identifier: &alloc::vec![b'i'; identifier],
                system_use: &alloc::vec![b's'; system_use],
            }
            .write(&mut out);
            assert_eq!((usize::from(out[0]), out.len()), (out.len(), length(identifier, system_use)));
        }
    }
}
