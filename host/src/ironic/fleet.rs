//! Deployments side by side.

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

/// A node of a fleet, and what makes its job when its turn comes: documents of nodes that wait are not in memory.
pub struct Member<J> {
    /// The node.
    pub node: NodeIdent,
    /// Makes the job.
    pub job: J,
}

/// Deploys many nodes, `parallel` of them at a time, and gives each one's outcome as it ends. What becomes of one does
/// not touch the others. To drop the stream is to leave all nodes as they are.
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
