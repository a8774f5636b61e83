//! A deployment, from the document to the active node.

use std::sync::Arc;
use std::time::Duration;

use configdrive_contract::{self as contract, ConfigDrive, Finding, Options, Policy, Scope, Severity};

use super::client::Ironic;
use super::error::Error;
use super::ident::NodeIdent;
use super::node::Node;
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
    /// The instance document: JSON in UTF-8. Only the component parses it.
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
    /// The time limit for the whole job. When it expires, Ironic continues with what was started. Without it, waiting lasts
    /// until Ironic is done, which has time limits of its own, and temporary failures are retried for two minutes.
    pub timeout: Option<Duration>,
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
            timeout: None,
        }
    }
}

/// A deployment that is ready to be sent.
#[derive(Debug)]
pub struct Prepared {
    /// The node as it was found.
    pub node: Node,
    /// The request to send.
    pub request: ProvisionRequest,
    /// Whether the node is already active with this drive, so that nothing needs to be sent. Always false if [`Job::record`]
    /// is.
    pub already_active: bool,
    fingerprint: Option<Fingerprint>,
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
/// Dropping the future does not undo anything: a deployment that was started continues, and [`attach`] waits for it.
#[tracing::instrument(name = "deploy", skip_all, fields(node = %job.node))]
pub async fn deploy<T: Transport>(
    ironic: &Ironic<T>,
    component: &Arc<impl ConfigDrive>,
    job: Job,
    observe: impl FnMut(Step<'_>),
) -> Result<Done, Error> {
    let observe = &mut logged(observe);
    let patience = Patience::new(job.timeout);
    let wait = job.wait;
    let Prepared { node, request, already_active, fingerprint } =
        plan(ironic, component, job, patience, observe).await?;
    let drive = request.drive.as_ref().map(Drive::digest);
    if already_active {
        observe(Step::AlreadyActive);
        return Ok(Done { node, drive, already_active });
    }
    let request = request.seal().map_err(|TooLarge { length }| Error::TooLarge { length })?;
    let before = start(ironic, node, &request, patience, observe).await?;
    drop(request); // frees up to 64 MiB before the long wait
    observe(Step::Accepted);
    if !wait {
        return Ok(Done { node: before, drive, already_active });
    }
    let node = until_active(ironic, &before, Watch::since(&before), patience, observe).await?;
    if let Some(record) =
        fingerprint.and_then(|fingerprint| Record::new(node.provision_updated_at.as_deref(), fingerprint))
    {
        let recorded = patience.ask(observe, || ironic.record(&node, &record)).await;
        recorded.unwrap_or_else(|error| observe(Step::NotRecorded(&error)));
    }
    Ok(Done { node, drive, already_active })
}

/// Performs everything up to the request, which [`Ironic::provision`] sends. This changes nothing in Ironic.
pub async fn prepare<T: Transport>(
    ironic: &Ironic<T>,
    component: &Arc<impl ConfigDrive>,
    job: Job,
    observe: impl FnMut(Step<'_>),
) -> Result<Prepared, Error> {
    let patience = Patience::new(job.timeout);
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
    let patience = Patience::new(timeout);
    let node = patience.ask(observe, || ironic.node(node)).await?;
    until_active(ironic, &node, Watch::now(), patience, observe).await
}

async fn plan<T: Transport>(
    ironic: &Ironic<T>,
    component: &Arc<impl ConfigDrive>,
    job: Job,
    patience: Patience,
    observe: &mut impl FnMut(Step<'_>),
) -> Result<Prepared, Error> {
    // Rejects an invalid document before the first request to Ironic.
    let document = Arc::clone(&job.document);
    let required = on_blocking_thread(component, move |component| component.required_by(&document, job.policy)).await?;
    let node = patience.ask(observe, || ironic.node(&job.node)).await?;
    observe(Step::Found(&node));
    // An active node may already have this drive, which is only known once the drive is built.
    let may_have_it = job.record && node.provision_state.is_active();
    if !may_have_it {
        check_fit(&node, job.target)?;
    }
    let mut options = job.options;
    let drive = if required {
        if options.ports.is_none() {
            options.ports = Some(patience.ask(observe, || ironic.ports(&node)).await?);
        }
        if options.portgroups.is_none() {
            options.portgroups = Some(patience.ask(observe, || ironic.portgroups(&node)).await?);
        }
        observe(Step::Building);
        if job.check {
            check(component, &job.document, &options, &node, observe).await?;
        }
        let (document, options) = (Arc::clone(&job.document), options.clone());
        let text = on_blocking_thread(component, move |component| component.pack(&document, &options)).await?;
        let drive = Drive::new(text).map_err(|_| Error::NotADrive)?;
        observe(Step::Built(&drive));
        Some(drive)
    } else {
        observe(Step::NoDriveNeeded);
        None
    };
    let fingerprint = match (job.record, required) {
        (false, _) => None,
        (true, false) => Some(Fingerprint::new(None)),
        (true, true) => {
            // With the random bytes drawn for this run, each drive would be different.
            options.default_random_seed = None;
            let text = on_blocking_thread(component, move |component| component.pack(&job.document, &options)).await?;
            Some(Fingerprint::new(Some(&text)))
        }
    };
    let request = ProvisionRequest { target: job.target, drive };
    if fingerprint.as_ref().is_some_and(|fingerprint| node.has(fingerprint)) {
        return Ok(Prepared { node, request, already_active: true, fingerprint });
    }
    check_fit(&node, job.target)?;
    ironic.can_provision(&request)?;
    let reasons = patience.ask(observe, || ironic.validate(&node)).await?.reasons();
    if !reasons.is_empty() {
        return Err(Error::Unfit { node: node.label().clone(), reasons });
    }
    Ok(Prepared { node, request, already_active: false, fingerprint })
}

async fn check(
    component: &Arc<impl ConfigDrive>,
    document: &Arc<[u8]>,
    options: &Options,
    node: &Node,
    observe: &mut impl FnMut(Step<'_>),
) -> Result<(), Error> {
    let (document, options) = (Arc::clone(document), options.clone());
    let mut findings =
        on_blocking_thread(component, move |component| component.check_document(&document, &options)).await?;
    findings.retain(|finding| concerns(finding, node));
    for finding in &findings {
        observe(Step::Finding(finding));
    }
    match findings.iter().filter(|finding| finding.severity == Severity::Error).count() {
        0 => Ok(()),
        errors => Err(Error::CheckFailed { errors }),
    }
}

fn concerns(finding: &Finding, node: &Node) -> bool {
    match finding.scope {
        Scope::FlatOrNeutron => node.network_interface.as_deref() != Some("noop"),
        // Ironic's agent rebuilds a drive that it cannot mount.
        Scope::FourKDisks => false,
        _ => true,
    }
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
