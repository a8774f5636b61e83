//! Reads the verbs' input.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    path::Path,
};

use crate::{directory, error::Error, output, source::Source};

/// An input: its content, and its name for errors about it.
#[derive(Clone)]
pub struct Input {
    /// The name.
    pub source: Source,
    /// The content.
    pub bytes: Vec<u8>,
}

/// The kind of input that a verb expects.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Expected {
    /// An instance document.
    Document,
    /// A drive's image.
    Image,
    /// A drive in any form.
    Drive,
    /// A file that lists nodes.
    Fleet,
    /// A list of deploy steps.
    DeploySteps,
}

impl Expected {
    /// Returns a hint for a person at a terminal, who may not know that the command is waiting for input.
    fn hint(self) -> &'static str {
        match self {
            Self::Document => {
                "reading an instance document from standard input; press Ctrl-D to end it, or use -i FILE"
            }
            Self::Image => "reading an image from standard input; press Ctrl-D to end it, or use -i FILE",
            Self::Drive => "reading a drive from standard input; press Ctrl-D to end it",
            Self::DeploySteps => "reading deploy steps from standard input; press Ctrl-D to end them",
            Self::Fleet => "reading a fleet file from standard input; press Ctrl-D to end it",
        }
    }
}

/// Reads a file; `-` is standard input. No bytes, or more than `limit`, are an error.
pub fn read(path: &Path, limit: usize, expected: Expected) -> Result<Input, Error> {
    let (source, bytes) = if path == Path::new("-") {
        if io::stdin().is_terminal() {
            output::note(expected.hint());
        }
        let source = Source::StandardInput;
        let bytes = checked(read_up_to(io::stdin().lock(), limit, 0), limit, &source)?;
        (source, bytes)
    } else {
        (Source::File(path.to_owned()), read_file(path, limit)?)
    };
    // The command that should write to the pipe may have failed.
    if bytes.is_empty() { Err(Error::Empty { source }) } else { Ok(Input { source, bytes }) }
}

/// Makes a document of a directory's files. More than `limit` bytes are an error.
pub fn read_directory(directory: &Path, limit: usize) -> Result<Input, Error> {
    let bytes = directory::document(directory, limit)?;
    Ok(Input { source: Source::Directory(directory.to_owned()), bytes })
}

/// Reads a file. More than `limit` bytes are an error.
pub fn read_file(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    read_source(path, limit, &Source::File(path.to_owned()))
}

/// Reads a UTF-8 file. Errors name it as `source`.
pub fn read_text_file(path: &Path, limit: usize, source: &Source) -> Result<String, Error> {
    text(read_source(path, limit, source)?, source)
}

/// Checks that the bytes of `source` are UTF-8.
pub fn text(bytes: Vec<u8>, source: &Source) -> Result<String, Error> {
    String::from_utf8(bytes)
        .map_err(|error| Error::NotUtf8 { source: source.clone(), offset: error.utf8_error().valid_up_to() })
}

/// Reads a file. Errors name it as `source`.
pub(crate) fn read_source(path: &Path, limit: usize, source: &Source) -> Result<Vec<u8>, Error> {
    let bytes = File::open(path).and_then(|file| {
        let size = file.metadata()?.len();
        read_up_to(file, limit, usize::try_from(size).unwrap_or(limit))
    });
    checked(bytes, limit, source)
}

fn checked(bytes: io::Result<Vec<u8>>, limit: usize, source: &Source) -> Result<Vec<u8>, Error> {
    match bytes {
        Ok(bytes) if bytes.len() > limit => Err(Error::TooLarge { source: source.clone(), limit }),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(Error::Read { source: source.clone(), error }),
    }
}

/// Reads at most one byte more than `limit`, which is enough to see that there are too many.
fn read_up_to(source: impl Read, limit: usize, expected: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(expected.min(limit).saturating_add(1));
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
