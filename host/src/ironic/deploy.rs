use std::fmt;
use std::sync::Arc;

use super::node::{Node, NodeIdent};
use super::provision::{Drive, DriveDigest, ProvisionRequest, Target};
use super::wait::Wait;
use super::{Error, Ironic, Transport};
use crate::sandbox::{self, Finding, Options, Policy, Sandbox, Scope, Severity};

/// A deployment to be made.
#[derive(Clone)]
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
    /// Whether to wait for the end, and how.
    pub wait: Option<Wait>,
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
            wait: None,
        }
    }
}

/// What a deployment is about to do, for whoever watches it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<'a> {
    /// The node is there.
    Found(&'a Node),
    /// The instance needs no drive (Nova's `required_by`): its deployment is started without one.
    NoDriveNeeded,
    /// The ports and port groups have been fetched, and the drive is being built.
    Building,
    /// Something about the drive that will not work on this node. Nothing is sent after one that is an error.
    Finding(&'a Finding),
    /// The drive is built.
    Built(&'a Drive),
    /// The request is being sent.
    Sending(Target),
    /// Ironic has taken it.
    Accepted,
    /// The node has come to another state.
    State(&'a Node),
}

/// A deployment of which nothing has been sent yet.
#[derive(Debug)]
pub struct Prepared {
    /// The node as it was.
    pub node: Node,
    /// What will be sent.
    pub request: ProvisionRequest,
}

/// A deployment that was started.
#[derive(Debug)]
pub struct Done {
    /// The node: as it was found, or at the end if the end was waited for.
    pub node: Node,
    /// The drive; none where the instance needs none.
    pub drive: Option<DriveDigest>,
}

/// Does the whole job: decides, builds, sends and, if asked for, waits. `observe` is told what happens meanwhile.
pub async fn deploy<T: Transport>(
    ironic: &Ironic<T>,
    sandbox: &Arc<Sandbox>,
    job: Job,
    mut observe: impl FnMut(Step<'_>),
) -> Result<Done, Error> {
    let wait = job.wait;
    let Prepared { node, request } = prepare(ironic, sandbox, job, &mut observe).await?;
    let drive = request.drive.as_ref().map(Drive::digest);
    observe(Step::Sending(request.target));
    ironic.provision(&node, request).await?;
    observe(Step::Accepted);
    let node = match wait {
        Some(wait) => wait.until_active(ironic, &node, &mut observe).await?,
        None => node,
    };
    Ok(Done { node, drive })
}

/// Does everything up to the request, which [`Ironic::provision`] sends. Ironic is only read.
pub async fn prepare<T: Transport>(
    ironic: &Ironic<T>,
    sandbox: &Arc<Sandbox>,
    job: Job,
    mut observe: impl FnMut(Step<'_>),
) -> Result<Prepared, Error> {
    // Where no drive can be made, Ironic need not be asked.
    let document = Arc::clone(&job.document);
    let required = in_sandbox(sandbox, move |sandbox| sandbox.required_by(&document, job.policy)).await?;
    let node = ironic.node(&job.node).await?;
    observe(Step::Found(&node));
    let drive = if required {
        let mut options = job.options;
        if options.ports.is_none() {
            options.ports = Some(ironic.ports(&node).await?);
        }
        if options.portgroups.is_none() {
            options.portgroups = Some(ironic.portgroups(&node).await?);
        }
        observe(Step::Building);
        if job.check {
            let (document, options) = (Arc::clone(&job.document), options.clone());
            let mut findings = in_sandbox(sandbox, move |sandbox| sandbox.check_document(&document, &options)).await?;
            findings.retain(|finding| concerns(finding, &node));
            for finding in &findings {
                observe(Step::Finding(finding));
            }
            match findings.iter().filter(|finding| finding.severity == Severity::Error).count() {
                0 => {}
                errors => return Err(Error::Useless { errors }),
            }
        }
        let text = in_sandbox(sandbox, move |sandbox| sandbox.pack(&job.document, &options)).await?;
        let drive = Drive::new(text).map_err(|_| Error::NotADrive)?;
        observe(Step::Built(&drive));
        Some(drive)
    } else {
        observe(Step::NoDriveNeeded);
        None
    };
    let request = ProvisionRequest { target: job.target, drive };
    ironic.can_provision(&request)?;
    Ok(Prepared { node, request })
}

fn concerns(finding: &Finding, node: &Node) -> bool {
    match finding.scope {
        Scope::Everywhere => true,
        Scope::FlatOrNeutron => node.network_interface.as_deref() != Some("noop"),
        // Ironic's agent rebuilds a drive that it cannot mount.
        Scope::FourKDisks => false,
    }
}

/// The sandbox computes for milliseconds to seconds: not on a thread that serves others.
async fn in_sandbox<R: Send + 'static>(
    sandbox: &Arc<Sandbox>,
    call: impl FnOnce(&Sandbox) -> Result<R, sandbox::Error> + Send + 'static,
) -> Result<R, Error> {
    let sandbox = Arc::clone(sandbox);
    match tokio::task::spawn_blocking(move || call(&sandbox)).await {
        Ok(result) => result.map_err(Error::Drive),
        // The runtime is being shut down, or the host itself panicked.
        Err(error) => Err(Error::Drive(sandbox::Error::Start(error.to_string()))),
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(node) => write!(f, "node {} ({}) is {}", node.label(), node.uuid, node.provision_state),
            Self::NoDriveNeeded => f.write_str("the instance needs no config drive"),
            Self::Building => f.write_str("building the config drive from the document and the node's ports"),
            Self::Finding(finding) => finding.fmt(f),
            Self::Built(drive) => write!(f, "config drive: {}", drive.digest()),
            Self::Sending(Target::Active) => f.write_str("asking Ironic to deploy"),
            Self::Sending(Target::Rebuild) => f.write_str("asking Ironic to rebuild"),
            Self::Accepted => f.write_str("Ironic has started"),
            Self::State(node) => write!(f, "node {} is {}", node.label(), node.provision_state),
        }
    }
}
