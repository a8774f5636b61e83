//! What `check` prints, for whom, and its exit code.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use configdrive_support::{below, golden, trials, trials::Trial};
use serde_json::{Value, json};

pub fn trials() -> Vec<Trial> {
    trials![
        findings_are_printed_worst_first_and_errors_have_an_exit_code,
        ordinary_drives_have_no_findings,
        findings_about_some_nodes_appear_only_if_asked_for,
        findings_are_narrowed_to_readers,
        json_has_the_same_findings,
    ]
}

fn findings_are_printed_worst_first_and_errors_have_an_exit_code() {
    let faulty = below("tests/golden/random-0018/document.json").display().to_string();
    let (code, stdout, stderr) = check(&["-i", &faulty, "--all"], "");
    assert_eq!((code, &*stderr), (9, "error: check found 3 errors: the drive is well-formed but will not work\n"));
    let lines: Vec<_> = stdout.lines().collect();
    assert!(lines[0].starts_with("error: incomplete-link: openstack/latest/network_data.json#/links/0/vlan_link: "));
    assert!(lines[3..].iter().all(|line| line.starts_with("warning: ")), "{stdout}");

    let (code, stdout, _) = check(&["-i", &faulty, "--all", "--json"], "");
    let findings: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, findings.as_array().unwrap().len()), (9, lines.len()));
    assert_eq!(findings[0]["code"], "incomplete-link");
    assert_eq!(findings[0]["severity"], "error");
    assert_eq!(findings[0]["scope"], "everywhere");
    assert_eq!(findings[0]["readers"], json!(["cloud-init", "glean"]));
}

/// Drives as Nova and Metal3 make them, as documents and as images. Some others of Nova have findings for glean, which does not know DHCPv6.
fn ordinary_drives_have_no_findings() {
    let novas = [
        "admin-pass",
        "inj-v4",
        "keys-many",
        "net-dhcp-second-subnet",
        "net-enable-dhcp-only",
        "net-slaac",
        // Not net-static, a link with two default routes.
        "net-vlan",
        "req-mandatory",
        "vendor-dynamic",
    ];
    let mut documents: Vec<_> = novas.map(|name| (name, golden::case(name).document)).into();
    documents.push(("the example", fs::read_to_string(below(EXAMPLE)).unwrap()));
    documents.push(("Metal3", metal3()));
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("drive").display().to_string();
    for (name, document) in documents {
        fs::write(&image, configdrive::build_drive(&document, &configdrive::Options::default()).unwrap()).unwrap();
        for arguments in [&["-i", "-"][..], &[&image]] {
            let (code, stdout, stderr) = check(arguments, &document);
            assert_eq!((code, &*stdout), (0, "nothing found\n"), "{name}: {stderr}");
            assert!(stderr.starts_with("note: not checked: ") && stderr.lines().count() == 1, "{name}: {stderr}");
        }
    }
    assert_eq!(check(&[&image, "-i", "-"], "").0, 2);
}

fn findings_about_some_nodes_appear_only_if_asked_for() {
    // Nova writes no mtu for a network with DHCP, so Ironic rebuilds the drive.
    let document = golden::case("net-dhcp-second-subnet").document;
    let (disks, networks) = ("disks with 4096-byte sectors", "nodes with the network interface flat or neutron");
    for (arguments, codes, note) in [
        (&[][..], &[][..], format!("{networks}, {disks}; use --for flat,4kn or --all")),
        (&["--for", "4kn"], &["not-for-4kn-disks"], format!("{networks}; use --for 4kn,flat or --all")),
        (&["--for", "flat"], &["link-without-mtu"], format!("{disks}; use --for flat,4kn or --all")),
        (&["--for", "neutron"], &["link-without-mtu"], format!("{disks}; use --for neutron,4kn or --all")),
        (&["--for", "4kn,flat"], &["link-without-mtu", "not-for-4kn-disks"], String::new()),
        (&["--all"], &["link-without-mtu", "not-for-4kn-disks"], String::new()),
    ] {
        let (code, stdout, stderr) = check(arguments, &document);
        assert_eq!((code, codes_of(&stdout)), (0, codes.to_vec()), "{arguments:?}");
        let note = if note.is_empty() { note } else { format!("note: not checked: {note}\n") };
        assert_eq!(stderr, note, "{arguments:?}");
    }
}

fn findings_are_narrowed_to_readers() {
    // cloud-init drops the whole drive because of its random seed; glean gets another host name than it.
    let document = r#"{"meta_data": {"uuid": "1", "hostname": "web", "name": "db", "random_seed": "A"}}"#;
    for (arguments, code, codes) in [
        (&[][..], 9, &["invalid-random-seed", "host-names-differ"][..]),
        (&["--for", "cloud-init"], 9, &["invalid-random-seed"]),
        (&["--for", "glean"], 0, &["host-names-differ"]),
        (&["--for", "glean,4kn"], 0, &["host-names-differ", "not-for-4kn-disks"]),
        (&["--for", "cloudbase-init"], 0, &["nothing found"]),
        (&["--for", "glean", "--for", "cloud-init"], 9, &["invalid-random-seed", "host-names-differ"]),
    ] {
        let (found, stdout, stderr) = check(arguments, document);
        let codes: &[&str] = if codes == ["nothing found"] { &[] } else { codes };
        assert_eq!((found, codes_of(&stdout)), (code, codes.to_vec()), "{arguments:?}: {stderr}");
    }
}

fn json_has_the_same_findings() {
    let document = golden::case("net-dhcp-second-subnet").document;
    let (code, stdout, stderr) = check(&["--json"], &document);
    assert_eq!((code, &*stdout), (0, "[]\n"));
    assert!(stderr.starts_with("note: not checked: "), "{stderr}");
    let (code, stdout, stderr) = check(&["--json", "--all"], &document);
    assert_eq!((code, &*stderr), (0, ""));
    let findings: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(findings[0]["scope"], "flat-or-neutron");
    assert_eq!(findings[0]["readers"], json!(["ironic"]));
    assert_eq!(findings[1]["scope"], "four-k-disks");
}

const EXAMPLE: &str = "examples/deploy/instance.json";

/// A document with the metadata of Metal3's Baremetal Operator, and a host's own.
fn metal3() -> String {
    json!({
        "meta_data": {
            "uuid": "5f2d6d1c-9d6e-4d0e-8f3b-0a1b2c3d4e5f",
            "name": "node-0",
            "local-hostname": "node-0",
            "local_hostname": "node-0",
            "metal3-name": "node-0",
            "metal3-namespace": "metal3",
        },
        "network_data": {
            "links": [{"id": "eno1", "type": "phy", "ethernet_mac_address": "52:54:00:12:34:01", "mtu": 1500}],
            "networks": [{
                "id": "provisioning", "type": "ipv4", "link": "eno1", "ip_address": "192.0.2.10",
                "netmask": "255.255.255.0",
                "routes": [{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "192.0.2.1"}],
            }],
            "services": [],
        },
        "user_data": "#cloud-config\npackages: [nginx]\n",
    })
    .to_string()
}

/// Returns the exit code, standard output and standard error.
fn check(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configdrive"));
    let streams = command.arg("check").args(arguments).stdin(Stdio::piped());
    let mut child = streams.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that reads a file does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code().unwrap(), stdout, stderr)
}

/// Returns the codes of the findings in order, each once.
fn codes_of(stdout: &str) -> Vec<&str> {
    let mut codes: Vec<_> = stdout.lines().filter_map(|line| line.split(": ").nth(1)).collect();
    codes.dedup();
    codes
}
