//! Builds for wasm, to the same bytes wherever that is: the build script, and the test that holds its word.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

pub const WASM: &str = "wasm32-wasip2";

/// `cargo rustc`, not `build`: the linker optimises the whole only where the library has this one type.
pub const COMPONENT: [&str; 6] = ["rustc", "--package", "configdrive", "--lib", "--crate-type", "cdylib"];

/// What `cargo`'s arguments ask for, from the sources in `root`, into a target directory of its own.
pub fn cargo(root: &Path, target: &Path, arguments: &[&str]) -> Result<(), Box<dyn std::error::Error>> {
    let mut cargo = Command::new(env::var_os("CARGO").ok_or("cargo did not start this")?);
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
    if output.status.success() {
        return Ok(());
    }
    // Cargo shows what a build script that fails wrote there.
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    Err(format!("this does not build and shows why: cargo {} --target {WASM}", arguments.join(" ")).into())
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

/// Instructions on 128 bits, and no path of this machine in what is shipped.
fn flags(root: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut paths = vec![(root.canonicalize()?, "/configdrive".to_owned())];
    if let Some(cargo) =
        env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")))
    {
        paths.push((cargo, "/cargo".to_owned()));
    }
    // std's sources, where they are installed; where they are not, the compiler itself calls them so.
    let sources = Path::new(rustc(&["--print", "sysroot"])?.trim()).join("lib/rustlib/src/rust");
    let version = rustc(&["--version", "--verbose"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or_default();
    paths.push((sources, format!("/rustc/{commit}")));
    let remap = paths.into_iter().map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display()));
    Ok(["-Ctarget-feature=+simd128".to_owned()].into_iter().chain(remap).collect::<Vec<_>>().join("\x1f"))
}

/// What the compiler says.
pub fn rustc(arguments: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    Ok(String::from_utf8(Command::new(rustc).args(arguments).output()?.stdout)?)
}
