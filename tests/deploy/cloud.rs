//! Clouds: Ironic with a real Keystone and a real Swift that stores the drives, and Ironic with HTTP basic authentication, which
//! stores the drives in its database.

use std::{
    fs,
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive_support::below;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    desk::{Desk, LOOPBACK, REFUSED, UNREACHABLE, USAGE, failure, success},
    lab::{ask, ironic_py, serve},
};

// Where Ironic stores the drive, and what its agent makes of it. The first test takes longest, so it starts first.

#[test]
fn a_drive_in_swift_is_the_text_that_was_sent_until_it_expires() {
    let lab = keystone();
    let node = lab.enroll("in-swift", &[]);
    let desk = Desk::new();
    let before = now();
    success(run(desk.command(&["in-swift", "--wait"]).envs(lab.login("owner"))));
    let after = now();

    let [account, url] = [lab.text("/account"), &lab.stored(&node)];
    let object = format!("{account}/ironic_configdrive_container/configdrive-{node}");
    assert!(url.starts_with(&format!("{object}?temp_url_sig=")), "{url}");
    let (status, headers, body) = ask(Method::GET, url, &[], None);
    assert_eq!((status, &body), (200, &pack(&desk)));
    let lifetime = lab.known["temp_url_duration"].as_u64().unwrap();
    let expiry: u64 = headers["X-Delete-At"].to_str().unwrap().parse().unwrap();
    assert!((before + lifetime..=after + lifetime).contains(&expiry), "{expiry} is not {before} + {lifetime}");
    assert_eq!(the_agent_writes(&desk, url), image_of(&body));

    // The object itself expires, not only the URL: the owner of the account no longer sees it either.
    let head = || ask(Method::HEAD, &object, &[("X-Auth-Token", &lab.token("/auth_url", "ironic"))], None).0;
    assert_eq!(head(), 200);
    until("the drive has expired", || head() == 404);
    assert!(now() >= expiry);
}

#[test]
fn the_agent_writes_the_drive_that_is_in_the_database() {
    let lab = http_basic();
    let node = lab.enroll("in-the-database", &[]);
    let desk = Desk::new();
    success(run(desk.command(&["in-the-database", "--wait"]).envs(lab.basic())));
    let text = lab.stored(&node);
    assert_eq!(text, pack(&desk));
    assert_eq!(the_agent_writes(&desk, &text), image_of(&text));
}

// Authentication and authorization.

#[test]
fn a_password_is_read_from_secure_yaml() {
    let lab = keystone();
    let node = lab.enroll("by-secure-yaml", &[]);
    let desk = Desk::new();
    let clouds = json!({"clouds": {"lab": {
        "region_name": lab.text("/region"),
        "auth": {
            "auth_url": lab.text("/auth_url"), "username": "owner", "project_name": lab.text("/users/owner/project"),
            "user_domain_name": "Default", "project_domain_id": "default",
        },
    }}});
    // JSON is YAML.
    fs::write(desk.directory.path().join("clouds.yaml"), clouds.to_string()).unwrap();
    let secure = json!({"clouds": {"lab": {"auth": {"password": lab.text("/users/owner/password")}}}});
    fs::write(desk.directory.path().join("secure.yaml"), secure.to_string()).unwrap();
    for (option, variable) in [(&["--os-cloud", "lab"][..], None), (&[], Some(("OS_CLOUD", "lab")))] {
        let mut command = desk.command(&["by-secure-yaml", "--dry-run"]);
        command.args(option).envs(variable).current_dir(desk.directory.path());
        assert!(success(run(&mut command)).contains(&node));
    }
}

#[test]
fn an_application_credential_can_deploy() {
    let lab = keystone();
    let node = lab.enroll("by-application-credential", &[]);
    let desk = Desk::new();
    let mut command = desk.command(&["by-application-credential"]);
    command.arg("--wait").envs([
        ("OS_AUTH_TYPE", "v3applicationcredential"),
        ("OS_AUTH_URL", lab.text("/auth_url")),
        ("OS_REGION_NAME", lab.text("/region")),
        ("OS_APPLICATION_CREDENTIAL_ID", lab.text("/application_credential/id")),
        ("OS_APPLICATION_CREDENTIAL_SECRET", lab.text("/application_credential/secret")),
    ]);
    success(run(&mut command));
    assert_eq!(lab.state(&node), "active");
}

#[test]
fn a_token_can_deploy() {
    let lab = keystone();
    let node = lab.enroll("by-token", &[]);
    let token = lab.token("/auth_url", "owner");
    let desk = Desk::new();
    let mut command = desk.command(&["by-token"]);
    command.arg("--wait").envs([
        ("OS_AUTH_TYPE", "token"),
        ("OS_AUTH_URL", lab.text("/auth_url")),
        ("OS_REGION_NAME", lab.text("/region")),
        ("OS_TOKEN", &token),
        ("OS_PROJECT_ID", lab.text("/users/owner/project_id")),
    ]);
    success(run(&mut command));
    assert_eq!(lab.state(&node), "active");
}

#[test]
fn a_token_that_expires_while_waiting_is_renewed() {
    let lab = keystone();
    let node = lab.enroll("patient", &["--waiting"]);
    let desk = Desk::new();
    let mut command = desk.command(&["patient"]);
    command.arg("--wait").envs(lab.login("owner")).env("OS_AUTH_URL", lab.text("/auth_url_short_lived"));
    let waiting = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("the node waits for its agent", || lab.state(&node) == "wait call-back");
    // This token is younger than the command's first one, so when it has expired, the command's has too.
    let younger = lab.token("/auth_url_short_lived", "owner");
    until("a token has expired", || lab.get(&node, &younger).0 == 401);
    ironic_py(&["finish", "patient", "--database", lab.text("/database")]);
    let output = success(guarded(waiting.wait_with_output().unwrap()));
    assert_eq!(output.lines().last(), Some("node patient is active"));
}

#[test]
fn the_most_verbose_log_contains_no_secret() {
    let lab = keystone();
    let node = lab.enroll("logged", &[]);
    let desk = Desk::new();
    let mut command = desk.command(&["logged", "--wait", "--log-format", "json", "--log-level", "trace"]);
    let output = run(command.envs(lab.login("owner")));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && log.contains(&node), "{log}");
    assert!(!log.contains(pack(&desk).split_at(40).0), "the log contains the drive");
}

#[test]
fn a_wrong_password_is_refused() {
    let lab = keystone();
    let desk = Desk::new();
    let mut command = desk.command(&["any"]);
    let (code, error) = failure(run(command.envs(lab.login("owner")).env("OS_PASSWORD", "planted-guess")));
    let url = lab.text("/auth_url");
    assert!(error.starts_with(&format!("Keystone at {url} refused the login with 401: ")), "{error}");
    assert_eq!(code, REFUSED);

    let lab = http_basic();
    let mut command = desk.command(&["any"]);
    let (code, error) = failure(run(command.envs(lab.basic()).env("OS_PASSWORD", "planted-guess")));
    assert!(error.contains("Ironic answered 401"), "{error}");
    assert_eq!(code, REFUSED);
}

#[test]
fn a_role_that_only_reads_is_refused_with_ironics_reason() {
    let lab = keystone();
    let node = lab.enroll("read-only", &[]);
    let (code, error) = failure(run(Desk::new().command(&["read-only"]).envs(lab.login("reader"))));
    assert!(
        error.contains("Ironic answered 403: Access was denied to the following resource: baremetal:node:"),
        "{error}"
    );
    assert_eq!(code, REFUSED);
    assert_eq!(lab.state(&node), "available");
}

#[test]
fn a_node_of_another_project_does_not_exist() {
    let lab = keystone();
    let node = lab.enroll("foreign", &[]);
    let (code, error) = failure(run(Desk::new().command(&["foreign"]).envs(lab.login("stranger"))));
    assert_eq!(error, "cannot look up node foreign: Ironic answered 404: Node foreign could not be found");
    assert_eq!(code, REFUSED);
    assert_eq!(lab.state(&node), "available");
}

// The endpoint of Ironic.

/// So a rebuild whose answer was lost cannot be told from somebody else's: "What cannot be decided" in docs/reference/deploy.md.
#[test]
fn what_ironic_shows_of_a_rebuild_does_not_identify_the_request() {
    let lab = keystone();
    let node = lab.enroll("rebuilt-by-anyone", &[]);
    let mut desk = Desk::new();
    success(run(desk.command(&["rebuilt-by-anyone", "--wait"]).envs(lab.login("owner"))));
    let token = lab.token("/auth_url", "owner");
    let get = |path: &str| serde_json::from_str::<Value>(&lab.get(path, &token).1).unwrap();
    let without = |mut shown: Value, names: &[&str]| {
        shown.as_object_mut().unwrap().retain(|name, _| !names.contains(&name.as_str()));
        shown
    };
    let mut rebuilds = Vec::new();
    for request in ["req-11111111-1111-4111-8111-111111111111", "req-22222222-2222-4222-8222-222222222222"] {
        desk.edit_member("availability_zone", request);
        let known = get(&format!("{node}/history"))["history"].as_array().unwrap().len();
        let body = json!({"target": "rebuild", "configdrive": pack(&desk)});
        let headers = [
            ("X-Auth-Token", token.as_str()),
            ("X-OpenStack-Ironic-API-Version", "1.115"),
            ("X-OpenStack-Request-ID", request),
        ];
        let url = format!("{}/v1/nodes/{node}/states/provision", lab.text("/endpoint"));
        assert_eq!(ask(Method::PUT, &url, &headers, Some(&body)).0, 202);
        until("the node is active again", || {
            let node = get(&node);
            node["provision_state"] == "active" && node["reservation"].is_null()
        });
        let history = get(&format!("{node}/history?detail=True"))["history"].as_array().unwrap()[known..].to_vec();
        // The user is sometimes that of another request, which Ironic's conductor served at the same time.
        let volatile = ["uuid", "links", "created_at", "duration_seconds", "user"];
        let history: Vec<_> = history.into_iter().map(|event| without(event, &volatile)).collect();
        assert!(!history.is_empty());
        rebuilds.push((without(get(&node), &["updated_at", "provision_updated_at"]), history));
    }
    assert_eq!(rebuilds[0], rebuilds[1]);
}

#[test]
fn the_region_and_the_interface_choose_the_endpoint() {
    let lab = keystone();
    lab.enroll("chosen", &[]);
    let desk = Desk::new();
    let with =
        |arguments: &[&str]| run(desk.command(&["chosen", "--dry-run"]).envs(lab.login("owner")).args(arguments));
    let endpoint = lab.text("/endpoint");
    assert!(success(with(&[])).contains(&format!("PUT {endpoint}/v1/nodes/")));
    let internal = endpoint.replace("127.0.0.1", "localhost");
    assert!(success(with(&["--os-interface", "internal"])).contains(&format!("PUT {internal}/v1/nodes/")));

    // In the other region the catalogue has an endpoint where nothing listens.
    let (code, error) = failure(with(&["--os-region-name", lab.text("/other_region")]));
    assert!(error.contains("Ironic at http://127.0.0.1:9") && code == UNREACHABLE, "{code}: {error}");
    assert!(success(with(&["--os-region-name", lab.text("/other_region"), "--endpoint", endpoint])).contains(endpoint));

    let (code, error) = failure(with(&["--os-region-name", "nowhere"]));
    assert!(error.starts_with("the catalogue has no ") && error.contains("nowhere"), "{error}");
    assert_eq!(code, USAGE);
}

/// Running services, and what `ironic.py serve` printed about them.
pub struct Lab {
    /// Its standard input is a pipe; closing it stops the server.
    _server: Child,
    known: Value,
    /// Arguments that let `enroll` act as an operator.
    operator: Vec<String>,
}

pub fn keystone() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(|| {
        let (server, known) = serve(&["--auth-strategy", "keystone"]);
        let [auth_url, owner] =
            ["/auth_url", "/users/owner/project_id"].map(|pointer| text(&known, pointer).to_owned());
        let operator = ["--auth-url".into(), auth_url, "--owner".into(), owner].into();
        Lab { _server: server, known, operator }
    })
}

fn http_basic() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(|| {
        let (server, known) = serve(&["--auth-strategy", "http_basic"]);
        Lab { _server: server, known, operator: vec!["--http-basic".into()] }
    })
}

impl Lab {
    fn text(&self, pointer: &str) -> &str {
        text(&self.known, pointer)
    }

    /// Enrols a node of the project `tenant` and returns its UUID.
    pub fn enroll(&self, name: &str, arguments: &[&str]) -> String {
        let operator: Vec<_> = self.operator.iter().map(String::as_str).collect();
        let endpoint = ["--endpoint", self.text("/endpoint")];
        let node = ironic_py(&[&["enroll", name], &endpoint[..], &operator, arguments].concat());
        text(&serde_json::from_str(&node).unwrap(), "/uuid").to_owned()
    }

    /// Returns the variables for a login at Keystone by password.
    pub fn login(&self, user: &str) -> Vec<(&'static str, String)> {
        let of_user = |member: &str| self.text(&format!("/users/{user}/{member}")).to_owned();
        vec![
            ("OS_AUTH_URL", self.text("/auth_url").into()),
            ("OS_REGION_NAME", self.text("/region").into()),
            ("OS_USERNAME", user.into()),
            ("OS_PASSWORD", of_user("password")),
            ("OS_PROJECT_NAME", of_user("project")),
            ("OS_USER_DOMAIN_ID", "default".into()),
            ("OS_PROJECT_DOMAIN_NAME", "Default".into()),
        ]
    }

    /// Returns the variables for HTTP basic authentication as the operator.
    fn basic(&self) -> [(&str, &str); 4] {
        let [endpoint, username, password] = ["/endpoint", "/username", "/password"].map(|pointer| self.text(pointer));
        let login = [("OS_USERNAME", username), ("OS_PASSWORD", password)];
        [("OS_AUTH_TYPE", "http_basic"), ("OS_ENDPOINT", endpoint), login[0], login[1]]
    }

    /// Fetches a token without using this project's code.
    fn token(&self, auth_url: &str, user: &str) -> String {
        let of_user = |member: &str| self.text(&format!("/users/{user}/{member}"));
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {
                "user": {"id": of_user("id"), "password": of_user("password")},
            }},
            "scope": {"project": {"id": of_user("project_id")}},
        }});
        let (status, headers, body) =
            ask(Method::POST, &format!("{}/auth/tokens", self.text(auth_url)), &[], Some(&body));
        assert_eq!(status, 201, "{body}");
        headers["X-Subject-Token"].to_str().unwrap().to_owned()
    }

    fn get(&self, node: &str, token: &str) -> (u16, String) {
        let headers = [("X-Auth-Token", token), ("X-OpenStack-Ironic-API-Version", "1.115")];
        let (status, _, body) =
            ask(Method::GET, &format!("{}/v1/nodes/{node}", self.text("/endpoint")), &headers, None);
        (status, body)
    }

    pub fn state(&self, node: &str) -> String {
        static TOKEN: OnceLock<String> = OnceLock::new();
        let (status, body) = self.get(node, TOKEN.get_or_init(|| self.token("/auth_url", "owner")));
        assert_eq!(status, 200, "{body}");
        text(&serde_json::from_str(&body).unwrap(), "/provision_state").to_owned()
    }

    /// Returns what Ironic stores for the agent: the drive or its URL.
    pub fn stored(&self, node: &str) -> String {
        ironic_py(&["stored", node, "--database", self.text("/database")])
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} is missing"))
}

fn run(command: &mut Command) -> Output {
    guarded(command.output().unwrap())
}

/// Returns the output after checking that it contains no secret. All passwords start with `planted-`, and Keystone's tokens with
/// `gAAAA`.
fn guarded(output: Output) -> Output {
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(bytes);
        for secret in ["planted-", "gAAAA", STANDARD.encode("operator:planted-").split_at(20).0] {
            assert!(!text.contains(secret), "the output contains {secret}");
        }
    }
    output
}

/// Returns what `pack` makes of the document for a node without ports.
fn pack(desk: &Desk) -> String {
    let mut command = desk.pack_command();
    for list in ["ports", "portgroups"] {
        let file = desk.directory.path().join(list);
        fs::write(&file, json!({list: []}).to_string()).unwrap();
        command.arg(format!("--{list}")).arg(file);
    }
    success(command.output().unwrap())
}

pub fn image_of(text: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let [packed, image] = ["text", "image"].map(|name| directory.path().join(name));
    fs::write(&packed, STANDARD.decode(text).unwrap()).unwrap();
    let status = Command::new("sh").args(["-c", "gzip -dc <\"$0\" >\"$1\""]).args([&packed, &image]).status().unwrap();
    assert!(status.success());
    fs::read(image).unwrap()
}

/// Returns what the agent's own code writes to a partition, given what Ironic stores for it.
///
/// This runs `create_config_drive_partition` of ironic-python-agent with a file as the partition: it downloads, unpacks, measures and
/// writes with dd. The steps that need a disk and root are replaced: the agent is told that the partition exists, as when a node is
/// deployed again, and that the kernel can mount what was written. So this does not test the agent's last resort, which is to rebuild
/// the drive as FAT if the kernel cannot mount it.
fn the_agent_writes(desk: &Desk, configdrive: &str) -> Vec<u8> {
    let [stored, partition] = ["stored", "partition"].map(|name| desk.directory.path().join(name));
    fs::write(&stored, configdrive).unwrap();
    let mut python = Command::new(below("target/readers/venv/bin/python"));
    python.arg(below("tests/readers/read.py")).arg("agent-writes").args([&stored, &partition]);
    python.envs([("NO_PROXY", LOOPBACK), ("no_proxy", LOOPBACK), ("PYTHONDONTWRITEBYTECODE", "1")]);
    let output = python.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).expect("the agent's answer as JSON");
    assert_eq!(found["errors"], json!({}));
    fs::read(partition).unwrap()
}

pub fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(240);
    while !condition() {
        assert!(Instant::now() < deadline, "timed out waiting: {what}");
        thread::sleep(Duration::from_millis(200));
    }
}

/// Returns the seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
