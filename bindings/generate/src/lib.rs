//! Makes what a WebAssembly runtime needs that has core modules but no components, such as wazero for Go: the component's core module,
//! and the canonical ABI of its interface as Go.
//!
//! No runtime in pure Go has components. A component without imports is one core module, though, and the canonical ABI says how its
//! functions pass strings, lists and records through its memory. [`abi`] writes that down as Go, from the interface's definition, so
//! that nobody types offsets by hand.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{self, Command, Stdio},
    thread,
};

mod go;
mod module;

pub use self::module::core_module;

/// The path of the Go module's `abi.go`.
pub const ABI: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../go/abi.go");

const CORE_MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../go/configdrive.core.wasm");

/// Returns `abi.go`, for [`gofmt`].
pub fn abi() -> Result<String, String> {
    go::go(include_str!("../../../wit/configdrive.wit"))
}

/// Writes the core module of the component into the Go module, unless it is there.
pub fn embed(component: &[u8]) -> Result<(), String> {
    let core_module = core_module(component)?;
    let path = Path::new(CORE_MODULE);
    if fs::read(path).is_ok_and(|present| present == core_module) {
        return Ok(());
    }
    // Whole or not at all, since several tests may do this at once.
    let new = path.with_extension(process::id().to_string());
    let written = fs::write(&new, core_module).and_then(|()| fs::rename(&new, path));
    written.map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Formats Go source with Go's own command.
pub fn gofmt(source: &str) -> Result<String, String> {
    let mut gofmt = Command::new("gofmt");
    let mut child = gofmt
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run gofmt: {error}; install Go"))?;
    let mut input = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        scope.spawn(move || input.write_all(source.as_bytes()));
        child.wait_with_output()
    });
    let output = output.map_err(|error| format!("cannot run gofmt: {error}"))?;
    if output.status.success() { Ok(String::from_utf8(output.stdout).unwrap()) } else { Err("gofmt failed".to_owned()) }
}
