//! How far a deployment has come, for those who interrupt it.

use configdrive_host::ironic::Step;

/// What is known of a node's deployment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// It has not begun.
    Before,
    /// It may have begun.
    Sending,
    /// It may have begun, and the answer is lost.
    Doubt,
    /// It has begun.
    Begun,
}

impl Phase {
    pub fn after(self, step: &Step<'_>) -> Self {
        match (self, step) {
            (_, Step::Accepted) | (Self::Begun, _) => Self::Begun,
            (_, Step::Looking(_)) | (Self::Doubt, _) => Self::Doubt,
            (_, Step::Sending(_)) => Self::Sending,
            // Ironic has refused it.
            (_, Step::TryingAgain(_)) => Self::Before,
            (phase, _) => phase,
        }
    }
}
