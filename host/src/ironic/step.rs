//! What happens during a deployment, for those who watch.

use std::fmt;

use configdrive_contract::{Finding, chain};

use super::error::Error;
use super::node::Node;
use super::provision::{Drive, Target};

/// What a deployment is about to do, for whoever watches it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<'a> {
    /// The node is there.
    Found(&'a Node),
    /// The instance needs no drive (Nova's `required_by`): its deployment is started without one.
    NoDriveNeeded,
    /// The ports and port groups have been fetched, and the drive is being built.
    Building,
    /// Something about the drive that will not work on this node. Nothing is sent after one that is an error.
    Finding(&'a Finding),
    /// The drive is built.
    Built(&'a Drive),
    /// The node is active with this drive already: nothing is sent.
    AlreadyActive,
    /// The request is being sent.
    Sending(Target),
    /// Something failed for a reason that may pass.
    TryingAgain(&'a Error),
    /// The answer to the request is lost. The node's state will tell whether it arrived.
    Looking(&'a Error),
    /// The deployment has begun.
    Accepted,
    /// The node has come to another state, or to another step of its deployment.
    State(&'a Node),
    /// The deployment is done, and could not be noted down in the node's `extra`.
    NotRecorded(&'a Error),
}

impl Step<'_> {
    /// Whether it is something that somebody should know of even where all goes well in the end.
    pub fn is_warning(&self) -> bool {
        matches!(self, Self::Finding(_) | Self::TryingAgain(_) | Self::Looking(_) | Self::NotRecorded(_))
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(node) => write!(f, "node {} ({}) is {}", node.label(), node.uuid, node.provision_state),
            Self::NoDriveNeeded => f.write_str("the instance needs no config drive"),
            Self::Building => f.write_str("building the config drive from the document and the node's ports"),
            Self::Finding(finding) => finding.fmt(f),
            Self::Built(drive) => write!(f, "config drive: {}", drive.digest()),
            Self::AlreadyActive => f.write_str("the node is active with this drive already"),
            Self::Sending(Target::Active) => f.write_str("asking Ironic to deploy"),
            Self::Sending(Target::Rebuild) => f.write_str("asking Ironic to rebuild"),
            Self::TryingAgain(error) => write!(f, "{}; trying again", chain(*error)),
            Self::Looking(error) => write!(f, "{}; looking whether the node has begun", chain(*error)),
            Self::Accepted => f.write_str("Ironic has started"),
            Self::State(node) => {
                write!(f, "node {} is {}", node.label(), node.provision_state)?;
                node.deploy_step.name().map_or(Ok(()), |step| write!(f, ", at {step}"))
            }
            Self::NotRecorded(error) => write!(f, "{}; a later run will not know what the node has", chain(*error)),
        }
    }
}
