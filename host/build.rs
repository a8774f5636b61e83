//! Builds the component from the root package, compiles it for the host, composes the adapters onto it, and leaves all of
//! them to be embedded.

#[path = "src/sandbox/config.rs"]
mod config;
#[path = "build/guest.rs"]
mod guest;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use guest::{COMPONENT, WASM, cargo};
use wac_graph::{CompositionGraph, EncodeOptions, PackageId};
use wac_types::Package;
use wasm_encoder::{ComponentSection as _, CustomSection};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() {
    if let Err(error) = embed() {
        println!("cargo::error={error}");
    }
}

fn embed() -> Result<()> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("..");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/sandbox/config.rs");
    // The adapters share files with the host.
    let host =
        ["host/adapters", "host/src/commands", "host/src/report.rs", "host/src/sandbox", "host/src/untrusted.rs"];
    for input in ["src", "wit", "Cargo.toml", "Cargo.lock"].into_iter().chain(host) {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }

    if !has_target()? {
        return Err(format!("the component needs a Rust target that is not installed: rustup target add {WASM}").into());
    }
    let target = out.join("component");
    cargo(&root, &target, &COMPONENT)?;
    cargo(&root, &target, &["build", "--package", "configdrive-cli", "--package", "configdrive-service"])?;
    let built = target.join(WASM).join("component");

    let mut component = fs::read(built.join("configdrive.wasm"))?;
    describe(&mut component);
    fs::write(out.join("component.wasm"), &component)?;
    let triple = variable("TARGET")?;
    let mut config = config::config();
    fs::write(out.join("component.cwasm"), compile(&component, &mut config, &triple)?)?;
    // For tests/cost.rs, which counts what the component does.
    fs::write(out.join("counting.cwasm"), compile(&component, config.consume_fuel(true), &triple)?)?;
    for adapter in ["configdrive-cli.wasm", "configdrive_service.wasm"] {
        fs::write(out.join(adapter), compose(&fs::read(built.join(adapter))?, &component)?)?;
    }
    Ok(())
}

/// Appends what registries and tools show of a component: the custom sections of WebAssembly's tool conventions that bear
/// the names of OCI's annotations.
fn describe(component: &mut Vec<u8>) {
    let sections = [
        ("description", "OpenStack config drives"),
        ("licenses", env!("CARGO_PKG_LICENSE")),
        ("version", env!("CARGO_PKG_VERSION")),
    ];
    for (name, text) in sections {
        CustomSection { name: name.into(), data: text.as_bytes().into() }.append_to_component(component);
    }
}

fn has_target() -> Result<bool> {
    Ok(Path::new(guest::rustc(&["--print", "target-libdir", "--target", WASM])?.trim()).is_dir())
}

/// Gives an adapter the component that it imports: one component, which exports what the adapter does.
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

/// Compiles the component to code for `target`.
fn compile(wasm: &[u8], config: &mut wasmtime::Config, target: &str) -> Result<Vec<u8>> {
    // Saying so keeps this machine's processor out of it: the command may be built here and run elsewhere.
    config.target(target)?;
    if target.starts_with("x86_64") {
        for feature in ["has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"] {
            // SAFETY: the flags name what every x86-64 processor since 2009 has, and the runtime refuses to load code for
            // another one.
            #[expect(unsafe_code, reason = "wasmtime cannot tell which flags are sound")]
            unsafe {
                config.cranelift_flag_enable(feature)
            };
        }
    }
    Ok(wasmtime::Engine::new(config)?.precompile_component(wasm)?)
}

fn variable(name: &str) -> Result<String> {
    env::var(name).map_err(|error| format!("{name}: {error}; this script is run by cargo").into())
}
