//! Collects what is found while walking through directories, within limits that apply to every file system.

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use super::{
    Bytes, DriveFile,
    content::{Content, Extent},
    error::{Fault, ReadError, Structure},
};
use crate::{image::MAX_IMAGE_SIZE, tree::Tree};

/// Maximum number of files and directories on one drive.
pub const MAX_ENTRIES: usize = Tree::MAX_ENTRIES;

/// Maximum length of a path, in bytes: Linux does not accept longer ones.
pub const MAX_PATH_LENGTH: usize = 4095;

/// Maximum length of all paths on one drive together, in bytes.
pub const MAX_PATHS_LENGTH: usize = Tree::MAX_PATHS_LENGTH;

/// Maximum size of all files on one drive together, in bytes. It exceeds the size of an image because files may share their place:
/// user data is in every version's directory, and Nova writes about twenty versions.
pub const MAX_FILES_SIZE: u64 = 32 * MAX_IMAGE_SIZE;

/// The files found so far, and how much of the limits they use.
pub struct Walk<'i> {
    image: &'i [u8],
    files: Vec<DriveFile<'i>>,
    directories: Vec<Extent<'i>>,
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
            directories: Vec::new(),
            entries: 0,
            paths_length: 0,
            files_size: 0,
            structures_size: 0,
        }
    }

    /// Counts a part of a directory; call it before reading the part. No byte belongs to two directories, so all of them together
    /// are no larger than the image.
    pub fn directory(&mut self, part: &Bytes<'i>) -> Result<(), ReadError> {
        self.structure(part)?;
        self.directories.push(Extent { offset: part.offset, bytes: part.bytes });
        Ok(())
    }

    /// Counts bytes that belong to a directory but are elsewhere; call it before reading them.
    pub fn structure(&mut self, bytes: &Bytes<'i>) -> Result<(), ReadError> {
        self.structures_size = self.structures_size.saturating_add(bytes.bytes.len());
        if self.structures_size > self.image.len() { Err(bytes.damaged(Fault::Reused)) } else { Ok(()) }
    }

    /// Counts a file or directory, and returns its path; call it before reading anything else about it.
    pub fn entry(&mut self, parent: &mut OpenDirectory, name: &str, at: &Bytes<'i>) -> Result<String, ReadError> {
        self.entries = self.entries.saturating_add(1);
        if self.entries > MAX_ENTRIES {
            return Err(at.damaged(Fault::TooManyEntries));
        }
        if !is_safe(name) {
            return Err(at.damaged(Fault::NameUnsafe));
        }
        let length = parent.path.len().saturating_add(name.len());
        if length > MAX_PATH_LENGTH {
            return Err(at.damaged(Fault::PathTooLong));
        }
        self.paths_length = self.paths_length.saturating_add(length);
        if self.paths_length > MAX_PATHS_LENGTH {
            return Err(at.damaged(Fault::PathsTooLong));
        }
        if !parent.names.insert(name.into()) {
            return Err(at.damaged(Fault::NameTwice));
        }
        Ok(format!("{}{name}", parent.path))
    }

    pub fn file(&mut self, path: String, content: Content<'i>, at: &Bytes<'i>) -> Result<(), ReadError> {
        self.files_size = self.files_size.saturating_add(content.size());
        if self.files_size > MAX_FILES_SIZE {
            return Err(at.damaged(Fault::FilesTooLarge));
        }
        self.files.push(DriveFile { path, content });
        Ok(())
    }

    /// Returns all files, sorted by path, if none of them overlap.
    pub fn finish(mut self) -> Result<Vec<DriveFile<'i>>, ReadError> {
        self.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let contents: BTreeSet<&Content<'i>> = self.files.iter().map(|file| &file.content).collect();
        let mut extents = self.directories;
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

/// A directory whose entries are being read: its path and the names found so far.
pub struct OpenDirectory {
    /// Path of the directory: empty for the root, otherwise with a trailing slash.
    path: String,
    names: BTreeSet<String>,
}

impl OpenDirectory {
    pub fn root() -> Self {
        Self { path: String::new(), names: BTreeSet::new() }
    }

    pub fn below(mut path: String) -> Self {
        path.push('/');
        Self { path, names: BTreeSet::new() }
    }
}

/// Returns whether a name refers to something in its directory, on every system.
fn is_safe(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(|c: char| c == '/' || c == '\\' || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    const IMAGE: &[u8] = &[0; 8];

    fn bytes(offset: usize, size: usize) -> Bytes<'static> {
        Bytes { structure: Structure::Directory, offset, bytes: &IMAGE[offset..][..size] }
    }

    fn fault<T>(result: Result<T, ReadError>) -> Fault {
        match result {
            Err(ReadError::Damaged { fault, .. }) => fault,
            _ => panic!("no fault"),
        }
    }

    #[test]
    fn directories_and_their_structures_are_no_larger_than_the_image() {
        let mut walk = Walk::new(IMAGE);
        walk.directory(&bytes(0, 5)).unwrap();
        walk.structure(&bytes(5, 3)).unwrap();
        assert_eq!(fault(walk.structure(&bytes(5, 1))), Fault::Reused);
        let mut walk = Walk::new(IMAGE);
        walk.structure(&bytes(5, 3)).unwrap();
        assert_eq!(fault(walk.directory(&bytes(0, 6))), Fault::Reused);
    }

    #[test]
    fn the_number_of_entries_is_limited() {
        let mut walk = Walk { entries: MAX_ENTRIES - 1, ..Walk::new(IMAGE) };
        let mut parent = OpenDirectory::root();
        walk.entry(&mut parent, "last", &bytes(0, 1)).unwrap();
        assert_eq!(fault(walk.entry(&mut parent, "next", &bytes(0, 1))), Fault::TooManyEntries);
    }

    #[test]
    fn the_length_of_a_path_is_limited() {
        let mut walk = Walk::new(IMAGE);
        let mut parent = OpenDirectory::below("f".repeat(MAX_PATH_LENGTH - 3));
        let path = walk.entry(&mut parent, "ab", &bytes(0, 1)).unwrap();
        assert_eq!((path.len(), path.ends_with("f/ab")), (MAX_PATH_LENGTH, true));
        assert_eq!(fault(walk.entry(&mut parent, "abc", &bytes(0, 1))), Fault::PathTooLong);
        walk.entry(&mut parent, "b", &bytes(0, 1)).unwrap();
    }

    #[test]
    fn the_length_of_all_paths_is_limited() {
        let mut walk = Walk { paths_length: MAX_PATHS_LENGTH - 5, ..Walk::new(IMAGE) };
        let mut parent = OpenDirectory::below("f".into());
        walk.entry(&mut parent, "abc", &bytes(0, 1)).unwrap();
        assert_eq!(fault(walk.entry(&mut parent, "d", &bytes(0, 1))), Fault::PathsTooLong);
    }

    #[test]
    fn the_size_of_all_files_is_limited() {
        let image = vec![0; MAX_IMAGE_SIZE as usize];
        let content = |size| {
            let mut content = Content::default();
            content.push(0, &image[..size]);
            content
        };
        let mut walk = Walk::new(&image);
        for version in 0..32 {
            walk.file(format!("{version}"), content(image.len()), &bytes(0, 1)).unwrap();
        }
        walk.file("empty".into(), content(0), &bytes(0, 1)).unwrap();
        assert_eq!(fault(walk.file("one".into(), content(1), &bytes(0, 1))), Fault::FilesTooLarge);
    }

    #[test]
    fn files_do_not_overlap_or_are_in_the_same_place() {
        for (place, size, fits) in [
            (0, 1, false),
            (0, 3, false),
            (1, 1, false),
            (2, 2, true),
            (2, 1, false),
            (3, 2, false),
            (4, 2, true),
            (6, 0, true),
        ] {
            let mut walk = Walk::new(IMAGE);
            walk.directory(&bytes(0, 2)).unwrap();
            for (path, offset, size) in [("b", 2, 2), ("a", place, size)] {
                let mut content = Content::default();
                content.push(offset, &IMAGE[offset..][..size]);
                walk.file(path.into(), content, &bytes(0, 1)).unwrap();
            }
            match walk.finish() {
                Ok(files) if fits => assert!(files.iter().map(|file| &*file.path).eq(["a", "b"])),
                result => assert_eq!((fault(result), fits), (Fault::Overlap, false), "{place} {size}"),
            }
        }
    }

    #[test]
    fn names_refer_to_something_in_their_directory() {
        for name in ["", ".", "..", "/", "a/b", "\\", "a\\b", "\0", "a\nb", "\u{7f}", "\u{9b}"] {
            assert_eq!(
                fault(Walk::new(IMAGE).entry(&mut OpenDirectory::root(), name, &bytes(0, 1))),
                Fault::NameUnsafe
            );
        }
        for name in ["a", "...", ".a", "a.", " ", "日", "~"] {
            assert_eq!(Walk::new(IMAGE).entry(&mut OpenDirectory::root(), name, &bytes(0, 1)).unwrap(), name);
        }
    }
}
