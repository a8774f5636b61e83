//! A deployment, from the document to the active node.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use configdrive_contract::{self as contract, ConfigDrive, Options, Policy, Recipient, Recipients, Severity};

use super::client::Ironic;
use super::error::Error;
use super::hold::Terms;
use super::ident::NodeIdent;
use super::node::Node;
use super::operation::Operation;
use super::patience::Patience;
use super::provision::{Drive, DriveDigest, ProvisionRequest, Target, TooLarge};
use super::record::{Fingerprint, Record};
use super::start::{check_fit, start};
use super::step::Step;
use super::wait::{Watch, until_active};
use crate::transport::Transport;

/// A deployment to perform.
#[derive(Clone)]
#[non_exhaustive]
pub struct Job {
    /// The node's name or UUID.
    pub node: NodeIdent,
    /// The instance document: JSON or YAML in UTF-8. Only the component parses it.
    pub document: Arc<[u8]>,
    /// The operator's policy on whether an instance gets a drive.
    pub policy: Policy,
    /// The operator's options for the drive. `ports` and `portgroups` are fetched from Ironic if they are absent.
    pub options: Options,
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
    pub fn new(node: NodeIdent, document: impl Into<Arc<[u8]>>) -> Self {
        Self {
            node,
            document: document.into(),
            policy: Policy::default(),
            options: Options::default(),
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
    let Prepared { node, request, already_active, already_started, terms } =
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
    let document = Arc::clone(&job.document);
    let required = on_blocking_thread(component, move |component| component.required_by(&document, job.policy));
    let required = patience.within(build(), required).await?;
    let node = patience.ask(Operation::Node(job.node.clone()), observe, || ironic.node(&job.node)).await?;
    observe(Step::Found(&node));
    // The node may already have this drive, or be getting it now, which is only known once the drive is built.
    let may_have_it = job.record && (node.provision_state.is_active() || node.provision_state.is_deploying());
    if !may_have_it {
        check_fit(&node, job.target)?;
    }
    let mut options = job.options;
    let drive = if required {
        if options.ports.is_none() {
            let ports = patience.ask(Operation::Ports(node.label().clone()), observe, || ironic.ports(&node));
            options.ports = Some(ports.await?);
        }
        if options.portgroups.is_none() {
            let portgroups = Operation::PortGroups(node.label().clone());
            options.portgroups = Some(patience.ask(portgroups, observe, || ironic.portgroups(&node)).await?);
        }
        observe(Step::Building);
        if job.check {
            let checked = check(component, &job.document, &options, &node, observe);
            patience.within(build(), checked).await?;
        }
        let (document, options) = (Arc::clone(&job.document), options.clone());
        let text = on_blocking_thread(component, move |component| component.pack(&document, &options));
        let drive = Drive::new(patience.within(build(), text).await?).map_err(|_| Error::NotADrive)?;
        observe(Step::Built(&drive));
        Some(drive)
    } else {
        observe(Step::NoDriveNeeded);
        None
    };
    let fingerprint = match (job.record || job.intent, required) {
        (false, _) => None,
        (true, false) => Some(Fingerprint::new(None)),
        (true, true) => {
            // The random bytes drawn for this run would make every fingerprint different.
            options.default_random_seed = None;
            let document = Arc::clone(&job.document);
            let text = on_blocking_thread(component, move |component| component.pack(&document, &options));
            Some(Fingerprint::new(Some(&patience.within(build(), text).await?)))
        }
    };
    let recorded = fingerprint.as_ref().filter(|_| job.record);
    let known = |has: fn(&Node, &Fingerprint) -> bool| recorded.is_some_and(|drive| has(&node, drive));
    let (already_active, already_started) = (known(Node::has), known(Node::has_started));
    let request = ProvisionRequest { target: job.target, drive };
    let terms = Terms { instance_uuid: job.instance_uuid, allow_claimed: job.allow_claimed, fingerprint };
    if already_active || already_started {
        return Ok(Prepared { node, request, already_active, already_started, terms });
    }
    check_fit(&node, job.target)?;
    ironic.can_provision(&request)?;
    let validated = patience.ask(Operation::Validate(node.label().clone()), observe, || ironic.validate(&node));
    let reasons = validated.await?.reasons();
    if !reasons.is_empty() {
        return Err(Error::Unfit { node: node.label().clone(), reasons });
    }
    Ok(Prepared { node, request, already_active, already_started, terms })
}

async fn check(
    component: &Arc<impl ConfigDrive>,
    document: &Arc<[u8]>,
    options: &Options,
    node: &Node,
    observe: &mut impl FnMut(Step<'_>),
) -> Result<(), Error> {
    let (document, options) = (Arc::clone(document), options.clone());
    let findings =
        on_blocking_thread(component, move |component| component.check_document(&document, &options)).await?;
    let findings = recipients(node).select(findings).findings;
    for finding in &findings {
        observe(Step::Finding(finding));
    }
    match findings.iter().filter(|finding| finding.severity == Severity::Error).count() {
        0 => Ok(()),
        errors => Err(Error::CheckFailed { errors }),
    }
}

/// Returns what is known about the recipients of the node's drive. Not whether its disk is 4Kn: a node's properties do not say that,
/// and Ironic's agent rebuilds a drive that it cannot mount.
fn recipients(node: &Node) -> Recipients {
    // With `noop`, Ironic has no network data of its own to put on a drive.
    let opens_drives = node.network_interface.as_deref() != Some("noop");
    opens_drives.then_some(Recipient::Flat).into_iter().collect()
}

/// Calls the component on a separate thread, since it computes for milliseconds to seconds.
async fn on_blocking_thread<C: ConfigDrive, R: Send + 'static>(
    component: &Arc<C>,
    call: impl FnOnce(&C) -> Result<R, contract::Error> + Send + 'static,
) -> Result<R, Error> {
    let component = Arc::clone(component);
    match tokio::task::spawn_blocking(move || call(&component)).await {
        Ok(result) => result.map_err(Error::Drive),
        // The runtime is shutting down, or the call panicked.
        Err(error) => Err(Error::Drive(contract::Error::Start(Arc::new(error)))),
    }
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
