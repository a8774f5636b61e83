//! Documents in YAML, compared with PyYAML: the values of what it writes, and of thousands of mutants.

use std::{fmt::Write as _, io::Write as _, process::Stdio};

use configdrive::document::{self, Json};
use configdrive_support::{golden, trials::Trial};
use configdrive_test_drives::faults::Reader;
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::{
    cloud_config::{Random, SAMPLES, mutate},
    software::{self, python},
};

pub fn trials() -> Vec<Trial> {
    [
        ("documents_have_the_values_that_pyyaml_loads", compared as fn() -> Result<(), Failed>),
        ("novas_drives_are_the_same_from_documents_in_yaml", golden_drives),
    ]
    .into_iter()
    .map(|(name, check)| Trial::new(name, check).without(software::missing(Reader::Glean)))
    .collect()
}

/// How many texts PyYAML writes.
const WRITTEN: usize = 3000;

fn compared() -> Result<(), Failed> {
    let mut texts: Vec<String> =
        serde_json::from_value(ask(&["yaml-samples", "7", &WRITTEN.to_string()], &json!(null))?)?;
    texts.extend(SAMPLES.iter().map(|sample| (*sample).to_owned()));
    let mut random = Random(0x5851_f42d_4c95_7f2d);
    for index in 0..texts.len() {
        for _ in 0..2 {
            let mut text = texts[index].clone();
            for _ in 0..=random.below(2) {
                mutate(&mut text, &mut random);
            }
            texts.push(text);
        }
    }
    // Other texts are JSON.
    texts.retain(|text| {
        let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        !start.is_empty() && !start.starts_with(['{', '['])
    });
    let answers: Vec<Value> = serde_json::from_value(ask(&["yaml-values"], &json!(texts))?)?;
    let mut counts = [0; 3];
    let mut wrong = String::new();
    for (text, answer) in texts.iter().zip(&answers) {
        let (kind, expected) = (&answer[0], &answer[1]);
        let is_document = expected.is_array() || expected["pairs"].is_array();
        let found = document::parse(text);
        let agrees = match (&found, kind.as_str()) {
            (Ok(found), Some("value")) => *expected == value(found),
            // A single value is judged as JSON.
            (Err(_), Some("value")) => !is_document,
            // What is stricter than PyYAML says so.
            (Err(error), Some("stricter")) => !error.to_string().contains("invalid YAML"),
            (Err(_), Some("refused")) => true,
            _ => false,
        };
        counts[["value", "stricter", "refused"].iter().position(|name| kind == name).unwrap_or(0)] += 1;
        if !agrees && wrong.len() < 2000 {
            writeln!(wrong, "{text:?}: PyYAML: {answer}; ours: {found:?}")?;
        }
    }
    if !wrong.is_empty() || counts.iter().any(|count| *count < WRITTEN / 10) {
        return Err(format!("values, stricter, refused: {counts:?}\n{wrong}").into());
    }
    Ok(())
}

fn golden_drives() -> Result<(), Failed> {
    let cases: Vec<_> = golden::all().into_iter().filter(|case| case.directory.join("drive").exists()).collect();
    let documents: Vec<_> = cases.iter().map(|case| &case.document).collect();
    let written: Vec<Option<String>> = serde_json::from_value(ask(&["yaml-written"], &json!(documents))?)?;
    let mut compared = 0;
    for (case, yaml) in cases.iter().zip(written) {
        // YAML may be nested less deeply than JSON.
        let Some(yaml) = yaml.filter(|_| case.name != "vendor-deep-portable") else { continue };
        let options = configdrive_checks::case::native(&case.expected.options.options());
        let files = |document: &str| -> Result<Vec<(String, Vec<u8>)>, Failed> {
            let tree = configdrive::files(document, &options).map_err(|error| format!("{}: {error}", case.name))?;
            Ok(tree.files().map(|(path, content)| (path, content.to_vec())).collect())
        };
        if files(&yaml)? != files(&case.document)? {
            return Err(format!("{} differs in YAML", case.name).into());
        }
        compared += 1;
    }
    if compared < 180 { Err(format!("only {compared} cases").into()) } else { Ok(()) }
}

/// Returns what `read_yaml.py` returns: objects are lists of pairs, and numbers are marked.
fn value(json: &Json<'_>) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => json!(value),
        Json::Integer(value) => json!({"int": value.as_str()}),
        Json::Float(value) => json!({"float": value.to_bits().to_string()}),
        Json::Text(text) => json!(text),
        Json::List(items) => items.iter().map(value).collect(),
        Json::Object(members) => {
            let pairs: Vec<_> = members.iter().map(|(name, member)| json!([name, value(member)])).collect();
            json!({ "pairs": pairs })
        }
    }
}

/// Runs `read.py` with this input.
fn ask(arguments: &[&str], input: &Value) -> Result<Value, Failed> {
    let mut command = python(Reader::Glean, arguments[0]);
    let mut child = command.args(&arguments[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().expect("a pipe").write_all(input.to_string().as_bytes())?;
    let output = child.wait_with_output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}
