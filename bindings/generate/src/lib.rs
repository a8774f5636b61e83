//! Makes what a WebAssembly runtime needs that has core modules but no components, such as wazero for Go: the component's core module,
//! and the canonical ABI of its interface as Go.
//!
//! No runtime in pure Go has components. A component without imports is one core module, though, and the canonical ABI says how its
//! functions pass strings, lists and records through its memory. [`go`] writes that down as Go, from the interface's definition, so
//! that nobody types offsets by hand.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    thread,
};

mod go;
mod module;

pub use self::{go::go, module::core_module};

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
