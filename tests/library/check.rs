//! What `check` finds: each fault on a drive with the fault, and nothing on a sound one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use configdrive::{
    DriveSource, ImageFormat, Options,
    check::{Code, Finding, Readers, Scope, Severity},
};
use configdrive_checks::case::native;
use configdrive_support::{below, golden, trials, trials::Trial};
use configdrive_test_drives::{
    faults::{self, Drive},
    network::HARMLESS,
};
use serde_json::{Value, json};

pub fn trials() -> Vec<Trial> {
    trials![
        a_sound_drive_has_no_finding_except_that_it_is_not_an_iso,
        each_fault_is_found_and_nothing_else,
        each_code_has_a_fault_and_a_line_in_the_documentation,
        each_reader_of_a_finding_about_the_network_has_a_test,
        findings_are_sorted_worst_first,
        a_finding_names_the_place_but_not_the_value,
        a_fault_in_both_directories_is_reported_once,
        the_same_fault_in_two_files_is_reported_twice,
        hundreds_of_thousands_of_faults_are_counted,
        a_file_only_in_the_dated_directory_is_reported,
        a_finding_is_one_line_with_its_place_if_it_has_one,
        a_directory_without_meta_data_is_reported_with_its_readers,
        network_data_is_empty_without_links_and_networks,
        what_only_resembles_a_fault_is_not_reported,
        few_of_novas_drives_have_errors,
        the_example_document_is_sound,
        a_drive_and_its_document_have_the_same_findings,
    ]
}

fn codes(drive: &Drive) -> BTreeSet<Code> {
    find(drive).iter().map(|finding| finding.code).collect()
}

fn find(drive: &Drive) -> Vec<Finding> {
    let files = drive.files();
    let files = files.iter().map(|(path, content)| (path.clone(), content.into())).collect();
    configdrive::check::check(&drive.volume(), &files)
}

fn places_of(drive: &Drive, code: Code) -> Vec<String> {
    find(drive).into_iter().filter(|finding| finding.code == code).map(|finding| finding.place).collect()
}

/// What is found even on a sound drive: the file system that suits every disk does not suit every node.
const SOUND: [Code; 1] = [Code::VfatUnderIronicsCheck];

fn a_sound_drive_has_no_finding_except_that_it_is_not_an_iso() {
    assert_eq!(codes(&Drive::sound()), SOUND.into());
}

fn each_fault_is_found_and_nothing_else() {
    let mut wrong = Vec::new();
    for fault in faults::all() {
        let mut drive = Drive::sound();
        (fault.introduce)(&mut drive);
        let mut found = codes(&drive);
        // Leave out what is found on a sound drive too: it is a FAT, which not every node can use.
        found.retain(|code| !SOUND.contains(code));
        if found != [fault.code].into() {
            wrong.push(format!("{}: expected {}, found {:#?}", fault.name, fault.code, find(&drive)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn each_code_has_a_fault_and_a_line_in_the_documentation() {
    let documentation = fs::read_to_string(below("docs/reference/findings.md")).unwrap();
    for &code in Code::ALL {
        assert!(
            SOUND.contains(&code) || faults::all().any(|fault| fault.code == code),
            "{code}: no drive has this fault"
        );
        let line = format!("| `{code}` | {} |", code.severity());
        assert!(documentation.contains(&line), "{code}: docs/reference/findings.md has no line {line:?}");
    }
    let lines = documentation.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(lines, Code::ALL.len(), "docs/reference/findings.md has too many lines");
}

/// For each code, the readers of its findings are those that the test binary `readers` runs on its faults.
fn each_reader_of_a_finding_about_the_network_has_a_test() {
    let mut readers = BTreeMap::<_, [Readers; 2]>::new();
    for fault in faults::all() {
        let mut drive = Drive::sound();
        (fault.introduce)(&mut drive);
        let of_fault = |finding: &&Finding| finding.code == fault.code && finding.place.contains("network_data.json");
        for finding in find(&drive).iter().filter(of_fault) {
            let [claimed, tested] = readers.entry(fault.code).or_default();
            *claimed = *claimed | finding.readers;
            *tested = fault.claims.iter().fold(*tested, |tested, claim| tested | claim.reader().of_findings());
        }
    }
    // Linux refuses such a route, whoever configures it: this was tested by hand.
    readers.remove(&Code::GatewayOutsideNetwork);
    for (code, [claimed, tested]) in readers {
        assert_eq!(claimed, tested, "{code}");
    }
}

fn findings_are_sorted_worst_first() {
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

fn a_finding_names_the_place_but_not_the_value() {
    let mut drive = Drive::sound();
    drive.network_data["networks"][1]["ip_address"] = "s3cr3t".into();
    drive.meta_data["random_seed"] = "s3cr3".into();
    let findings = find(&drive);
    assert_eq!(findings[0].place, "openstack/latest/meta_data.json#/random_seed");
    assert_eq!(findings[1].place, "openstack/latest/network_data.json#/networks/1/ip_address");
    assert!(findings.iter().all(|finding| !finding.to_string().contains("s3cr3")), "{findings:#?}");
}

fn a_fault_in_both_directories_is_reported_once() {
    let mut drive = Drive::sound();
    drive.network_data["links"][0]["mtu"] = Value::Null;
    let mut other = drive.network_data.clone();
    other["links"][0]["name"] = "eth0".into();
    drive.files.insert("openstack/2018-08-27/network_data.json".into(), other.to_string().into());
    let mtu = find(&drive).into_iter().filter(|finding| finding.code == Code::LinkWithoutMtu).collect::<Vec<_>>();
    assert_eq!(mtu.len(), 1, "{mtu:#?}");
}

fn the_same_fault_in_two_files_is_reported_twice() {
    let mut drive = Drive::sound();
    for name in ["vendor_data.json", "vendor_data2.json"] {
        for version in ["latest", "2018-08-27"] {
            drive.files.insert(format!("openstack/{version}/{name}"), "null".into());
        }
    }
    let places = ["openstack/latest/vendor_data.json", "openstack/latest/vendor_data2.json"];
    assert_eq!(places_of(&drive, Code::InvalidVendorData), places);
}

/// Without a limit these are 191 MB of findings.
fn hundreds_of_thousands_of_faults_are_counted() {
    const LINKS: usize = 260_000;
    let mut drive = Drive::sound();
    drive.network_data["links"] = vec![json!({}); LINKS].into();
    let findings = find(&drive);
    let mut codes = BTreeMap::new();
    findings.iter().for_each(|finding| *codes.entry(finding.code).or_insert(0) += 1);
    assert!(codes.values().all(|&count| count <= 21), "{codes:?}");
    for (code, faults) in [(Code::IncompleteLink, 2 * LINKS), (Code::LinkWithoutMac, LINKS)] {
        let last = findings.iter().rfind(|finding| finding.code == code).unwrap();
        assert_eq!(last.place, "openstack/latest/network_data.json");
        assert_eq!(last.message, format!("{} more places have the same fault and are not listed", faults - 20));
    }
    let size: usize = findings.iter().map(|finding| finding.to_string().len()).sum();
    assert!(size < 50_000, "{size} bytes");
}

fn a_file_only_in_the_dated_directory_is_reported() {
    let mut drive = Drive::sound();
    drive.missing.push("openstack/latest/user_data");
    let finding = find(&drive).into_iter().find(|finding| finding.code == Code::VersionsDisagree).unwrap();
    assert_eq!(finding.place, "openstack/2018-08-27/user_data");
    assert!(finding.message.ends_with(" latest/, which lacks the file"), "{finding}");
}

fn a_finding_is_one_line_with_its_place_if_it_has_one() {
    let mut drive = Drive::sound();
    drive.label = "cidata";
    drive.meta_data["random_seed"] = "A".into();
    let lines: Vec<_> = find(&drive).iter().map(Finding::to_string).collect();
    assert_eq!(
        lines[..2],
        [
            "wrong-label: no reader finds the drive on a partition, where Ironic puts it, because its label is not config-2; \
             label it config-2",
            "invalid-random-seed: openstack/latest/meta_data.json#/random_seed: cloud-init ignores the whole drive as broken \
             because the random seed is not base64; encode it as base64, or leave it out",
        ]
    );
}

fn a_directory_without_meta_data_is_reported_with_its_readers() {
    for (path, reader) in [
        ("openstack/latest/meta_data.json", "glean and cloudbase-init need this file"),
        ("openstack/2018-08-27/meta_data.json", "cloud-init reads this directory"),
    ] {
        let mut drive = Drive::sound();
        drive.missing.push(path);
        let finding = &find(&drive)[0];
        assert_eq!((finding.code, &*finding.place), (Code::NoMetaData, path));
        assert!(finding.message.starts_with(reader), "{finding}");
    }
}

fn network_data_is_empty_without_links_and_networks() {
    for name in ["links", "networks"] {
        let mut drive = Drive::sound();
        drive.network_data = json!({name: drive.network_data[name]});
        assert!(!codes(&drive).contains(&Code::EmptyNetworkData), "{name}");
    }
}

fn what_only_resembles_a_fault_is_not_reported() {
    type Change = fn(&mut Drive);
    let sound: [(&str, Change); 7] = [
        ("an image as large as the agent accepts", |drive| drive.size = 64 << 20),
        ("a script without carriage returns", |drive| user_data(drive, "#!/bin/sh\nexit 0\n")),
        ("a cloud-config with carriage returns", |drive| user_data(drive, "#cloud-config\r\n{}\r\n")),
        ("no user data", |drive| user_data(drive, "")),
        ("a network that configures its address itself", |drive| {
            let network = |kind| json!({"id": format!("of {kind}"), "type": kind, "link": "tap1"});
            let kinds = ["ipv4_dhcp", "ipv6_dhcp", "ipv6_slaac", "ipv6_dhcpv6-stateless", "ipv6_dhcpv6-stateful"];
            drive.network_data["networks"] = kinds.map(network).into();
        }),
        ("more metadata in the newer directory", |drive| {
            let mut latest = drive.meta_data.clone();
            latest["dedicated_cpus"] = json!([]);
            drive.files.insert("openstack/latest/meta_data.json".into(), latest.to_string().into());
        }),
        ("no random seed", |drive| drop(drive.meta_data.as_object_mut().unwrap().remove("random_seed"))),
    ];
    let network = HARMLESS.iter().map(|harmless| (harmless.name, harmless.introduce));
    for (name, change) in sound.into_iter().chain(network) {
        let mut drive = Drive::sound();
        change(&mut drive);
        assert_eq!(codes(&drive), SOUND.into(), "{name}: {:#?}", find(&drive));
    }
}

fn user_data(drive: &mut Drive, content: &str) {
    for version in ["latest", "2018-08-27"] {
        drive.files.insert(format!("openstack/{version}/user_data"), content.into());
    }
}

/// Warnings are not counted. They are about what Nova always does: no mtu with DHCP and for a bond's members, and the display name
/// as `name`.
fn few_of_novas_drives_have_errors() {
    let mut drives = 0;
    let mut with_errors = BTreeMap::new();
    for case in golden::all().into_iter().filter(|case| case.expected.refused.is_none()) {
        drives += 1;
        let findings = configdrive::check_document(&case.document, &native(&case.expected.options.options())).unwrap();
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

/// What Nova writes although readers do not accept it.
const ODD: [(&str, Code); 25] = [
    // An IPv6 address with the netmask of the IPv4 subnet that lists it.
    ("inj-ip-version-lies", Code::InvalidAddress),
    // No network: cloud-init then configures none, not even with DHCP.
    ("minimal", Code::EmptyNetworkData),
    ("net-all-without-subnets", Code::EmptyNetworkData),
    ("random-0011", Code::EmptyNetworkData),
    ("random-0034", Code::EmptyNetworkData),
    ("random-0064", Code::EmptyNetworkData),
    ("random-0090", Code::EmptyNetworkData),
    // MAC addresses with dashes: Nova passes them on.
    ("net-sparse", Code::InvalidMac),
    ("random-0001", Code::InvalidMac),
    ("random-0004", Code::InvalidMac),
    ("random-0028", Code::InvalidMac),
    ("random-0051", Code::InvalidMac),
    ("random-0091", Code::InvalidMac),
    ("random-0102", Code::InvalidMac),
    // Ironic's port has no address, so the link has none.
    ("ports-sparse", Code::LinkWithoutMac),
    // VIFs of the legacy types vlan and bond: Nova passes the type on without the members that the type needs.
    ("random-0018", Code::IncompleteLink),
    ("random-0026", Code::IncompleteLink),
    ("random-0031", Code::IncompleteLink),
    ("random-0038", Code::IncompleteLink),
    ("random-0049", Code::IncompleteLink),
    ("random-0068", Code::IncompleteLink),
    ("random-0079", Code::IncompleteLink),
    ("random-0088", Code::IncompleteLink),
    ("random-0113", Code::IncompleteLink),
    ("random-0114", Code::IncompleteLink),
];

fn the_example_document_is_sound() {
    let document = fs::read_to_string(below("examples/deploy/instance.json")).unwrap();
    let findings = configdrive::check_document(&document, &Options::default()).unwrap();
    let findings: Vec<_> = findings.iter().filter(|finding| finding.code.scope() == Scope::Everywhere).collect();
    assert!(findings.is_empty(), "{findings:#?}");
}

fn a_drive_and_its_document_have_the_same_findings() {
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
