//! The Go module: its own tests, its generated ABI, and what Go's tools think of it.

use std::{fs, path::Path, process::Command};

use configdrive_host::COMPONENT;
use configdrive_support::{below, tools, trials::Trial};
use libtest_mimic::Failed;

pub fn trials() -> Vec<Trial> {
    let go = || (!below("target/bindings/go/complete").exists()).then_some("target/bindings/go/complete");
    let compiler = || tools::missing(&["cc"]).map(|_| "a C compiler, which the race detector needs,");
    let git = || tools::missing(&["git"]).map(|_| "git");
    let trial =
        |name: &str, missing: Option<&str>, run: fn() -> Result<(), Failed>| Trial::new(name, run).without(missing);
    vec![
        trial("go_answers_as_the_command_does", go(), answers),
        trial("go_has_no_data_races", go().or_else(compiler), races),
        trial("gophercloud_takes_our_drives", go(), gophercloud),
        trial("gofmt_vet_and_staticcheck_accept_the_go_code", go(), lints),
        trial("the_go_abi_is_up_to_date", go(), abi),
        trial("a_tag_is_enough_for_go_get", go().or_else(git), tag),
    ]
}

const MODULES: [&str; 3] = ["bindings/go", "examples/go", "benches/peers"];

/// The golden cases, limits, cancellation, damaged drives, the fuzz target's seeds, and the examples.
fn answers() -> Result<(), Failed> {
    run(go("bindings/go")?.args(["test", "./..."]).env("CONFIGDRIVE_COMMAND", env!("CARGO_BIN_EXE_configdrive")))
}

fn races() -> Result<(), Failed> {
    run(go("bindings/go")?
        .args(["test", "-race", "-run", "TestGoroutines|TestACallEndsWith", "."])
        .env("CGO_ENABLED", "1"))
}

fn gophercloud() -> Result<(), Failed> {
    run(go("examples/go")?.args(["test", "./..."]))
}

fn lints() -> Result<(), Failed> {
    let output = Command::new("gofmt").arg("-l").args(MODULES.map(below)).output()?;
    if !output.status.success() || !output.stdout.is_empty() {
        return Err(format!("gofmt: {output:?}").into());
    }
    for module in MODULES {
        run(go(module)?.args(["vet", "./..."]))?;
        let mut staticcheck = Command::new(below("target/bindings/go/bin/staticcheck"));
        run(environment(staticcheck.arg("./...").current_dir(below(module))))?;
    }
    Ok(())
}

fn abi() -> Result<(), Failed> {
    let generated = configdrive_generate::gofmt(&configdrive_generate::abi()?)?;
    if fs::read_to_string(configdrive_generate::ABI)? == generated {
        return Ok(());
    }
    if std::env::var_os("CONFIGDRIVE_BLESS").is_none() {
        return Err("bindings/go/abi.go is not what wit/ describes; CONFIGDRIVE_BLESS=1 updates it".into());
    }
    Ok(fs::write(configdrive_generate::ABI, generated)?)
}

/// Releases the module from a copy of the repository, and uses it in a program that has nothing else of the repository.
fn tag() -> Result<(), Failed> {
    go("bindings/go")?;
    let directory = tempfile::tempdir()?;
    let [repository, program] = ["repository", "program"].map(|name| directory.path().join(name));
    let git = |directory: &Path| {
        let mut git = Command::new("git");
        git.arg("-C").arg(directory).args([
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@example.org",
            "-c",
            "commit.gpgSign=false",
        ]);
        git
    };
    // A repository of its own, since this one may be a worktree, or have changes that are not committed.
    fs::create_dir(&repository)?;
    run(git(&repository).args(["init", "--quiet"]))?;
    copy(&below("bindings/go"), &repository.join("bindings/go"))?;
    fs::copy(below("LICENSE"), repository.join("LICENSE"))?;
    fs::copy(below(".gitignore"), repository.join(".gitignore"))?;
    run(git(&repository).args(["add", "."]))?;
    run(git(&repository).args(["commit", "--quiet", "--message", "Without the core module"]))?;
    run(git(&repository).args(["tag", "v0.1.0"]))?;
    let mut script = Command::new(repository.join("bindings/go/tag"));
    script.arg("0.1.0");
    for name in ["AUTHOR", "COMMITTER"] {
        script.env(format!("GIT_{name}_NAME"), "test").env(format!("GIT_{name}_EMAIL"), "test@example.org");
    }
    run(&mut script)?;

    fs::create_dir(&program)?;
    fs::write(program.join("go.mod"), "module program\n\ngo 1.25.0\n")?;
    fs::copy(below("bindings/go/example_test.go"), program.join("example_test.go"))?;
    let mut get = Command::new("go");
    environment(get.args(["get", "-t", "github.com/configdrive/configdrive/bindings/go@v0.1.0"]).current_dir(&program));
    // Only this module is not in the cache.
    get.env("GOPROXY", format!("file://{},direct", below("target/bindings/go/mod/cache/download").display()));
    get.env("GONOSUMDB", "*").env("GOMODCACHE", directory.path().join("mod"));
    get.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", format!("url.file://{}.insteadOf", repository.display()));
    get.env("GIT_CONFIG_VALUE_0", "https://github.com/configdrive/configdrive");
    run(&mut get)?;
    let mut test = Command::new("go");
    environment(test.args(["test", "-vet=off", "."]).current_dir(&program))
        .env("GOMODCACHE", directory.path().join("mod"));
    run(&mut test)
}

fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Returns Go's command in a module, after making what the module embeds.
fn go(module: &str) -> Result<Command, Failed> {
    configdrive_generate::embed(COMPONENT)?;
    let mut go = Command::new("go");
    environment(go.current_dir(below(module)));
    Ok(go)
}

/// Uses what `install.py` downloaded, and nothing else.
fn environment(command: &mut Command) -> &mut Command {
    let home = below("target/bindings/go");
    command.env("GOCACHE", home.join("cache")).env("GOMODCACHE", home.join("mod"));
    command.env("GOFLAGS", "-modcacherw").env("GOPROXY", "off").env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0")
}

fn run(command: &mut Command) -> Result<(), Failed> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    Err(format!("{command:?}: {}\n{out}\n{err}", output.status).into())
}
