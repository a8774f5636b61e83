//! Why there is no answer: the errors of all rooms as one.

use alloc::{format, string::String};
use core::fmt;

use crate::{
    document::DocumentError, encode::EncodeError, image::ImageError, metadata::MetadataError, tree::PathError,
};

/// Why there is no answer.
#[derive(Debug)]
pub enum Error {
    /// A document, or an option that holds JSON text, does not hold.
    Document(DocumentError),
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
}

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorCode {
    /// The document is not JSON, or says something that cannot be.
    InvalidDocument,
    /// One of the options does not hold.
    InvalidOption,
    /// The drive would be larger than Ironic or its agent takes.
    TooLarge,
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
            Self::Document(_) | Self::Path { .. } => ErrorCode::InvalidDocument,
            Self::Metadata(_) | Self::Image(ImageError::Date { .. }) => ErrorCode::InvalidOption,
            Self::Image(ImageError::TooLarge { .. }) | Self::Encode(_) => ErrorCode::TooLarge,
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
            Self::Metadata(error) => error.fmt(f),
            Self::Path { pointer: Some(pointer), error } => write!(f, "{pointer}: {error}"),
            Self::Path { pointer: None, error } => error.fmt(f),
            Self::Image(error) => error.fmt(f),
            Self::Encode(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

impl From<DocumentError> for Error {
    fn from(error: DocumentError) -> Self {
        Self::Document(error)
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

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}
