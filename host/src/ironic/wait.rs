//! Waiting for the end of a deployment.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::client::Ironic;
use super::error::Error;
use super::node::Node;
use super::operation::Operation;
use super::patience::{Patience, Pauses, RETRY_TIME};
use super::step::Step;
use crate::transport::Transport;

/// Polls a node until its deployment has ended.
pub(super) async fn until_active<T: Transport>(
    ironic: &Ironic<T>,
    node: &Node,
    mut watch: Watch<'_>,
    patience: Patience,
    observe: &mut impl FnMut(Step<'_>),
) -> Result<Node, Error> {
    let started = Instant::now();
    let label = || node.label().clone();
    let mut pauses = Pauses::new();
    let mut shown = None;
    loop {
        let seen = patience.ask(Operation::Watch(label()), observe, || ironic.node(&node.uuid)).await;
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => {
                return Err(match (error, shown) {
                    (Error::OutOfTime { last: None, .. }, Some((state, _))) => {
                        Error::TimedOut { node: label(), state, after: started.elapsed() }
                    }
                    (error, _) => Error::Unwatched { node: label(), error: error.into() },
                });
            }
        };
        let at = (seen.provision_state.clone(), seen.deploy_step.clone());
        if shown.as_ref() != Some(&at) {
            observe(Step::State(&seen));
            shown = Some(at);
        }
        match watch.judge(&seen) {
            Verdict::Active => return Ok(seen),
            Verdict::Failed => {
                let last_error = seen.last_error();
                return Err(Error::Failed { node: label(), state: seen.provision_state, last_error });
            }
            Verdict::Superseded => return Err(Error::Superseded { node: label(), state: seen.provision_state }),
            Verdict::Continues => {}
        }
        let left = patience.left();
        if left == Some(Duration::ZERO) {
            return Err(Error::TimedOut { node: label(), state: seen.provision_state, after: started.elapsed() });
        }
        if watch.is_unmoved() && started.elapsed() >= RETRY_TIME {
            return Err(Error::Unmoved { node: label(), state: seen.provision_state });
        }
        let pause = pauses.next();
        sleep(left.map_or(pause, |left| pause.min(left))).await;
    }
}

/// A watch on a node, which distinguishes the outcome of a deployment from the state before it, and from other deployments.
///
/// Ironic answers 202 only after the state has changed, but an API with a lagging database may still show the old state: a node
/// that is being rebuilt would seem `active` at once. So a final state counts only after the node's state, or the time of its last
/// change, was seen to differ from before. It counts as ours only if the node has the same `instance_uuid` as when the deployment was
/// started, and no other run has written a record.
pub(super) struct Watch<'a> {
    before: Option<&'a Node>,
    /// The newest version of the node that was seen since it left its old state.
    moved: Option<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Continues,
    Active,
    Failed,
    Superseded,
}

impl<'a> Watch<'a> {
    /// Watches a deployment that was started after `before` was read.
    pub fn since(before: &'a Node) -> Self {
        Self { before: Some(before), moved: None }
    }

    /// Watches a deployment that had already started when `before` was read.
    pub fn resumed(before: &'a Node) -> Self {
        Self { before: Some(before), moved: Some(before.clone()) }
    }

    /// Watches whatever the node is currently doing.
    pub fn now() -> Self {
        Self { before: None, moved: None }
    }

    /// Returns whether the node has not been seen to leave its old state.
    fn is_unmoved(&self) -> bool {
        self.before.is_some() && self.moved.is_none()
    }

    fn judge(&mut self, node: &Node) -> Verdict {
        if self.is_stale(node) {
            return Verdict::Continues;
        }
        self.moved = Some(node.clone());
        let state = &node.provision_state;
        if self.before.is_some_and(|before| node.is_taken_since(before)) && state.follows_a_start() {
            return Verdict::Superseded;
        }
        match () {
            () if state.is_deploying() => Verdict::Continues,
            () if state.is_active() && node.reservation.is_some() => Verdict::Continues,
            () if state.is_active() => Verdict::Active,
            () => Verdict::Failed,
        }
    }

    /// Returns whether `node` is an earlier version of the node, from a lagging database.
    fn is_stale(&self, node: &Node) -> bool {
        let Some(before) = self.before else { return false };
        match &self.moved {
            None => !node.has_changed_since(before),
            Some(moved) if node.is_older_than(moved) => true,
            // If times are in whole seconds, the node may look the same after a fast rebuild as before it. So it is stale only if
            // its time was seen to change in between.
            Some(moved) => !node.has_changed_since(before) && moved.provision_updated_at != before.provision_updated_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Script, run};
    use super::*;
    use crate::chain;
    use crate::transport::TransportError;

    fn node(state: &str, updated_at: u32, reservation: Option<&str>) -> Node {
        serde_json::from_value(serde_json::json!({
            "uuid": "u", "provision_state": state, "provision_updated_at": updated_at.to_string(),
            "reservation": reservation, "maintenance": false,
        }))
        .unwrap()
    }

    fn judge(before: &Node, seen: &[Node]) -> Vec<Verdict> {
        let mut watch = Watch::since(before);
        seen.iter().map(|node| watch.judge(node)).collect()
    }

    use Verdict::{Active, Continues, Failed, Superseded};

    #[test]
    fn a_deployment_ends_at_active_or_at_a_failure() {
        let before = node("available", 1, None);
        let deploying = node("deploying", 2, Some("c"));
        let waiting = node("wait call-back", 3, None);
        assert_eq!(
            judge(&before, &[deploying.clone(), waiting, deploying.clone(), node("active", 4, None)]),
            [Continues, Continues, Continues, Active]
        );
        assert_eq!(judge(&before, &[deploying, node("deploy failed", 3, None)]), [Continues, Failed]);
    }

    #[test]
    fn an_active_node_that_is_still_locked_is_not_done() {
        let before = node("available", 1, None);
        assert_eq!(judge(&before, &[node("active", 2, Some("c")), node("active", 2, None)]), [Continues, Active]);
    }

    #[test]
    fn the_state_from_before_a_rebuild_is_not_its_outcome() {
        let before = node("active", 1, None);
        assert_eq!(
            judge(&before, &[before.clone(), node("deploying", 2, None), node("active", 3, None)]),
            [Continues, Continues, Active]
        );
        assert_eq!(judge(&before, &[before.clone(), node("active", 3, None)]), [Continues, Active]);
    }

    #[test]
    fn a_rebuild_that_shows_no_change_is_not_accepted() {
        let before = node("active", 1, None);
        assert_eq!(judge(&before, &vec![before.clone(); 50]), [Continues; 50]);
        let script = Script::new(Some(("1.1", "1.115")), vec![Ok(ACTIVE); 100]);
        let before = serde_json::from_str(ACTIVE).unwrap();
        let error = wait_since(&script, &before, None).to_string();
        assert!(error.contains("the node has shown no change since and is `active`"), "{error}");
    }

    #[test]
    fn a_rebuild_within_the_same_second_is_accepted_after_it_was_seen() {
        let before = node("active", 1, None);
        assert_eq!(judge(&before, &[node("deploying", 1, None), before.clone()]), [Continues, Active]);
    }

    #[test]
    fn an_old_state_from_a_lagging_database_is_ignored() {
        let before = node("active", 1, None);
        let deploying = node("deploying", 2, None);
        let seen = [deploying.clone(), before.clone(), deploying, before.clone(), node("active", 3, None)];
        assert_eq!(judge(&before, &seen), [Continues, Continues, Continues, Continues, Active]);

        let before = node("available", 1, None);
        assert_eq!(judge(&before, &vec![before.clone(); 9]), [Continues; 9]);
    }

    #[test]
    fn a_node_that_somebody_else_has_taken_is_not_ours() {
        let mut before = node("available", 1, None);
        before.instance_uuid = Some("ours".into());
        let with = |state, updated_at, instance: Option<&str>| {
            let mut node = node(state, updated_at, None);
            node.instance_uuid = instance.map(str::to_owned);
            node
        };
        assert_eq!(judge(&before, &[with("active", 2, Some("ours"))]), [Active]);
        for instance in [None, Some("theirs")] {
            assert_eq!(judge(&before, &[with("active", 2, instance)]), [Superseded]);
            assert_eq!(judge(&before, &[with("deploying", 2, instance)]), [Superseded]);
        }
        assert_eq!(judge(&before, &[with("available", 2, None)]), [Failed], "undeployed");
    }

    #[test]
    fn a_second_failure_is_distinguished_from_the_first() {
        let before = node("deploy failed", 1, None);
        assert_eq!(judge(&before, &[before.clone(), node("deploy failed", 2, None)]), [Continues, Failed]);
    }

    #[test]
    fn the_current_state_is_accepted_at_once_when_attaching() {
        assert_eq!(Watch::now().judge(&node("active", 1, None)), Active);
        assert_eq!(Watch::now().judge(&node("available", 1, None)), Failed);
        assert_eq!(Watch::now().judge(&node("wait call-back", 1, None)), Continues);
    }

    const DEPLOYING: &str = r#"{"uuid": "u", "name": "n", "provision_state": "wait call-back", "maintenance": false}"#;

    const ACTIVE: &str = r#"{"uuid": "u", "name": "n", "provision_state": "active", "maintenance": false}"#;

    fn wait(script: &Script, timeout: Option<Duration>) -> Error {
        wait_since(script, &node("available", 1, None), timeout)
    }

    fn wait_since(script: &Script, before: &Node, timeout: Option<Duration>) -> Error {
        run(async {
            let ironic = Ironic::connect(script).await?;
            let patience = Patience::new(timeout, None);
            until_active(&ironic, before, Watch::since(before), patience, &mut |_| ()).await
        })
        .unwrap_err()
    }

    #[test]
    fn a_deployment_that_exceeds_the_time_limit_continues() {
        let script = Script::new(Some(("1.1", "1.115")), vec![Ok(DEPLOYING); 10]);
        let error = wait(&script, Some(Duration::from_secs(1))).to_string();
        assert_eq!(error, "node u is still `wait call-back` after 1 s, and its deployment continues");
    }

    #[test]
    fn a_read_that_the_time_limit_cuts_off_does_not_hide_the_state() {
        use super::super::double::{Double, Fault, Schedule};
        let error = run(async {
            let gets = vec![Fault::Pass, Fault::Pass, Fault::Silent];
            let double = Double::new(Schedule { gets, waits: true, ..Schedule::default() }, "deploying", None);
            let ironic = Ironic::connect(double).await.unwrap();
            let node = ironic.node(&"n".parse().unwrap()).await.unwrap();
            let patience = Patience::new(Some(Duration::from_secs(3)), None);
            until_active(&ironic, &node, Watch::now(), patience, &mut |_| ()).await.unwrap_err()
        });
        assert_eq!(error.to_string(), "node n is still `deploying` after 3 s, and its deployment continues");
    }

    #[test]
    fn polling_continues_when_ironic_comes_back() {
        let lost = || Err(TransportError::Unreachable("Connection refused".into()));
        let active = DEPLOYING.replace("wait call-back", "active");
        let script = Script::new(Some(("1.1", "1.115")), vec![Ok(DEPLOYING), lost(), lost(), Ok(&active)]);
        let before = node("available", 1, None);
        let ended = run(async {
            let ironic = Ironic::connect(&script).await?;
            until_active(&ironic, &before, Watch::since(&before), Patience::new(None, None), &mut |_| ()).await
        });
        assert!(ended.unwrap().provision_state.is_active());
    }

    #[test]
    fn an_ironic_that_stays_unreachable_leaves_the_outcome_unknown() {
        let lost = || Err(TransportError::Unreachable("Connection refused".into()));
        let answers = std::iter::once(Ok(DEPLOYING)).chain(std::iter::repeat_with(lost).take(100)).collect();
        let error = chain(&wait(&Script::new(Some(("1.1", "1.115")), answers), None));
        assert!(error.starts_with("the deployment of node u was started, but its progress is unknown: "), "{error}");
        assert!(error.contains("Connection refused"), "{error}");
    }
}
