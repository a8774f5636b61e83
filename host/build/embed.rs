//! Provides the component as WebAssembly, built from source or taken from the package, and compiles it for the target.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use wasm_encoder::{ComponentSection as _, CustomSection};

use crate::{Result, guest};

pub fn embed() -> Result<()> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let package = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let component = match Sources::find(&package) {
        Some(sources) => sources.build(&out)?,
        None => fs::read(package.join(PACKAGED)).map_err(|error| {
            format!(
                "cannot read {PACKAGED}: {error}; a published package contains it, and in a checkout tests/supply/package \
                 puts it there"
            )
        })?,
    };
    let wasm = out.join("component.wasm");
    fs::write(&wasm, &component)?;
    fs::write(out.join("component.cwasm"), compile(&component, &variable("TARGET")?)?)?;
    // For the command's build script, which composes adapters with the component.
    println!("cargo::metadata=wasm={}", wasm.display());
    Ok(())
}

/// The component's file in a published package, which does not contain the sources.
const PACKAGED: &str = "component.wasm";

/// The workspace, if there is one. Its root is the component's package.
struct Sources {
    root: PathBuf,
}

impl Sources {
    fn find(package: &Path) -> Option<Self> {
        let root = package.parent()?;
        root.join("src/component.rs").exists().then(|| Self { root: root.to_owned() })
    }

    fn build(&self, out: &Path) -> Result<Vec<u8>> {
        for input in ["src", "wit", "Cargo.toml", "Cargo.lock"] {
            println!("cargo::rerun-if-changed={}", self.root.join(input).display());
        }
        let flags = guest::flags(&self.root)?;
        let mut component = fs::read(guest::build(&self.root, &out.join("component"), &flags)?)?;
        describe(&mut component);
        // The command's build script builds its adapters the same way.
        println!("cargo::metadata=rustflags={flags}");
        println!("cargo::metadata=foreign={}", guest::FOREIGN.join(" "));
        Ok(component)
    }
}

/// Appends the metadata that registries and tools show: custom sections from WebAssembly's tool conventions, named like OCI's
/// annotations.
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

/// Compiles the component to code for `target`.
fn compile(wasm: &[u8], target: &str) -> Result<Vec<u8>> {
    let mut config = wasmtime::Config::new();
    // Keep in step with src/sandbox/config.rs: code compiled with other settings does not load.
    config.epoch_interruption(true).generate_address_map(false).native_unwind_info(false);
    // Naming the target disables detection of this machine's processor: the program may run on another one.
    config.target(target).map_err(|error| {
        format!("cannot compile the component for {target}: {error}; enable the feature `cross` to build for another architecture")
    })?;
    if target.starts_with("x86_64") {
        for feature in ["has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"] {
            // SAFETY: every x86-64 processor since 2009 has these features, and the runtime refuses to load the code on one
            // without them.
            #[expect(unsafe_code, reason = "wasmtime cannot check that a flag is sound")]
            unsafe {
                config.cranelift_flag_enable(feature)
            };
        }
    }
    Ok(wasmtime::Engine::new(&config)?.precompile_component(wasm)?)
}

fn variable(name: &str) -> Result<String> {
    env::var(name).map_err(|error| format!("{name}: {error}; run this script through cargo").into())
}
