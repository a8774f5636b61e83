//! The example in Java.

use std::{fs, process::Command};

use configdrive_host::{COMPONENT, ConfigDrive, Limits, Options, Sandbox};
use configdrive_support::{below, tools, trials::Trial};
use libtest_mimic::Failed;

pub fn trials() -> Vec<Trial> {
    let jars = || (!below("target/bindings/java/complete").exists()).then_some("target/bindings/java/complete");
    let java = || tools::missing(&["java"]).map(|_| "java");
    vec![Trial::new("java_packs_the_same_drive", packs).without(jars().or_else(java))]
}

fn packs() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let core_module = directory.path().join("configdrive.core.wasm");
    fs::write(&core_module, configdrive_generate::core_module(COMPONENT)?)?;
    // It has a random seed, so the one that the example makes is not used.
    let document = below("tests/golden/full/document.json");
    let run = |document: &_| {
        let mut java = Command::new("java");
        java.args(["-cp", &format!("{}/*", below("target/bindings/java").display())]);
        java.arg(below("examples/java/Pack.java")).arg(&core_module).arg(document).output()
    };
    let expected = Sandbox::new(Limits::default())?.pack(&fs::read(&document)?, &Options::default())?;
    let output = run(&document)?;
    if output.stdout != expected.as_bytes() {
        return Err(format!("another drive, or none: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let invalid = directory.path().join("invalid.json");
    fs::write(&invalid, "{}")?;
    let output = run(&invalid)?;
    let message = String::from_utf8_lossy(&output.stderr);
    if output.status.success() || !message.contains("instance") {
        return Err(format!("expected an error about the document: {message}").into());
    }
    Ok(())
}
