//! Concurrent deployments of many nodes.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};

use configdrive_contract::ConfigDrive;

use super::client::Ironic;
use super::deploy::{Done, Job, deploy};
use super::error::Error;
use super::ident::NodeIdent;
use super::operation::Operation;
use super::patience::Patience;
use super::step::Step;
use crate::transport::Transport;

/// A node of a fleet. Its job is created when its turn comes, so that the documents of waiting nodes are not in memory.
pub struct Member<J> {
    /// The node.
    pub node: NodeIdent,
    /// Creates the job.
    pub job: J,
}

/// Checks that no node appears twice, such as once by its name and once by its UUID. A node that cannot be looked up is not an error
/// here: its own deployment reports it.
pub async fn distinct<'a, T: Transport>(
    ironic: &Ironic<T>,
    nodes: impl IntoIterator<Item = &'a NodeIdent>,
    timeout: Option<Duration>,
) -> Result<(), Error> {
    let (mut uuids, mut names) = (Vec::new(), Vec::new());
    let mut seen = HashMap::new();
    for node in nodes {
        // Some databases do not distinguish case.
        if let Some(first) = seen.insert(node.as_str().to_ascii_lowercase(), node) {
            return Err(Error::SameNode { first: first.clone(), second: node.clone() });
        }
        if node.is_uuid() { uuids.push(node) } else { names.push(node) }
    }
    // Only one of the two kinds needs to be resolved.
    let resolved = if uuids.len() < names.len() { uuids } else { names };
    if resolved.len() == seen.len() {
        return Ok(());
    }
    let look = async |node: &'a NodeIdent| (node, ironic.node(node).await);
    let mut looks = pin!(stream::iter(resolved).map(look).buffer_unordered(LOOK_UPS));
    let patience = Patience::new(timeout, None);
    while let Some((node, found)) = patience.within(Operation::Fleet, async { Ok(looks.next().await) }).await? {
        let Ok(found) = found else { continue };
        for other in [Some(&found.uuid), found.name.as_ref()].into_iter().flatten() {
            match seen.get(&other.as_str().to_ascii_lowercase()) {
                Some(second) if *second != node => {
                    return Err(Error::SameNode { first: node.clone(), second: (*second).clone() });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The number of nodes that are looked up at a time.
const LOOK_UPS: usize = 10;

/// Deploys many nodes, `parallel` of them at a time, and yields the outcome of each as it ends. The failure of one node does
/// not affect the others. Dropping the stream undoes nothing: deployments that were started continue.
pub fn fleet<'a, T, C, J, E>(
    ironic: &'a Ironic<T>,
    component: &'a Arc<C>,
    members: impl IntoIterator<Item = Member<J>> + 'a,
    parallel: NonZeroUsize,
    observe: &'a impl Fn(&NodeIdent, Step<'_>),
) -> impl Stream<Item = (NodeIdent, Result<Done, E>)> + 'a
where
    T: Transport,
    C: ConfigDrive,
    J: FnOnce() -> Result<Job, E> + 'a,
    E: From<Error> + 'a,
{
    let deployments = members.into_iter().map(move |Member { node, job }| async move {
        let outcome = async {
            let job = job()?;
            Ok(deploy(ironic, component, job, |step| observe(&node, step)).await?)
        };
        let outcome = outcome.await;
        (node, outcome)
    });
    stream::iter(deployments).buffer_unordered(parallel.get())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Script, run};
    use super::*;

    const UUID: &str = "1be26c0b-03f2-4d2e-ae87-c02d7f33c123";

    fn check(nodes: &[&str], answers: Vec<(u16, &str)>) -> (Result<(), String>, usize) {
        let nodes: Vec<NodeIdent> = nodes.iter().map(|node| node.parse().unwrap()).collect();
        let script = Script::with_statuses(Some(("1.1", "1.115")), answers.into_iter().map(Ok).collect());
        let outcome = run(async { distinct(&Ironic::connect(&script).await?, &nodes, None).await });
        (outcome.map_err(|error| error.to_string()), script.requests().len() - 1)
    }

    #[test]
    fn a_node_that_is_named_by_its_name_and_by_its_uuid_is_refused() {
        let node = format!(r#"{{"uuid": "{UUID}", "name": "n", "provision_state": "active", "maintenance": false}}"#);
        let (outcome, looks) = check(&["m", "n", UUID], vec![(200, &node)]);
        assert_eq!(outcome.unwrap_err(), format!("{UUID} and n are the same node, which must be deployed only once"));
        assert_eq!(looks, 1);
        assert_eq!(check(&["m", UUID, "k"], vec![(200, &node)]), (Ok(()), 1));
        assert_eq!(check(&["m", UUID, "k"], vec![(404, "")]), (Ok(()), 1), "its deployment reports it");
    }

    #[test]
    fn nodes_of_one_kind_are_not_looked_up() {
        assert_eq!(check(&["m", "n", "k"], vec![]), (Ok(()), 0));
        assert!(check(&["m", "n", "M"], vec![]).0.is_err());
        let upper = UUID.to_ascii_uppercase();
        assert!(check(&[UUID, &upper], vec![]).0.is_err());
    }
}
