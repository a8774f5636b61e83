//! Waiting for deployments that take long: what signals, timeouts and restarts of Ironic do to the wait.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{
    desk::{Desk, LIMIT, REFUSED, configdrive, success},
    lab::{enroll, ironic, ironic_py, serve, state},
    proxy::{Fault, Proxy},
};

const INTERRUPTED: i32 = 130;

#[test]
fn an_interrupted_wait_can_be_resumed() {
    let node = enroll("interrupted", &["--waiting"]);
    let desk = Desk::new();
    let commands = [
        ("INT", desk.deploy_command(&ironic().endpoint, &["interrupted", "--wait"])),
        ("TERM", attach("interrupted", &[])),
    ];
    for (signal, command) in commands {
        let mut watched = Watched::new(command);
        watched.until("node interrupted is wait call-back");
        watched.signal(signal);
        let (status, error) = watched.end();
        assert_eq!(status.code(), Some(INTERRUPTED));
        let words = "error: interrupted: the deployment of node interrupted continues; wait for it with `configdrive deploy \
                     interrupted --attach`\n";
        assert_eq!(error, words);
        assert_eq!(state(&node), "wait call-back");
    }

    // A deployment that is in progress is not started again.
    let words =
        "node interrupted is `wait call-back`: a deployment is already in progress; use --attach to wait for it";
    assert_eq!(desk.fail(&["interrupted"]).1, words);

    let mut watched = Watched::new(attach("interrupted", &["--json"]));
    ironic_py(&["finish", "interrupted", "--database", &ironic().database]);
    let report: Value = serde_json::from_str(&watched.rest()).unwrap();
    assert_eq!(report["provision_state"], "active");
    assert!(watched.end().0.success());
    assert!(success(attach("interrupted", &[]).output().unwrap()).starts_with("node interrupted is active"));
}

#[test]
fn an_interruption_before_the_start_is_reported_as_such() {
    let node = enroll("interrupted-early", &[]);
    ironic_py(&["lock", "interrupted-early", "--database", &ironic().database]);
    let desk = Desk::new();
    let mut watched = Watched::new(desk.deploy_command(&ironic().endpoint, &["interrupted-early", "--wait"]));
    watched.until("config drive: ");
    let mut warning = String::new();
    BufReader::new(watched.child.stderr.as_mut().unwrap()).read_line(&mut warning).unwrap();
    assert!(warning.starts_with("warning: cannot claim node ") && warning.ends_with("trying again\n"), "{warning}");
    // The node is locked, so it cannot be claimed, and nothing was sent.
    watched.signal("HUP");
    let (status, error) = watched.end();
    assert_eq!(status.code(), Some(INTERRUPTED));
    assert!(error.contains("is unchanged"), "{error}");
    ironic_py(&["unlock", "interrupted-early", "--database", &ironic().database]);
    assert_eq!(state(&node), "available");
}

#[test]
fn a_command_that_was_killed_between_the_claim_and_the_start_can_be_run_again() {
    for (name, arguments) in [("killed-early", &[][..]), ("killed-unrecorded", &["--no-record"])] {
        let node = enroll(name, &[]);
        let desk = Desk::new();
        // No request to deploy arrives.
        let proxy = Proxy::in_front_of(&ironic().endpoint, &[Fault::Answer(503, ""); 50]);
        let first = Watched::new(desk.deploy_command(&proxy.endpoint(), &[&[name], arguments].concat()));
        while proxy.patches() == 0 {
            thread::sleep(Duration::from_millis(10));
        }
        first.signal("KILL");
        assert_eq!(first.end().0.code(), None);
        assert_eq!(state(&node), "available");

        let mut other = Desk::new();
        other.edit_member("availability_zone", "rack-9");
        let (code, error) = other.fail(&[name]);
        assert!(code == REFUSED && error.contains("is claimed by another run of configdrive"), "{error}");
        if arguments.is_empty() {
            desk.deploy(&[name, "--wait"]);
            assert_eq!(state(&node), "active");
        } else {
            assert_eq!(desk.fail(&[&[name], arguments].concat()), (code, error));
        }
    }
}

#[test]
fn a_second_run_of_a_fleet_finishes_what_the_first_one_started() {
    let nodes: Vec<_> = (0..2).map(|number| enroll(&format!("resumed-{number}"), &["--waiting"])).collect();
    let desk = Desk::new();
    let arguments: Vec<_> = (0..2).map(|number| format!("resumed-{number}={}", desk.document())).collect();
    let fleet = || {
        let mut command = configdrive();
        command.arg("deploy").args(&arguments).args(["--endpoint", &ironic().endpoint]);
        Watched::new(command)
    };
    let mut first = fleet();
    first.until("node resumed-");
    for node in &nodes {
        while state(node) != "wait call-back" {
            thread::sleep(Duration::from_millis(50));
        }
    }
    first.signal("KILL");
    assert_eq!(first.end().0.code(), None);

    let mut second = fleet();
    second.until("node resumed-");
    for number in 0..2 {
        ironic_py(&["finish", &format!("resumed-{number}"), "--database", &ironic().database]);
    }
    assert!(second.rest().ends_with("2 deployed\n"));
    let (status, error) = second.end();
    assert!(status.success(), "{error}");
    assert!(nodes.iter().all(|node| state(node) == "active"));

    // A run also recognises an earlier run's deployments if they have ended meanwhile.
    let mut third = fleet();
    assert!(third.rest().ends_with("2 already active\n"));
    assert!(third.end().0.success());
}

#[test]
fn the_wait_ends_at_the_timeout() {
    enroll("patient", &["--waiting"]);
    let (code, error) = Desk::new().fail(&["patient", "--wait", "--timeout", "2"]);
    assert_eq!(code, LIMIT);
    let words = "node patient is still `wait call-back` after ";
    assert!(error.starts_with(words) && error.contains("--attach"), "{error}");
}

#[test]
fn an_ironic_that_restarts_during_the_wait_is_waited_for() {
    let (mut server, service) = serve(&[]);
    let [endpoint, database] = ["endpoint", "database"].map(|name| service[name].as_str().unwrap());
    ironic_py(&["enroll", "restarted", "--endpoint", endpoint, "--waiting"]);
    let desk = Desk::new();
    let mut watched = Watched::new(desk.deploy_command(endpoint, &["restarted", "--wait"]));
    watched.until("node restarted is wait call-back");
    server.stdin.as_mut().unwrap().write_all(b"restart\n").unwrap();
    let mut restarted = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut restarted).unwrap();
    ironic_py(&["finish", "restarted", "--database", database]);
    assert!(watched.rest().ends_with("node restarted is active\n"));
    let (status, warnings) = watched.end();
    assert!(status.success(), "{warnings}");
    drop(server.stdin.take());
    assert!(server.wait().unwrap().success());
}

#[test]
fn an_interrupted_fleet_starts_no_more_nodes_and_waits_for_those_under_way() {
    let nodes: Vec<_> = (0..3).map(|number| enroll(&format!("half-{number}"), &["--waiting"])).collect();
    let desk = Desk::new();
    let arguments = (0..3).map(|number| format!("half-{number}={}", desk.document()));
    let mut command = configdrive();
    command.arg("deploy").args(arguments).args(["--parallel", "1", "--endpoint", &ironic().endpoint]);
    let mut watched = Watched::new(command);
    watched.until("node half-0 is wait call-back");
    watched.signal("INT");
    let mut warning = String::new();
    let mut stderr = BufReader::new(watched.child.stderr.take().unwrap());
    stderr.read_line(&mut warning).unwrap();
    assert!(warning.starts_with("warning: interrupted: no more nodes are started"), "{warning}");
    ironic_py(&["finish", "half-0", "--database", &ironic().database]);
    assert!(watched.rest().ends_with("1 deployed, 2 not ended\n"));
    assert_eq!(watched.child.wait().unwrap().code(), Some(INTERRUPTED));
    assert_eq!(nodes.iter().map(|node| state(node)).collect::<Vec<_>>(), ["active", "available", "available"]);
}

#[test]
fn a_json_log_names_the_node_in_each_line() {
    enroll("logged", &[]);
    let arguments = ["logged", "--wait", "--log-format", "json", "--log-level", "debug"];
    let output = Desk::new().run_deploy(&arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{stderr}");
    let events: Vec<Value> = stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().all(|event| event["target"].as_str().unwrap().starts_with("configdrive_host")));
    let step = |words: &str| events.iter().find(|event| event["fields"]["message"] == words).unwrap();
    assert_eq!(step("node logged is active")["span"]["node"], "logged");
    assert_eq!(step("asking Ironic to deploy")["level"], "INFO");
    assert!(events.iter().any(|event| event["level"] == "DEBUG" && event["fields"]["status"] == 202), "{stderr}");

    // A failure is also logged as an event, before the line for people; warnings are only events.
    enroll("logged-badly", &["--failing"]);
    let output = Desk::new().run_deploy(&["logged-badly", "--wait", "--log-format", "json"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    let (events, error) = stderr.trim_end().rsplit_once('\n').unwrap();
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = events.last().unwrap();
    assert_eq!(last["level"], "ERROR");
    assert_eq!(error, format!("error: {}", last["fields"]["message"].as_str().unwrap()));
}

#[test]
fn a_deployment_continues_if_neither_its_log_nor_its_output_can_be_written() {
    let desk = Desk::new();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let log = ["--log-format", "json", "--log-level", "trace"];
    for (name, arguments, code, end) in [("unlogged", &log[..], 0, "active"), ("unprinted", &[], 7, "deploy failed")] {
        let node = enroll(name, if code == 0 { &[] } else { &["--failing"] });
        let mut command = desk.deploy_command(&ironic().endpoint, &[&[name, "--wait"], arguments].concat());
        let status = command.stdout(full()).stderr(full()).status().unwrap();
        assert_eq!((status.code(), state(&node).as_str()), (Some(code), end));
    }
}

#[test]
fn no_secret_is_logged_at_any_level() {
    enroll("discreet", &[]);
    let desk = Desk::new();
    let document = fs::read_to_string(desk.document()).unwrap();
    let mut document: Value = serde_json::from_str(&document).unwrap();
    document["admin_pass"] = "planted-password".into();
    // The document has the user data as base64; only the drive has it in plain text.
    document["instance"]["user_data"] = "cGxhbnRlZC11c2VyLWRhdGE=".into();
    fs::write(desk.document(), document.to_string()).unwrap();
    let drive = success(desk.pack_command().output().unwrap());
    let command = |arguments: &[&str]| {
        let mut command = desk.deploy_command(&ironic().endpoint, arguments);
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
        command.output().unwrap()
    };
    let mut outputs = Vec::new();
    for format in ["text", "json"] {
        let output = command(&["discreet", "--wait", "--log-format", format, "--log-level", "trace"]);
        outputs.extend([output.stdout, output.stderr]);
        let output = command(&["discreet", "--rebuild", "--wait"]);
        outputs.extend([output.stdout, output.stderr]);
        let output = command(&["discreet", "--rebuild", "--dry-run", "--log-format", format, "--log-level", "trace"]);
        outputs.extend([output.stdout, output.stderr]);
    }
    for output in outputs {
        let output = String::from_utf8(output).unwrap();
        for secret in ["planted-password", "planted-user-data", "cGxhbnRlZC11c2VyLWRhdGE", drive.split_at(60).0, "H4sI"]
        {
            assert!(!output.contains(secret), "{secret}: {output}");
        }
    }
}

/// Every user of the machine can see with `ps` the command line and the names of the process and its threads.
#[cfg(target_os = "linux")]
#[test]
fn no_secret_is_in_the_process_title() {
    enroll("titled", &["--waiting"]);
    let mut desk = Desk::new();
    desk.edit_member("user_data", "cGxhbnRlZC11c2VyLWRhdGE=");
    let mut watched = Watched::new(desk.deploy_command(&ironic().endpoint, &["titled", "--wait"]));
    watched.until("node titled is wait call-back");
    let process = format!("/proc/{}", watched.child.id());
    let mut shown = fs::read_to_string(format!("{process}/cmdline")).unwrap();
    for thread in fs::read_dir(format!("{process}/task")).unwrap() {
        shown += &fs::read_to_string(thread.unwrap().path().join("comm")).unwrap();
    }
    assert!(shown.contains("titled"), "{shown:?}");
    for secret in ["planted", "cGxhbnRlZC", "H4sI"] {
        assert!(!shown.contains(secret), "{shown:?}");
    }
    watched.signal("INT");
    assert_eq!(watched.end().0.code(), Some(INTERRUPTED));
}

fn attach(node: &str, arguments: &[&str]) -> Command {
    let mut command = configdrive();
    command.args(["deploy", node, "--attach", "--endpoint", &ironic().endpoint]).args(arguments);
    command
}

/// A command whose output is read while it runs.
struct Watched {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Watched {
    fn new(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    /// Reads the output until a line starts like this.
    fn until(&mut self, start: &str) {
        let mut read = String::new();
        loop {
            let before = read.len();
            if self.stdout.read_line(&mut read).unwrap() == 0 {
                let mut error = String::new();
                self.child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
                panic!("{start:?} is not among {read:?}: {error}");
            }
            if read.split_at(before).1.starts_with(start) {
                return;
            }
        }
    }

    fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        rest
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end and returns the exit status and standard error.
    fn end(mut self) -> (ExitStatus, String) {
        self.rest();
        let mut error = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        (self.child.wait().unwrap(), error)
    }
}
