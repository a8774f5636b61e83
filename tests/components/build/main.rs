//! Makes components from the modules of `guest.rs`, and compiles them and our own.

// The tests name the deeds; this build script makes components that do them.
#[path = "../src/deed.rs"]
mod deed;
mod guest;

use std::{env, fs, path::PathBuf};

use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

use deed::Deed;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A name, what it does when it starts, and its memory in pages of 64 KiB.
const GUESTS: [(&str, Deed, u64); 6] = [
    ("puppet", Deed::Answer, 1),
    ("loops-at-its-start", Deed::Loop, 1),
    ("grows-at-its-start", Deed::Grow, 1),
    ("recurses-at-its-start", Deed::Recurse, 1),
    ("traps-at-its-start", Deed::Trap, 1),
    ("starts-with-three-gibibytes", Deed::Answer, 3 << 14),
];

fn main() -> Result<()> {
    const WIT: &str = "../../wit";
    for input in ["build", "src/deed.rs", WIT] {
        println!("cargo::rerun-if-changed={input}");
    }
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(WIT)?;
    let world = resolve.select_world(&[package], None)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut config = config(&env::var("TARGET")?)?;
    let engine = wasmtime::Engine::new(&config)?;
    for (name, start, memory) in GUESTS {
        let mut module = guest::module(start, memory);
        wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
        let component = ComponentEncoder::default().module(&module)?.validate(true).encode()?;
        let compiled = engine.precompile_component(&component)?;
        fs::write(out.join(name).with_extension("cwasm"), compiled)?;
    }
    // The path comes from the host's build script (`links`).
    let component = fs::read(env::var("DEP_CONFIGDRIVE_WASM")?)?;
    let counting = wasmtime::Engine::new(config.consume_fuel(true))?;
    fs::write(out.join("counting.cwasm"), counting.precompile_component(&component)?)?;
    Ok(())
}

/// Returns the settings of the sandbox's engine. Code that was compiled with other settings does not load.
fn config(target: &str) -> Result<wasmtime::Config> {
    let mut config = wasmtime::Config::new();
    config.epoch_interruption(true).generate_address_map(false).native_unwind_info(false).target(target)?;
    Ok(config)
}
