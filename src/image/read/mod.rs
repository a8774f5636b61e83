//! Reads files from the bytes of a file system. Drives may come from any tool, and may be malicious.
//!
//! Nothing in an image is trusted. Each value is checked when it is read, and reading takes time and memory in proportion to
//! the image: no byte is read as part of two directories, and two files either do not overlap or share all of their bytes.

mod bytes;
mod content;
mod error;
mod fat;
mod foreign;
mod iso9660;
mod rock_ridge;
mod walk;

use alloc::{string::String, vec::Vec};
use core::fmt;

use self::bytes::Bytes;
pub use self::{
    content::Content,
    error::{Fault, ReadError, Structure},
    foreign::Foreign,
    walk::{MAX_ENTRIES, MAX_FILES_SIZE, MAX_PATH_LENGTH, MAX_PATHS_LENGTH},
};

/// Reads the file system of an image: ISO 9660 (ECMA-119) with or without Joliet and Rock Ridge, or FAT12, FAT16 or FAT32 with or
/// without long names.
pub fn read(image: &[u8]) -> Result<DriveImage<'_>, ReadError> {
    if iso9660::is_iso9660(image) {
        return iso9660::read(image);
    }
    // Other boot sectors and boot loaders start like FAT's.
    let foreign = Foreign::of(image);
    match foreign {
        Some(foreign @ (Foreign::Ntfs | Foreign::Exfat | Foreign::Gpt)) => Err(ReadError::Foreign(foreign)),
        _ if fat::is_fat(image) => match (fat::read(image), foreign) {
            (Err(_), Some(foreign)) => Err(ReadError::Foreign(foreign)),
            (read, _) => read,
        },
        Some(foreign) => Err(ReadError::Foreign(foreign)),
        None => Err(ReadError::NoFileSystem),
    }
}

/// The contents of a drive, borrowed from the image.
#[derive(Clone, Debug)]
pub struct DriveImage<'i> {
    /// The file system that contains the files.
    pub file_system: FileSystem,
    /// The volume label, as `blkid` reports it. An untrusted string of at most 32 bytes.
    pub label: String,
    /// Size of the image, in bytes.
    pub size: u64,
    /// The files, sorted by path.
    pub files: Vec<DriveFile<'i>>,
}

impl<'i> DriveImage<'i> {
    /// Returns the content of the file at `path`.
    pub fn file(&self, path: &str) -> Option<&Content<'i>> {
        let index = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(index).map(|file| &file.content)
    }
}

/// A file of a drive.
#[derive(Clone, Debug)]
pub struct DriveFile<'i> {
    /// Names separated by `/`, without a leading `/`: at most [`MAX_PATH_LENGTH`] bytes. No two files have the same path, and no
    /// file's path is the directory of another. No name is empty, `.` or `..`, or contains a slash, a backslash or a control
    /// character, so the path can be joined to that of a directory and stays below it. Otherwise it is an untrusted string.
    pub path: String,
    /// The content of the file.
    pub content: Content<'i>,
}

/// The file system of a drive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FileSystem {
    /// ISO 9660.
    Iso9660 {
        /// The source of the names.
        names: IsoNames,
        /// Logical block size, in bytes: 2048, rarely 512 or 1024.
        block_size: u32,
    },
    /// FAT.
    Fat {
        /// The width of its table's entries.
        width: FatWidth,
        /// Sector size, in bytes: 512, 1024, 2048 or 4096.
        sector_size: u32,
    },
}

impl FileSystem {
    /// Returns the sector size, in bytes. The drive cannot be mounted from a device with larger sectors.
    pub fn sector_size(self) -> u32 {
        match self {
            Self::Iso9660 { block_size, .. } => block_size,
            Self::Fat { sector_size, .. } => sector_size,
        }
    }
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iso9660 { names: IsoNames::RockRidge, .. } => "ISO 9660 with Rock Ridge",
            Self::Iso9660 { names: IsoNames::Joliet, .. } => "ISO 9660 with Joliet",
            Self::Iso9660 { names: IsoNames::Plain, .. } => "ISO 9660",
            Self::Fat { width: FatWidth::Fat12, .. } => "FAT12",
            Self::Fat { width: FatWidth::Fat16, .. } => "FAT16",
            Self::Fat { width: FatWidth::Fat32, .. } => "FAT32",
        })
    }
}

/// The source of the names of an ISO 9660 file system: the best one that it has, as Linux ranks them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IsoNames {
    /// Rock Ridge: any name, in UTF-8.
    RockRidge,
    /// Joliet: up to 64 characters, sometimes more.
    Joliet,
    /// ECMA-119's own names, in lower case and without version, as Linux shows them.
    Plain,
}

/// The width of an entry of the file allocation table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FatWidth {
    /// 12 bits.
    Fat12,
    /// 16 bits.
    Fat16,
    /// 28 of 32 bits.
    Fat32,
}
