//! Ignition, whose parser says whether it accepts user data. How it finds the drive is not run: that needs a booting machine.

use std::fs;

use configdrive::check::Code;
use configdrive_support::{below, trials::Trial};
use configdrive_test_drives::faults::{Drive, both};
use libtest_mimic::Failed;

use crate::software::{same, temporary_directory};

pub fn trials() -> Vec<Trial> {
    let trial = Trial::new("ignition_accepts_exactly_what_check_leaves_to_it", compared);
    vec![trial.without((!below(PARSER).exists()).then_some("Ignition"))]
}

const PARSER: &str = "target/readers/ignition/validate";

/// User data, whether Ignition accepts it, and what `check` reports.
const USER_DATA: &[(&str, bool, Option<Code>)] = &[
    (r#"{"ignition": {"version": "3.4.0"}}"#, true, None),
    ("{\"ignition\": {\"version\": \"3.0.0\"},\n \"passwd\": {\"users\": [{\"name\": \"core\"}]}}\n", true, None),
    (r#"{"ignition": {}}"#, false, Some(Code::UserDataOfNoKnownKind)),
    (r#"{"ignition": {"version": 3}}"#, false, Some(Code::UserDataOfNoKnownKind)),
    (r#"{"ignition": {"version": "3.4"}}"#, false, Some(Code::UserDataOfNoKnownKind)),
    (r#"{"ignition": "3.4.0"}"#, false, Some(Code::UserDataOfNoKnownKind)),
    (r#"{"version": "3.4.0"}"#, false, Some(Code::UserDataOfNoKnownKind)),
    ("{\"ignition\": {\"version\": \"3.4.0\"}", false, Some(Code::UserDataOfNoKnownKind)),
    ("variant: fcos\nversion: 1.5.0\n", false, Some(Code::ButaneConfiguration)),
    ("version: v1alpha1\nmachine:\n  type: worker\ncluster: {}\n", false, Some(Code::TalosConfiguration)),
    // For another reader.
    ("#cloud-config\nhostname: web-01\n", false, None),
];

fn compared() -> Result<(), Failed> {
    let directory = temporary_directory();
    let path = directory.path().join("user_data");
    for (text, accepted, code) in USER_DATA {
        fs::write(&path, text)?;
        let output = std::process::Command::new(below(PARSER)).arg(&path).output()?;
        same(&format!("whether Ignition accepts {text}"), &output.status.success().into(), &(*accepted).into())?;
        let mut drive = Drive::sound();
        drive.files.extend(both("user_data", text));
        let files = drive.files();
        let files = files.iter().map(|(path, content)| (path.clone(), content.into())).collect();
        let findings = configdrive::check::check(&drive.volume(), &files);
        let found = findings.iter().map(|finding| finding.code).find(|code| *code != Code::VfatUnderIronicsCheck);
        if found != *code {
            return Err(format!("{text}: expected {code:?}, found {findings:?}").into());
        }
    }
    Ok(())
}
