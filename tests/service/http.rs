//! The service under two engines, `wasmtime serve` and `jco serve`: it gives the native command's answers, follows HTTP's rules,
//! withstands hostile clients, and matches its OpenAPI document.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
    thread,
};

use configdrive_support::golden;
use serde_json::{Value, json};

use crate::{
    engine::{self, Answer, engines, under_wasmtime, under_wasmtime_with_limits},
    wasmtime,
};

const DOCUMENT: &str = r#"{
    "instance": {"uuid": "8b5d4c3e-0000-4000-8000-000000000001", "hostname": "m", "config_drive": true,
                 "ec2_ids": {"instance_id": "i-1"}},
    "network_data": {},
    "random_seed": "c2VlZA=="
}"#;

#[test]
fn golden_documents_give_the_native_commands_answers() {
    for engine in engines() {
        for case in golden::all() {
            let options = case.expected.options.flags();
            for verb in ["required-by", "pack"] {
                let flags = options.iter().map(|(name, value)| format!("--{name}={value}"));
                let native = native(&[verb.to_owned()].into_iter().chain(flags).collect::<Vec<_>>(), &case.document);
                let accepts = |name: &str| (name == "force-config-drive") == (verb == "required-by");
                let options = options.iter().filter(|(name, _)| accepts(name));
                let query: Vec<_> = options.map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
                let answer = engine.post(
                    &format!("/v1/{verb}?{}", query.join("&")),
                    "application/json",
                    case.document.as_bytes(),
                );
                match (native, verb) {
                    (Ok(text), "pack") => {
                        assert!(answer.status == 200 && answer.text() == text, "{}: {answer:?}", case.name)
                    }
                    (Ok(text), _) => {
                        assert_eq!(
                            answer.json(),
                            json!({"required": text.trim_end().parse::<bool>().unwrap()}),
                            "{}",
                            case.name
                        );
                    }
                    // The command puts the input's name in front of the message.
                    (Err(error), _) => {
                        assert!((400..500).contains(&answer.status), "{}: {answer:?}", case.name);
                        let message = case.expected.refused.as_deref().unwrap_or(&error);
                        assert_eq!(answer.json()["detail"], message, "{}", case.name);
                    }
                }
            }
        }
    }
}

#[test]
fn a_drive_survives_the_round_trip() {
    for engine in engines() {
        // jco takes a quarter of a second per MiB.
        let size = if engine.name == "jco" { 1 << 20 } else { 64 << 20 };
        let options = format!("format=vfat&size={size}");
        let image = engine.post(&format!("/v1/build-drive?{options}"), "application/json", DOCUMENT.as_bytes());
        let of = |answer: &Answer| (answer.status, answer.header("content-type").map(str::to_owned));
        assert_eq!(of(&image), (200, Some("application/octet-stream".to_owned())), "{}", engine.name);
        assert_eq!(image.body.len(), size, "{}", engine.name);
        let text = engine.post(&format!("/v1/pack?{options}"), "application/json", DOCUMENT.as_bytes());
        assert_eq!(of(&text), (200, Some("text/plain".to_owned())), "{}", engine.name);
        let of_image = engine.post("/v1/inspect", "application/octet-stream", &image.body);
        assert_eq!(of_image.json()["label"], "config-2", "{}", engine.name);
        let of_text = engine.post("/v1/inspect", "text/plain; charset=us-ascii", &text.body);
        assert_eq!(of_image.body, of_text.body, "{}", engine.name);
        let native = native(&["inspect", "-", "--json"], text.text()).unwrap();
        assert_eq!(of_text.text(), native.trim_end(), "{}", engine.name);
    }
}

#[test]
fn findings_match_the_native_command() {
    let document = r#"{"files": [{"path": "a", "contents": ""}]}"#;
    let (native, _) = run_native(&["check", "--json"], document);
    let native: Value = serde_json::from_str(&native).unwrap();
    for engine in engines() {
        let drive = engine.post("/v1/pack", "application/json", document.as_bytes());
        for (media, body) in [("application/json", document.as_bytes()), ("text/plain", &drive.body)] {
            let answer = engine.post("/v1/check", media, body);
            let expected = json!({"findings": native, "not_checked": ["four-k-disks"]});
            assert_eq!(answer.json(), expected, "{}: {media}", engine.name);
        }
    }
}

#[test]
fn findings_are_selected_as_with_the_native_command() {
    let document = r#"{"meta_data": {"uuid": "1", "hostname": "a", "name": "b"}, "network_data": {"links": []}}"#;
    for engine in engines() {
        let drive = engine.post("/v1/pack?format=vfat", "application/json", document.as_bytes()).body;
        for (query, options, not_checked) in [
            ("for=cloud-init", &["--for", "cloud-init"][..], &["flat-or-neutron", "four-k-disks"][..]),
            ("for=glean,4kn", &["--for", "glean,4kn"], &["flat-or-neutron"]),
            ("for=", &[], &["flat-or-neutron", "four-k-disks"]),
            ("for=4kn,neutron&all=false", &["--for", "4kn", "--for", "neutron"], &[]),
            ("all=true", &["--all"], &[]),
        ] {
            let (native, _) = run_native(&[&["check", "--json", "--format", "vfat"], options].concat(), document);
            let native: Value = serde_json::from_str(&native).unwrap();
            for (media, format, body) in
                [("application/json", "&format=vfat", document.as_bytes()), ("text/plain", "", &drive)]
            {
                let answer = engine.post(&format!("/v1/check?{query}{format}"), media, body);
                let expected = json!({"findings": native, "not_checked": not_checked});
                assert_eq!(answer.json(), expected, "{}: {query} {media}", engine.name);
            }
        }
    }
}

#[test]
fn a_document_can_be_yaml() {
    let yaml = "meta_data: {uuid: '1', hostname: a, name: a}\nuser_data: |\n  #!/bin/sh\n";
    let json = r##"{"meta_data": {"uuid": "1", "hostname": "a", "name": "a"}, "user_data": "#!/bin/sh\n"}"##;
    for engine in engines() {
        for verb in ["required-by", "pack", "build-drive", "check"] {
            let post = |media: &str, document: &str| engine.post(&format!("/v1/{verb}"), media, document.as_bytes());
            let (in_yaml, in_json) = (post("application/yaml", yaml), post("application/json", json));
            assert_eq!((in_yaml.status, in_yaml.body), (200, in_json.body), "{}: {verb}", engine.name);
        }
        let refused = engine.post("/v1/pack", "application/yaml", b"meta_data:\n  reboot: yes\n");
        assert_eq!((refused.status, &refused.json()["pointer"]), (422, &json!("/meta_data/reboot")), "{}", engine.name);
    }
}

#[test]
fn health_openapi_document_and_schema_are_served() {
    for engine in engines() {
        for (path, media) in [
            ("/healthz", "application/json"),
            ("/v1/openapi.json", "application/json"),
            ("/v1/schema", "application/schema+json"),
        ] {
            let get = engine.send("GET", path, &[], b"");
            assert_eq!((get.status, get.header("content-type")), (200, Some(media)), "{}: {path}", engine.name);
            let head = engine.send("HEAD", path, &[], b"");
            assert_eq!((head.status, head.body.len()), (200, 0), "{}: {path}", engine.name);
            assert_eq!(
                head.header("content-length"),
                Some(get.body.len().to_string().as_str()),
                "{}: {path}",
                engine.name
            );
        }
        assert_eq!(engine.send("GET", "/v1/schema", &[], b"").text(), configdrive_host::DOCUMENT_SCHEMA);
    }
}

#[test]
fn an_invalid_request_is_answered_with_a_problem_document() {
    let json = ("content-type", "application/json");
    let document = DOCUMENT.as_bytes();
    let cases: &[Refused] = &[
        ("GET", "/", &[], b"", 404, "not-found"),
        ("POST", "/v1/pack/", &[json], document, 404, "not-found"),
        ("GET", "/v1/pack", &[], b"", 405, "method-not-allowed"),
        ("POST", "/healthz", &[json], b"{}", 405, "method-not-allowed"),
        ("DELETE", "/v1/schema", &[], b"", 405, "method-not-allowed"),
        ("POST", "/v1/pack", &[json, ("accept", "application/json")], document, 406, "not-acceptable"),
        ("POST", "/v1/pack", &[json, ("accept", "text/plain;q=0, */*")], document, 406, "not-acceptable"),
        ("POST", "/v1/pack", &[], document, 415, "unsupported-media-type"),
        (
            "POST",
            "/v1/pack",
            &[("content-type", "application/x-www-form-urlencoded")],
            document,
            415,
            "unsupported-media-type",
        ),
        ("POST", "/v1/pack", &[json, ("content-encoding", "gzip")], document, 415, "unsupported-media-type"),
        ("POST", "/v1/pack?formats=vfat", &[json], document, 400, "invalid-option"),
        ("POST", "/v1/pack?format=ext4", &[json], document, 400, "invalid-option"),
        ("POST", "/v1/pack?format=vfat&format=vfat", &[json], document, 400, "invalid-option"),
        ("POST", "/v1/pack?size=-1", &[json], document, 400, "invalid-option"),
        ("POST", "/v1/pack?vendordata-providers=NoSuch", &[json], document, 400, "invalid-option"),
        ("POST", "/v1/inspect?format=vfat", &[("content-type", "text/plain")], b"", 400, "invalid-option"),
        ("POST", "/v1/pack?for=glean", &[json], document, 400, "invalid-option"),
        ("POST", "/v1/check?for=cirros", &[json], document, 400, "invalid-option"),
        ("POST", "/v1/check?for=glean&all=true", &[json], document, 400, "invalid-option"),
        ("POST", "/v1/check?all=yes", &[json], document, 400, "invalid-option"),
        ("POST", "/v1/check?format=vfat", &[("content-type", "text/plain")], b"", 400, "invalid-option"),
        ("POST", "/v1/pack", &[json], b"", 422, "invalid-document"),
        ("POST", "/v1/pack", &[json], b"{\"\xff\"", 422, "invalid-document"),
        ("POST", "/v1/pack", &[json], br#"{"instance": {"uuid": 5}, "network_data": {}}"#, 422, "invalid-document"),
        ("POST", "/v1/inspect", &[("content-type", "text/plain")], b"no drive", 422, "invalid-drive"),
    ];
    for engine in engines() {
        for (method, target, headers, body, status, code) in cases {
            let answer = engine.send(method, target, headers, body);
            let place = format!("{}: {method} {target}", engine.name);
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (*status, Some("application/problem+json")),
                "{place}"
            );
            let problem = answer.json();
            assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{place}: {problem}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(
                (10..=400).contains(&detail.chars().count()) && !detail.contains(char::is_control),
                "{place}: {detail}"
            );
            let allow = (*status == 405).then_some(if target.contains("pack") { "POST" } else { "GET, HEAD" });
            assert_eq!(answer.header("allow"), allow, "{place}");
        }
        let answer = engine.post("/v1/pack", "application/json", br#"{"instance": {"uuid": 5}, "network_data": {}}"#);
        assert_eq!(answer.json()["pointer"], "/instance/uuid", "{}", engine.name);
        for accept in ["text/plain", "text/*", "*/*;q=0.1", "application/json, text/plain;q=0.5", "", "nonsense"] {
            let answer = engine.send("POST", "/v1/pack", &[json, ("accept", accept)], document);
            assert_eq!(answer.status, 200, "{}: {accept}", engine.name);
        }
    }
}

/// Method, target, headers and body; status and code.
type Refused<'c> = (&'c str, &'c str, &'c [(&'c str, &'c str)], &'c [u8], u16, &'c str);

#[test]
fn a_body_over_the_limit_is_refused_with_or_without_an_announced_length() {
    const LIMIT: usize = 96 << 20;
    let engine = under_wasmtime();
    let mut announced = engine.connect();
    let head = format!(
        "POST /v1/pack HTTP/1.1\r\nhost: s\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        LIMIT + 1
    );
    announced.write_all(head.as_bytes()).unwrap();
    let answer = engine::read_answer(announced);
    assert_eq!((answer.status, &answer.json()["code"]), (413, &json!("content-too-large")));

    let mut chunked = engine.connect();
    chunked.write_all(b"POST /v1/pack HTTP/1.1\r\nhost: s\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
    let chunk = [b"100000\r\n", &vec![b' '; 1 << 20][..], b"\r\n"].concat();
    for _ in 0..=LIMIT >> 20 {
        // The service closes the connection at the limit.
        if chunked.write_all(&chunk).is_err() {
            break;
        }
    }
    let answer = engine::read_answer(chunked);
    assert_eq!((answer.status, &answer.json()["code"]), (413, &json!("content-too-large")));
}

#[test]
fn hostile_bodies_get_an_answer_and_harm_nobody() {
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let wide = format!("{{\"instance\": {{{}}}}}", vec!["\"a\": 1"; 100_000].join(","));
    let bodies: &[&[u8]] = &[
        b"\0",
        b"null",
        b"1e999999",
        b"\"\\ud800\"",
        deep.as_bytes(),
        wide.as_bytes(),
        &[0xff; 65536],
        &[0x1f, 0x8b, 8, 0],
        br#"{"files": [{"path": "../../etc/passwd", "contents": ""}]}"#,
        br#"{"files": [{"path": "a\u0000", "contents": "%"}]}"#,
    ];
    for engine in engines() {
        for body in bodies {
            for (path, media) in [
                ("/v1/required-by", "application/json"),
                ("/v1/pack?format=vfat", "application/json"),
                ("/v1/build-drive", "application/json"),
                ("/v1/check", "application/json"),
                ("/v1/check", "application/octet-stream"),
                ("/v1/inspect", "text/plain"),
            ] {
                let answer = engine.post(path, media, body);
                let problem = (400..500).contains(&answer.status) && answer.json()["detail"].is_string();
                assert!(
                    problem || path == "/v1/required-by" && answer.status == 200,
                    "{}: {path}: {answer:?}",
                    engine.name
                );
            }
        }
        // Clients that hang up, or do not speak HTTP.
        for bytes in [
            &b"POST /v1/pack HTTP/1.1\r\nhost: s\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"[..],
            b"POST /v1/pack HTTP/1.1\r\nhost: s\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            b"\x16\x03\x01\0",
            b"GET /v1/%zz?\xff HTTP/1.1\r\nhost: s\r\n\r\n",
        ] {
            let _ = engine.connect().write_all(bytes);
        }
        assert_eq!(engine.send("GET", "/healthz", &[], b"").status, 200, "{}", engine.name);
    }
}

#[test]
fn hundreds_of_requests_at_once_get_their_own_answers() {
    for engine in engines() {
        let expected = |host: usize| native(&["pack"], &DOCUMENT.replace("\"m\"", &format!("\"m{host}\""))).unwrap();
        let expected: Vec<_> = (0..4).map(expected).collect();
        thread::scope(|scope| {
            for client in 0..300 {
                let (engine, expected) = (&engine, &expected);
                scope.spawn(move || {
                    let host = client % 4;
                    let document = DOCUMENT.replace("\"m\"", &format!("\"m{host}\""));
                    let answer = engine.post("/v1/pack", "application/json", document.as_bytes());
                    assert!(answer.status == 200 && answer.text() == expected[host], "{}: {answer:?}", engine.name);
                });
            }
        });
    }
}

/// 780 KB each, with 780,000 faults. Without a limit on findings, an answer took 191 MB and 1.5 GB of memory.
#[test]
fn documents_full_of_faults_are_answered_within_bounds() {
    const AT_ONCE: usize = 16;
    let links = vec!["{}"; 260_000].join(",");
    let document = format!(r#"{{"meta_data": {{}}, "network_data": {{"links": [{links}]}}}}"#);
    let engine = under_wasmtime_with_limits();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let answer = engine.post("/v1/check", "application/json", document.as_bytes());
                assert_eq!(answer.status, 200, "{}", answer.text());
                assert!(answer.body.len() < 100_000, "{} bytes", answer.body.len());
                let findings = &answer.json()["findings"];
                let incomplete = |finding: &&Value| finding["code"] == "incomplete-link";
                let last = findings.as_array().unwrap().iter().rfind(incomplete).unwrap();
                assert_eq!(last["message"], "519980 more places have the same fault and are not listed");
            });
        }
    });
    let peak = engine.peak_memory();
    println!("{AT_ONCE} documents of {} bytes: {} MiB", document.len(), peak >> 20);
    // docs/embedding.md states this bound.
    assert!(peak < 1 << 30, "{peak} bytes");
}

#[test]
fn a_document_without_a_seed_gets_one_from_the_engine() {
    let unseeded = DOCUMENT.replace("\"random_seed\"", "\"unknown\"");
    for engine in engines() {
        let pack = || engine.post("/v1/pack", "application/json", unseeded.as_bytes()).body;
        assert_ne!(pack(), pack(), "{}", engine.name);
    }
}

/// schemathesis generates valid and invalid requests from the document, and checks the answers against it.
#[test]
fn the_openapi_document_matches_the_service() {
    let engine = under_wasmtime();
    let tool = |name: &str| Command::new(wasmtime::home().join("venv/bin").join(name));
    let directory = tempfile::tempdir().unwrap();
    let document = directory.path().join("openapi.json");
    // openapi.json refers to the schema by a relative path.
    for name in ["openapi.json", "schema"] {
        fs::write(directory.path().join(name), engine.send("GET", &format!("/v1/{name}"), &[], b"").body).unwrap();
    }
    let valid = tool("openapi-spec-validator").arg("--schema").arg("3.1").arg(&document).output().unwrap();
    assert!(valid.status.success(), "{}", String::from_utf8_lossy(&valid.stdout));

    let output = tool("schemathesis")
        .args([
            "run",
            &format!("{}/v1/openapi.json", engine.url()),
            "--no-color",
            "--seed",
            "1",
            "--max-examples",
            "20",
        ])
        .args(["--phases", "examples,coverage,fuzzing", "--generation-database", "none"])
        .args(["--checks", CHECKS])
        .current_dir(&directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
    response_schema_conformance,unsupported_method";

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn native(arguments: &[impl AsRef<std::ffi::OsStr>], input: &str) -> Result<String, String> {
    let (stdout, stderr) = run_native(arguments, input);
    match stderr.strip_prefix("error: ") {
        Some(error) => Err(error.trim_end().to_owned()),
        None => Ok(stdout),
    }
}

/// Returns standard output and standard error.
fn run_native(arguments: &[impl AsRef<std::ffi::OsStr>], input: &str) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configdrive"));
    command.args(arguments).env_remove("SOURCE_DATE_EPOCH");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}
