//! Writes a tree of files as the bytes of a file system, and reads it back.

mod calendar;
pub mod fat;
pub mod iso9660;
pub mod read;

use alloc::{string::String, vec::Vec};
use core::{fmt, ops::RangeInclusive};

use crate::tree::{Content, Tree};

/// Maximum size of an image, in bytes. Ironic's agent refuses larger ones: `ironic_python_agent.partition_utils`.
pub const MAX_IMAGE_SIZE: u64 = 64 << 20;

/// A consumer of an image, which receives the bytes in order and may store them or convert them to another form.
pub trait Sink {
    /// Receives the next bytes of the image.
    fn bytes(&mut self, bytes: &[u8]);

    /// Receives the next `count` bytes of the image, which are zero. Only their number is passed, so no buffer is needed.
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

/// Why a tree cannot be written as an image.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ImageError {
    /// The image would have more than [`MAX_IMAGE_SIZE`] bytes.
    TooLarge {
        /// Size that the image would have, in bytes.
        size: u64,
        /// Path and size of the largest files, largest first. Of several files with the same bytes, only one is listed.
        largest: Vec<(String, u64)>,
    },
    /// The tree does not fit a volume of the requested size.
    TooSmall {
        /// Requested size, in bytes.
        size: u64,
        /// Smallest possible size, in bytes.
        needed: u64,
    },
    /// The format cannot represent the date.
    Date {
        /// Requested date, in seconds since 1970-01-01T00:00:00Z.
        source_date_epoch: u64,
        /// Dates that the format can represent, in the same unit.
        range: RangeInclusive<u64>,
    },
    /// There are more directories than a path table can number.
    TooManyDirectories,
    /// There are more names in one directory than FAT has entries for.
    TooManyNames {
        /// Path of the directory; empty for the root.
        directory: String,
    },
    /// Too many names in one directory start alike, so no unique short name is left for one of them.
    NameClash {
        /// The first name without a short name.
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
                write!(f, "the image would have {size} bytes, but Ironic's agent accepts at most {MAX_IMAGE_SIZE}; ")?;
                let are = if largest.len() == 1 { "file is" } else { "files are" };
                write!(f, "make the drive smaller, its largest {are}")?;
                for (index, (path, size)) in largest.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma} \"{}\" ({size} bytes)", path.escape_debug())?;
                }
                Ok(())
            }
            Self::TooSmall { size, needed } => {
                write!(f, "option size: {size} bytes are too small for the drive; it needs at least {needed}")
            }
            Self::Date { source_date_epoch, range } => write!(
                f,
                "option source_date_epoch: the image format cannot represent the date {source_date_epoch}; give seconds \
                 since 1970, from {} to {}",
                range.start(),
                range.end()
            ),
            Self::TooManyDirectories => f.write_str("there are more than 65,535 directories; use fewer"),
            Self::TooManyNames { directory } => write!(
                f,
                "the names in the directory \"{}\" need more than FAT's 65,536 directory entries, up to six each; use more \
                 directories",
                directory.escape_debug()
            ),
            Self::NameClash { name } => write!(
                f,
                "the name \"{}\" cannot be shortened: too many names in its directory start alike; use names that differ \
                 near the start",
                name.escape_debug()
            ),
        }
    }
}

impl core::error::Error for ImageError {}
