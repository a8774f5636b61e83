//! Deploying many nodes.

use std::{cell::Cell, num::NonZeroUsize, path::Path, pin::pin, sync::Arc};

use configdrive_host::{
    Sandbox,
    cloud::Cloud,
    ironic::{
        self, Done, Ironic, Job, Member, NodeIdent,
        fleet_file::{self, Entry, Payload},
    },
};
use configdrive_verbs::{
    Error as VerbError, Failure, Source,
    input::{self, Expected, Input},
};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::{
    document::{Base, NodeOptions},
    drive,
    error::Error,
    interrupt::Interrupt,
    progress::Progress,
    report,
};

/// Reads the fleet file.
pub fn read(path: &Path, limit: usize) -> Result<Vec<Entry>, Error> {
    let file = input::read(path, limit, Expected::Fleet)?;
    let text = input::text(file.bytes, &file.source)?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let entries = fleet_file::parse(&text, directory)
        .map_err(|error| VerbError::Config { source: file.source.clone(), message: error.to_string() })?;
    Ok(entries)
}

/// Checks the options of all nodes before the first one is deployed. `common` is for nodes that have nothing of their own. Returns
/// the first entry that is wrong, and why.
pub fn check<'a>(
    entries: &'a [Entry],
    options: &NodeOptions,
    common: Option<&Base>,
) -> Result<(), (&'a Entry, String)> {
    entries.iter().try_for_each(|entry| check_entry(entry, options, common).map_err(|wrong| (entry, wrong)))
}

fn check_entry(entry: &Entry, options: &NodeOptions, common: Option<&Base>) -> Result<(), String> {
    let options = options.with(&flags(entry)).map_err(|error| error.sentence())?;
    let has_options = options.document.is_given();
    let problem = match (&entry.document, &entry.drive, common) {
        (Some(_), Some(_), _) => "has both a document and a drive; remove one",
        (None, None, None) if !has_options => {
            "has neither a document nor a drive; add one, or name one for all nodes (-i or --drive)"
        }
        (None, Some(_), _) | (None, None, Some(Base::Finished(..))) if has_options => {
            "has a finished drive, which cannot be changed; remove the options for the document"
        }
        _ => return options.instance.info().map(drop).map_err(|error| error.sentence()),
    };
    Err(format!("node {} {problem}", entry.node))
}

/// Reads what a fleet file has for a node, if it has something. `file` is the fleet file.
pub fn read_base(entry: &Entry, file: Option<&Path>, limit: usize) -> Result<Option<Base>, Error> {
    let here = || {
        let path = file.unwrap_or(Path::new("")).to_owned();
        Source::OptionFile { path, option: format!("node {}", entry.node) }
    };
    Ok(Some(match (&entry.document, &entry.drive) {
        (Some(Payload::File(path)), _) => {
            Base::Own(Input { source: Source::File(path.clone()), bytes: input::read_file(path, limit)? })
        }
        (Some(Payload::Here(document)), _) => Base::Own(Input { source: here(), bytes: document.to_vec() }),
        (None, Some(Payload::File(path))) => {
            let (content, source) = drive::read(path.as_os_str(), limit)?;
            Base::Finished(content, source)
        }
        (None, Some(Payload::Here(object))) => Base::Finished(drive::metadata(object, &here())?, here()),
        (None, None) => return Ok(None),
    }))
}

/// Returns an entry's options as flags: `format: vfat` is `--format=vfat`. Names, values and errors are the same as on the command
/// line.
pub fn flags(entry: &Entry) -> Vec<String> {
    entry.options.iter().map(|(name, value)| format!("--{}={value}", name.replace('_', "-"))).collect()
}

/// The context that a fleet's deployments share.
pub struct Fleet<'a> {
    pub sandbox: Arc<Sandbox>,
    pub ironic: Ironic<Cloud>,
    pub parallel: NonZeroUsize,
    pub progress: &'a Progress,
}

impl Fleet<'_> {
    /// Deploys all nodes. Returns the report to print at the end, and the outcome of the command.
    ///
    /// The first interrupt stops it from starting more nodes. The second one also stops it from waiting for those in progress.
    pub async fn deploy(
        &self,
        entries: Vec<Entry>,
        as_json: bool,
        job: &impl Fn(Entry) -> Result<Job, Error>,
        explain: &impl Fn(&NodeIdent, Error) -> Error,
    ) -> Result<(String, Result<(), Error>), Error> {
        let mut interrupt = Interrupt::new().map_err(Error::Runtime)?;
        let stopped = Cell::new(false);
        let (progress, of) = (self.progress, entries.len());
        let waiting = entries.into_iter().take_while(|_| !stopped.get());
        let members = waiting.map(|entry| Member { node: entry.node.clone(), job: move || job(entry) });
        let observe = |node: &NodeIdent, step: ironic::Step<'_>| progress.show_member(node, &step);
        let mut outcomes = pin!(ironic::fleet(&self.ironic, &self.sandbox, members, self.parallel, &observe));
        let mut summary = Summary { of, ..Summary::default() };
        loop {
            tokio::select! {
                ended = outcomes.next() => match ended {
                    Some((node, outcome)) => {
                        progress.end(&node);
                        let outcome = outcome.map_err(|error| explain(&node, error));
                        summary.add(node, outcome, progress);
                    }
                    None => break,
                },
                () = interrupt.heard() => {
                    if stopped.replace(true) {
                        break;
                    }
                    progress.warn(
                        "interrupted: no more nodes are started; waiting for those in progress (interrupt again to leave them)",
                    );
                }
            }
        }
        progress.clear();
        summary.interrupted = stopped.get();
        Ok(summary.report(as_json))
    }
}

#[derive(Default)]
struct Summary {
    of: usize,
    nodes: Vec<Value>,
    deployed: usize,
    already_active: usize,
    failed: usize,
    interrupted: bool,
}

impl Summary {
    fn add(&mut self, node: NodeIdent, outcome: Result<Done, Error>, progress: &Progress) {
        let mut report = match &outcome {
            Ok(done) => report::outcome(done, true),
            Err(error) if error.further().is_empty() => {
                json!({"error": {"message": error.sentence(), "exit_code": error.exit() as u8}})
            }
            Err(error) => {
                let (message, exit_code) = (error.sentence(), error.exit() as u8);
                json!({"error": {"message": message, "further": error.further(), "exit_code": exit_code}})
            }
        };
        let (word, line) = match &outcome {
            Ok(Done { already_active: true, .. }) => {
                self.already_active += 1;
                ("already active", Some(format!("node {node} is already active with this drive")))
            }
            Ok(_) => {
                self.deployed += 1;
                ("deployed", Some(format!("node {node} is deployed")))
            }
            Err(error) => {
                self.failed += 1;
                for sentence in std::iter::once(&error.sentence()).chain(error.further()) {
                    progress.warn(&format!("the deployment of node {node} did not succeed: {sentence}"));
                }
                ("failed", None)
            }
        };
        if let Some(line) = line {
            progress.line(&line);
        }
        if let Value::Object(members) = &mut report {
            members.insert("node".into(), node.as_str().into());
            members.insert("outcome".into(), word.into());
        }
        self.nodes.push(report);
    }

    /// Returns the report to print at the end, and the outcome of the command.
    fn report(&self, as_json: bool) -> (String, Result<(), Error>) {
        let not_ended = self.of - self.nodes.len();
        let counts = [
            (self.deployed, "deployed"),
            (self.already_active, "already active"),
            (self.failed, "failed"),
            (not_ended, "not ended"),
        ];
        let report = if as_json {
            let counts = counts.into_iter().map(|(count, name)| (name.replace(' ', "_"), count.into()));
            let nodes = ("nodes".to_owned(), self.nodes.clone().into());
            Value::Object(counts.chain([nodes]).collect()).to_string()
        } else {
            let counts = counts.into_iter().filter(|(count, _)| *count > 0);
            counts.map(|(count, name)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
        };
        let outcome = match (self.interrupted, self.failed) {
            (true, _) => Err(Error::FleetInterrupted { not_ended }),
            (false, 0) => Ok(()),
            (false, failed) => Err(Error::Fleet { failed, of: self.of }),
        };
        (report, outcome)
    }
}
