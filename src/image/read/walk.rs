//! What walking through folders finds, within bounds that hold for every file system.

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use super::{
    Bytes, DriveFile,
    content::{Content, Extent},
    error::{Fault, ReadError, Structure},
};
use crate::{image::MAX_IMAGE_SIZE, tree::Tree};

/// Files and folders of one drive.
pub const MAX_ENTRIES: usize = Tree::MAX_ENTRIES;

/// In bytes: Linux takes no longer one.
pub const MAX_PATH_LENGTH: usize = 4095;

/// Of all paths of one drive together, in bytes.
pub const MAX_PATHS_LENGTH: usize = Tree::MAX_PATHS_LENGTH;

/// Of all files of one drive together, in bytes. Files may share their place: user data stands in every version's folder, of
/// which Nova makes some twenty.
pub const MAX_FILES_SIZE: u64 = 32 * MAX_IMAGE_SIZE;

/// The files found so far, and what is left of the bounds.
pub struct Walk<'i> {
    image: &'i [u8],
    files: Vec<DriveFile<'i>>,
    folders: Vec<Extent<'i>>,
    entries: usize,
    paths_length: usize,
    files_size: u64,
    structures_size: usize,
}

impl<'i> Walk<'i> {
    pub fn new(image: &'i [u8]) -> Self {
        Self {
            image,
            files: Vec::new(),
            folders: Vec::new(),
            entries: 0,
            paths_length: 0,
            files_size: 0,
            structures_size: 0,
        }
    }

    /// Before a part of a folder is read. No byte belongs to two, so all together are no larger than the image.
    pub fn folder(&mut self, part: &Bytes<'i>) -> Result<(), ReadError> {
        self.structure(part)?;
        self.folders.push(Extent { offset: part.offset, bytes: part.bytes });
        Ok(())
    }

    /// Before bytes are read that belong to folders but lie elsewhere.
    pub fn structure(&mut self, bytes: &Bytes<'i>) -> Result<(), ReadError> {
        self.structures_size = self.structures_size.saturating_add(bytes.bytes.len());
        if self.structures_size > self.image.len() { Err(bytes.damaged(Fault::Again)) } else { Ok(()) }
    }

    /// Before a file or folder is looked at. Gives its path.
    pub fn entry(&mut self, folder: &mut Folder, name: &str, at: &Bytes<'i>) -> Result<String, ReadError> {
        self.entries = self.entries.saturating_add(1);
        if self.entries > MAX_ENTRIES {
            return Err(at.damaged(Fault::TooManyEntries));
        }
        if !is_safe(name) {
            return Err(at.damaged(Fault::NameUnsafe));
        }
        let length = folder.path.len().saturating_add(name.len());
        if length > MAX_PATH_LENGTH {
            return Err(at.damaged(Fault::PathTooLong));
        }
        self.paths_length = self.paths_length.saturating_add(length);
        if self.paths_length > MAX_PATHS_LENGTH {
            return Err(at.damaged(Fault::PathsTooLong));
        }
        if !folder.names.insert(name.into()) {
            return Err(at.damaged(Fault::NameTwice));
        }
        Ok(format!("{}{name}", folder.path))
    }

    pub fn file(&mut self, path: String, content: Content<'i>, at: &Bytes<'i>) -> Result<(), ReadError> {
        self.files_size = self.files_size.saturating_add(content.size());
        if self.files_size > MAX_FILES_SIZE {
            return Err(at.damaged(Fault::FilesTooLarge));
        }
        self.files.push(DriveFile { path, content });
        Ok(())
    }

    /// All files, by path.
    pub fn finish(mut self) -> Result<Vec<DriveFile<'i>>, ReadError> {
        self.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let contents: BTreeSet<&Content<'i>> = self.files.iter().map(|file| &file.content).collect();
        let mut extents = self.folders;
        extents.extend(contents.iter().flat_map(|content| content.extents()));
        extents.sort_unstable();
        for pair in extents.windows(2) {
            if let [a, b] = pair
                && a.end() > b.offset
            {
                return Err(ReadError::Damaged {
                    structure: Structure::File,
                    offset: b.offset as u64,
                    fault: Fault::Overlap,
                });
            }
        }
        Ok(self.files)
    }
}

/// A folder whose entries are being read.
pub struct Folder {
    /// Empty, or with a slash at the end.
    path: String,
    names: BTreeSet<String>,
}

impl Folder {
    pub fn root() -> Self {
        Self { path: String::new(), names: BTreeSet::new() }
    }

    pub fn below(mut path: String) -> Self {
        path.push('/');
        Self { path, names: BTreeSet::new() }
    }
}

/// Tells whether a name stands for something in its folder, on every system.
fn is_safe(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(|c: char| c == '/' || c == '\\' || c.is_control())
}
