//! Claiming a node before its deployment is started.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::claim::Claim;
use super::client::Ironic;
use super::error::Error;
use super::instance_info::InstanceInfo;
use super::node::Node;
use super::operation::Operation;
use super::patience::{Attempts, Patience};
use super::provision::Target;
use super::record::{Fingerprint, Record};
use super::start::{LOOK_TIME, check_fit};
use super::step::Step;
use crate::transport::{Fault, Transport};

/// The caller's terms for claiming a node.
#[derive(Debug)]
pub(super) struct Terms {
    /// The UUID to claim the node with. A node that already has it counts as the caller's. If `None`, a random UUID is used.
    pub instance_uuid: Option<String>,
    /// Whether to deploy an `available` node that another instance claims.
    pub allow_claimed: bool,
    /// The drive's fingerprint, if the intention is to be recorded.
    pub fingerprint: Option<Fingerprint>,
    /// What to set in the node's `instance_info`, together with the claim.
    pub instance_info: InstanceInfo,
}

/// A node that is about to be deployed.
pub(super) struct Held {
    /// The node as it is now.
    pub node: Node,
    /// Whether the node has our claim, which keeps clients that respect claims from deploying it.
    pub is_ours: bool,
    /// The claim, if this run made it.
    pub new: Option<NewClaim>,
}

/// A claim that this run made, or may have made.
#[derive(Clone, Debug)]
pub(super) struct NewClaim {
    claim: Claim,
    record: Option<Record>,
}

/// Claims the node. If Ironic does not allow that, or the node keeps another claim, the deployment proceeds without ours.
pub(super) async fn hold<T: Transport>(
    ironic: &Ironic<T>,
    node: Node,
    target: Target,
    terms: &Terms,
    patience: Patience,
    observe: &mut impl FnMut(Step<'_>),
) -> Result<Held, Error> {
    let claim = terms.instance_uuid.as_deref().map_or_else(Claim::random, Claim::new);
    let mut holding =
        Holding { ironic, claim, target, terms, patience, attempts: patience.attempts(), last: None, is_new: false };
    let outcome = holding.hold(node.clone(), observe).await;
    if outcome.is_err() && holding.is_new {
        let fingerprint = terms.fingerprint.as_ref();
        let record = fingerprint.map(|fingerprint| Record::before(&node, fingerprint, &holding.claim, false));
        release(ironic, &node, &NewClaim { claim: holding.claim, record }, patience).await;
    }
    outcome
}

/// Removes a claim that is no longer needed. If that fails, the claim stays, and the next run reports it.
pub(super) async fn release<T: Transport>(ironic: &Ironic<T>, node: &Node, new: &NewClaim, patience: Patience) {
    let releasing = async {
        // Ironic would remove anybody's claim, so it must first confirm that the node has ours. If that request arrives late, it
        // makes the claim anew, and the next run needs the record to recognise it.
        match ironic.claim(node, new.claim.as_str(), new.record.as_ref(), &InstanceInfo::default()).await? {
            Some(now) if now.has_changed_since(node) => Ok(()),
            _ => ironic.release(node).await,
        }
    };
    if let Ok(Some(Ok(()))) = timeout(RELEASE_TIME, patience.limit(releasing)).await {
        return;
    }
    tracing::warn!("{}", Operation::Release(node.label().clone()));
}

/// The time limit for removing a claim, on which the outcome of the deployment does not depend.
pub(super) const RELEASE_TIME: Duration = Duration::from_secs(5);

/// Returns the error for a node that another instance claims.
pub(super) fn claimed(node: &Node) -> Error {
    let instance = node.instance().unwrap_or_default();
    let by_us = Claim::is_ours(&instance);
    Error::Claimed { node: node.label().clone(), instance, by_us }
}

struct Holding<'a, T> {
    ironic: &'a Ironic<T>,
    claim: Claim,
    target: Target,
    terms: &'a Terms,
    patience: Patience,
    attempts: Attempts,
    /// Why the last attempt failed.
    last: Option<Box<Error>>,
    is_new: bool,
}

/// What to do about a node's claim.
enum Decision {
    /// Claim the node.
    Claim,
    /// Remove this claim, which an earlier deployment of ours left, and claim the node anew.
    Replace(Claim),
    /// Keep this claim, which is ours.
    Ours(Claim),
    /// Keep this claim, which is somebody else's.
    Others(Claim),
}

impl<T: Transport> Holding<'_, T> {
    async fn hold(&mut self, mut node: Node, observe: &mut impl FnMut(Step<'_>)) -> Result<Held, Error> {
        loop {
            check_fit(&node, self.target)?;
            let written = match self.decide(&node)? {
                Decision::Replace(claim) => match self.remove(&node, &claim).await {
                    Ok(Some(removed)) => {
                        node = removed;
                        continue;
                    }
                    Ok(None) => Ok(None),
                    Err(error) => {
                        if error.is_busy() {
                            // The request may still arrive, and must not remove the next claim.
                            self.patience.limit(sleep(LOOK_TIME)).await;
                        }
                        Err(error)
                    }
                },
                Decision::Claim => {
                    // Set first, since the answer may be lost.
                    self.is_new = true;
                    self.write(&node, &self.claim.clone(), true).await
                }
                Decision::Ours(claim) => self.write(&node, &claim, true).await,
                Decision::Others(claim) => self.write(&node, &claim, false).await,
            };
            match written {
                Ok(Some(held)) => {
                    check_fit(&held.node, self.target)?;
                    return Ok(held);
                }
                // The node has changed since it was read, and the record must name its current time.
                Ok(None) => {
                    if !self.attempts.pause().await {
                        return Err(Error::OutOfTime { operation: Operation::Claim(node.label().clone()), last: None });
                    }
                    node = self.look(&node, observe).await.map_err(|error| self.with_last(error))?;
                }
                Err(error) if error.may_pass() => {
                    if !self.attempts.again(&error, observe).await {
                        return Err(self.attempts.give_up(Operation::Claim(node.label().clone()), error));
                    }
                    self.last = Some(error.into());
                    node = self.look(&node, observe).await.map_err(|error| self.with_last(error))?;
                }
                Err(error @ Error::Refused { fault: Fault { status: 400 | 403 | 404 | 405 | 501, .. }, .. }) => {
                    let info = &self.terms.instance_info;
                    if !info.is_empty() {
                        // By default, lessees may set it although they may not claim the node.
                        let setting = Operation::SetInstanceInfo(node.label().clone());
                        self.patience.ask(setting, observe, || self.ironic.set_instance_info(&node, info)).await?;
                    }
                    observe(Step::NotClaimed(&error));
                    self.is_new = false;
                    return Ok(Held { node, is_ours: false, new: None });
                }
                Err(error) => return Err(self.with_last(error)),
            }
        }
    }

    fn decide(&self, node: &Node) -> Result<Decision, Error> {
        let Some(instance) = &node.instance_uuid else { return Ok(Decision::Claim) };
        let claim = Claim::new(instance);
        // A record can be forged, but not so that it makes somebody else's claim ours.
        let claimed_before = Claim::is_ours(instance)
            && self.terms.fingerprint.as_ref().is_some_and(|fingerprint| node.has_claimed(fingerprint));
        if claim == self.claim || claimed_before {
            return Ok(Decision::Ours(claim));
        }
        if node.provision_state.is_available() && !self.terms.allow_claimed {
            return Err(claimed(node));
        }
        Ok(if Claim::is_ours(instance) { Decision::Replace(claim) } else { Decision::Others(claim) })
    }

    /// Adds the reason why the last attempt failed.
    fn with_last(&mut self, error: Error) -> Error {
        match error {
            Error::OutOfTime { operation, last: None } => Error::OutOfTime { operation, last: self.last.take() },
            error => error,
        }
    }

    /// Writes the claim together with the record. Returns `None` if the node does not have the claim afterwards, or has changed, so
    /// that the record does not describe it.
    async fn write(&self, node: &Node, claim: &Claim, is_ours: bool) -> Result<Option<Held>, Error> {
        let fingerprint = self.terms.fingerprint.as_ref();
        let record = fingerprint.map(|fingerprint| Record::before(node, fingerprint, claim, !is_ours));
        let writing = self.ironic.claim(node, claim.as_str(), record.as_ref(), &self.terms.instance_info);
        let written = match self.ask(Operation::Claim, node, writing).await? {
            Some(written) => written,
            // The answer may have come from a proxy.
            None => self.ask(Operation::Node, node, self.ironic.node(&node.uuid)).await?,
        };
        if written.instance_uuid.as_deref() != Some(claim.as_str())
            || (record.is_some() && written.has_changed_since(node))
        {
            return Ok(None);
        }
        let new = self.is_new.then(|| NewClaim { claim: claim.clone(), record });
        Ok(Some(Held { node: written, is_ours, new }))
    }

    /// Removes the claim of an earlier deployment. Returns `None` if the node has changed. Ironic would remove anybody's claim, so it
    /// must first confirm that the node still has `claim`.
    async fn remove(&self, node: &Node, claim: &Claim) -> Result<Option<Node>, Error> {
        let nothing = InstanceInfo::default();
        let confirming = self.ironic.claim(node, claim.as_str(), None, &nothing);
        let confirmed = self.ask(Operation::Claim, node, confirming).await?.unwrap_or_else(|| node.clone());
        if confirmed.has_changed_since(node) {
            return Ok(None);
        }
        if confirmed.is_about_to_be_deployed() && !self.terms.allow_claimed {
            return Err(claimed(&confirmed));
        }
        self.ask(Operation::Release, node, self.ironic.release(node)).await?;
        Ok(Some(Node { instance_uuid: None, ..confirmed }))
    }

    async fn look(&self, node: &Node, observe: &mut impl FnMut(Step<'_>)) -> Result<Node, Error> {
        self.patience.ask(Operation::Node(node.label().clone()), observe, || self.ironic.node(&node.uuid)).await
    }

    async fn ask<R>(
        &self,
        operation: impl Fn(super::ident::NodeIdent) -> Operation,
        node: &Node,
        asking: impl Future<Output = Result<R, Error>>,
    ) -> Result<R, Error> {
        self.patience.within(operation(node.label().clone()), asking).await
    }
}
