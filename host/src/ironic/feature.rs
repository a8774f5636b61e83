//! What requests rely on.

use std::fmt;

use crate::transport::Microversion;

/// Something that a request relies on, and that old servers lack (Ironic's REST API version history).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// The state `available` has its name since 1.2, nodes have names since 1.5, answers can be cut down to some fields
    /// since 1.8, and nodes show their network interface since 1.20.
    Nodes,
    /// Port groups exist since 1.23 and show their ports, mode and properties, of which the drive's bonds are made,
    /// since 1.26.
    PortGroups,
    /// A rebuild takes a drive since 1.35.
    RebuildWithDrive,
    /// Nodes show the step that their deployment is at since 1.44.
    DeploySteps,
}

impl Feature {
    /// The oldest version that has it.
    pub fn since(self) -> Microversion {
        match self {
            Self::Nodes => Microversion::new(1, 20),
            Self::PortGroups => Microversion::new(1, 26),
            Self::RebuildWithDrive => Microversion::new(1, 35),
            Self::DeploySteps => Microversion::new(1, 44),
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nodes => "nodes with all that is needed of them",
            Self::PortGroups => "port groups with their properties",
            Self::RebuildWithDrive => "a rebuild with a config drive",
            Self::DeploySteps => "the steps of a deployment",
        })
    }
}
