//! Finished drives in every form that Ironic accepts, and requested deploy steps.

use std::{
    fs,
    io::Write,
    process::{Command, Output, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    desk::{DEPLOYMENT_FAILED, Desk, FINDINGS, INVALID_INPUT, REFUSED, USAGE, configdrive, failure, success},
    lab::{enroll, ironic, state, stored},
};

#[test]
fn a_drive_is_sent_in_the_form_that_ironic_accepts_whatever_form_it_has() {
    let node = enroll("any-form", &[]);
    let desk = Desk::new();
    let text = desk.pack_without_ports();
    let gzip = STANDARD.decode(&text).unwrap();
    let image = desk.path("drive.iso");
    success(
        configdrive()
            .args(["build", "-i", &desk.document(), "--random-seed", &desk.seed(), "-o", &image])
            .output()
            .unwrap(),
    );
    let image_bytes = fs::read(&image).unwrap();
    let by_gzip = gzipped(&image_bytes);
    let by_gzip_text = STANDARD.encode(&by_gzip);
    let [lines, image_lines] = [text.clone(), STANDARD.encode(&image_bytes)].map(|text| wrapped(&text));
    let forms: [(&str, &[u8], &str); 6] = [
        ("image.iso", &image_bytes, &text),
        ("ours.gz", &gzip, &text),
        ("gzips.gz", &by_gzip, &by_gzip_text),
        ("one-line.txt", text.as_bytes(), &text),
        ("wrapped.txt", lines.as_bytes(), &text),
        ("image.txt", image_lines.as_bytes(), &text),
    ];
    let mut rebuild: &[&str] = &[];
    for (name, bytes, expected) in forms {
        let drive = desk.path(name);
        fs::write(&drive, bytes).unwrap();
        let output = success(deploy(&[&["any-form", "--drive", &drive, "--wait"], rebuild].concat()));
        assert!(output.ends_with("node any-form is active\n"), "{output}");
        assert_eq!(stored(&node), expected, "{name}");
        rebuild = &["--rebuild"];
    }

    // A directory, by the option's name in openstackclient.
    let directory = desk.path("files");
    success(configdrive().args(["extract", &image, "-o", &directory]).output().unwrap());
    success(deploy(&["any-form", "--config-drive", &directory, "--rebuild", "--wait"]));
    let listed = |drive: &str| {
        let drive = desk.file("listed", drive);
        let inspection = success(configdrive().args(["inspect", &drive, "--json"]).output().unwrap());
        serde_json::from_str::<Value>(&inspection).unwrap()["files"].clone()
    };
    assert_eq!(listed(&stored(&node)), listed(&text));

    // Standard input.
    let mut command = deploy_command(&["any-form", "--drive", "-", "--rebuild", "--wait"]);
    success(command.stdin(desk.open("piped", &text)).output().unwrap());
    assert_eq!(stored(&node), text);
}

#[test]
fn a_fat_drive_is_sent_and_a_node_on_which_ironic_opens_it_gets_a_warning() {
    let node = enroll("fat", &[]);
    enroll("fat-opened", &["--network-interface", "flat"]);
    let desk = Desk::new();
    let image = desk.path("drive.img");
    let build = ["build", "-i", &desk.document(), "--random-seed", &desk.seed(), "--format", "vfat", "-o", &image];
    success(configdrive().args(build).output().unwrap());
    success(deploy(&["fat", "--drive", &image, "--wait"]));
    let gzip = STANDARD.decode(stored(&node)).unwrap();
    assert_eq!(gunzipped(&gzip), fs::read(&image).unwrap());

    let output = deploy(&["fat-opened", "--drive", &image, "--dry-run"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.starts_with("warning: vfat-under-ironics-check: "), "{stderr}");
}

#[test]
fn a_url_is_left_to_ironic_and_its_query_is_never_shown() {
    let node = enroll("by-url", &[]);
    let url = "https://drives.example/node?sig=planted-token&x=\"";
    let output = success(deploy(&["by-url", "--drive", url, "--wait"]));
    assert!(output.contains("the config drive is not checked, because Ironic fetches it\n"), "{output}");
    assert!(output.contains("config drive: fetched by Ironic from https://drives.example/node?…\n"), "{output}");
    assert_eq!(stored(&node), url.replace('"', "%22"));
    let mut outputs = output;
    for arguments in
        [&["--json", "--wait"][..], &["--dry-run"], &["--dry-run", "--json"], &["--wait", "--log-format", "json"]]
    {
        let output = deploy(&[&["by-url", "--drive", url, "--rebuild"], arguments].concat());
        assert!(output.status.success(), "{output:?}");
        outputs += &String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    }
    assert!(!outputs.contains("planted-token"), "{outputs}");
    assert_eq!(outputs.matches(r#""configdrive":{"url":"https://drives.example/node?…"}"#).count(), 2, "{outputs}");

    let (code, error) = failure(deploy(&["by-url", "--drive", "file:///etc/drive?planted-token"]));
    let words = "--drive: expected an http:// or https:// URL, from which Ironic's agent fetches the drive";
    assert_eq!((code, &*error), (USAGE, words));
}

#[test]
fn ironics_json_object_is_checked_and_sent_unchanged() {
    let node = enroll("by-json", &[]);
    let desk = Desk::new();
    let object = r##"{"meta_data": {"hostname": "by-json"}, "user_data": "#cloud-config\n{}"}"##;
    let output = success(deploy(&["by-json", "--drive", object, "--wait"]));
    assert!(output.contains("config drive: built by Ironic from 72 bytes of JSON, SHA-256 "), "{output}");
    let expected: Value = serde_json::from_str(object).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&stored(&node)).unwrap(), expected);

    // The conductor adds the node's UUID and name to the metadata.
    let object = json!({"meta_data": {"hostname": "by-json"}, "user_data": "#!/bin/sh\n", "vendor_data": {"a": 1}});
    let file = desk.file("object.json", &format!("\n {object}\n"));
    success(deploy(&["by-json", "--drive", &file, "--rebuild", "--wait"]));
    assert_eq!(serde_json::from_str::<Value>(&stored(&node)).unwrap(), object);

    let broken = r#"{"meta_data": {}, "network_data": {"links": [{"id": "l", "type": "phy"}], "networks": []}}"#;
    let output = deploy(&["by-json", "--drive", broken, "--rebuild"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(FINDINGS) && stderr.contains("warning: link-without-mac: "), "{stderr}");
}

#[test]
fn what_is_not_a_drive_starts_nothing() {
    let node = enroll("not-a-drive", &[]);
    let desk = Desk::new();
    let damaged = desk.pack_without_ports().replacen('H', "I", 1);
    for (name, content, words) in [
        ("damaged.txt", damaged.as_str(), ""),
        ("text.txt", "planted-secret: not a drive", ""),
        (
            "instance.json",
            r#"{"instance": {"admin_pass": "planted-secret"}}"#,
            "expected an object with only the members",
        ),
        ("cut.json", r#"{"meta_data": {"admin_pass": "planted-secret""#, "invalid JSON; for a document, use -i"),
        ("more.json", r#"{"meta_data": {}}, "target": "deleted""#, "invalid JSON"),
        ("wrong.json", r#"{"meta_data": {}, "network_data": "planted-secret"}"#, "/network_data"),
        ("empty", "", "is empty"),
    ] {
        let drive = desk.file(name, content);
        for check in [&[][..], &["--no-check"]] {
            let (code, error) = failure(deploy(&[&["not-a-drive", "--drive", &drive], check].concat()));
            assert!(code == INVALID_INPUT && error.contains(&drive) && error.contains(words), "{name}: {code} {error}");
            assert!(!error.contains("planted-secret"), "{error}");
        }
    }
    assert_eq!(state(&node), "available");
    let (code, _) = failure(deploy(&["not-a-drive", "--drive", "x", "-i", "y"]));
    assert_eq!(code, USAGE);
}

#[test]
fn one_drive_is_sent_to_several_nodes() {
    let nodes = ["same-1", "same-2"].map(|name| enroll(name, &[]));
    let desk = Desk::new();
    let drive = desk.file("drive.txt", &desk.pack_without_ports());
    assert!(success(deploy(&["same-1", "same-2", "--drive", &drive])).ends_with("2 deployed\n"));
    assert!(nodes.iter().all(|node| stored(node) == desk.pack_without_ports()));
    assert!(success(deploy(&["same-1", "same-2", "--drive", &drive])).ends_with("2 already active\n"));

    let fleet = desk.file(
        "fleet.yaml",
        "- {node: same-1, drive: drive.txt}\n- {node: same-2, drive: {meta_data: {hostname: same-2}}}\n",
    );
    assert!(success(deploy(&["--fleet", &fleet, "--rebuild"])).ends_with("1 deployed, 1 already active\n"));
    assert_eq!(stored(&nodes[1]), r#"{"meta_data": {"hostname": "same-2"}}"#);
}

#[test]
fn deploy_steps_are_requested() {
    let node = enroll("stepwise", &[]);
    let desk = Desk::new();
    let drive = desk.file("drive.txt", &desk.pack_without_ports());
    // Without its only step, the deployment fails: Ironic has followed the request.
    let steps = r#"[{"interface": "deploy", "step": "deploy", "priority": 0}]"#;
    let (code, error) = failure(deploy(&["stepwise", "--drive", &drive, "--deploy-steps", steps, "--wait"]));
    assert!(code == DEPLOYMENT_FAILED && error.ends_with("No deploy steps returned by the driver"), "{error}");
    assert_eq!(state(&node), "deploy failed");
    let preview = success(deploy(&["stepwise", "--drive", &drive, "--deploy-steps", steps, "--dry-run"]));
    assert!(preview.ends_with(", \"deploy_steps\": <deploy.deploy>}\n"), "{preview}");

    let file = desk.file("steps.yaml", "- interface: deploy\n  step: deploy\n  priority: 9\n");
    let (code, error) = failure(deploy(&["stepwise", "--drive", &drive, "--rebuild", "--deploy-steps", &file]));
    assert!(code == REFUSED && error.contains("core step"), "{error}");

    let file = desk.file("steps.json", r#"[{"interface": "deploy", "args": {"p": "planted-secret"}}]"#);
    let (code, error) = failure(deploy(&["stepwise", "--drive", &drive, "--rebuild", "--deploy-steps", &file]));
    assert!(code == INVALID_INPUT && error.contains("expected a JSON or YAML list of deploy steps"), "{error}");
    assert!(!error.contains("planted-secret"), "{error}");
}

fn deploy(arguments: &[&str]) -> Output {
    deploy_command(arguments).output().unwrap()
}

fn deploy_command(arguments: &[&str]) -> Command {
    let mut command = configdrive();
    command.arg("deploy").args(arguments).args(["--endpoint", &ironic().endpoint]);
    command
}

fn wrapped(text: &str) -> String {
    text.as_bytes().chunks(76).map(|line| format!("{}\n", str::from_utf8(line).unwrap())).collect()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    filter(&["gzip", "-c"], bytes)
}

fn gunzipped(bytes: &[u8]) -> Vec<u8> {
    filter(&["gzip", "-dc"], bytes)
}

fn filter(command: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child =
        Command::new(command[0]).args(&command[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success());
    output.stdout
}
