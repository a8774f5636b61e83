//! Any answers from Ironic lead to a deployment or to a one-line error.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use configdrive_host::{
    ConfigDrive, DriveSource, Error, ExtractedFile, Finding, Inspection, Options, Policy, chain,
    ironic::{self, InstanceInfo, Ironic, Job, Node, NodeIdent, ProvisionRequest, Target},
    transport::{Answer, Request, Transport, TransportError, VersionRange},
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::assert_one_line;

/// An operation, and Ironic's answers to its requests, in order.
///
/// The input is `{"do": "deploy", "answers": [{"status": 200, "body": …}, "lost"]}`. If a body is a string, its characters are the
/// body, whether they are JSON or not. Any other input is the body of all answers.
#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    r#do: Value,
    answers: Vec<Value>,
}

pub fn check(input: &[u8]) {
    thread_local! {
        // The clock is paused, and advances only when all tasks wait.
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        static COMPONENT: Arc<Stub> = Arc::new(Stub);
    }
    let (verb, script) = case(input);
    let component = COMPONENT.with(Clone::clone);
    if let Err(error) = RUNTIME.with(|runtime| runtime.block_on(run(&verb, &component, script))) {
        assert_one_line(&chain(&error));
    }
}

async fn run(verb: &str, component: &Arc<Stub>, script: Script) -> Result<(), ironic::Error> {
    let ironic = Ironic::connect(script).await?;
    let ident: NodeIdent = "n".parse().expect("a name");
    let timeout = Some(Duration::from_secs(300));
    let job = |target| {
        let mut job = Job::new(ident.clone(), b"{}".as_slice());
        (job.target, job.timeout, job.wait, job.record) = (target, timeout, true, true);
        job
    };
    match verb {
        "deploy" => {
            let job = job(Target::Active);
            check_node(&ironic::deploy(&ironic, component, job, |step| assert_one_line(&step)).await?.node);
        }
        "rebuild" => {
            let job = job(Target::Rebuild);
            check_node(&ironic::deploy(&ironic, component, job, |step| assert_one_line(&step)).await?.node);
        }
        "attach" => check_node(&ironic::attach(&ironic, &ident, None, |step| assert_one_line(&step)).await?),
        _ => {
            let node = ironic.node(&ident).await?;
            check_node(&node);
            for list in [ironic.ports(&node).await?, ironic.portgroups(&node).await?] {
                let list: &RawValue = serde_json::from_str(&list).expect("JSON");
                assert!(list.get().starts_with('{'));
            }
            for reason in ironic.validate(&node).await?.reasons() {
                assert_one_line(&reason);
            }
            let request = ProvisionRequest { target: Target::Active, drive: None, deploy_steps: None };
            assert!(
                ironic.preview(&node, &request, &InstanceInfo::default()).url.starts_with("http://ironic/v1/nodes/")
            );
        }
    }
    Ok(())
}

/// Checks what people see of a node.
fn check_node(node: &Node) {
    assert_one_line(node.label());
    assert_one_line(&node.provision_state);
    for reason in [node.maintenance_reason(), node.last_error()].into_iter().flatten() {
        assert_one_line(&reason);
    }
}

fn case(input: &[u8]) -> (String, Script) {
    match serde_json::from_slice::<Case>(input) {
        Ok(case) => {
            let answers = case.answers.iter().map(answer).collect();
            (case.r#do.as_str().unwrap_or_default().to_owned(), Script { answers: Mutex::new(answers) })
        }
        Err(_) => {
            let answer = || Ok(Answer { status: 200, versions: versions("1.1", "1.115"), body: input.to_vec() });
            let answers = std::iter::repeat_with(answer).take(6).collect();
            (String::new(), Script { answers: Mutex::new(answers) })
        }
    }
}

fn answer(answer: &Value) -> Result<Answer, TransportError> {
    match answer.as_str() {
        Some("lost") => Err(TransportError::Lost("reset".into())),
        Some("timeout") => Err(TransportError::Timeout(Duration::from_secs(60))),
        Some("unreachable") => Err(TransportError::Unreachable("refused".into())),
        Some("too large") => Err(TransportError::TooLarge),
        Some(_) => Err(TransportError::Unauthenticated("no token".into())),
        None => {
            let version = |name, default| answer.get(name).and_then(Value::as_str).unwrap_or(default);
            let status = answer.get("status").and_then(Value::as_u64).and_then(|status| status.try_into().ok());
            let body = match answer.get("body") {
                Some(Value::String(text)) => text.clone().into_bytes(),
                Some(body) => body.to_string().into_bytes(),
                None => Vec::new(),
            };
            let versions = versions(version("min", "1.1"), version("max", "1.115"));
            Ok(Answer { status: status.unwrap_or(200), versions, body })
        }
    }
}

fn versions(min: &str, max: &str) -> Option<VersionRange> {
    Some(VersionRange { min: min.parse().ok()?, max: max.parse().ok()? })
}

/// Scripted answers. After the last one, requests fail for lack of a token.
struct Script {
    answers: Mutex<VecDeque<Result<Answer, TransportError>>>,
}

impl Transport for Script {
    fn endpoint(&self) -> &str {
        "http://ironic"
    }

    async fn send(&self, _: Request) -> Result<Answer, TransportError> {
        let next = self.answers.lock().expect("nothing panics while it is locked").pop_front();
        next.unwrap_or_else(|| Err(TransportError::Unauthenticated("no answers are left".into())))
    }
}

/// A component that returns the same drive for every document.
struct Stub;

impl ConfigDrive for Stub {
    fn required_by(&self, _: &[u8], _: Policy) -> Result<bool, Error> {
        Ok(true)
    }

    fn pack(&self, _: &[u8], _: &Options) -> Result<String, Error> {
        Ok("H4sI".into())
    }

    fn check_document(&self, _: &[u8], _: &Options) -> Result<Vec<Finding>, Error> {
        Ok(Vec::new())
    }

    fn amend(&self, _: &[u8], _: &str, _: bool) -> Result<String, Error> {
        Err(Error::Cancelled)
    }

    fn build_drive(&self, _: &[u8], _: &Options) -> Result<Vec<u8>, Error> {
        Err(Error::Cancelled)
    }

    fn encode(&self, _: &[u8]) -> Result<String, Error> {
        Err(Error::Cancelled)
    }

    fn inspect(&self, _: DriveSource<'_>) -> Result<Inspection, Error> {
        Err(Error::Cancelled)
    }

    fn read_file(&self, _: DriveSource<'_>, _: &str) -> Result<Vec<u8>, Error> {
        Err(Error::Cancelled)
    }

    fn extract(&self, _: DriveSource<'_>) -> Result<Vec<ExtractedFile>, Error> {
        Err(Error::Cancelled)
    }

    fn check_drive(&self, _: DriveSource<'_>) -> Result<Vec<Finding>, Error> {
        Err(Error::Cancelled)
    }
}
