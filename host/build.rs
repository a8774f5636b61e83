//! Builds the component from the root package, compiles it for the host, and leaves both to be embedded.

#[path = "src/sandbox/config.rs"]
mod config;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

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
    for input in ["src", "wit", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }

    let wasm = fs::read(build(&root, &out)?)?;
    fs::write(out.join("component.wasm"), &wasm)?;
    fs::write(out.join("component.cwasm"), compile(&wasm, &variable("TARGET")?)?)?;
    Ok(())
}

/// Builds the component in a target directory of its own, and returns where it is.
fn build(root: &Path, out: &Path) -> Result<PathBuf> {
    if !has_target()? {
        return Err(format!("the component needs a Rust target that is not installed: rustup target add {WASM}").into());
    }
    let target = out.join("component");
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        // `cargo rustc`, not `build`: the linker optimises the whole only where the library has this one type.
        .args(["rustc", "--package", "configdrive", "--lib", "--crate-type", "cdylib"])
        .args(["--profile", "component", "--target", WASM, "--locked", "--quiet"])
        .arg("--target-dir")
        .arg(&target)
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
    cargo.env("CARGO_BUILD_BUILD_DIR", &target);
    let output = cargo.output()?;
    if !output.status.success() {
        // Cargo shows what a build script that fails wrote there.
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        println!(
            "cargo::error=the component does not build: `cargo check --package configdrive --target {WASM}` shows why"
        );
        std::process::exit(1);
    }
    Ok(target.join(WASM).join("component/configdrive.wasm"))
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

/// Compiles the component to code for `target`.
fn compile(wasm: &[u8], target: &str) -> Result<Vec<u8>> {
    let mut config = config::config();
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
    Ok(wasmtime::Engine::new(&config)?.precompile_component(wasm)?)
}

fn variable(name: &str) -> Result<String> {
    env::var(name).map_err(|error| format!("{name}: {error}; this script is run by cargo").into())
}
