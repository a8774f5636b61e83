//! The command and the document that it deploys.

use std::{
    env, fs,
    process::{Command, Output},
};

use configdrive_support::below;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::lab::{get, ironic};

// The exit codes of `configdrive --help`.
pub const USAGE: i32 = 2;
pub const INVALID_INPUT: i32 = 3;
pub const LIMIT: i32 = 4;
pub const REFUSED: i32 = 5;
pub const UNREACHABLE: i32 = 6;
pub const DEPLOYMENT_FAILED: i32 = 7;
pub const FINDINGS: i32 = 9;

pub const DOCUMENT: &str = "examples/deploy/instance.json";

/// A directory with a document and a random seed. The fixed seed makes equal drives equal texts.
pub struct Desk {
    pub directory: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self { directory: tempfile::tempdir().unwrap() };
        fs::copy(below(DOCUMENT), desk.document()).unwrap();
        fs::write(desk.seed(), [7; 512]).unwrap();
        desk
    }

    pub fn document(&self) -> String {
        self.directory.path().join("instance.json").display().to_string()
    }

    pub fn seed(&self) -> String {
        self.directory.path().join("seed").display().to_string()
    }

    pub fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub fn open(&self, name: &str, text: &str) -> fs::File {
        fs::File::open(self.file(name, text)).unwrap()
    }

    pub fn edit(&mut self, from: &str, to: &str) {
        let document = fs::read_to_string(self.document()).unwrap();
        assert!(document.contains(from), "{from} is not in the document");
        fs::write(self.document(), document.replacen(from, to, 1)).unwrap();
    }

    pub fn edit_member(&mut self, name: &str, value: &str) {
        let mut document: Value = serde_json::from_str(&fs::read_to_string(self.document()).unwrap()).unwrap();
        document["instance"][name] = value.into();
        fs::write(self.document(), document.to_string()).unwrap();
    }

    /// Gives the document its own network data, with only this link, `tap1`, and DHCP on it.
    pub fn link(&mut self, link: &str) {
        let network = r#"{"id": "network0", "type": "ipv4_dhcp", "link": "tap1"}"#;
        let data = format!(r#""network_data": {{"links": [{link}], "networks": [{network}]}}, "network_info":"#);
        self.edit("\"network_info\":", &data);
    }

    /// Runs `deploy`, which must succeed, and returns the lines of its output.
    pub fn deploy(&self, arguments: &[&str]) -> Vec<String> {
        let output = success(self.run_deploy(arguments));
        output.lines().map(str::to_owned).collect()
    }

    /// Runs `deploy`, which must fail, and returns its exit code and its error.
    pub fn fail(&self, arguments: &[&str]) -> (i32, String) {
        failure(self.run_deploy(arguments))
    }

    pub fn run_deploy(&self, arguments: &[&str]) -> Output {
        self.deploy_command(&ironic().endpoint, arguments).output().unwrap()
    }

    /// Returns a `deploy` command for this document and the Ironic at `endpoint`.
    pub fn deploy_command(&self, endpoint: &str, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.args(["--endpoint", endpoint]);
        command
    }

    /// Returns a `deploy` command for this document; the caller names the cloud.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = configdrive();
        command.arg("deploy").args(arguments).args(["-i", &self.document(), "--random-seed", &self.seed()]);
        command
    }

    /// Returns what `pack` makes of the document with the node's ports and port groups, which are fetched here without using this
    /// project's code.
    pub fn pack(&self, node: &str) -> String {
        let mut command = self.pack_command();
        for list in ["ports", "portgroups"] {
            let file = self.directory.path().join(list);
            fs::write(&file, get(&format!("/v1/{list}/detail?node={node}"))).unwrap();
            command.arg(format!("--{list}")).arg(file);
        }
        success(command.output().unwrap())
    }

    pub fn pack_without_ports(&self) -> String {
        success(self.pack_command().output().unwrap())
    }

    pub fn pack_command(&self) -> Command {
        let mut command = configdrive();
        command.args(["pack", "-i", &self.document(), "--random-seed", &self.seed()]);
        command
    }

    /// Returns the drive's length and digest, as the command prints them.
    pub fn digest(&self, node: &str) -> String {
        let text = self.pack(node);
        format!("{} bytes of base64, SHA-256 {}", text.len(), sha256(&text))
    }
}

/// Hosts for which no proxy is used.
pub const LOOPBACK: &str = "127.0.0.1,localhost";

/// Returns the command, without a cloud or a proxy from the environment.
pub fn configdrive() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configdrive"));
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OS_")) {
        command.env_remove(name);
    }
    command.envs([("NO_PROXY", LOOPBACK), ("no_proxy", LOOPBACK), ("HOME", "/nonexistent")]);
    command
}

/// Returns the standard output of a command that must succeed without warnings.
pub fn success(output: Output) -> String {
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success() && stderr.is_empty(), "{}: {stdout}{stderr}", output.status);
    stdout
}

/// Returns the exit code of a command that must fail, and its message of one line after `error: `.
pub fn failure(output: Output) -> (i32, String) {
    let stderr = String::from_utf8(output.stderr).unwrap();
    let error = stderr.strip_prefix("error: ").and_then(|error| error.strip_suffix('\n'));
    let error = error.filter(|error| !error.contains('\n')).unwrap_or_else(|| panic!("not one line: {stderr:?}"));
    (output.status.code().unwrap(), error.to_owned())
}

pub fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
