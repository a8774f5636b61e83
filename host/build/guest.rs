//! Builds the component for wasm, reproducibly: the bytes are the same on every machine.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Result;

const WASM: &str = "wasm32-wasip2";

/// Builds the component from the sources in `root`, in the target directory `target`, and returns the file's path.
pub fn build(root: &Path, target: &Path, flags: &str) -> Result<PathBuf> {
    if !Path::new(rustc(&["--print", "target-libdir", "--target", WASM])?.trim()).is_dir() {
        return Err(format!("the component needs a Rust target that is not installed: rustup target add {WASM}").into());
    }
    let mut cargo = Command::new(env::var_os("CARGO").ok_or("CARGO is not set; run this script through cargo")?);
    cargo
        // Not `build`: link-time optimisation covers everything only if the library has a single crate type.
        .args(["rustc", "--package", "configdrive", "--lib", "--crate-type", "cdylib"])
        .args(["--profile", "component", "--target", WASM, "--locked", "--quiet"])
        .arg("--target-dir")
        .arg(target)
        .current_dir(root);
    // Lints, coverage and a developer's own flags apply only to the host: the component is the same however cargo was called.
    for (name, _) in env::vars_os() {
        if FOREIGN.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags);
    // A build directory shared by configuration would deadlock: the outer cargo waits for us while holding its lock.
    cargo.env("CARGO_BUILD_BUILD_DIR", target);
    let output = cargo.output()?;
    if !output.status.success() {
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            println!("cargo::error={line}");
        }
        return Err(format!("cannot build the component for {WASM}; see the compiler's errors above").into());
    }
    Ok(target.join(WASM).join("component/configdrive.wasm"))
}

/// Prefixes of the environment variables that would influence the build.
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

/// Returns the compiler's flags, encoded for `CARGO_ENCODED_RUSTFLAGS`: 128-bit SIMD, and fixed names for this machine's paths.
pub fn flags(root: &Path) -> Result<String> {
    let mut paths = vec![(root.canonicalize()?, "/configdrive".to_owned())];
    if let Some(cargo) =
        env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")))
    {
        paths.push((cargo, "/cargo".to_owned()));
    }
    // std's sources, if they are installed; otherwise the compiler itself uses this name.
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
