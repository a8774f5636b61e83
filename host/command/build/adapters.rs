//! Builds the adapters and composes them with the component, or copies them from the published package.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use wac_graph::{CompositionGraph, EncodeOptions, PackageId};
use wac_types::Package;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The name of each file, its package, and cargo's name for it.
const ADAPTERS: [(&str, &str, &str); 2] = [
    ("configdrive-cli.wasm", "configdrive-wasi-cli", "configdrive-wasi-cli.wasm"),
    ("configdrive-service.wasm", "configdrive-wasi-http", "configdrive_wasi_http.wasm"),
];

pub fn embed() -> Result<()> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let package = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = package.join("../..");
    if !root.join("host/adapters").exists() {
        // A published package contains the composed adapters.
        for (name, ..) in ADAPTERS {
            let from = package.join("adapters").join(name);
            fs::copy(&from, out.join(name)).map_err(|error| format!("cannot copy {from:?}: {error}"))?;
        }
        return Ok(());
    }
    for input in ["host/adapters", "host/contract", "host/verbs", "wit", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
    // Metadata from the host's build script (`links`).
    let component = fs::read(variable("DEP_CONFIGDRIVE_WASM")?)?;
    let built = build(&root, &out.join("adapters"))?;
    for (name, _, adapter) in ADAPTERS {
        fs::write(out.join(name), compose(&fs::read(built.join(adapter))?, &component)?)?;
    }
    Ok(())
}

/// Builds all adapters as the host's build script builds the component, and returns their directory.
fn build(root: &Path, target: &Path) -> Result<PathBuf> {
    const WASM: &str = "wasm32-wasip2";
    let mut cargo = Command::new(variable("CARGO")?);
    cargo.args(["build", "--profile", "component", "--target", WASM, "--locked", "--quiet"]).current_dir(root);
    cargo.args(ADAPTERS.iter().flat_map(|(_, package, _)| ["--package", package]));
    cargo.arg("--target-dir").arg(target);
    let foreign = variable("DEP_CONFIGDRIVE_FOREIGN")?;
    for (name, _) in env::vars_os() {
        if foreign.split(' ').any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", variable("DEP_CONFIGDRIVE_RUSTFLAGS")?);
    cargo.env("CARGO_BUILD_BUILD_DIR", target);
    let output = cargo.output()?;
    if !output.status.success() {
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            println!("cargo::error={line}");
        }
        return Err(format!("cannot build the adapters for {WASM}: the compiler's errors are above").into());
    }
    Ok(target.join(WASM).join("component"))
}

/// Composes an adapter with the component that it imports, into one component with the adapter's exports.
fn compose(adapter: &[u8], component: &[u8]) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut register = |name: &str, bytes: &[u8]| -> Result<PackageId> {
        let package = Package::from_bytes(name, None, bytes, graph.types_mut())?;
        Ok(graph.register_package(package)?)
    };
    let (adapter, component) =
        (register("configdrive:adapter", adapter)?, register("configdrive:component", component)?);
    wac_graph::plug(&mut graph, vec![component], adapter)?;
    Ok(graph.encode(EncodeOptions::default())?)
}

fn variable(name: &str) -> Result<String> {
    env::var(name).map_err(|error| format!("{name}: {error}; run this script with cargo").into())
}
