//! Writes the generated files of the Go module: `configdrive-generate COMPONENT`.

use std::{env, fs, process::ExitCode};

use configdrive_generate::{abi, embed, gofmt};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let (Some(component), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: configdrive-generate COMPONENT");
        return ExitCode::from(2);
    };
    let component = fs::read(&component).map_err(|error| format!("cannot read {}: {error}", component.display()));
    let written = component.and_then(|component| {
        let abi = gofmt(&abi()?)?;
        fs::write(configdrive_generate::ABI, abi).map_err(|error| format!("cannot write abi.go: {error}"))?;
        embed(&component)
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
