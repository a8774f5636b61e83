//! A deployment from its document to an active node.

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

/// A deployment to be made.
#[derive(Clone)]
#[non_exhaustive]
pub struct Job {
    /// The node's name or UUID.
    pub node: NodeIdent,
    /// The instance document: JSON, UTF-8. It is read in the sandbox alone.
    pub document: Arc<[u8]>,
    /// The operator's part in the decision whether there is a drive.
    pub policy: Policy,
    /// The operator's part in the drive. Its `ports` and `portgroups` are fetched from Ironic where it has none.
    pub options: Options,
    /// Deploy or rebuild.
    pub target: Target,
    /// Whether to stop at a drive that is valid and useless. What is found is told as [`Step::Finding`].
    pub check: bool,
    /// Whether to wait until the node is active or has failed.
    pub wait: bool,
    /// Whether to note down in the node's `extra`, once it is active, which drive it has, and to send nothing where it
    /// has this one already. Takes [`wait`](Self::wait).
    pub record: bool,
    /// How long all of it may take; what goes on in Ironic then goes on. Without it, waiting lasts as long as Ironic
    /// works, which has time limits of its own, and what fails for a reason that may pass is tried again for two minutes.
    pub timeout: Option<Duration>,
}

impl Job {
    /// A first deployment with Nova's defaults that is not waited for.
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

/// A deployment of which nothing has been sent yet.
#[derive(Debug)]
pub struct Prepared {
    /// The node as it was.
    pub node: Node,
    /// What will be sent.
    pub request: ProvisionRequest,
    /// Whether the node is active with this drive already, so that nothing is to be sent. Only where the job is
    /// recorded.
    pub already_active: bool,
    fingerprint: Option<Fingerprint>,
}

/// A deployment that was started, or that was not needed.
#[derive(Debug)]
pub struct Done {
    /// The node: as it was found, or at the end if the end was waited for.
    pub node: Node,
    /// The drive; none where the instance needs none.
    pub drive: Option<DriveDigest>,
    /// Whether the node was active with this drive before, and nothing was sent.
    pub already_active: bool,
}

/// Does the whole job: decides, builds, sends and, if asked for, waits. `observe` is told what happens meanwhile.
///
/// To drop the future is to leave the node as it is: what was sent goes on, and [`attach`] waits for it.
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
    drop(request); // up to 64 MiB, for as long as a deployment takes
    observe(Step::Accepted);
    if !wait {
        return Ok(Done { node: before, drive, already_active });
    }
    let node = until_active(ironic, &before, Watch::since(&before), patience, observe).await?;
    if let Some(record) =
        fingerprint.and_then(|fingerprint| Record::new(node.provision_updated_at.as_deref(), fingerprint))
    {
        let noted = patience.ask(observe, || ironic.record(&node, &record)).await;
        noted.unwrap_or_else(|error| observe(Step::NotRecorded(&error)));
    }
    Ok(Done { node, drive, already_active })
}

/// Does everything up to the request, which [`Ironic::provision`] sends. Ironic is only read.
pub async fn prepare<T: Transport>(
    ironic: &Ironic<T>,
    component: &Arc<impl ConfigDrive>,
    job: Job,
    observe: impl FnMut(Step<'_>),
) -> Result<Prepared, Error> {
    let patience = Patience::new(job.timeout);
    plan(ironic, component, job, patience, &mut logged(observe)).await
}

/// Waits for the deployment that a node is at, whoever started it. Nothing is sent.
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
    // Where no drive can be made, Ironic need not be asked.
    let document = Arc::clone(&job.document);
    let required = on_a_thread(component, move |component| component.required_by(&document, job.policy)).await?;
    let node = patience.ask(observe, || ironic.node(&job.node)).await?;
    observe(Step::Found(&node));
    // A node that is active may have this very drive, which is known when the drive is.
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
        let text = on_a_thread(component, move |component| component.pack(&document, &options)).await?;
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
            // Random bytes drawn for this run would make each drive another one.
            options.default_random_seed = None;
            let text = on_a_thread(component, move |component| component.pack(&job.document, &options)).await?;
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
    let mut findings = on_a_thread(component, move |component| component.check_document(&document, &options)).await?;
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

/// The component computes for milliseconds to seconds: not on a thread that serves others.
async fn on_a_thread<C: ConfigDrive, R: Send + 'static>(
    component: &Arc<C>,
    call: impl FnOnce(&C) -> Result<R, contract::Error> + Send + 'static,
) -> Result<R, Error> {
    let component = Arc::clone(component);
    match tokio::task::spawn_blocking(move || call(&component)).await {
        Ok(result) => result.map_err(Error::Drive),
        // The runtime is being shut down, or the host itself panicked.
        Err(error) => Err(Error::Drive(contract::Error::Start(Arc::new(error)))),
    }
}

/// What is observed also becomes an event for `tracing`.
fn logged(mut observe: impl FnMut(Step<'_>)) -> impl FnMut(Step<'_>) {
    move |step| {
        match step.is_warning() {
            true => tracing::warn!("{step}"),
            false => tracing::info!("{step}"),
        }
        observe(step);
    }
}
