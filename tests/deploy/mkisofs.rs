//! `configdrive mkisofs` in place of genisoimage: for python-ironicclient, and for Ironic's conductor, all unmodified.
//!
//! On the PATH of both there is nothing but the command, under the names of the replaced programs.

use std::{fs, path::Path, process::Command};

use configdrive_support::below;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    cloud::{image_of, keystone, until},
    desk::{LOOPBACK, configdrive, success},
    lab::{ask, enroll, get, ironic, programs, state, stored},
};

#[test]
fn the_client_packs_a_directory() {
    let node = enroll("client", &[]);
    let directory = directory();
    let mut openstack = openstack(&["node", "deploy", "client", "--wait", "--config-drive"]);
    openstack.arg(directory.path()).envs([("OS_AUTH_TYPE", "none"), ("OS_ENDPOINT", &ironic().endpoint)]);
    succeed(&mut openstack);
    assert_eq!(state(&node), "active");
    assert!(image_of(&stored(&node)) == build(directory.path()), "Ironic must have the image of the directory");
}

#[test]
fn the_client_shows_why_a_directory_is_refused() {
    let node = enroll("client-refused", &[]);
    let directory = directory();
    fs::write(directory.path().join("a:b"), "").unwrap();
    let mut openstack = openstack(&["node", "deploy", "client-refused", "--config-drive"]);
    openstack.arg(directory.path()).envs([("OS_AUTH_TYPE", "none"), ("OS_ENDPOINT", &ironic().endpoint)]);
    let output = openstack.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && stderr.contains(": path \"a:b\" has"), "{stderr}");
    assert_eq!(state(&node), "available");
}

/// The form that Metal3 and metalsmith send. Ironic makes the drive at once only if it stores drives in Swift.
#[test]
fn the_conductor_makes_the_drive_of_a_json_object() {
    let lab = keystone();
    let node = lab.enroll("json", &[]);
    // Ironic would add the UUID and the name.
    let drive = json!({
        "meta_data": {"uuid": node, "name": "json", "hostname": "wéb"},
        "user_data": "#cloud-config\npackages: [nginx]\n".repeat(1000),
        "network_data": {"links": [{"id": "eth0", "type": "phy", "mtu": 1500}], "networks": [], "services": []},
        "vendor_data": {"a": 1},
    });
    let mut openstack = openstack(&["node", "deploy", "json", "--wait", "--config-drive", &drive.to_string()]);
    succeed(openstack.envs(lab.login("owner")));
    assert_eq!(lab.state(&node), "active");
    let (status, _, text) = ask(Method::GET, &lab.stored(&node), &[], None);
    assert_eq!(status, 200);

    let directory = tempfile::tempdir().unwrap();
    let document = directory.path().join("document.json");
    fs::write(&document, drive.to_string()).unwrap();
    let expected = configdrive().arg("build").arg("-i").arg(document).output().unwrap();
    assert!(image_of(&text) == expected.stdout, "the image must be the same as from the document");
}

/// Ironic replaces the network data of a link without an MTU.
#[test]
fn the_conductor_makes_a_drive_anew_to_correct_it() {
    let vif = "0d3a1a7c-5f0c-4a58-9bb8-000000000001";
    let node = enroll("corrected", &["--network-interface", "flat", "--port", "52:54:00:00:0a:01", "--attach", vif]);
    let directory = directory();
    let network_data = directory.path().join("openstack/latest/network_data.json");
    fs::write(&network_data, r#"{"links": [{"id": "eth0", "type": "phy"}]}"#).unwrap();
    let sent = success(configdrive().arg("pack").arg("--directory").arg(directory.path()).output().unwrap());
    let body = |target| json!({"target": target, "configdrive": sent});

    let images = ["active", "rebuild"].map(|target| {
        let url = format!("{}/v1/nodes/{node}/states/provision", ironic().endpoint);
        let version = [("X-OpenStack-Ironic-API-Version", "1.115")];
        let (status, _, answer) = ask(Method::PUT, &url, &version, Some(&body(target)));
        assert_eq!(status, 202, "{answer}");
        until("the node is active and unlocked", || {
            let node: Value = serde_json::from_str(&get(&format!("/v1/nodes/{node}"))).unwrap();
            node["provision_state"] == "active" && node["reservation"].is_null()
        });
        image_of(&stored(&node))
    });
    assert!(images[0] == images[1], "equal drives must give equal images");

    let image = directory.path().with_extension("iso");
    fs::write(&image, &images[0]).unwrap();
    let mut inspect = configdrive();
    inspect.arg("inspect").arg(&image).args(["--cat", "openstack/latest/network_data.json"]);
    let corrected = success(inspect.output().unwrap());
    fs::remove_file(image).unwrap();
    let data: Value = serde_json::from_str(&corrected).unwrap();
    assert_eq!((&data["links"][0]["mtu"], &data["links"][0]["vif_id"]), (&json!(1450), &json!(vif)), "{corrected}");
    // Everything else is as it was sent.
    fs::write(network_data, &corrected).unwrap();
    assert!(images[0] == build(directory.path()));
    assert!(fs::read_to_string(&ironic().log).unwrap().contains("will be regenerated based upon"));
}

/// Returns a directory with the files of a drive, some of which are equal.
fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for version in ["2018-08-27", "latest"] {
        let version = directory.path().join("openstack").join(version);
        fs::create_dir_all(&version).unwrap();
        fs::write(version.join("meta_data.json"), r#"{"uuid": "2b8f5a34-6c1d-4e57-9f20-7d3a41c8e6b9"}"#).unwrap();
        fs::write(version.join("user_data"), "#!/bin/sh\n".repeat(10_000)).unwrap();
    }
    directory
}

/// Returns the image of a directory, with equal files stored once.
fn build(directory: &Path) -> Vec<u8> {
    let image = configdrive().arg("build").arg("--directory").arg(directory).output().unwrap().stdout;
    assert!(image.len() < 600_000, "{}", image.len());
    image
}

fn openstack(arguments: &[&str]) -> Command {
    let program = below("target/docs/venv/bin/openstack");
    assert!(program.exists(), "tests/docs/install.py installs OpenStack's client");
    let mut command = Command::new(program);
    command.arg("baremetal").args(arguments).env_clear().env("PATH", programs());
    // The client keeps a cache there.
    command.env("HOME", below("target/deploy"));
    command.envs([("NO_PROXY", LOOPBACK), ("no_proxy", LOOPBACK), ("LC_ALL", "C.UTF-8")]);
    command
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
