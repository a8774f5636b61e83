//! Rock Ridge's additions to directory records: system use entries (SUSP 1.12, 5; RRIP 1.12, 4.1).

use alloc::vec::Vec;

use super::{
    SECTOR,
    directory_record::{MAX_LENGTH, length},
    fields::{Both32, Date},
};

/// POSIX file attributes (RRIP, 4.1.1), in the 36-byte form of RRIP_1991A. User and group are 0.
pub struct PosixAttributes {
    pub mode: Mode,
    pub links: u32,
}

impl PosixAttributes {
    pub const LENGTH: usize = 36;

    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend(header(*b"PX", Self::LENGTH));
        out.extend(Both32(self.mode as u32).bytes());
        out.extend(Both32(self.links).bytes());
        out.extend(Both32(0).bytes());
        out.extend(Both32(0).bytes());
    }
}

/// The modes that `genisoimage -r` sets: readable by everyone, writable by nobody.
#[derive(Clone, Copy)]
pub enum Mode {
    File = 0o100_444,
    Directory = 0o040_555,
}

/// Time stamps for a file (RRIP, 4.1.6): last modified, last accessed, attributes last changed.
pub struct TimeStamps(pub Date);

impl TimeStamps {
    pub const LENGTH: usize = 26;

    pub fn write(&self, out: &mut Vec<u8>) {
        const MODIFY_ACCESS_ATTRIBUTES: u8 = 0x0e;
        out.extend(header(*b"TF", Self::LENGTH));
        out.push(MODIFY_ACCESS_ATTRIBUTES);
        for _ in 0..3 {
            out.extend(self.0.short());
        }
    }
}

/// Alternate name (RRIP, 4.1.4): the file's real name, in UTF-8.
#[derive(Clone, Copy)]
pub struct AlternateName<'t>(pub &'t str);

impl AlternateName<'_> {
    pub const fn length(self) -> usize {
        5 + self.0.len()
    }

    pub fn write(self, out: &mut Vec<u8>) {
        out.extend(header(*b"NM", self.length()));
        out.push(0); // flags: not continued in another entry
        out.extend(self.0.as_bytes());
    }
}

/// Continuation area (SUSP, 5.1): the location of further entries of a record.
pub struct Continuation {
    pub block: u32,
    pub offset: u32,
    pub length: u32,
}

impl Continuation {
    pub const LENGTH: usize = 28;

    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend(header(*b"CE", Self::LENGTH));
        out.extend(Both32(self.block).bytes());
        out.extend(Both32(self.offset).bytes());
        out.extend(Both32(self.length).bytes());
    }
}

/// Sharing protocol (SUSP, 5.3): the first entry of the root's first record.
pub struct SharingProtocol;

impl SharingProtocol {
    pub const LENGTH: usize = 7;

    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend(header(*b"SP", Self::LENGTH));
        out.extend([0xbe, 0xef]);
        out.push(0); // bytes to skip in each system use area
    }
}

/// Extensions reference (SUSP, 5.5): declares that the entries are Rock Ridge's. Its descriptor and source, which are only for
/// people, are empty.
pub struct ExtensionsReference;

impl ExtensionsReference {
    pub const LENGTH: usize = 8 + Self::IDENTIFIER.len();
    const IDENTIFIER: &[u8] = b"RRIP_1991A";

    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend(header(*b"ER", Self::LENGTH));
        out.push(Self::IDENTIFIER.len() as u8);
        out.push(0); // length of the descriptor
        out.push(0); // length of the source
        out.push(1); // extension version
        out.extend(Self::IDENTIFIER);
    }
}

/// The place of a record's alternate name.
#[derive(Clone, Copy)]
pub enum NamePlace<'t> {
    /// In the record itself.
    Record(AlternateName<'t>),
    /// In the directory's continuation area, after `position` bytes.
    Continued { position: u64, length: usize },
}

impl NamePlace<'_> {
    /// Returns the length of the entries in a file's or directory's record, in bytes.
    pub fn system_use(self) -> usize {
        match self {
            Self::Record(name) => ATTRIBUTES + name.length(),
            Self::Continued { .. } => ATTRIBUTES + Continuation::LENGTH,
        }
    }

    pub fn write(self, continuation_area: u32, out: &mut Vec<u8>) {
        match self {
            Self::Record(name) => name.write(out),
            Self::Continued { position, length } => Continuation {
                block: continuation_area.saturating_add((position / u64::from(SECTOR)) as u32),
                offset: (position % u64::from(SECTOR)) as u32,
                length: length as u32,
            }
            .write(out),
        }
    }
}

/// The entries that do not fit the records of a directory. They are in the sectors directly after the records, because libarchive
/// looks nowhere else.
#[derive(Default)]
pub struct ContinuationArea {
    bytes: Vec<u8>,
}

impl ContinuationArea {
    /// Chooses the place of a name whose record has an identifier of `identifier` bytes.
    pub fn place<'t>(&mut self, name: &'t str, identifier: usize) -> NamePlace<'t> {
        let name = AlternateName(name);
        if length(identifier, ATTRIBUTES + name.length()) <= MAX_LENGTH {
            return NamePlace::Record(name);
        }
        // Linux treats a continuation that crosses a sector boundary as damage.
        let sector = SECTOR as usize;
        if self.bytes.len() % sector + name.length() > sector {
            self.bytes.resize(self.bytes.len().next_multiple_of(sector), 0);
        }
        let position = self.bytes.len() as u64;
        name.write(&mut self.bytes);
        NamePlace::Continued { position, length: name.length() }
    }

    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Length of the entries that every record has, in bytes.
pub const ATTRIBUTES: usize = PosixAttributes::LENGTH + TimeStamps::LENGTH;

/// Length of the entries that the root's first record has, in bytes.
pub const ROOT_ATTRIBUTES: usize = SharingProtocol::LENGTH + ATTRIBUTES + ExtensionsReference::LENGTH;

/// Length of the longest system use field, which leaves room for the shortest identifier, in bytes.
pub const MAX_SYSTEM_USE: usize = MAX_LENGTH - 34;

const _: () = assert!(ROOT_ATTRIBUTES <= MAX_SYSTEM_USE);

/// Returns the signature, length and version of an entry (SUSP, 4.1). The length fits a byte: the longest entry is a name of 64
/// characters of at most three bytes each.
fn header([a, b]: [u8; 2], length: usize) -> [u8; 4] {
    [a, b, length as u8, 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_as_long_as_its_length_field_says() {
        let date = Date::new(0).unwrap();
        let mut entries = [(); 6].map(|()| Vec::new());
        PosixAttributes { mode: Mode::File, links: 1 }.write(&mut entries[0]);
        TimeStamps(date).write(&mut entries[1]);
        AlternateName(&"日".repeat(64)).write(&mut entries[2]);
        Continuation { block: 1, offset: 2, length: 3 }.write(&mut entries[3]);
        SharingProtocol.write(&mut entries[4]);
        ExtensionsReference.write(&mut entries[5]);
        for entry in entries {
            assert_eq!(entry.len(), usize::from(entry[2]));
        }
    }

    #[test]
    fn a_name_goes_into_the_continuation_area_only_when_the_record_is_full() {
        let mut area = ContinuationArea::default();
        let (fits, name) = ("x".repeat(121), "x".repeat(122));
        assert!(matches!(area.place(&fits, 33), NamePlace::Record(_)));
        assert_eq!(length(33, area.place(&fits, 33).system_use()), 254);
        assert!(matches!(area.place(&name, 33), NamePlace::Continued { position: 0, length: 127 }));
    }

    #[test]
    fn a_continuation_does_not_cross_a_sector_boundary() {
        let mut area = ContinuationArea::default();
        let name = "日".repeat(64);
        for _ in 0..100 {
            let NamePlace::Continued { position, length } = area.place(&name, 33) else { panic!("in the record") };
            assert!(position % 2048 + length as u64 <= 2048);
        }
        assert_eq!(area.size().div_ceil(2048), 10);
    }

    #[test]
    fn entries_have_the_fields_of_susp_and_rrip() {
        fn bytes(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
            let mut out = Vec::new();
            write(&mut out);
            out
        }
        let date = Date::new(951_782_399).unwrap();
        let px = |mode| bytes(|out| PosixAttributes { mode, links: 0x0102 }.write(out));
        let links = b"\x02\x01\0\0\0\0\x01\x02";
        // RRIP 4.1.1: mode, links, user, group. S_IFREG and S_IFDIR are 0o100000 and 0o040000.
        assert_eq!(px(Mode::File), [&b"PX\x24\x01\x24\x81\0\0\0\0\x81\x24"[..], links, &[0; 16]].concat());
        assert_eq!(px(Mode::Directory), [&b"PX\x24\x01\x6d\x41\0\0\0\0\x41\x6d"[..], links, &[0; 16]].concat());
        // RRIP 4.1.6: modify, access and attributes are bits 1 to 3.
        let time = b"\x64\x02\x1c\x17\x3b\x3b\0";
        assert_eq!(bytes(|out| TimeStamps(date).write(out)), [&b"TF\x1a\x01\x0e"[..], time, time, time].concat());
        // RRIP 4.1.4.
        assert_eq!(bytes(|out| AlternateName("é.x").write(out)), b"NM\x09\x01\0\xc3\xa9.x");
        // SUSP 5.3 and 5.5.
        assert_eq!(bytes(|out| SharingProtocol.write(out)), b"SP\x07\x01\xbe\xef\0");
        assert_eq!(bytes(|out| ExtensionsReference.write(out)), b"ER\x12\x01\x0a\0\0\x01RRIP_1991A");
        assert_eq!((ATTRIBUTES, ROOT_ATTRIBUTES), (36 + 26, 7 + 36 + 26 + 18));
        // SUSP 5.1: block, offset and length.
        let place = NamePlace::Continued { position: 3 * 2048 + 0x0506, length: 0x07 };
        assert_eq!(
            bytes(|out| place.write(0x0100, out)),
            b"CE\x1c\x01\x03\x01\0\0\0\0\x01\x03\x06\x05\0\0\0\0\x05\x06\x07\0\0\0\0\0\0\x07"
        );
        assert_eq!(
            (place.system_use(), NamePlace::Record(AlternateName("é")).system_use()),
            (36 + 26 + 28, 36 + 26 + 7)
        );
    }

    #[test]
    fn continuations_may_fill_a_sector_to_its_last_byte() {
        let mut area = ContinuationArea::default();
        // Sixteen entries of 128 bytes, and one more.
        let positions: Vec<_> = (0..17)
            .map(|_| match area.place(&"x".repeat(123), 33) {
                NamePlace::Continued { position, .. } => position,
                NamePlace::Record(_) => panic!("in the record"),
            })
            .collect();
        assert_eq!(positions, (0..17).map(|index| index * 128).collect::<Vec<_>>());
        assert_eq!((area.size(), area.bytes().len()), (17 * 128, 17 * 128));
    }
}
