//! Ironic behind a proxy that loses, delays and replaces answers. Whatever happens, a deployment is started only once, and reported
//! as a success only if it is known to have succeeded.

use std::{
    process::{Output, Stdio},
    thread,
    time::Duration,
};

use crate::{
    desk::{DEPLOYMENT_FAILED, Desk, LIMIT, REFUSED, UNREACHABLE},
    lab::{enroll, ironic, ironic_py, state, stored},
    proxy::{Fault, Proxy},
};

#[test]
fn a_request_that_was_lost_is_sent_again() {
    let fault = faulty("reset-before", &[Fault::ResetBeforeBody], &["--wait"]);
    assert_eq!(fault.outcome(), (0, 1, "active".into()));
    assert!(fault.stderr.contains("checking whether the deployment has started"), "{}", fault.stderr);
    assert!(fault.stdout.ends_with("node reset-before is active\n"), "{}", fault.stdout);
}

#[test]
fn a_request_whose_answer_was_lost_is_not_sent_again() {
    for (name, lost) in [
        ("reset-after", Fault::ResetAfterBody),
        ("truncated", Fault::TruncatedAnswer),
        ("bad-gateway", Fault::AnswerAfter(502, "<html>Bad Gateway</html>")),
        ("internal-error", Fault::AnswerAfter(500, r#"{"error_message": "{\"faultstring\": \"oops\"}"}"#)),
        ("timed-out", Fault::AnswerAfter(504, "")),
    ] {
        // The proxy would let a second request through.
        let fault = faulty(name, &[lost], &["--wait"]);
        assert_eq!(fault.outcome(), (0, 1, "active".into()), "{name}: {}", fault.stderr);
        assert_eq!(stored(&fault.node), fault.desk.pack(&fault.node));
    }
}

#[test]
fn an_answer_that_takes_too_long_is_not_awaited() {
    let fault = faulty("slow", &[Fault::Slow(Duration::from_secs(60))], &["--timeout", "3"]);
    assert_eq!(fault.outcome(), (0, 1, "active".into()), "{}", fault.stderr);
    assert!(fault.stderr.contains("no answer within"), "{}", fault.stderr);
}

#[test]
fn a_request_that_was_processed_is_not_sent_again_whatever_a_proxy_answers() {
    for status in [200, 302, 400, 406, 408, 409, 429, 503, 524] {
        let name = format!("processed-{status}");
        let fault = faulty(&name, &[Fault::AnswerAfter(status, "<html>")], &["--wait"]);
        assert_eq!(fault.outcome(), (0, 1, "active".into()), "{name}: {}", fault.stderr);
    }
    // The deployment fails before the node is looked at.
    let node = enroll("processed-failing", &["--failing"]);
    let desk = Desk::new();
    let proxy = Proxy::in_front_of(&ironic().endpoint, &[Fault::AnswerAfter(503, "")]);
    let output = desk.deploy_command(&proxy.endpoint(), &["processed-failing", "--wait"]).output().unwrap();
    let fault = Faulty::new(node, desk, &proxy, output);
    assert_eq!(fault.outcome(), (DEPLOYMENT_FAILED, 1, "deploy failed".into()), "{}", fault.stderr);
}

#[test]
fn a_rebuild_that_was_processed_is_not_sent_again() {
    let node = enroll("rebuilt-once", &[]);
    let desk = Desk::new();
    desk.deploy(&["rebuilt-once", "--wait"]);
    let proxy = Proxy::in_front_of(&ironic().endpoint, &[Fault::AnswerAfter(503, "")]);
    let output = desk.deploy_command(&proxy.endpoint(), &["rebuilt-once", "--rebuild", "--wait"]).output().unwrap();
    let fault = Faulty::new(node, desk, &proxy, output);
    assert_eq!((fault.code, proxy.provisions()), (REFUSED, 1));
    assert!(fault.stderr.contains("it is unknown whether this run or somebody else started"), "{}", fault.stderr);
}

#[test]
fn an_ironic_that_is_busy_is_asked_again() {
    let busy = r#"{"error_message": "{\"faultstring\": \"Requested action cannot be performed due to lack of free conductor workers.\"}"}"#;
    let fault = faulty("busy", &[Fault::Answer(503, busy), Fault::Answer(503, "<html>")], &["--wait"]);
    assert_eq!(fault.outcome(), (0, 1, "active".into()));
    let warning = "warning: cannot deploy node busy: Ironic answered 503: Requested action cannot be performed due to lack of \
                   free conductor workers; trying again\n";
    assert!(fault.stderr.starts_with(warning), "{}", fault.stderr);
}

#[test]
fn an_internal_error_before_the_start_is_a_failure() {
    let fault = faulty("stumbling", &[Fault::Answer(500, "Internal Server Error")], &["--wait"]);
    assert_eq!(fault.outcome(), (REFUSED, 0, "available".into()));
    let error = fault.stderr.lines().last().unwrap();
    let words = "error: the deployment of node stumbling was not started: cannot deploy node stumbling: Ironic answered 500 \
                 with no message. The node is unchanged; it is safe to retry";
    assert_eq!(error, words);
}

#[test]
fn a_refusal_by_a_proxy_is_reported_with_its_status() {
    let fault = faulty("too-large", &[Fault::Answer(413, "<html>Request Entity Too Large</html>")], &[]);
    assert_eq!(fault.outcome(), (REFUSED, 0, "available".into()));
    assert_eq!(fault.stderr, "error: cannot deploy node too-large: Ironic answered 413 with no message\n");
}

#[test]
fn a_rebuild_whose_outcome_is_unknown_is_left_to_the_operator() {
    let node = enroll("rebuilding", &[]);
    let desk = Desk::new();
    desk.deploy(&["rebuilding", "--wait"]);
    let proxy = Proxy::in_front_of(&ironic().endpoint, &[Fault::ResetBeforeBody]);
    let output = desk.deploy_command(&proxy.endpoint(), &["rebuilding", "--rebuild", "--wait"]).output().unwrap();
    let fault = Faulty::new(node, desk, &proxy, output);
    assert_eq!(fault.outcome(), (UNREACHABLE, 0, "active".into()));
    assert!(fault.stderr.contains("error: the deployment of node rebuilding was not started: "), "{}", fault.stderr);
}

#[test]
fn answers_that_are_not_json_are_waited_out_or_reported() {
    let node = enroll("garbled", &[]);
    let desk = Desk::new();
    let proxy = Proxy::in_front_of(&ironic().endpoint, &[]);
    proxy.fail_reads(Some(Fault::Answer(200, "<html>We are back soon</html>")));
    let mut command = desk.deploy_command(&proxy.endpoint(), &["garbled", "--wait"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_secs(1));
    proxy.fail_reads(None);
    let fault = Faulty::new(node.clone(), desk, &proxy, child.wait_with_output().unwrap());
    assert_eq!(fault.outcome(), (0, 1, "active".into()), "{}", fault.stderr);

    proxy.fail_reads(Some(Fault::Answer(200, "[]")));
    let arguments = ["garbled", "--rebuild", "--timeout", "1"];
    let output = fault.desk.deploy_command(&proxy.endpoint(), &arguments).output().unwrap();
    let fault = Faulty::new(node, fault.desk, &proxy, output);
    assert_eq!(fault.outcome(), (LIMIT, 1, "active".into()));
    let error = fault.stderr.lines().last().unwrap();
    assert!(error.ends_with("the answer is not a node as Ironic describes it; the time limit was reached"), "{error}");
}

#[test]
fn an_ironic_that_is_away_during_the_wait_is_waited_for() {
    let node = enroll("away", &[]);
    let desk = Desk::new();
    let proxy = Proxy::in_front_of(&ironic().endpoint, &[Fault::GoneAfterBody]);
    let mut command = desk.deploy_command(&proxy.endpoint(), &["away", "--wait"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while proxy.provisions() == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    thread::sleep(Duration::from_secs(2));
    proxy.fail_reads(None);
    let fault = Faulty::new(node, desk, &proxy, child.wait_with_output().unwrap());
    assert_eq!(fault.outcome(), (0, 1, "active".into()), "{}", fault.stderr);
}

#[test]
fn an_ironic_that_stays_away_leaves_the_outcome_unknown() {
    let node = enroll("gone", &[]);
    let desk = Desk::new();
    let proxy = Proxy::in_front_of(&ironic().endpoint, &[Fault::GoneAfterBody]);
    let output = desk.deploy_command(&proxy.endpoint(), &["gone", "--wait", "--timeout", "5"]).output().unwrap();
    let fault = Faulty::new(node, desk, &proxy, output);
    assert_eq!((fault.code, proxy.provisions()), (LIMIT, 1));
    let error = fault.stderr.lines().last().unwrap();
    assert!(error.starts_with("error: it is unknown whether the deployment of node gone was started: "), "{error}");
}

#[test]
fn a_locked_node_is_deployed_when_it_is_free() {
    let node = enroll("busy-node", &[]);
    ironic_py(&["lock", "busy-node", "--database", &ironic().database]);
    let desk = Desk::new();
    let proxy = Proxy::in_front_of(&ironic().endpoint, &[]);
    let mut command = desk.deploy_command(&proxy.endpoint(), &["busy-node", "--wait"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while proxy.patches() == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    ironic_py(&["unlock", "busy-node", "--database", &ironic().database]);
    let fault = Faulty::new(node, desk, &proxy, child.wait_with_output().unwrap());
    assert_eq!((fault.code, state(&fault.node)), (0, "active".into()), "{}", fault.stderr);
    assert!(fault.stderr.contains("is locked by host another-conductor"), "{}", fault.stderr);
}

/// Deploys a new node called `name` through a proxy with these faults.
fn faulty(name: &str, faults: &[Fault], arguments: &[&str]) -> Faulty {
    let node = enroll(name, &[]);
    let desk = Desk::new();
    let proxy = Proxy::in_front_of(&ironic().endpoint, faults);
    let output = desk.deploy_command(&proxy.endpoint(), &[&[name], arguments].concat()).output().unwrap();
    Faulty::new(node, desk, &proxy, output)
}

struct Faulty {
    node: String,
    desk: Desk,
    code: i32,
    stdout: String,
    stderr: String,
    provisions: usize,
}

impl Faulty {
    fn new(node: String, desk: Desk, proxy: &Proxy, output: Output) -> Self {
        let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        Self { node, desk, code: output.status.code().unwrap(), stdout, stderr, provisions: proxy.provisions() }
    }

    /// Returns the exit code, the number of provision requests that reached Ironic, and the node's state.
    fn outcome(&self) -> (i32, usize, String) {
        (self.code, self.provisions, state(&self.node))
    }
}
