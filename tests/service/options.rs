//! The options of the interface, as parameters of the service.

use std::{collections::BTreeSet, fs};

use configdrive_support::{below, golden, interface};
use serde_json::Value;

use crate::engine::under_wasmtime;

/// The parameters, each with a valid value.
const PARAMETERS: [(&str, &str); 8] = [
    ("format", "vfat"),
    ("size", "16777216"),
    ("sector-size", "4096"),
    ("skip-versions", "1.0"),
    ("newest-version", "2020-10-14"),
    ("dhcp-domain", "example.org"),
    ("vendordata-providers", "StaticJSON"),
    ("source-date-epoch", "1700000000"),
];

/// Options that are not parameters, and why.
const EXCEPTIONS: [(&str, &str); 6] = [
    ("ports", IN_THE_DOCUMENT),
    ("portgroups", IN_THE_DOCUMENT),
    ("vendor-data", IN_THE_DOCUMENT),
    ("vendor-data2", IN_THE_DOCUMENT),
    ("random-seed", IN_THE_DOCUMENT),
    ("default-random-seed", "the service generates it"),
];

const IN_THE_DOCUMENT: &str = "it is in the request's document";

#[test]
fn every_option_of_the_interface_is_a_parameter_of_the_service() {
    let here = PARAMETERS.iter().chain(&EXCEPTIONS).map(|(name, _)| name.to_string());
    assert_eq!(here.collect::<BTreeSet<_>>(), BTreeSet::from_iter(interface::options()));

    let document = golden::case("minimal").document;
    let engine = under_wasmtime();
    let all: Vec<_> = PARAMETERS.iter().map(|(name, value)| format!("{name}={value}")).collect();
    for path in ["/v1/build-drive", "/v1/pack", "/v1/check"] {
        let post = |query: &str| engine.post(&format!("{path}?{query}"), "application/json", document.as_bytes());
        let answer = post(&all.join("&"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        for (name, why) in EXCEPTIONS {
            assert_eq!(post(&format!("{name}=1")).status, 400, "{path}: {name} ({why})");
        }
    }
}

#[test]
fn every_parameter_of_the_service_is_in_its_openapi_document() {
    let document = fs::read_to_string(below("host/adapters/service/openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    for path in ["/v1/build-drive", "/v1/pack", "/v1/check"] {
        let parameters = document["paths"][path]["post"]["parameters"].as_array().unwrap().iter();
        let pointers = parameters.map(|parameter| parameter["$ref"].as_str().unwrap().trim_start_matches('#'));
        let names = pointers.map(|pointer| document.pointer(pointer).unwrap()["name"].as_str().unwrap());
        let of_findings: &[&str] = if path == "/v1/check" { &["for", "all"] } else { &[] };
        let expected = PARAMETERS.iter().map(|(name, _)| name).chain(of_findings).copied();
        assert_eq!(names.collect::<BTreeSet<_>>(), expected.collect(), "{path}");
    }
}
