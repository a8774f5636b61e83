//! The ways in which secrets could leak from the command: core dumps, file modes, and messages.
//!
//! `tests/deploy` tests the same for deployments, with a real Ironic and a real Keystone.

use std::{
    env, fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::ExitStatusExt,
    },
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive_host::{ConfigDrive, Limits, Options, Policy, Sandbox, chain};
use configdrive_support::{trials, trials::Trial};
use serde_json::{Value, json};
use tempfile::TempDir;

pub fn trials() -> Vec<Trial> {
    let mut trials = trials![
        outputs_are_private_whatever_the_umask,
        messages_about_documents_show_no_values,
        messages_about_broken_json_show_none_of_it,
        messages_about_the_files_of_options_show_none_of_their_content,
        messages_about_fleets_show_none_of_their_documents,
        messages_about_clouds_show_no_credentials,
        messages_about_the_environment_show_no_credentials,
        messages_show_no_tokens,
    ];
    let of_memory = Trial::new("memory_is_neither_dumped_nor_readable", memory_is_neither_dumped_nor_readable);
    trials.push(of_memory.without((!Path::new("/proc").exists()).then_some("/proc")));
    trials
}

/// Takes the place of a password, a token or a tenant's data.
const SECRET: &str = "s3cr3t-word7";

fn memory_is_neither_dumped_nor_readable() {
    for signal in ["ABRT", "TRAP"] {
        let directory = directory();
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_configdrive"), "encode"]);
        let mut child = command.current_dir(directory.path()).stdin(Stdio::piped()).spawn().unwrap();
        // More than fits into a pipe, so the command has read some of it.
        child.stdin.as_mut().unwrap().write_all(&[b' '; 256 << 10]).unwrap();
        let process = format!("/proc/{}", child.id());
        let limits = fs::read_to_string(format!("{process}/limits")).unwrap();
        let limit = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(limit.split_whitespace().nth(4), Some("0"), "{limit}");
        // It belongs to root, so the user's other processes cannot read it.
        assert_eq!(fs::metadata(format!("{process}/environ")).unwrap().uid(), 0);
        assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
        let status = child.wait().unwrap();
        assert!(status.signal().is_some() && !status.core_dumped(), "{status}");
    }
}

// Output.

fn outputs_are_private_whatever_the_umask() {
    let directory = directory();
    let [document, drive] = ["document", "drive"].map(|name| directory.path().join(name).display().to_string());
    fs::write(&document, full().to_string()).unwrap();
    assert!(configdrive(&["build", "-i", &document, "-o", &drive]).status().unwrap().success());
    let verbs: [&[&str]; 5] = [
        &["build", "-i", &document],
        &["pack", "-i", &document],
        &["encode", "-i", &drive],
        &["extract", &drive],
        &["schema"],
    ];
    for verb in verbs {
        for there in [false, true] {
            let out = directory.path().join(format!("{}-{there}", verb[0]));
            if there && verb[0] != "extract" {
                fs::write(&out, "").unwrap();
                fs::set_permissions(&out, fs::Permissions::from_mode(0o666)).unwrap();
            } else if there {
                fs::create_dir(&out).unwrap();
                fs::set_permissions(&out, fs::Permissions::from_mode(0o777)).unwrap();
            }
            let mut command = Command::new("sh");
            command.args(["-c", "umask 0; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_configdrive")]).args(verb);
            assert!(command.arg("-o").arg(&out).status().unwrap().success(), "{verb:?}");
            if there && verb[0] == "extract" {
                // Its owner chose the mode of the directory, but not of what is now in it.
                assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o7777, 0o777);
                fs::read_dir(&out).unwrap().for_each(|entry| assert_private(&entry.unwrap().path()));
            } else {
                assert_private(&out);
            }
        }
    }
}

fn assert_private(path: &Path) {
    let metadata = fs::metadata(path).unwrap();
    let mode = if metadata.is_dir() { 0o700 } else { 0o600 };
    assert_eq!(metadata.permissions().mode() & 0o7777, mode, "{}", path.display());
    if metadata.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| assert_private(&entry.unwrap().path()));
    }
}

// Messages.

fn messages_about_documents_show_no_values() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let mut errors = 0;
    let full = full();
    for place in places(&full, String::new()) {
        for wrong in [json!(SECRET), json!([SECRET]), json!({SECRET: SECRET}), json!({"a": [SECRET]}), json!(0)] {
            let mut document = full.clone();
            *document.pointer_mut(&place).unwrap() = wrong;
            errors += check(&sandbox, document.to_string().as_bytes(), &place);
        }
    }
    assert!(errors > 100, "{errors}");
}

fn messages_about_broken_json_show_none_of_it() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let mut full = full();
    full["admin_pass"] = SECRET.into();
    full["instance"]["user_data"] = STANDARD.encode(SECRET).into();
    let text = full.to_string();
    let quoted = format!("\"{SECRET}\"");
    for broken in [
        format!("\"{SECRET}"),
        SECRET.to_owned(),
        format!("'{SECRET}'"),
        format!("\"\\{SECRET}\""),
        format!("\"\\u{SECRET}\""),
        format!("\"{SECRET}\n\""),
        format!("\"{SECRET}\\ud800\""),
        format!("\"{SECRET}\"\"{SECRET}\""),
        format!("{quoted}: {quoted}"),
        format!("1{SECRET}"),
        format!("true{SECRET}"),
        format!("[{quoted}"),
    ] {
        let document = text.replacen(&quoted, &broken, 1);
        check(&sandbox, document.as_bytes(), &broken);
        let document = text.replacen(&format!("\"{}\"", STANDARD.encode(SECRET)), &broken, 1);
        check(&sandbox, document.as_bytes(), &broken);
    }
    for end in (0..text.len()).step_by(7) {
        assert_eq!(check(&sandbox, &text.as_bytes()[..end], "cut"), 3);
    }
    check(&sandbox, &[text.as_bytes(), b"\xff"].concat(), "not UTF-8");
    check(&sandbox, text.replace('}', &format!("}}{SECRET}")).as_bytes(), "after an object");
}

/// Checks that no error or finding about a document shows the secret, and returns the number of errors.
fn check(sandbox: &Sandbox, document: &[u8], place: &str) -> usize {
    let options = Options::default();
    let checked = sandbox.check_document(document, &options);
    let mut errors = vec![
        checked.as_ref().err().map(|error| chain(error)),
        sandbox.build_drive(document, &options).err().map(|error| chain(&error)),
        sandbox.required_by(document, Policy::default()).err().map(|error| chain(&error)),
    ];
    errors.retain(Option::is_some);
    let findings = checked.iter().flatten().map(|finding| Some(finding.to_string()));
    for message in errors.iter().cloned().chain(findings).flatten() {
        assert_discreet(&message, place);
    }
    errors.len()
}

/// Returns all scalars of a document, as JSON pointers.
fn places(value: &Value, place: String) -> Vec<String> {
    match value {
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| places(value, format!("{place}/{name}"))).collect()
        }
        Value::Array(entries) => {
            entries.iter().enumerate().flat_map(|(index, value)| places(value, format!("{place}/{index}"))).collect()
        }
        _ => vec![place],
    }
}

fn messages_about_the_files_of_options_show_none_of_their_content() {
    let directory = directory();
    let [document, file] = ["document", "file"].map(|name| directory.path().join(name).display().to_string());
    fs::write(&document, full().to_string()).unwrap();
    for text in [
        SECRET.to_owned(),
        format!("[{{\"uuid\": \"{SECRET}"),
        format!("[{{\"uuid\": {SECRET}}}]"),
        format!("[{{\"address\": \"{SECRET}\"}}]"),
        format!("[\"{SECRET}\"]"),
        format!("{{\"password\": \"{SECRET}\",}}"),
        format!("\"{SECRET}\" \"{SECRET}\""),
    ] {
        fs::write(&file, text).unwrap();
        for option in ["--ports", "--portgroups", "--vendor-data", "--vendor-data2", "--config-file"] {
            let output = configdrive(&["build", "-o", "/dev/null", "-i", &document, option, &file]).output().unwrap();
            assert_discreet(&printed(&output), option);
        }
        let output = configdrive(&["deploy", "--fleet", &file, "--endpoint", NOBODY]).output().unwrap();
        assert_failure(&output, "fleet");
    }
    for option in [
        "[DEFAULT]\nforce_config_drive",
        "[DEFAULT]\nconfig_drive_format",
        "[DEFAULT]\ninjected_network_template",
        "[api]\nvendordata_providers",
        "[api]\nvendordata_jsonfile_path",
        "[api]\nconfig_drive_skip_versions",
        "[api]\ndhcp_domain",
    ] {
        // A path is not a secret and may be shown. But a line that is indented by mistake becomes part of the path, and may be one.
        let bare = (!option.contains("path")).then(|| SECRET.to_owned());
        for value in [format!("${SECRET}"), format!("x\n  password = {SECRET}")].into_iter().chain(bare) {
            let text = format!("{option} = {value}\n");
            fs::write(&file, &text).unwrap();
            let build = ["build", "-o", "/dev/null", "-i", &document, "--config-file", &file];
            assert_discreet(&printed(&configdrive(&build).output().unwrap()), &text);
        }
    }
    for text in [
        format!("[DEFAULT\npassword = {SECRET}"),
        format!("[DEFAULT]\n{SECRET}\n[api]"),
        format!("[api]\n= {SECRET}\n["),
    ] {
        fs::write(&file, &text).unwrap();
        assert_failure(
            &configdrive(&["build", "-o", "/dev/null", "-i", &document, "--config-file", &file]).output().unwrap(),
            &text,
        );
    }
}

fn messages_about_fleets_show_none_of_their_documents() {
    let directory = directory();
    let file = directory.path().join("fleet").display().to_string();
    let document = format!("{{\"instance\": {{}}, \"admin_pass\": \"{SECRET}\"}}");
    for text in [
        format!("{{\"node\": \"n\", \"document\": {document}, \"rebuild\": \"{SECRET}\"}}"),
        format!("{{\"node\": \"n\", \"document\": {document}"),
        format!("{{\"node\": \"n\", \"document\": {document}, \"admin_pass\": \"{SECRET}\"}}"),
        format!("{{\"node\": \"n\", \"document\": {document}, \"options\": {{\"admin_pass\": \"{SECRET}\"}}}}"),
        format!("{{\"node\": \"n\", \"document\": {document}, \"options\": [\"{SECRET}\"]}}"),
        format!("{{\"node\": \"n\", \"document\": [\"{SECRET}\"]}}"),
        format!("{{\"node\": \"n\", \"document\": {{\"admin_pass\": \"{SECRET}}}}}"),
        format!("{{\"node\": \"{SECRET} \", \"document\": {document}}}"),
        format!("- node: n\n  document: {document}\n  options:\n   - {SECRET}"),
        format!("- node: n\n  document:\n    admin_pass: \"{SECRET}\n"),
        format!("- node: n\n  document:\n    admin_pass: *{SECRET}\n"),
        format!("- node: n\n  document:\n    admin_pass: !!int {SECRET}\n"),
        format!("- node: n\n  document:\n    admin_pass: {SECRET}: {SECRET}\n"),
        format!("- node: n\n  document: {document}\n- node: n\n  document: {document}\n"),
    ] {
        fs::write(&file, &text).unwrap();
        for log in [&[][..], &LOUD] {
            let output =
                configdrive(&[&["deploy", "--fleet", &file, "--endpoint", NOBODY], log].concat()).output().unwrap();
            assert_failure(&output, &text);
        }
    }
}

fn messages_about_clouds_show_no_credentials() {
    let auth = |password: &str| {
        format!(
            "clouds:\n  lab:\n    auth:\n      auth_url: http://127.0.0.1:1\n      username: u\n      \
             user_domain_name: D\n      password: {password}\n    region_name: r\n"
        )
    };
    let mut clouds: Vec<_> = [
        SECRET.to_owned(),
        format!("\"{SECRET}"),
        format!("'{SECRET}"),
        format!("\"\\q{SECRET}\""),
        format!("@{SECRET}"),
        format!("*{SECRET}"),
        format!("&{SECRET} *{SECRET}"),
        format!("!!binary {SECRET}"),
        format!("!{SECRET} x"),
        format!("[{SECRET}"),
        format!("[{SECRET}]"),
        format!("{{{SECRET}"),
        format!("{{{SECRET}: {SECRET}}}"),
        format!("{SECRET}: {SECRET}"),
        format!("|{SECRET}"),
        format!("\t{SECRET}\n\t{SECRET}"),
        format!("x\n      password: {SECRET}"),
        format!("x\n   {SECRET}: {SECRET}"),
        format!("x\n      auth_url: http://u:{SECRET}@127.0.0.1:1"),
    ]
    .iter()
    .map(|password| auth(password))
    .collect();
    clouds.extend([
        format!("clouds: {SECRET}"),
        format!("clouds:\n  lab: {SECRET}"),
        format!("clouds:\n  lab:\n    auth: {SECRET}"),
        format!("clouds:\n  lab:\n    auth:\n      auth_url: http://u:{SECRET}@127.0.0.1:1\n      password: x\n      user_id: u"),
        format!("clouds:\n  lab:\n    auth:\n      auth_url: u:{SECRET}@127.0.0.1:1\n      password: x\n      user_id: u"),
        format!("clouds:\n  lab:\n    auth:\n      password: {SECRET}"),
        format!("clouds:\n  lab:\n    auth_type: none\n    endpoint: http://u:{SECRET}@127.0.0.1:1"),
        format!("clouds:\n  lab:\n    auth_type: http_basic\n    password: {SECRET}\n    username: u\n    endpoint: {NOBODY}"),
        format!("clouds:\n  lab:\n    auth_type: token\n    token: {SECRET}\n    auth_url: {NOBODY}"),
        format!("clouds:\n  lab:\n    auth_type: token\n    token: \"{SECRET}\\n\"\n    auth_url: {NOBODY}"),
        format!("clouds:\n  lab:\n    auth_type: v3applicationcredential\n    application_credential_secret: {SECRET}\n    auth_url: {NOBODY}"),
        format!("clouds:\n  lab:\n    auth_type: none\n    endpoint: {NOBODY}\n    regions: [[{SECRET}]]"),
        format!("clouds:\n  lab:\n    auth_type: none\n    endpoint: {NOBODY}\n    verify: {SECRET}"),
        format!("clouds:\n  lab:\n    auth_type: {SECRET}\n    auth_url: {NOBODY}"),
        format!("clouds:\n  lab:\n    auth_type: password\n    profile: {SECRET}"),
    ]);
    for clouds in &clouds {
        let desk = Desk::new();
        fs::write(desk.directory.path().join("clouds.yaml"), clouds).unwrap();
        for log in [&[][..], &LOUD] {
            assert_failure(&desk.deploy(&[&["--os-cloud", "lab"], log].concat()).output().unwrap(), clouds);
        }
    }
}

fn messages_about_the_environment_show_no_credentials() {
    let credentials = [("OS_USER_ID", "u"), ("OS_PASSWORD", SECRET), ("OS_AUTH_URL", NOBODY)];
    let with_secret = [
        format!("http://u:{SECRET}@127.0.0.1:1"),
        format!("http://u:{SECRET}@"),
        format!("http://127.0.0.1:{SECRET}/"),
    ];
    let desk = Desk::new();
    fs::write(
        desk.directory.path().join("pem"),
        format!("-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"),
    )
    .unwrap();
    for log in [&[][..], &LOUD] {
        let assert = |command: &mut Command, place: &str| assert_failure(&command.output().unwrap(), place);
        assert(desk.deploy(log).envs(credentials), "no server");
        assert(desk.deploy(log).envs(credentials).env_remove("OS_USER_ID"), "no user");
        assert(desk.deploy(log).envs(credentials).env_remove("OS_AUTH_URL"), "no URL");
        assert(
            desk.deploy(log).envs(credentials).env("OS_AUTH_TYPE", "v3token").env("OS_TOKEN", format!("{SECRET}\n")),
            "token",
        );
        for url in &with_secret {
            assert(desk.deploy(log).envs(credentials).env("OS_AUTH_URL", url), url);
            assert(&mut desk.deploy(&[&["--endpoint", url], log].concat()), url);
            for proxy in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
                assert(desk.deploy(&[&["--endpoint", "http://192.0.2.1:1"], log].concat()).env(proxy, url), proxy);
            }
        }
        for file in ["OS_CACERT", "OS_CERT"] {
            assert(desk.deploy(log).envs(credentials).env(file, "pem"), file);
        }
        // Other clients have this option.
        assert(&mut desk.deploy(&[&["--os-password", SECRET], log].concat()), "--os-password");
        assert(&mut desk.deploy(&[&[&*format!("--os-password={SECRET}")], log].concat()), "--os-password=");
    }
}

fn messages_show_no_tokens() {
    for answer in [
        "HTTP/1.1 201 Created",
        "HTTP/1.1 500 Internal Server Error",
        "HTTP/1.1 302 Found\r\nLocation: http://u:s3cr3t-word7@127.0.0.1:1/?token=s3cr3t-word7",
        "HTTP/1.1 201 Created\r\nLocation: \x01",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                _ = stream.read(&mut [0; 4096]);
                let body = format!("{{\"token\": \"{SECRET}\"");
                _ = write!(
                    stream,
                    "{answer}\r\nX-Subject-Token: {SECRET}\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        let desk = Desk::new();
        let credentials = [("OS_USER_ID", "u"), ("OS_PASSWORD", SECRET), ("OS_AUTH_URL", &url)];
        assert_failure(&desk.deploy(&LOUD).envs(credentials).output().unwrap(), answer);
    }
}

/// No server listens here.
const NOBODY: &str = "http://127.0.0.1:1";

const LOUD: [&str; 4] = ["--log-format", "json", "--log-level", "trace"];

/// A directory with a document, in which `deploy` runs.
struct Desk {
    directory: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { directory: directory() };
        let mut document = full();
        document["admin_pass"] = SECRET.into();
        fs::write(desk.directory.path().join("document"), document.to_string()).unwrap();
        desk
    }

    fn deploy(&self, arguments: &[&str]) -> Command {
        let mut command = configdrive(&["deploy", "node", "-i", "document", "--timeout", "1"]);
        command.args(arguments).current_dir(self.directory.path());
        command
    }
}

fn full() -> Value {
    serde_json::from_str(include_str!("../golden/full/document.json")).unwrap()
}

/// Returns the command with its own environment.
fn configdrive(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configdrive"));
    command.args(arguments).env_clear().envs([
        ("HOME", "/nonexistent"),
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "1"),
    ]);
    command.stdin(Stdio::null());
    command
}

#[track_caller]
fn assert_failure(output: &Output, place: &str) {
    assert!(!output.status.success(), "{place}: {output:?}");
    assert_discreet(&printed(output), place);
}

fn printed(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream)).concat()
}

/// Checks that a message shows neither the secret nor its base64, at whatever offset it was encoded.
#[track_caller]
fn assert_discreet(text: &str, place: &str) {
    // A part of the secret is still secret.
    assert!(!text.contains(SECRET.split_at(6).0), "{place}: {text}");
    for before in ["", "x", "xx"] {
        let encoded = STANDARD.encode(format!("{before}{SECRET}"));
        assert!(!text.contains(encoded.get(4..12).unwrap()), "{place}: {text}");
    }
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}
