//! The errors of `deploy`.

use std::{error, fmt, io};

use configdrive_host::{
    cloud,
    ironic::{self, NodeIdent},
    transport::TransportError,
};
use configdrive_verbs::{Error as VerbError, Exit, Failure};

use super::{advice, phase::Phase};

/// Why `deploy` failed.
#[derive(Debug)]
pub enum Error {
    Verb(VerbError),
    Cloud(cloud::Error),
    Ironic(ironic::Error),
    /// The async runtime or the signal handlers cannot be set up.
    Runtime(io::Error),
    /// Some deployments of a fleet did not succeed. Each has been reported.
    Fleet {
        failed: usize,
        of: usize,
    },
    /// A signal arrived while one node was being deployed.
    Interrupted {
        node: NodeIdent,
        phase: Phase,
    },
    /// A signal arrived while a fleet was being deployed.
    FleetInterrupted {
        not_ended: usize,
    },
}

impl Failure for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Verb(error) => error.exit(),
            Self::Cloud(error) => exit_of_cloud(error),
            Self::Ironic(error) => exit_of_ironic(error),
            Self::Runtime(_) => Exit::Io,
            Self::Fleet { .. } => Exit::DeploymentFailed,
            Self::Interrupted { .. } | Self::FleetInterrupted { .. } => Exit::Interrupted,
        }
    }

    fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Verb(error) if error.is_broken_pipe())
    }

    fn further(&self) -> &[String] {
        match self {
            Self::Verb(error) => error.further(),
            _ => &[],
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Verb(error) => error.sentence(),
            Self::Cloud(error) => advice::cloud(error),
            Self::Ironic(error) => advice::ironic(error),
            error => configdrive_host::chain(error),
        }
    }
}

fn exit_of_ironic(error: &ironic::Error) -> Exit {
    match error {
        ironic::Error::Drive(error) => error.into(),
        ironic::Error::TooLarge { .. } | ironic::Error::TimedOut { .. } | ironic::Error::OutOfTime { .. } => {
            Exit::Limit
        }
        ironic::Error::SameNode { .. } => Exit::InvalidInput,
        ironic::Error::Transport { error, .. } => match error {
            TransportError::Unauthenticated(_) => Exit::IronicRefused,
            _ => Exit::IronicUnreachable,
        },
        ironic::Error::NotIronic { .. } => Exit::IronicUnreachable,
        ironic::Error::Refused { .. }
        | ironic::Error::WrongState { .. }
        | ironic::Error::Maintenance { .. }
        | ironic::Error::Claimed { .. }
        | ironic::Error::Unfit { .. }
        | ironic::Error::TooOld { .. }
        | ironic::Error::TooNew(_) => Exit::IronicRefused,
        ironic::Error::CheckFailed { .. } => Exit::Findings,
        ironic::Error::Failed { .. } | ironic::Error::Superseded { .. } | ironic::Error::Unmoved { .. } => {
            Exit::DeploymentFailed
        }
        ironic::Error::NotStarted { error, .. }
        | ironic::Error::Unknown { error, .. }
        | ironic::Error::Unclear { error, .. }
        | ironic::Error::Unwatched { error, .. } => exit_of_ironic(error),
        _ => Exit::Fault,
    }
}

fn exit_of_cloud(error: &cloud::Error) -> Exit {
    match error {
        cloud::Error::Refused { .. } => Exit::IronicRefused,
        cloud::Error::OutOfTime { .. } => Exit::Limit,
        cloud::Error::Unreachable { .. } | cloud::Error::NotKeystone { .. } => Exit::IronicUnreachable,
        _ => Exit::Usage,
    }
}

impl From<VerbError> for Error {
    fn from(error: VerbError) -> Self {
        Self::Verb(error)
    }
}

impl From<configdrive_host::Error> for Error {
    fn from(error: configdrive_host::Error) -> Self {
        Self::Verb(error.into())
    }
}

impl From<cloud::Error> for Error {
    fn from(error: cloud::Error) -> Self {
        Self::Cloud(error)
    }
}

impl From<ironic::Error> for Error {
    fn from(error: ironic::Error) -> Self {
        Self::Ironic(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verb(error) => error.fmt(f),
            Self::Cloud(error) => error.fmt(f),
            Self::Ironic(error) => error.fmt(f),
            Self::Fleet { failed, of } => write!(f, "{failed} of {of} deployments did not succeed"),
            Self::Interrupted { node, phase } => match phase {
                Phase::Before => write!(f, "interrupted: node {node} is unchanged"),
                Phase::Sending => {
                    write!(
                        f,
                        "interrupted: the deployment of node {node} may have started; check the node's state before you retry"
                    )
                }
                Phase::Started => write!(
                    f,
                    "interrupted: the deployment of node {node} continues; wait for it with `configdrive deploy {node} \
                     --attach`"
                ),
            },
            Self::FleetInterrupted { not_ended: 0 } => f.write_str("interrupted: all deployments have ended"),
            Self::FleetInterrupted { not_ended } => write!(
                f,
                "interrupted: {not_ended} nodes were not started or are still being deployed; run this again for them"
            ),
            Self::Runtime(_) => f.write_str("cannot set up the runtime"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            // Each is displayed in place of this error.
            Self::Verb(error) => error.source(),
            Self::Cloud(error) => error.source(),
            Self::Ironic(error) => error.source(),
            Self::Runtime(error) => Some(error),
            _ => None,
        }
    }
}
