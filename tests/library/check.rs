//! What `check` finds: each fault on a drive with the fault, and nothing on a sound one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive::{
    DriveSource, ImageFormat, Options,
    check::{Code, Finding, Readers, Scope, Severity},
};
use configdrive_checks::case::native;
use configdrive_support::{below, golden, trials, trials::Trial};
use configdrive_test_drives::{
    faults::{self, Drive, Reader},
    metadata, network,
};
use serde_json::{Value, json};

pub fn trials() -> Vec<Trial> {
    trials![
        a_sound_drive_has_no_finding_except_that_it_is_not_an_iso,
        each_fault_is_found_and_nothing_else,
        each_code_has_a_fault,
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
        user_data_for_a_reader_is_not_reported,
        a_finding_names_the_readers_of_its_claims,
        a_misspelt_member_of_an_instance_document_is_reported,
        user_data_of_an_instance_is_measured_in_base64,
        a_finding_about_a_template_or_mime_names_what_is_wrong,
        metadata_documents_have_the_findings_of_their_faults,
        a_label_only_in_the_boot_sector_is_none,
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

fn each_code_has_a_fault() {
    for &code in Code::ALL {
        assert!(
            SOUND.contains(&code) || code == Code::MisspeltMember || faults::all().any(|fault| fault.code == code),
            "{code}: no drive has this fault"
        );
    }
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
    // Tested by hand: Linux refuses such a route from every reader.
    readers.remove(&Code::GatewayOutsideNetwork);
    for (code, [claimed, tested]) in readers {
        assert_eq!(claimed, tested, "{code}");
    }
}

fn findings_are_sorted_worst_first() {
    let mut drive = Drive::sound();
    drive.label = "Config-2";
    drive.network_data["links"][0]["mtu"] = Value::Null;
    drive.meta_data["name"] = "my-server".into();
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
    let sound: [(&str, Change); 17] = [
        ("an image as large as the agent accepts", |drive| drive.size = 64 << 20),
        ("a script without carriage returns", |drive| user_data(drive, "#!/bin/sh\nexit 0\n")),
        ("a cloud-config with carriage returns", |drive| user_data(drive, "#cloud-config\r\n{}\r\n")),
        ("no user data", |drive| user_data(drive, "")),
        ("a network that configures its address itself", |drive| {
            let network = |kind| json!({"id": format!("of {kind}"), "type": kind, "link": "tap1"});
            let kinds = ["ipv4_dhcp", "ipv6_slaac"];
            drive.network_data["networks"] = kinds.map(network).into();
        }),
        ("more metadata in the newer directory", |drive| {
            let mut latest = drive.meta_data.clone();
            latest["dedicated_cpus"] = json!([]);
            drive.files.insert("openstack/latest/meta_data.json".into(), latest.to_string().into());
        }),
        ("a dsmode that cloud-init does not know", |drive| drive.meta_data["meta"] = json!({"dsmode": "pass"})),
        ("a host name as Metal3 writes it", |drive| {
            drive.meta_data.as_object_mut().unwrap().remove("hostname");
            drive.meta_data["local-hostname"] = "web-01".into();
        }),
        ("the longest host name", |drive| drive.meta_data["hostname"] = format!("web-01.{}", "a".repeat(57)).into()),
        ("keys as Nova writes them", |drive| {
            let key = "ssh-ed25519 AAAA k\n";
            drive.meta_data["public_keys"] = json!({"k": key});
            drive.meta_data["keys"] = json!([{"name": "k", "type": "ssh", "data": key}]);
        }),
        ("a certificate as Nova writes it", |drive| {
            let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
            drive.meta_data["public_keys"] = json!({"k": certificate});
            drive.meta_data["keys"] = json!([{"name": "k", "type": "x509", "data": certificate}]);
        }),
        ("members that are null or empty", |drive| {
            for name in ["network_config", "keys", "admin_pass", "devices", "availability_zone"] {
                drive.meta_data[name] = Value::Null;
            }
            drive.meta_data["files"] = json!([]);
            drive.meta_data["meta"] = json!({});
            drive.meta_data["public_keys"] = json!({});
        }),
        ("vendor data repeated as Nova does", |drive| {
            let first = drive.files["openstack/latest/vendor_data.json"].clone();
            let first: Value = serde_json::from_slice(&first).unwrap();
            let second = json!({"static": first, "service": {"region": "x"}}).to_string();
            for version in ["latest", "2018-08-27"] {
                drive.files.insert(format!("openstack/{version}/vendor_data2.json"), second.clone().into());
            }
        }),
        ("vendor data for others", |drive| {
            for version in ["latest", "2018-08-27"] {
                drive.files.insert(format!("openstack/{version}/vendor_data.json"), r#"{"region": "x"}"#.into());
            }
        }),
        ("an entry of files without a path", |drive| drive.meta_data["files"] = json!([{"content_path": "/nowhere"}])),
        ("user data of 64 KiB that may not be Nova's", |drive| {
            user_data(drive, format!("#cloud-config\n#{}\n", "a".repeat(65_519)));
        }),
        ("no random seed", |drive| drop(drive.meta_data.as_object_mut().unwrap().remove("random_seed"))),
    ];
    let harmless = metadata::HARMLESS.iter().chain(network::HARMLESS);
    for (name, change) in sound.into_iter().chain(harmless.map(|harmless| (harmless.name, harmless.introduce))) {
        let mut drive = Drive::sound();
        change(&mut drive);
        assert_eq!(codes(&drive), SOUND.into(), "{name}: {:#?}", find(&drive));
    }
}

fn user_data(drive: &mut Drive, content: impl AsRef<[u8]>) {
    for version in ["latest", "2018-08-27"] {
        drive.files.insert(format!("openstack/{version}/user_data"), content.as_ref().to_vec());
    }
}

/// User data is written for one reader.
fn user_data_for_a_reader_is_not_reported() {
    let mime = "MIME-Version: 1.0\nContent-Type: multipart/mixed;\n boundary=\"a b\"\n\nignored\n--a b\n";
    let base64 = "Content-Type: text/cloud-config; charset=\"utf-8\"\nContent-Transfer-Encoding: base64\n\n\
                  I2Nsb3VkLWNvbmZpZwpob3N0bmFtZTogd8OpYgo=\n";
    let quoted = "Content-Type: text/cloud-config\nContent-Transfer-Encoding: quoted-printable\n\n\
                  #cloud-config\nhostname: w=C3=A9b=\n\n";
    let nested = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n#!/bin/sh\n--b--\n";
    for content in [
        "",
        "#cloud-config\nhostname: web-01\n",
        "\n  #Cloud-Config\nhostname: web-01\n",
        "#cloud-config\r\nhostname: web-01\r\n",
        "#cloud-config\n",
        "#cloud-config\n# mime-version: 1.0\nhostname: web-01\n",
        "#cloud-config-archive\n- '#!/bin/sh'\n",
        "#cloud-config-jsonp\n[]\n",
        "#cloud-boothook\n#!/bin/sh\nexit 0\n",
        "#cloud-boothook\r\n#!/bin/sh\r\nexit 0\r\n",
        "#include https://example.org/\n",
        "#include-once\nhttps://example.org/\n",
        "#part-handler\n",
        "#!/bin/sh\nexit 0\n",
        "#!/bin/sh\r\nexit 0\r\n",
        "#!/bin/sh",
        "#!/bin/sh\necho mime-version: 1.0\n",
        "## template: jinja\n#cloud-config\nhostname: {{ v1.local_hostname }}\n",
        "## Template: Jinja\r\n#!/bin/sh\nexit 0\n",
        "##template:jinja\n#cloud-config\nhostname: web-01\n",
        "## template: jinja\n{% if v1 %}\n#cloud-config\n{% endif %}\nhostname: web-01\n",
        "#ps1_sysnative\nexit 0\n",
        "rem cmd\r\nexit 0\r\n",
        "<powershell>\n",
        "-----BEGIN CERTIFICATE-----\n",
        r#"{"ignition": {"version": "3.4.0"}}"#,
        &format!("{mime}Content-Type: text/cloud-config\n\n#cloud-config\nhostname: web-01\n--a b--\n"),
        &format!("{mime}Content-Type: text/cloud-config\n\n#cloud-config\nhostname: web-01\n").replace('\n', "\r\n"),
        &format!("{mime}{base64}--a b\n{quoted}--a b--\n"),
        &format!("{mime}{nested}--a b--\n"),
        &format!("{mime}Content-Type: text/x-cfninitdata\n\n{{}}\n--a b--\n"),
        "Content-Type: text/x-shellscript\nMIME-Version: 1.0\n\n#!/bin/sh\n",
    ] {
        let gzip = STANDARD.decode(configdrive::encode(content.as_bytes()).unwrap()).unwrap();
        for content in [content.as_bytes(), &gzip] {
            let mut drive = Drive::sound();
            user_data(&mut drive, content);
            assert_eq!(codes(&drive), SOUND.into(), "{}: {:#?}", String::from_utf8_lossy(content), find(&drive));
        }
    }
}

fn a_finding_names_the_readers_of_its_claims() {
    for fault in metadata::FAULTS {
        let mut drive = Drive::sound();
        (fault.introduce)(&mut drive);
        let readers = find(&drive).into_iter().filter(|finding| finding.code == fault.code);
        let readers = readers.fold(Readers::default(), |all, finding| all | finding.readers);
        for claim in fault.claims {
            let reader = match claim.reader() {
                Reader::CloudInit | Reader::CloudInitNewest => Readers::CLOUD_INIT,
                Reader::Glean => Readers::GLEAN,
                Reader::CloudbaseInit => Readers::CLOUDBASE_INIT,
                Reader::Ironic => Readers::IRONIC,
            };
            assert!(readers.contains(reader), "{}: {readers:?} without {reader:?}", fault.name);
        }
    }
}

/// An instance document, changed.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<Finding> {
    let mut document =
        serde_json::from_str(&fs::read_to_string(below("examples/deploy/instance.json")).unwrap()).unwrap();
    change(&mut document);
    let findings = configdrive::check_document(&document.to_string(), &Options::default()).unwrap();
    findings.into_iter().filter(|finding| finding.code.scope() == Scope::Everywhere).collect()
}

fn a_misspelt_member_of_an_instance_document_is_reported() {
    let findings = changed(|document| {
        document["instance"].as_object_mut().unwrap().remove("user_data");
        document["instance"]["userData"] = "".into();
        document.as_object_mut().unwrap().remove("injected_files");
        document["injected-files"] = json!([]);
        // Members that Nova's objects have, and that documents do not need.
        document["instance"]["launched_on"] = "compute-1".into();
        document["instance"]["vm_state"] = "active".into();
    });
    let lines: Vec<_> = findings.iter().map(Finding::to_string).collect();
    let line = |place: &str, meant: &str| {
        format!(
            "misspelt-member: #/{place}: the drive is built without this member because its name is unknown; did you mean \
             {meant}?; correct the name, or remove the member"
        )
    };
    assert_eq!(lines, [line("injected-files", "injected_files"), line("instance/userData", "user_data")]);
}

fn user_data_of_an_instance_is_measured_in_base64() {
    for (size, expected) in [(49_149, vec![]), (49_152, vec![(Code::UserDataTooLargeForNova, "#/instance/user_data")])]
    {
        let content = format!("#!{}", "a".repeat(size - 2));
        let findings = changed(|document| document["instance"]["user_data"] = STANDARD.encode(content).into());
        let found: Vec<_> = findings.iter().map(|finding| (finding.code, &*finding.place)).collect();
        assert_eq!(found, expected, "{size}");
    }
}

fn a_finding_about_a_template_or_mime_names_what_is_wrong() {
    for (content, code, words) in [
        ("## template: jinja2\n#cloud-config\n", Code::TemplateOfNoKnownKind, "names no kind of template"),
        (
            "## template: jinja\n#include https://example.org\n",
            Code::TemplateOfNoKnownKind,
            "only #cloud-config and scripts",
        ),
        ("## template: jinja\n", Code::TemplateOfNoKnownKind, "no marker of a format"),
        ("## template: jinja\n\n#!/bin/sh\n", Code::ScriptWithoutShebang, "white space before #!"),
        ("## template: jinja\n#cloud-config\n- a\n", Code::InvalidCloudConfig, "it is a list"),
        ("#cloud-config\na: b: c\n", Code::InvalidCloudConfig, "PyYAML fails in line 2"),
        ("#cloud-config\na: 'b\n", Code::InvalidCloudConfig, "PyYAML fails in line 3"),
        ("#cloud-boothook\nexit 0\n", Code::ScriptWithoutShebang, "does not start with #!"),
        ("variant: flatcar\nversion: 1.0.0\n", Code::ButaneConfiguration, "what butane makes of it"),
        ("version: v1alpha1 # the only one\ncluster:\n", Code::TalosConfiguration, "Talos Linux"),
        ("apiVersion: v1alpha1\nkind: HostnameConfig\n", Code::TalosConfiguration, "Talos Linux"),
        ("\u{feff}#cloud-config\n", Code::UserDataOfNoKnownKind, "byte order mark"),
        ("# cloud-config\n", Code::UserDataOfNoKnownKind, "unknown to cloud-init, cloudbase-init and Ignition"),
    ] {
        let mut drive = Drive::sound();
        user_data(&mut drive, content);
        let finding = find(&drive).into_iter().find(|finding| finding.code == code);
        let finding = finding.unwrap_or_else(|| panic!("{content:?}: no {code}"));
        assert!(finding.message.contains(words), "{content:?}: {finding}");
    }
}

/// Metadata documents as people write them for Ironic or for Metal3.
fn metadata_documents_have_the_findings_of_their_faults() {
    type Change = fn(&mut Value);
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPublicKeyOfASampleThatOpensNothingAtAll0 laptop";
    let base = json!({
        "meta_data": {"uuid": "5f2d6d1c-9d6e-4d0e-8f3b-0a1b2c3d4e5f", "hostname": "web-01", "name": "web-01",
                      "public_keys": {"laptop": key}},
        "user_data": "#cloud-config\npackages: [nginx]\n",
        "network_data": {
            "links": [{"id": "eth0", "type": "phy", "ethernet_mac_address": "52:54:00:00:00:01", "mtu": 1500}],
            "networks": [{"id": "net0", "type": "ipv4_dhcp", "link": "eth0"}],
            "services": []
        }
    });
    let cases: [(Change, &[Code]); 21] = [
        (|_| {}, &[]),
        (
            |document| {
                let meta_data = document["meta_data"].as_object_mut().unwrap();
                let name = meta_data.remove("hostname").unwrap();
                meta_data
                    .extend(["local-hostname", "local_hostname", "metal3-name"].map(|key| (key.into(), name.clone())));
                meta_data.remove("public_keys");
            },
            &[],
        ),
        (|document| document["meta_data"]["meta"] = json!({"dsmode": "pass"}), &[]),
        (|document| document["user_data"] = json!({"ignition": {"version": "3.4.0"}}), &[]),
        (|document| document["user_data"] = "#!/bin/bash\r\necho hello\r\n".into(), &[]),
        (|document| document["meta_data"]["meta"] = Value::Null, &[Code::InvalidMember]),
        (|document| document["meta_data"]["meta"] = "role=web".into(), &[Code::InvalidMember]),
        (|document| document["meta_data"]["network_config"] = "auto eth0\n".into(), &[Code::InvalidMember]),
        (
            |document| document["meta_data"]["public_keys"] = json!([document["meta_data"]["public_keys"]["laptop"]]),
            &[Code::InvalidPublicKeys],
        ),
        (
            |document| {
                document["meta_data"]["public_keys"]["laptop"] =
                    json!([document["meta_data"]["public_keys"]["laptop"]]);
            },
            &[Code::InvalidPublicKeys],
        ),
        (
            |document| {
                let keys = json!([{"name": "laptop", "data": document["meta_data"]["public_keys"]["laptop"]}]);
                document["meta_data"]["keys"] = keys;
            },
            &[Code::InvalidPublicKeys],
        ),
        (
            |document| {
                let key = document["meta_data"]["public_keys"]["laptop"].as_str().unwrap().to_owned();
                document["meta_data"]["public_keys"]["laptop"] = format!("{key}\n{key}").into();
            },
            &[Code::SeveralKeysInOne],
        ),
        (
            |document| {
                document["meta_data"]["hostname"] = "w".repeat(65).into();
                document["meta_data"]["name"] = "w".repeat(65).into();
            },
            &[Code::InvalidHostName],
        ),
        (
            |document| document["vendor_data"] = json!({"region": {"cloud-init": "#cloud-config\n"}}),
            &[Code::UnusedVendorData],
        ),
        (|document| document["user_data"] = "\n\n#!/bin/sh\necho hello\n".into(), &[Code::ScriptWithoutShebang]),
        (|document| document["user_data"] = "#cloud-config\n- packages\n".into(), &[Code::InvalidCloudConfig]),
        (
            |document| document["user_data"] = "send mail with MIME-Version: 1.0\n".into(),
            &[Code::UserDataOfNoKnownKind],
        ),
        (|document| document["user_data"] = "variant: fcos\nversion: 1.5.0\n".into(), &[Code::ButaneConfiguration]),
        (
            |document| document["user_data"] = "version: v1alpha1\nmachine: {}\ncluster: {}\n".into(),
            &[Code::TalosConfiguration],
        ),
        (|document| document["user_data"] = json!(["#cloud-config"]), &[Code::UserDataOfNoKnownKind]),
        (
            |document| document["user_data"] = format!("#cloud-config\n#{}\n", "a".repeat(70_000)).into(),
            &[Code::UserDataTooLargeForNova],
        ),
    ];
    for (change, expected) in cases {
        let mut document = base.clone();
        change(&mut document);
        let findings = configdrive::check_document(&document.to_string(), &Options::default()).unwrap();
        let found: Vec<_> =
            findings.iter().map(|finding| finding.code).filter(|code| code.scope() == Scope::Everywhere).collect();
        assert_eq!(found, expected, "{document}: {findings:#?}");
    }
}

fn a_label_only_in_the_boot_sector_is_none() {
    let document = fs::read_to_string(below("examples/deploy/instance.json")).unwrap();
    let options = Options { format: ImageFormat::Vfat, ..Options::default() };
    let mut image = configdrive::build_drive(&document, &options).unwrap();
    let label = |image: &[u8]| configdrive::inspect(DriveSource::Bytes(image)).unwrap().label;
    assert_eq!(label(&image), "config-2");
    // The entry of the root directory is after the boot sector.
    let places: Vec<_> = (0..image.len() - 11).filter(|&at| &image[at..at + 11] == b"config-2   ").collect();
    let [boot_sector, entry] = places[..] else { panic!("{places:?}") };
    image[boot_sector..][..11].copy_from_slice(b"NO NAME    ");
    assert_eq!(label(&image), "config-2");
    image[boot_sector..][..11].copy_from_slice(b"config-2   ");
    // A deleted entry.
    image[entry] = 0xe5;
    assert_eq!(label(&image), "");
    let findings = configdrive::check_drive(DriveSource::Bytes(&image)).unwrap();
    assert_eq!(findings[0].code, Code::WrongLabel);
    // An entry with the name of a volume without a name.
    image[entry..][..11].copy_from_slice(b"NO NAME    ");
    assert_eq!(label(&image), "");
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
const ODD: [(&str, Code); 19] = [
    // An IPv6 address with the netmask of the IPv4 subnet that lists it.
    ("inj-ip-version-lies", Code::InvalidAddress),
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
