//! Starting a deployment exactly once.

use std::time::Duration;

use super::client::Ironic;
use super::error::Error;
use super::node::Node;
use super::patience::{Patience, Pauses};
use super::provision::{SealedRequest, Target};
use super::step::Step;
use crate::transport::{Fault, Transport, TransportError};

/// Sends `request` until its deployment has started, and returns the node as it was right before.
///
/// A deployment is never started twice. A request that Ironic refused has started nothing, and is sent again if the reason is
/// temporary: the node is locked (409), or no conductor or API is available (503). If the answer is lost, the node's state
/// decides.
pub(super) async fn start<T: Transport>(
    ironic: &Ironic<T>,
    mut node: Node,
    request: &SealedRequest,
    patience: Patience,
    observe: &mut impl FnMut(Step<'_>),
) -> Result<Node, Error> {
    let mut attempts = patience.attempts();
    // Whether an earlier request may still arrive. If it does, Ironic refuses the next one.
    let mut in_doubt = false;
    loop {
        observe(Step::Sending(request.target));
        let Err(error) = send(ironic, &node, request, patience).await else { return Ok(node) };
        match Outcome::of(&error) {
            Outcome::Refused if !in_doubt => return Err(error),
            refused @ (Outcome::Refused | Outcome::NotYet) => {
                let again = matches!(refused, Outcome::NotYet) && attempts.again(&error, observe).await;
                // The operation that held the lock may have changed the state.
                let seen = patience.ask(observe, || ironic.node(&node.uuid)).await?;
                if in_doubt && seen.has_changed_since(&node) {
                    return Ok(node);
                }
                if !again {
                    return Err(error);
                }
                check_fit(&seen, request.target)?;
                node = seen;
            }
            Outcome::Unknown => {
                observe(Step::Looking(&error));
                match look(ironic, &node, patience, observe).await {
                    Ok(Seen::Started) => return Ok(node),
                    Ok(Seen::Unchanged) if may_repeat(&error, &node, request) => {
                        in_doubt = true;
                        if !attempts.again(&error, observe).await {
                            return Err(Error::NotStarted { node: node.label().clone(), error: error.into() });
                        }
                    }
                    Ok(Seen::Unchanged) => {
                        return Err(Error::NotStarted { node: node.label().clone(), error: error.into() });
                    }
                    Err(error) => return Err(Error::Unknown { node: node.label().clone(), error: error.into() }),
                }
            }
        }
    }
}

/// Checks whether Ironic would accept a request for `target`.
pub(super) fn check_fit(node: &Node, target: Target) -> Result<(), Error> {
    if node.maintenance {
        return Err(Error::Maintenance { node: node.label().clone(), reason: node.maintenance_reason() });
    }
    if !node.provision_state.allows(target) {
        let state = node.provision_state.clone();
        return Err(Error::WrongState { node: node.label().clone(), state, target });
    }
    Ok(())
}

async fn send<T: Transport>(
    ironic: &Ironic<T>,
    node: &Node,
    request: &SealedRequest,
    patience: Patience,
) -> Result<(), Error> {
    let sending = ironic.provision(node, request);
    match patience.left().map(|left| left.max(MIN_ANSWER_TIME)) {
        None => sending.await,
        Some(left) => tokio::time::timeout(left, sending).await.unwrap_or_else(|_| {
            Err(Error::Transport {
                operation: request.operation(node.label().clone()),
                endpoint: ironic.endpoint().to_owned(),
                error: TransportError::Timeout(left),
            })
        }),
    }
}

/// The minimum wait for an answer, even if less time is left: without its answer, the outcome of a request is in doubt, and for a
/// locked node Ironic needs seconds to answer.
const MIN_ANSWER_TIME: Duration = Duration::from_secs(10);

/// What an error reveals about the request.
enum Outcome {
    /// Ironic refused it for good.
    Refused,
    /// Nothing was started, but it may succeed a little later.
    NotYet,
    /// It may have arrived.
    Unknown,
}

impl Outcome {
    fn of(error: &Error) -> Self {
        match error {
            Error::Refused { fault: Fault { status, .. }, .. } => match status {
                409 | 429 | 503 => Self::NotYet,
                // Ironic failed, or a proxy lost the connection to it.
                500 | 502 | 504 => Self::Unknown,
                _ => Self::Refused,
            },
            Error::Transport { error, .. } => match error {
                TransportError::Unreachable(_) | TransportError::Untrusted(_) => Self::NotYet,
                TransportError::Unauthenticated(_) => Self::Refused,
                TransportError::Lost(_) | TransportError::Timeout(_) | TransportError::TooLarge => Self::Unknown,
            },
            _ => Self::Refused,
        }
    }
}

enum Seen {
    Started,
    Unchanged,
}

/// Checks whether a deployment has started since the node was `before`. Ironic changes the state before it answers, but a proxy
/// may forward a request late.
async fn look<T: Transport>(
    ironic: &Ironic<T>,
    before: &Node,
    patience: Patience,
    observe: &mut impl FnMut(Step<'_>),
) -> Result<Seen, Error> {
    let mut attempts = patience.attempts();
    let mut pauses = Pauses::new();
    let mut watched_for = Duration::ZERO;
    loop {
        match ironic.node(&before.uuid).await {
            Ok(node) if node.has_changed_since(before) => return Ok(Seen::Started),
            // A new lock may be that of the deployment.
            Ok(node) if watched_for >= WATCH_TIME && (node.reservation.is_none() || before.reservation.is_some()) => {
                return Ok(Seen::Unchanged);
            }
            Ok(_) => {
                let pause = pauses.next();
                watched_for += pause;
                tokio::time::sleep(pause).await;
            }
            Err(error) if error.may_pass() && attempts.again(&error, observe).await => {}
            Err(error) => return Err(error),
        }
    }
}

/// How long to watch for the start of a deployment.
const WATCH_TIME: Duration = Duration::from_secs(10);

/// Returns whether a request without visible effect may be sent once more. If the first one arrives after all, Ironic's state
/// machine refuses the second: a node that is `available` is deployed only once. A rebuild could happen twice.
fn may_repeat(error: &Error, node: &Node, request: &SealedRequest) -> bool {
    let answered = matches!(error, Error::Refused { fault: Fault { status: 500, .. }, .. });
    !answered && request.target == Target::Active && node.provision_state.is_available()
}

#[cfg(test)]
mod tests {
    use super::super::provision::ProvisionRequest;
    use super::super::testing::{Script, run};
    use super::*;
    use crate::chain;
    use crate::transport::Method;

    const LOCKED: &str = r#"{"error_message": "{\"faultstring\": \"Node n is locked by host c\"}"}"#;

    fn node(state: &str, updated_at: u32) -> String {
        format!(
            r#"{{"uuid": "u", "name": "n", "provision_state": "{state}", "provision_updated_at": "{updated_at}", "maintenance": false}}"#
        )
    }

    fn lost() -> Result<(u16, &'static str), TransportError> {
        Err(TransportError::Lost("reset".into()))
    }

    /// Returns the outcome, and how many requests to deploy were sent.
    fn start(
        before: &str,
        target: Target,
        answers: Vec<Result<(u16, &str), TransportError>>,
    ) -> (Result<(), String>, usize) {
        let script = Script::with_statuses(Some(("1.1", "1.115")), answers);
        let before = serde_json::from_str(before).unwrap();
        let request = ProvisionRequest { target, drive: None }.seal().unwrap();
        let outcome = run(async {
            let ironic = Ironic::connect(&script).await?;
            super::start(&ironic, before, &request, Patience::new(None), &mut |_| ()).await
        });
        let puts = script.requests().iter().filter(|request| request.method == Method::Put).count();
        (outcome.map(drop).map_err(|error| chain(&error)), puts)
    }

    #[test]
    fn a_locked_node_is_retried_in_its_new_state() {
        let available = node("available", 1);
        let answers = vec![Ok((409, LOCKED)), Ok((200, &*available)), Ok((202, ""))];
        assert_eq!(start(&available, Target::Active, answers), (Ok(()), 2));

        let cleaning = node("cleaning", 2);
        let (outcome, puts) = start(&available, Target::Active, vec![Ok((409, LOCKED)), Ok((200, &cleaning))]);
        assert!(outcome.unwrap_err().contains("is `cleaning`"));
        assert_eq!(puts, 1);
    }

    #[test]
    fn a_request_that_ironic_refuses_for_good_is_not_sent_again() {
        for status in [400, 401, 403, 404, 413] {
            let (outcome, puts) = start(&node("available", 1), Target::Active, vec![Ok((status, ""))]);
            assert!(outcome.unwrap_err().contains(&status.to_string()));
            assert_eq!(puts, 1);
        }
    }

    #[test]
    fn a_request_whose_answer_is_lost_is_not_sent_again_if_the_deployment_has_started() {
        let deploying = node("deploying", 2);
        for answer in [lost(), Ok((502, "<html>")), Ok((500, "")), Err(TransportError::Timeout(Duration::from_secs(9)))]
        {
            let answers = vec![answer, Ok((200, &*deploying))];
            assert_eq!(start(&node("available", 1), Target::Active, answers), (Ok(()), 1));
        }
    }

    #[test]
    fn a_lost_request_is_sent_again_if_the_node_stays_available() {
        let available = node("available", 1);
        let looks = std::iter::repeat_n(Ok((200, &*available)), 8);
        let answers = std::iter::once(lost()).chain(looks.clone()).chain([Ok((202, ""))]).collect();
        assert_eq!(start(&available, Target::Active, answers), (Ok(()), 2));

        // The first request arrives late, and Ironic refuses the second.
        let deploying = node("deploying", 2);
        let late = [Ok((400, "")), Ok((200, &*deploying))];
        let answers = std::iter::once(lost()).chain(looks).chain(late).collect();
        assert_eq!(start(&available, Target::Active, answers), (Ok(()), 2));
    }

    #[test]
    fn a_lost_rebuild_is_left_to_the_operator() {
        let active = node("active", 1);
        let answers = std::iter::once(lost()).chain(std::iter::repeat_n(Ok((200, &*active)), 8)).collect();
        let (outcome, puts) = start(&active, Target::Rebuild, answers);
        assert!(outcome.unwrap_err().starts_with("the deployment of node n was not started: "));
        assert_eq!(puts, 1);
    }

    #[test]
    fn an_ironic_that_stays_unreachable_leaves_the_start_unknown() {
        let gone = std::iter::repeat_with(|| Err(TransportError::Unreachable("refused".into()))).take(100);
        let (outcome, puts) =
            start(&node("available", 1), Target::Active, std::iter::once(lost()).chain(gone).collect());
        assert!(outcome.unwrap_err().starts_with("it is unknown whether the deployment of node n was started: "));
        assert_eq!(puts, 1);
    }
}
