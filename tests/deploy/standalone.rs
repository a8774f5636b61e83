//! Nodes of a standalone Ironic: the command sets their `instance_info`, too.

use serde_json::{Value, json};

use crate::{
    desk::{DEPLOYMENT_FAILED, Desk, REFUSED, USAGE, success},
    lab::{enroll, get, state, stored},
};

const IMAGE: &str = "http://127.0.0.1:9/a.raw";
const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";
const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn an_available_node_becomes_active_with_its_image_in_one_command() {
    let node = enroll("standalone", &["--bare"]);
    let desk = Desk::new();
    let image = ["--image", IMAGE, "--image-checksum", SHA256, "--root-gb", "20", "--capability", "boot_mode=uefi"];
    let output = desk.deploy(&[&["standalone", "--wait"], &image[..]].concat());
    assert_eq!(output.last().unwrap(), "node standalone is active");
    assert_eq!(stored(&node), desk.pack(&node));
    let expected = json!({
        "image_source": IMAGE, "image_os_hash_algo": "sha256", "image_os_hash_value": SHA256, "root_gb": 20,
        // Ironic adds this.
        "image_type": "whole-disk",
        "capabilities": {"boot_mode": "uefi"},
    });
    assert_eq!(instance_info(&node), expected);

    // A rebuild with another image keeps nothing that describes the first one.
    desk.deploy(&["standalone", "--rebuild", "--wait", "--image", "http://127.0.0.1:9/b", "--image-checksum", MD5]);
    let expected = json!({
        "image_source": "http://127.0.0.1:9/b", "image_checksum": MD5, "root_gb": 20, "image_type": "whole-disk",
        "capabilities": {"boot_mode": "uefi"},
    });
    assert_eq!(instance_info(&node), expected);
}

#[test]
fn ironic_validates_the_node_with_its_image_and_a_refused_node_is_released() {
    let node = enroll("validated", &["--unfit"]);
    let desk = Desk::new();
    let (code, error) = desk.fail(&["validated", "--image", IMAGE]);
    let words = "node validated failed Ironic's validation: deploy: ";
    assert!(code == REFUSED && error.starts_with(words) && error.contains("image_checksum"), "{error}");
    assert_eq!((state(&node), claim(&node)), ("available".into(), Value::Null));
    assert_eq!(instance_info(&node), json!({"image_source": IMAGE}), "it stays");

    // Ironic starts the deployment, which then fails, since there is no agent.
    let (code, error) = desk.fail(&["validated", "--image", IMAGE, "--image-checksum", MD5, "--wait"]);
    assert!(code == DEPLOYMENT_FAILED && error.contains("ended in state `deploy failed`"), "{error}");
    let info = instance_info(&node);
    assert_eq!((&info["image_source"], &info["image_checksum"]), (&json!(IMAGE), &json!(MD5)));
}

#[test]
fn a_dry_run_shows_what_it_would_set_without_secrets_and_sets_nothing() {
    let node = enroll("preview", &["--bare"]);
    let desk = Desk::new();
    let image = format!("{IMAGE}?sig=planted-token");
    let options = ["preview", "--dry-run", "--image", &image, "--instance-info", "image_pull_secret=planted-token"];
    let output = desk.deploy(&options).join("\n");
    assert!(output.contains(&format!("\ninstance_info.image_source = \"{IMAGE}?…\"\n")), "{output}");
    let json = desk.deploy(&[&options[..], &["--json"]].concat()).join("\n");
    let preview: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(preview["instance_info"], json!({"image_source": format!("{IMAGE}?…"), "image_pull_secret": "***"}));
    assert!(!output.contains("planted-token") && !json.contains("planted-token"));
    assert_eq!(instance_info(&node), json!({}));
    let (code, error) = desk.fail(&["preview", "--image-checksum", MD5]);
    assert_eq!((code, &*error), (USAGE, "--image-checksum describes an image; add --image"));
}

#[test]
fn a_second_run_of_a_fleet_deploys_only_nodes_with_another_image() {
    let nodes = ["imaged-1", "imaged-2"].map(|name| enroll(name, &["--bare"]));
    let desk = Desk::new();
    let fleet = |second: &str| {
        let entry = |number: u8, image: &str| {
            format!(
                "- {{node: imaged-{number}, image: {image}, image_checksum: {MD5}, capability: {{boot_mode: uefi}}}}\n"
            )
        };
        desk.file("fleet.yaml", &(entry(1, IMAGE) + &entry(2, second)))
    };
    let deploy = |fleet: &str, more: &[&str]| desk.run_deploy(&[&["--fleet", fleet], more].concat());
    assert!(success(deploy(&fleet(IMAGE), &[])).ends_with("2 deployed\n"));
    assert_eq!(instance_info(&nodes[0])["capabilities"], json!({"boot_mode": "uefi"}));
    assert!(success(deploy(&fleet(IMAGE), &[])).ends_with("2 already active\n"));
    let other = format!("{IMAGE}.2");
    let output = deploy(&fleet(&other), &[]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(DEPLOYMENT_FAILED) && stderr.contains("already has an instance"), "{stderr}");
    assert_eq!(instance_info(&nodes[1])["image_source"], IMAGE);
    assert!(success(deploy(&fleet(&other), &["--rebuild"])).ends_with("1 deployed, 1 already active\n"));
    assert_eq!(instance_info(&nodes[1])["image_source"], other);
}

/// Returns the node's `instance_info` without its drive.
fn instance_info(node: &str) -> Value {
    let mut node = node_of(node);
    let info = node["instance_info"].as_object_mut().unwrap();
    info.remove("configdrive");
    json!(info)
}

fn claim(node: &str) -> Value {
    node_of(node)["instance_uuid"].clone()
}

fn node_of(node: &str) -> Value {
    serde_json::from_str(&get(&format!("/v1/nodes/{node}"))).unwrap()
}
