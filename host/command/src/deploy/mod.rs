//! The verb `deploy`.

mod advice;
mod cloud;
mod document;
mod drive;
mod error;
mod fleet;
mod instance;
mod interrupt;
mod log;
mod phase;
mod progress;
mod report;

pub use self::error::Error;

use std::{
    cell::RefCell, collections::BTreeMap, num::NonZeroUsize, path::PathBuf, str::FromStr, sync::Arc, time::Duration,
};

use clap::Args;
use configdrive_host::{
    ConfigDrive,
    cloud::Cloud,
    ironic::{
        self, Content, Done, Ironic, Job, NodeIdent, Step, Target,
        fleet_file::{Entry, Payload},
    },
};
use configdrive_verbs::{
    Engine, Error as VerbError, Failure, OptionSources, Source,
    document::{DocumentFlags, DocumentInput},
    options::OperatorOptions,
    output,
};
use serde_json::json;
use tokio::time::Instant;

use self::{
    cloud::CloudOptions,
    document::{Base, NodeOptions},
    drive::DriveInput,
    fleet::Fleet,
    instance::InstanceOptions,
    interrupt::Interrupt,
    log::{LOG_TARGET, LogOptions},
    phase::Phase,
    progress::{Audience, Progress},
};
use crate::sandbox::{self, SandboxOptions};

/// Deploy nodes with config drives: decide, build, send, and optionally wait
///
/// If an instance needs no drive, its node is deployed without one. The ports and port groups on the drive are those that Ironic
/// has for the node. The cloud is configured as usual in OpenStack: in clouds.yaml, or in the environment (OS_CLOUD,
/// OS_AUTH_TYPE, OS_AUTH_URL, OS_ENDPOINT and so on).
///
/// Several nodes (NODE=DOC, or --fleet) are deployed in parallel and always waited for. The failure of one does not affect the
/// others. The fingerprint of each node's drive is recorded in its `extra`, so that later runs wait for deployments in progress
/// and skip the nodes that have their drive.
///
/// A node is claimed by its `instance_uuid` while it is deployed. An available node that another instance claims is refused. With
/// the claim, the fingerprint of the drive is recorded, so that running an interrupted command again continues with the claim.
#[derive(Args)]
#[command(after_help = "Examples:\n  configdrive deploy rack1-node7 -i instance.json --os-cloud lab --wait\n  \
    configdrive deploy rack1-node7 -i instance.json --endpoint http://127.0.0.1:6385 --dry-run\n  \
    configdrive deploy rack1-node7 --hostname web-01 --ssh-key ~/.ssh/id_ed25519.pub --dhcp 52:54:00:12:34:01\n  \
    configdrive deploy rack1-node7 --drive config-2.iso --wait\n  \
    configdrive deploy rack1-node7=web.json rack1-node8=db.json\n  \
    configdrive deploy --fleet fleet.yaml --parallel 20\n  \
    configdrive deploy --fleet rack1.csv -i template.json\n\n\
    A fleet file is YAML or JSON, either a list or one JSON object per line:\n  \
    - node: rack1-node7\n    document: web.json         # relative to the file\n    \
    format: vfat               # named like the flags\n    rebuild: true\n\n\
    Or it is a table, with a row for each node and a column for each flag:\n  \
    node,hostname,ip\n  rack1-node7,web-01,52:54:00:12:34:01=192.0.2.11/24")]
pub struct Deploy {
    /// The node's name or UUID, or NODE=DOC to deploy several nodes, each with its document
    #[arg(value_name = "NODE", required_unless_present = "fleet")]
    nodes: Vec<NodeArgument>,
    #[command(flatten)]
    document: DocumentInput,
    #[command(flatten)]
    drive: DriveInput,
    /// Deploy the nodes that FILE lists, each with its document, drive or options; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["nodes", "print_document"])]
    fleet: Option<PathBuf>,
    /// Deploy at most N nodes at a time
    #[arg(long, value_name = "N", default_value = "10", value_parser = at_least_one)]
    parallel: NonZeroUsize,
    /// Do not read or write the deployment record in the nodes' `extra`
    #[arg(long)]
    no_record: bool,
    /// Rebuild a node that has an instance
    #[arg(long)]
    rebuild: bool,
    /// Wait until the node is active or has failed; implied for several nodes
    #[arg(long)]
    wait: bool,
    /// Send nothing, and wait for the node's current deployment
    #[arg(long, conflicts_with_all = ["input", "directory", "drive", "print_document", DocumentFlags::GROUP, "fleet", "rebuild", "dry_run"])]
    attach: bool,
    /// Claim the node with this UUID, such as the instance's; a node that has it already is accepted [default: a random one]
    #[arg(long, value_name = "UUID", value_parser = uuid, conflicts_with_all = ["fleet", "attach"])]
    instance_uuid: Option<String>,
    /// Deploy an available node even if another instance claims it (`instance_uuid`)
    #[arg(long, conflicts_with = "attach")]
    allow_claimed: bool,
    /// End after this time, whatever is in progress; Ironic continues with what was started [default: as long as it takes]
    #[arg(long, value_name = "SECONDS", value_parser = sandbox::seconds)]
    timeout: Option<u32>,
    /// Deploy even if `configdrive check` finds errors in the drive
    #[arg(long)]
    no_check: bool,
    /// Print the request instead of sending it, with a digest in place of the drive
    #[arg(long, conflicts_with_all = ["wait", "fleet"])]
    dry_run: bool,
    /// Print only the outcome, or the request of a dry run, as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    instance: InstanceOptions,
    #[command(flatten)]
    cloud: CloudOptions,
    #[command(flatten)]
    operator: OperatorOptions,
    #[command(flatten)]
    sandbox: SandboxOptions,
    #[command(flatten)]
    log: LogOptions,
    /// When the time limit is reached. Set when the command starts.
    #[arg(skip)]
    deadline: Option<Instant>,
}

fn at_least_one(number: &str) -> Result<NonZeroUsize, &'static str> {
    number.parse().map_err(|_| "expected a whole number of at least 1")
}

/// Checks a UUID as Ironic accepts it for `instance_uuid`.
fn uuid(text: &str) -> Result<String, &'static str> {
    let dashes = |(index, byte): (usize, u8)| {
        if matches!(index, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    let is_uuid = text.len() == 36 && text.bytes().enumerate().all(dashes);
    if is_uuid {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("expected a UUID, such as 1be26c0b-03f2-4d2e-ae87-c02d7f33c123")
    }
}

/// `NODE` or `NODE=DOC`. A node's name cannot contain `=`.
#[derive(Clone, Debug)]
struct NodeArgument {
    node: NodeIdent,
    document: Option<PathBuf>,
}

impl FromStr for NodeArgument {
    type Err = ironic::NotANode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((node, document)) => Ok(Self { node: node.parse()?, document: Some(document.into()) }),
            None => Ok(Self { node: text.parse()?, document: None }),
        }
    }
}

impl Deploy {
    pub fn run(mut self) -> Result<(), Error> {
        self.deadline =
            self.timeout.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds.into())));
        let audience = match (self.log.start(), self.json) {
            (true, _) => Audience::Log,
            (false, true) => Audience::Program,
            (false, false) => Audience::Person,
        };
        let outcome = self.run_for(audience);
        if let (Audience::Log, Err(error)) = (audience, &outcome) {
            tracing::error!(target: LOG_TARGET, "{}", error.sentence());
            for sentence in error.further() {
                tracing::error!(target: LOG_TARGET, "{sentence}");
            }
        }
        outcome
    }

    fn run_for(&self, audience: Audience) -> Result<(), Error> {
        // Reads standard input before the signal handlers are installed, so that Ctrl-C can still end the command.
        let Some(work) = self.work()? else { return Ok(()) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
        let ended = match work {
            Work::Fleet(entries, common) => {
                let progress = Progress::new(audience, Some(entries.len()));
                runtime.block_on(self.deploy_fleet(entries, common, &progress))
            }
            Work::One(one) => {
                let progress = Progress::new(audience, None);
                let report = runtime.block_on(async {
                    let mut interrupt = Interrupt::new().map_err(Error::Runtime)?;
                    let node = one.node().clone();
                    tokio::select! {
                        report = self.work_on_one(one, &progress) => report,
                        () = interrupt.heard() => {
                            let phase = if self.attach { Phase::Started } else { progress.phase() };
                            Err(Error::Interrupted { node, phase })
                        }
                    }
                });
                progress.clear();
                report.map(|report| (report, progress.written().map_err(Error::from)))
            }
        };
        // After an interrupt, the sandbox may still be working. Do not wait for it.
        runtime.shutdown_background();
        let (report, outcome) = ended?;
        let printed =
            if report.is_empty() { Ok(()) } else { output::print(&format!("{report}\n")).map_err(Error::from) };
        // A closed standard output must not hide a failed deployment.
        outcome.and(printed)
    }

    /// Reads the files that the command line names, except for the documents of a fleet. Returns `None` if the document was printed
    /// instead.
    fn work(&self) -> Result<Option<Work>, Error> {
        if let Some(path) = &self.fleet {
            let entries = fleet::read(path, self.sandbox.input_limit())?;
            return self.fleet(entries).map(Some);
        }
        if let [NodeArgument { node, document: None }] = self.nodes.as_slice() {
            if self.attach {
                return Ok(Some(Work::One(One::Attach(node.clone()))));
            }
            let nothing: Arc<[u8]> = Arc::default();
            let (mut job, options) = self.job(node.clone(), nothing.into(), &self.of_nodes(), self.rebuild)?;
            let (content, source) = match self.drive.read(self.sandbox.input_limit())? {
                Some(drive) => drive,
                None => {
                    let uuid = self.instance_uuid.as_deref();
                    match document::read(&self.document, node, uuid, &job.options, &self.sandbox)? {
                        Some(document) => (document.bytes.into(), document.source),
                        None => return Ok(None),
                    }
                }
            };
            job.content = content;
            job.wait = self.wait;
            // A claim of the caller's choice is recognised without a record.
            job.intent = !self.no_record && !self.dry_run && self.instance_uuid.is_none();
            let inputs = Inputs { content: source, options };
            document::check(&job, &inputs, &self.sandbox)?;
            return Ok(Some(Work::One(One::Deploy(Box::new((job, inputs))))));
        }
        if self.dry_run || self.attach {
            let message = "--dry-run and --attach require a single NODE, without =DOC";
            return Err(VerbError::Usage(message.into()).into());
        }
        if self.document.prints() {
            return Err(VerbError::Usage("--print-document requires a single NODE, without =DOC".into()).into());
        }
        let entries = self.nodes.iter().map(|NodeArgument { node, document }| {
            let mut entry = Entry::new(node.clone(), format!("node {node}"));
            entry.document = document.clone().map(Payload::File);
            entry
        });
        self.fleet(entries.collect()).map(Some)
    }

    /// Checks what is known about the nodes of a fleet, and reads what all of them share.
    fn fleet(&self, entries: Vec<Entry>) -> Result<Work, Error> {
        let limit = self.sandbox.input_limit();
        let common = match self.drive.read(limit)? {
            Some((content, source)) => Some(Base::Finished(content, source)),
            None => self.document.read_named(limit)?.map(Base::Common),
        };
        fleet::check(&entries, &self.of_nodes(), common.as_ref()).map_err(|(entry, wrong)| match &self.fleet {
            Some(path) => {
                let source = Source::File(path.clone());
                VerbError::Config { source, message: format!("{}: {wrong}", entry.place) }
            }
            None => VerbError::Usage(wrong),
        })?;
        Ok(Work::Fleet(entries, common))
    }

    /// Returns the options that the nodes of a fleet can override.
    fn of_nodes(&self) -> NodeOptions {
        NodeOptions {
            document: self.document.flags().clone(),
            instance: self.instance.clone(),
            operator: self.operator.clone(),
        }
    }

    fn job(
        &self,
        node: NodeIdent,
        content: Content,
        options: &NodeOptions,
        rebuild: bool,
    ) -> Result<(Job, OptionSources), Error> {
        let mut job = Job::new(node, content);
        let limit = self.sandbox.input_limit();
        let (policy, settings) = options.operator.clone().read(limit)?;
        job.instance_info = options.instance.info()?;
        job.deploy_steps = options.instance.steps(limit)?;
        job.policy = policy;
        job.options = settings.options;
        job.target = if rebuild { Target::Rebuild } else { Target::Active };
        job.check = !self.no_check;
        job.deadline = self.deadline;
        job.instance_uuid = self.instance_uuid.clone();
        job.allow_claimed = self.allow_claimed;
        Ok((job, settings.sources))
    }

    /// Deploys one node, or waits for it. Returns the report to print at the end.
    async fn work_on_one(&self, one: One, progress: &Progress) -> Result<String, Error> {
        let ironic = self.connect(progress).await?;
        let (done, waited) = match one {
            One::Attach(node) => {
                let observe = |step: Step<'_>| progress.show(&node, &step);
                let ended = ironic::attach(&ironic, &node, self.left(), observe).await?;
                (Done { node: ended, drive: None, already_active: false }, true)
            }
            One::Deploy(deployment) => {
                let (job, inputs) = *deployment;
                let sandbox = Arc::new(self.sandbox.start()?);
                let (node, waited) = (job.node.clone(), job.wait);
                let observe = |step: Step<'_>| progress.show(&node, &step);
                if self.dry_run {
                    let prepared = ironic::prepare(&ironic, &sandbox, job, observe).await;
                    let prepared = prepared.map_err(|error| inputs.explain(error.into()))?;
                    let preview = ironic.preview(&prepared.node, &prepared.request, &prepared.instance_info);
                    return Ok(match self.json {
                        true => json!(preview).to_string(),
                        false => format!("nothing is sent; the request would be:\n\n{preview}"),
                    });
                }
                let done = ironic::deploy(&ironic, &sandbox, job, observe).await;
                (done.map_err(|error| inputs.explain(error.into()))?, waited)
            }
        };
        Ok(if self.json { report::outcome(&done, waited).to_string() } else { String::new() })
    }

    async fn deploy_fleet(
        &self,
        entries: Vec<Entry>,
        common: Option<Base>,
        progress: &Progress,
    ) -> Result<(String, Result<(), Error>), Error> {
        let (sandbox, ironic) = (Arc::new(self.sandbox.start()?), self.connect(progress).await?);
        ironic::distinct(&ironic, entries.iter().map(|entry| &entry.node), self.left()).await?;
        let fleet = Fleet { sandbox, ironic, parallel: self.parallel, progress };
        let inputs = RefCell::new(BTreeMap::new());
        let job = |entry: Entry| {
            let node = entry.node.as_str().to_owned();
            let (job, its_inputs) = self.member(entry, common.clone(), &*fleet.sandbox)?;
            inputs.borrow_mut().insert(node, its_inputs);
            Ok(job)
        };
        let explain = |node: &NodeIdent, error| match inputs.borrow().get(node.as_str()) {
            Some(inputs) => inputs.explain(error),
            None => error,
        };
        fleet.deploy(entries, self.json, &job, &explain).await
    }

    async fn connect(&self, progress: &Progress) -> Result<Ironic<Cloud>, Error> {
        let mut settings = self.cloud.clone().settings();
        settings.deadline = self.deadline;
        let cloud = Cloud::connect(settings).await?;
        if cloud.is_insecure() {
            progress.warn(cloud::INSECURE);
        }
        Ok(Ironic::connect_until(cloud, self.deadline).await?)
    }

    /// Creates the job of a fleet's node when its turn has come.
    fn member(&self, entry: Entry, common: Option<Base>, sandbox: &impl ConfigDrive) -> Result<(Job, Inputs), Error> {
        let limit = self.sandbox.input_limit();
        let node = self.of_nodes().with(&fleet::flags(&entry))?;
        let base = fleet::read_base(&entry, self.fleet.as_deref(), limit)?.or(common);
        let Some((content, source)) = node.content(&entry.node, base, sandbox, limit)? else {
            return Err(VerbError::Usage(format!("node {} has neither a document nor a drive", entry.node)).into());
        };
        let (mut job, options) = self.job(entry.node, content, &node, self.rebuild || entry.rebuild)?;
        job.wait = true;
        job.record = !self.no_record;
        Ok((job, Inputs { content: source, options }))
    }

    /// Returns the time that is left, or `None` if there is no limit.
    fn left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

/// The work that the command line requests.
enum Work {
    One(One),
    /// Nodes, and what those get that have nothing of their own.
    Fleet(Vec<Entry>, Option<Base>),
}

enum One {
    Attach(NodeIdent),
    Deploy(Box<(Job, Inputs)>),
}

impl One {
    fn node(&self) -> &NodeIdent {
        match self {
            Self::Attach(node) => node,
            Self::Deploy(deployment) => &deployment.0.node,
        }
    }
}

/// The names of a job's inputs, for errors of the component.
struct Inputs {
    content: Source,
    options: OptionSources,
}

impl Inputs {
    fn explain(&self, error: Error) -> Error {
        match error {
            Error::Ironic(ironic::Error::Drive(error)) => self.content.explain(error, &self.options).into(),
            error => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use configdrive_host::ErrorCode;

    use super::*;

    #[test]
    fn an_error_about_a_document_starts_with_its_name() {
        let inputs = Inputs { content: Source::File("web.json".into()), options: OptionSources::default() };
        let refused = configdrive_host::Error::refused(ErrorCode::InvalidDocument, "/a: missing", Some("/a"));
        let error = inputs.explain(ironic::Error::Drive(refused).into());
        assert_eq!(error.sentence(), "web.json: /a: missing");
        assert_eq!(error.exit(), configdrive_verbs::Exit::InvalidInput);
    }
}
