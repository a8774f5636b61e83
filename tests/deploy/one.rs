//! One node, deployed and rebuilt, and what Ironic or the command refuses.

use std::{
    fs,
    net::TcpListener,
    sync::atomic::{AtomicU8, Ordering},
};

use configdrive_support::below;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    desk::{
        DEPLOYMENT_FAILED, DOCUMENT, Desk, FINDINGS, INVALID_INPUT, LIMIT, REFUSED, UNREACHABLE, USAGE, configdrive,
        failure, sha256, success,
    },
    lab::{ask, enroll, get, has_drive, ironic, ironic_py, state, stored},
    proxy::{Fault, Proxy},
};

#[test]
fn a_node_is_deployed_by_name() {
    let node = enroll("by-name", &["--port", &port()]);
    let desk = Desk::new();
    let output = desk.deploy(&["by-name", "--wait"]);
    assert_eq!(
        lines(&output),
        [
            &format!("node by-name ({node}) is available"),
            "building the config drive from the document and the node's ports",
            &format!("config drive: {}", desk.digest(&node)),
            "asking Ironic to deploy",
            "Ironic has started the deployment",
        ]
    );
    assert_eq!(output.last().unwrap(), "node by-name is active");
    assert_eq!(state(&node), "active");
    assert_eq!(stored(&node), desk.pack(&node));
}

#[test]
fn a_node_with_a_port_group_is_deployed_by_uuid() {
    let members = ["--member", "52:54:00:aa:00:02", "--member", "52:54:00:aa:00:03"];
    let node = enroll("by-uuid", &[&["--portgroup", &port()], &members[..]].concat());
    let desk = Desk::new();
    desk.deploy(&[&node, "--wait"]);
    assert_eq!(state(&node), "active");
    assert_eq!(stored(&node), desk.pack(&node));
    // The drive contains what Ironic knows about the ports.
    assert_ne!(stored(&node), desk.pack_without_ports());
}

#[test]
fn a_node_is_rebuilt_with_another_drive() {
    let node = enroll("rebuilt", &["--port", &port()]);
    let mut desk = Desk::new();
    desk.deploy(&["rebuilt", "--wait"]);
    let first = stored(&node);
    desk.edit_member("availability_zone", "rack-8");
    let output = desk.deploy(&["rebuilt", "--rebuild", "--wait"]);
    assert!(
        output.contains(&"asking Ironic to rebuild".to_owned()) && output.last().unwrap() == "node rebuilt is active"
    );
    assert_ne!(stored(&node), first);
    assert_eq!(stored(&node), desk.pack(&node));
}

#[test]
fn a_node_is_rebuilt_many_times_and_each_outcome_is_its_own() {
    let node = enroll("often", &[]);
    let mut desk = Desk::new();
    desk.deploy(&["often", "--wait"]);
    for generation in 0..5 {
        desk.edit_member("availability_zone", &format!("rack-{generation}"));
        desk.deploy(&["often", "--rebuild", "--wait"]);
        assert_eq!(state(&node), "active");
        assert_eq!(stored(&node), desk.pack(&node));
    }
}

#[test]
fn ironic_opens_the_drive_for_a_flat_network_and_leaves_it_unchanged() {
    let node = enroll("flat", &["--network-interface", "flat", "--port", &port()]);
    let desk = Desk::new();
    desk.deploy(&["flat", "--wait"]);
    assert_eq!(stored(&node), desk.pack(&node));
    let log = fs::read_to_string(&ironic().log).unwrap();
    let about: Vec<&str> = log.lines().filter(|line| line.contains(&node)).collect();
    assert!(about.iter().any(|line| line.contains("Starting to evaluate configdrive")), "{about:#?}");
    for line in about {
        assert!(!["regenerat", "lacked", "Failed"].iter().any(|words| line.contains(words)), "{line}");
    }
}

#[test]
fn an_instance_that_needs_no_drive_is_deployed_without_one() {
    let node = enroll("driveless", &[]);
    let mut desk = Desk::new();
    desk.edit("\"config_drive\": true", "\"config_drive\": \"\"");
    let output = desk.deploy(&["driveless", "--wait"]);
    assert!(output.contains(&"the instance needs no config drive".to_owned()), "{output:?}");
    assert_eq!(state(&node), "active");
    assert!(!has_drive(&node));

    // The operator can force one.
    desk.deploy(&["driveless", "--rebuild", "--wait", "--force-config-drive"]);
    assert_eq!(stored(&node), desk.pack(&node));
}

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    let node = enroll("dry", &["--port", &port()]);
    let desk = Desk::new();
    let output = desk.deploy(&["dry", "--dry-run"]).join("\n");
    let endpoint = &ironic().endpoint;
    let request = format!(
        "PUT {endpoint}/v1/nodes/{node}/states/provision\nAccept: application/json\nContent-Type: application/json\n\
         X-OpenStack-Ironic-API-Version: 1.115\n\n{{\"target\": \"active\", \"configdrive\": <{}>}}",
        desk.digest(&node)
    );
    assert!(output.ends_with(&request), "{output}");

    let output: Value = serde_json::from_str(&desk.deploy(&["dry", "--dry-run", "--json"]).join("\n")).unwrap();
    assert_eq!(output["url"], format!("{endpoint}/v1/nodes/{node}/states/provision"));
    assert_eq!(output["body"]["target"], "active");
    assert_eq!(output["body"]["configdrive"]["length"], desk.pack(&node).len());

    assert_eq!(state(&node), "available");
    assert!(!has_drive(&node));
}

#[test]
fn a_node_that_is_active_is_deployed_again_only_on_request() {
    enroll("taken", &[]);
    let desk = Desk::new();
    desk.deploy(&["taken", "--wait"]);
    let words = "node taken is `active`: it already has an instance; use --rebuild to deploy it again";
    assert_eq!(desk.fail(&["taken"]), (REFUSED, words.into()));
    assert_eq!(desk.deploy(&["taken", "--rebuild", "--wait"]).last().unwrap(), "node taken is active");
}

#[test]
fn programs_read_the_outcome_as_json() {
    let node = enroll("for-programs", &["--port", &port()]);
    let desk = Desk::new();
    let output: Value = serde_json::from_str(&desk.deploy(&["for-programs", "--wait", "--json"]).join("\n")).unwrap();
    let text = desk.pack(&node);
    let expected = serde_json::json!({
        "uuid": node, "name": "for-programs", "provision_state": "active",
        "configdrive": {"length": text.len(), "sha256": sha256(&text)},
    });
    assert_eq!(output, expected);
}

#[test]
fn without_waiting_the_command_ends_when_ironic_has_started() {
    let node = enroll("unwaited", &[]);
    let output = Desk::new().deploy(&["unwaited"]);
    assert_eq!(output.last().unwrap(), "Ironic has started the deployment");
    assert_ne!(state(&node), "available");
}

#[test]
fn a_cloud_is_found_in_the_environment_or_in_clouds_yaml() {
    let node = enroll("in-a-cloud", &[]);
    let desk = Desk::new();
    let endpoint = &ironic().endpoint;
    let arguments = ["deploy", "in-a-cloud", "-i", &desk.document(), "--dry-run"];

    // With the version, as in catalogues.
    let environment = [("OS_AUTH_TYPE", "none"), ("OS_ENDPOINT", &format!("{endpoint}/v1/"))];
    let output = configdrive().args(arguments).envs(environment).output().unwrap();
    assert!(success(output).contains(&node));

    let clouds = format!("clouds:\n  lab:\n    auth_type: none\n    baremetal_endpoint_override: {endpoint}\n");
    fs::write(desk.directory.path().join("clouds.yaml"), clouds).unwrap();
    let output =
        configdrive().args(arguments).args(["--os-cloud", "lab"]).current_dir(desk.directory.path()).output().unwrap();
    assert!(success(output).contains(&node));
    let output =
        configdrive().args(arguments).env("OS_CLOUD", "lab").current_dir(desk.directory.path()).output().unwrap();
    assert!(success(output).contains(&node));

    let output =
        configdrive().args(arguments).args(["--os-cloud", "lap"]).current_dir(desk.directory.path()).output().unwrap();
    let (code, error) = failure(output);
    assert!(code == USAGE && error.ends_with("has no cloud \"lap\"; available clouds: lab"), "{error}");
    let output = configdrive().args(arguments).output().unwrap();
    let (code, error) = failure(output);
    assert!(code == USAGE && error.starts_with("no cloud is configured; "), "{error}");
}

#[test]
fn a_node_that_does_not_exist_is_named() {
    let failure = Desk::new().fail(&["nobody", "--wait"]);
    assert_eq!(
        failure,
        (REFUSED, "cannot look up node nobody: Ironic answered 404: Node nobody could not be found".into())
    );
}

#[test]
fn a_node_in_the_wrong_state_is_refused_with_its_state() {
    let node = enroll("unready", &["--state", "manageable"]);
    let words = "node unready is `manageable`; only nodes in state `available` or `deploy failed` can be deployed";
    assert_eq!(Desk::new().fail(&["unready"]), (REFUSED, words.into()));
    let words = "node unready is `manageable`; only nodes in state `active`, `deploy failed` or `error` can be rebuilt";
    assert_eq!(Desk::new().fail(&["unready", "--rebuild"]), (REFUSED, words.into()));
    assert_eq!(state(&node), "manageable");
}

#[test]
fn a_locked_node_is_refused_with_the_lock_holder() {
    let node = enroll("locked", &[]);
    ironic_py(&["lock", "locked", "--database", &ironic().database]);
    let output = Desk::new().run_deploy(&["locked", "--timeout", "5"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    let words = format!(
        "cannot claim node locked (`instance_uuid`): Ironic answered 409: Node {node} is locked by host another-conductor"
    );
    let [warning, error] = stderr.lines().collect::<Vec<_>>().try_into().unwrap();
    assert!(warning.starts_with(&format!("warning: {words}")) && warning.ends_with("; trying again"), "{warning}");
    assert!(output.status.code() == Some(LIMIT) && error.starts_with(&format!("error: {words}")), "{error}");
    ironic_py(&["unlock", "locked", "--database", &ironic().database]);
    Desk::new().deploy(&["locked", "--wait"]);
}

#[test]
fn a_node_that_another_instance_claims_is_deployed_only_on_request() {
    let node = enroll("claimed", &[]);
    let instance = "11111111-2222-4333-8444-555555555555";
    claim(&node, instance);
    let words = format!(
        "node claimed is claimed by instance {instance}, though nothing is deployed on it; use --allow-claimed to deploy it \
         anyway"
    );
    assert_eq!(Desk::new().fail(&["claimed", "--wait"]), (REFUSED, words));
    assert_eq!(state(&node), "available");
    Desk::new().deploy(&["claimed", "--wait", "--instance-uuid", instance]);
    assert_eq!(state(&node), "active");

    let node = enroll("claimed-too", &[]);
    claim(&node, "11111111-2222-4333-8444-666666666666");
    Desk::new().deploy(&["claimed-too", "--wait", "--allow-claimed"]);
    assert_eq!(state(&node), "active");
}

#[test]
fn a_deployed_node_is_claimed_and_a_refused_one_is_not() {
    let claim_of = |node: &str| {
        let node: Value = serde_json::from_str(&get(&format!("/v1/nodes/{node}"))).unwrap();
        node["instance_uuid"].as_str().map(str::to_owned)
    };
    let node = enroll("claims", &[]);
    let mut desk = Desk::new();
    desk.deploy(&["claims", "--wait"]);
    let first = claim_of(&node).unwrap();
    desk.edit_member("availability_zone", "rack-9");
    desk.deploy(&["claims", "--wait", "--rebuild"]);
    assert_ne!(claim_of(&node).unwrap(), first, "each drive is deployed with a claim of its own");

    let node = enroll("claims-nothing", &[]);
    let fault = Fault::Answer(413, "<html>Request Entity Too Large</html>");
    let proxy = Proxy::in_front_of(&ironic().endpoint, &[fault]);
    let output = desk.deploy_command(&proxy.endpoint(), &["claims-nothing"]).output().unwrap();
    assert_eq!(failure(output).0, REFUSED);
    assert_eq!(claim_of(&node), None);
}

fn claim(node: &str, instance: &str) {
    let patch = json!([{"op": "add", "path": "/instance_uuid", "value": instance}]);
    let version = [("X-OpenStack-Ironic-API-Version", "1.115")];
    let (status, _, body) =
        ask(Method::PATCH, &format!("{}/v1/nodes/{node}", ironic().endpoint), &version, Some(&patch));
    assert_eq!(status, 200, "{body}");
}

#[test]
fn a_node_in_maintenance_is_refused() {
    enroll("serviced", &["--maintenance"]);
    let words = "node serviced is in maintenance, so Ironic will not deploy it: asked for";
    assert_eq!(Desk::new().fail(&["serviced"]), (REFUSED, words.into()));
}

#[test]
fn a_node_that_fails_validation_is_refused_with_ironics_reasons() {
    let node = enroll("unfit", &["--unfit"]);
    let (code, error) = Desk::new().fail(&["unfit"]);
    let words = "node unfit failed Ironic's validation: deploy: ";
    assert!(code == REFUSED && error.starts_with(words) && error.contains("image_source"), "{error}");
    assert_eq!(state(&node), "available");
}

#[test]
fn a_failed_deployment_is_reported_with_ironics_reason() {
    let node = enroll("unlucky", &["--failing"]);
    let (code, error) = Desk::new().fail(&["unlucky", "--wait"]);
    let words = "the deployment of node unlucky ended in state `deploy failed`: Failed to prepare to deploy: ";
    assert!(code == DEPLOYMENT_FAILED && error.starts_with(words), "{error}");
    assert_eq!(state(&node), "deploy failed");
}

#[test]
fn an_ironic_that_is_not_there_is_unreachable() {
    // Bound and closed again, so nothing listens there.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let desk = Desk::new();
    let arguments = ["deploy", "n", "-i", &desk.document(), "--endpoint", &format!("http://{address}")];
    let (code, error) = failure(configdrive().args(arguments).output().unwrap());
    let words = format!("cannot get the API versions: Ironic at http://{address}: Connection refused (os error 111)");
    assert_eq!((code, error), (UNREACHABLE, words));

    let elsewhere = format!("{}/elsewhere", ironic().endpoint);
    let arguments = ["deploy", "n", "-i", &desk.document(), "--endpoint", &elsewhere];
    let (code, error) = failure(configdrive().args(arguments).output().unwrap());
    assert_eq!((code, error), (REFUSED, "cannot get the API versions: Ironic answered 404: Not Found".into()));
}

#[test]
fn an_invalid_document_starts_nothing() {
    let node = enroll("spared", &[]);
    let mut desk = Desk::new();
    desk.edit("\"hostname\": \"web-01\"", "\"hostname\": 7.5e");
    let (code, _) = desk.fail(&["spared"]);
    assert_eq!(code, INVALID_INPUT);
    assert_eq!(state(&node), "available");
}

#[test]
fn a_drive_with_errors_is_deployed_only_on_request() {
    let node = enroll("with-errors", &[]);
    let mut desk = Desk::new();
    desk.link(r#"{"id": "tap1", "type": "phy", "mtu": 1500}"#);
    let output = desk.run_deploy(&["with-errors"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    let [warning, error] = stderr.lines().collect::<Vec<_>>().try_into().unwrap();
    let place = "warning: link-without-mac: openstack/latest/network_data.json#/links/0: cloud-init, glean and cloudbase-init fail";
    assert!(warning.starts_with(place), "{warning}");
    let words = "error: the check found an error in the drive, so nothing was sent; use --no-check to deploy anyway";
    assert_eq!((output.status.code().unwrap(), error), (FINDINGS, words));
    assert_eq!(state(&node), "available");

    desk.deploy(&["with-errors", "--no-check", "--wait"]);
    assert_eq!(state(&node), "active");
}

#[test]
fn the_finding_that_ironic_rebuilds_a_drive_appears_only_where_it_does() {
    enroll("opened", &["--network-interface", "flat"]);
    enroll("not-opened", &[]);
    let mut desk = Desk::new();
    desk.link(r#"{"id": "tap1", "type": "phy", "ethernet_mac_address": "52:54:00:aa:00:01"}"#);
    let output = desk.run_deploy(&["opened", "--dry-run"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.starts_with("warning: link-without-mtu: "), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    desk.deploy(&["not-opened", "--dry-run"]);
}

/// Returns `MAC=VIF` for a node's port: an address that neither the document nor any other port has, and the document's first VIF.
fn port() -> String {
    static PORTS: AtomicU8 = AtomicU8::new(0);
    let document: Value = serde_json::from_str(&fs::read_to_string(below(DOCUMENT)).unwrap()).unwrap();
    let vif = document["network_info"][0]["id"].as_str().unwrap();
    format!("52:54:00:aa:01:{:02x}={vif}", PORTS.fetch_add(1, Ordering::Relaxed))
}

/// Returns the first five lines. After them come the node's states during the deployment; how many are seen depends on timing.
fn lines(output: &[String]) -> Vec<&str> {
    output.iter().map(String::as_str).take(5).collect()
}
