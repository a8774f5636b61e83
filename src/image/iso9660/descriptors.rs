//! Volume descriptors: the sectors from 16 on.

use alloc::vec::Vec;

use super::{
    SECTOR,
    directory_record::{self, DirectoryRecord, Extent, FileFlags},
    fields::{Both16, Both32, Date, NO_DATE},
    names::{Naming, ucs2},
};

/// Primary volume descriptor (ECMA-119, 8.4), for the plain tree, or supplementary volume descriptor (8.5), for the Joliet tree. Both
/// have the same fields.
pub struct VolumeDescriptor {
    pub naming: Naming,
    /// Size of the volume, in logical blocks.
    pub volume_space_size: u32,
    /// Size of each path table, in bytes.
    pub path_table_size: u32,
    pub l_path_table: u32,
    pub m_path_table: u32,
    pub root: Extent,
    pub date: Date,
}

impl VolumeDescriptor {
    pub fn write(&self, out: &mut Vec<u8>) {
        let (descriptor_type, escape_sequences) = match self.naming {
            Naming::Plain => (1, [0; 32]),
            Naming::Joliet => (2, UCS2_LEVEL_3),
        };
        let start = out.len();
        out.push(descriptor_type);
        out.extend(STANDARD_IDENTIFIER);
        out.push(1); // version
        out.push(0); // volume flags
        out.extend(self.text::<32>("")); // system identifier
        out.extend(self.text::<32>(LABEL)); // volume identifier
        out.extend([0; 8]);
        out.extend(Both32(self.volume_space_size).bytes());
        out.extend(escape_sequences);
        out.extend(Both16(1).bytes()); // volume set size
        out.extend(Both16(1).bytes()); // volume sequence number
        out.extend(Both16(SECTOR as u16).bytes()); // logical block size
        out.extend(Both32(self.path_table_size).bytes());
        out.extend(self.l_path_table.to_le_bytes());
        out.extend([0; 4]); // optional type L path table
        out.extend(self.m_path_table.to_be_bytes());
        out.extend([0; 4]); // optional type M path table
        let root = DirectoryRecord {
            extent: self.root,
            recording_date: self.date,
            file_flags: FileFlags::Directory,
            file_identifier: directory_record::SELF,
            system_use: &[],
        };
        root.write(out);
        out.extend(self.text::<128>("")); // volume set identifier
        out.extend(self.text::<128>("")); // publisher
        out.extend(self.text::<128>("")); // data preparer
        out.extend(self.text::<128>("CONFIGDRIVE")); // application
        out.extend(self.text::<37>("")); // copyright file
        out.extend(self.text::<37>("")); // abstract file
        out.extend(self.text::<37>("")); // bibliographic file
        out.extend(self.date.long()); // creation
        out.extend(self.date.long()); // modification
        out.extend(NO_DATE); // expiration
        out.extend(self.date.long()); // effective
        out.push(1); // file structure version
        out.resize(start + SECTOR as usize, 0);
    }

    /// Returns a field of characters, padded with spaces. In UCS-2, an odd byte at the end is zero.
    fn text<const LENGTH: usize>(&self, text: &str) -> [u8; LENGTH] {
        let mut field = [0; LENGTH];
        match self.naming {
            Naming::Plain => fill(&mut field, text.bytes().chain(core::iter::repeat(b' '))),
            Naming::Joliet => {
                let (whole, _) = field.split_at_mut(LENGTH / 2 * 2);
                fill(whole, ucs2(text).chain([0, b' '].into_iter().cycle()));
            }
        }
        field
    }
}

/// Volume descriptor set terminator (ECMA-119, 8.3).
pub struct VolumeDescriptorSetTerminator;

impl VolumeDescriptorSetTerminator {
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.push(255);
        out.extend(STANDARD_IDENTIFIER);
        out.push(1); // version
        out.resize(start + SECTOR as usize, 0);
    }
}

fn fill(field: &mut [u8], bytes: impl Iterator<Item = u8>) {
    for (to, from) in field.iter_mut().zip(bytes) {
        *to = from;
    }
}

/// Volume identifier, by which the software on an instance finds the drive.
const LABEL: &str = "config-2";

const STANDARD_IDENTIFIER: &[u8; 5] = b"CD001";

/// Escape sequence that declares a Joliet tree (Joliet, "SVD Escape Sequences Field"): `%/E`.
const UCS2_LEVEL_3: [u8; 32] = {
    let mut field = [0; 32];
    [field[0], field[1], field[2]] = *b"%/E";
    field
};

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(naming: Naming) -> Vec<u8> {
        let mut out = Vec::new();
        let date = Date::new(315_532_800).unwrap();
        let root = Extent { location: 25, size: 2048 };
        VolumeDescriptor {
            naming,
            volume_space_size: 200,
            path_table_size: 10,
            l_path_table: 19,
            m_path_table: 20,
            root,
            date,
        }
        .write(&mut out);
        out
    }

    #[test]
    fn a_primary_descriptor_has_the_fields_of_ecma_119() {
        let out = descriptor(Naming::Plain);
        assert_eq!(out.len(), 2048);
        assert_eq!(out[..8], *b"\x01CD001\x01\0");
        assert_eq!(out[40..72], *b"config-2                        ");
        assert_eq!(out[80..88], *b"\xc8\0\0\0\0\0\0\xc8");
        assert_eq!(out[128..132], *b"\0\x08\x08\0");
        assert_eq!(out[140..156], *b"\x13\0\0\0\0\0\0\0\0\0\0\x14\0\0\0\0");
        assert_eq!(out[156], 34);
        assert_eq!(out[813..830], *b"1980010100000000\0");
        assert_eq!(out[881], 1);
    }

    #[test]
    fn the_supplementary_descriptor_is_joliets() {
        let out = descriptor(Naming::Joliet);
        assert_eq!(out[..8], *b"\x02CD001\x01\0");
        assert_eq!(out[40..58], *b"\0c\0o\0n\0f\0i\0g\0-\x002\0 ");
        assert_eq!(out[88..92], *b"%/E\0");
        assert_eq!(out[702..739], *b"\0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0");
    }

    /// ECMA-119, 8.4 and 8.5. The date is 1980-01-01T00:00:00Z.
    #[test]
    fn every_byte_of_a_descriptor_is_accounted_for() {
        let (root, created, never) = (
            b"\x22\0\x19\0\0\0\0\0\0\x19\0\x08\0\0\0\0\x08\0\x50\x01\x01\0\0\0\0\x02\0\0\x01\0\0\x01\x01\0",
            b"1980010100000000\0",
            NO_DATE,
        );
        for (naming, descriptor_type, escape_sequences) in [(Naming::Plain, 1, &b""[..]), (Naming::Joliet, 2, b"%/E")] {
            let text = |text: &str, length: usize| {
                let spaces = core::iter::repeat_n(' ', length);
                let mut field: Vec<u8> = match naming {
                    Naming::Plain => text.chars().chain(spaces).map(|character| character as u8).collect(),
                    Naming::Joliet => text.chars().chain(spaces).flat_map(|character| [0, character as u8]).collect(),
                };
                field.truncate(if naming == Naming::Joliet { length / 2 * 2 } else { length });
                field.resize(length, 0);
                field
            };
            let mut escapes = escape_sequences.to_vec();
            escapes.resize(32, 0);
            let mut expected = [&[descriptor_type][..], b"CD001\x01\0", &text("", 32), &text("config-2", 32)].concat();
            expected.extend([&[0; 8][..], b"\xc8\0\0\0\0\0\0\xc8", &escapes].concat());
            expected.extend(b"\x01\0\0\x01\x01\0\0\x01\0\x08\x08\0\x0a\0\0\0\0\0\0\x0a");
            expected.extend(b"\x13\0\0\0\0\0\0\0\0\0\0\x14\0\0\0\0");
            expected.extend(root);
            expected.extend(
                [text("", 3 * 128), text("CONFIGDRIVE", 128), text("", 37), text("", 37), text("", 37)].concat(),
            );
            expected.extend([&created[..], created, &never, created, b"\x01"].concat());
            expected.resize(2048, 0);
            assert_eq!(descriptor(naming), expected);
        }
    }

    /// ECMA-119, 8.3.
    #[test]
    fn the_terminator_has_only_its_type_and_the_standard_identifier() {
        let mut out = b"before".to_vec();
        VolumeDescriptorSetTerminator.write(&mut out);
        assert_eq!(out, [&b"before\xffCD001\x01"[..], &[0; 2041]].concat());
    }
}
