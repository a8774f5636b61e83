//! The golden cases as command lines: each document with nova.conf's options as flags.

use std::{fs, path::Path};

use serde_json::Value;

pub struct GoldenCase {
    pub name: String,
    pub document: String,
    /// Names without dashes, and values.
    pub options: Vec<(String, String)>,
}

pub fn golden_cases() -> Vec<GoldenCase> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let folders = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut cases: Vec<_> = folders.map(|folder| read(&folder)).collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

fn read(folder: &Path) -> GoldenCase {
    let read = |name| fs::read_to_string(folder.join(name)).unwrap();
    let case: Value = serde_json::from_str(&read("case.json")).unwrap();
    let options = case["options"].as_object().into_iter().flatten();
    let options = options.map(|(name, value)| {
        let value = match value {
            Value::Array(names) => names.iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>().join(","),
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        (name.trim_start_matches("config_drive_").replace('_', "-"), value)
    });
    GoldenCase {
        name: folder.file_name().unwrap().to_string_lossy().into_owned(),
        document: read("document.json"),
        options: options.collect(),
    }
}
