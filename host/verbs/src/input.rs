//! What the verbs read.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    directory,
    error::{Error, Stream},
};

/// The document.
#[derive(Args)]
pub struct DocumentInput {
    /// The instance document, JSON; `-` is standard input
    #[arg(short, long = "input", value_name = "DOC", default_value = "-", hide_default_value = true)]
    input: PathBuf,
    /// Files ready to stand on the drive, instead of a document; links out of the folder are refused
    #[arg(long, value_name = "DIR", conflicts_with = "input")]
    directory: Option<PathBuf>,
}

impl DocumentInput {
    /// Reads the document, or the directory as one.
    pub fn read(&self, limit: usize) -> Result<Vec<u8>, Error> {
        match &self.directory {
            Some(directory) => directory::document(directory, limit),
            None => read(&self.input, limit),
        }
    }
}

/// The bytes of a file, `-` being standard input. More than `limit` is an error.
pub fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    if is_standard(path) {
        checked(read_up_to(io::stdin().lock(), limit, 0), limit, Stream::StandardInput)
    } else {
        read_file(path, limit)
    }
}

/// The bytes of an image, which has some: whoever was to write them into a pipe may have failed.
pub fn read_image(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let image = read(path, limit)?;
    if image.is_empty() {
        let from = if is_standard(path) { Stream::StandardInput } else { Stream::File(path.to_owned()) };
        return Err(Error::Empty { from });
    }
    Ok(image)
}

fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// The bytes of a file beside the main input: standard input is that one's.
pub fn read_file(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let bytes = File::open(path).and_then(|file| {
        let size = file.metadata()?.len();
        read_up_to(file, limit, usize::try_from(size).unwrap_or(limit))
    });
    checked(bytes, limit, Stream::File(path.to_owned()))
}

/// The text of a file beside the main input.
pub fn read_text_file(path: &Path, limit: usize) -> Result<String, Error> {
    String::from_utf8(read_file(path, limit)?)
        .map_err(|error| Error::NotText { path: path.to_owned(), offset: error.utf8_error().valid_up_to() })
}

fn checked(bytes: io::Result<Vec<u8>>, limit: usize, from: Stream) -> Result<Vec<u8>, Error> {
    match bytes {
        Ok(bytes) if bytes.len() > limit => Err(Error::TooLarge { from, limit }),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(Error::Read { from, error }),
    }
}

/// At most one byte more than `limit`: enough to see that there are too many.
fn read_up_to(source: impl Read, limit: usize, expected: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(expected.min(limit).saturating_add(1));
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
