//! Nova's own answers, byte for byte.
//!
//! A case is a folder of `tests/golden/`; `README.md` there tells what is in it. With `CONFIGDRIVE_BLESS=1` the expectations
//! are rewritten to what the library gives: look at the difference before you believe it.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, env, fs, process::ExitCode};

use cases::{Case, Files};
use configdrive::tree::Tree;
use libtest_mimic::{Arguments, Failed, Trial};

#[expect(dead_code, reason = "flags are for the tests of commands")]
#[path = "golden/cases.rs"]
mod cases;

fn main() -> ExitCode {
    let trials = cases::all().into_iter().map(|case| Trial::test(case.name.clone(), || check(case)));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn check(mut case: Case) -> Result<(), Failed> {
    let operator = &case.expected.options;
    let required = configdrive::required_by(&case.document, operator.policy()).ok();
    let drive = configdrive::files(&case.document, &operator.options());
    if env::var_os("CONFIGDRIVE_BLESS").is_some() {
        bless(&mut case, required, &drive);
    }
    same("required_by", &required, &case.expected.required_by)?;
    match (drive, &case.expected.refused) {
        (Err(error), Some(refused)) => same("the refusal", &error.to_string(), refused),
        (Ok(drive), None) => same_files(&files(&drive), &case.drive().ok_or("there is no drive")?),
        (Err(error), None) => Err(format!("refused: {error}").into()),
        (Ok(_), Some(refused)) => Err(format!("accepted, and should be refused: {refused}").into()),
    }
}

fn bless(case: &mut Case, required_by: Option<bool>, drive: &Result<Tree, configdrive::Error>) {
    let Case { folder, expected, .. } = case;
    expected.required_by = required_by;
    expected.refused = drive.as_ref().err().map(ToString::to_string);
    let json = serde_json::to_string_pretty(expected).unwrap();
    fs::write(folder.join("case.json"), json + "\n").unwrap();

    let _ = fs::remove_dir_all(folder.join("drive"));
    let _ = fs::remove_file(folder.join("same.txt"));
    let Ok(drive) = drive else { return };
    let mut first = BTreeMap::new();
    let mut same = String::new();
    for (path, content) in files(drive) {
        if let Some(first) = first.get(&content) {
            same += &format!("{path} = {first}\n");
            continue;
        }
        let file = folder.join("drive").join(&path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, &content).unwrap();
        first.insert(content, path);
    }
    fs::write(folder.join("same.txt"), same).unwrap();
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), Failed> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: expected {expected:?}, found {found:?}").into())
}

fn same_files(found: &Files, expected: &Files) -> Result<(), Failed> {
    same("the paths", &found.keys().collect::<Vec<_>>(), &expected.keys().collect::<Vec<_>>())?;
    for (path, content) in found {
        same(path, &content.escape_ascii().to_string(), &expected[path].escape_ascii().to_string())?;
    }
    Ok(())
}

fn files(drive: &Tree) -> Files {
    drive.files().map(|(path, content)| (path, content.to_vec())).collect()
}
