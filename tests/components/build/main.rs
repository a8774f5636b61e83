//! Makes components of `guest.rs` and compiles them as `host/build.rs` does ours.

#[path = "../../../host/src/sandbox/config.rs"]
mod config;
mod deed;
mod guest;

use std::{env, fs, path::Path};

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
    ("begins-with-three-gibibytes", Deed::Answer, 3 << 14),
];

fn main() -> Result<()> {
    const WIT: &str = "../../../wit";
    for input in ["build.rs", "deed.rs", "guest.rs", WIT, "../../../host/src/sandbox/config.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(WIT)?;
    let world = resolve.select_world(&[package], None)?;
    let engine = wasmtime::Engine::new(config::config().target(&env::var("TARGET")?)?)?;
    for (name, start, memory) in GUESTS {
        let mut module = guest::module(start, memory);
        wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
        let component = ComponentEncoder::default().module(&module)?.validate(true).encode()?;
        let compiled = engine.precompile_component(&component)?;
        fs::write(Path::new(&env::var("OUT_DIR")?).join(name).with_extension("cwasm"), compiled)?;
    }
    Ok(())
}
