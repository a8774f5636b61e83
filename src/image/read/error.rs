//! Why an image cannot be read.

use core::fmt;

use super::walk::{MAX_ENTRIES, MAX_FILES_SIZE, MAX_PATH_LENGTH, MAX_PATHS_LENGTH};

/// Why an image cannot be read. Nothing of what stands in it is quoted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ReadError {
    /// The image begins neither like ISO 9660 nor like FAT.
    NoFileSystem,
    /// A structure of the file system does not hold.
    Damaged {
        /// Which one.
        structure: Structure,
        /// Where it begins, in bytes from the image's beginning.
        offset: u64,
        /// What is wrong with it.
        fault: Fault,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFileSystem => f.write_str(
                "the image is neither ISO 9660 nor FAT; give a config drive, its gzip, or base64 text of one",
            ),
            Self::Damaged { structure, offset, fault } => write!(f, "the {structure} at byte {offset} {fault}"),
        }
    }
}

impl core::error::Error for ReadError {}

/// A structure of a file system, by its name in the standard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Structure {
    /// Of ISO 9660 (ECMA-119, 8).
    VolumeDescriptor,
    /// A folder of ISO 9660 as a whole (ECMA-119, 6.8).
    Directory,
    /// Of ISO 9660 (ECMA-119, 9.1).
    DirectoryRecord,
    /// Of Rock Ridge (SUSP, 4.1).
    SystemUseEntry,
    /// Of FAT.
    BootSector,
    /// Of FAT.
    FileAllocationTable,
    /// Of FAT.
    DirectoryEntry,
    /// What a file holds.
    File,
}

impl fmt::Display for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VolumeDescriptor => "volume descriptor",
            Self::Directory => "directory",
            Self::DirectoryRecord => "directory record",
            Self::SystemUseEntry => "system use entry",
            Self::BootSector => "boot sector",
            Self::FileAllocationTable => "entry of the file allocation table",
            Self::DirectoryEntry => "directory entry",
            Self::File => "file's content",
        })
    }
}

/// What is wrong with a structure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// It ends before all of it is there.
    Truncated,
    /// It says that something lies where the image has no bytes.
    OutsideImage,
    /// A field has a value that the standard does not know, or that contradicts another one.
    Field(&'static str),
    /// What it leads to was there before: a loop, or two things in one place.
    Again,
    /// It shares bytes with another file or folder, but not all.
    Overlap,
    /// A chain of clusters ends too early, or in a cluster that is free, bad or not there.
    Chain,
    /// A file goes on in another record, which does not follow.
    Unfinished,
    /// A name is not in the characters that names have here.
    NameCharacters,
    /// A name that would lead elsewhere or that nothing can show: empty, `.`, `..`, a slash, a backslash, a control character.
    NameUnsafe,
    /// A name stands twice in one folder.
    NameTwice,
    /// There is a link or a device; drives have files and folders.
    NotAFile,
    /// A path has more than [`MAX_PATH_LENGTH`] bytes.
    PathTooLong,
    /// There are more than [`MAX_ENTRIES`] files and folders.
    TooManyEntries,
    /// All paths together have more than [`MAX_PATHS_LENGTH`] bytes.
    PathsTooLong,
    /// All files together have more than [`MAX_FILES_SIZE`] bytes.
    FilesTooLarge,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "ends too early; the drive is damaged",
            Self::OutsideImage => "leads out of the image; the drive is cut off or damaged",
            Self::Field(field) => return write!(f, "has an impossible {field}; the drive is damaged"),
            Self::Again => "leads to a place that is taken already; the drive is damaged, or made to do harm",
            Self::Overlap => "shares bytes with another; the drive is damaged, or made to do harm",
            Self::Chain => "breaks a chain of clusters off; the drive is damaged",
            Self::Unfinished => "goes on in a record that does not follow; the drive is damaged",
            Self::NameCharacters => "has a name in unknown characters; make the drive with names in UTF-8",
            Self::NameUnsafe => {
                "has a name that is empty, \".\" or \"..\", or has a slash, a backslash or a control character; make the \
                 drive without it"
            }
            Self::NameTwice => "has a name that stands in its folder already; the drive is damaged",
            Self::NotAFile => "is a link or a device; make the drive with files and folders alone",
            Self::PathTooLong => return write!(f, "has a path of more than {MAX_PATH_LENGTH} bytes"),
            Self::TooManyEntries => return write!(f, "is one too many: {MAX_ENTRIES} files and folders are read at most"),
            Self::PathsTooLong => {
                return write!(f, "has a path too many: {MAX_PATHS_LENGTH} bytes of paths are read at most");
            }
            Self::FilesTooLarge => {
                return write!(f, "is too large beside the others: files of {MAX_FILES_SIZE} bytes are read at most");
            }
        })
    }
}
