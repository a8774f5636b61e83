//! The exit codes.

use std::process::ExitCode;

/// The exit codes. Programs read them: a number keeps its meaning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Exit {
    /// The command succeeded.
    Success = 0,
    /// An I/O error.
    Io = 1,
    /// The command line is invalid.
    Usage = 2,
    /// The document, the drive or an option's file is invalid.
    InvalidInput = 3,
    /// A limit of size, memory or time was exceeded.
    Limit = 4,
    /// Ironic or Keystone refused a request.
    IronicRefused = 5,
    /// Ironic or Keystone could not be reached.
    IronicUnreachable = 6,
    /// The deployment failed, or one of several did.
    DeploymentFailed = 7,
    /// A bug in configdrive.
    Fault = 8,
    /// `check` found errors.
    Findings = 9,
    /// A signal ended the command. Shells use this code for SIGINT: 128 plus the signal's number.
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
            Self::Success => "success",
            Self::Io => "I/O error",
            Self::Usage => "invalid command line",
            Self::InvalidInput => "the document, the drive or an option's file is invalid",
            Self::Limit => "a limit was exceeded: size, memory or time",
            Self::IronicRefused => "Ironic or Keystone refused the request",
            Self::IronicUnreachable => "Ironic or Keystone could not be reached",
            Self::DeploymentFailed => "the deployment failed, or one of several did, for whatever reason",
            Self::Fault => "a bug in configdrive",
            Self::Findings => "check found errors: the drive is well-formed but will not work",
            Self::Interrupted => "interrupted by Ctrl-C or another signal; deployments that were started continue",
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
