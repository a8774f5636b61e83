//! How far a deployment has come, for the message after an interrupt.

use configdrive_host::ironic::Step;

/// What is known about the start of a node's deployment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// It has not started.
    Before,
    /// It may have started: the request is being sent.
    Sending,
    /// It may have started: the answer was lost.
    Doubt,
    /// It has started.
    Started,
}

impl Phase {
    pub fn after(self, step: &Step<'_>) -> Self {
        match (self, step) {
            (_, Step::Accepted) | (Self::Started, _) => Self::Started,
            (_, Step::Looking(_)) | (Self::Doubt, _) => Self::Doubt,
            (_, Step::Sending(_)) => Self::Sending,
            // Ironic has refused the request.
            (_, Step::TryingAgain(_)) => Self::Before,
            (phase, _) => phase,
        }
    }
}
