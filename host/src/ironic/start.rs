//! Starting a deployment at most once.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::client::Ironic;
use super::error::Error;
use super::hold::{Held, Terms, claimed, hold, release};
use super::instance_info::InstanceInfo;
use super::node::Node;
use super::operation::Operation;
use super::patience::{Attempts, Patience, Pauses, RETRY_TIME};
use super::provision::{SealedRequest, Target};
use super::step::Step;
use crate::transport::{Fault, Transport, TransportError};

/// Claims the node, sets its `instance_info` if there is something to set, and sends `request` until the deployment has started. Returns the node as it was right before the deployment.
///
/// This does not start a deployment twice. Only a 202 means that it was started. After any other answer, even a refusal, this checks
/// the node, since a proxy may have replaced the answer. It sends the request again only if that may help and Ironic confirms that
/// the node is unchanged.
pub(super) async fn start<T: Transport>(
    ironic: &Ironic<T>,
    node: Node,
    request: &SealedRequest,
    terms: &Terms,
    patience: Patience,
    observe: &mut impl FnMut(Step<'_>),
) -> Result<Node, Error> {
    // Leaves time to remove the claim.
    let inner = patience.less(Duration::from_secs(1), 10);
    let held = hold(ironic, node, request.target, terms, inner, observe).await?;
    let (node, new) = (held.node.clone(), held.new.clone());
    let starting = Starting { ironic, request, patience: inner, is_ours: held.is_ours };
    if !terms.instance_info.is_empty()
        && let Err(error) = validate(ironic, &node, inner, observe).await
    {
        if let Some(new) = new {
            release(ironic, &node, &new, patience).await;
        }
        return Err(error);
    }
    let outcome = starting.start(held, observe).await;
    if let (Some(new), Err(error)) = (new, &outcome)
        && error.leaves_node_unchanged()
    {
        release(ironic, &node, &new, patience).await;
    }
    outcome
}

/// Asks Ironic to validate the node.
pub(super) async fn validate<T: Transport>(
    ironic: &Ironic<T>,
    node: &Node,
    patience: Patience,
    observe: &mut impl FnMut(Step<'_>),
) -> Result<(), Error> {
    let validated = patience.ask(Operation::Validate(node.label().clone()), observe, || ironic.validate(node));
    let reasons = validated.await?.reasons();
    if reasons.is_empty() { Ok(()) } else { Err(Error::Unfit { node: node.label().clone(), reasons }) }
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

struct Starting<'a, T> {
    ironic: &'a Ironic<T>,
    request: &'a SealedRequest,
    patience: Patience,
    /// Whether the node has our claim.
    is_ours: bool,
}

impl<T: Transport> Starting<'_, T> {
    async fn start(&self, held: Held, observe: &mut impl FnMut(Step<'_>)) -> Result<Node, Error> {
        let mut node = held.node;
        let mut attempts = self.patience.attempts();
        // Whether a request may have arrived.
        let mut sent = false;
        let mut refused_token = false;
        loop {
            observe(Step::Sending(self.request.target));
            let version = self.ironic.version();
            let Err(error) = self.send(&node).await else { return Ok(node) };
            let doubt = Doubt::of(&error, self.ironic.version() < version, &mut refused_token);
            sent |= doubt != Doubt::Unsent;
            let again = match doubt {
                Doubt::Unsent | Doubt::Busy => attempts.again(&error, observe).await,
                Doubt::Lost => {
                    observe(Step::Looking(&error));
                    true
                }
                Doubt::Refused => true,
            };
            let seen = match self.look(&node, doubt, observe).await {
                Ok(seen) => seen,
                Err(_) if doubt == Doubt::Unsent && !sent => return Err(attempts.give_up(self.operation(&node), error)),
                Err(error) => return Err(Error::Unknown { node: node.label().clone(), error: error.into() }),
            };
            let may_repeat = match doubt {
                Doubt::Unsent | Doubt::Busy => again,
                Doubt::Lost => may_repeat(&error, &node, self.request.target),
                Doubt::Refused => false,
            };
            let confirmed = match seen {
                Seen::Unchanged if again => self.confirm(&node, &mut attempts, observe).await?,
                seen => seen,
            };
            match confirmed {
                Seen::Confirmed(confirmed) if may_repeat => {
                    check_fit(&confirmed, self.request.target)?;
                    node = *confirmed;
                }
                Seen::Confirmed(_) => return Err(self.not_started(&node, doubt, again, &attempts, error)),
                Seen::Moved(now) if sent => return self.moved(node, &now, error),
                // Nothing was sent, so this is somebody else's doing.
                Seen::Moved(now) => {
                    check_fit(&now, self.request.target)?;
                    let is_taken = now.instance_uuid.is_some() && now.instance_uuid != node.instance_uuid;
                    return Err(if is_taken { claimed(&now) } else { attempts.give_up(self.operation(&node), error) });
                }
                Seen::Unchanged => return Err(self.not_started(&node, doubt, again, &attempts, error)),
                Seen::Locked => return Err(self.still_locked(&node, doubt, &attempts, error)),
            }
        }
    }

    async fn send(&self, node: &Node) -> Result<(), Error> {
        // Leaves time to look at the node.
        let patience = self.patience.less(LOOK_TIME, 3);
        let left = patience.left().unwrap_or_default();
        let sending = patience.limit(self.ironic.provision(node, self.request));
        sending.await.unwrap_or_else(|| {
            Err(Error::Transport {
                operation: self.operation(node),
                endpoint: self.ironic.endpoint().to_owned(),
                error: TransportError::Timeout(left),
            })
        })
    }

    /// Checks whether a deployment has started since `before` was read. Ironic changes the state before it answers, but a proxy may
    /// forward a request late, so this may watch the node for a while.
    async fn look(&self, before: &Node, doubt: Doubt, observe: &mut impl FnMut(Step<'_>)) -> Result<Seen, Error> {
        let started = Instant::now();
        let watch_time = doubt.watch_time(before.instance_uuid.is_some());
        let mut pauses = Pauses::new();
        loop {
            let operation = Operation::Node(before.label().clone());
            let node = self.patience.ask(operation, observe, || self.ironic.node(&before.uuid)).await?;
            if has_moved(before, &node) {
                return Ok(Seen::Moved(node.into()));
            }
            // The deployment may be what locks the node.
            let locked = node.reservation.is_some() && doubt != Doubt::Refused;
            if !locked && started.elapsed() >= watch_time {
                return Ok(Seen::Unchanged);
            }
            let pause = pauses.next();
            let out_of_time = match self.patience.left() {
                Some(left) => left <= pause,
                None => started.elapsed() + pause >= RETRY_TIME,
            };
            if out_of_time {
                return Ok(Seen::Locked);
            }
            sleep(pause).await;
        }
    }

    /// Asks Ironic to confirm that the node is unchanged, by writing the node's `instance_uuid` again. Reads may come from a lagging
    /// database, but the conductor that performs the write knows the node's state, and refuses to write while the node is locked.
    ///
    /// A node without a claim is not written to. If it is `available`, it counts as confirmed, since Ironic deploys it only once.
    async fn confirm(
        &self,
        before: &Node,
        attempts: &mut Attempts,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<Seen, Error> {
        let Some(instance) = &before.instance_uuid else {
            let is_available = before.provision_state.is_available();
            return Ok(if is_available { Seen::Confirmed(before.clone().into()) } else { Seen::Unchanged });
        };
        loop {
            let operation = Operation::Claim(before.label().clone());
            let error = match self
                .patience
                .within(operation, self.ironic.claim(before, instance, None, &InstanceInfo::default()))
                .await
            {
                Ok(Some(node)) if has_moved(before, &node) => return Ok(Seen::Moved(node.into())),
                Ok(Some(node)) => return Ok(Seen::Confirmed(node.into())),
                Ok(None) => return Ok(Seen::Unchanged),
                Err(error) if error.may_pass() => error,
                Err(Error::Refused { .. }) => return Ok(Seen::Unchanged),
                Err(error) => return Err(Error::Unknown { node: before.label().clone(), error: error.into() }),
            };
            if !attempts.again(&error, observe).await {
                return Ok(Seen::Locked);
            }
            match self.look(before, Doubt::Busy, observe).await {
                Ok(Seen::Unchanged) => {}
                Ok(seen) => return Ok(seen),
                Err(error) => return Err(Error::Unknown { node: before.label().clone(), error: error.into() }),
            }
        }
    }

    /// Returns the outcome if the node has changed after a request that may have arrived.
    fn moved(&self, before: Node, now: &Node, error: Error) -> Result<Node, Error> {
        let is_claimed = self.is_ours && now.instance_uuid == before.instance_uuid;
        let started = now.provision_state.follows_a_start();
        // A rebuild needs no claim, so anybody may have started this one.
        if started && is_claimed && self.request.target == Target::Active {
            return Ok(before);
        }
        if !started {
            check_fit(now, self.request.target)?;
        }
        let (node, state) = (before.label().clone(), now.provision_state.clone());
        Err(Error::Unclear { node, state, error: error.into() })
    }

    /// Returns the error if the node is unchanged and the request will not be sent again.
    fn not_started(&self, node: &Node, doubt: Doubt, again: bool, attempts: &Attempts, error: Error) -> Error {
        match doubt {
            Doubt::Refused => error,
            Doubt::Busy | Doubt::Unsent if !again => attempts.give_up(self.operation(node), error),
            _ => Error::NotStarted { node: node.label().clone(), error: error.into() },
        }
    }

    /// Returns the error if the time ran out while the node was still locked, or before it had been watched long enough.
    fn still_locked(&self, node: &Node, doubt: Doubt, attempts: &Attempts, error: Error) -> Error {
        let error = attempts.give_up(self.operation(node), error);
        match doubt {
            Doubt::Busy | Doubt::Unsent => error,
            _ => Error::Unknown { node: node.label().clone(), error: error.into() },
        }
    }

    fn operation(&self, node: &Node) -> Operation {
        self.request.operation(node.label().clone())
    }
}

/// Returns whether the node has changed since `before`. A missing claim does not count: the read may be from a lagging database.
fn has_moved(before: &Node, node: &Node) -> bool {
    let taken = node.instance_uuid.is_some() && node.instance_uuid != before.instance_uuid;
    node.has_changed_since(before) || (taken && !node.is_older_than(before))
}

/// What an error reveals about the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    /// It was not sent.
    Unsent,
    /// It seems to have been refused for good.
    Refused,
    /// It seems to have been refused, but may be accepted a little later.
    Busy,
    /// It may have arrived.
    Lost,
}

impl Doubt {
    /// Classifies an error. `older` says whether the server has just reported that it supports only older versions; `refused_token`
    /// records whether a token has been refused before.
    fn of(error: &Error, older: bool, refused_token: &mut bool) -> Self {
        match error {
            Error::Refused { fault: Fault { status, .. }, .. } => match status {
                409 | 425 | 429 | 503 => Self::Busy,
                406 if older => Self::Busy,
                // The transport has a new token by now.
                401 if !std::mem::replace(refused_token, true) => Self::Busy,
                400..=407 | 410..=418 | 421 | 422 | 428 | 431 => Self::Refused,
                _ => Self::Lost,
            },
            Error::Transport { error, .. } => match error {
                TransportError::Unreachable(_) | TransportError::Untrusted(_) => Self::Unsent,
                TransportError::Unauthenticated(_) => Self::Refused,
                TransportError::Lost(_)
                | TransportError::Timeout(_)
                | TransportError::TooLarge
                | TransportError::NotUtf8 => Self::Lost,
            },
            // The version or the size does not allow the request.
            _ => Self::Refused,
        }
    }

    /// Returns how long to watch for the start of a deployment: long enough that a request still on its way must have arrived. After
    /// an answer, no request is on its way; but without a claim, only reads show whether the node has changed, and they may lag.
    fn watch_time(self, is_confirmable: bool) -> Duration {
        match self {
            Self::Lost => LOOK_TIME,
            Self::Busy if !is_confirmable => LOOK_TIME,
            _ => Duration::ZERO,
        }
    }
}

/// How long a request whose answer was lost may take to arrive.
pub(super) const LOOK_TIME: Duration = Duration::from_secs(10);

enum Seen {
    /// The node has changed.
    Moved(Box<Node>),
    /// Reads show no change.
    Unchanged,
    /// Ironic has confirmed that there is no change.
    Confirmed(Box<Node>),
    /// The time is up, and the node is still locked or has not been watched long enough.
    Locked,
}

/// Returns whether a request whose answer was lost may be sent again. If the first request arrives after all, Ironic's state machine
/// refuses the second, since it deploys an `available` node only once. A rebuild, however, could happen twice.
fn may_repeat(error: &Error, node: &Node, target: Target) -> bool {
    let on_its_way = match error {
        Error::Refused { fault: Fault { status, .. }, .. } => matches!(status, 408 | 502 | 504 | 520..=530),
        _ => true,
    };
    on_its_way && target == Target::Active && node.provision_state.is_available()
}

#[cfg(test)]
mod tests {
    use super::super::double::{Double, Event, Fault as DoubleFault, Schedule, THEIRS};
    use super::super::provision::ProvisionRequest;
    use super::super::testing::run;
    use super::*;
    use crate::chain;

    const EARLIER: &str = "c0f1d21e-0000-8000-a000-000000000000";

    /// Starts a deployment. Returns the outcome, how many requests to deploy were sent, and the node's claim afterwards.
    fn start_with(
        state: &'static str,
        claim: Option<&str>,
        target: Target,
        timeout: Option<u64>,
        schedule: Schedule,
    ) -> (Result<(), String>, usize, Option<String>) {
        run(async {
            let double = Double::new(schedule, state, claim);
            let request = ProvisionRequest { target, drive: None, deploy_steps: None }.seal().unwrap();
            let instance_info = InstanceInfo::default();
            let terms = Terms { instance_uuid: None, allow_claimed: false, fingerprint: None, instance_info };
            let ironic = Ironic::connect(double.clone()).await.unwrap();
            let node = ironic.node(&"n".parse().unwrap()).await.unwrap();
            let patience = Patience::new(timeout.map(Duration::from_secs), None);
            let outcome = start(&ironic, node, &request, &terms, patience, &mut |_| ()).await;
            let world = double.world();
            let (puts, claim) = (world.puts, world.node().instance_uuid.clone());
            (outcome.map(drop).map_err(|error| chain(&error)), puts, claim)
        })
    }

    fn start_faulty(state: &'static str, target: Target, puts: &[DoubleFault]) -> (Result<(), String>, usize) {
        let schedule = Schedule { puts: puts.to_vec(), duration: 60_000, ..Schedule::default() };
        let (outcome, puts, _) = start_with(state, None, target, None, schedule);
        (outcome, puts)
    }

    #[test]
    fn a_locked_node_is_deployed_when_it_is_free() {
        let lock = |at, duration| Schedule { events: vec![(at, Event::Lock(duration))], ..Schedule::default() };
        assert_eq!(start_with("available", None, Target::Active, None, lock(0, 20_000)).1, 1, "it is claimed first");
        let (outcome, puts, _) = start_with("available", None, Target::Active, None, lock(22, 3000));
        assert_eq!((outcome, puts), (Ok(()), 2));
    }

    #[test]
    fn a_lock_that_is_never_released_ends_with_the_time_limit() {
        for puts in [vec![], vec![DoubleFault::Instead(504)], vec![DoubleFault::Instead(503)]] {
            let events = vec![(22, Event::Lock(1_000_000))];
            let schedule = Schedule { puts, events, ..Schedule::default() };
            let (outcome, _, _) = start_with("available", None, Target::Active, Some(5), schedule);
            let error = outcome.unwrap_err();
            assert!(error.contains("the time limit was reached"), "{error}");
        }
    }

    #[test]
    fn a_request_that_ironic_refuses_for_good_is_not_sent_again_and_the_claim_is_removed() {
        for status in [400, 403, 404, 406, 413] {
            let schedule = Schedule { puts: vec![DoubleFault::Instead(status)], ..Schedule::default() };
            let (outcome, puts, claim) = start_with("available", None, Target::Active, None, schedule);
            assert!(outcome.unwrap_err().contains(&status.to_string()));
            assert_eq!((puts, claim), (1, None));
        }
    }

    #[test]
    fn a_request_that_was_processed_is_not_sent_again() {
        use DoubleFault::{After, Late, LostAfter};
        for status in [200, 302, 400, 408, 409, 425, 429, 500, 502, 503, 504, 524] {
            assert_eq!(start_faulty("available", Target::Active, &[After(status)]), (Ok(()), 1), "{status}");
        }
        for fault in [LostAfter, Late(5000)] {
            assert_eq!(start_faulty("available", Target::Active, &[fault]), (Ok(()), 1));
        }
    }

    #[test]
    fn a_request_that_was_lost_is_sent_again_if_the_node_is_unchanged() {
        use DoubleFault::{Instead, LostBefore, Unreachable};
        for fault in [LostBefore, Unreachable, Instead(401), Instead(409), Instead(503), Instead(504)] {
            assert_eq!(start_faulty("available", Target::Active, &[fault]), (Ok(()), 2), "{fault:?}");
        }
    }

    #[test]
    fn a_node_that_somebody_takes_before_anything_was_sent_is_theirs() {
        for (succeeds, expected) in [
            (false, "node n is claimed by instance 7e7e7e7e-"),
            (true, "node n is `active`: it already has an instance"),
        ] {
            let events = vec![(100, Event::Undeploy)];
            let (puts, succeeds) = (vec![DoubleFault::Unreachable], vec![succeeds]);
            let schedule = Schedule { puts, events, duration: 15, succeeds, ..Schedule::default() };
            let (outcome, puts, _) = start_with("deploy failed", None, Target::Active, None, schedule);
            let error = outcome.unwrap_err();
            assert!(error.starts_with(expected), "{error}");
            assert_eq!(puts, 1);
        }
    }

    #[test]
    fn a_rebuild_whose_answer_was_lost_is_left_to_the_operator() {
        use DoubleFault::{After, Instead, LostAfter, LostBefore};
        let (outcome, puts) = start_faulty("active", Target::Rebuild, &[LostBefore]);
        assert!(outcome.unwrap_err().starts_with("the deployment of node n was not started: "));
        assert_eq!(puts, 1);
        for fault in [LostAfter, After(503)] {
            let (outcome, puts) = start_faulty("active", Target::Rebuild, &[fault]);
            let error = outcome.unwrap_err();
            assert!(error.starts_with("node n is now `deploying`, but it is unknown whether this run"), "{error}");
            assert_eq!(puts, 1);
        }
        assert_eq!(start_faulty("active", Target::Rebuild, &[Instead(503)]), (Ok(()), 2));
    }

    #[test]
    fn a_node_that_another_instance_claims_is_refused() {
        let start = |state, claim| start_with(state, Some(claim), Target::Active, None, Schedule::default());
        let (outcome, puts, claim) = start("available", THEIRS);
        let error = format!("node n is claimed by instance {THEIRS}, though nothing is deployed on it");
        assert_eq!((outcome, puts, claim.as_deref()), (Err(error), 0, Some(THEIRS)));
        let (outcome, puts, _) = start("available", EARLIER);
        assert!(outcome.unwrap_err().starts_with("node n is claimed by another run of configdrive (c0f1d21e"));
        assert_eq!(puts, 0);

        let (outcome, puts, claim) = start("deploy failed", EARLIER);
        assert_eq!((outcome, puts), (Ok(()), 1));
        assert_ne!(claim.as_deref(), Some(EARLIER), "the claim of an earlier run is replaced");
        assert_eq!(start("deploy failed", THEIRS), (Ok(()), 1, Some(THEIRS.into())));
    }
}
