use std::{sync::Arc, time::Duration};

use clap::Args;
use configdrive_host::{
    ironic::{self, Cloud, CloudSettings, Done, Ironic, Job, NodeIdent, Step, Target, Wait},
    sandbox::Sandbox,
};
use serde_json::json;

use super::{
    exit::Error,
    input::DocumentInput,
    options::{LimitOptions, OperatorOptions},
    output,
};

/// Deploy a node with its instance's drive: decide, build, send, and wait if asked to
///
/// Where the instance needs no drive, the deployment is started without one. The drive's ports and port groups are
/// those that Ironic has for the node. The cloud is found as everywhere in OpenStack: in clouds.yaml, or in the
/// environment (OS_CLOUD, OS_AUTH_TYPE, OS_AUTH_URL, OS_ENDPOINT and so on).
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive deploy rack1-node7 -i instance.json --os-cloud lab --wait\n  \
    configdrive deploy rack1-node7 -i instance.json --endpoint http://127.0.0.1:6385 --dry-run")]
pub struct Deploy {
    /// The node's name or UUID
    node: NodeIdent,
    #[command(flatten)]
    document: DocumentInput,
    /// Deploy again a node that has an instance
    #[arg(long)]
    rebuild: bool,
    /// Wait until the node is active, or has failed
    #[arg(long)]
    wait: bool,
    /// Wait no longer than this; the deployment itself goes on [default: as long as it takes]
    #[arg(long, value_name = "SECONDS", requires = "wait", value_parser = clap::value_parser!(u32).range(1..))]
    timeout: Option<u32>,
    /// Deploy even a drive in which `configdrive check` finds an error
    #[arg(long)]
    no_check: bool,
    /// Print the request instead of sending it, with the drive's digest for the drive
    #[arg(long, conflicts_with = "wait")]
    dry_run: bool,
    /// Print the outcome, or the request, as JSON, and nothing else
    #[arg(long)]
    json: bool,
    /// A cloud of clouds.yaml
    #[arg(long, value_name = "NAME")]
    os_cloud: Option<String>,
    /// Ironic's URL, instead of the catalogue's; with nothing else configured, without authentication
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    #[command(flatten)]
    operator: OperatorOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

impl Deploy {
    pub fn run(self) -> Result<(), Error> {
        let limits = self.limits.limits();
        let operator = self.operator.read(&limits)?;
        let job = Job {
            node: self.node,
            policy: operator.policy(),
            options: operator.options(&limits)?,
            document: self.document.read(limits.input)?.into(),
            check: !self.no_check,
            target: if self.rebuild { Target::Rebuild } else { Target::Active },
            wait: self.wait.then(|| Wait { timeout: self.timeout.map(|seconds| Duration::from_secs(seconds.into())) }),
        };
        let sandbox = Arc::new(Sandbox::new(limits)?);
        let cloud = CloudSettings { name: self.os_cloud, endpoint: self.endpoint };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
        let mut progress = Progress { silent: self.json, written: Ok(()) };
        runtime.block_on(async {
            let ironic = Ironic::connect(Cloud::connect(cloud).await?).await?;
            let report = if self.dry_run {
                let prepared = ironic::prepare(&ironic, &sandbox, job, |step| progress.show(&step)).await?;
                let preview = ironic.preview(&prepared.node, &prepared.request);
                if self.json {
                    json!(preview).to_string()
                } else {
                    format!("nothing is sent; this would be:\n\n{preview}")
                }
            } else {
                let waited = job.wait.is_some();
                let done = ironic::deploy(&ironic, &sandbox, job, |step| progress.show(&step)).await?;
                if self.json { outcome(&done, waited).to_string() } else { String::new() }
            };
            progress.written?;
            if report.is_empty() { Ok(()) } else { output::print(&format!("{report}\n")) }
        })
    }
}

/// Says what is being done, a line for each step.
struct Progress {
    silent: bool,
    /// A deployment is not broken off because nobody reads about it.
    written: Result<(), Error>,
}

impl Progress {
    fn show(&mut self, step: &Step<'_>) {
        if let Step::Finding(_) = step {
            eprintln!("warning: {step}");
            return;
        }
        if !self.silent && self.written.is_ok() {
            self.written = output::print(&format!("{step}\n"));
        }
    }
}

fn outcome(done: &Done, waited: bool) -> serde_json::Value {
    json!({
        "uuid": done.node.uuid.as_str(),
        "name": done.node.name.as_ref().map(NodeIdent::as_str),
        // Without waiting, only the state from before is known.
        "provision_state": waited.then(|| done.node.provision_state.to_string()),
        "configdrive": done.drive,
    })
}
