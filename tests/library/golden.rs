//! Nova's own answers, byte for byte.
//!
//! Each case is a directory in `tests/golden/`, whose `README.md` describes the files. With `CONFIGDRIVE_BLESS=1` the expectations
//! are overwritten with what the library returns: review the difference before you commit it.

use std::{collections::BTreeMap, env, fs};

use configdrive::tree::Tree;
use configdrive_checks::case::native;
use configdrive_support::{
    Files,
    golden::{self, Case},
    trials::Trial,
};
use libtest_mimic::Failed;

pub fn trials() -> Vec<Trial> {
    let mut trials: Vec<_> =
        golden::all().into_iter().map(|case| Trial::new(case.name.clone(), || check(case))).collect();
    trials.extend(golden::all().into_iter().filter_map(|case| {
        let yaml = fs::read_to_string(case.directory.join("document.yaml")).ok()?;
        Some(Trial::new(format!("{}_in_yaml", case.name), move || check_yaml(&case, &yaml)))
    }));
    trials.push(Trial::new("a_drive_can_end_with_an_older_version", || {
        golden::all().iter().filter(|case| case.drive().is_some()).try_for_each(older)
    }));
    trials
}

fn check(mut case: Case) -> Result<(), Failed> {
    let operator = &case.expected.options;
    let required = configdrive::required_by(&case.document, policy(operator)).ok();
    let drive = configdrive::files(&case.document, &native(&operator.options()));
    if env::var_os("CONFIGDRIVE_BLESS").is_some() {
        bless(&mut case, required, &drive);
    }
    same("required_by", &required, &case.expected.required_by)?;
    match (drive, &case.expected.refused) {
        (Err(error), Some(refused)) => same("the refusal", &error.to_string(), refused),
        (Ok(drive), None) => same_files(&files(&drive), &case.drive().ok_or("there is no drive")?),
        (Err(error), None) => Err(format!("refused: {error}").into()),
        (Ok(_), Some(refused)) => Err(format!("accepted, but this refusal was expected: {refused}").into()),
    }
}

/// Checks that the document makes the same drive if it is written in YAML.
fn check_yaml(case: &Case, yaml: &str) -> Result<(), Failed> {
    let options = native(&case.expected.options.options());
    same_files(&files(&configdrive::files(yaml, &options)?), &files(&configdrive::files(&case.document, &options)?))
}

/// Compares a drive without the newest versions with the other files of Nova's drive, and its `latest` with what it stands for.
fn older(case: &Case) -> Result<(), Failed> {
    for (newest, left_out) in [
        ("2025-04-04", &[][..]),
        ("2020-10-14", &["2025-04-04"]),
        ("2017-02-22", &["2018-08-27", "2020-10-14", "2025-04-04"]),
    ] {
        let mut expected = case.drive().ok_or("the case has no drive")?;
        expected.retain(|path, _| !left_out.iter().any(|version| path.starts_with(&format!("openstack/{version}/"))));
        for (path, content) in expected.clone() {
            if let Some(name) = path.strip_prefix(&format!("openstack/{newest}/")) {
                expected.insert(format!("openstack/latest/{name}"), content);
            }
        }
        let mut options = native(&case.expected.options.options());
        options.newest_version = Some(newest.into());
        let drive = configdrive::files(&case.document, &options)?;
        same_files(&files(&drive), &expected).map_err(|failed| format!("{}: {newest}: {failed:?}", case.name))?;
    }
    Ok(())
}

fn policy(operator: &golden::Operator) -> configdrive::Policy {
    configdrive::Policy { force_config_drive: operator.policy().force_config_drive }
}

fn bless(case: &mut Case, required_by: Option<bool>, drive: &Result<Tree, configdrive::Error>) {
    let Case { directory, expected, .. } = case;
    expected.required_by = required_by;
    expected.refused = drive.as_ref().err().map(ToString::to_string);
    let json = serde_json::to_string_pretty(expected).unwrap();
    fs::write(directory.join("case.json"), json + "\n").unwrap();

    let _ = fs::remove_dir_all(directory.join("drive"));
    let _ = fs::remove_file(directory.join("same.txt"));
    let Ok(drive) = drive else { return };
    let mut first = BTreeMap::new();
    let mut same = String::new();
    for (path, content) in files(drive) {
        if let Some(first) = first.get(&content) {
            same += &format!("{path} = {first}\n");
            continue;
        }
        let file = directory.join("drive").join(&path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, &content).unwrap();
        first.insert(content, path);
    }
    fs::write(directory.join("same.txt"), same).unwrap();
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
