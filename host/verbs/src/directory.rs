//! A directory as a document with the files to put on the drive. The component checks their names.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;

use crate::{error::Error, source::Source};

/// Returns the document of all files below `directory`. Directories without files are left out.
pub fn document(directory: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let root = fs::canonicalize(directory).map_err(|error| unreadable(directory, error))?;
    let mut reader = Reader { directory, root, left: limit, limit, files: Vec::new() };
    reader.read_directory(directory, "")?;
    serde_json::to_vec(&Document { files: reader.files }).map_err(|error| unreadable(directory, error.into()))
}

#[derive(Serialize)]
struct Document {
    files: Vec<ReadyFile>,
}

#[derive(Serialize)]
struct ReadyFile {
    path: String,
    contents: String,
}

struct Reader<'d> {
    directory: &'d Path,
    /// The directory's canonical path: links must lead below it.
    root: PathBuf,
    /// The number of bytes that may still be read.
    left: usize,
    limit: usize,
    files: Vec<ReadyFile>,
}

impl Reader<'_> {
    fn read_directory(&mut self, directory: &Path, prefix: &str) -> Result<(), Error> {
        let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = entries.map_err(|error| unreadable(directory, error))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let place = entry.path();
            let name = entry
                .file_name()
                .into_string()
                .map_err(|_| refused(&place, "has a name that is not UTF-8; rename it"))?;
            let kind = entry.file_type().map_err(|error| unreadable(&place, error))?;
            let path = format!("{prefix}{name}");
            if kind.is_dir() {
                self.read_directory(&place, &format!("{path}/"))?;
            } else if kind.is_file() {
                self.read_file(&place, path)?;
            } else if kind.is_symlink() {
                self.read_file(&self.target(&place)?, path)?;
            } else {
                return Err(refused(&place, "is neither a file nor a directory; remove it"));
            }
        }
        Ok(())
    }

    fn target(&self, link: &Path) -> Result<PathBuf, Error> {
        let target = fs::canonicalize(link).map_err(|error| unreadable(link, error))?;
        if !target.starts_with(&self.root) {
            return Err(refused(link, "is a link that leads out of the directory; replace it with the file"));
        }
        if !target.is_file() {
            return Err(refused(
                link,
                "is a link to something other than a file; replace it with the files themselves",
            ));
        }
        Ok(target)
    }

    fn read_file(&mut self, place: &Path, path: String) -> Result<(), Error> {
        let mut bytes = Vec::new();
        let read = File::open(place).and_then(|file| file.take(self.left as u64 + 1).read_to_end(&mut bytes));
        let read = read.map_err(|error| unreadable(place, error))?;
        let too_large = || Error::TooLarge { source: Source::Directory(self.directory.to_owned()), limit: self.limit };
        self.left = self.left.checked_sub(read).ok_or_else(too_large)?;
        self.files.push(ReadyFile { path, contents: STANDARD.encode(bytes) });
        Ok(())
    }
}

fn unreadable(place: &Path, error: io::Error) -> Error {
    Error::Read { source: Source::File(place.to_owned()), error }
}

fn refused(place: &Path, problem: &'static str) -> Error {
    Error::Directory { path: place.to_owned(), problem }
}
