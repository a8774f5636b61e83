//! What `check` finds: each fault on a drive that has it, nothing on a sound one.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use configdrive::{
    DriveSource, ImageFormat, Options,
    check::{Code, Finding, Scope, Severity},
};
use faults::{Drive, FAULTS};
use serde_json::Value;

#[expect(dead_code, reason = "flags are for the tests of commands")]
#[path = "golden/cases.rs"]
mod cases;
#[expect(dead_code, reason = "the claims are for tests/readers.rs")]
#[path = "readers/faults.rs"]
mod faults;

fn codes(drive: &Drive) -> BTreeSet<Code> {
    find(drive).iter().map(|finding| finding.code).collect()
}

fn find(drive: &Drive) -> Vec<Finding> {
    let files = drive.files();
    let files = files.iter().map(|(path, content)| (path.clone(), content.into())).collect();
    configdrive::check::check(&drive.volume(), &files)
}

/// What stays of a sound drive: the file system that suits every disk does not suit every node.
const SOUND: [Code; 1] = [Code::VfatUnderIronicsCheck];

#[test]
fn a_sound_drive_has_no_findings_but_that_it_is_no_iso() {
    assert_eq!(codes(&Drive::sound()), SOUND.into());
}

#[test]
fn each_fault_is_found_and_no_other() {
    for fault in FAULTS {
        let mut drive = Drive::sound();
        (fault.spoil)(&mut drive);
        let mut found = codes(&drive);
        // A network on a link without id has nowhere to go either, and an ISO is no FAT.
        found.retain(|code| !SOUND.contains(code));
        assert_eq!(found, [fault.code].into(), "{}: {:#?}", fault.name, find(&drive));
    }
}

#[test]
fn each_code_has_a_fault_and_a_line_in_the_documentation() {
    let documentation = fs::read_to_string(below("docs/findings.md")).unwrap();
    for &code in Code::ALL {
        assert!(SOUND.contains(&code) || FAULTS.iter().any(|fault| fault.code == code), "{code}: no fault has it");
        let line = format!("| `{code}` | {} |", code.severity());
        assert!(documentation.contains(&line), "{code}: docs/findings.md has no line {line:?}");
    }
    let lines = documentation.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(lines, Code::ALL.len(), "docs/findings.md has a line too many");
}

#[test]
fn findings_come_worst_first() {
    let mut drive = Drive::sound();
    drive.label = "Config-2";
    drive.network_data["links"][0]["mtu"] = Value::Null;
    drive.meta_data["name"] = "My server".into();
    let codes: Vec<_> = find(&drive).into_iter().map(|finding| finding.code).collect();
    assert_eq!(
        codes,
        [Code::WrongLabel, Code::HostNamesDiffer, Code::VfatUnderIronicsCheck, Code::LinkWithoutMtu],
        "errors, then warnings, those of some nodes last"
    );
}

#[test]
fn a_finding_names_its_place_and_no_value() {
    let mut drive = Drive::sound();
    drive.network_data["networks"][1]["ip_address"] = "s3cr3t".into();
    drive.meta_data["random_seed"] = "s3cr3".into();
    let findings = find(&drive);
    assert_eq!(findings[0].place, "openstack/latest/meta_data.json#/random_seed");
    assert_eq!(findings[1].place, "openstack/latest/network_data.json#/networks/1/ip_address");
    assert!(findings.iter().all(|finding| !finding.to_string().contains("s3cr3")), "{findings:#?}");
}

#[test]
fn a_fault_in_both_folders_is_found_once() {
    let mut drive = Drive::sound();
    drive.network_data["links"][0]["mtu"] = Value::Null;
    let mut other = drive.network_data.clone();
    other["links"][0]["name"] = "eth0".into();
    drive.files.insert("openstack/2018-08-27/network_data.json".into(), other.to_string().into());
    let mtu = find(&drive).into_iter().filter(|finding| finding.code == Code::LinkWithoutMtu).collect::<Vec<_>>();
    assert_eq!(mtu.len(), 1, "{mtu:#?}");
}

/// What is warned of there is what Nova does: no mtu with DHCP and for a bond's members, the display name as `name`.
#[test]
fn the_drives_of_nova_have_no_errors_but_few() {
    let mut drives = 0;
    let mut with_errors = BTreeMap::new();
    for case in cases::all().into_iter().filter(|case| case.expected.refused.is_none()) {
        drives += 1;
        let findings = configdrive::check_document(&case.document, &case.expected.options.options()).unwrap();
        let errors = findings.iter().map(|finding| finding.code).filter(|code| code.severity() == Severity::Error);
        let errors: BTreeSet<_> = errors.collect();
        if !errors.is_empty() {
            with_errors.insert(case.name, errors);
        }
    }
    assert!(drives > 150, "{drives} drives");
    let expected = ODD.iter().map(|&(name, code)| (name.to_owned(), [code].into())).collect();
    assert_eq!(with_errors, expected);
}

/// What Nova writes and readers do not take.
const ODD: [(&str, Code); 6] = [
    // An IPv6 address with the netmask of the IPv4 subnet in which it stands.
    ("inj-ip-version-lies", Code::InvalidAddress),
    // Ironic's port has no address, so the link has none.
    ("ports-sparse", Code::LinkWithoutMac),
    // VIFs of the legacy types vlan and bond: Nova passes the type on, without what belongs to it.
    ("random-0018", Code::IncompleteLink),
    ("random-0031", Code::IncompleteLink),
    ("random-0068", Code::IncompleteLink),
    ("random-0114", Code::IncompleteLink),
];

#[test]
fn the_documents_of_the_examples_are_sound() {
    let document = fs::read_to_string(below("examples/deploy/instance.json")).unwrap();
    let findings = configdrive::check_document(&document, &Options::default()).unwrap();
    let findings: Vec<_> = findings.iter().filter(|finding| finding.code.scope() == Scope::Everywhere).collect();
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn a_drive_is_checked_as_its_document_is() {
    for format in [ImageFormat::Iso9660, ImageFormat::Vfat] {
        let document = fs::read_to_string(below("tests/golden/full/document.json")).unwrap();
        let options = Options { format, ..Options::default() };
        let image = configdrive::build_drive(&document, &options).unwrap();
        let of_document = configdrive::check_document(&document, &options).unwrap();
        assert!(!of_document.is_empty());
        assert_eq!(configdrive::check_drive(DriveSource::Bytes(&image)).unwrap(), of_document);
        assert_eq!(
            configdrive::check_drive(DriveSource::Text(&configdrive::encode(&image).unwrap())).unwrap(),
            of_document
        );
    }
}

fn below(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
