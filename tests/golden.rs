//! Nova's own answers, byte for byte, from the library and from the sandbox.
//!
//! A case is a folder of `tests/golden/`; `README.md` there tells what is in it. With `CONFIGDRIVE_BLESS=1` the expectations
//! are rewritten to what the library gives: look at the difference before you believe it.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, OnceLock},
};

use configdrive::tree::Tree;
use configdrive_host::sandbox::{self, Limits, Sandbox};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::{Deserialize, Serialize};

fn main() -> ExitCode {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let sandbox = Arc::new(OnceLock::new());
    let folders = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let trials = folders.map(|folder| {
        let sandbox = Arc::clone(&sandbox);
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        Trial::test(name, move || {
            let sandbox = sandbox.get_or_init(|| Sandbox::new(Limits::default()).unwrap());
            Case::read(folder).check(sandbox)
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

struct Case {
    folder: PathBuf,
    document: String,
    expected: Expected,
}

/// `case.json`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// What the case shows.
    about: String,
    #[serde(default, skip_serializing_if = "Operator::is_default")]
    options: Operator,
    /// Absent where the document is refused by that question too.
    #[serde(skip_serializing_if = "Option::is_none")]
    required_by: Option<bool>,
    /// Nova's own error, where it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    nova: Option<String>,
    /// Why we may differ from Nova here.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Our message, where there is no drive.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

/// nova.conf's options, under their names there.
#[derive(Clone, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Operator {
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

/// A drive's files by path.
type Files = BTreeMap<String, Vec<u8>>;

impl Case {
    fn read(folder: PathBuf) -> Self {
        let read = |name| fs::read_to_string(folder.join(name)).unwrap();
        Self { document: read("document.json"), expected: serde_json::from_str(&read("case.json")).unwrap(), folder }
    }

    fn check(mut self, sandbox: &Sandbox) -> Result<(), Failed> {
        let operator = self.expected.options.clone();
        let required = configdrive::required_by(&self.document, operator.policy()).ok();
        let drive = configdrive::files(&self.document, &operator.options());
        if env::var_os("CONFIGDRIVE_BLESS").is_some() {
            self.bless(required, &drive);
        }

        let in_sandbox = sandbox.required_by(self.document.as_bytes(), operator.sandbox_policy());
        same("required_by", &required, &self.expected.required_by)?;
        same("required_by in the sandbox", &in_sandbox.ok(), &self.expected.required_by)?;

        let image = sandbox.build_drive(self.document.as_bytes(), &operator.sandbox_options());
        match (drive, &self.expected.refused) {
            (Err(error), Some(refused)) => {
                same("the refusal", &error.to_string(), refused)?;
                match image {
                    Err(sandbox::Error::Guest { message, .. }) => same("the refusal in the sandbox", &message, refused),
                    other => Err(format!("in the sandbox: {other:?}").into()),
                }
            }
            (Ok(drive), None) => {
                same_files(&files(&drive), &self.read_drive())?;
                let native = configdrive::build_drive(&self.document, &operator.options())?;
                let image = image.map_err(|error| error.to_string())?;
                // assert_eq would print both.
                if image != native {
                    return Err("the image from the sandbox is another one".into());
                }
                let text = sandbox.pack(self.document.as_bytes(), &operator.sandbox_options());
                same("the packed text", &text.ok(), &configdrive::encode(&native).ok())
            }
            (Err(error), None) => Err(format!("refused: {error}").into()),
            (Ok(_), Some(refused)) => Err(format!("accepted, and should be refused: {refused}").into()),
        }
    }

    /// The files of `drive/`, and those that `same.txt` tells to be equal to one of them.
    fn read_drive(&self) -> Files {
        let mut files = Files::new();
        read_below(&self.folder.join("drive"), "", &mut files);
        for line in fs::read_to_string(self.folder.join("same.txt")).unwrap().lines() {
            let (path, first) = line.split_once(" = ").unwrap();
            files.insert(path.to_owned(), files[first].clone());
        }
        files
    }

    fn bless(&mut self, required_by: Option<bool>, drive: &Result<Tree, configdrive::Error>) {
        self.expected.required_by = required_by;
        self.expected.refused = drive.as_ref().err().map(ToString::to_string);
        let json = serde_json::to_string_pretty(&self.expected).unwrap();
        fs::write(self.folder.join("case.json"), json + "\n").unwrap();

        let _ = fs::remove_dir_all(self.folder.join("drive"));
        let _ = fs::remove_file(self.folder.join("same.txt"));
        let Ok(drive) = drive else { return };
        let mut first = BTreeMap::new();
        let mut same = String::new();
        for (path, content) in files(drive) {
            if let Some(first) = first.get(&content) {
                same += &format!("{path} = {first}\n");
                continue;
            }
            let file = self.folder.join("drive").join(&path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, &content).unwrap();
            first.insert(content, path);
        }
        fs::write(self.folder.join("same.txt"), same).unwrap();
    }
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

fn read_below(folder: &Path, path: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
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

    fn policy(&self) -> configdrive::Policy {
        configdrive::Policy { force_config_drive: self.force_config_drive }
    }

    fn sandbox_policy(&self) -> sandbox::Policy {
        sandbox::Policy { force_config_drive: self.force_config_drive }
    }

    fn options(&self) -> configdrive::Options {
        let provider = |provider: &_| match provider {
            Provider::Static => configdrive::VendordataProvider::StaticJson,
            Provider::Dynamic => configdrive::VendordataProvider::DynamicJson,
        };
        configdrive::Options {
            skip_versions: self.config_drive_skip_versions.clone(),
            dhcp_domain: self.dhcp_domain.clone(),
            vendordata_providers: self.vendordata_providers.as_ref().map(|names| names.iter().map(provider).collect()),
            ..configdrive::Options::default()
        }
    }

    fn sandbox_options(&self) -> sandbox::Options {
        let provider = |provider: &_| match provider {
            Provider::Static => sandbox::VendordataProvider::StaticJson,
            Provider::Dynamic => sandbox::VendordataProvider::DynamicJson,
        };
        sandbox::Options {
            skip_versions: self.config_drive_skip_versions.clone(),
            dhcp_domain: self.dhcp_domain.clone(),
            vendordata_providers: self.vendordata_providers.as_ref().map(|names| names.iter().map(provider).collect()),
            ..sandbox::Options::default()
        }
    }
}
