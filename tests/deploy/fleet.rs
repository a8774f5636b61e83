//! Many nodes.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::{
    desk::{DEPLOYMENT_FAILED, Desk, INVALID_INPUT, USAGE, configdrive, failure, success},
    lab::{enroll, get, ironic, state, stored},
};

#[test]
fn a_fleet_is_deployed_node_by_node_and_a_second_run_skips_it() {
    let nodes: Vec<_> = (0..5).map(|number| enroll(&format!("fleet-{number}"), &[])).collect();
    let desk = Desk::new();
    let entries =
        (0..5).map(|number| json!({"node": format!("fleet-{number}"), "document": "instance.json"}).to_string());
    let fleet = desk.file("fleet.jsonl", &entries.collect::<Vec<_>>().join("\n"));
    let output = success(deploy(&["--fleet", &fleet, "--parallel", "2"]));
    for number in 0..5 {
        assert!(output.contains(&format!("node fleet-{number} is deployed\n")), "{output}");
    }
    assert!(output.ends_with("5 deployed\n"), "{output}");
    assert!(nodes.iter().all(|node| state(node) == "active"));
    let before: Vec<_> = nodes.iter().map(|node| stored(node)).collect();

    assert!(success(deploy(&["--fleet", &fleet])).ends_with("5 already active\n"));
    assert_eq!(nodes.iter().map(|node| stored(node)).collect::<Vec<_>>(), before);

    // A rebuild skips only nodes that already have the drive.
    let mut other = Desk::new();
    other.edit_member("availability_zone", "rack-9");
    let arguments = ["--rebuild", &format!("fleet-0={}", desk.document()), &format!("fleet-1={}", other.document())];
    assert!(success(deploy(&arguments)).ends_with("1 deployed, 1 already active\n"));
    assert_eq!(stored(&nodes[0]), before[0]);
    assert_ne!(stored(&nodes[1]), before[1]);

    // A deployment by someone else in the meantime is not mistaken for ours.
    other.deploy(&["fleet-2", "--rebuild", "--wait"]);
    let (code, words) = code_and_error(deploy(&["--fleet", &fleet]));
    assert_eq!(code, DEPLOYMENT_FAILED);
    assert!(
        words.contains(
            "the deployment of node fleet-2 did not succeed: node fleet-2 is `active`: it already has an instance"
        ),
        "{words}"
    );
}

#[test]
fn one_nodes_failure_does_not_affect_the_others() {
    for name in ["good-1", "good-2"] {
        enroll(name, &[]);
    }
    enroll("bad-1", &["--failing"]);
    enroll("bad-2", &["--state", "manageable"]);
    let desk = Desk::new();
    let fleet = desk.file(
        "fleet.yaml",
        "- {node: good-1, document: instance.json}\n- {node: bad-1, document: instance.json}\n\
         - {node: bad-2, document: instance.json}\n- {node: nobody, document: instance.json}\n\
         - {node: good-2, document: instance.json, options: {format: vfat, size: 64MiB}}\n\
         - {node: good-3, document: missing.json}\n- {node: good-4, document: instance.json, options: {ports: missing.json}}\n",
    );
    let output = deploy(&["--fleet", &fleet, "--json"]);
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(stderr.ends_with("error: 5 of 7 deployments did not succeed\n"), "{stderr}");
    assert_eq!(output.status.code(), Some(DEPLOYMENT_FAILED));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["deployed"], &report["failed"], &report["not_ended"]), (&json!(2), &json!(5), &json!(0)));
    let outcome = |name: &str| {
        let node = report["nodes"].as_array().unwrap().iter().find(|node| node["node"] == name).unwrap();
        (
            node["outcome"].as_str().unwrap(),
            node["error"]["exit_code"].as_i64(),
            node["error"]["message"].as_str().unwrap_or(""),
        )
    };
    assert_eq!(outcome("good-1"), ("deployed", None, ""));
    assert_eq!(outcome("good-2"), ("deployed", None, ""));
    assert_eq!((outcome("bad-1").0, outcome("bad-1").1), ("failed", Some(7)));
    assert_eq!(outcome("bad-2").1, Some(5));
    assert_eq!(
        outcome("nobody"),
        ("failed", Some(5), "cannot look up node nobody: Ironic answered 404: Node nobody could not be found")
    );
    assert_eq!(outcome("good-3").1, Some(1));
    assert!(outcome("good-4").2.contains("--ports"), "{report}");
    let image =
        success(configdrive().args(["inspect", "-"]).stdin(desk.open("drive", &stored("good-2"))).output().unwrap());
    assert!(image.contains("FAT"), "{image}");
}

#[test]
fn a_node_that_is_named_twice_is_deployed_not_at_all() {
    let node = enroll("named-twice", &[]);
    let desk = Desk::new();
    let fleet = desk.file(
        "fleet.yaml",
        &format!(
            "- {{node: named-twice, document: instance.json}}\n- {{node: named-thrice, document: instance.json}}\n\
             - {{node: {node}, document: instance.json}}\n"
        ),
    );
    let error = format!("{node} and named-twice are the same node, which must be deployed only once");
    assert_eq!(failure(deploy(&["--fleet", &fleet])), (INVALID_INPUT, error));
    assert_eq!(state(&node), "available");
}

#[test]
fn an_invalid_fleet_starts_nothing() {
    let node = enroll("unstarted", &[]);
    let desk = Desk::new();
    let fleet = desk.file("fleet.json", r#"[{"node": "unstarted", "document": "instance.json"}, {"node": "x"}]"#);
    let (code, words) = failure(deploy(&["--fleet", &fleet]));
    assert_eq!(code, INVALID_INPUT);
    assert!(words.contains("fleet.json: entry 2: node x has neither a document nor a drive; add one"), "{words}");
    let fleet = desk.file(
        "fleet.yaml",
        "- {node: unstarted, document: instance.json}\n- {node: x, document: instance.json, farmat: vfat}\n",
    );
    let (code, words) = failure(deploy(&["--fleet", &fleet]));
    assert_eq!(code, INVALID_INPUT);
    assert!(words.contains("fleet.yaml: entry 2: unexpected argument '--farmat' found"), "{words}");
    assert_eq!(state(&node), "available");
    assert_eq!(failure(deploy(&["unstarted", "other=instance.json"])).0, USAGE);
}

#[test]
fn a_failure_keeps_its_exit_code_if_nobody_reads_the_output() {
    let document = Desk::new().document();
    for json in [&[][..], &["--json"]] {
        let mut command = configdrive();
        command.args(["deploy", &format!("nowhere={document}"), "--endpoint", &ironic().endpoint]).args(json);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let (code, words) = code_and_error(child.wait_with_output().unwrap());
        assert_eq!(code, DEPLOYMENT_FAILED, "{words}");
    }
}

#[test]
fn extra_is_left_untouched_on_request() {
    let node = enroll("unrecorded", &[]);
    let desk = Desk::new();
    let argument = format!("unrecorded={}", desk.document());
    success(deploy(&[&argument, "--no-record"]));
    assert_eq!(extra(&node), json!({}));
    let (code, _) = code_and_error(deploy(&[&argument]));
    assert_eq!(code, DEPLOYMENT_FAILED);
    success(deploy(&[&argument, "--rebuild"]));
    assert!(extra(&node)["configdrive"]["fingerprint"].is_string());
}

fn extra(node: &str) -> Value {
    serde_json::from_str::<Value>(&get(&format!("/v1/nodes/{node}"))).unwrap()["extra"].clone()
}

fn deploy(arguments: &[&str]) -> std::process::Output {
    configdrive().arg("deploy").args(arguments).args(["--endpoint", &ironic().endpoint]).output().unwrap()
}

/// Returns the exit code and standard error.
fn code_and_error(output: std::process::Output) -> (i32, String) {
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}
