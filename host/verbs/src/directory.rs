//! A directory as a document of ready files: names and bytes, read and handed over; the component does the rest.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;

use crate::error::{Error, Stream};

/// The document of the files in `directory` and below it. Folders without a file leave no trace.
pub fn document(directory: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let root = fs::canonicalize(directory).map_err(|error| unreadable(directory, error))?;
    let mut reader = Reader { root, left: limit, limit, files: Vec::new() };
    reader.folder(directory, "")?;
    serde_json::to_vec(&Files { files: reader.files }).map_err(|error| unreadable(directory, error.into()))
}

#[derive(Serialize)]
struct Files {
    files: Vec<ReadyFile>,
}

#[derive(Serialize)]
struct ReadyFile {
    path: String,
    contents: String,
}

struct Reader {
    /// The directory without links: what a link leads to must be below it.
    root: PathBuf,
    left: usize,
    limit: usize,
    files: Vec<ReadyFile>,
}

impl Reader {
    fn folder(&mut self, folder: &Path, path: &str) -> Result<(), Error> {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = entries.map_err(|error| unreadable(folder, error))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let place = entry.path();
            let name =
                entry.file_name().into_string().map_err(|_| refused(&place, "its name is not UTF-8; rename it"))?;
            let kind = entry.file_type().map_err(|error| unreadable(&place, error))?;
            let path = format!("{path}{name}");
            if kind.is_dir() {
                self.folder(&place, &format!("{path}/"))?;
            } else if kind.is_file() {
                self.file(&place, path)?;
            } else if kind.is_symlink() {
                self.file(&self.target(&place)?, path)?;
            } else {
                return Err(refused(&place, "is neither a file nor a folder; take it away"));
            }
        }
        Ok(())
    }

    fn target(&self, link: &Path) -> Result<PathBuf, Error> {
        let target = fs::canonicalize(link).map_err(|error| unreadable(link, error))?;
        if !target.starts_with(&self.root) {
            return Err(refused(link, "is a link that leads out of the directory; put the file itself there"));
        }
        if !target.is_file() {
            return Err(refused(link, "is a link to something that is no file; put the files themselves there"));
        }
        Ok(target)
    }

    fn file(&mut self, place: &Path, path: String) -> Result<(), Error> {
        let mut bytes = Vec::new();
        let read = File::open(place).and_then(|file| file.take(self.left as u64 + 1).read_to_end(&mut bytes));
        let read = read.map_err(|error| unreadable(place, error))?;
        let too_large = || Error::TooLarge { from: Stream::File(self.root.clone()), limit: self.limit };
        self.left = self.left.checked_sub(read).ok_or_else(too_large)?;
        self.files.push(ReadyFile { path, contents: STANDARD.encode(bytes) });
        Ok(())
    }
}

fn unreadable(place: &Path, error: io::Error) -> Error {
    Error::Read { from: Stream::File(place.to_owned()), error }
}

fn refused(place: &Path, why: &'static str) -> Error {
    Error::Directory { place: place.to_owned(), why }
}
