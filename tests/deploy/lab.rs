//! The Ironic of this test process and its nodes, controlled by `tests/ironic/ironic.py` and not by this project's code.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{LazyLock, OnceLock},
};

use configdrive_support::{below, root};
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

pub struct Service {
    /// Its standard input is a pipe; closing it stops the server.
    _server: Child,
    pub endpoint: String,
    pub database: String,
    pub log: String,
}

/// Returns the Ironic that this process shares, and starts it on the first call.
pub fn ironic() -> &'static Service {
    static IRONIC: OnceLock<Service> = OnceLock::new();
    IRONIC.get_or_init(|| {
        let (server, service) = serve(&[]);
        let member = |name: &str| service[name].as_str().unwrap().to_owned();
        Service { _server: server, endpoint: member("endpoint"), database: member("database"), log: member("log") }
    })
}

/// Starts Ironic and its companion services, which run until the child's standard input is closed. Returns the child and the
/// description that it prints.
pub fn serve(arguments: &[&str]) -> (Child, Value) {
    let mut command = python(&[&["serve"], arguments].concat());
    command.arg("--path").arg(programs());
    let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (server, serde_json::from_str(&line).expect("Ironic did not start; see standard error"))
}

/// Enrols a node and returns its UUID.
pub fn enroll(name: &str, arguments: &[&str]) -> String {
    let node = ironic_py(&[&["enroll", name, "--endpoint", &ironic().endpoint], arguments].concat());
    serde_json::from_str::<Value>(&node).unwrap()["uuid"].as_str().unwrap().to_owned()
}

/// Returns the drive in Ironic's database.
pub fn stored(node: &str) -> String {
    ironic_py(&["stored", node, "--database", &ironic().database]).trim_end().to_owned()
}

pub fn has_drive(node: &str) -> bool {
    let output = python(&["stored", node, "--database", &ironic().database]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() || error.contains("no config drive is stored"), "{error}");
    output.status.success()
}

pub fn state(node: &str) -> String {
    let node: Value = serde_json::from_str(&get(&format!("/v1/nodes/{node}"))).unwrap();
    node["provision_state"].as_str().unwrap().to_owned()
}

pub fn get(path: &str) -> String {
    let version = [("X-OpenStack-Ironic-API-Version", "1.115")];
    let (status, _, body) = ask(Method::GET, &format!("{}{path}", ironic().endpoint), &version, None);
    assert_eq!(status, 200, "{body}");
    body
}

/// Sends a request without using this project's code. Returns status, headers and body.
pub fn ask(method: Method, url: &str, headers: &[(&str, &str)], body: Option<&Value>) -> (u16, HeaderMap, String) {
    // This fails after the first time, because the provider is installed already.
    _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut request = reqwest::Client::builder().no_proxy().build().unwrap().request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.headers().clone(), answer.text().await.unwrap())
    })
}

pub fn ironic_py(arguments: &[&str]) -> String {
    let output = python(arguments).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "ironic.py {arguments:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Returns a directory with the command under the names of the programs that make drives. It is the whole PATH of the services, so
/// they do not find genisoimage.
pub fn programs() -> &'static Path {
    static PROGRAMS: LazyLock<PathBuf> = LazyLock::new(|| {
        let directory = below("target/deploy/programs");
        fs::create_dir_all(&directory).unwrap();
        for name in ["genisoimage", "mkisofs", "xorrisofs"] {
            let link = directory.join(name);
            _ = fs::remove_file(&link);
            symlink(env!("CARGO_BIN_EXE_configdrive"), link).unwrap();
        }
        directory
    });
    &PROGRAMS
}

fn python(arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg(root().join("tests/ironic/ironic.py")).args(arguments).current_dir(root());
    command
}
