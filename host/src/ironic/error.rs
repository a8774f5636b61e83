//! Errors of a deployment.

use std::fmt;
use std::time::Duration;

use super::feature::Feature;
use super::ident::NodeIdent;
use super::node::ProvisionState;
use super::operation::Operation;
use super::provision::{ProvisionRequest, Target};
use super::validation::Reason;
use crate::transport::{Fault, Microversion, TransportError, VersionRange};

/// An error that ended a deployment, or kept it from starting.
///
/// `Display` says what happened in one line that is safe to print to a terminal; [`source`](std::error::Error::source) has the cause, where there is one, and
/// [`chain`](crate::chain) joins the two.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The component has no answer for the document.
    Drive(configdrive_contract::Error),
    /// The component's text is not base64: it is broken, or not ours.
    NotADrive,
    /// The check found errors; nothing was sent.
    CheckFailed {
        /// How many.
        errors: usize,
    },
    /// The request's body would be larger than Ironic reads.
    TooLarge {
        /// In bytes.
        length: usize,
    },
    /// There was no answer to a request.
    Transport {
        /// What was asked for.
        operation: Operation,
        /// Ironic's URL.
        endpoint: String,
        /// Why there was none.
        error: TransportError,
    },
    /// Ironic said no.
    Refused {
        /// What was asked for.
        operation: Operation,
        /// Its words.
        fault: Fault,
    },
    /// The node is in a state from which Ironic knows no way to what is wanted.
    WrongState {
        /// Which node.
        node: NodeIdent,
        /// Where it is.
        state: ProvisionState,
        /// What is wanted.
        target: Target,
    },
    /// The node is in maintenance.
    Maintenance {
        /// Which node.
        node: NodeIdent,
        /// Ironic's or an operator's words, if there are any.
        reason: Option<String>,
    },
    /// The node is not fit for a deployment, as Ironic itself says.
    Unfit {
        /// Which node.
        node: NodeIdent,
        /// At least one.
        reasons: Vec<Reason>,
    },
    /// The answer to the request was lost, and the node has not begun since.
    NotStarted {
        /// Which node.
        node: NodeIdent,
        /// How the answer was lost.
        error: Box<Error>,
    },
    /// The answer to the request was lost, and the node's state cannot be seen.
    Unknown {
        /// Which node.
        node: NodeIdent,
        /// Why it cannot.
        error: Box<Error>,
    },
    /// What answers is not Ironic's API, or is broken.
    NotIronic {
        /// What was asked for.
        operation: Operation,
        /// Its URL.
        endpoint: String,
        /// What is wrong with the answer.
        what: &'static str,
    },
    /// Ironic is too old for what is wanted.
    TooOld {
        /// What is wanted.
        feature: Feature,
        /// The newest version of that Ironic's.
        max: Microversion,
    },
    /// Ironic is newer than anything that this crate knows.
    TooNew(VersionRange),
    /// The deployment was started and did not end at `active`.
    Failed {
        /// Which node.
        node: NodeIdent,
        /// Where it ended.
        state: ProvisionState,
        /// Ironic's words.
        last_error: Option<String>,
    },
    /// The deployment was started and goes on.
    TimedOut {
        /// Which node.
        node: NodeIdent,
        /// Where it is.
        state: ProvisionState,
        /// How long it was waited for.
        after: Duration,
    },
    /// The deployment was started; how it goes on could not be seen.
    Unwatched {
        /// Which node.
        node: NodeIdent,
        /// Why.
        error: Box<Error>,
    },
}

impl Error {
    /// Whether the same may succeed a little later, where nothing but the answer counts.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Transport { error, .. } => {
                !matches!(error, TransportError::Unauthenticated(_) | TransportError::TooLarge)
            }
            Self::Refused { fault, .. } => matches!(fault.status, 409 | 429 | 500 | 502..=504),
            // The page of a proxy whose Ironic is away.
            Self::NotIronic { .. } => true,
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drive(error) => error.fmt(f),
            Self::CheckFailed { errors } => {
                let errors = if *errors == 1 { "an error".into() } else { format!("{errors} errors") };
                write!(f, "the check found {errors} in the drive, and nothing was sent")
            }
            Self::NotADrive => f.write_str("the component's drive is not base64"),
            Self::TooLarge { length } => write!(
                f,
                "the request would be {length} bytes long, and Ironic reads {}: the drive is too large",
                ProvisionRequest::LIMIT
            ),
            Self::Transport { operation, endpoint, .. } => write!(f, "{operation}: Ironic at {endpoint}"),
            Self::Refused { operation, fault: Fault { status, words } } if words.is_empty() => {
                write!(f, "{operation}: Ironic answers {status} without a word")
            }
            Self::Refused { operation, fault: Fault { status, words } } => {
                write!(f, "{operation}: Ironic answers {status}: {words}")
            }
            Self::WrongState { node, state, target } => {
                write!(f, "node {node} is `{state}`")?;
                f.write_str(match (target, state.as_str()) {
                    (Target::Active, "active") => ": it has an instance",
                    (Target::Active, _) if state.is_deploying() => ": a deployment goes on already",
                    (Target::Active, _) => ", and only one that is `available` or `deploy failed` is deployed",
                    (Target::Rebuild, "available") => ": it has no instance yet",
                    (Target::Rebuild, _) => ", and only one that is `active`, `deploy failed` or `error` is rebuilt",
                })
            }
            Self::Maintenance { node, reason } => {
                write!(f, "node {node} is in maintenance, where Ironic deploys nothing")?;
                reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
            Self::Unfit { node, reasons } => {
                let reasons: Vec<String> = reasons.iter().map(Reason::to_string).collect();
                write!(f, "node {node} is not fit for a deployment: {}", reasons.join("; "))
            }
            Self::NotStarted { node, .. } => write!(f, "node {node} has not begun"),
            Self::Unknown { node, .. } => {
                write!(f, "whether the deployment of node {node} was started is unknown")
            }
            Self::NotIronic { operation, endpoint, what } => write!(f, "{operation}: {endpoint}: {what}"),
            Self::TooOld { feature, max } => write!(
                f,
                "this Ironic is too old: it speaks API versions up to {max}, and {} is needed for {feature}",
                feature.since()
            ),
            Self::TooNew(range) => write!(
                f,
                "this Ironic is too new: it speaks API versions {} to {}, and configdrive knows {}",
                range.min,
                range.max,
                Microversion::NEWEST_KNOWN
            ),
            Self::Failed { node, state, last_error: Some(words) } => {
                write!(f, "the deployment of node {node} ended at `{state}`: {words}")
            }
            Self::Failed { node, state, last_error: None } => {
                write!(f, "the deployment of node {node} ended at `{state}`; Ironic does not say why")
            }
            Self::TimedOut { node, state, after } => {
                write!(f, "node {node} is `{state}` after {} s; its deployment goes on", after.as_secs())
            }
            Self::Unwatched { node, .. } => {
                write!(f, "the deployment of node {node} was started, how it goes on is unknown")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // It is shown in place of this one.
            Self::Drive(error) => error.source(),
            Self::Transport { error, .. } => Some(error),
            Self::NotStarted { error, .. } | Self::Unknown { error, .. } | Self::Unwatched { error, .. } => {
                Some(&**error)
            }
            _ => None,
        }
    }
}
