//! Drives and their contents.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

/// A drive to read: an image of at most 64 MiB, ISO 9660 or FAT.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum DriveSource<'a> {
    /// The image, its gzip, or base64 text of either.
    Bytes(&'a [u8]),
    /// Base64 text of an image or its gzip: what Ironic stores.
    Text(&'a str),
}

impl DriveSource<'_> {
    /// Returns the size in bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Text(text) => text.len(),
        }
    }
}

/// Shows only the size: drives contain secrets.
impl fmt::Debug for DriveSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Bytes(_) => "Bytes",
            Self::Text(_) => "Text",
        };
        write!(f, "{kind}({} bytes)", self.size())
    }
}

/// The contents of a drive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inspection {
    /// File system that was read.
    pub file_system: FileSystem,
    /// Sector size in bytes. A device with larger sectors cannot mount the drive.
    pub sector_size: u32,
    /// Volume label. Untrusted text.
    pub label: String,
    /// Image size in bytes.
    pub image_size: u64,
    /// The files, sorted by path.
    pub files: Vec<DriveFile>,
}

/// An object for programs: `file_system` is nova.conf's name, `description` is for people.
impl Serialize for Inspection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { file_system, sector_size, label, image_size, files } = self;
        let mut object = serializer.serialize_struct("Inspection", 6)?;
        object.serialize_field("file_system", file_system.format_name())?;
        object.serialize_field("description", &file_system.to_string())?;
        object.serialize_field("sector_size", sector_size)?;
        object.serialize_field("label", label)?;
        object.serialize_field("image_size", image_size)?;
        object.serialize_field("files", files)?;
        object.end()
    }
}

/// A file on a drive.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct DriveFile {
    /// Path from the drive's root, its names separated by `/`. Untrusted text, but without empty names, `.`, `..` and control
    /// characters.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content: 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// A file's content and its paths: several if files share one place in the image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExtractedFile {
    /// One or more paths, as in [`DriveFile::path`].
    pub paths: Vec<String>,
    /// The content, which is the same for all paths.
    pub content: Vec<u8>,
}

/// The file system of a drive. Its `Display` is for people.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum FileSystem {
    /// ISO 9660 with plain names only.
    Iso9660,
    /// ISO 9660 with Joliet's names.
    Iso9660Joliet,
    /// ISO 9660 with Rock Ridge's names.
    Iso9660RockRidge,
    /// FAT with 12-bit entries.
    Fat12,
    /// FAT with 16-bit entries.
    Fat16,
    /// FAT with 32-bit entries.
    Fat32,
}

impl FileSystem {
    /// Returns the value of nova.conf `config_drive_format` for this file system: `iso9660` or `vfat`.
    pub fn format_name(self) -> &'static str {
        match self {
            Self::Iso9660 | Self::Iso9660Joliet | Self::Iso9660RockRidge => "iso9660",
            Self::Fat12 | Self::Fat16 | Self::Fat32 => "vfat",
        }
    }
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iso9660 => "ISO 9660",
            Self::Iso9660Joliet => "ISO 9660 with Joliet",
            Self::Iso9660RockRidge => "ISO 9660 with Rock Ridge",
            Self::Fat12 => "FAT12",
            Self::Fat16 => "FAT16",
            Self::Fat32 => "FAT32",
        })
    }
}
