//! The component in its sandbox.

use std::{collections::BTreeSet, thread, time::Duration};

use configdrive_host::{COMPONENT, ConfigDrive, Error, ErrorCode, Limit, Limits, Options, Policy, Sandbox};
use configdrive_support::root;
use wasmparser::{ComponentExternalKind, Parser, Payload};

const DOCUMENT: &str = r#"{
    "instance": {"uuid": "8b5d4c3e-0000-4000-8000-000000000001", "hostname": "m", "ec2_ids": {"instance_id": "i-1"}},
    "network_data": {}
}"#;

#[test]
fn the_component_imports_nothing_and_exports_the_interface() {
    let (mut imports, mut exports, mut functions) = (Vec::new(), Vec::new(), BTreeSet::new());
    // 0 in the component itself, more in its parts.
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(COMPONENT) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                imports.extend(section.into_iter().map(|import| import.unwrap().name.name));
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    match export.kind {
                        _ if depth == 0 => exports.push(export.name.name),
                        ComponentExternalKind::Func => _ = functions.insert(export.name.name),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    assert_eq!(imports, [""; 0]);
    assert_eq!(exports, ["ironic:configdrive/drive@0.1.0"]);
    assert_eq!(
        functions.into_iter().collect::<Vec<_>>(),
        [
            "amend",
            "build-drive",
            "check-document",
            "check-drive",
            "encode",
            "extract",
            "inspect",
            "pack",
            "read-file",
            "required-by"
        ]
    );
}

#[test]
fn the_component_states_its_version_and_licence() {
    let sections: Vec<_> = Parser::new(0)
        .parse_all(COMPONENT)
        .filter_map(|payload| match payload.unwrap() {
            Payload::CustomSection(section) => Some((section.name(), str::from_utf8(section.data()).unwrap_or(""))),
            _ => None,
        })
        .collect();
    for expected in [("version", env!("CARGO_PKG_VERSION")), ("licenses", "Apache-2.0")] {
        assert!(sections.contains(&expected), "{expected:?}");
    }
}

#[test]
fn the_component_contains_no_path_of_the_build_machine() {
    let text = String::from_utf8_lossy(COMPONENT);
    for path in [root().to_str().unwrap(), ".cargo/registry", ".rustup"] {
        assert!(!text.contains(path), "{path}");
    }
}

#[test]
fn packing_equals_building_and_encoding() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let options = Options::default();
    let image = sandbox.build_drive(DOCUMENT.as_bytes(), &options).unwrap();
    assert!(!image.is_empty());
    assert_eq!(sandbox.pack(DOCUMENT.as_bytes(), &options).unwrap(), sandbox.encode(&image).unwrap());
}

#[test]
fn the_default_seed_is_used_only_if_there_is_no_other() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let build = |document: &str, seed: Option<&str>, default: Option<&str>| {
        let mut options = Options::default();
        options.random_seed = seed.map(Into::into);
        options.default_random_seed = default.map(Into::into);
        sandbox.build_drive(document.as_bytes(), &options).unwrap()
    };
    let seeded = DOCUMENT.replace("\"network_data\"", "\"random_seed\": \"c2VlZA==\", \"network_data\"");
    assert_eq!(build(DOCUMENT, None, Some("c2VlZA==")), build(&seeded, None, None));
    assert_eq!(build(&seeded, None, Some("b3RoZXI=")), build(&seeded, None, None));
    assert_eq!(build(&seeded, Some("b3RoZXI="), Some("c2VlZA==")), build(DOCUMENT, Some("b3RoZXI="), None));
    assert_ne!(build(DOCUMENT, None, None), build(&seeded, None, None));
}

#[test]
fn calls_from_many_threads_do_not_interfere() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let expected = sandbox.pack(DOCUMENT.as_bytes(), &Options::default()).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(sandbox.pack(DOCUMENT.as_bytes(), &Options::default()).unwrap(), expected);
                    assert!(sandbox.required_by(b"{", Policy::default()).is_err());
                }
            });
        }
    });
}

#[test]
fn a_document_that_needs_too_much_memory_is_an_error_and_the_next_call_works() {
    let mut limits = Limits::default();
    limits.memory = 8 << 20;
    let sandbox = Sandbox::new(limits).unwrap();
    let large = format!("{DOCUMENT}{}", " ".repeat(16 << 20));
    let error = sandbox.pack(large.as_bytes(), &Options::default()).unwrap_err();
    assert_eq!(limit(&error), Limit::Memory { limit: 8 << 20 });
    assert_eq!(
        error.to_string(),
        "the component exceeded its memory limit of 8 MiB; raise the limit, or leave something out of the drive"
    );
    sandbox.pack(DOCUMENT.as_bytes(), &Options::default()).unwrap();
}

#[test]
fn a_memory_limit_below_what_the_component_starts_with_is_an_error() {
    let mut limits = Limits::default();
    limits.memory = 1 << 16;
    let error = Sandbox::new(limits).unwrap().required_by(DOCUMENT.as_bytes(), Policy::default()).unwrap_err();
    assert_eq!(limit(&error), Limit::Memory { limit: 1 << 16 });
}

#[test]
fn a_call_that_takes_too_long_is_an_error_and_the_next_call_works() {
    let mut limits = Limits::default();
    limits.time = Duration::ZERO;
    let sandbox = Sandbox::new(limits).unwrap();
    // Numbers that do not repeat are much work for any encoder.
    let image: Vec<u8> = (0_u32..12 << 20).flat_map(|n| n.wrapping_mul(n).to_be_bytes()).collect();
    let error = sandbox.encode(&image).unwrap_err();
    assert_eq!(limit(&error), Limit::Time { limit: Duration::ZERO });
    assert!(error.to_string().contains("exceeded its time limit of 0 seconds"), "{error}");
    // A small call is done before the first tick, unless the machine is busy.
    assert!((0..1000).any(|_| sandbox.required_by(DOCUMENT.as_bytes(), Policy::default()).is_ok()));
}

#[test]
fn input_over_the_limit_does_not_reach_the_component() {
    let mut limits = Limits::default();
    limits.input = 1000;
    let sandbox = Sandbox::new(limits).unwrap();
    let error = sandbox.encode(&[0; 1001]).unwrap_err();
    assert_eq!(limit(&error), Limit::Input { limit: 1000 });
}

#[test]
fn an_error_names_what_a_document_has_too_much_of() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let file = |number: usize| format!(r#"{{"path": "{number}", "contents": ""}}"#);
    let files: Vec<String> = (0..=65_536).map(file).collect();
    let (files, folders) = (files.join(","), "0/".repeat(16));
    let (deep, long) = ("[".repeat(1 << 20), "7".repeat(1 << 20));
    let name = "/".repeat(100 << 20);
    for (document, code, message) in [
        (deep, ErrorCode::InvalidDocument, "nested deeper than 127 levels at line 1 column 128"),
        (
            format!(r#"{{"files": {long}}}"#),
            ErrorCode::InvalidDocument,
            "expected a JSON document, found invalid JSON at line 1 column 1048586: an integer of more than 4300 digits",
        ),
        (
            format!(r#"{{"files": [{files}]}}"#),
            ErrorCode::TooLarge,
            r#"/files/65536/path: path "65536" exceeds the drive's limit of 65536 files and directories"#,
        ),
        (
            DOCUMENT.replace("\"network_data\"", &format!(r#""injected_files": [{files}], "network_data""#)),
            ErrorCode::TooLarge,
            r#"path "openstack/content/65534" exceeds the drive's limit of 65536 files and directories"#,
        ),
        (
            format!(r#"{{"files": [{{"path": "{folders}0", "contents": ""}}]}}"#),
            ErrorCode::InvalidDocument,
            &format!(r#"/files/0/path: path "{folders}0" has more than 16 names; use fewer directories"#),
        ),
        (
            DOCUMENT.replace("\"hostname\"", &format!(r#""metadata": {{"{name}": 5}}, "hostname""#)),
            ErrorCode::InvalidDocument,
            "/instance/metadata/~1~1~1",
        ),
    ] {
        let Err(Error::Refused { code: found, message: error, .. }) =
            sandbox.pack(document.as_bytes(), &Options::default())
        else {
            panic!("{message}");
        };
        assert_eq!(found, code, "{error}");
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn a_document_that_is_not_utf8_is_an_error_that_names_the_byte() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let error = sandbox.required_by(b"{\"instance\": \"\xff\"}", Policy::default()).unwrap_err();
    assert!(matches!(error, Error::NotUtf8 { offset: 14 }), "{error}");
}

#[test]
fn a_tenants_names_cannot_control_the_terminal_that_shows_an_error() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let name = format!(r"\u001b[2J\n\u009b\u202e{}", "x".repeat(5000));
    let document = DOCUMENT.replace("\"hostname\"", &format!(r#""metadata": {{"{name}": 5}}, "hostname""#));
    let error = sandbox.pack(document.as_bytes(), &Options::default()).unwrap_err();
    let text = error.to_string();
    let Error::Refused { code, pointer, .. } = error else { panic!("{error}") };
    assert_eq!(code, ErrorCode::InvalidDocument);
    for text in [text, pointer.unwrap()] {
        assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
        assert!(text.chars().count() <= 1001, "{text:?}");
    }
}

fn limit(error: &Error) -> Limit {
    match error {
        Error::Limit(limit) => *limit,
        other => panic!("{other}"),
    }
}
