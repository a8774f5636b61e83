//! All builds use the same features, so that none has to build a crate again.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    process::Command,
};

use configdrive_support::{below, trials, trials::Trial};
use libtest_mimic::Failed;
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    trials![the_deploy_example_and_the_tests_build_the_same_crates, the_command_and_the_tests_build_the_same_crates]
}

fn the_deploy_example_and_the_tests_build_the_same_crates() -> Result<(), Failed> {
    let script = fs::read_to_string(below("examples/deploy/run"))?;
    let options = script.lines().find_map(|line| line.strip_prefix("CARGO = ")).ok_or("no options for cargo")?;
    let options: Vec<String> = serde_json::from_str(options)?;
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    are_built_by_the_tests(units(&[&["build"], &options[..]].concat())?)
}

fn the_command_and_the_tests_build_the_same_crates() -> Result<(), Failed> {
    are_built_by_the_tests(units(&["build", "--release", "--locked"])?)
}

fn are_built_by_the_tests(units: Units) -> Result<(), Failed> {
    let tests = self::units(&["test", "--release", "--locked", "--workspace"])?;
    let mut missing = String::new();
    for (unit, features) in units {
        // This crate unifies the features of all others; its own differ.
        if unit.0.contains("/tests/support#") {
            continue;
        }
        let known = tests.get(&unit);
        for features in features.iter().filter(|features| !known.is_some_and(|known| known.contains(*features))) {
            missing += &format!("{unit:?} has {features:?}, but in the tests {known:?}\n");
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("tests/support/Cargo.toml lacks features:\n{missing}").into()) }
}

/// The sets of features with which each package, kind of target and level of optimisation is built.
type Units = BTreeMap<(String, String, String), BTreeSet<Vec<String>>>;

/// Asks cargo what it would build.
fn units(arguments: &[&str]) -> Result<Units, Failed> {
    let mut cargo = Command::new(env::var_os("CARGO").ok_or("cargo did not start this test")?);
    // Cargo shows its plan as an unstable feature. Nothing is compiled.
    cargo.args(arguments).args(["--unit-graph", "-Zunstable-options"]).env("RUSTC_BOOTSTRAP", "1");
    let plan: Value = serde_json::from_str(&super::run(&mut cargo)?)?;
    let mut units = Units::new();
    for unit in plan["units"].as_array().ok_or("no units")? {
        let kind = unit["target"]["kind"][0].as_str().unwrap_or_default();
        if unit["mode"] == "build" && matches!(kind, "lib" | "proc-macro") {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let name = (text(&unit["pkg_id"]), kind.to_owned(), text(&unit["profile"]["opt_level"]));
            let features = unit["features"].as_array().into_iter().flatten().map(text).collect();
            units.entry(name).or_default().insert(features);
        }
    }
    assert!(units.len() > 100, "{} units", units.len());
    Ok(units)
}
