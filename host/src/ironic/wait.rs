use std::time::{Duration, Instant};

use super::node::Node;
use super::{Error, Ironic, Step, Transport};

/// How to wait for the end of a deployment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wait {
    /// How long. Without it, as long as Ironic works on it, which has time limits of its own.
    pub timeout: Option<Duration>,
}

impl Wait {
    /// Asks for the node again and again until its deployment has ended. `before` is the node as it was before the
    /// request.
    pub(super) async fn until_active<T: Transport>(
        self,
        ironic: &Ironic<T>,
        before: &Node,
        mut observe: impl FnMut(Step<'_>),
    ) -> Result<Node, Error> {
        let started = Instant::now();
        let mut watch = Watch::new(before);
        let mut pause = FIRST_PAUSE;
        let mut shown = None;
        loop {
            let node = ironic
                .node(&before.uuid)
                .await
                .map_err(|error| Error::Unwatched { node: before.label().clone(), error: Box::new(error) })?;
            if shown.as_ref() != Some(&node.provision_state) {
                observe(Step::State(&node));
                shown = Some(node.provision_state.clone());
            }
            match watch.judge(&node) {
                Verdict::Active => return Ok(node),
                Verdict::Failed => {
                    let last_error = node.last_error();
                    return Err(Error::Failed {
                        node: before.label().clone(),
                        state: node.provision_state,
                        last_error,
                    });
                }
                Verdict::GoesOn => {}
            }
            let left = self.timeout.map(|timeout| timeout.saturating_sub(started.elapsed()));
            if let (Some(Duration::ZERO), Some(after)) = (left, self.timeout) {
                return Err(Error::TimedOut { node: before.label().clone(), state: node.provision_state, after });
            }
            tokio::time::sleep(left.map_or(pause, |left| pause.min(left))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Tells the outcome of a deployment from the state that the node had before.
///
/// Ironic answers 202 only when the state has changed, but an API behind a lagging database may still show the old one:
/// a rebuilt node would seem `active` at once. So a state that ends a deployment counts when something has changed
/// since before, or when it stays: some databases keep times in whole seconds, and a node can be deployed twice within
/// one.
struct Watch<'a> {
    before: &'a Node,
    unchanged: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    GoesOn,
    Active,
    Failed,
}

impl<'a> Watch<'a> {
    fn new(before: &'a Node) -> Self {
        Self { before, unchanged: 0 }
    }

    fn judge(&mut self, node: &Node) -> Verdict {
        if node.provision_state.is_deploying() || (node.provision_state.is_active() && node.reservation.is_some()) {
            self.unchanged = UNCHANGED; // it has left the state that it was in
            return Verdict::GoesOn;
        }
        let changed = node.provision_state != self.before.provision_state
            || node.provision_updated_at != self.before.provision_updated_at;
        if !changed && self.unchanged < UNCHANGED {
            self.unchanged += 1;
            return Verdict::GoesOn;
        }
        if node.provision_state.is_active() { Verdict::Active } else { Verdict::Failed }
    }
}

/// How often the old state may be seen before it is believed to be the new one.
const UNCHANGED: u32 = 4;

#[cfg(test)]
mod tests {
    use super::super::transport::{Script, TransportError, run};
    use super::*;

    fn node(state: &str, updated_at: u32, reservation: Option<&str>) -> Node {
        serde_json::from_value(serde_json::json!({
            "uuid": "u", "provision_state": state, "provision_updated_at": updated_at.to_string(),
            "reservation": reservation, "maintenance": false,
        }))
        .unwrap()
    }

    fn judge(before: &Node, seen: &[Node]) -> Vec<Verdict> {
        let mut watch = Watch::new(before);
        seen.iter().map(|node| watch.judge(node)).collect()
    }

    use Verdict::{Active, Failed, GoesOn};

    #[test]
    fn a_deployment_ends_at_active_or_at_a_failure() {
        let before = node("available", 1, None);
        let deploying = node("deploying", 2, Some("c"));
        let waiting = node("wait call-back", 3, None);
        assert_eq!(
            judge(&before, &[deploying.clone(), waiting, deploying.clone(), node("active", 4, None)]),
            [GoesOn, GoesOn, GoesOn, Active]
        );
        assert_eq!(judge(&before, &[deploying, node("deploy failed", 3, None)]), [GoesOn, Failed]);
    }

    #[test]
    fn an_active_node_that_is_still_locked_is_not_done() {
        let before = node("available", 1, None);
        assert_eq!(judge(&before, &[node("active", 2, Some("c")), node("active", 2, None)]), [GoesOn, Active]);
    }

    #[test]
    fn the_state_from_before_a_rebuild_is_not_its_outcome() {
        let before = node("active", 1, None);
        assert_eq!(
            judge(&before, &[before.clone(), node("deploying", 2, None), node("active", 3, None)]),
            [GoesOn, GoesOn, Active]
        );
        assert_eq!(judge(&before, &[before.clone(), node("active", 3, None)]), [GoesOn, Active]);
    }

    #[test]
    fn a_rebuild_within_the_same_second_is_believed_in_the_end() {
        let before = node("active", 1, None);
        let seen = vec![before.clone(); 5];
        assert_eq!(judge(&before, &seen), [GoesOn, GoesOn, GoesOn, GoesOn, Active]);
    }

    #[test]
    fn a_second_failure_is_told_from_the_first() {
        let before = node("deploy failed", 1, None);
        assert_eq!(judge(&before, &[before.clone(), node("deploy failed", 2, None)]), [GoesOn, Failed]);
    }

    const DEPLOYING: &str = r#"{"uuid": "u", "name": "n", "provision_state": "wait call-back", "maintenance": false}"#;

    fn wait(script: &Script, timeout: Duration) -> Error {
        let before = node("available", 1, None);
        run(async {
            let ironic = Ironic::connect(script).await?;
            Wait { timeout: Some(timeout) }.until_active(&ironic, &before, |_| ()).await
        })
        .unwrap_err()
    }

    #[test]
    fn a_deployment_that_takes_longer_than_one_waits_goes_on() {
        let script = Script::new(Some(("1.1", "1.115")), vec![Ok(DEPLOYING); 2]);
        let error = wait(&script, Duration::from_millis(50)).to_string();
        assert_eq!(error, "node u is `wait call-back` after 0 s; its deployment goes on without being waited for");
    }

    #[test]
    fn an_ironic_that_goes_away_meanwhile_leaves_the_outcome_unknown() {
        let lost = TransportError::Unreachable("Connection refused".into());
        let script = Script::new(Some(("1.1", "1.115")), vec![Ok(DEPLOYING), Err(lost)]);
        let error = wait(&script, Duration::from_secs(600)).to_string();
        assert!(error.starts_with("the deployment of node u was started, how it goes on is unknown: "), "{error}");
        assert!(error.ends_with("Connection refused"), "{error}");
    }
}
