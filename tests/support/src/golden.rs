//! Nova's golden cases. `tests/golden/README.md` describes the files of a case.

use std::{
    fs,
    path::{Path, PathBuf},
};

use configdrive_contract::{Options, Policy, VendordataProvider};
use serde::{Deserialize, Serialize};

use crate::{Files, below};

/// A golden case: a document and what Nova made of it.
pub struct Case {
    pub name: String,
    pub directory: PathBuf,
    pub document: String,
    pub expected: Expected,
}

/// `case.json`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// What the case shows.
    about: String,
    #[serde(default, skip_serializing_if = "Operator::is_default")]
    pub options: Operator,
    /// Absent if `required-by` refuses the document too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_by: Option<bool>,
    /// Nova's own error, if it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    nova: Option<String>,
    /// Why we may differ from Nova here.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Our message, if we make no drive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Options of nova.conf, under their names there.
#[derive(Clone, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Operator {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    force_config_drive: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    dhcp_domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config_drive_skip_versions: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendordata_providers: Option<Vec<Provider>>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Serialize)]
enum Provider {
    #[serde(rename = "StaticJSON")]
    Static,
    #[serde(rename = "DynamicJSON")]
    Dynamic,
}

/// Returns all cases, sorted by name.
pub fn all() -> Vec<Case> {
    let directories = fs::read_dir(below("tests/golden")).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> = directories.filter(|path| path.is_dir()).map(Case::read).collect();
    assert!(cases.len() > 200, "{} cases", cases.len());
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

/// Returns the case with this name.
pub fn case(name: &str) -> Case {
    Case::read(below("tests/golden").join(name))
}

impl Case {
    fn read(directory: PathBuf) -> Self {
        let read = |name| fs::read_to_string(directory.join(name)).unwrap();
        Self {
            name: directory.file_name().unwrap().to_string_lossy().into_owned(),
            document: read("document.json"),
            expected: serde_json::from_str(&read("case.json")).unwrap(),
            directory,
        }
    }

    /// Returns the files of `drive/` and those that `same.txt` declares equal to one of them, or `None` if there is no drive.
    pub fn drive(&self) -> Option<Files> {
        let same = fs::read_to_string(self.directory.join("same.txt")).ok()?;
        let mut files = Files::new();
        read_below(&self.directory.join("drive"), "", &mut files);
        for line in same.lines() {
            let (path, first) = line.split_once(" = ").unwrap();
            files.insert(path.to_owned(), files[first].clone());
        }
        Some(files)
    }
}

fn read_below(directory: &Path, path: &str, files: &mut Files) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{path}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            read_below(&entry.path(), &format!("{path}/"), files);
        } else {
            files.insert(path, fs::read(entry.path()).unwrap());
        }
    }
}

impl Operator {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub fn policy(&self) -> Policy {
        let mut policy = Policy::default();
        policy.force_config_drive = self.force_config_drive;
        policy
    }

    pub fn options(&self) -> Options {
        let provider = |provider: &_| match provider {
            Provider::Static => VendordataProvider::StaticJson,
            Provider::Dynamic => VendordataProvider::DynamicJson,
        };
        let mut options = Options::default();
        options.skip_versions = self.config_drive_skip_versions.clone();
        options.dhcp_domain = self.dhcp_domain.clone();
        options.vendordata_providers =
            self.vendordata_providers.as_ref().map(|names| names.iter().map(provider).collect());
        options
    }

    /// Returns the options as flags of the command: names without the leading dashes, and values.
    pub fn flags(&self) -> Vec<(String, String)> {
        let options = serde_json::to_value(self).unwrap();
        let flag = |(name, value): (&String, &serde_json::Value)| {
            let value = match value {
                serde_json::Value::Array(names) => {
                    names.iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>().join(",")
                }
                serde_json::Value::String(text) => text.clone(),
                value => value.to_string(),
            };
            (name.trim_start_matches("config_drive_").replace('_', "-"), value)
        };
        options.as_object().unwrap().iter().map(flag).collect()
    }
}
