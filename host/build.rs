//! Builds the component from the root package, compiles it for the host, composes the adapters onto it, and leaves all of
//! them to be embedded.

#[path = "src/sandbox/config.rs"]
mod config;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use wac_graph::{CompositionGraph, EncodeOptions, PackageId};
use wac_types::Package;
use wasm_encoder::{ComponentSection as _, CustomSection};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const WASM: &str = "wasm32-wasip2";

fn main() {
    if let Err(error) = embed() {
        println!("cargo::error={error}");
    }
}

fn embed() -> Result<()> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("..");
    println!("cargo::rerun-if-changed=build.rs");
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
    // `cargo rustc`, not `build`: the linker optimises the whole only where the library has this one type.
    cargo(&root, &target, &["rustc", "--package", "configdrive", "--lib", "--crate-type", "cdylib"])?;
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

/// Builds for wasm, in a target directory of its own.
fn cargo(root: &Path, target: &Path, arguments: &[&str]) -> Result<()> {
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .args(arguments)
        .args(["--profile", "component", "--target", WASM, "--locked", "--quiet"])
        .arg("--target-dir")
        .arg(target)
        .current_dir(root);
    // Lints, coverage and a developer's own flags are for the host alone: the component is the same however this was called.
    for (name, _) in env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        if OTHERS.contains(&name) || OTHERS_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(root)?);
    // Cargo, who waits for us, holds the lock of a build directory that is shared by configuration.
    cargo.env("CARGO_BUILD_BUILD_DIR", target);
    let output = cargo.output()?;
    if !output.status.success() {
        // Cargo shows what a build script that fails wrote there.
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        println!("cargo::error=this does not build and shows why: cargo {} --target {WASM}", arguments.join(" "));
        std::process::exit(1);
    }
    Ok(())
}

const OTHERS: [&str; 9] = [
    "RUSTFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CLIPPY_ARGS",
    "CARGO_INCREMENTAL",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    "CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS",
];

const OTHERS_PREFIXES: [&str; 2] = ["CARGO_PROFILE_", "CARGO_LLVM_COV"];

fn has_target() -> Result<bool> {
    let libraries = Command::new(variable("RUSTC")?).args(["--print", "target-libdir", "--target", WASM]).output()?;
    Ok(libraries.status.success() && Path::new(String::from_utf8(libraries.stdout)?.trim()).is_dir())
}

/// Instructions on 128 bits, and no path of this machine in what is shipped.
fn flags(root: &Path) -> Result<String> {
    let mut flags = vec![
        "-Ctarget-feature=+simd128".to_owned(),
        format!("--remap-path-prefix={}=/configdrive", root.canonicalize()?.display()),
    ];
    if let Some(cargo) =
        env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")))
    {
        flags.push(format!("--remap-path-prefix={}=/cargo", cargo.display()));
    }
    Ok(flags.join("\x1f"))
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
