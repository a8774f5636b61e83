//! Why there is no answer: the errors of all rooms as one.

use alloc::{format, string::String};
use core::fmt;

use crate::{
    decode::DecodeError,
    document::DocumentError,
    encode::EncodeError,
    image::{ImageError, read::ReadError},
    metadata::MetadataError,
    options::OptionError,
    tree::{PathError, PathFault},
};

/// Why there is no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A document, or an option that holds JSON text, does not hold.
    Document(DocumentError),
    /// The options do not hold, whatever the document says.
    Option(OptionError),
    /// The options leave a file of the drive without a source.
    Metadata(MetadataError),
    /// A file cannot stand on a drive under its path.
    Path {
        /// Where the document names the path, a JSON pointer (RFC 6901).
        pointer: Option<String>,
        /// What is wrong with it.
        error: PathError,
    },
    /// The files do not make an image.
    Image(ImageError),
    /// The image does not make a text that Ironic takes.
    Encode(EncodeError),
    /// What should lead to an image does not.
    Decode(DecodeError),
    /// An image holds no file system that can be read.
    Read(ReadError),
    /// A drive has no file of that path.
    NoSuchFile {
        /// As it was asked for.
        path: String,
    },
}

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The document is not JSON, or says something that cannot be.
    InvalidDocument,
    /// One of the options does not hold.
    InvalidOption,
    /// The drive would be larger than Ironic or its agent takes, or have more files than are read back.
    TooLarge,
    /// What is to be looked into is no drive, or a damaged one.
    InvalidDrive,
}

impl Error {
    /// The n-th of a document's ready files has an impossible path.
    pub(crate) fn ready_file(index: usize, error: PathError) -> Self {
        Self::Path { pointer: Some(format!("/files/{index}/path")), error }
    }

    /// What kind of thing went wrong.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Document(error) if error.option().is_some() => ErrorCode::InvalidOption,
            Self::Path {
                error: PathError { fault: PathFault::TooManyEntries | PathFault::PathsTooLong, .. }, ..
            } => ErrorCode::TooLarge,
            Self::Document(_) | Self::Path { .. } => ErrorCode::InvalidDocument,
            Self::Option(_)
            | Self::Metadata(_)
            | Self::Image(ImageError::Date { .. } | ImageError::TooSmall { .. }) => ErrorCode::InvalidOption,
            Self::Image(ImageError::TooLarge { .. }) | Self::Encode(_) => ErrorCode::TooLarge,
            Self::Decode(DecodeError::TooLarge) => ErrorCode::TooLarge,
            Self::Decode(_) | Self::Read(_) => ErrorCode::InvalidDrive,
            Self::NoSuchFile { .. } => ErrorCode::InvalidOption,
            Self::Image(_) => ErrorCode::InvalidDocument,
        }
    }

    /// The place in the document, a JSON pointer (RFC 6901).
    pub fn pointer(&self) -> Option<&str> {
        match self {
            Self::Document(error) if error.option().is_none() => Some(error.pointer()),
            Self::Path { pointer, .. } => pointer.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(error) => error.fmt(f),
            Self::Option(error) => error.fmt(f),
            Self::Metadata(error) => error.fmt(f),
            Self::Path { pointer: Some(pointer), error } => write!(f, "{pointer}: {error}"),
            Self::Path { pointer: None, error } => error.fmt(f),
            Self::Image(error) => error.fmt(f),
            Self::Encode(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::Read(error) => error.fmt(f),
            Self::NoSuchFile { path } => {
                const SHOWN: usize = 160;
                let path: String = path.chars().take(SHOWN).collect();
                write!(f, "the drive has no file \"{}\"; inspect it to see those that it has", path.escape_debug())
            }
        }
    }
}

impl core::error::Error for Error {}

impl From<DocumentError> for Error {
    fn from(error: DocumentError) -> Self {
        Self::Document(error)
    }
}

impl From<OptionError> for Error {
    fn from(error: OptionError) -> Self {
        Self::Option(error)
    }
}

impl From<MetadataError> for Error {
    fn from(error: MetadataError) -> Self {
        Self::Metadata(error)
    }
}

impl From<PathError> for Error {
    fn from(error: PathError) -> Self {
        Self::Path { pointer: None, error }
    }
}

impl From<ImageError> for Error {
    fn from(error: ImageError) -> Self {
        Self::Image(error)
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}
