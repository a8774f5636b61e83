//! wasmtime's command, and the components as files.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use configdrive_support::below;
use tempfile::TempDir;

/// Returns a directory with the component and its compositions with the adapters, as `configdrive component` writes them. It
/// also has each composition compiled ahead of time.
pub fn files() -> &'static Path {
    static FILES: OnceLock<TempDir> = OnceLock::new();
    let directory = FILES.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        for (name, arguments) in [
            ("configdrive.wasm", &[][..]),
            ("configdrive-cli.wasm", &["--adapter", "command"]),
            ("configdrive-service.wasm", &["--adapter", "service"]),
        ] {
            let mut configdrive = Command::new(env!("CARGO_BIN_EXE_configdrive"));
            configdrive.arg("component").args(arguments).arg("-o").arg(directory.path().join(name));
            assert!(configdrive.status().unwrap().success());
        }
        for name in ["configdrive-cli", "configdrive-service"] {
            let [from, to] = ["wasm", "cwasm"].map(|kind| directory.path().join(name).with_extension(kind));
            let compiled = wasmtime().arg("compile").arg("-o").args([to, from]).output().unwrap();
            assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        }
        directory
    });
    directory.path()
}

/// Returns a command that runs wasmtime.
pub fn wasmtime() -> Command {
    let command = home().join("bin/wasmtime");
    assert!(command.exists(), "wasmtime is not installed; run tests/run, or python3 tests/service/install.py");
    Command::new(command)
}

/// Returns the directory in which tests/service/install.py installs.
pub fn home() -> PathBuf {
    below("target/service")
}
