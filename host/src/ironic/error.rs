//! Errors of a deployment.

use std::fmt;
use std::time::Duration;

use super::collection::is_endless;
use super::feature::Feature;
use super::ident::NodeIdent;
use super::node::ProvisionState;
use super::operation::Operation;
use super::provision::{ProvisionRequest, Target};
use super::validation::Reason;
use crate::transport::{Fault, Microversion, TransportError, VersionRange};

/// An error that ended a deployment or prevented its start.
///
/// `Display` is one line that is safe to print to a terminal. [`source`](std::error::Error::source) returns the cause, if there
/// is one, and [`chain`](crate::chain) joins the two.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The component failed, or rejected the document.
    Drive(configdrive_contract::Error),
    /// The component's drive is not base64: the component is faulty, or not ours.
    NotADrive,
    /// The check found errors; nothing was sent.
    CheckFailed {
        /// The number of errors.
        errors: usize,
    },
    /// The request's body would be larger than Ironic accepts.
    TooLarge {
        /// The body's length in bytes.
        length: usize,
    },
    /// There was no answer to a request.
    Transport {
        /// The operation that failed.
        operation: Operation,
        /// Ironic's URL.
        endpoint: String,
        /// The cause.
        error: TransportError,
    },
    /// Ironic answered a request with an error status.
    Refused {
        /// The operation that failed.
        operation: Operation,
        /// Ironic's answer.
        fault: Fault,
    },
    /// The node is in a state from which Ironic cannot reach the target.
    WrongState {
        /// The node.
        node: NodeIdent,
        /// The node's state.
        state: ProvisionState,
        /// The requested target.
        target: Target,
    },
    /// The node is in maintenance.
    Maintenance {
        /// The node.
        node: NodeIdent,
        /// The reason that Ironic or an operator gave.
        reason: Option<String>,
    },
    /// A fleet names a node twice.
    SameNode {
        /// One name or UUID of the node.
        first: NodeIdent,
        /// The other one.
        second: NodeIdent,
    },
    /// Another instance claims the node, which has no instance on it yet.
    Claimed {
        /// The node.
        node: NodeIdent,
        /// The node's `instance_uuid`, as one line.
        instance: String,
        /// Whether this crate made the claim, in another run.
        by_us: bool,
    },
    /// Ironic's own validation of the node failed.
    Unfit {
        /// The node.
        node: NodeIdent,
        /// The reasons, at least one.
        reasons: Vec<Reason>,
    },
    /// The answer to the request was lost, and the deployment was not started.
    NotStarted {
        /// The node.
        node: NodeIdent,
        /// How the answer was lost.
        error: Box<Error>,
    },
    /// The request may have arrived, and the node's state does not show whether the deployment was started.
    Unknown {
        /// The node.
        node: NodeIdent,
        /// Why this is unknown.
        error: Box<Error>,
    },
    /// A deployment has started, but nothing shows whether this job or somebody else started it.
    Unclear {
        /// The node.
        node: NodeIdent,
        /// The node's state.
        state: ProvisionState,
        /// How the answer to the request was lost.
        error: Box<Error>,
    },
    /// Somebody else has taken the node, before or after the deployment was started.
    Superseded {
        /// The node.
        node: NodeIdent,
        /// The node's state.
        state: ProvisionState,
    },
    /// Ironic accepted the request, but the node has shown no change since.
    Unmoved {
        /// The node.
        node: NodeIdent,
        /// The node's state.
        state: ProvisionState,
    },
    /// The time limit was reached.
    OutOfTime {
        /// The operation that was not completed.
        operation: Operation,
        /// Why the last attempt failed, if there was one.
        last: Option<Box<Error>>,
    },
    /// The server is not Ironic, or it is faulty.
    NotIronic {
        /// The operation that failed.
        operation: Operation,
        /// The server's URL.
        endpoint: String,
        /// What is wrong with the answer.
        what: &'static str,
    },
    /// Ironic is too old for a feature.
    TooOld {
        /// The required feature.
        feature: Feature,
        /// The newest version that the server supports.
        max: Microversion,
    },
    /// Ironic supports only versions that are newer than this crate knows.
    TooNew(VersionRange),
    /// The deployment was started and did not end at `active`.
    Failed {
        /// The node.
        node: NodeIdent,
        /// The state at the end.
        state: ProvisionState,
        /// Ironic's message, if there is one.
        last_error: Option<String>,
    },
    /// The deployment was started and continues after the time limit.
    TimedOut {
        /// The node.
        node: NodeIdent,
        /// The node's state.
        state: ProvisionState,
        /// How long the wait lasted.
        after: Duration,
    },
    /// The deployment was started, but its progress cannot be read.
    Unwatched {
        /// The node.
        node: NodeIdent,
        /// The cause.
        error: Box<Error>,
    },
}

impl Error {
    /// Returns whether the server exists but did not process the request this time.
    pub(super) fn is_busy(&self) -> bool {
        match self {
            Self::Transport { error, .. } => matches!(error, TransportError::Lost(_) | TransportError::Timeout(_)),
            Self::Refused { fault, .. } => is_temporary(fault.status),
            _ => false,
        }
    }

    /// Returns whether a request that is safe to repeat may succeed a little later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Transport { error, .. } => !matches!(
                error,
                TransportError::Unauthenticated(_) | TransportError::TooLarge | TransportError::NotUtf8
            ),
            Self::Refused { fault, .. } => is_temporary(fault.status),
            // It may be the page of a proxy whose Ironic is down.
            Self::NotIronic { what, .. } => !is_endless(what),
            _ => false,
        }
    }
}

impl Error {
    /// Returns whether the error shows that no deployment was started.
    pub(super) fn leaves_node_unchanged(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::NotStarted { .. } | Self::WrongState { .. } | Self::Maintenance { .. } => true,
            Self::Transport { error, .. } => {
                matches!(
                    error,
                    TransportError::Unreachable(_) | TransportError::Unauthenticated(_) | TransportError::Untrusted(_)
                )
            }
            Self::OutOfTime { last, .. } => last.as_ref().is_some_and(|last| last.leaves_node_unchanged()),
            _ => false,
        }
    }
}

/// Returns whether a request with this answer may succeed a little later. Statuses from 520 come from proxies.
fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 409 | 425 | 429 | 500 | 502..=504 | 520..=530)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drive(error) => error.fmt(f),
            Self::CheckFailed { errors } => {
                let errors = if *errors == 1 { "an error".into() } else { format!("{errors} errors") };
                write!(f, "the check found {errors} in the drive, so nothing was sent")
            }
            Self::NotADrive => f.write_str("the component's drive is not base64"),
            Self::TooLarge { length } => write!(
                f,
                "the drive is too large: the request would have {length} bytes, and Ironic accepts at most {}",
                ProvisionRequest::LIMIT
            ),
            Self::Transport { operation, endpoint, .. } => write!(f, "{operation}: Ironic at {endpoint}"),
            Self::Refused { operation, fault: Fault { status, words } } if words.is_empty() => {
                write!(f, "{operation}: Ironic answered {status} with no message")
            }
            Self::Refused { operation, fault: Fault { status, words } } => {
                write!(f, "{operation}: Ironic answered {status}: {}", words.trim_end_matches('.'))
            }
            Self::WrongState { node, state, target } => {
                write!(f, "node {node} is `{state}`")?;
                f.write_str(match (target, state.as_str()) {
                    (Target::Active, "active") => ": it already has an instance",
                    (Target::Active, _) if state.is_deploying() => ": a deployment is already in progress",
                    (Target::Active, _) => "; only nodes in state `available` or `deploy failed` can be deployed",
                    (Target::Rebuild, "available") => ": it has no instance yet",
                    (Target::Rebuild, _) => "; only nodes in state `active`, `deploy failed` or `error` can be rebuilt",
                })
            }
            Self::Maintenance { node, reason } => {
                write!(f, "node {node} is in maintenance, so Ironic will not deploy it")?;
                reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
            Self::Unfit { node, reasons } => {
                let reasons: Vec<String> = reasons.iter().map(Reason::to_string).collect();
                write!(f, "node {node} failed Ironic's validation: {}", reasons.join("; "))
            }
            Self::NotStarted { node, .. } => write!(f, "the deployment of node {node} was not started"),
            Self::Unknown { node, .. } => {
                write!(f, "it is unknown whether the deployment of node {node} was started")
            }
            Self::SameNode { first, second } => {
                write!(f, "{first} and {second} are the same node, which must be deployed only once")
            }
            Self::Claimed { node, instance, by_us: false } => {
                write!(f, "node {node} is claimed by instance {instance}, though nothing is deployed on it")
            }
            Self::Claimed { node, instance, by_us: true } => write!(
                f,
                "node {node} is claimed by another run of configdrive ({instance}), which is about to deploy it or was \
                 interrupted"
            ),
            Self::Unclear { node, state, .. } => write!(
                f,
                "node {node} is now `{state}`, but it is unknown whether this run or somebody else started its deployment"
            ),
            Self::Superseded { node, state } => write!(
                f,
                "the outcome of the deployment of node {node} is unknown: somebody else has taken the node since (its \
                 `instance_uuid` has changed), and it is `{state}`"
            ),
            Self::Unmoved { node, state } => write!(
                f,
                "the outcome of the deployment of node {node} is unknown: Ironic accepted the request, but the node has \
                 shown no change since and is `{state}`"
            ),
            Self::OutOfTime { operation, last: None } => write!(f, "{operation}: the time limit was reached"),
            Self::OutOfTime { last: Some(error), .. } => {
                write!(f, "{}; the time limit was reached", configdrive_contract::chain(&**error))
            }
            Self::NotIronic { operation, endpoint, what } => write!(f, "{operation}: {endpoint}: {what}"),
            Self::TooOld { feature, max } => write!(
                f,
                "this Ironic is too old: it supports API versions up to {max}, and {feature} require {}",
                feature.since()
            ),
            Self::TooNew(range) => write!(
                f,
                "this Ironic is too new: it supports API versions {} to {}, and configdrive supports up to {}",
                range.min,
                range.max,
                Microversion::NEWEST_KNOWN
            ),
            Self::Failed { node, state, last_error: Some(words) } => {
                write!(f, "the deployment of node {node} ended in state `{state}`: {words}")
            }
            Self::Failed { node, state, last_error: None } => {
                write!(f, "the deployment of node {node} ended in state `{state}`; Ironic gave no reason")
            }
            Self::TimedOut { node, state, after } => {
                write!(f, "node {node} is still `{state}` after {} s, and its deployment continues", after.as_secs())
            }
            Self::Unwatched { node, .. } => {
                write!(f, "the deployment of node {node} was started, but its progress is unknown")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Displayed in place of this error.
            Self::Drive(error) => error.source(),
            Self::Transport { error, .. } => Some(error),
            Self::NotStarted { error, .. }
            | Self::Unknown { error, .. }
            | Self::Unclear { error, .. }
            | Self::Unwatched { error, .. } => Some(&**error),
            _ => None,
        }
    }
}
