//! What is published: the packages, and the command as it is built from them by somebody who has nothing else.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
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
    let directory = tempfile::tempdir()?;
    for package in PACKAGES {
        let archive = super::target().join("package").join(format!("{package}-{VERSION}.crate"));
        super::run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(directory.path()))?;
        let contents = directory.path().join(format!("{package}-{VERSION}"));
        let (files, tests) = (count(&contents)?, contents.join("tests").exists());
        if files > 150 || tests || !contents.join("README.md").exists() {
            return Err(
                format!("{package} has {files} files; tests: {tests}; it should have its own and a README").into()
            );
        }
    }

    let build = workspace(directory.path())?;
    let mut cargo = Command::new(env::var_os("CARGO").ok_or("cargo did not start this")?);
    cargo.args(["build", "--release", "--quiet"]).env("CARGO_TARGET_DIR", &build.artifacts);
    cargo.env("CARGO_BUILD_BUILD_DIR", &build.intermediates);
    super::run_in(&mut cargo, directory.path())?;

    let packaged = build.artifacts.join("release/configdrive");
    for case in golden::all().into_iter().filter(|case| ["full", "minimal", "random-0018"].contains(&&*case.name)) {
        for verb in [&["build"][..], &["pack", "--format", "vfat"]] {
            same(&packaged, &[verb, &["-i", &case.directory.join("document.json").display().to_string()]].concat())?;
        }
    }
    same(&packaged, &["component"])?;
    same(&packaged, &["component", "--adapter", "command"])?;
    same(&packaged, &["component", "--adapter", "service"])
}

/// Where the build of the packages goes.
struct Build {
    /// Programs: a directory of its own, since the command under test has the same name.
    artifacts: PathBuf,
    /// The dependencies that the tests were built with are here, and are not built again.
    intermediates: PathBuf,
}

/// Makes `directory`, which has the packages, a workspace like ours: with our profiles, our features and our versions of dependencies, but
/// nothing of our sources.
fn workspace(directory: &Path) -> Result<Build, Failed> {
    let ours = fs::read_to_string(below("Cargo.toml"))?;
    let mut manifest = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\"configdrive-cli-{VERSION}\", \"tests/support\"]\n\n[patch.crates-io]\n"
    );
    // None of them is in the registry yet.
    for package in PACKAGES.iter().filter(|package| **package != "configdrive-cli") {
        writeln!(manifest, "{package} = {{ path = \"{package}-{VERSION}\" }}")?;
    }
    for header in ["[workspace.package]", "[workspace.dependencies]", "[profile.release.package]"] {
        let lines = ours.lines().skip_while(|line| *line != header);
        for line in lines.enumerate().take_while(|(at, line)| *at == 0 || !line.starts_with('[')).map(|(_, line)| line)
        {
            // `name = { version = "=0.1.0", path = "host" }`: the packages are elsewhere here.
            match line.split_once(", path = ") {
                Some((before, path)) => {
                    writeln!(manifest, "{before}{}", path.trim_start_matches(|c| !",}".contains(c)))?
                }
                None => writeln!(manifest, "{line}")?,
            }
        }
    }
    fs::write(directory.join("Cargo.toml"), manifest)?;
    fs::copy(below("Cargo.lock"), directory.join("Cargo.lock"))?;
    fs::create_dir_all(directory.join("tests/support/src"))?;
    fs::copy(below("tests/support/Cargo.toml"), directory.join("tests/support/Cargo.toml"))?;
    fs::write(directory.join("tests/support/src/lib.rs"), "")?;
    let intermediates = super::target();
    Ok(Build { artifacts: intermediates.join("supply/packages"), intermediates })
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

fn count(directory: &Path) -> Result<usize, Failed> {
    let mut files = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        files += if entry.file_type()?.is_dir() { count(&entry.path())? } else { 1 };
    }
    Ok(files)
}
