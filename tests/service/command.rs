//! The component under wasmtime's command: its functions by `--invoke`, and composed with an adapter as a command.

use std::{
    fs,
    io::Write,
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Command, Output, Stdio},
    thread,
};

use configdrive_host::COMPONENT;
use configdrive_support::golden;

use crate::wasmtime::{self, wasmtime};

const DOCUMENT: &str = r#"{
    "instance": {"uuid": "8b5d4c3e-0000-4000-8000-000000000001", "hostname": "m", "config_drive": true,
                 "ec2_ids": {"instance_id": "i-1"}},
    "network_data": {},
    "random_seed": "c2VlZA=="
}"#;

const WITH_ERRORS: &str = r#"{"files": [{"path": "a", "contents": ""}]}"#;

#[test]
fn the_native_command_writes_the_components() {
    assert!(native(&["component"], b"").stdout == COMPONENT);
    for adapter in ["command", "service"] {
        let composed = native(&["component", "--adapter", adapter], b"").stdout;
        assert!(composed.windows(COMPONENT.len()).any(|part| part == COMPONENT), "{adapter}");
    }
}

#[test]
fn golden_documents_give_the_native_commands_answers() {
    let cases = golden::all();
    thread::scope(|scope| {
        for cases in cases.chunks(cases.len().div_ceil(2)) {
            scope.spawn(move || {
                for case in cases {
                    let flags = case.expected.options.flags();
                    let flags: Vec<_> = flags.iter().map(|(name, value)| format!("--{name}={value}")).collect();
                    for verb in ["required-by", "pack"] {
                        let arguments: Vec<_> = [verb].into_iter().chain(flags.iter().map(String::as_str)).collect();
                        assert_same(&case.name, &arguments, case.document.as_bytes());
                    }
                }
            });
        }
    });
}

#[test]
fn every_verb_and_error_matches_the_native_command() {
    let image = native(&["build"], DOCUMENT.as_bytes()).stdout;
    let text = native(&["pack"], DOCUMENT.as_bytes()).stdout;
    let document = DOCUMENT.as_bytes();
    let cases: &[(&[&str], &[u8], i32)] = &[
        (&["build", "--format", "vfat", "--size", "64MiB", "--sector-size", "4096"], document, 0),
        (
            &["build", "--source-date-epoch", "1700000000", "--dhcp-domain", "", "--skip-versions", "1.0 latest"],
            document,
            0,
        ),
        (&["pack", "--vendordata-providers", "DynamicJSON,StaticJSON"], document, 0),
        (&["encode"], &image, 0),
        (&["inspect", "-"], &image, 0),
        (&["inspect", "-", "--json"], &text, 0),
        (&["inspect", "-", "--cat", "openstack/latest/meta_data.json"], &text, 0),
        (&["check"], document, 0),
        (&["check", "-", "--json"], &text, 0),
        (&["check", "-", "--for", "glean,4kn"], &text, 0),
        (&["check", "-", "--for", "cirros"], &text, 2),
        (&["check", "--json"], WITH_ERRORS.as_bytes(), 9),
        (&["required-by", "--force-config-drive=false"], document, 0),
        (&["build", "--size", "64MB"], document, 2),
        (&["bulid"], b"", 2),
        (&["pack"], b"{", 3),
        (&["pack"], b"{\"\xff\": 1}", 3),
        (&["build", "--size", "1MiB"], document, 3),
        (&["inspect", "-"], b"no drive", 3),
        (&["inspect", "-", "--cat", "nothing"], &image, 3),
        (&["--version"], b"", 0),
    ];
    for (arguments, input, code) in cases {
        let output = assert_same("", arguments, input);
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {output:?}");
    }
}

#[test]
fn endless_input_ends_with_exit_code_4() {
    let mut endless = cli();
    let zeros = fs::File::open("/dev/zero").unwrap();
    let output = endless.args(["encode"]).stdin(zeros).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: standard input is larger than"), "{output:?}");
}

#[test]
fn a_document_without_a_seed_gets_one_from_the_engine() {
    let unseeded = DOCUMENT.replace("\"random_seed\"", "\"unknown\"");
    let build = || feed(cli().arg("build"), unseeded.as_bytes()).stdout;
    assert_ne!(build(), build());
}

#[test]
fn only_files_in_a_granted_directory_are_accessible() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("doc"), DOCUMENT).unwrap();
    let mut run = cli_with(&["--dir", "."]);
    let output = feed(run.current_dir(&directory).args(["build", "-i", "doc", "-o", "img"]), b"");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read(directory.path().join("img")).unwrap(), native(&["build"], DOCUMENT.as_bytes()).stdout);

    let output = feed(cli().current_dir(&directory).args(["build", "-i", "doc"]), b"");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: cannot read \"doc\": "), "{output:?}");
}

#[test]
fn a_directory_is_read_by_the_native_commands_rules() {
    let directory = tempfile::tempdir().unwrap();
    let latest = directory.path().join("drive/openstack/latest");
    fs::create_dir_all(&latest).unwrap();
    fs::write(latest.join("user_data"), b"\x00\xff").unwrap();
    fs::write(latest.join("meta_data.json"), "{}").unwrap();
    symlink("user_data", latest.join("copy")).unwrap();
    let both = |drive: &str| {
        let arguments = ["build", "--directory", drive];
        let there = feed(cli_with(&["--dir", "."]).current_dir(&directory).args(arguments), b"");
        let here = feed(Command::new(NATIVE).current_dir(&directory).args(arguments), b"");
        (there, here)
    };
    let (there, here) = both("drive");
    assert!(there.status.success(), "{there:?}");
    assert_eq!(there.stdout, here.stdout);

    fs::write(directory.path().join("secret"), "s3cr3t").unwrap();
    for target in ["../secret", "/etc/passwd", ".", "missing"] {
        let link = directory.path().join("drive/link");
        symlink(target, &link).unwrap();
        let (there, here) = both("drive");
        assert_eq!(there.stdout, b"", "{target}");
        assert!(!there.status.success() && !here.status.success(), "{target}: {there:?} {here:?}");
        if target != "/etc/passwd" {
            // A component cannot follow an absolute link at all, so its exit code differs.
            assert_eq!(there.status.code(), here.status.code(), "{target}: {there:?} {here:?}");
        }
        fs::remove_file(link).unwrap();
    }
}

#[test]
fn functions_can_be_called_by_name() {
    let document = wave(DOCUMENT);
    assert_eq!(invoke(&format!("required-by({document}, {{force-config-drive: false}})")), "ok(true)");
    let text = String::from_utf8(native(&["pack"], DOCUMENT.as_bytes()).stdout).unwrap();
    assert_eq!(invoke(&format!("pack({document}, {{format: iso9660}})")), format!("ok(\"{text}\")"));
    let image = invoke(&format!("build-drive({document}, {{format: vfat}})"));
    assert!(image.starts_with("ok([235, "), "{image:.100}");
    assert!(invoke("encode([0, 1, 2])").starts_with("ok(\"H4sI"));
    let inspection = invoke(&format!("inspect(text(\"{text}\"))"));
    assert!(inspection.starts_with("ok({file-system: iso9660-rock-ridge, "), "{inspection:.100}");
    let file = invoke(&format!("read-file(text(\"{text}\"), \"ec2/latest/meta-data.json\")"));
    assert!(file.starts_with("ok([123, "), "{file:.100}");
    assert!(invoke(&format!("extract(text(\"{text}\"))")).starts_with("ok([{paths: ["));
    assert!(invoke(&format!("check-drive(text(\"{text}\"))")).starts_with("ok([{severity: warning, "));
    let findings = invoke(&format!("check-document({}, {{format: iso9660}})", wave(WITH_ERRORS)));
    assert!(findings.starts_with("ok([{severity: error, "), "{findings:.100}");
}

/// docs/embedding.md warns about this.
#[test]
fn a_function_that_fails_prints_the_error_and_exits_with_0() {
    let error = invoke(r#"required-by("{", {force-config-drive: false})"#);
    assert!(error.starts_with("err({code: invalid-document, message: \""), "{error}");
}

fn invoke(call: &str) -> String {
    let output = wasmtime().args(["run", "--invoke", call]).arg(component("configdrive.wasm")).output().unwrap();
    assert!(output.status.success(), "{call:.100}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Returns `text` as a string in WAVE.
fn wave(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Asserts that the native command and the composed one write the same output and errors, and exit with the same code.
#[track_caller]
fn assert_same(name: &str, arguments: &[&str], input: &[u8]) -> Output {
    let there = feed(cli().args(arguments), input);
    let here = native(arguments, input);
    let errors = [&there, &here].map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    assert_eq!(errors[0], errors[1], "{name}: {arguments:?}");
    assert_eq!(there.status.code(), here.status.code(), "{name}: {arguments:?}: {errors:?}");
    // assert_eq would print both.
    assert!(there.stdout == here.stdout, "{name}: {arguments:?}: standard output differs");
    there
}

fn cli() -> Command {
    cli_with(&[])
}

fn cli_with(options: &[&str]) -> Command {
    let mut command = wasmtime();
    command.args(["run", "--allow-precompiled"]).args(options).arg(component("configdrive-cli.cwasm"));
    command
}

fn component(name: &str) -> PathBuf {
    wasmtime::files().join(name)
}

const NATIVE: &str = env!("CARGO_BIN_EXE_configdrive");

fn native(arguments: &[&str], input: &[u8]) -> Output {
    feed(Command::new(NATIVE).args(arguments).env_remove("SOURCE_DATE_EPOCH"), input)
}

fn feed(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // A command that fails early stops reading.
        scope.spawn(move || _ = stdin.write_all(input));
        child.wait_with_output().unwrap()
    })
}
