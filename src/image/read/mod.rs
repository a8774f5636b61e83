//! From the bytes of a file system back to files: drives of any maker, and such as were made to do harm.
//!
//! Everything in an image is a claim. Each is checked where it is read, and reading takes time and memory in proportion to
//! the image: no byte of it is read as part of two folders, and files lie beside each other or in the very same place.

mod bytes;
mod content;
mod error;
mod fat;
mod iso9660;
mod rock_ridge;
mod walk;

use alloc::{string::String, vec::Vec};
use core::fmt;

use self::bytes::Bytes;
pub use self::{
    content::Content,
    error::{Fault, ReadError, Structure},
    walk::{MAX_ENTRIES, MAX_FILES_SIZE, MAX_PATH_LENGTH, MAX_PATHS_LENGTH},
};

/// Reads the file system of an image: ISO 9660 (ECMA-119) with or without Joliet and Rock Ridge, or FAT12, FAT16 or FAT32 with or
/// without long names.
pub fn read(image: &[u8]) -> Result<DriveImage<'_>, ReadError> {
    if iso9660::is_iso9660(image) {
        iso9660::read(image)
    } else if fat::is_fat(image) {
        fat::read(image)
    } else {
        Err(ReadError::NoFileSystem)
    }
}

/// What is on a drive. It borrows from the image.
#[derive(Clone, Debug)]
pub struct DriveImage<'i> {
    /// What holds the files.
    pub file_system: FileSystem,
    /// The volume's name as `blkid` tells it. Untrusted text of at most 32 bytes.
    pub label: String,
    /// In bytes.
    pub size: u64,
    /// In the order of their paths.
    pub files: Vec<DriveFile<'i>>,
}

impl<'i> DriveImage<'i> {
    /// The content of the file under `path`.
    pub fn file(&self, path: &str) -> Option<&Content<'i>> {
        let index = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(index).map(|file| &file.content)
    }
}

/// A file of a drive.
#[derive(Clone, Debug)]
pub struct DriveFile<'i> {
    /// Names separated by `/`, without one at the beginning: at most [`MAX_PATH_LENGTH`] bytes, no two files the same, none
    /// the folder of another. No name is empty, `.` or `..`, or has a slash, a backslash or a control character: the path
    /// can be joined to that of a folder and leads below it. Otherwise it is untrusted text.
    pub path: String,
    /// What the file holds.
    pub content: Content<'i>,
}

/// The file system of a drive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FileSystem {
    /// ISO 9660.
    Iso9660 {
        /// The tree that was read.
        names: IsoNames,
        /// In bytes: 2048, rarely 512 or 1024.
        block_size: u32,
    },
    /// FAT.
    Fat {
        /// The width of its table's entries.
        width: FatWidth,
        /// In bytes: 512, 1024, 2048 or 4096.
        sector_size: u32,
    },
}

impl FileSystem {
    /// In bytes: a device with larger sectors cannot mount the drive.
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

/// Where the names of an ISO 9660 file system come from: the best that it has, as Linux ranks them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IsoNames {
    /// Rock Ridge: any name, in UTF-8.
    RockRidge,
    /// Joliet: up to 64 characters, sometimes more.
    Joliet,
    /// ECMA-119's own. Shown in lower case and without version, as Linux does.
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
