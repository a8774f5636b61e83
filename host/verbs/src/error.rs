//! The verbs' errors.

use std::{error, fmt, io, path::PathBuf};

use configdrive_contract::{self as contract, ErrorCode, chain, untrusted};

use crate::{exit::Exit, source::Source};

/// An error that ends the command.
pub trait Failure: error::Error + From<Error> + Sized + 'static {
    /// Returns the exit code.
    fn exit(&self) -> Exit;

    /// Returns whether the reader of standard output has gone, which is not an error.
    fn is_broken_pipe(&self) -> bool;

    /// Returns what to do about the error, to be appended to its message; may be empty.
    fn advice(&self) -> String {
        String::new()
    }

    /// Returns lines about what else is wrong with the same input.
    fn further(&self) -> &[String] {
        &[]
    }

    /// Returns the line for people: what happened, why, and what to do about it.
    fn sentence(&self) -> String {
        chain(self) + &self.advice()
    }
}

/// Why a verb failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The command line is invalid.
    Usage(String),
    /// Input cannot be read.
    Read {
        /// The input.
        source: Source,
        /// Why it cannot be read.
        error: io::Error,
    },
    /// Output cannot be written.
    Write {
        /// The output.
        to: Destination,
        /// Why it cannot be written.
        error: io::Error,
    },
    /// Input is larger than the limit.
    TooLarge {
        /// The input.
        source: Source,
        /// The limit in bytes.
        limit: usize,
    },
    /// User data is larger than Nova's limit.
    UserDataTooLarge {
        /// The input.
        source: Source,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Input is empty.
    Empty {
        /// The input.
        source: Source,
    },
    /// Input that should be text is not UTF-8.
    NotUtf8 {
        /// The input.
        source: Source,
        /// Offset of the first invalid byte.
        offset: usize,
    },
    /// A configuration file, or another file that an option names, is invalid.
    Config {
        /// The file.
        source: Source,
        /// The place in the file, and what is wrong there.
        message: String,
    },
    /// A directory contains something that a drive cannot have.
    Directory {
        /// The entry of the directory.
        path: PathBuf,
        /// What is wrong with it, and what to do about it.
        problem: &'static str,
    },
    /// Binary output would go to a terminal.
    Terminal,
    /// The operating system did not return random bytes.
    Random(getrandom::Error),
    /// The component refused an input or an option, or failed on it.
    Input {
        /// The input or the option.
        source: Source,
        /// The component's error.
        error: Box<contract::Error>,
        /// The sentences about what else is wrong.
        further: Vec<String>,
    },
    /// The component could not work, whatever the input.
    Component(contract::Error),
    /// `check` found errors, which were printed.
    Findings {
        /// The number of errors.
        errors: usize,
    },
}

/// Where output goes.
#[derive(Debug)]
pub enum Destination {
    /// Standard output.
    StandardOutput,
    /// A file or a directory.
    File(PathBuf),
    /// A file that is written in place: after an error it is empty, or absent if it was.
    InPlace(PathBuf),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardOutput => f.write_str("standard output"),
            // Quoted: a name can contain anything.
            Self::File(path) | Self::InPlace(path) => write!(f, "{path:?}"),
        }
    }
}

impl Failure for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Terminal => Exit::Usage,
            Self::Write { error, .. } if error.kind() == io::ErrorKind::Interrupted => Exit::Interrupted,
            Self::Read { .. } | Self::Write { .. } | Self::Random(_) => Exit::Io,
            Self::TooLarge { .. } | Self::UserDataTooLarge { .. } => Exit::Limit,
            Self::Empty { .. } | Self::NotUtf8 { .. } | Self::Config { .. } | Self::Directory { .. } => {
                Exit::InvalidInput
            }
            Self::Input { error, .. } => (&**error).into(),
            Self::Component(error) => error.into(),
            Self::Findings { .. } => Exit::Findings,
        }
    }

    fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write { error, .. } if error.kind() == io::ErrorKind::BrokenPipe)
    }

    fn further(&self) -> &[String] {
        match self {
            Self::Input { further, .. } => further,
            _ => &[],
        }
    }

    fn advice(&self) -> String {
        let advice = match self {
            Self::Write { error, .. } => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some space, or write elsewhere",
                io::ErrorKind::FileTooLarge => "; raise the limit (ulimit -f), or write elsewhere",
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "; write elsewhere",
                _ => "",
            },
            _ => "",
        };
        advice.to_owned()
    }
}

/// The exit code for the component's error.
impl From<&contract::Error> for Exit {
    fn from(error: &contract::Error) -> Self {
        match error {
            contract::Error::Start(_) => Self::Io,
            contract::Error::NotUtf8 { .. } => Self::InvalidInput,
            contract::Error::Refused { code: ErrorCode::TooLarge, .. } | contract::Error::Limit(_) => Self::Limit,
            contract::Error::Refused { .. } => Self::InvalidInput,
            _ => Self::Fault,
        }
    }
}

/// For errors that no input causes; [`Source::explain`] is for the others.
impl From<contract::Error> for Error {
    fn from(error: contract::Error) -> Self {
        Self::Component(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) => f.write_str(message),
            Self::Read { source, .. } => write!(f, "cannot read {}", source.quoted()),
            Self::Write { to: to @ Destination::InPlace(_), error } if error.kind() == io::ErrorKind::Interrupted => {
                write!(f, "interrupted; {to} has no image")
            }
            Self::Write { to, error } if error.kind() == io::ErrorKind::Interrupted => {
                write!(f, "interrupted; {to} is unchanged")
            }
            Self::Write { to, .. } => write!(f, "cannot write {to}"),
            Self::TooLarge { source, limit } => {
                write!(f, "{source} is larger than the limit of {limit} bytes; leave something out")
            }
            Self::UserDataTooLarge { source, size, limit } => write!(
                f,
                "{source} has {size} bytes, and Nova's limit for user data is {limit} (65,535 characters of base64); compress it \
                 with gzip, or let it include the rest from a URL"
            ),
            Self::Empty { source } => write!(f, "{source} is empty: did the command that writes it fail?"),
            Self::NotUtf8 { source, offset } => write!(f, "{source} is not UTF-8 (invalid byte at offset {offset})"),
            Self::Config { source, message } => write!(f, "{source}: {}", untrusted::one_line(message, 300)),
            Self::Directory { path, problem } => write!(f, "{path:?} {problem}"),
            Self::Terminal => f.write_str("refusing to write binary output to a terminal; use -o FILE or a pipe"),
            Self::Random(_) => f.write_str("cannot get random bytes from the operating system"),
            Self::Input { source, error, .. } => match &**error {
                contract::Error::NotUtf8 { offset } => write!(
                    f,
                    "{source} is not UTF-8 (invalid byte at offset {offset}); a document is JSON or YAML in UTF-8. If this is a \
                     finished drive, use check DRIVE or deploy --drive"
                ),
                error => write!(f, "{source}: {}", source.message(error)),
            },
            Self::Component(error) => error.fmt(f),
            Self::Findings { errors: 1 } => {
                f.write_str("check found 1 error: the drive is well-formed but will not work")
            }
            Self::Findings { errors } => {
                write!(f, "check found {errors} errors: the drive is well-formed but will not work")
            }
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            // The message says it all.
            Self::Write { error, .. } if error.kind() == io::ErrorKind::Interrupted => None,
            Self::Read { error, .. } | Self::Write { error, .. } => Some(error),
            Self::Random(error) => Some(error),
            // Its message is part of this one's.
            Self::Input { error, .. } => error.source(),
            Self::Component(error) => error.source(),
            _ => None,
        }
    }
}
