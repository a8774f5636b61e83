//! The steps of a deployment, for observers.

use std::fmt;

use configdrive_contract::{Finding, chain};

use super::error::Error;
use super::node::Node;
use super::provision::{Drive, Target};

/// A step of a deployment. `Display` describes it in one line.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<'a> {
    /// The node was found.
    Found(&'a Node),
    /// The instance needs no drive (Nova's `required_by`), and is deployed without one.
    NoDriveNeeded,
    /// The ports and port groups have been fetched, and the drive is being built.
    Building,
    /// The finished drive, or the metadata of which Ironic builds it, is being checked.
    Inspecting,
    /// Ironic's agent fetches the drive, which therefore cannot be checked.
    NotInspected,
    /// The check found a problem that concerns this node. If its severity is error, nothing is sent.
    Finding(&'a Finding),
    /// The drive is built.
    Built(&'a Drive),
    /// The node is already active with this drive, and nothing is sent.
    AlreadyActive,
    /// An earlier run has started this deployment, and this one waits for its end.
    Resuming,
    /// The node is being claimed, or the request is being sent.
    Sending(Target),
    /// Ironic does not allow the node to be claimed, and it is deployed without a claim.
    NotClaimed(&'a Error),
    /// A temporary failure occurred, and the operation is retried.
    TryingAgain(&'a Error),
    /// The answer does not show whether the request arrived, and the node's state is checked.
    Looking(&'a Error),
    /// Ironic accepted the request, and the deployment has started.
    Accepted,
    /// The node is in a new state, or at a new step of its deployment.
    State(&'a Node),
    /// The deployment is done, but could not be recorded in the node's `extra`.
    NotRecorded(&'a Error),
}

impl Step<'_> {
    /// Returns whether the step deserves attention even if the deployment succeeds.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::Finding(_) | Self::NotClaimed(_) | Self::TryingAgain(_) | Self::Looking(_) | Self::NotRecorded(_)
        )
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(node) => write!(f, "node {} ({}) is {}", node.label(), node.uuid, node.provision_state),
            Self::NoDriveNeeded => f.write_str("the instance needs no config drive"),
            Self::Building => f.write_str("building the config drive from the document and the node's ports"),
            Self::Inspecting => f.write_str("checking the config drive"),
            Self::NotInspected => f.write_str("the config drive is not checked, because Ironic fetches it"),
            Self::Finding(finding) => finding.fmt(f),
            Self::Built(drive) => write!(f, "config drive: {}", drive.digest()),
            Self::AlreadyActive => f.write_str("the node is already active with this drive"),
            Self::Resuming => f.write_str("an earlier run has started this deployment; waiting for its end"),
            Self::NotClaimed(error) => write!(f, "{}; deploying without a claim", chain(*error)),
            Self::Sending(Target::Active) => f.write_str("asking Ironic to deploy"),
            Self::Sending(Target::Rebuild) => f.write_str("asking Ironic to rebuild"),
            Self::TryingAgain(error) => write!(f, "{}; trying again", chain(*error)),
            Self::Looking(error) => write!(f, "{}; checking whether the deployment has started", chain(*error)),
            Self::Accepted => f.write_str("Ironic has started the deployment"),
            Self::State(node) => {
                write!(f, "node {} is {}", node.label(), node.provision_state)?;
                node.deploy_step.name().map_or(Ok(()), |step| write!(f, ", at {step}"))
            }
            Self::NotRecorded(error) => {
                write!(f, "{}; a later run will not know that the node has this drive", chain(*error))
            }
        }
    }
}
