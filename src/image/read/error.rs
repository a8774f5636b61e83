//! Why an image cannot be read.

use core::fmt;

use super::{
    Foreign,
    walk::{MAX_ENTRIES, MAX_FILES_SIZE, MAX_PATH_LENGTH, MAX_PATHS_LENGTH},
};

/// Why an image cannot be read. Messages quote nothing from the image.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ReadError {
    /// The image does not start like ISO 9660 or like FAT.
    NoFileSystem,
    /// The image is something else that we recognise.
    Foreign(Foreign),
    /// A structure of the file system is damaged, is not one that we read on a drive, or exceeds a limit.
    Damaged {
        /// The structure.
        structure: Structure,
        /// Its offset in the image, in bytes.
        offset: u64,
        /// What is wrong with it.
        fault: Fault,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFileSystem => f.write_str(
                "not a config drive: the image is neither ISO 9660 nor FAT; give an image, its gzip, or its base64 text",
            ),
            Self::Foreign(foreign) => write!(f, "not a config drive: {foreign}"),
            Self::Damaged { structure, offset, fault } if fault.is_damage() => {
                write!(f, "damaged {}: {structure} at byte {offset} {fault}", structure.file_system())
            }
            Self::Damaged { structure, offset, fault } => {
                write!(f, "cannot read the drive: {structure} at byte {offset} {fault}")
            }
        }
    }
}

impl core::error::Error for ReadError {}

/// A structure of a file system, by its name in the standard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Structure {
    /// Volume descriptor of ISO 9660 (ECMA-119, 8).
    VolumeDescriptor,
    /// Directory as a whole (for ISO 9660: ECMA-119, 6.8).
    Directory,
    /// Directory record of ISO 9660 (ECMA-119, 9.1).
    DirectoryRecord,
    /// System use entry of Rock Ridge (SUSP, 4.1).
    SystemUseEntry,
    /// Boot sector of FAT.
    BootSector,
    /// File allocation table of FAT.
    FileAllocationTable,
    /// Directory entry of FAT.
    DirectoryEntry,
    /// Content of a file.
    File,
}

impl Structure {
    /// Returns the file system that the structure belongs to, or "file system" if that is unclear.
    fn file_system(self) -> &'static str {
        match self {
            Self::VolumeDescriptor | Self::DirectoryRecord | Self::SystemUseEntry => "ISO 9660",
            Self::BootSector | Self::FileAllocationTable | Self::DirectoryEntry => "FAT",
            Self::Directory | Self::File => "file system",
        }
    }
}

impl fmt::Display for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VolumeDescriptor => "volume descriptor",
            Self::Directory => "directory",
            Self::DirectoryRecord => "directory record",
            Self::SystemUseEntry => "system use entry",
            Self::BootSector => "boot sector",
            Self::FileAllocationTable => "file allocation table",
            Self::DirectoryEntry => "directory entry",
            Self::File => "file content",
        })
    }
}

/// What is wrong with a structure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The structure ends before the last of its fields.
    Truncated,
    /// The structure, or what it points to, reaches past the end of the image.
    OutsideImage,
    /// A field has a value that the standard does not allow, or that contradicts another field.
    Field(&'static str),
    /// The structure points to bytes that were read before: a loop, or two things in one place.
    Reused,
    /// A file or directory shares some, but not all, of its bytes with another one.
    Overlap,
    /// A cluster chain ends too early, or leads to a cluster that is free, bad or does not exist.
    Chain,
    /// A file continues in another directory record, which does not follow.
    Unfinished,
    /// A name is not in the character encoding of the file system's names.
    NameCharacters,
    /// A name would lead elsewhere or cannot be displayed: it is empty, `.` or `..`, or contains a slash, a backslash or a
    /// control character.
    NameUnsafe,
    /// A name appears twice in one directory.
    NameTwice,
    /// There is a link or a device, but drives have only files and directories.
    NotAFile,
    /// A file is compressed with zisofs, which only some kernels read.
    Compressed,
    /// A path has more than [`MAX_PATH_LENGTH`] bytes.
    PathTooLong,
    /// There are more than [`MAX_ENTRIES`] files and directories.
    TooManyEntries,
    /// All paths together have more than [`MAX_PATHS_LENGTH`] bytes.
    PathsTooLong,
    /// All files together have more than [`MAX_FILES_SIZE`] bytes.
    FilesTooLarge,
}

impl Fault {
    /// Returns whether the fault is damage, rather than something that we do not read on a drive or an exceeded limit.
    fn is_damage(self) -> bool {
        match self {
            Self::Truncated
            | Self::OutsideImage
            | Self::Field(_)
            | Self::Reused
            | Self::Overlap
            | Self::Chain
            | Self::Unfinished
            | Self::NameTwice => true,
            Self::NameCharacters
            | Self::NameUnsafe
            | Self::NotAFile
            | Self::Compressed
            | Self::PathTooLong
            | Self::TooManyEntries
            | Self::PathsTooLong
            | Self::FilesTooLarge => false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "is truncated",
            Self::OutsideImage => "reaches past the end of the image; the image may be truncated",
            Self::Field(field) => return write!(f, "has an invalid {field}"),
            Self::Reused => "points to bytes that are already in use; the drive may be malicious",
            Self::Overlap => "overlaps another file or directory; the drive may be malicious",
            Self::Chain => "has a broken cluster chain",
            Self::Unfinished => "is not followed by the record that continues its file",
            Self::NameCharacters => "has a name in an unknown character encoding; create the drive with UTF-8 names",
            Self::NameUnsafe => {
                "has a name that is empty, \".\" or \"..\", or contains a slash, a backslash or a control character; create \
                 the drive without it"
            }
            Self::NameTwice => "has a name that appears twice in its directory",
            Self::NotAFile => "is a link or a device; create the drive with files and directories only",
            Self::Compressed => {
                "has content compressed with zisofs, which not every reader decompresses; create the drive without zisofs"
            }
            Self::PathTooLong => return write!(f, "has a path of more than {MAX_PATH_LENGTH} bytes; shorten it"),
            Self::TooManyEntries => {
                return write!(f, "exceeds the limit of {MAX_ENTRIES} files and directories");
            }
            Self::PathsTooLong => {
                return write!(f, "exceeds the limit of {MAX_PATHS_LENGTH} bytes for all paths together");
            }
            Self::FilesTooLarge => {
                return write!(f, "exceeds the limit of {MAX_FILES_SIZE} bytes for all files together");
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_message_says_whether_the_drive_is_damaged() {
        for (structure, fault, message) in [
            (Structure::DirectoryRecord, Fault::Truncated, "damaged ISO 9660: directory record at byte 7 is truncated"),
            (
                Structure::BootSector,
                Fault::Field("number of sectors"),
                "damaged FAT: boot sector at byte 7 has an invalid number of sectors",
            ),
            (
                Structure::DirectoryEntry,
                Fault::PathTooLong,
                "cannot read the drive: directory entry at byte 7 has a path of more than 4095 bytes; shorten it",
            ),
        ] {
            assert_eq!(ReadError::Damaged { structure, offset: 7, fault }.to_string(), message);
        }
    }
}
