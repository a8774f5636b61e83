//! The documents' JSON Schema, compared with what the library accepts.

use configdrive_support::{golden, trials, trials::Trial};
use serde_json::{Value, json};

pub fn trials() -> Vec<Trial> {
    trials![
        the_schema_accepts_exactly_the_golden_documents_that_make_a_drive,
        the_schema_accepts_the_simpler_documents_but_no_mixtures,
    ]
}

/// Golden cases that are refused for a reason that no schema can express: an option, or a number beyond the range of a double.
const BEYOND_A_SCHEMA: [&str; 3] = ["err-vendor-dynamic-only", "err-vendor-no-providers", "vendor-numbers"];

fn the_schema_accepts_exactly_the_golden_documents_that_make_a_drive() {
    let validator = validator();
    let mut compared = 0;
    for case in golden::all() {
        let Ok(document) = serde_json::from_str::<Value>(&case.document) else { continue };
        if BEYOND_A_SCHEMA.contains(&&*case.name) {
            continue;
        }
        let error = validator.validate(&document).err().map(|error| error.to_string());
        assert_eq!(case.directory.join("drive").exists(), error.is_none(), "{}: {error:?}", case.name);
        compared += 1;
    }
    assert!(compared > 200, "{compared}");
}

fn the_schema_accepts_the_simpler_documents_but_no_mixtures() {
    let validator = validator();
    for document in [
        json!({"meta_data": {"uuid": "1"}, "user_data": "#cloud-config", "network_data": {}, "vendor_data": null}),
        json!({"meta_data": {}, "user_data": {"ignition": {}}}),
        json!({"files": [{"path": "openstack/latest/user_data", "contents": ""}], "instance": null}),
    ] {
        assert_validity(&validator, &document, true);
    }
    for document in [
        json!({}),
        json!({"meta_data": {}, "files": []}),
        json!({"meta_data": [], "user_data": "x"}),
        json!({"meta_data": {}, "user_data": 7}),
        json!({"files": [{"path": "/absolute", "contents": ""}]}),
        json!({"files": [{"path": "a", "contents": "not base64"}]}),
        json!({"meta_data": {}, "userdata": "x"}),
        json!({"meta_data": {}, "random_seed": null}),
        json!({"files": [], "directory": "a"}),
        json!({"files": [{"path": "a", "contents": "", "mode": 420}]}),
    ] {
        assert_validity(&validator, &document, false);
    }
}

/// Asserts that both the schema and the library accept the document, or that both refuse it.
fn assert_validity(validator: &jsonschema::Validator, document: &Value, expected: bool) {
    let options = configdrive::Options::default();
    assert_eq!(validator.is_valid(document), expected, "the schema: {document}");
    assert_eq!(configdrive::files(&document.to_string(), &options).is_ok(), expected, "the library: {document}");
}

const DOCUMENT_SCHEMA: &str = include_str!("../../src/document/schema.json");

fn validator() -> jsonschema::Validator {
    let schema = serde_json::from_str(DOCUMENT_SCHEMA).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}
