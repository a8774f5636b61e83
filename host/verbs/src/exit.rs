//! The exit codes.

use std::process::ExitCode;

/// The exit codes. Programs read them: a number keeps its meaning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Exit {
    /// The work is done.
    Success = 0,
    /// A file, a pipe or the machine failed.
    Io = 1,
    /// The command line is invalid.
    Usage = 2,
    /// The document, the drive, or a file given alongside it, is invalid.
    InvalidInput = 3,
    /// A limit of size, memory or time was reached.
    Limit = 4,
    /// Ironic or Keystone refused a request.
    IronicRefused = 5,
    /// Ironic or Keystone could not be reached.
    IronicUnreachable = 6,
    /// The deployment failed, or one of several.
    DeploymentFailed = 7,
    /// A bug in configdrive.
    Fault = 8,
    /// `check` found errors.
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

/// Lists the exit codes for `--help`.
pub fn exit_codes() -> String {
    let codes = Exit::ALL.map(|exit| format!("\n  {:<3}  {}", exit as u8, exit.meaning()));
    format!("Exit codes:{}", codes.concat())
}
