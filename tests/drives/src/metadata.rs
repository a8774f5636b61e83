//! Drives with one fault each in the metadata, the vendor data or the user data.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive::check::Code;
use serde_json::{Value, json};

use crate::faults::{
    Claim::{Fails, Reads},
    Drive, Fault,
    Reader::{CloudInit, CloudInitNewest, CloudbaseInit, Glean},
    both,
};
use crate::network::Harmless;

pub const FAULTS: &[Fault] = &[
    Fault {
        name: "a_uuid_that_is_null",
        code: Code::NoUuid,
        introduce: |drive| drive.meta_data["uuid"] = Value::Null,
        claims: &[
            Reads(CloudInit, "/instance_id", "null"),
            Reads(CloudInitNewest, "/instance_id", "null"),
            Reads(CloudbaseInit, "/instance_id", "null"),
        ],
    },
    Fault {
        name: "a_uuid_that_is_empty",
        code: Code::NoUuid,
        introduce: |drive| drive.meta_data["uuid"] = json!(""),
        claims: &[
            Reads(CloudInit, "/instance_id", r#""""#),
            Reads(CloudInitNewest, "/instance_id", r#""""#),
            Reads(CloudbaseInit, "/instance_id", r#""""#),
        ],
    },
    Fault {
        name: "a_uuid_that_is_true",
        code: Code::NoUuid,
        introduce: |drive| drive.meta_data["uuid"] = json!(true),
        claims: &[
            Reads(CloudInit, "/instance_id", "true"),
            Reads(CloudInitNewest, "/instance_id", "true"),
            Reads(CloudbaseInit, "/instance_id", "true"),
        ],
    },
    Fault {
        name: "meta_that_is_null",
        code: Code::InvalidMember,
        introduce: |drive| drive.meta_data["meta"] = Value::Null,
        claims: &[
            Fails(CloudbaseInit, "keys_written", "AttributeError"),
            Fails(CloudInit, "drive", "TypeError"),
            Fails(CloudInitNewest, "drive", "TypeError"),
        ],
    },
    Fault {
        name: "meta_that_is_text",
        code: Code::InvalidMember,
        introduce: |drive| drive.meta_data["meta"] = json!("role=web"),
        claims: &[
            Fails(CloudbaseInit, "keys_written", "AttributeError"),
            Fails(CloudInit, "drive", "TypeError"),
            Fails(CloudInitNewest, "drive", "TypeError"),
        ],
    },
    Fault {
        name: "a_uuid_that_is_too_long_for_a_directory",
        code: Code::InvalidMember,
        introduce: |drive| drive.meta_data["uuid"] = json!("x".repeat(256)),
        claims: &[
            Fails(CloudInit, "executed", "OSError: [Errno 36] File name too long"),
            Fails(CloudInitNewest, "executed", "OSError: [Errno 36] File name too long"),
        ],
    },
    Fault {
        name: "a_uuid_with_a_null_character",
        code: Code::InvalidMember,
        introduce: |drive| drive.meta_data["uuid"] = json!("a\0b"),
        claims: &[
            Fails(CloudInit, "executed", "ValueError: embedded null byte"),
            Fails(CloudInitNewest, "executed", "ValueError: embedded null byte"),
        ],
    },
    Fault {
        name: "a_network_template_that_is_text",
        code: Code::InvalidMember,
        introduce: |drive| drive.meta_data["network_config"] = json!("auto eth0"),
        claims: &[Fails(CloudInit, "drive", "AttributeError"), Fails(CloudInitNewest, "drive", "AttributeError")],
    },
    Fault {
        name: "files_that_are_null",
        code: Code::InvalidMember,
        introduce: |drive| drive.meta_data["files"] = Value::Null,
        claims: &[Fails(CloudInit, "drive", "TypeError"), Fails(CloudInitNewest, "drive", "TypeError")],
    },
    Fault {
        name: "a_file_that_is_null",
        code: Code::InvalidMember,
        introduce: |drive| drive.meta_data["files"] = json!([null]),
        claims: &[Fails(CloudInit, "drive", "TypeError"), Fails(CloudInitNewest, "drive", "TypeError")],
    },
    Fault {
        name: "a_file_whose_path_is_a_number",
        code: Code::InvalidMember,
        introduce: |drive| {
            drive.meta_data["files"] = json!([{"path": 5, "content_path": "/content/0000"}]);
            drive.files.insert("openstack/content/0000".into(), "x".into());
        },
        claims: &[Fails(CloudInit, "used", "AttributeError"), Fails(CloudInitNewest, "used", "AttributeError")],
    },
    Fault {
        name: "a_file_whose_path_goes_up_from_nowhere",
        code: Code::MissingContent,
        introduce: |drive| {
            let path = "/nowhere/../content/0000";
            drive.meta_data["files"] = json!([{"path": "/etc/motd", "content_path": path}]);
            drive.files.insert("openstack/content/0000".into(), "x".into());
        },
        claims: &[Fails(CloudInit, "drive", "BrokenMetadata"), Fails(CloudInitNewest, "drive", "BrokenMetadata")],
    },
    Fault {
        name: "a_host_name_that_is_a_number",
        code: Code::InvalidMember,
        introduce: |drive| drive.meta_data["hostname"] = json!(5),
        claims: &[
            Fails(CloudInit, "used", "AttributeError"),
            Fails(CloudInitNewest, "used", "AttributeError"),
            Fails(CloudbaseInit, "host_name_set", "AttributeError"),
        ],
    },
    Fault {
        name: "public_keys_that_are_a_list",
        code: Code::InvalidPublicKeys,
        introduce: |drive| drive.meta_data["public_keys"] = json!(["ssh-ed25519 AAAA k"]),
        claims: &[Fails(Glean, "keys", "AttributeError"), Fails(CloudbaseInit, "keys", "AttributeError")],
    },
    Fault {
        name: "public_keys_that_are_null",
        code: Code::InvalidPublicKeys,
        introduce: |drive| drive.meta_data["public_keys"] = Value::Null,
        claims: &[Fails(Glean, "keys", "AttributeError")],
    },
    Fault {
        name: "public_keys_that_are_true",
        code: Code::InvalidPublicKeys,
        introduce: |drive| drive.meta_data["public_keys"] = json!(true),
        claims: &[
            Reads(CloudInit, "/keys", "[]"),
            Reads(CloudInitNewest, "/keys", "[]"),
            Fails(Glean, "keys", "AttributeError"),
            Fails(CloudbaseInit, "keys", "AttributeError"),
        ],
    },
    Fault {
        name: "a_public_key_that_is_a_list",
        code: Code::InvalidPublicKeys,
        introduce: |drive| drive.meta_data["public_keys"]["k"] = json!(["ssh-ed25519 AAAA k"]),
        claims: &[Fails(Glean, "keys", "AttributeError"), Fails(CloudbaseInit, "keys", "AttributeError")],
    },
    Fault {
        name: "keys_without_type",
        code: Code::InvalidPublicKeys,
        introduce: |drive| drive.meta_data["keys"] = json!([{"name": "k", "data": "ssh-ed25519 AAAA k"}]),
        claims: &[Fails(CloudbaseInit, "keys", "KeyError: 'type'")],
    },
    Fault {
        name: "two_public_keys_in_one_string",
        code: Code::SeveralKeysInOne,
        introduce: |drive| drive.meta_data["public_keys"]["k"] = json!("ssh-ed25519 AAAA a\nssh-ed25519 AAAB b"),
        claims: &[
            Reads(CloudInit, "/root_keys", r#"["OPTIONS ssh-ed25519 AAAA a", "ssh-ed25519 AAAB b"]"#),
            Reads(CloudInitNewest, "/root_keys", r#"["OPTIONS ssh-ed25519 AAAA a", "ssh-ed25519 AAAB b"]"#),
        ],
    },
    Fault {
        name: "a_null_host_name_that_hides_another",
        code: Code::NoHostName,
        introduce: |drive| {
            drive.meta_data["hostname"] = Value::Null;
            drive.meta_data["local-hostname"] = json!("web-01");
        },
        claims: &[Reads(CloudInit, "/host_name", "null"), Reads(CloudbaseInit, "/host_name", "null")],
    },
    Fault {
        name: "a_name_that_is_null",
        code: Code::NoHostName,
        introduce: |drive| drive.meta_data["name"] = Value::Null,
        claims: &[Fails(Glean, "host_name", "TypeError")],
    },
    Fault {
        name: "a_long_host_name",
        code: Code::InvalidHostName,
        introduce: |drive| drive.meta_data["hostname"] = json!(format!("web-01.{}.example.org", "a".repeat(50))),
        claims: &[],
    },
    Fault {
        name: "a_host_name_with_spaces",
        code: Code::InvalidHostName,
        introduce: |drive| {
            drive.meta_data["hostname"] = json!("my web server");
            drive.meta_data["name"] = json!("my web server");
        },
        claims: &[],
    },
    Fault {
        name: "a_host_name_that_starts_with_a_dot",
        code: Code::InvalidHostName,
        introduce: |drive| {
            drive.meta_data["hostname"] = json!(".web-01");
            drive.meta_data["name"] = json!(".web-01");
        },
        claims: &[Reads(CloudbaseInit, "/host_name_set", r#""""#)],
    },
    Fault {
        name: "a_name_with_spaces",
        code: Code::InvalidHostName,
        introduce: |drive| drive.meta_data["name"] = json!("My server"),
        claims: &[],
    },
    Fault {
        name: "vendor_data_in_an_object_of_its_own",
        code: Code::UnusedVendorData,
        introduce: |drive| {
            let nested = r##"{"service": {"cloud-init": "#cloud-config\nlocale: C.UTF-8\n"}}"##;
            drive.files.extend(both("vendor_data.json", nested));
        },
        claims: &[
            Reads(CloudInit, "/executed/vendor_cloud_config", "null"),
            Reads(CloudInitNewest, "/executed/vendor_cloud_config", "null"),
        ],
    },
    Fault {
        name: "vendor_data_that_is_a_cloud_config_as_json",
        code: Code::UnusedVendorData,
        introduce: |drive| {
            drive.files.extend(both("vendor_data.json", r#"{"cloud-init": {"locale": "C.UTF-8"}}"#));
        },
        claims: &[
            Reads(CloudInit, "/executed/vendor_cloud_config", "null"),
            Reads(CloudInitNewest, "/executed/vendor_cloud_config", "null"),
        ],
    },
    Fault {
        name: "vendor_data_without_a_marker",
        code: Code::UserDataOfNoKnownKind,
        introduce: |drive| drive.files.extend(both("vendor_data.json", r#"{"cloud-init": "locale: C.UTF-8\n"}"#)),
        claims: &[
            Reads(CloudInit, "/executed/vendor_cloud_config", "null"),
            Reads(CloudInitNewest, "/executed/vendor_cloud_config", "null"),
        ],
    },
    Fault {
        name: "gzip_of_an_unknown_kind",
        code: Code::UserDataOfNoKnownKind,
        introduce: |drive| user_data(drive, gzip(b"hello\n")),
        claims: &[
            Reads(CloudInit, "/user_data_kinds", UNKNOWN),
            Reads(CloudInitNewest, "/user_data_kinds", UNKNOWN),
            Reads(CloudbaseInit, "/executed", "[]"),
        ],
    },
    Fault {
        name: "gzip_in_gzip",
        code: Code::UserDataOfNoKnownKind,
        introduce: |drive| user_data(drive, gzip(&gzip(b"#cloud-config\n{}\n"))),
        claims: &[
            Reads(CloudInit, "/user_data_kinds", UNKNOWN),
            Reads(CloudInitNewest, "/user_data_kinds", UNKNOWN),
            Fails(CloudbaseInit, "executed", "CloudbaseInitException"),
        ],
    },
    Fault {
        name: "a_line_before_mime_headers",
        code: Code::UserDataOfNoKnownKind,
        introduce: |drive| user_data(drive, format!("\n{MIME}")),
        claims: &[
            Reads(CloudInit, "/user_data_kinds", r#"["text/plain"]"#),
            Reads(CloudInitNewest, "/user_data_kinds", r#"["text/plain"]"#),
            Reads(CloudbaseInit, "/executed", "[]"),
        ],
    },
    Fault {
        name: "text_that_mentions_mime",
        code: Code::UserDataOfNoKnownKind,
        introduce: |drive| user_data(drive, "echo set up mail with mime-version: 1.0\n"),
        claims: &[
            Reads(CloudInit, "/user_data_kinds", r#"["text/plain"]"#),
            Reads(CloudInitNewest, "/user_data_kinds", r#"["text/plain"]"#),
            Reads(CloudbaseInit, "/executed", "[]"),
        ],
    },
    Fault {
        name: "a_mime_part_of_an_unknown_type",
        code: Code::UserDataOfNoKnownKind,
        introduce: |drive| user_data(drive, MIME.replace("text/cloud-config", "text/html")),
        claims: &[
            Reads(CloudInit, "/executed/cloud_config", "null"),
            Reads(CloudInitNewest, "/executed/cloud_config", "null"),
            Reads(CloudbaseInit, "/executed", "[]"),
        ],
    },
    Fault {
        name: "mime_whose_boundaries_have_no_dashes",
        code: Code::MimeWithoutParts,
        introduce: |drive| user_data(drive, MIME.replace("--BOUNDARY", "BOUNDARY")),
        claims: &[
            Reads(CloudInit, "/user_data_kinds", "[]"),
            Reads(CloudInitNewest, "/user_data_kinds", "[]"),
            Reads(CloudbaseInit, "/executed", "[]"),
        ],
    },
    Fault {
        name: "mime_without_a_boundary",
        code: Code::MimeWithoutParts,
        introduce: |drive| user_data(drive, MIME.replace("; boundary=\"BOUNDARY\"", "")),
        claims: &[
            Reads(CloudInit, "/user_data_kinds", "[]"),
            Reads(CloudInitNewest, "/user_data_kinds", "[]"),
            Reads(CloudbaseInit, "/executed", "[]"),
        ],
    },
    Fault {
        name: "mime_with_unencoded_characters",
        code: Code::UserDataNotUtf8,
        introduce: |drive| user_data(drive, MIME.replace("web-01", "w\u{e9}b")),
        claims: &[
            Reads(CloudInit, "/executed/cloud_config", "{}"),
            Reads(CloudInitNewest, "/executed/cloud_config", "{}"),
        ],
    },
    Fault {
        name: "mime_in_latin_1",
        code: Code::UserDataNotUtf8,
        introduce: |drive| user_data(drive, latin_1(&MIME.replace("web-01", "w\u{e9}b"))),
        claims: &[
            Fails(CloudInit, "user_data_kinds", "UnicodeDecodeError"),
            Fails(CloudInitNewest, "user_data_kinds", "UnicodeDecodeError"),
            Fails(CloudbaseInit, "executed", "CloudbaseInitException"),
        ],
    },
    Fault {
        name: "a_cloud_config_in_latin_1",
        code: Code::UserDataNotUtf8,
        introduce: |drive| user_data(drive, latin_1("#cloud-config\nhostname: w\u{e9}b\n")),
        claims: &[
            Reads(CloudInit, "/executed/cloud_config", "{}"),
            Reads(CloudInitNewest, "/executed/cloud_config", "{}"),
            Fails(CloudbaseInit, "executed", "CloudbaseInitException"),
        ],
    },
    Fault {
        name: "a_cloud_config_that_is_a_list",
        code: Code::InvalidCloudConfig,
        introduce: |drive| user_data(drive, "#cloud-config\n- hostname: web-01\n"),
        claims: &[
            Reads(CloudInit, "/executed/cloud_config", "{}"),
            Reads(CloudInitNewest, "/executed/cloud_config", "{}"),
            Fails(CloudbaseInit, "executed", "TypeError"),
        ],
    },
    Fault {
        name: "a_cloud_config_that_is_text",
        code: Code::InvalidCloudConfig,
        introduce: |drive| user_data(drive, "#cloud-config\nhostname=web-01\n"),
        claims: &[
            Reads(CloudInit, "/executed/cloud_config", "{}"),
            Reads(CloudInitNewest, "/executed/cloud_config", "{}"),
            Fails(CloudbaseInit, "executed", "TypeError"),
        ],
    },
    Fault {
        name: "a_cloud_config_indented_with_tabs",
        code: Code::InvalidCloudConfig,
        introduce: |drive| user_data(drive, "#cloud-config\nuser:\n\tname: web\n"),
        claims: &[
            Reads(CloudInit, "/executed/cloud_config", "{}"),
            Reads(CloudInitNewest, "/executed/cloud_config", "{}"),
            Fails(CloudbaseInit, "executed", "ScannerError"),
        ],
    },
    Fault {
        name: "a_cloud_config_with_a_tab_after_a_colon",
        code: Code::InvalidCloudConfig,
        introduce: |drive| user_data(drive, "#cloud-config\nhostname:\tweb-01\n"),
        claims: &[
            Reads(CloudInit, "/executed/cloud_config", "{}"),
            Reads(CloudInitNewest, "/executed/cloud_config", "{}"),
        ],
    },
    Fault {
        name: "a_cloud_config_with_an_open_bracket",
        code: Code::InvalidCloudConfig,
        introduce: |drive| user_data(drive, "#cloud-config\nruncmd: [date\n"),
        claims: &[
            Reads(CloudInit, "/executed/cloud_config", "{}"),
            Reads(CloudInitNewest, "/executed/cloud_config", "{}"),
            Fails(CloudbaseInit, "executed", "ParserError"),
        ],
    },
    Fault {
        name: "an_archive_that_is_a_mapping",
        code: Code::InvalidCloudConfig,
        introduce: |drive| user_data(drive, "#cloud-config-archive\nhostname: web-01\n"),
        claims: &[Reads(CloudInit, "/user_data_kinds", "[]"), Reads(CloudInitNewest, "/user_data_kinds", "[]")],
    },
    Fault {
        name: "truncated_gzip",
        code: Code::DamagedGzip,
        introduce: |drive| user_data(drive, cut(gzip(b"#cloud-config\n{}\n"))),
        claims: &[
            Reads(CloudInit, "/user_data_kinds", UNKNOWN),
            Reads(CloudInitNewest, "/user_data_kinds", UNKNOWN),
            Fails(CloudbaseInit, "executed", "EOFError"),
        ],
    },
    Fault {
        name: "gzip_with_something_after_it",
        code: Code::DamagedGzip,
        introduce: |drive| user_data(drive, [&gzip(b"#cloud-config\n{}\n")[..], b"\n"].concat()),
        claims: &[
            Reads(CloudInit, "/user_data_kinds", UNKNOWN),
            Reads(CloudInitNewest, "/user_data_kinds", UNKNOWN),
            Fails(CloudbaseInit, "executed", "BadGzipFile"),
        ],
    },
    Fault {
        name: "white_space_before_a_script",
        code: Code::ScriptWithoutShebang,
        introduce: |drive| user_data(drive, "\n\n#!/bin/sh\nexit 0\n"),
        claims: &[
            Reads(CloudInit, "/executed/scripts/part-001", NO_FORMAT),
            Reads(CloudInitNewest, "/executed/scripts/part-001", NO_FORMAT),
            Reads(CloudbaseInit, "/executed", "[]"),
        ],
    },
    Fault {
        name: "a_script_without_an_interpreter",
        code: Code::ScriptWithoutShebang,
        introduce: |drive| user_data(drive, "#!\nexit 0\n"),
        claims: &[
            Reads(CloudInit, "/executed/scripts/part-001", NO_FORMAT),
            Reads(CloudInitNewest, "/executed/scripts/part-001", NO_FORMAT),
        ],
    },
    Fault {
        name: "a_mime_part_that_is_no_script",
        code: Code::ScriptWithoutShebang,
        introduce: |drive| user_data(drive, MIME.replace("text/cloud-config", "text/x-shellscript-per-boot")),
        claims: &[
            Reads(CloudInit, "/executed/scripts/part-001", NO_FORMAT),
            Reads(CloudInitNewest, "/executed/scripts/part-001", NO_FORMAT),
        ],
    },
    Fault {
        name: "a_template_of_no_kind",
        code: Code::TemplateOfNoKnownKind,
        introduce: |drive| user_data(drive, "## template: jinja\nhello\n"),
        claims: &[
            Reads(CloudInit, "/executed/cloud_config", "null"),
            Reads(CloudInitNewest, "/executed/cloud_config", "null"),
            Reads(CloudbaseInit, "/executed", "[]"),
        ],
    },
    Fault {
        name: "a_template_below_an_empty_line",
        code: Code::TemplateOfNoKnownKind,
        introduce: |drive| user_data(drive, "\n## template: jinja\n#cloud-config\nhostname: web-01\n"),
        claims: &[
            Reads(CloudInit, "/executed/cloud_config", "null"),
            Reads(CloudInitNewest, "/executed/cloud_config", "null"),
            Reads(CloudbaseInit, "/executed", "[]"),
        ],
    },
    Fault {
        name: "a_template_with_an_open_expression",
        code: Code::InvalidTemplate,
        introduce: |drive| user_data(drive, "## template: jinja\n#cloud-config\nhostname: {{ v1.\n"),
        claims: &[
            Reads(CloudInit, "/executed/cloud_config", "null"),
            Reads(CloudInitNewest, "/executed/cloud_config", "null"),
            Fails(CloudbaseInit, "executed", "TemplateSyntaxError"),
        ],
    },
    Fault {
        name: "a_butane_configuration",
        code: Code::ButaneConfiguration,
        introduce: |drive| user_data(drive, "variant: fcos\nversion: 1.5.0\n"),
        claims: &[
            Reads(CloudInit, "/user_data_kinds", UNKNOWN),
            Reads(CloudInitNewest, "/user_data_kinds", UNKNOWN),
            Reads(CloudbaseInit, "/executed", "[]"),
        ],
    },
    Fault {
        name: "a_talos_configuration",
        code: Code::TalosConfiguration,
        introduce: |drive| user_data(drive, "version: v1alpha1\nmachine:\n  type: worker\ncluster: {}\n"),
        claims: &[
            Reads(CloudInit, "/user_data_kinds", UNKNOWN),
            Reads(CloudInitNewest, "/user_data_kinds", UNKNOWN),
            Reads(CloudbaseInit, "/executed", "[]"),
        ],
    },
    Fault {
        name: "user_data_too_large_for_nova",
        code: Code::UserDataTooLargeForNova,
        introduce: |drive| user_data(drive, format!("#cloud-config\n#{}\nhostname: web-01\n", "a".repeat(66_000))),
        claims: &[],
    },
    Fault {
        name: "a_script_with_carriage_returns_alone",
        code: Code::ScriptWithCarriageReturn,
        introduce: |drive| user_data(drive, "#!/bin/sh\rexit 0\r"),
        claims: &[
            Reads(CloudInit, "/executed/scripts/part-001", NO_FILE),
            Reads(CloudInitNewest, "/executed/scripts/part-001", NO_FILE),
        ],
    },
];

pub const HARMLESS: &[Harmless] = &[
    Harmless { name: "a_uuid_that_is_a_number", introduce: |drive| drive.meta_data["uuid"] = json!(5) },
    Harmless {
        name: "a_domain_that_only_name_has",
        introduce: |drive| {
            drive.meta_data["hostname"] = json!("web-01");
            drive.meta_data["name"] = json!("web-01.example.org");
        },
    },
    Harmless { name: "a_uuid_with_a_slash", introduce: |drive| drive.meta_data["uuid"] = json!("a/b") },
    Harmless { name: "a_uuid_of_255_characters", introduce: |drive| drive.meta_data["uuid"] = json!("x".repeat(255)) },
    Harmless {
        name: "a_file_whose_path_goes_up",
        introduce: |drive| {
            let path = "/content/../content/./0000";
            drive.meta_data["files"] = json!([{"path": "/etc/motd", "content_path": path}]);
            drive.files.insert("openstack/content/0000".into(), "x".into());
        },
    },
];

/// What cloud-init takes user data for that it does not recognise.
const UNKNOWN: &str = r#"["text/x-not-multipart"]"#;

/// Why Linux does not start a script.
const NO_FORMAT: &str = r#""Exec format error""#;
const NO_FILE: &str = r#""No such file or directory""#;

const MIME: &str = "Content-Type: multipart/mixed; boundary=\"BOUNDARY\"\nMIME-Version: 1.0\n\n--BOUNDARY\n\
                    Content-Type: text/cloud-config\n\n#cloud-config\nhostname: web-01\n--BOUNDARY--\n";

fn user_data(drive: &mut Drive, content: impl AsRef<[u8]>) {
    for version in ["latest", "2018-08-27"] {
        drive.files.insert(format!("openstack/{version}/user_data"), content.as_ref().to_vec());
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    STANDARD.decode(configdrive::encode(content).expect("a small content")).expect("base64")
}

fn cut(mut content: Vec<u8>) -> Vec<u8> {
    content.truncate(content.len() - 5);
    content
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).expect("a character of Latin-1")).collect()
}
