//! What an image is that is not a config drive, as far as its signature says.

use core::fmt;

/// A format that is not that of a config drive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Foreign {
    /// gzip, inside the gzip that was unpacked.
    Gzip,
    /// Base64 text, inside the base64 that was decoded.
    Base64,
    /// xz.
    Xz,
    /// zstd.
    Zstd,
    /// bzip2.
    Bzip2,
    /// lz4.
    Lz4,
    /// A zip archive.
    Zip,
    /// A tar archive.
    Tar,
    /// A disk image in QEMU's format.
    Qcow2,
    /// A disk with a partition table of GPT.
    Gpt,
    /// A disk with a partition table of MBR.
    Mbr,
    /// ext2, ext3 or ext4.
    Ext,
    /// XFS.
    Xfs,
    /// Btrfs.
    Btrfs,
    /// SquashFS.
    Squashfs,
    /// NTFS.
    Ntfs,
    /// exFAT.
    Exfat,
    /// UDF.
    Udf,
    /// Only zeros.
    Zeros,
}

impl Foreign {
    /// Returns what the image is, if its signature is known.
    pub(super) fn of(image: &[u8]) -> Option<Self> {
        let found = SIGNATURES
            .iter()
            .find(|(offset, signature, _)| image.get(*offset..).is_some_and(|rest| rest.starts_with(signature)));
        match found {
            Some((_, _, foreign)) => Some(*foreign),
            None if is_mbr(image) => Some(Self::Mbr),
            None if is_base64(image) => Some(Self::Base64),
            None if image.len() >= 512 && image.iter().all(|byte| *byte == 0) => Some(Self::Zeros),
            None => None,
        }
    }
}

/// Signatures with their offsets. Those at the start of the image come last, because a boot sector may have anything there.
const SIGNATURES: [(usize, &[u8], Foreign); 19] = [
    (512, b"EFI PART", Foreign::Gpt),
    (4096, b"EFI PART", Foreign::Gpt),
    (3, b"NTFS    ", Foreign::Ntfs),
    (3, b"EXFAT   ", Foreign::Exfat),
    (1080, b"\x53\xef", Foreign::Ext),
    (65600, b"_BHRfS_M", Foreign::Btrfs),
    (32769, b"BEA01", Foreign::Udf),
    (32769, b"NSR02", Foreign::Udf),
    (257, b"ustar", Foreign::Tar),
    (0, b"\x1f\x8b", Foreign::Gzip),
    (0, b"\xfd7zXZ\0", Foreign::Xz),
    (0, b"\x28\xb5\x2f\xfd", Foreign::Zstd),
    (0, b"BZh", Foreign::Bzip2),
    (0, b"\x04\x22\x4d\x18", Foreign::Lz4),
    (0, b"PK\x03\x04", Foreign::Zip),
    (0, b"QFI\xfb", Foreign::Qcow2),
    (0, b"XFSB", Foreign::Xfs),
    (0, b"hsqs", Foreign::Squashfs),
    (0, b"sqsh", Foreign::Squashfs),
];

/// Returns whether the first sector has a partition table: each entry is either empty or has a status of 0 or 0x80, a type, a start
/// and a size.
fn is_mbr(image: &[u8]) -> bool {
    let (Some(entries), Some(b"\x55\xaa")) = (image.get(446..510), image.get(510..512)) else { return false };
    let is_empty = |entry: &[u8; 16]| entry.iter().all(|byte| *byte == 0);
    let is_partition = |entry: &[u8; 16]| {
        let [status, _, _, _, kind, _, _, _, s0, s1, s2, s3, n0, n1, n2, n3] = *entry;
        [0, 0x80].contains(&status)
            && kind != 0
            && u32::from_le_bytes([s0, s1, s2, s3]) > 0
            && u32::from_le_bytes([n0, n1, n2, n3]) > 0
    };
    let entries = entries.as_chunks::<16>().0;
    entries.iter().all(|entry| is_empty(entry) || is_partition(entry)) && !entries.iter().all(is_empty)
}

fn is_base64(image: &[u8]) -> bool {
    const CHECKED: usize = 512;
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=".contains(byte);
    image.len() >= 16 && image.iter().take(CHECKED).all(is_letter)
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compressed = |f: &mut fmt::Formatter<'_>, name: &str| {
            write!(f, "the image is compressed with {name}, but readers unpack only gzip; compress it with gzip")
        };
        let file_system = |f: &mut fmt::Formatter<'_>, name: &str| {
            write!(
                f,
                "the file system is {name}, but readers accept only ISO 9660 and FAT; build the drive as one of them"
            )
        };
        match self {
            Self::Gzip => f.write_str("the image is compressed with gzip twice; compress it only once"),
            Self::Base64 => f.write_str("the image is encoded as base64 twice; encode it only once"),
            Self::Xz => compressed(f, "xz"),
            Self::Zstd => compressed(f, "zstd"),
            Self::Bzip2 => compressed(f, "bzip2"),
            Self::Lz4 => compressed(f, "lz4"),
            Self::Zip => f.write_str("it is a zip archive; extract it, and build a drive from the directory"),
            Self::Tar => f.write_str("it is a tar archive; extract it, and build a drive from the directory"),
            Self::Qcow2 => {
                f.write_str("it is a disk image in the format qcow2; convert it with `qemu-img convert -O raw`")
            }
            Self::Gpt => {
                f.write_str("it is a disk with a partition table (GPT); give only the partition with the drive")
            }
            Self::Mbr => {
                f.write_str("it is a disk with a partition table (MBR); give only the partition with the drive")
            }
            Self::Ext => file_system(f, "ext2, ext3 or ext4"),
            Self::Xfs => file_system(f, "XFS"),
            Self::Btrfs => file_system(f, "Btrfs"),
            Self::Squashfs => file_system(f, "SquashFS"),
            Self::Ntfs => file_system(f, "NTFS"),
            Self::Exfat => file_system(f, "exFAT"),
            Self::Udf => file_system(f, "UDF"),
            Self::Zeros => f.write_str("the image has only zeros; did the program that wrote it fail?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::read::{ReadError, read};
    use alloc::{string::ToString, vec, vec::Vec};

    fn image(offset: usize, signature: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 1 << 17];
        image[offset..][..signature.len()].copy_from_slice(signature);
        image
    }

    #[test]
    fn each_signature_is_refused_with_a_message_of_its_own() {
        let mut messages = Vec::new();
        for (offset, signature, foreign) in SIGNATURES {
            let error = read(&image(offset, signature)).unwrap_err();
            assert_eq!(error, ReadError::Foreign(foreign));
            messages.push((error.to_string(), foreign));
        }
        messages.sort_by_key(|(message, _)| message.clone());
        messages.dedup();
        assert!(messages.windows(2).all(|pair| pair[0].0 != pair[1].0), "{messages:#?}");
    }

    #[test]
    fn a_boot_loader_that_starts_like_fat_does_not_hide_a_partition_table() {
        let mut disk = image(0, b"\xeb\x63\x90");
        disk[446..462].copy_from_slice(b"\x80\x01\x02\x03\x83\x04\x05\x06\0\x08\0\0\0\x10\0\0");
        disk[510..512].copy_from_slice(b"\x55\xaa");
        assert_eq!(read(&disk).unwrap_err(), ReadError::Foreign(Foreign::Mbr));
        // A type of 0.
        disk[450] = 0;
        assert!(matches!(read(&disk), Err(ReadError::Damaged { .. })));
    }

    #[test]
    fn text_zeros_and_what_is_unknown_differ() {
        assert_eq!(read(b"H4sIAAAAAAAAA+3BMQEAAADCoPVP").unwrap_err(), ReadError::Foreign(Foreign::Base64));
        assert_eq!(read(&[0; 700]).unwrap_err(), ReadError::Foreign(Foreign::Zeros));
        assert_eq!(read(&[1; 700]).unwrap_err(), ReadError::NoFileSystem);
        assert_eq!(read(b"").unwrap_err(), ReadError::NoFileSystem);
    }
}
