//! Concurrent deployments of many nodes.

use std::num::NonZeroUsize;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};

use configdrive_contract::ConfigDrive;

use super::client::Ironic;
use super::deploy::{Done, Job, deploy};
use super::error::Error;
use super::ident::NodeIdent;
use super::step::Step;
use crate::transport::Transport;

/// A node of a fleet. Its job is created when its turn comes, so that the documents of waiting nodes are not in memory.
pub struct Member<J> {
    /// The node.
    pub node: NodeIdent,
    /// Creates the job.
    pub job: J,
}

/// Deploys many nodes, `parallel` of them at a time, and yields the outcome of each when it ends. The failure of one node does
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
