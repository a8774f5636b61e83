//! The software that reads drives, started through `read.py`.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use configdrive_support::{Files, below};
use configdrive_test_drives::faults::Reader;
use libtest_mimic::Failed;
use serde_json::Value;
use tempfile::TempDir;

/// Returns the reader's name if it is not installed.
pub fn missing(reader: Reader) -> Option<&'static str> {
    let needs = match reader {
        Reader::Ironic => "target/ironic/complete",
        Reader::CloudInit => "target/readers/cloud-init/cloudinit",
        Reader::Glean | Reader::CloudbaseInit => "target/readers/complete",
    };
    (!below(needs).exists()).then(|| reader.name())
}

/// Returns what the reader makes of the files in a directory.
pub fn read(reader: Reader, directory: &TempDir, more: &[&str]) -> Result<Value, Failed> {
    run(python(reader, &reader.name().replace('_', "-")).arg(directory.path()).args(more))
}

/// Returns a command that runs `read.py` in the virtual environment of this reader.
pub fn python(reader: Reader, part: &str) -> Command {
    let home = if reader == Reader::Ironic { "target/ironic" } else { "target/readers" };
    let mut python = Command::new(below(home).join("venv/bin/python"));
    python.arg(below("tests/readers/read.py")).arg(part).stdin(Stdio::null());
    // The reader must not import or write modules elsewhere.
    python.env_remove("PYTHONPATH").env("PYTHONDONTWRITEBYTECODE", "1").env("LC_ALL", "C.UTF-8");
    if reader == Reader::CloudInit {
        python.env("PYTHONPATH", below("target/readers/cloud-init"));
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

pub fn write(files: &Files, directory: &Path) -> Result<(), Failed> {
    for (path, content) in files {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().expect("a path below the directory"))?;
        fs::write(path, content)?;
    }
    Ok(())
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
