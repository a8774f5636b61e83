//! What is published: the packages, and the command as it is built from them by somebody who has nothing else.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use configdrive_support::{below, golden, trials::Trial};
use libtest_mimic::Failed;

pub fn trials() -> Vec<Trial> {
    let name = "the_command_that_its_packages_give_makes_the_same_drives";
    vec![Trial::new(name, the_command_that_its_packages_give_makes_the_same_drives).only_in_ci("minutes")]
}

const PACKAGES: [&str; 5] =
    ["configdrive", "configdrive-contract", "configdrive-host", "configdrive-verbs", "configdrive-cli"];

fn the_command_that_its_packages_give_makes_the_same_drives() -> Result<(), Failed> {
    super::run(Command::new(below("tests/supply/package")).args(["--no-verify", "--quiet"]))?;
    let folder = tempfile::tempdir()?;
    for package in PACKAGES {
        let archive = super::target().join("package").join(format!("{package}-{VERSION}.crate"));
        super::run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(folder.path()))?;
        let contents = folder.path().join(format!("{package}-{VERSION}"));
        let (files, tests) = (count(&contents)?, contents.join("tests").exists());
        if files > 100 || tests || !contents.join("README.md").exists() {
            return Err(
                format!("{package} has {files} files; tests: {tests}; it should have its own and a README").into()
            );
        }
    }

    // None of them is in the registry yet.
    let command = folder.path().join(format!("configdrive-cli-{VERSION}"));
    let mut manifest = fs::read_to_string(command.join("Cargo.toml"))?;
    manifest += "\n[workspace]\n\n[patch.crates-io]\n";
    for package in PACKAGES.iter().filter(|package| **package != "configdrive-cli") {
        writeln!(manifest, "{package} = {{ path = \"../{package}-{VERSION}\" }}")?;
    }
    fs::write(command.join("Cargo.toml"), manifest)?;
    let mut cargo = Command::new(env::var_os("CARGO").ok_or("cargo did not start this")?);
    let target = super::target().join("supply/packages");
    cargo.args(["build", "--quiet", "--target-dir"]).arg(&target).env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo.env("CARGO_INCREMENTAL", "0");
    super::run_in(&mut cargo, &command)?;

    let packaged = target.join("debug/configdrive");
    for case in golden::all().into_iter().filter(|case| ["full", "minimal", "random-0018"].contains(&&*case.name)) {
        for verb in [&["build"][..], &["pack", "--format", "vfat"]] {
            same(&packaged, &[verb, &["-i", &case.directory.join("document.json").display().to_string()]].concat())?;
        }
    }
    same(&packaged, &["component"])?;
    same(&packaged, &["component", "--adapter", "command"])?;
    same(&packaged, &["component", "--adapter", "service"])
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Compares what the packaged command and ours write.
fn same(packaged: &Path, arguments: &[&str]) -> Result<(), Failed> {
    // Without a seed of their own, documents would get random bytes.
    let output = |program: &Path| {
        let mut command = Command::new(program);
        command.args(arguments).stderr(Stdio::inherit());
        if !arguments.contains(&"component") {
            command.args(["--random-seed", "/dev/null"]);
        }
        command.output()
    };
    let (theirs, ours) = (output(packaged)?, output(Path::new(env!("CARGO_BIN_EXE_configdrive")))?);
    if theirs.status.success() && theirs.stdout == ours.stdout && !ours.stdout.is_empty() {
        return Ok(());
    }
    Err(format!("{arguments:?}: {}, or another answer", theirs.status).into())
}

fn count(folder: &Path) -> Result<usize, Failed> {
    let mut files = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files += if entry.file_type()?.is_dir() { count(&entry.path())? } else { 1 };
    }
    Ok(files)
}
