//! Waiting for the end of a deployment.

use std::time::Duration;

use super::client::Ironic;
use super::error::Error;
use super::node::Node;
use super::patience::{Patience, Pauses};
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
    let started = tokio::time::Instant::now();
    let label = || node.label().clone();
    let mut pauses = Pauses::new();
    let mut shown = None;
    loop {
        let node = patience.ask(observe, || ironic.node(&node.uuid)).await;
        let node = node.map_err(|error| Error::Unwatched { node: label(), error: error.into() })?;
        let at = (node.provision_state.clone(), node.deploy_step.clone());
        if shown.as_ref() != Some(&at) {
            observe(Step::State(&node));
            shown = Some(at);
        }
        match watch.judge(&node) {
            Verdict::Active => return Ok(node),
            Verdict::Failed => {
                let last_error = node.last_error();
                return Err(Error::Failed { node: label(), state: node.provision_state, last_error });
            }
            Verdict::Continues => {}
        }
        let left = patience.left();
        if left == Some(Duration::ZERO) {
            return Err(Error::TimedOut { node: label(), state: node.provision_state, after: started.elapsed() });
        }
        let pause = pauses.next();
        tokio::time::sleep(left.map_or(pause, |left| pause.min(left))).await;
    }
}

/// Distinguishes the outcome of a deployment from the node's state before it.
///
/// Ironic answers 202 only after the state has changed, but an API with a lagging database may still show the old state: a node
/// that is being rebuilt would seem `active` at once. So a final state counts only if something has changed since before, or if
/// the state persists. The latter is needed because some databases store times in whole seconds, and two deployments can end
/// within the same one.
pub(super) struct Watch<'a> {
    before: Option<&'a Node>,
    unchanged: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Continues,
    Active,
    Failed,
}

impl<'a> Watch<'a> {
    /// Watches the deployment that was started when the node was `before`.
    pub fn since(before: &'a Node) -> Self {
        Self { before: Some(before), unchanged: 0 }
    }

    /// Watches whatever the node is currently doing.
    pub fn now() -> Self {
        Self { before: None, unchanged: UNCHANGED }
    }

    fn judge(&mut self, node: &Node) -> Verdict {
        if node.provision_state.is_deploying() || (node.provision_state.is_active() && node.reservation.is_some()) {
            self.unchanged = UNCHANGED; // it has left its old state
            return Verdict::Continues;
        }
        let changed = self.before.is_none_or(|before| node.has_changed_since(before));
        if !changed && self.unchanged < UNCHANGED {
            self.unchanged += 1;
            return Verdict::Continues;
        }
        if node.provision_state.is_active() { Verdict::Active } else { Verdict::Failed }
    }
}

/// How often the old state may be seen before it is accepted as the new one.
const UNCHANGED: u32 = 4;

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

    use Verdict::{Active, Continues, Failed};

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
    fn a_rebuild_within_the_same_second_is_accepted_in_the_end() {
        let before = node("active", 1, None);
        let seen = vec![before.clone(); 5];
        assert_eq!(judge(&before, &seen), [Continues, Continues, Continues, Continues, Active]);
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

    fn wait(script: &Script, timeout: Option<Duration>) -> Error {
        let before = node("available", 1, None);
        run(async {
            let ironic = Ironic::connect(script).await?;
            until_active(&ironic, &before, Watch::since(&before), Patience::new(timeout), &mut |_| ()).await
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
    fn polling_continues_when_ironic_comes_back() {
        let lost = || Err(TransportError::Unreachable("Connection refused".into()));
        let active = DEPLOYING.replace("wait call-back", "active");
        let script = Script::new(Some(("1.1", "1.115")), vec![Ok(DEPLOYING), lost(), lost(), Ok(&active)]);
        let before = node("available", 1, None);
        let ended = run(async {
            let ironic = Ironic::connect(&script).await?;
            until_active(&ironic, &before, Watch::since(&before), Patience::new(None), &mut |_| ()).await
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
