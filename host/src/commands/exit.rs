//! How the command ends.

use std::{fmt, io, path::PathBuf, process::ExitCode};

#[cfg(not(target_family = "wasm"))]
use configdrive_host::{
    cloud,
    ironic::{self, NodeIdent, TransportError},
};
use configdrive_host::{
    sandbox::{self, ErrorCode},
    untrusted,
};

#[cfg(not(target_family = "wasm"))]
use super::progress::Phase;

/// The exit codes. Programs read them: a number keeps its meaning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    Success = 0,
    Io = 1,
    Usage = 2,
    InvalidInput = 3,
    Limit = 4,
    IronicRefused = 5,
    IronicUnreachable = 6,
    DeploymentFailed = 7,
    Fault = 8,
    Findings = 9,
    /// As shells have it for SIGINT: 128 and the signal's number.
    Interrupted = 130,
}

impl Exit {
    const ALL: [Self; 11] = [
        Self::Success,
        Self::Io,
        Self::Usage,
        Self::InvalidInput,
        Self::Limit,
        Self::IronicRefused,
        Self::IronicUnreachable,
        Self::DeploymentFailed,
        Self::Fault,
        Self::Findings,
        Self::Interrupted,
    ];

    fn meaning(self) -> &'static str {
        match self {
            Self::Success => "done",
            Self::Io => "a file, a pipe or the machine let the command down",
            Self::Usage => "the command line does not hold",
            Self::InvalidInput => "the document, the drive, or a file given beside it, does not hold",
            Self::Limit => "a limit was hit: of size, memory or time",
            Self::IronicRefused => "Ironic said no",
            Self::IronicUnreachable => "Ironic could not be reached",
            Self::DeploymentFailed => "the deployment failed, or one of several did for whatever reason",
            Self::Fault => "a fault in configdrive itself",
            Self::Findings => "the drive is valid, and useless: check found an error",
            Self::Interrupted => "Ctrl-C or SIGTERM; what was sent to Ironic goes on",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The exit codes for `--help`.
pub fn help() -> String {
    let codes = Exit::ALL.map(|exit| format!("\n  {:<3}  {}", exit as u8, exit.meaning()));
    format!("Exit codes:{}", codes.concat())
}

/// Why a verb did not do its work. Its `Display` is one line.
#[derive(Debug)]
pub enum Error {
    Usage(String),
    Read {
        from: Place,
        error: io::Error,
    },
    Write {
        to: Place,
        error: io::Error,
    },
    TooLarge {
        from: Place,
        limit: usize,
    },
    Empty {
        from: Place,
    },
    NotText {
        path: PathBuf,
        offset: usize,
    },
    Config {
        path: PathBuf,
        message: String,
    },
    Directory {
        place: PathBuf,
        why: &'static str,
    },
    Terminal,
    Random(getrandom::Error),
    Sandbox(sandbox::Error),
    #[cfg(not(target_family = "wasm"))]
    Ironic(ironic::Error),
    Runtime(io::Error),
    Findings {
        errors: usize,
    },
    /// Some nodes of a fleet were not deployed; each was told of.
    Fleet {
        failed: usize,
        of: usize,
    },
    /// A signal.
    #[cfg(not(target_family = "wasm"))]
    Interrupted {
        node: NodeIdent,
        phase: Phase,
    },
    FleetInterrupted {
        not_ended: usize,
    },
}

/// Where bytes come from or go to.
#[derive(Debug)]
pub enum Place {
    StandardInput,
    StandardOutput,
    File(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardInput => f.write_str("standard input"),
            Self::StandardOutput => f.write_str("standard output"),
            // Quoted: a name may hold anything.
            Self::File(path) => write!(f, "{path:?}"),
        }
    }
}

impl Error {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Terminal => Exit::Usage,
            Self::Write { error, .. } if error.kind() == io::ErrorKind::Interrupted => Exit::Interrupted,
            Self::Read { .. } | Self::Write { .. } | Self::Random(_) | Self::Runtime(_) => Exit::Io,
            Self::TooLarge { .. } => Exit::Limit,
            Self::Empty { .. } | Self::NotText { .. } | Self::Config { .. } | Self::Directory { .. } => {
                Exit::InvalidInput
            }
            Self::Sandbox(error) => of_sandbox(error),
            #[cfg(not(target_family = "wasm"))]
            Self::Ironic(error) => of_ironic(error),
            Self::Findings { .. } => Exit::Findings,
            Self::Fleet { .. } => Exit::DeploymentFailed,
            #[cfg(not(target_family = "wasm"))]
            Self::Interrupted { .. } => Exit::Interrupted,
            Self::FleetInterrupted { .. } => Exit::Interrupted,
        }
    }

    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write { error, .. } if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn of_sandbox(error: &sandbox::Error) -> Exit {
    match error {
        sandbox::Error::Start(_) => Exit::Io,
        sandbox::Error::NotUtf8 { .. } => Exit::InvalidInput,
        sandbox::Error::Guest { code, .. } => match code {
            ErrorCode::InvalidDocument | ErrorCode::InvalidOption | ErrorCode::InvalidDrive => Exit::InvalidInput,
            ErrorCode::TooLarge => Exit::Limit,
        },
        sandbox::Error::Limit(_) => Exit::Limit,
        _ => Exit::Fault,
    }
}

#[cfg(not(target_family = "wasm"))]
fn of_ironic(error: &ironic::Error) -> Exit {
    match error {
        ironic::Error::Cloud(error) => of_cloud(error),
        ironic::Error::Drive(error) => of_sandbox(error),
        ironic::Error::TooLarge { .. } | ironic::Error::TimedOut { .. } => Exit::Limit,
        ironic::Error::Transport { error, .. } => match error {
            TransportError::Unauthenticated(_) => Exit::IronicRefused,
            _ => Exit::IronicUnreachable,
        },
        ironic::Error::NotIronic { .. } => Exit::IronicUnreachable,
        ironic::Error::Refused { .. }
        | ironic::Error::WrongState { .. }
        | ironic::Error::Maintenance { .. }
        | ironic::Error::Unfit { .. }
        | ironic::Error::TooOld { .. }
        | ironic::Error::TooNew(_) => Exit::IronicRefused,
        ironic::Error::Useless { .. } => Exit::Findings,
        ironic::Error::Failed { .. } => Exit::DeploymentFailed,
        ironic::Error::NotBegun { error, .. }
        | ironic::Error::Unknown { error, .. }
        | ironic::Error::Unwatched { error, .. } => of_ironic(error),
        _ => Exit::Fault,
    }
}

#[cfg(not(target_family = "wasm"))]
fn of_cloud(error: &cloud::Error) -> Exit {
    match error {
        cloud::Error::Refused { .. } => Exit::IronicRefused,
        cloud::Error::Unreachable { .. } | cloud::Error::NotKeystone { .. } => Exit::IronicUnreachable,
        _ => Exit::Usage,
    }
}

#[cfg(not(target_family = "wasm"))]
impl From<cloud::Error> for Error {
    fn from(error: cloud::Error) -> Self {
        Self::Ironic(error.into())
    }
}

#[cfg(not(target_family = "wasm"))]
impl From<ironic::Error> for Error {
    fn from(error: ironic::Error) -> Self {
        Self::Ironic(error)
    }
}

impl From<sandbox::Error> for Error {
    fn from(error: sandbox::Error) -> Self {
        Self::Sandbox(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) => f.write_str(message),
            Self::Read { from, error } => write!(f, "cannot read {from}: {error}"),
            Self::Write { to, error } if error.kind() == io::ErrorKind::Interrupted => {
                write!(f, "interrupted: {to} is as it was")
            }
            Self::Write { to, error } => write!(f, "cannot write {to}: {error}{}", remedy(error.kind())),
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
            Self::Random(error) => write!(f, "the operating system has no random bytes: {error}"),
            Self::Sandbox(error) => error.fmt(f),
            #[cfg(not(target_family = "wasm"))]
            Self::Ironic(error) => error.fmt(f),
            Self::Findings { errors: 1 } => f.write_str("the check found an error"),
            Self::Findings { errors } => write!(f, "the check found {errors} errors"),
            Self::Fleet { failed, of } => write!(f, "{failed} of {of} nodes were not deployed"),
            #[cfg(not(target_family = "wasm"))]
            Self::Interrupted { node, phase } => match phase {
                Phase::Before => write!(f, "interrupted: node {node} is as it was"),
                Phase::Sending | Phase::Doubt => {
                    write!(f, "interrupted: node {node} may have begun; look at it before you run this again")
                }
                Phase::Begun => {
                    write!(f, "interrupted: node {node} goes on; `configdrive deploy {node} --attach` waits for it")
                }
            },
            Self::FleetInterrupted { not_ended: 0 } => f.write_str("interrupted: all that was begun has ended"),
            Self::FleetInterrupted { not_ended } => write!(
                f,
                "interrupted: {not_ended} nodes were not begun, or go on without being waited for; run this again for them"
            ),
            Self::Runtime(error) => write!(f, "the machine does not let the command work: {error}"),
        }
    }
}

fn remedy(error: io::ErrorKind) -> &'static str {
    match error {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room, or name another place",
        io::ErrorKind::FileTooLarge => "; raise the limit (ulimit -f), or name another place",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "; name another place",
        _ => "",
    }
}
