//! Features of Ironic's API that requests rely on.

use std::fmt;

use crate::transport::Microversion;

/// A feature that a request relies on and old servers lack (Ironic's REST API version history).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// Node details: the state `available` has its name since 1.2, nodes have names since 1.5, answers can be restricted to
    /// some fields since 1.8, and nodes show their network interface since 1.20.
    Nodes,
    /// Port groups: they exist since 1.23, and since 1.26 they show their ports, mode and properties, from which the drive's
    /// bonds are built.
    PortGroups,
    /// Rebuilds with a drive, which are possible since 1.35.
    RebuildWithDrive,
    /// The current step of a deployment, which nodes show since 1.44.
    DeploySteps,
}

impl Feature {
    /// Returns the oldest version that has the feature.
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
            Self::Nodes => "node details",
            Self::PortGroups => "port groups with their properties",
            Self::RebuildWithDrive => "rebuilds with a config drive",
            Self::DeploySteps => "the steps of a deployment",
        })
    }
}
