//! `configdrive deploy` on a real Ironic, which `tests/ironic/ironic.py` installs and starts: one for all tests, each
//! of which enrols nodes of its own. It ends with this process.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU8, Ordering},
    },
};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

#[test]
fn a_node_is_deployed_by_name() {
    let node = enroll("by-name", &["--port", &port()]);
    let desk = Desk::new();
    let output = desk.deploy(&["by-name", "--wait"]);
    assert_eq!(
        lines(&output),
        [
            &format!("node by-name ({node}) is available"),
            "building the config drive from the document and the node's ports",
            &format!("config drive: {}", desk.digest(&node)),
            "asking Ironic to deploy",
            "Ironic has started",
        ]
    );
    assert_eq!(output.last().unwrap(), "node by-name is active");
    assert_eq!(state(&node), "active");
    assert_eq!(stored(&node), desk.pack(&node));
}

#[test]
fn a_node_with_a_port_group_is_deployed_by_uuid() {
    let members = ["--member", "52:54:00:aa:00:02", "--member", "52:54:00:aa:00:03"];
    let node = enroll("by-uuid", &[&["--portgroup", &port()], &members[..]].concat());
    let desk = Desk::new();
    desk.deploy(&[&node, "--wait"]);
    assert_eq!(state(&node), "active");
    assert_eq!(stored(&node), desk.pack(&node));
    // What Ironic has of ports is in the drive.
    assert_ne!(stored(&node), desk.pack_without_ports());
}

#[test]
fn a_node_is_rebuilt_with_another_drive() {
    let node = enroll("rebuilt", &["--port", &port()]);
    let mut desk = Desk::new();
    desk.deploy(&["rebuilt", "--wait"]);
    let first = stored(&node);
    desk.edit_member("availability_zone", "rack-8");
    let output = desk.deploy(&["rebuilt", "--rebuild", "--wait"]);
    assert!(
        output.contains(&"asking Ironic to rebuild".to_owned()) && output.last().unwrap() == "node rebuilt is active"
    );
    assert_ne!(stored(&node), first);
    assert_eq!(stored(&node), desk.pack(&node));
}

#[test]
fn a_node_is_rebuilt_many_times_and_each_outcome_is_its_own() {
    let node = enroll("often", &[]);
    let mut desk = Desk::new();
    desk.deploy(&["often", "--wait"]);
    for generation in 0..5 {
        desk.edit_member("availability_zone", &format!("rack-{generation}"));
        desk.deploy(&["often", "--rebuild", "--wait"]);
        assert_eq!(state(&node), "active");
        assert_eq!(stored(&node), desk.pack(&node));
    }
}

#[test]
fn ironic_opens_the_drive_for_a_flat_network_and_leaves_it_as_it_is() {
    let node = enroll("flat", &["--network-interface", "flat", "--port", &port()]);
    let desk = Desk::new();
    desk.deploy(&["flat", "--wait"]);
    assert_eq!(stored(&node), desk.pack(&node));
    let log = fs::read_to_string(&ironic().log).unwrap();
    let about: Vec<&str> = log.lines().filter(|line| line.contains(&node)).collect();
    assert!(about.iter().any(|line| line.contains("Starting to evaluate configdrive")), "{about:#?}");
    for line in about {
        assert!(!["regenerat", "lacked", "Failed"].iter().any(|words| line.contains(words)), "{line}");
    }
}

#[test]
fn an_instance_that_needs_no_drive_is_deployed_without_one() {
    let node = enroll("driveless", &[]);
    let mut desk = Desk::new();
    desk.edit("\"config_drive\": true", "\"config_drive\": \"\"");
    let output = desk.deploy(&["driveless", "--wait"]);
    assert!(output.contains(&"the instance needs no config drive".to_owned()), "{output:?}");
    assert_eq!(state(&node), "active");
    assert!(!has_drive(&node));

    // The operator may want one all the same.
    desk.deploy(&["driveless", "--rebuild", "--wait", "--force-config-drive"]);
    assert_eq!(stored(&node), desk.pack(&node));
}

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    let node = enroll("dry", &["--port", &port()]);
    let desk = Desk::new();
    let output = desk.deploy(&["dry", "--dry-run"]).join("\n");
    let endpoint = &ironic().endpoint;
    let request = format!(
        "PUT {endpoint}/v1/nodes/{node}/states/provision\nAccept: application/json\nContent-Type: application/json\n\
         X-OpenStack-Ironic-API-Version: 1.115\n\n{{\"target\": \"active\", \"configdrive\": <{}>}}",
        desk.digest(&node)
    );
    assert!(output.ends_with(&request), "{output}");

    let output: Value =
        serde_json::from_str(&desk.deploy(&["dry", "--dry-run", "--json", "--rebuild"]).join("\n")).unwrap();
    assert_eq!(output["url"], format!("{endpoint}/v1/nodes/{node}/states/provision"));
    assert_eq!(output["body"]["target"], "rebuild");
    assert_eq!(output["body"]["configdrive"]["length"], desk.pack(&node).len());

    assert_eq!(state(&node), "available");
    assert!(!has_drive(&node));
}

#[test]
fn programs_read_the_outcome_as_json() {
    let node = enroll("for-programs", &["--port", &port()]);
    let desk = Desk::new();
    let output: Value = serde_json::from_str(&desk.deploy(&["for-programs", "--wait", "--json"]).join("\n")).unwrap();
    let text = desk.pack(&node);
    let expected = serde_json::json!({
        "uuid": node, "name": "for-programs", "provision_state": "active",
        "configdrive": {"length": text.len(), "sha256": sha256(&text)},
    });
    assert_eq!(output, expected);
}

#[test]
fn without_waiting_the_command_ends_when_ironic_has_started() {
    let node = enroll("unwaited", &[]);
    let output = Desk::new().deploy(&["unwaited"]);
    assert_eq!(output.last().unwrap(), "Ironic has started");
    assert_ne!(state(&node), "available");
}

#[test]
fn a_cloud_is_found_in_the_environment_or_in_clouds_yaml() {
    let node = enroll("in-a-cloud", &[]);
    let desk = Desk::new();
    let endpoint = &ironic().endpoint;
    let arguments = ["deploy", "in-a-cloud", "-i", &desk.document(), "--dry-run"];

    // As catalogues have it: with the version.
    let environment = [("OS_AUTH_TYPE", "none"), ("OS_ENDPOINT", &format!("{endpoint}/v1/"))];
    let output = configdrive().args(arguments).envs(environment).output().unwrap();
    assert!(success(output).contains(&node));

    let clouds = format!("clouds:\n  lab:\n    auth_type: none\n    baremetal_endpoint_override: {endpoint}\n");
    fs::write(desk.folder.path().join("clouds.yaml"), clouds).unwrap();
    let output =
        configdrive().args(arguments).args(["--os-cloud", "lab"]).current_dir(desk.folder.path()).output().unwrap();
    assert!(success(output).contains(&node));
    let output = configdrive().args(arguments).env("OS_CLOUD", "lab").current_dir(desk.folder.path()).output().unwrap();
    assert!(success(output).contains(&node));

    let output =
        configdrive().args(arguments).args(["--os-cloud", "lap"]).current_dir(desk.folder.path()).output().unwrap();
    assert_eq!(failure(output), (USAGE, "No such cloud: lap".into()));
    let output = configdrive().args(arguments).output().unwrap();
    let (code, error) = failure(output);
    assert!(code == USAGE && error.starts_with("no cloud is configured: "), "{error}");
}

#[test]
fn a_node_that_does_not_exist_is_named() {
    let failure = Desk::new().fail(&["nobody", "--wait"]);
    assert_eq!(
        failure,
        (REFUSED, "cannot look up node nobody: Ironic answers 404: Node nobody could not be found.".into())
    );
}

#[test]
fn a_node_in_the_wrong_state_says_in_which() {
    let node = enroll("unready", &["--state", "manageable"]);
    let words = format!(
        "cannot deploy node unready: Ironic answers 400: The requested action \"active\" can not be performed on node \
         \"{node}\" while it is in state \"manageable\"."
    );
    assert_eq!(Desk::new().fail(&["unready"]), (REFUSED, words.clone()));
    assert_eq!(
        Desk::new().fail(&["unready", "--rebuild"]).1,
        words.replace("deploy", "rebuild").replace("active", "rebuild")
    );
    assert_eq!(state(&node), "manageable");
}

#[test]
fn a_locked_node_says_who_holds_it() {
    let node = enroll("locked", &[]);
    ironic_py(&["lock", "locked", "--database", &ironic().database]);
    let (code, error) = Desk::new().fail(&["locked", "--wait"]);
    let words =
        format!("cannot deploy node locked: Ironic answers 409: Node {node} is locked by host another-conductor");
    assert!(code == REFUSED && error.starts_with(&words), "{error}");
    ironic_py(&["unlock", "locked", "--database", &ironic().database]);
    Desk::new().deploy(&["locked", "--wait"]);
}

#[test]
fn a_node_in_maintenance_is_refused() {
    let node = enroll("serviced", &["--maintenance"]);
    let words =
        "cannot deploy node serviced: Ironic answers 400: The provisioning operation can't be performed on node";
    let (code, error) = Desk::new().fail(&["serviced"]);
    assert!(code == REFUSED && error == format!("{words} {node} because it's in maintenance mode."), "{error}");
}

#[test]
fn a_deployment_that_fails_ends_with_what_ironic_says_of_it() {
    let node = enroll("unlucky", &["--failing"]);
    let (code, error) = Desk::new().fail(&["unlucky", "--wait"]);
    let words = "the deployment of node unlucky ended at `deploy failed`: Failed to prepare to deploy: ";
    assert!(code == DEPLOYMENT_FAILED && error.starts_with(words), "{error}");
    assert_eq!(state(&node), "deploy failed");
}

#[test]
fn an_ironic_that_is_not_there_is_unreachable() {
    // Bound and closed again: nobody listens there.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let desk = Desk::new();
    let arguments = ["deploy", "n", "-i", &desk.document(), "--endpoint", &format!("http://{address}")];
    let (code, error) = failure(configdrive().args(arguments).output().unwrap());
    let words =
        format!("cannot ask for the API's versions: Ironic at http://{address}: Connection refused (os error 111)");
    assert_eq!((code, error), (UNREACHABLE, words));

    let elsewhere = format!("{}/elsewhere", ironic().endpoint);
    let arguments = ["deploy", "n", "-i", &desk.document(), "--endpoint", &elsewhere];
    let (code, error) = failure(configdrive().args(arguments).output().unwrap());
    assert_eq!((code, error), (REFUSED, "cannot ask for the API's versions: Ironic answers 404: Not Found".into()));
}

#[test]
fn a_document_that_does_not_hold_starts_nothing() {
    let node = enroll("spared", &[]);
    let mut desk = Desk::new();
    desk.edit("\"hostname\": \"web-01\"", "\"hostname\": 7.5e");
    let (code, _) = desk.fail(&["spared"]);
    assert_eq!(code, INVALID_INPUT);
    assert_eq!(state(&node), "available");
}

#[test]
fn a_useless_drive_is_deployed_only_if_told_so() {
    let node = enroll("useless", &[]);
    let mut desk = Desk::new();
    desk.link(r#"{"id": "tap1", "type": "phy", "mtu": 1500}"#);
    let output = desk.run_deploy(&["useless"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    let [warning, error] = stderr.lines().collect::<Vec<_>>().try_into().unwrap();
    let place =
        "warning: link-without-mac: openstack/latest/network_data.json#/links/0: the link has no ethernet_mac_address";
    assert!(warning.starts_with(place), "{warning}");
    let words = "error: the check found an error in the drive, and nothing was sent; --no-check deploys all the same";
    assert_eq!((output.status.code().unwrap(), error), (FINDINGS, words));
    assert_eq!(state(&node), "available");

    desk.deploy(&["useless", "--no-check", "--wait"]);
    assert_eq!(state(&node), "active");
}

#[test]
fn what_ironic_would_master_anew_is_told_where_it_would() {
    enroll("opened", &["--network-interface", "flat"]);
    enroll("not-opened", &[]);
    let mut desk = Desk::new();
    desk.link(r#"{"id": "tap1", "type": "phy", "ethernet_mac_address": "52:54:00:aa:00:01"}"#);
    let output = desk.run_deploy(&["opened", "--dry-run"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.starts_with("warning: link-without-mtu: "), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    desk.deploy(&["not-opened", "--dry-run"]);
}

// The exit codes of `configdrive --help`.
const USAGE: i32 = 2;
const INVALID_INPUT: i32 = 3;
const REFUSED: i32 = 5;
const UNREACHABLE: i32 = 6;
const DEPLOYMENT_FAILED: i32 = 7;
const FINDINGS: i32 = 9;

/// `MAC=VIF` for a port of a node's: an address that is not the document's and that no other port has, and the
/// document's first VIF.
fn port() -> String {
    static PORTS: AtomicU8 = AtomicU8::new(0);
    let document: Value = serde_json::from_str(&fs::read_to_string(root().join(DOCUMENT)).unwrap()).unwrap();
    let vif = document["network_info"][0]["id"].as_str().unwrap();
    format!("52:54:00:aa:01:{:02x}={vif}", PORTS.fetch_add(1, Ordering::Relaxed))
}

const DOCUMENT: &str = "examples/deploy/instance.json";

/// A folder with a document and a random seed, so that equal drives are equal texts.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        fs::copy(root().join(DOCUMENT), desk.document()).unwrap();
        fs::write(desk.seed(), [7; 512]).unwrap();
        desk
    }

    fn document(&self) -> String {
        self.folder.path().join("instance.json").display().to_string()
    }

    fn seed(&self) -> String {
        self.folder.path().join("seed").display().to_string()
    }

    fn edit(&mut self, from: &str, to: &str) {
        let document = fs::read_to_string(self.document()).unwrap();
        assert!(document.contains(from), "{from} is not in the document");
        fs::write(self.document(), document.replacen(from, to, 1)).unwrap();
    }

    fn edit_member(&mut self, name: &str, value: &str) {
        let mut document: Value = serde_json::from_str(&fs::read_to_string(self.document()).unwrap()).unwrap();
        document["instance"][name] = value.into();
        fs::write(self.document(), document.to_string()).unwrap();
    }

    /// Has the document bring its own network data, with this link alone.
    fn link(&mut self, link: &str) {
        self.edit("\"network_info\":", &format!("\"network_data\": {{\"links\": [{link}]}}, \"network_info\":"));
    }

    /// Runs `deploy` to success; gives the lines of its output.
    fn deploy(&self, arguments: &[&str]) -> Vec<String> {
        let output = success(self.run_deploy(arguments));
        output.lines().map(str::to_owned).collect()
    }

    /// Runs `deploy` to failure; gives its exit code and its error.
    fn fail(&self, arguments: &[&str]) -> (i32, String) {
        failure(self.run_deploy(arguments))
    }

    fn run_deploy(&self, arguments: &[&str]) -> Output {
        let common = ["--endpoint", &ironic().endpoint, "-i", &self.document(), "--random-seed", &self.seed()];
        configdrive().arg("deploy").args(arguments).args(common).output().unwrap()
    }

    /// What `pack` makes of the document with the node's ports and port groups, fetched here without the project's
    /// help.
    fn pack(&self, node: &str) -> String {
        let mut command = self.pack_command();
        for list in ["ports", "portgroups"] {
            let file = self.folder.path().join(list);
            fs::write(&file, get(&format!("/v1/{list}/detail?node={node}"))).unwrap();
            command.arg(format!("--{list}")).arg(file);
        }
        success(command.output().unwrap())
    }

    fn pack_without_ports(&self) -> String {
        success(self.pack_command().output().unwrap())
    }

    fn pack_command(&self) -> Command {
        let mut command = configdrive();
        command.args(["pack", "-i", &self.document(), "--random-seed", &self.seed()]);
        command
    }

    /// As the command shows the drive.
    fn digest(&self, node: &str) -> String {
        let text = self.pack(node);
        format!("{} bytes of base64, SHA-256 {}", text.len(), sha256(&text))
    }
}

/// The command, which neither a cloud nor a proxy of the environment's leads astray.
fn configdrive() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configdrive"));
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OS_")) {
        command.env_remove(name);
    }
    command.envs([("NO_PROXY", "127.0.0.1"), ("no_proxy", "127.0.0.1"), ("HOME", "/nonexistent")]);
    command
}

/// Standard output of a command that did its work and had nothing to complain about.
fn success(output: Output) -> String {
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success() && stderr.is_empty(), "{}: {stdout}{stderr}", output.status);
    stdout
}

/// The exit code of a command that failed, and what it said after `error: `, which was one line.
fn failure(output: Output) -> (i32, String) {
    let stderr = String::from_utf8(output.stderr).unwrap();
    let error = stderr.strip_prefix("error: ").and_then(|error| error.strip_suffix('\n'));
    let error = error.filter(|error| !error.contains('\n')).unwrap_or_else(|| panic!("not one line: {stderr:?}"));
    (output.status.code().unwrap(), error.to_owned())
}

/// All but the node's states while it is deployed: how many of them are seen depends on the moment.
fn lines(output: &[String]) -> Vec<&str> {
    output.iter().map(String::as_str).take(5).collect()
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Service {
    /// Holds the pipe whose end is the server's signal to stop.
    _server: Child,
    endpoint: String,
    database: String,
    log: String,
}

/// The Ironic of this process.
fn ironic() -> &'static Service {
    static IRONIC: OnceLock<Service> = OnceLock::new();
    IRONIC.get_or_init(|| {
        let mut server = python(&["serve"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let service: Value = serde_json::from_str(&line).expect("Ironic does not start; standard error says why");
        let member = |name: &str| service[name].as_str().unwrap().to_owned();
        Service { _server: server, endpoint: member("endpoint"), database: member("database"), log: member("log") }
    })
}

/// Enrols a node; gives its UUID.
fn enroll(name: &str, arguments: &[&str]) -> String {
    let node = ironic_py(&[&["enroll", name, "--endpoint", &ironic().endpoint], arguments].concat());
    serde_json::from_str::<Value>(&node).unwrap()["uuid"].as_str().unwrap().to_owned()
}

/// The drive in Ironic's database.
fn stored(node: &str) -> String {
    ironic_py(&["stored", node, "--database", &ironic().database]).trim_end().to_owned()
}

fn has_drive(node: &str) -> bool {
    let output = python(&["stored", node, "--database", &ironic().database]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() || error.contains("no config drive is stored"), "{error}");
    output.status.success()
}

fn state(node: &str) -> String {
    let node: Value = serde_json::from_str(&get(&format!("/v1/nodes/{node}"))).unwrap();
    node["provision_state"].as_str().unwrap().to_owned()
}

fn get(path: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request =
            client.get(format!("{}{path}", ironic().endpoint)).header("X-OpenStack-Ironic-API-Version", "1.115");
        request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
    })
}

fn ironic_py(arguments: &[&str]) -> String {
    let output = python(arguments).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "ironic.py {arguments:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn python(arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg(root().join("tests/ironic/ironic.py")).args(arguments).current_dir(root());
    command
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
