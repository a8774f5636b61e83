//! Why a verb did not do its work.

use std::{error, fmt, io, path::PathBuf};

use configdrive_contract::{self as contract, ErrorCode, chain, untrusted};

use crate::exit::Exit;

/// An error that ends the command.
pub trait Failure: error::Error + From<Error> + Sized + 'static {
    /// Returns the exit code.
    fn exit(&self) -> Exit;

    /// Returns whether the reader of standard output has gone, which is not an error.
    fn is_broken_pipe(&self) -> bool;

    /// Returns what to do about it, to be appended to the error; may be empty.
    fn advice(&self) -> String {
        String::new()
    }

    /// Returns the line for people: what happened, why, and what to do about it.
    fn sentence(&self) -> String {
        chain(self) + &self.advice()
    }
}

/// Why a verb did not do its work.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The command line is invalid.
    Usage(String),
    /// Input cannot be read.
    Read {
        /// Which input.
        from: Stream,
        /// Why not.
        error: io::Error,
    },
    /// Output cannot be written.
    Write {
        /// Which output.
        to: Stream,
        /// Why not.
        error: io::Error,
    },
    /// Input is larger than the limit.
    TooLarge {
        /// Which input.
        from: Stream,
        /// The limit in bytes.
        limit: usize,
    },
    /// Input that should be an image is empty.
    Empty {
        /// Which input.
        from: Stream,
    },
    /// A file that should be text is not UTF-8.
    NotText {
        /// The file.
        path: PathBuf,
        /// Offset of the first invalid byte.
        offset: usize,
    },
    /// A configuration file is invalid.
    Config {
        /// The file.
        path: PathBuf,
        /// The place in it, and what is wrong there.
        message: String,
    },
    /// A directory has something that cannot be on a drive.
    Directory {
        /// What it is.
        place: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Binary output would go to a terminal.
    Terminal,
    /// The operating system has no random bytes.
    Random(getrandom::Error),
    /// The component has no answer.
    Component(contract::Error),
    /// `check` found errors, which were printed.
    Findings {
        /// How many.
        errors: usize,
    },
}

/// Where bytes come from or go to.
#[derive(Debug)]
pub enum Stream {
    /// Standard input.
    StandardInput,
    /// Standard output.
    StandardOutput,
    /// A file or a folder.
    File(PathBuf),
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardInput => f.write_str("standard input"),
            Self::StandardOutput => f.write_str("standard output"),
            // Quoted: a name may hold anything.
            Self::File(path) => write!(f, "{path:?}"),
        }
    }
}

impl Failure for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Terminal => Exit::Usage,
            Self::Write { error, .. } if error.kind() == io::ErrorKind::Interrupted => Exit::Interrupted,
            Self::Read { .. } | Self::Write { .. } | Self::Random(_) => Exit::Io,
            Self::TooLarge { .. } => Exit::Limit,
            Self::Empty { .. } | Self::NotText { .. } | Self::Config { .. } | Self::Directory { .. } => {
                Exit::InvalidInput
            }
            Self::Component(error) => error.into(),
            Self::Findings { .. } => Exit::Findings,
        }
    }

    fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write { error, .. } if error.kind() == io::ErrorKind::BrokenPipe)
    }

    fn advice(&self) -> String {
        let advice = match self {
            Self::Write { error, .. } => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room, or name another place",
                io::ErrorKind::FileTooLarge => "; raise the limit (ulimit -f), or name another place",
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "; name another place",
                _ => "",
            },
            _ => "",
        };
        advice.to_owned()
    }
}

/// What the component's error means for the command.
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

impl From<contract::Error> for Error {
    fn from(error: contract::Error) -> Self {
        Self::Component(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) => f.write_str(message),
            Self::Read { from, .. } => write!(f, "cannot read {from}"),
            Self::Write { to, error } if error.kind() == io::ErrorKind::Interrupted => {
                write!(f, "interrupted: {to} is as it was")
            }
            Self::Write { to, .. } => write!(f, "cannot write {to}"),
            Self::TooLarge { from, limit } => {
                write!(f, "{from} is larger than {limit} bytes, the most that is read: leave something out")
            }
            Self::Empty { from } => write!(f, "{from} is empty, and no image: did what makes it fail?"),
            Self::NotText { path, offset } => write!(f, "{path:?} is not UTF-8 text: byte {offset} does not belong"),
            Self::Config { path, message } => write!(f, "{path:?}: {}", untrusted::one_line(message, 300)),
            Self::Directory { place, why } => write!(f, "{place:?} {why}"),
            Self::Terminal => {
                f.write_str("the output is no text, and not for a terminal: name a file with -o, or use a pipe")
            }
            Self::Random(_) => f.write_str("the operating system has no random bytes"),
            Self::Component(error) => error.fmt(f),
            Self::Findings { errors: 1 } => f.write_str("the check found an error"),
            Self::Findings { errors } => write!(f, "the check found {errors} errors"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            // Nothing else is to be known about it.
            Self::Write { error, .. } if error.kind() == io::ErrorKind::Interrupted => None,
            Self::Read { error, .. } | Self::Write { error, .. } => Some(error),
            Self::Random(error) => Some(error),
            // It is shown in place of this one.
            Self::Component(error) => error.source(),
            _ => None,
        }
    }
}
