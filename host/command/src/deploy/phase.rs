//! How far a deployment has come, for the message after an interrupt.

use configdrive_host::ironic::Step;

/// What is known about the start of a node's deployment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// It has not started.
    Before,
    /// It may have started: the request is being sent, or its answer does not show whether it was processed.
    Sending,
    /// It has started.
    Started,
}

impl Phase {
    pub fn after(self, step: &Step<'_>) -> Self {
        match (self, step) {
            (_, Step::Accepted | Step::Resuming) | (Self::Started, _) => Self::Started,
            (_, Step::Sending(_)) => Self::Sending,
            (phase, _) => phase,
        }
    }
}

#[cfg(test)]
mod tests {
    use configdrive_host::{
        ironic::{self, Operation, Target},
        transport::Fault,
    };

    use super::*;

    fn refused(operation: fn(ironic::NodeIdent) -> Operation, status: u16) -> ironic::Error {
        ironic::Error::Refused {
            operation: operation("n".parse().unwrap()),
            fault: Fault { status, words: String::new() },
        }
    }

    #[test]
    fn after_any_answer_to_the_request_it_may_have_started() {
        let sending = Phase::Before.after(&Step::Sending(Target::Active));
        let error = refused(Operation::Deploy, 503);
        assert_eq!(sending.after(&Step::TryingAgain(&error)), Phase::Sending);
        assert_eq!(sending.after(&Step::Looking(&error)), Phase::Sending);
        assert_eq!(sending.after(&Step::Accepted).after(&Step::TryingAgain(&error)), Phase::Started);
    }

    #[test]
    fn a_claim_that_is_refused_says_nothing_about_the_request() {
        let refused = refused(Operation::Claim, 409);
        assert_eq!(Phase::Before.after(&Step::TryingAgain(&refused)), Phase::Before);
        // Before the request is sent again, Ironic writes the claim once more. A lock may be that of the deployment.
        let sending = Phase::Before.after(&Step::Sending(Target::Active));
        assert_eq!(sending.after(&Step::TryingAgain(&refused)), Phase::Sending);
    }
}
