//! Drives by hand: options that make or change a document, `new`, and all errors of a document at once.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use configdrive_support::{below, trials, trials::Trial};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tempfile::TempDir;

pub fn trials() -> Vec<Trial> {
    let mut trials = trials![
        options_override_a_document,
        a_document_made_by_options_has_a_new_uuid,
        a_printed_document_has_secrets_only_on_request,
        a_printed_document_builds_the_same_drive,
        an_invalid_option_is_an_error_that_names_it,
        user_data_above_novas_limit_is_refused,
        every_mistake_of_a_document_has_its_line,
        a_new_document_does_not_replace_a_file,
        an_invalid_document_has_its_code_although_ironic_is_down,
    ];
    for release in ["bookworm", "unstable"] {
        let missing = |file: &str| (!below("target/readers").join(file).exists()).then_some("cloud-init");
        let name = |what: &str| format!("{what}_by_cloud_init_of_{release}");
        let made = Trial::new(name("a_drive_made_by_options_is_read"), move || a_drive_made_by_options(release));
        let new = Trial::new(name("a_new_document_is_built_and_read"), move || a_new_document(release));
        let packages = format!("{release}/packages");
        trials.push(made.without(missing(&packages)));
        trials.push(new.without(missing(&packages)));
    }
    trials
}

const MAC: &str = "52:54:00:12:34:01";
const KEYS: [&str; 2] = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA one", "ssh-rsa AAAAB3NzaC1yc2E= two"];
/// The gzip of a script, which is not text.
const USER_DATA: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x53\x56\xd4\x4f\xca\xcc\xd3\x2f\xce\xe0\x2a\x29\x2a\x4d\xe5\x02\x00\x3d\x36\x84\xab\x0f\x00\x00\x00";

fn a_drive_made_by_options(release: &str) -> Result<(), Failed> {
    let home = Home::new();
    home.write("user-data", USER_DATA);
    home.write("keys.pub", format!("# mine\n{}\n", KEYS[1]).as_bytes());
    home.write("motd", b"welcome\n");
    home.write("password", b"hunter2\nnot this\n");
    let ips = [
        format!("{MAC}=192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.2,dns=192.0.2.3"),
        format!("{MAC}=2001:db8::10/64,gateway=2001:db8::1"),
        format!("{MAC}=198.51.100.10/25,vlan=7,mtu=1400"),
    ];
    let dhcp = "52:54:00:12:34:02,mtu=9000";
    let output = home.run(&[
        "build",
        "--hostname",
        "web-01",
        "--user-data",
        "user-data",
        "--ssh-key",
        KEYS[0],
        "--ssh-key",
        "keys.pub",
        "--meta",
        "role=web=1",
        "--file",
        "/etc/motd=motd",
        "--admin-pass-file",
        "password",
        "--ip",
        &ips[0],
        "--ip",
        &ips[1],
        "--ip",
        &ips[2],
        "--dhcp",
        dhcp,
        "-o",
        "drive.iso",
    ]);
    succeeded(&output)?;
    let drive = home.read(release, "drive.iso")?;
    same("errors", &drive["errors"], &json!({}))?;
    same("warnings", &drive["warnings"], &json!({}))?;
    same("host name", &drive["host_name"], &"web-01".into())?;
    same("keys", &drive["keys"], &json!(KEYS))?;
    same("user data", &drive["user_data"], &"H4sIAAAAAAACA1NW1E/KzNMvzuAqKSpN5QIAPTaEqw8AAAA=".into())?;
    same("files", &drive["files"], &json!({"/etc/motd": "d2VsY29tZQo="}))?;
    let interfaces = &drive["netplan"]["interfaces"];
    let all = |value: &Value| value.as_array().map_or(0, Vec::len);
    same("addresses", &interfaces["net0"]["addresses"], &json!(["192.0.2.10/24", "2001:db8::10/64"]))?;
    same("routes", &interfaces["net0"]["routes"], &json!(["0.0.0.0/0 via 192.0.2.1", "::/0 via 2001:db8::1"]))?;
    same("name servers", &all(&interfaces["net0"]["dns"]).into(), &2.into())?;
    let vlan = interfaces.as_object().ok_or("no interfaces")?.values().find(|interface| interface["vlan"] == "7");
    let vlan = vlan.ok_or("no VLAN")?;
    same("the VLAN's address", &vlan["addresses"], &json!(["198.51.100.10/25"]))?;
    same("the VLAN's MTU", &vlan["mtu"], &"1400".into())?;
    same("DHCP", &interfaces["net1"]["dhcp"], &json!(["dhcp4"]))?;
    same("the MTU", &interfaces["net1"]["mtu"], &"9000".into())?;
    let metadata: Value = serde_json::from_slice(&home.cat("drive.iso", "openstack/latest/meta_data.json")?)?;
    same("metadata", &metadata["meta"], &json!({"role": "web=1"}))?;
    same("the password", &metadata["admin_pass"], &"hunter2".into())?;
    let output = home.run(&["check", "drive.iso", "--for", "cloud-init"]);
    same("findings", &text(&output.stdout).into(), &"nothing found\n".into())
}

fn a_new_document(release: &str) -> Result<(), Failed> {
    let home = Home::new();
    for kind in ["instance", "metadata", "network"] {
        succeeded(&home.run(&["new", "--kind", kind, "-o", "new.yaml"]))?;
        let document: &[&str] = match kind {
            "network" => &["--hostname", "web-01", "--network-data", "new.yaml"],
            _ => &["-i", "new.yaml"],
        };
        succeeded(&home.run(&[&["build", "-o", "drive.iso"], document].concat()))?;
        fs::remove_file(home.path("new.yaml"))?;
        let drive = home.read(release, "drive.iso")?;
        same("errors", &drive["errors"], &json!({}))?;
        if kind != "network" {
            same("user data", &drive["user_data"], &"I2Nsb3VkLWNvbmZpZwpwYWNrYWdlczogW25naW54XQo=".into())?;
            same("files", &drive["files"], &json!({"/etc/motd": "V2VsY29tZSB0byB3ZWItMDEK"}))?;
        }
        let interfaces = &drive["netplan"]["interfaces"];
        same("DHCP", &interfaces["net0"]["dhcp"], &json!(["dhcp4"]))?;
        same("addresses", &interfaces["net1"]["addresses"], &json!(["192.0.2.10/24", "2001:db8::10/64"]))?;
        same("the bond", &interfaces["bond0"]["bond"], &"802.3ad".into())?;
        same("the VLAN", &interfaces["bond0.100"]["addresses"], &json!(["198.51.100.10/24"]))?;
        let output = home.run(&["check", "drive.iso"]);
        same("findings", &text(&output.stdout).into(), &"nothing found\n".into())?;
    }
    Ok(())
}

const DOCUMENT: &str =
    r#"{"meta_data": {"uuid": "u", "hostname": "old", "name": "n", "meta": {"a": "1"}}, "user_data": "old"}"#;

fn options_override_a_document() {
    let home = Home::new();
    home.write("document.json", DOCUMENT.as_bytes());
    home.write("user-data", b"#!");
    let arguments = ["pack", "-i", "document.json", "--hostname", "new", "--meta", "b=2", "--user-data", "user-data"];
    let output = home.run(&[&arguments[..], &["-o", "drive"]].concat());
    succeeded(&output).unwrap();
    let metadata: Value =
        serde_json::from_slice(&home.cat("drive", "openstack/latest/meta_data.json").unwrap()).unwrap();
    assert_eq!(metadata, json!({"uuid": "u", "hostname": "new", "name": "n", "meta": {"a": "1", "b": "2"}}));
    assert_eq!(home.cat("drive", "openstack/latest/user_data").unwrap(), b"#!");
    // Standard input is the document only if it is named.
    let output = home.run_with(&["required-by", "-i", "-", "--hostname", "new"], DOCUMENT);
    assert_eq!(text(&output.stdout), "true\n");
}

fn a_document_made_by_options_has_a_new_uuid() {
    let home = Home::new();
    let printed = || home.json(&["build", "--hostname", "m", "--print-document"]);
    let uuid = |document: Value| document["meta_data"]["uuid"].as_str().map(str::to_owned);
    let (one, other) = (uuid(printed()), uuid(printed()));
    assert!(one.as_ref().is_some_and(|uuid| uuid.len() == 36) && one != other, "{one:?} {other:?}");
    let given = "1be26c0b-03f2-4d2e-ae87-c02d7f33c123";
    assert_eq!(uuid(home.json(&["build", "--uuid", given, "--print-document"])).as_deref(), Some(given));
}

fn a_printed_document_has_secrets_only_on_request() {
    let home = Home::new();
    home.write("secret", b"SECRET");
    home.write("vendor.json", br#"{"token": "SECRET"}"#);
    let arguments = [
        "check",
        "--hostname",
        "m",
        "--user-data",
        "secret",
        "--admin-pass-file",
        "secret",
        "--file",
        "/a=secret",
        "--vendor-data",
        "vendor.json",
        "--print-document",
    ];
    let shown = text(&home.run(&arguments).stdout);
    assert!(shown.contains("(not shown)") && !shown.contains("SECRET") && !shown.contains("U0VDUkVU"), "{shown}");
    let document = home.json(&[&arguments[..], &["--show-secrets"]].concat());
    assert_eq!(document["user_data"], "SECRET");
    assert_eq!(document["vendor_data"], json!({"token": "SECRET"}));
}

fn a_printed_document_builds_the_same_drive() {
    let home = Home::new();
    home.write("user-data", USER_DATA);
    let ip = format!("{MAC}=192.0.2.10/24");
    let arguments = ["pack", "--uuid", "1be26c0b-03f2-4d2e-ae87-c02d7f33c123", "--user-data", "user-data", "--ip", &ip];
    let drive = home.run(&arguments).stdout;
    let document = home.run(&[&arguments[..], &["--print-document", "--show-secrets"]].concat()).stdout;
    home.write("document.json", &document);
    assert_eq!(text(&home.run(&["pack", "-i", "document.json"]).stdout), text(&drive));
}

fn an_invalid_option_is_an_error_that_names_it() {
    let home = Home::new();
    home.write("network.json", b"{");
    home.write("list.json", b"[]");
    home.write("id", b"-----BEGIN OPENSSH PRIVATE KEY-----\n");
    home.write("empty", b"");
    home.write("files.json", br#"{"files": []}"#);
    home.write("instance.json", br#"{"instance": {}}"#);
    for (arguments, code, start) in [
        (
            &["--network-data", "network.json"][..],
            3,
            "network.json (--network-data): expected a JSON document, found invalid",
        ),
        (&["--network-data", "list.json"], 3, "list.json (--network-data): expected an object, found an array"),
        (&["--network-data", "absent"], 1, "cannot read \"absent\" (--network-data): "),
        (&["--ssh-key", "id"], 3, "id (--ssh-key): is a private key; give the public key"),
        (&["--ssh-key", "absent.pub"], 1, "cannot read \"absent.pub\" (--ssh-key): "),
        (&["--ssh-key", "empty"], 3, "empty (--ssh-key) is empty"),
        (&["--admin-pass-file", "empty"], 3, "empty (--admin-pass-file) is empty"),
        (&["--ip", "x=192.0.2.10/24"], 2, "invalid value 'x=192.0.2.10/24' for '--ip "),
        (&["--uuid", "x"], 2, "invalid value 'x' for '--uuid "),
        (&["--file", "motd=motd"], 2, "invalid value 'motd=motd' for '--file "),
        (&["--meta", "x"], 2, "invalid value 'x' for '--meta "),
        (&["--show-secrets"], 2, "the following required arguments were not provided: --print-document"),
        (&["--directory", ".", "--hostname", "m"], 2, "the argument '--directory "),
        (&["--dhcp", MAC, "--network-data", "list.json"], 2, "the argument '--dhcp "),
        (
            &["-i", "files.json", "--hostname", "m"],
            3,
            "--hostname: a document with files is put on the drive as it is; ",
        ),
        (
            &["-i", "instance.json", "--ssh-key", KEYS[0], "--ssh-key", KEYS[1]],
            3,
            "--ssh-key: an instance document has one key",
        ),
    ] {
        let output = home.run(&[&["build", "-o", "drive.iso"], arguments].concat());
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert!(error.starts_with(&format!("error: {start}")) && error.lines().count() == 1, "{error}");
        assert!(!home.path("drive.iso").exists());
    }
}

fn user_data_above_novas_limit_is_refused() {
    let home = Home::new();
    home.write("fits", &[b'x'; 49_149]);
    home.write("large", &[b'x'; 49_150]);
    succeeded(&home.run(&["pack", "--user-data", "fits", "-o", "drive"])).unwrap();
    let output = home.run(&["pack", "--user-data", "large"]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{error}");
    assert!(
        error.starts_with("error: large (--user-data) has 49150 bytes, and Nova's limit for user data is 49149 "),
        "{error}"
    );
}

const MISTAKES: &str = r#"{"instance": {"uuid": 1, "ec2_ids": {"instance_id": "i-1"}}, "network_data": []}"#;

fn every_mistake_of_a_document_has_its_line() {
    let home = Home::new();
    home.write("document.json", MISTAKES.as_bytes());
    for verb in ["build", "pack", "check"] {
        let output = home.run(&[verb, "-i", "document.json"]);
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            text(&output.stderr),
            "error: document.json: /network_data: expected an object, found an array\n\
             error: document.json: /instance/uuid: expected a string, found a number\n\
             error: document.json: /instance/hostname: missing required member\n"
        );
    }
}

fn a_new_document_does_not_replace_a_file() {
    let home = Home::new();
    home.write("mine.yaml", b"mine");
    let output = home.run(&["new", "-o", "mine.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr), "error: \"mine.yaml\" already exists; name a new file\n");
    assert_eq!(fs::read(home.path("mine.yaml")).unwrap(), b"mine");
}

fn an_invalid_document_has_its_code_although_ironic_is_down() {
    let home = Home::new();
    home.write("document.json", MISTAKES.replace("1,", "1, \"config_drive\": true,").as_bytes());
    // Nothing listens there.
    let output = home.run(&["deploy", "n", "-i", "document.json", "--endpoint", "http://127.0.0.1:9"]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr).lines().count(), 3);
    let output = home.run(&["deploy", "n", "--hostname", "m", "--timeout", "1", "--endpoint", "http://127.0.0.1:9"]);
    assert!(matches!(output.status.code(), Some(4 | 6)), "{}", text(&output.stderr));
}

/// A directory to work in.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_configdrive"));
        let command =
            command.args(arguments).current_dir(self.0.path()).env_remove("SOURCE_DATE_EPOCH").env("NO_PROXY", "*");
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        // A verb that does not read it may have ended.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_slice(&self.run(arguments).stdout).unwrap()
    }

    fn cat(&self, drive: &str, path: &str) -> Result<Vec<u8>, Failed> {
        let output = self.run(&["inspect", drive, "--cat", path]);
        succeeded(&output)?;
        Ok(output.stdout)
    }

    /// Returns what cloud-init makes of a drive.
    fn read(&self, release: &str, drive: &str) -> Result<Value, Failed> {
        let directory = tempfile::tempdir()?;
        let files = directory.path().join("files");
        succeeded(&self.run(&["extract", drive, "-o", files.to_str().ok_or("a path that is not UTF-8")?]))?;
        let root = below("target/readers").join(release);
        let mut python = python();
        python.arg(below("tests/readers/read.py")).args([Path::new("cloud-init"), &files]);
        python.env("PYTHONPATH", root.join("usr/lib/python3/dist-packages")).env("NETPLAN_ROOT", root);
        let output = python.output()?;
        succeeded(&output)?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

fn python() -> Command {
    let mut python = Command::new(below("target/readers/venv/bin/python"));
    python.stdin(Stdio::null()).env("PYTHONDONTWRITEBYTECODE", "1").env("LC_ALL", "C.UTF-8");
    python
}

fn succeeded(output: &Output) -> Result<(), Failed> {
    if output.status.success() { Ok(()) } else { Err(format!("{}: {}", output.status, text(&output.stderr)).into()) }
}

fn same(what: &str, found: &Value, expected: &Value) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("{what}: expected {expected}, found {found}").into()) }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
