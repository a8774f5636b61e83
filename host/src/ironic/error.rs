use std::fmt;
use std::time::Duration;

use super::fault::Fault;
use super::node::{NodeIdent, ProvisionState};
use super::provision::{ProvisionRequest, Target};
use super::transport::TransportError;
use super::validation::Reason;
use super::version::{Feature, Microversion, VersionRange};
use crate::{cloud, sandbox};

/// Why a deployment did not come about. Each `Display` is one line for people, fit for a terminal.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// There is no way into the cloud; Ironic was not asked.
    Cloud(cloud::Error),
    /// The component has no answer for the document.
    Drive(sandbox::Error),
    /// The component's text is not base64: it is broken, or not ours.
    NotADrive,
    /// The check found errors; nothing was sent.
    Useless {
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
        doing: Doing,
        /// Ironic's URL.
        endpoint: String,
        /// Why there was none.
        error: TransportError,
    },
    /// Ironic said no.
    Refused {
        /// What was asked for.
        doing: Doing,
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
    NotBegun {
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
        doing: Doing,
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

/// What was asked of Ironic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Which versions it speaks.
    Versions,
    /// A node.
    Node(NodeIdent),
    /// A node's ports.
    Ports(NodeIdent),
    /// A node's port groups.
    PortGroups(NodeIdent),
    /// Whether a node is fit for a deployment.
    Validate(NodeIdent),
    /// To deploy a node.
    Deploy(NodeIdent),
    /// To rebuild a node.
    Rebuild(NodeIdent),
    /// To note down in a node's `extra` what it has.
    Record(NodeIdent),
}

impl Error {
    /// Whether the same may succeed a little later, where nothing but the answer counts.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Transport { error, .. } => {
                matches!(error, TransportError::Unreachable(_) | TransportError::Lost(_) | TransportError::Timeout(_))
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
            Self::Cloud(error) => error.fmt(f),
            Self::Drive(error) => error.fmt(f),
            Self::Useless { errors } => {
                let errors = if *errors == 1 { "an error".into() } else { format!("{errors} errors") };
                write!(
                    f,
                    "the check found {errors} in the drive, and nothing was sent; --no-check deploys all the same"
                )
            }
            Self::NotADrive => f.write_str("the component's drive is not base64"),
            Self::TooLarge { length } => write!(
                f,
                "the request would be {length} bytes long, and Ironic reads {}: the drive is too large",
                ProvisionRequest::LIMIT
            ),
            Self::Transport { doing, endpoint, error } => write!(f, "{doing}: Ironic at {endpoint}: {error}"),
            Self::Refused { doing, fault: Fault { status, words } } if words.is_empty() => {
                write!(f, "{doing}: Ironic answers {status} without a word")
            }
            Self::Refused { doing, fault: Fault { status, words } } => {
                write!(f, "{doing}: Ironic answers {status}: {words}")
            }
            Self::WrongState { node, state, target } => {
                write!(f, "node {node} is `{state}`")?;
                f.write_str(match (target, state.as_str()) {
                    (Target::Active, "active") => ": it has an instance; --rebuild deploys it again",
                    (Target::Active, _) if state.is_deploying() => {
                        ": a deployment goes on already; --attach waits for it"
                    }
                    (Target::Active, _) => ", and only one that is `available` or `deploy failed` is deployed",
                    (Target::Rebuild, "available") => ": it has no instance yet; without --rebuild it is deployed",
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
            Self::NotBegun { node, error } => {
                write!(f, "node {node} has not begun: {error}; it is as it was, and the same command may be run again")
            }
            Self::Unknown { node, error } => write!(
                f,
                "whether the deployment of node {node} was started is unknown: {error}; look at the node before you run \
                 this again"
            ),
            Self::NotIronic { doing, endpoint, what } => write!(f, "{doing}: {endpoint}: {what}"),
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
            Self::TimedOut { node, state, after } => write!(
                f,
                "node {node} is `{state}` after {} s; its deployment goes on, `configdrive deploy {node} --attach` waits \
                 for it",
                after.as_secs()
            ),
            Self::Unwatched { node, error } => {
                write!(
                    f,
                    "the deployment of node {node} was started, how it goes on is unknown: {error}; `configdrive deploy {node} --attach` waits for it"
                )
            }
        }
    }
}

impl std::error::Error for Error {}

impl From<cloud::Error> for Error {
    fn from(error: cloud::Error) -> Self {
        Self::Cloud(error)
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Versions => f.write_str("cannot ask for the API's versions"),
            Self::Node(node) => write!(f, "cannot look up node {node}"),
            Self::Ports(node) => write!(f, "cannot fetch the ports of node {node}"),
            Self::PortGroups(node) => write!(f, "cannot fetch the port groups of node {node}"),
            Self::Validate(node) => write!(f, "cannot ask whether node {node} is fit for a deployment"),
            Self::Deploy(node) => write!(f, "cannot deploy node {node}"),
            Self::Rebuild(node) => write!(f, "cannot rebuild node {node}"),
            Self::Record(node) => write!(f, "cannot note down in the `extra` of node {node} what it has"),
        }
    }
}
