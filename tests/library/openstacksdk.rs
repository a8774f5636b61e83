//! Metadata documents, compared with the real openstacksdk, which `tests/ironic/` installs.

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive_support::{Files, below, trials, trials::Trial};
use serde_json::{Value, json};

pub fn trials() -> Vec<Trial> {
    trials![a_metadata_document_gives_the_same_files_as_openstacksdk, user_data_that_is_an_object_is_written_as_json]
}

fn a_metadata_document_gives_the_same_files_as_openstacksdk() {
    for document in [
        json!({"meta_data": {"uuid": "1", "name": "é\u{7f}\u{1f600}", "n": [1, 2.5, 1e16, -0.0, null, true]}}),
        json!({"meta_data": {}, "user_data": "", "network_data": {}, "vendor_data": {}}),
        json!({
            "meta_data": {"hostname": "a"},
            "user_data": "#cloud-config\npassword: é\n",
            "network_data": {"links": [], "networks": [], "services": []},
            "vendor_data": {"b": 1, "a": {"nested": "x"}},
        }),
    ] {
        assert_eq!(ours(&document), openstacksdk(&document), "{document}");
    }
}

/// Ironic's API accepts an object there and writes it as JSON (`ironic.conductor.configdrive_utils.build_configdrive`).
fn user_data_that_is_an_object_is_written_as_json() {
    let user_data = r#"{"ignition": {"version": "3.0.0"}, "a": [1]}"#;
    let document = format!(r#"{{"meta_data": {{}}, "user_data": {user_data}}}"#);
    let drive = configdrive::files(&document, &configdrive::Options::default()).unwrap();
    let written: Vec<_> = drive.files().filter(|(path, _)| path.ends_with("/user_data")).collect();
    assert_eq!(written.len(), 2);
    assert!(written.iter().all(|(_, content)| ***content == *user_data.as_bytes()));
}

fn ours(document: &Value) -> Files {
    let drive = configdrive::files(&document.to_string(), &configdrive::Options::default()).unwrap();
    drive.files().map(|(path, content)| (path, content.to_vec())).collect()
}

fn openstacksdk(document: &Value) -> Files {
    let python = below("target/ironic/venv/bin/python");
    assert!(python.exists(), "openstacksdk is not installed; run tests/run, or python3 tests/ironic/ironic.py install");
    let mut child =
        Command::new(python).args(["-c", BUILD]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(document.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let files: BTreeMap<String, String> = serde_json::from_slice(&output.stdout).unwrap();
    files.into_iter().map(|(path, contents)| (path, STANDARD.decode(contents).unwrap())).collect()
}

/// Prints the files that openstacksdk's `build` would pack, without packing them.
const BUILD: &str = "
import base64, json, pathlib, sys
from openstack.baremetal import configdrive

document = json.load(sys.stdin)
files = {}
with configdrive.populate_directory(
    document['meta_data'], document.get('user_data'), None, document.get('network_data'), document.get('vendor_data')
) as directory:
    for path in pathlib.Path(directory).rglob('*'):
        if path.is_file():
            files[str(path.relative_to(directory))] = base64.b64encode(path.read_bytes()).decode()
json.dump(files, sys.stdout)
";
