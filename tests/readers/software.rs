//! The software that reads drives, started through `read.py`.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive_support::{Files, below};
use configdrive_test_drives::faults::Reader;
use libtest_mimic::Failed;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// Returns the reader's name if it is not installed.
pub fn missing(reader: Reader) -> Option<&'static str> {
    let needs = match reader {
        Reader::Ironic => "target/ironic/complete",
        Reader::CloudInit => "target/readers/bookworm/packages",
        Reader::CloudInitNewest => "target/readers/unstable/packages",
        Reader::Glean | Reader::CloudbaseInit => "target/readers/complete",
    };
    (!below(needs).exists()).then(|| reader.name())
}

/// Returns what the reader makes of a drive's files. Each reader is started once and reads all drives: most of them need a second
/// to start.
pub fn read(reader: Reader, files: &Files, label: Option<&str>) -> Result<Value, Failed> {
    static RUNNING: [Mutex<Option<Running>>; 5] = [const { Mutex::new(None) }; 5];
    let mut slot = RUNNING[reader as usize].lock().unwrap_or_else(PoisonError::into_inner);
    let mut running = match slot.take() {
        Some(running) => running,
        None => Running::start(reader)?,
    };
    let files: Map<_, _> =
        files.iter().map(|(path, content)| (path.clone(), STANDARD.encode(content).into())).collect();
    let mut drive = json!({"files": files});
    if let (Some(label), Some(_)) = (label, release(reader)) {
        drive["label"] = label.into();
    }
    writeln!(running.input, "{drive}")?;
    let mut answer = String::new();
    running.output.read_line(&mut answer)?;
    let answer = serde_json::from_str(&answer)?;
    *slot = Some(running);
    Ok(answer)
}

/// A `read.py` that reads drives from its standard input, and ends with it.
struct Running {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn start(reader: Reader) -> Result<Self, Failed> {
        let part = if release(reader).is_some() { "cloud-init".into() } else { reader.name().replace('_', "-") };
        let mut child = python(reader, &part).arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = child.stdin.take().zip(child.stdout.take()).expect("two pipes");
        Ok(Self { input, output: BufReader::new(output) })
    }
}

/// Returns the release of Debian whose cloud-init this is, if it is cloud-init.
fn release(reader: Reader) -> Option<&'static str> {
    match reader {
        Reader::CloudInit => Some("bookworm"),
        Reader::CloudInitNewest => Some("unstable"),
        _ => None,
    }
}

/// Returns a command that runs `read.py` in the virtual environment of this reader.
pub fn python(reader: Reader, part: &str) -> Command {
    let home = if reader == Reader::Ironic { "target/ironic" } else { "target/readers" };
    let mut python = Command::new(below(home).join("venv/bin/python"));
    python.arg(below("tests/readers/read.py")).arg(part).stdin(Stdio::null());
    // The reader must not import or write modules elsewhere.
    python.env_remove("PYTHONPATH").env("PYTHONDONTWRITEBYTECODE", "1").env("LC_ALL", "C.UTF-8");
    if let Some(release) = release(reader) {
        let root = below("target/readers").join(release);
        python.env("PYTHONPATH", root.join("usr/lib/python3/dist-packages")).env("NETPLAN_ROOT", root);
    }
    python
}

/// Returns what Ironic's conductor makes of drives.
pub fn ironic_reads(images: &[Vec<u8>]) -> Result<Value, Failed> {
    let directory = temporary_directory();
    let mut python = python(Reader::Ironic, "ironic");
    for (image, index) in images.iter().zip(0..) {
        let text = directory.path().join(format!("{index}"));
        fs::write(&text, configdrive::encode(image)?)?;
        python.arg(text);
    }
    run(&mut python)
}

/// Returns what the command prints, as JSON.
pub fn run(command: &mut Command) -> Result<Value, Failed> {
    Ok(serde_json::from_slice(&run_quietly(command)?)?)
}

/// Returns what the command prints, if it succeeds.
pub fn run_quietly(command: &mut Command) -> Result<Vec<u8>, Failed> {
    let output = command.output()?;
    if !output.status.success() {
        let program = command.get_program().to_owned();
        return Err(format!("{program:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(output.stdout)
}

pub fn temporary_directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

pub fn same(what: &str, found: &Value, expected: &Value) -> Result<(), Failed> {
    if found == expected {
        return Ok(());
    }
    let cut = |value: &Value| value.to_string().chars().take(400).collect::<String>();
    Err(format!("{what}: expected {}, found {}", cut(expected), cut(found)).into())
}
