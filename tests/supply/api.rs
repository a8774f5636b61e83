//! The public API of the libraries, compared with the baseline in `tests/supply/api/`. With `CONFIGDRIVE_BLESS=1` the baseline is
//! overwritten: review the difference before you commit it.

use std::{env, fs, process::Command};

use configdrive_support::{below, trials::Trial};
use libtest_mimic::Failed;

pub fn trials() -> Vec<Trial> {
    let trial = Trial::new("the_public_api_matches_the_baseline", the_public_api_matches_the_baseline);
    // `cargo doc` needs the metadata of all crates, which a build does not keep.
    vec![if env::var_os("CONFIGDRIVE_BLESS").is_some() { trial } else { trial.only_in_ci("minutes without cargo doc") }]
}

const LIBRARIES: [&str; 4] = ["configdrive", "configdrive_contract", "configdrive_host", "configdrive_verbs"];

fn the_public_api_matches_the_baseline() -> Result<(), Failed> {
    let mut cargo = Command::new(env::var_os("CARGO").ok_or("cargo did not start this test")?);
    cargo
        .args(["doc", "--release", "--locked", "--workspace", "--no-deps", "--quiet"])
        .env("RUSTDOC", below("tests/supply/rustdoc"))
        .env("RUSTDOCFLAGS", "-Zunstable-options --output-format json");
    super::run(&mut cargo)?;
    let mut changed = Vec::new();
    for library in LIBRARIES {
        let documentation = super::target().join("doc").join(library).with_extension("json");
        let api = public_api::Builder::from_rustdoc_json(documentation)
            .omit_auto_derived_impls(true)
            .omit_auto_trait_impls(true)
            .omit_blanket_impls(true)
            .build()?;
        let text = api.to_string();
        let baseline = below("tests/supply/api").join(library).with_extension("txt");
        if env::var_os("CONFIGDRIVE_BLESS").is_some() {
            fs::write(baseline, text)?;
        } else if fs::read_to_string(baseline)? != text {
            changed.push(library);
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    Err(format!("the public API of {changed:?} has changed; CONFIGDRIVE_BLESS=1 renews tests/supply/api").into())
}
