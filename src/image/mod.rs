//! From a tree of files to the bytes of a file system, and back.

mod calendar;
pub mod fat;
pub mod iso9660;
pub mod read;

use alloc::{string::String, vec::Vec};
use core::{fmt, ops::RangeInclusive};

use crate::tree::{Content, Tree};

/// In bytes. Ironic's agent refuses more: `ironic_python_agent.partition_utils`.
pub const MAX_IMAGE_SIZE: u64 = 64 << 20;

/// Takes an image from its first byte to its last, whether it keeps it or passes it on in another form.
pub trait Sink {
    /// The next bytes of the image.
    fn bytes(&mut self, bytes: &[u8]);

    /// The next `count` bytes of the image are zero. They are told, so that nobody needs to have them.
    fn zeros(&mut self, count: usize);
}

impl Sink for Vec<u8> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn zeros(&mut self, count: usize) {
        self.resize(self.len().saturating_add(count), 0);
    }
}

/// Why there is no image of a tree.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ImageError {
    /// The image would have more than [`MAX_IMAGE_SIZE`] bytes.
    TooLarge {
        /// What it would have, in bytes.
        size: u64,
        /// The path and size of the largest files, largest first. Files with the same bytes are named once.
        largest: Vec<(String, u64)>,
    },
    /// The volume was to have a size that does not hold the tree.
    TooSmall {
        /// As given, in bytes.
        size: u64,
        /// What would do, in bytes.
        needed: u64,
    },
    /// The format cannot tell the date.
    Date {
        /// As given, in seconds since 1970-01-01T00:00:00Z.
        source_date_epoch: u64,
        /// What it can tell, in the same.
        range: RangeInclusive<u64>,
    },
    /// There are more folders than a path table can number.
    TooManyFolders,
    /// There are more names in one folder than FAT has entries for.
    TooManyNames {
        /// The folder's path; empty for the root.
        folder: String,
    },
    /// There are more names in one folder that begin alike than can be told apart in 31 characters.
    Alike {
        /// The first name for which there was no other left.
        name: String,
    },
}

impl ImageError {
    fn too_large(size: u64, tree: &Tree) -> Self {
        const NAMED: usize = 3;
        let mut files: Vec<(String, &Content)> = tree.files().collect();
        files.sort_by_key(|(_, content)| core::cmp::Reverse(content.len()));
        files.dedup_by(|(_, a), (_, b)| a == b);
        let largest = files.into_iter().take(NAMED).map(|(path, content)| (path, content.len() as u64)).collect();
        Self::TooLarge { size, largest }
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { size, largest } => {
                write!(f, "the image would have {size} bytes, of which Ironic's agent takes {MAX_IMAGE_SIZE}; ")?;
                f.write_str("make the drive smaller, its largest files are")?;
                for (index, (path, size)) in largest.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma} \"{}\" ({size} bytes)", path.escape_debug())?;
                }
                Ok(())
            }
            Self::TooSmall { size, needed } => {
                write!(f, "option size: {size} bytes do not hold the drive; it needs {needed}")
            }
            Self::Date { source_date_epoch, range } => write!(
                f,
                "option source_date_epoch: the image's format cannot tell the date {source_date_epoch}; give seconds since \
                 1970, from {} to {}",
                range.start(),
                range.end()
            ),
            Self::TooManyFolders => f.write_str("there are more than 65,535 folders; take fewer"),
            Self::TooManyNames { folder } => write!(
                f,
                "the folder \"{}\" has more names than FAT's 65,536 entries for it hold, of which a name takes up to six; \
                 take more folders",
                folder.escape_debug()
            ),
            Self::Alike { name } => write!(
                f,
                "\"{}\" is one name too many that begins like others in its folder; give names that differ early",
                name.escape_debug()
            ),
        }
    }
}

impl core::error::Error for ImageError {}
