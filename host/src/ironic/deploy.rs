//! A deployment, from the document to the active node.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use configdrive_contract::{ConfigDrive, Options, Policy};

use super::client::Ironic;
use super::content::Content;
use super::deploy_steps::DeploySteps;
use super::drive;
use super::error::Error;
use super::hold::Terms;
use super::ident::NodeIdent;
use super::instance_info::InstanceInfo;
use super::node::Node;
use super::operation::Operation;
use super::patience::Patience;
use super::provision::{Drive, DriveDigest, ProvisionRequest, Target, TooLarge};
use super::record::{Fingerprint, Record};
use super::start::{check_fit, start, validate};
use super::step::Step;
use super::wait::{Watch, until_active};
use crate::transport::Transport;

/// A deployment to perform.
#[derive(Clone)]
#[non_exhaustive]
pub struct Job {
    /// The node's name or UUID.
    pub node: NodeIdent,
    /// What the instance gets: a document, or a finished drive.
    pub content: Content,
    /// The operator's policy on whether an instance gets a drive.
    pub policy: Policy,
    /// The operator's options for the drive. `ports` and `portgroups` are fetched from Ironic if they are absent.
    pub options: Options,
    /// What to set in the node's `instance_info`, together with the claim. Ironic validates the node afterwards. What was set stays
    /// if the deployment is not started or fails; undeploying the node removes it.
    pub instance_info: InstanceInfo,
    /// Deploy steps to request in addition to the node's own.
    pub deploy_steps: Option<DeploySteps>,
    /// Whether to deploy or to rebuild.
    pub target: Target,
    /// Whether to stop if the check finds errors. Findings are reported as [`Step::Finding`].
    pub check: bool,
    /// Whether to wait until the node is active or has failed.
    pub wait: bool,
    /// Whether to record the drive in the node's `extra` once the node is active, and to send nothing if the node already has
    /// this drive. Requires [`wait`](Self::wait).
    pub record: bool,
    /// Whether to record in the node's `extra`, together with the claim, which drive is about to be deployed. If the job is interrupted
    /// before it starts the deployment, a later job for the same drive then recognises the claim. [`record`](Self::record) implies
    /// this.
    pub intent: bool,
    /// The time limit for the whole job. When it expires, Ironic continues with what was started. Without it, the job waits until
    /// Ironic is done (Ironic has time limits of its own), and retries temporary failures for two minutes.
    pub timeout: Option<Duration>,
    /// A time limit as a point in time, which several operations can share. The earlier of the two limits counts.
    pub deadline: Option<Instant>,
    /// The UUID to claim the node with, such as that of the instance. A node that already has it counts as the caller's. Without it, a
    /// random one is used: the instance's UUID is part of the document, which this crate does not parse.
    pub instance_uuid: Option<String>,
    /// Whether to deploy an `available` node that has another `instance_uuid`.
    pub allow_claimed: bool,
}

impl Job {
    /// Creates a first deployment, with Nova's defaults and without waiting.
    pub fn new(node: NodeIdent, content: impl Into<Content>) -> Self {
        Self {
            node,
            content: content.into(),
            policy: Policy::default(),
            options: Options::default(),
            instance_info: InstanceInfo::default(),
            deploy_steps: None,
            target: Target::Active,
            check: true,
            wait: false,
            record: false,
            intent: false,
            timeout: None,
            deadline: None,
            instance_uuid: None,
            allow_claimed: false,
        }
    }
}

/// A deployment that is ready to be sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct Prepared {
    /// The node as it was found.
    pub node: Node,
    /// The request to send.
    pub request: ProvisionRequest,
    /// What to set in the node's `instance_info` before.
    pub instance_info: InstanceInfo,
    /// Whether the node is already active with this drive, so that nothing needs to be sent. Always false if [`Job::record`]
    /// is false.
    pub already_active: bool,
    /// Whether an earlier run has started this deployment, so that the job only waits for its end. Like
    /// [`already_active`](Self::already_active), this requires [`Job::record`].
    pub already_started: bool,
    terms: Terms,
}

/// A deployment that was started, or that was not needed.
#[derive(Debug)]
pub struct Done {
    /// The node as it was found, or, after waiting, as it is at the end.
    pub node: Node,
    /// The drive's digest, or `None` if the instance needs no drive.
    pub drive: Option<DriveDigest>,
    /// Whether the node was already active with this drive, so that nothing was sent.
    pub already_active: bool,
}

/// Performs the whole job: decides whether a drive is needed, builds it, sends the request and, if the job says so, waits.
/// `observe` is called with each step.
///
/// Dropping the future does not undo anything: a deployment that was started continues, and [`attach`] can wait for it.
#[tracing::instrument(name = "deploy", skip_all, fields(node = %job.node))]
pub async fn deploy<T: Transport>(
    ironic: &Ironic<T>,
    component: &Arc<impl ConfigDrive>,
    job: Job,
    observe: impl FnMut(Step<'_>),
) -> Result<Done, Error> {
    let observe = &mut logged(observe);
    let patience = Patience::new(job.timeout, job.deadline);
    let (wait, records) = (job.wait, job.record);
    let Prepared { node, request, already_active, already_started, terms, .. } =
        plan(ironic, component, job, patience, observe).await?;
    let drive = request.drive.as_ref().map(Drive::digest);
    if already_active {
        observe(Step::AlreadyActive);
        return Ok(Done { node, drive, already_active });
    }
    let before = if already_started {
        observe(Step::Resuming);
        node
    } else {
        let request = request.seal().map_err(|TooLarge { length }| Error::TooLarge { length })?;
        let before = start(ironic, node, &request, &terms, patience, observe).await?;
        observe(Step::Accepted);
        before // frees up to 64 MiB before the long wait
    };
    if !wait {
        return Ok(Done { node: before, drive, already_active });
    }
    let watch = if already_started { Watch::resumed(&before) } else { Watch::since(&before) };
    let node = until_active(ironic, &before, watch, patience, observe).await?;
    if let (true, Some(fingerprint)) = (records, terms.fingerprint) {
        let recorded = record(ironic, &node, fingerprint, patience, observe).await;
        recorded.unwrap_or_else(|error| observe(Step::NotRecorded(&error)));
    }
    Ok(Done { node, drive, already_active })
}

/// Records the drive with which the node has become active.
async fn record<T: Transport>(
    ironic: &Ironic<T>,
    node: &Node,
    fingerprint: Fingerprint,
    patience: Patience,
    observe: &mut impl FnMut(Step<'_>),
) -> Result<(), Error> {
    let Some(record) = Record::new(node.provision_updated_at.as_deref(), fingerprint) else { return Ok(()) };
    patience.ask(Operation::Record(node.label().clone()), observe, || ironic.record(node, &record)).await
}

/// Performs everything up to the request, which [`Ironic::provision`] sends. This changes nothing in Ironic.
pub async fn prepare<T: Transport>(
    ironic: &Ironic<T>,
    component: &Arc<impl ConfigDrive>,
    job: Job,
    observe: impl FnMut(Step<'_>),
) -> Result<Prepared, Error> {
    let patience = Patience::new(job.timeout, job.deadline);
    plan(ironic, component, job, patience, &mut logged(observe)).await
}

/// Waits for a node's current deployment, regardless of which client started it. This changes nothing in Ironic.
#[tracing::instrument(name = "attach", skip_all, fields(%node))]
pub async fn attach<T: Transport>(
    ironic: &Ironic<T>,
    node: &NodeIdent,
    timeout: Option<Duration>,
    observe: impl FnMut(Step<'_>),
) -> Result<Node, Error> {
    let observe = &mut logged(observe);
    let patience = Patience::new(timeout, None);
    let node = patience.ask(Operation::Node(node.clone()), observe, || ironic.node(node)).await?;
    until_active(ironic, &node, Watch::now(), patience, observe).await
}

async fn plan<T: Transport>(
    ironic: &Ironic<T>,
    component: &Arc<impl ConfigDrive>,
    job: Job,
    patience: Patience,
    observe: &mut impl FnMut(Step<'_>),
) -> Result<Prepared, Error> {
    let build = || Operation::Build(job.node.clone());
    // Rejects an invalid document before the first request to Ironic.
    let required = patience.within(build(), drive::required(component, &job)).await?;
    let node = patience.ask(Operation::Node(job.node.clone()), observe, || ironic.node(&job.node)).await?;
    observe(Step::Found(&node));
    // The node may already have this drive, or be getting it now, which is only known once the drive is built.
    let may_have_it = job.record && (node.provision_state.is_active() || node.provision_state.is_deploying());
    if !may_have_it {
        check_fit(&node, job.target)?;
    }
    let mut options = job.options.clone();
    let drive = if required {
        if matches!(job.content, Content::Document(_)) {
            if options.ports.is_none() {
                let ports = patience.ask(Operation::Ports(node.label().clone()), observe, || ironic.ports(&node));
                options.ports = Some(ports.await?);
            }
            if options.portgroups.is_none() {
                let portgroups = Operation::PortGroups(node.label().clone());
                options.portgroups = Some(patience.ask(portgroups, observe, || ironic.portgroups(&node)).await?);
            }
        }
        let made = drive::make(component, &job, &options, &node, observe);
        let drive = patience.within(build(), made).await?;
        observe(Step::Built(&drive));
        Some(drive)
    } else {
        observe(Step::NoDriveNeeded);
        None
    };
    let fingerprint = if job.record || job.intent {
        let identity = match &drive {
            Some(drive) => Some(patience.within(build(), drive::identity(component, &job, options, drive)).await?),
            None => None,
        };
        let info = Some(&job.instance_info).filter(|info| !info.is_empty());
        Some(Fingerprint::with(identity.as_deref(), info, job.deploy_steps.as_ref()))
    } else {
        None
    };
    let recorded = fingerprint.as_ref().filter(|_| job.record);
    let known = |has: fn(&Node, &Fingerprint) -> bool| recorded.is_some_and(|drive| has(&node, drive));
    let (already_active, already_started) = (known(Node::has), known(Node::has_started));
    let request = ProvisionRequest { target: job.target, drive, deploy_steps: job.deploy_steps };
    let instance_info = job.instance_info;
    let terms = Terms {
        instance_uuid: job.instance_uuid,
        allow_claimed: job.allow_claimed,
        fingerprint,
        instance_info: instance_info.clone(),
    };
    let validates_later = !instance_info.is_empty();
    let prepared = Prepared { node, request, instance_info, already_active, already_started, terms };
    if already_active || already_started {
        return Ok(prepared);
    }
    check_fit(&prepared.node, job.target)?;
    ironic.can_provision(&prepared.request)?;
    // What is to be set may be what the node lacks, so `start` validates the node when it is set.
    if !validates_later {
        validate(ironic, &prepared.node, patience, observe).await?;
    }
    Ok(prepared)
}

/// Makes every observed step a `tracing` event, too.
fn logged(mut observe: impl FnMut(Step<'_>)) -> impl FnMut(Step<'_>) {
    move |step| {
        match step.is_warning() {
            true => tracing::warn!("{step}"),
            false => tracing::info!("{step}"),
        }
        observe(step);
    }
}
