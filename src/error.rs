//! The crate's error type, which combines the errors of all modules.

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

/// Why an operation failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A document, or an option that contains JSON, YAML or base64, is invalid.
    Document(DocumentError),
    /// An option is invalid, whatever the document contains.
    Option(OptionError),
    /// The options leave a file of the drive without a source.
    Metadata(MetadataError),
    /// A file's path is not allowed on a drive.
    Path {
        /// The place of the path in the document as a JSON pointer (RFC 6901), if the document contains the path.
        pointer: Option<String>,
        /// The path and what is wrong with it.
        error: PathError,
    },
    /// The files cannot be written as an image.
    Image(ImageError),
    /// The image cannot be encoded within Ironic's limits.
    Encode(EncodeError),
    /// The base64 or gzip of a drive cannot be decoded.
    Decode(DecodeError),
    /// An image has no file system that can be read.
    Read(ReadError),
    /// A drive has no file with that path.
    NoSuchFile {
        /// The requested path.
        path: String,
    },
}

/// The kind of an error, for programs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The document is neither JSON nor YAML, or has an invalid value.
    InvalidDocument,
    /// An option is invalid.
    InvalidOption,
    /// The drive exceeds the limits of Ironic or its agent, or has more files than can be read back.
    TooLarge,
    /// The input is not a drive, or is a damaged one.
    InvalidDrive,
}

impl Error {
    /// Builds the error for the path of the file at `index` in a document's `files`.
    pub(crate) fn ready_file(index: usize, error: PathError) -> Self {
        Self::Path { pointer: Some(format!("/files/{index}/path")), error }
    }

    /// Returns the kind of the error.
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

    /// Returns the place in the document as a JSON pointer (RFC 6901), if the error has one.
    pub fn pointer(&self) -> Option<&str> {
        match self {
            Self::Document(error) if error.option().is_none() => Some(error.pointer()),
            Self::Path { pointer, .. } => pointer.as_deref(),
            _ => None,
        }
    }

    /// Returns the other errors of the same document, each with its place.
    pub fn further(&self) -> &[DocumentError] {
        match self {
            Self::Document(error) => error.further(),
            _ => &[],
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
                write!(f, "the drive has no file \"{}\"; run inspect to list its files", path.escape_debug())
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
