//! Findings compared with what every reader makes of drives that were changed at random, by `differential.py`.

use std::{
    borrow::Cow,
    io::{BufRead, Write, stdin, stdout},
    process::{Command, ExitCode, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive::{
    DriveSource, Options,
    check::{self, Files, Volume},
};
use configdrive_support::{below, golden, trials::Trial};
use configdrive_test_drives::faults::{Drive, Reader};
use libtest_mimic::Failed;
use serde_json::{Map, Value, json};

use crate::software::missing;

/// With this option, the test binary answers `differential.py` instead of running tests.
pub const OPTION: &str = "--answer-differential";

/// Number of drives for each run, and the seed: by hand, more of them and others.
const DRIVES: &str = "300";
const SEED: &str = "1";

pub fn trials() -> Vec<Trial> {
    let readers = [Reader::CloudInit, Reader::CloudInitNewest, Reader::Glean, Reader::CloudbaseInit];
    let trial = Trial::new("findings_agree_with_readers_on_changed_drives", agree);
    vec![trial.without(readers.into_iter().find_map(missing))]
}

fn agree() -> Result<(), Failed> {
    let mut python = Command::new(below("target/readers/venv/bin/python"));
    python.arg(below("tests/readers/differential.py")).arg("--check").arg(std::env::current_exe()?);
    python.args(["--seed", SEED, "--drives", DRIVES, "--known"]).arg(below("tests/readers/disagreements.txt"));
    if std::env::var_os("CONFIGDRIVE_BLESS").is_some() {
        python.arg("--bless");
    }
    let output = python.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        return Err(String::from_utf8_lossy(&text).into_owned().into());
    }
    Ok(())
}

/// Answers each line of standard input: a drive's files with its findings, a document with its drive's files, and `null` with
/// the golden documents.
pub fn answer() -> ExitCode {
    for line in stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let answer = match &question {
            Value::Null => {
                golden::all().into_iter().map(|case| (case.name, case.document.into())).collect::<Map<_, _>>().into()
            }
            Value::String(document) => files(document),
            drive => findings(drive),
        };
        writeln!(stdout(), "{answer}").expect("standard output");
    }
    ExitCode::SUCCESS
}

/// Returns the files of a document's drive by path, in base64, or null if the document is refused.
fn files(document: &str) -> Value {
    let Ok(image) = configdrive::build_drive(document, &Options::default()) else { return Value::Null };
    let files = configdrive::extract(DriveSource::Bytes(&image)).expect("files");
    let files = files.into_iter().flat_map(|file| {
        let content = STANDARD.encode(&file.content);
        file.paths.into_iter().map(move |path| (path, content.clone().into()))
    });
    files.collect::<Map<_, _>>().into()
}

fn findings(drive: &Value) -> Value {
    let decoded = |content: &Value| STANDARD.decode(content.as_str().expect("text")).expect("base64");
    let files = drive["files"].as_object().expect("files").iter();
    let files: Files<'_> = files.map(|(path, content)| (path.clone(), Cow::Owned(decoded(content)))).collect();
    let sound = Drive::sound();
    let volume = Volume { label: drive["label"].as_str().unwrap_or("config-2"), ..sound.volume() };
    let findings = check::check(&volume, &files).into_iter().map(|finding| {
        json!({"code": finding.code.as_str(), "place": finding.place, "message": finding.message,
               "readers": finding.readers.names().collect::<Vec<_>>(), "scope": format!("{:?}", finding.code.scope()),
               "severity": format!("{:?}", finding.code.severity())})
    });
    findings.collect()
}
