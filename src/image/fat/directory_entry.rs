//! Directory entries, including those of long names.

use alloc::vec::Vec;

use super::{
    super::{ImageError, calendar::DateTime},
    names::ShortName,
};

/// Directory entry (FATGEN, "FAT Directory Structure"), without the fields that are the same in all our entries.
pub struct DirectoryEntry {
    pub name: ShortName,
    pub attributes: Attributes,
    pub time_stamp: TimeStamp,
    /// Number of the first cluster; 0 for an empty file, for a label, and for the root directory in an entry `..`.
    pub first_cluster: u32,
    /// Size in bytes; 0 for a directory.
    pub file_size: u32,
}

impl DirectoryEntry {
    pub fn write(&self, out: &mut Vec<u8>) {
        let TimeStamp { date, time, hundredths } = self.time_stamp;
        let [low, high] = [self.first_cluster as u16, (self.first_cluster >> 16) as u16];
        out.extend(self.name.0);
        out.push(self.attributes as u8);
        out.push(0); // DIR_NTRes: names in lower case get a long entry, which more readers support than the bits here
        out.push(hundredths);
        out.extend(time.to_le_bytes()); // creation
        out.extend(date.to_le_bytes());
        out.extend(date.to_le_bytes()); // last access
        out.extend(high.to_le_bytes());
        out.extend(time.to_le_bytes()); // last write
        out.extend(date.to_le_bytes());
        out.extend(low.to_le_bytes());
        out.extend(self.file_size.to_le_bytes());
    }
}

/// Attributes (FATGEN, DIR_Attr).
#[derive(Clone, Copy)]
pub enum Attributes {
    VolumeId = 0x08,
    Directory = 0x10,
    /// ATTR_ARCHIVE, which is set on every file that has not been backed up.
    File = 0x20,
}

/// Long directory entry (FATGEN, "FAT Long Directory Entries"): a part of a name.
struct LongNameEntry {
    /// Number of the part, from 1.
    order: u8,
    is_last: bool,
    /// UTF-16, followed by one zero if there is room, and then padded with ones.
    name: [u16; UNITS],
    /// Checksum of the short name.
    checksum: u8,
}

impl LongNameEntry {
    fn write(&self, out: &mut Vec<u8>) {
        let (first, rest) = self.name.split_at(5);
        let (second, third) = rest.split_at(6);
        let mut put = |part: &[u16], after: &[u8]| {
            out.extend(part.iter().flat_map(|unit| unit.to_le_bytes()));
            out.extend(after);
        };
        put(&[], &[self.order | if self.is_last { 0x40 } else { 0 }]);
        // ATTR_LONG_NAME, LDIR_Type
        put(first, &[0x0f, 0, self.checksum]);
        put(second, &[0, 0]); // LDIR_FstClusLO
        put(third, &[]);
    }
}

/// Writes the entries of the long `name`, the last part first. They precede the entry of the short name.
pub fn write_long_name(name: &str, short: &ShortName, out: &mut Vec<u8>) {
    let units: Vec<u16> = name.encode_utf16().collect();
    let checksum = short.checksum();
    let mut is_last = true;
    // A name has at most 64 units, so a `u8` is enough to count the parts.
    for (part, order) in units.chunks(UNITS).zip(1_u8..).collect::<Vec<_>>().into_iter().rev() {
        let mut name = [0xffff; UNITS];
        for (unit, place) in part.iter().chain(&[0]).zip(&mut name) {
            *place = *unit;
        }
        LongNameEntry { order, is_last, name, checksum }.write(out);
        is_last = false;
    }
}

/// Returns the number of entries of the long `name`.
pub fn long_name_entries(name: &str) -> usize {
    name.encode_utf16().count().div_ceil(UNITS)
}

/// Number of UTF-16 units in a [`LongNameEntry`].
const UNITS: usize = 13;

/// A date and time between 1980 and 2107 (FATGEN, "Date and Time Formats"). FAT uses local time; ours is UTC.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimeStamp {
    date: u16,
    /// Time of day, with a resolution of two seconds.
    time: u16,
    /// Hundredths of a second to add to the time, 0 or 100.
    hundredths: u8,
}

impl TimeStamp {
    pub fn new(source_date_epoch: u64) -> Result<Self, ImageError> {
        let range = MIN_SOURCE_DATE_EPOCH..=MAX_SOURCE_DATE_EPOCH;
        let DateTime { year, month, day, hour, minute, second } = DateTime::new(source_date_epoch, range)?;
        Ok(Self {
            date: (year - 1980) << 9 | u16::from(month) << 5 | u16::from(day),
            time: u16::from(hour) << 11 | u16::from(minute) << 5 | u16::from(second / 2),
            hundredths: second % 2 * 100,
        })
    }
}

/// 1980-01-01T00:00:00Z
const MIN_SOURCE_DATE_EPOCH: u64 = 315_532_800;

/// 2107-12-31T23:59:59Z
const MAX_SOURCE_DATE_EPOCH: u64 = 4_354_819_199;

/// Size of every entry, in bytes.
pub const SIZE: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_stamp_is_exact_to_the_second() {
        for (epoch, date, time, hundredths) in [
            (MIN_SOURCE_DATE_EPOCH, 0x0021, 0, 0),
            (951_782_399, 20 << 9 | 2 << 5 | 28, 23 << 11 | 59 << 5 | 29, 100),
            (951_782_400, 20 << 9 | 2 << 5 | 29, 0, 0),
            (MAX_SOURCE_DATE_EPOCH, 0xff9f, 0xbf7d, 100),
        ] {
            assert_eq!(TimeStamp::new(epoch), Ok(TimeStamp { date, time, hundredths }));
        }
        for source_date_epoch in [0, MIN_SOURCE_DATE_EPOCH - 1, MAX_SOURCE_DATE_EPOCH + 1, u64::MAX] {
            let range = MIN_SOURCE_DATE_EPOCH..=MAX_SOURCE_DATE_EPOCH;
            assert_eq!(TimeStamp::new(source_date_epoch), Err(ImageError::Date { source_date_epoch, range }));
        }
    }

    #[test]
    fn an_entry_has_its_fields_in_order() {
        let mut out = Vec::new();
        DirectoryEntry {
            name: ShortName(*b"NAME    EXT"),
            attributes: Attributes::File,
            time_stamp: TimeStamp { date: 0x0102, time: 0x0304, hundredths: 5 },
            first_cluster: 0x0607_0809,
            file_size: 0x0a0b_0c0d,
        }
        .write(&mut out);
        assert_eq!(
            out,
            b"NAME    EXT\x20\0\x05\x04\x03\x02\x01\x02\x01\x07\x06\x04\x03\x02\x01\x09\x08\x0d\x0c\x0b\x0a"
        );
    }

    /// FATGEN's own example.
    #[test]
    fn a_long_name_is_written_in_parts_the_last_one_first() {
        let short = ShortName(*b"THEQUI~1FOX");
        let mut out = Vec::new();
        write_long_name("The quick brown.fox", &short, &mut out);
        let expected = [
            &b"\x42w\0n\0.\0f\0o\0\x0f\0\x07x\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\xff\xff\xff\xff"[..],
            b"\x01T\0h\0e\0 \0q\0\x0f\0\x07u\0i\0c\0k\0 \0b\0\0\0r\0o\0",
        ]
        .concat();
        assert_eq!(out, expected);
        out.clear();
        write_long_name("exactly13long", &short, &mut out);
        assert_eq!(out.len(), SIZE);
        assert!(out.ends_with(b"\0\0n\0g\0"));
    }
}
