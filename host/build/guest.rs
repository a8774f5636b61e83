//! Builds the component for wasm, to the same bytes everywhere.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Result;

const WASM: &str = "wasm32-wasip2";

/// Builds the component from the sources in `root`, in a target directory of its own; returns the file.
pub fn build(root: &Path, target: &Path, flags: &str) -> Result<PathBuf> {
    if !Path::new(rustc(&["--print", "target-libdir", "--target", WASM])?.trim()).is_dir() {
        return Err(format!("the component needs a Rust target that is not installed: rustup target add {WASM}").into());
    }
    let mut cargo = Command::new(env::var_os("CARGO").ok_or("cargo did not start this")?);
    cargo
        // Not `build`: the linker optimises the whole only where the library has this one type.
        .args(["rustc", "--package", "configdrive", "--lib", "--crate-type", "cdylib"])
        .args(["--profile", "component", "--target", WASM, "--locked", "--quiet"])
        .arg("--target-dir")
        .arg(target)
        .current_dir(root);
    // Lints, coverage and a developer's own flags are for the host alone: the component is the same however this was called.
    for (name, _) in env::vars_os() {
        if FOREIGN.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags);
    // The outer cargo waits for us and holds the lock of a build directory that is shared by configuration.
    cargo.env("CARGO_BUILD_BUILD_DIR", target);
    let output = cargo.output()?;
    if !output.status.success() {
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            println!("cargo::error={line}");
        }
        return Err(format!("cannot build the component for {WASM}: the compiler's errors are above").into());
    }
    Ok(target.join(WASM).join("component/configdrive.wasm"))
}

/// Prefixes of the variables that would have a part in the build.
pub const FOREIGN: [&str; 8] = [
    "CARGO_BUILD_",
    "CARGO_INCREMENTAL",
    "CARGO_LLVM_COV",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "CLIPPY_",
    "RUSTC_",
    "RUSTFLAGS",
];

/// The compiler's flags as `CARGO_ENCODED_RUSTFLAGS` has them: instructions on 128 bits, and names in place of this machine's paths.
pub fn flags(root: &Path) -> Result<String> {
    let mut paths = vec![(root.canonicalize()?, "/configdrive".to_owned())];
    if let Some(cargo) =
        env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")))
    {
        paths.push((cargo, "/cargo".to_owned()));
    }
    // std's sources, where they are installed; where they are not, the compiler itself uses this name.
    let sources = Path::new(rustc(&["--print", "sysroot"])?.trim()).join("lib/rustlib/src/rust");
    let version = rustc(&["--version", "--verbose"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or_default();
    paths.push((sources, format!("/rustc/{commit}")));
    let remap = paths.into_iter().map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display()));
    Ok(["-Ctarget-feature=+simd128".to_owned()].into_iter().chain(remap).collect::<Vec<_>>().join("\x1f"))
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    Ok(String::from_utf8(Command::new(rustc).args(arguments).output()?.stdout)?)
}
