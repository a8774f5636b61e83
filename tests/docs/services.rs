//! The Ironic that all pages share.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use configdrive_support::{below, tools};
use serde_json::Value;

pub struct Ironic {
    /// Holds the pipe whose end is the server's signal to stop.
    _server: Child,
    pub endpoint: String,
    pub database: String,
}

/// Returns the Ironic of this process; starts it first if necessary.
pub fn ironic() -> &'static Ironic {
    static IRONIC: OnceLock<Ironic> = OnceLock::new();
    IRONIC.get_or_init(|| {
        let mut server = ironic_py().arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let service: Value = serde_json::from_str(&line).expect("Ironic does not start; standard error says why");
        let member = |name: &str| service[name].as_str().unwrap().to_owned();
        Ironic { _server: server, endpoint: member("endpoint"), database: member("database") }
    })
}

/// Enrols a node, with the arguments of `ironic.py enroll`.
pub fn enroll(arguments: &str) -> Result<(), String> {
    let mut command = ironic_py();
    command.arg("enroll").args(arguments.split_whitespace()).args(["--endpoint", &ironic().endpoint]);
    let output = command.output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn ironic_py() -> Command {
    let mut command = Command::new(python());
    command.arg(below("tests/ironic/ironic.py"));
    command
}

/// Returns the path of the machine's Python, to which Ironic's virtual environment belongs, whatever a page has in `PATH`.
pub fn python() -> PathBuf {
    tools::find("python3").expect("Python is installed")
}
