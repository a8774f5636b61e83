//! Writes the generated files of the Go module: `configdrive-generate COMPONENT [DIRECTORY]`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    let mut paths = env::args_os().skip(1).map(PathBuf::from);
    let Some(component) = paths.next() else {
        eprintln!("usage: configdrive-generate COMPONENT [DIRECTORY]");
        return ExitCode::from(2);
    };
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = paths.next().unwrap_or_else(|| home.join("../go"));
    match write(&component, &home.join("../../wit/configdrive.wit"), &directory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(component: &Path, wit: &Path, directory: &Path) -> Result<(), String> {
    let read = |path: &Path| fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()));
    let wit = String::from_utf8_lossy(&read(wit)?).into_owned();
    let core_module = configdrive_generate::core_module(&read(component)?)?;
    let go = configdrive_generate::gofmt(&configdrive_generate::go(&wit)?)?;
    for (name, content) in [("abi.go", go.into_bytes()), ("configdrive.core.wasm", core_module)] {
        let path = directory.join(name);
        fs::write(&path, content).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(())
}
