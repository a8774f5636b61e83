//! The package `configdrive-nova` in an environment with Nova: the newest one, and the oldest one that it supports.

use std::{
    process::Command,
    sync::{LazyLock, Mutex},
};

use configdrive_support::{below, tools, trials::Trial};
use libtest_mimic::Failed;

use crate::embed::{files, python, release_make, run};

pub fn trials() -> Vec<Trial> {
    let missing = || {
        let environments = ["target/bindings/nova/complete", "target/bindings/nova-30/complete"];
        let genisoimage = tools::missing(&["genisoimage"]).map(|_| "genisoimage, which Nova calls,");
        environments.into_iter().find(|path| !below(path).exists()).or(genisoimage)
    };
    let trial = |name: &str, run: fn() -> Result<(), Failed>| Trial::new(name, run).without(missing());
    vec![
        trial("nova_deploys_with_the_same_files", || nova("nova", "test_deployment", THREADS)),
        trial("nova_30_deploys_with_the_same_files", || nova("nova-30", "test_deployment", THREADS)),
        trial("nova_makes_the_same_files_of_the_golden_cases", || nova("nova", "test_files", THREADS)),
        trial("nova_30_makes_the_same_files_of_the_golden_cases", || nova("nova-30", "test_files", THREADS)),
        trial("twenty_threads_of_nova_deploy_at_once", || nova("nova", "test_load", THREADS)),
        trial("twenty_green_threads_of_nova_deploy_at_once", || nova("nova", "test_load", EVENTLET)),
        trial("nova_starts_with_the_driver_or_says_why_not", || nova("nova", "test_start", THREADS)),
        Trial::new("mypy_accepts_the_package_for_nova", mypy).without(missing()),
        Trial::new("ruff_accepts_the_package_for_nova", ruff).without(missing()),
    ]
}

/// Values of the variable with which Nova selects native threads or eventlet.
const THREADS: &str = "true";
const EVENTLET: &str = "false";

/// Runs a test in an environment with Nova, into which the wheels of a release are installed.
fn nova(environment: &str, module: &str, threads: &str) -> Result<(), Failed> {
    // One after the other, because each starts an Ironic.
    static TURN: Mutex<()> = Mutex::new(());
    INSTALLED.clone()?;
    let _turn = TURN.lock();
    let mut python = Command::new(below("target/bindings").join(environment).join("venv/bin/python"));
    python.args(["-W", "ignore"]).arg(below("bindings/nova/tests").join(format!("{module}.py")));
    python
        .env("OS_NOVA_DISABLE_EVENTLET_PATCHING", threads)
        .env_remove("PYTHONPATH")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    run(&mut python, b"").map(drop)
}

static INSTALLED: LazyLock<Result<(), String>> = LazyLock::new(|| {
    let install = || {
        let release = tempfile::tempdir()?;
        run(release_make().arg(release.path()).args(["python", "nova"]), b"")?;
        for environment in ["nova", "nova-30"] {
            let mut pip = Command::new(below("target/bindings").join(environment).join("venv/bin/python"));
            pip.args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--force-reinstall",
                "--no-deps",
            ]);
            run(pip.args(files(release.path(), "whl")?), b"")?;
        }
        Ok(())
    };
    install().map_err(|failed: Failed| failed.message().unwrap_or_default().to_owned())
});

fn mypy() -> Result<(), Failed> {
    let mut mypy = python();
    mypy.current_dir(below("bindings/nova")).env("MYPYPATH", below("bindings/python"));
    run(mypy.args(["-m", "mypy", "--cache-dir"]).arg(below("target/bindings/mypy-nova")), b"").map(drop)
}

fn ruff() -> Result<(), Failed> {
    run(
        python().current_dir(below("bindings/nova")).args([
            "-m",
            "ruff",
            "check",
            "--no-cache",
            ".",
            "../../benches/nova_drives.py",
        ]),
        b"",
    )
    .map(drop)
}
