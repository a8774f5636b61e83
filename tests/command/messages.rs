//! Every message of the command that can be provoked without a network, in one list, which is committed as `messages.txt`.
//!
//! With `CONFIGDRIVE_BLESS=1` the list is rewritten. Read the difference before you commit it: is every line good English, and
//! does it say what is wrong, where, and what to do about it?

use std::{
    collections::BTreeSet,
    env, fmt,
    fmt::Write as _,
    fs,
    io::Write as _,
    os::unix::{ffi::OsStrExt, fs::symlink},
    process::{Command, Stdio},
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive::Options;
use configdrive_support::{below, golden, trials, trials::Trial};
use configdrive_test_drives::{
    faults::{self, Drive},
    malicious,
};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tempfile::TempDir;

pub fn trials() -> Vec<Trial> {
    trials![the_messages_are_those_of_the_committed_list]
}

fn the_messages_are_those_of_the_committed_list() -> Result<(), Failed> {
    let mut list = List::new();
    command_lines(&mut list);
    inputs(&mut list);
    outputs(&mut list);
    limits(&mut list);
    broken_json(&mut list);
    documents(&mut list);
    paths(&mut list);
    options(&mut list);
    nova_conf(&mut list);
    directories(&mut list);
    drives(&mut list);
    findings(&mut list);
    deployments(&mut list);
    clouds(&mut list);
    fleets(&mut list);

    let committed = below("tests/command/messages.txt");
    if env::var_os("CONFIGDRIVE_BLESS").is_some() {
        fs::write(committed, list.text)?;
        return Ok(());
    }
    let expected = fs::read_to_string(committed)?;
    let mut lines = (1..).zip(expected.lines().zip(list.text.lines()));
    let difference = lines.find(|(_, (expected, found))| expected != found);
    let length = |text: &str| text.lines().count();
    let message = match difference {
        Some((number, (expected, found))) => format!("line {number}: expected {expected:?}, found {found:?}"),
        None if expected == list.text => return Ok(()),
        None => format!("expected {} lines, found {}", length(&expected), length(&list.text)),
    };
    Err(format!("tests/command/messages.txt: {message}; with CONFIGDRIVE_BLESS=1 this test rewrites the file").into())
}

fn command_lines(list: &mut List) {
    list.section("Command lines");
    for arguments in [
        &["bulid"][..],
        &["help", "bulid"],
        &["--no-such"],
        &["build", "--fromat", "vfat"],
        &["build", "extra"],
        &["build", "--format"],
        &["build", "--format", "ext4"],
        &["build", "--format", "iso9600"],
        &["build", "--size", "64MB"],
        &["build", "--sector-size", "small"],
        &["build", "--source-date-epoch", "now"],
        &["build", "--vendordata-providers", "StaticJSON,NoSuch"],
        &["build", "--injected-network-template", "/etc/nova/mine.template"],
        &["build", "--force-config-drive=maybe"],
        &["build", "-i", "a", "--directory", "b"],
        &["build", "-i", "a", "-i", "b"],
        &["build", "--memory-limit", "0"],
        &["build", "--memory-limit", "8192"],
        &["build", "--output-limit", "x"],
        &["build", "--time-limit", "0"],
        &["check", "drive", "-i", "document"],
        &["check", "--for", "cloud-int"],
        &["check", "--for", "4kn,"],
        &["check", "--for", "glean", "--all"],
        &["inspect"],
        &["inspect", "drive", "--cat", "a", "--json"],
        &["extract", "drive"],
        &["component", "--adapter", "servce"],
        &["completions"],
        &["completions", "dish"],
        &["man", "bulid"],
        &["mkisofs", "-o", "image", "directory"],
        &["mkisofs", "-V", "cidata", "directory"],
        &["mkisofs", "-V", "config-2", "-no-emul-boot", "directory"],
        &["mkisofs", "-V", "config-2", "-Jf", "directory"],
        &["mkisofs", "-V", "config-2", "directory", "another"],
        &["page"],
        &["page", "--port", "80000"],
    ] {
        list.run(arguments);
    }
}

fn inputs(list: &mut List) {
    list.section("Input");
    list.write("empty.json", b"");
    list.write("latin1.json", b"{\"a\": \"\xe9\"}");
    fs::create_dir(list.path("directory")).unwrap();
    for verb in ["required-by", "build", "pack", "check", "encode"] {
        list.run(&[verb]);
        list.run(&[verb, "-i", "missing"]);
    }
    for verb in [&["build", "-i"][..], &["encode", "-i"], &["check"], &["inspect"]] {
        list.run(&[verb, &["empty.json"]].concat());
        list.run(&[verb, &["directory"]].concat());
    }
    list.run(&["build", "-i", "latin1.json"]);
    list.feed(&["build"], "bytes that are not UTF-8", b"{\"a\": \"\xe9\"}");
    list.feed(&["inspect", "-"], "nothing", b"");
    list.run(&["inspect", "missing"]);
    list.run(&["extract", "missing", "-o", "out"]);
}

fn outputs(list: &mut List) {
    list.section("Output");
    list.write("document.json", full().to_string().as_bytes());
    assert!(list.succeeds(&["build", "-i", "document.json", "-o", "drive"]));
    for verb in [&["build", "-i", "document.json"][..], &["encode", "-i", "drive"], &["schema"], &["component"]] {
        list.run(&[verb, &["-o", "missing/out"]].concat());
    }
    list.run(&["build", "-i", "document.json", "-o", "/dev/full"]);
    list.run(&["build", "-i", "document.json", "-o", "directory"]);
    list.run(&["mkisofs", "-V", "config-2", "directory", "-o", "missing/out"]);
    list.run(&["extract", "drive", "-o", "missing/out"]);
    list.run(&["extract", "drive", "-o", "."]);
    list.run(&["extract", "drive", "-o", "drive"]);
    list.run(&["inspect", "drive", "--cat", "openstack"]);
    list.run(&["inspect", "drive", "--cat", "no\u{1b}[2J"]);
}

fn limits(list: &mut List) {
    list.section("Limits");
    list.run(&["build", "-i", "/dev/zero"]);
    list.run(&["inspect", "/dev/zero"]);
    list.run(&["build", "-i", "document.json", "--ports", "/dev/zero"]);
    list.run(&["build", "-i", "document.json", "--random-seed", "/dev/zero"]);
    let spaces = format!("{}{}", full(), " ".repeat(8 << 20));
    list.write("large.json", spaces.as_bytes());
    list.run(&["pack", "-i", "large.json", "--memory-limit", "4"]);
    list.write(
        "large.json",
        json!({"files": [{"path": "large", "contents": "A".repeat(2 << 20)}]}).to_string().as_bytes(),
    );
    list.run(&["build", "-i", "large.json", "--output-limit", "1"]);
    list.write(
        "large.json",
        json!({"files": [{"path": "large", "contents": "A".repeat(96 << 20)}]}).to_string().as_bytes(),
    );
    list.run(&["build", "-i", "large.json"]);
    fs::remove_file(list.path("large.json")).unwrap();
    list.write("zeros", &vec![0; 65 << 20]);
    list.run(&["inspect", "zeros"]);
    list.run(&["encode", "-i", "zeros"]);
    fs::remove_file(list.path("zeros")).unwrap();
}

fn broken_json(list: &mut List) {
    list.section("Documents that are not JSON");
    let deep = "[".repeat(1000);
    for (about, text) in [
        ("cut off", "{\"instance\": {"),
        ("cut off in a string", "{\"instance"),
        ("a word", "nothing"),
        ("no colon", "{\"instance\" {}}"),
        ("no value", "{\"instance\": }"),
        ("no comma", "[1 2]"),
        ("a comma too many", "[1,]"),
        ("a leading zero", "01"),
        ("a number without digits", "[-]"),
        ("a line end in a string", "\"\n\""),
        ("an unknown escape", "[\"\\q\"]"),
        ("half a surrogate pair", "{\"instance\": \"\\ud800\"}"),
        ("text after the document", "{} {}"),
        ("a byte order mark", "\u{feff}{}"),
        ("1000 brackets", deep.as_str()),
        ("a list", "[]"),
        ("a string", "\"a\""),
        ("an object without members", "{}"),
    ] {
        list.feed(&["build"], about, text.as_bytes());
    }
    list.section("Documents that are not YAML, or have values that are not JSON's");
    for (about, text) in [
        ("a colon in a value", "meta_data:\n  name: a: b\n"),
        ("a tab in the indentation", "meta_data:\n\tname: a\n"),
        ("a wrong indentation", "meta_data:\n  name: a\n   uuid: u\n"),
        ("an open quote", "meta_data:\n  name: 'a\n"),
        ("an open bracket", "meta_data:\n  names: [a\n"),
        ("a line without a colon", "meta_data:\n  name\n  uuid: u\n"),
        ("a Jinja template", "meta_data:\n  name: {{ hostname }}\n"),
        ("an alias without an anchor", "meta_data:\n  name: *.example.org\n"),
        ("two documents", "meta_data: {}\n---\nfiles: []\n"),
        ("a word that is a boolean for some", "meta_data:\n  reboot: yes\n"),
        ("an octal number", "meta_data:\n  mode: 0644\n"),
        ("a number in base 60", "meta_data:\n  at: 12:30\n"),
        ("a date", "instance:\n  launched_at: 2026-01-01T00:00:00Z\n"),
        ("a tag", "meta_data:\n  seed: !!binary QUJD\n"),
        ("a member twice", "meta_data:\n  a: 1\n  a: 2\n"),
        ("a number as a name", "meta_data:\n  1: a\n"),
        ("a value of the wrong kind", "meta_data:\n- a\n"),
        ("no kind", "# nothing but\nname: a\n"),
        ("a misspelt kind", "metadata: {}\n"),
        ("an alias bomb", &bomb()),
        ("1000 levels", &format!("---\n{deep}")),
    ] {
        list.feed(&["build"], about, text.as_bytes());
    }
}

/// Returns YAML of which each line has ten times the values of the line before.
fn bomb() -> String {
    let lines = (1..10).map(|n| format!("  a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", ")));
    format!("meta_data:\n  a0: &a0 x\n{}", lines.collect::<String>())
}

/// Documents with one invalid value each, of which those with a new message are listed.
fn documents(list: &mut List) {
    list.section("Documents with an invalid value");
    let mut known = BTreeSet::new();
    let is_new = |known: &mut BTreeSet<String>, document: &Value| match configdrive::build_drive(
        document.to_string(),
        &Options::default(),
    ) {
        Ok(_) => false,
        Err(error) => {
            let message = error.to_string();
            let problem = match error.pointer() {
                Some(pointer) => message.strip_prefix(pointer).unwrap_or(&message).to_owned(),
                None => message,
            };
            known.insert(problem)
        }
    };
    let full = full();
    for place in places(&full, String::new()) {
        let wrong =
            [json!("?"), json!(""), json!(["?"]), json!({"?": "?"}), json!(-1), json!(1.5), json!(true), Value::Null];
        for value in wrong {
            let mut document = full.clone();
            let about = format!("{place} is {value}");
            *document.pointer_mut(&place).unwrap() = value;
            if is_new(&mut known, &document) {
                list.feed(&["build"], &about, document.to_string().as_bytes());
            }
        }
        let (parent, name) = place.rsplit_once('/').unwrap();
        let mut document = full.clone();
        if let Some(Value::Object(members)) = document.pointer_mut(parent) {
            members.remove(name);
        }
        if is_new(&mut known, &document) {
            list.feed(&["build"], &format!("{place} is missing"), document.to_string().as_bytes());
        }
    }
    for case in golden::all() {
        let Ok(document) = serde_json::from_str::<Value>(&case.document) else { continue };
        if case.expected.refused.is_some() && is_new(&mut known, &document) {
            list.feed(&["build"], &format!("the document of {}", case.name), case.document.as_bytes());
        }
    }
}

fn paths(list: &mut List) {
    list.section("Paths that a drive cannot have");
    let long = "a".repeat(300);
    let deep = ["a"; 40].join("/");
    for path in [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "a\\b",
        "a:b",
        "a*",
        "a.",
        "a ",
        "a\u{0}",
        "a\nb",
        "a\u{202e}b",
        "CON",
        &long,
        &deep,
        "\u{10ffff}",
    ] {
        list.files(&format!("{path:.20}"), json!([{"path": path, "contents": ""}]));
    }
    for (about, one, other) in
        [("the same path twice", "a", "a"), ("two spellings", "a", "A"), ("a file as a directory", "a", "a/b")]
    {
        list.files(about, json!([{"path": one, "contents": ""}, {"path": other, "contents": ""}]));
    }
    list.files("contents that are not base64", json!([{"path": "a", "contents": "?"}]));
    list.files("no contents", json!([{"path": "a"}]));
    list.files("no files", json!([]));
    let many: Vec<_> = (0..70_000).map(|number| json!({"path": number.to_string(), "contents": ""})).collect();
    list.files("70000 files", many.into());
}

fn options(list: &mut List) {
    list.section("Options");
    list.write("broken.json", b"[1,");
    list.write("text.json", b"\"text\"");
    list.write("entries.json", b"[\"text\"]");
    list.write("fields.json", b"[{\"uuid\": 7, \"address\": 7}]");
    for option in ["--ports", "--portgroups", "--vendor-data", "--vendor-data2"] {
        for file in ["missing", "empty.json", "latin1.json", "broken.json", "text.json", "entries.json", "fields.json"]
        {
            list.run_if_it_fails(&["build", "-i", "document.json", option, file]);
        }
    }
    list.run(&["build", "-i", "document.json", "--random-seed", "missing"]);
    for arguments in [
        &["--size", "1M"][..],
        &["--sector-size", "4096"],
        &["--format", "vfat", "--sector-size", "1024"],
        &["--format", "vfat", "--size", "1000"],
        &["--format", "vfat", "--size", "1K"],
        &["--format", "vfat", "--size", "65M"],
        &["--format", "vfat", "--source-date-epoch", "0"],
        &["--source-date-epoch", "99999999999999"],
        &["--vendordata-providers", "DynamicJSON"],
        &["--skip-versions", "?"],
        &["--newest-version", "?"],
        &["--dhcp-domain", "?"],
    ] {
        list.run_if_it_fails(&[&["build", "-i", "document.json"], arguments].concat());
    }
}

fn nova_conf(list: &mut List) {
    list.section("nova.conf");
    list.run(&["build", "-i", "document.json", "--config-file", "missing"]);
    list.run(&["build", "-i", "document.json", "--config-file", "latin1.json"]);
    for text in [
        "[api",
        "[DEFAULT]\nforce_config_drive = maybe",
        "[DEFAULT]\nconfig_drive_format = ext4",
        "[DEFAULT]\nconfig_drive_format = iso",
        "[DEFAULT]\ninjected_network_template = /etc/nova/mine.template",
        "[api]\nvendordata_providers = NoSuch",
        "[api]\nvendordata_providers = DynamicJSON",
        "[api]\nvendordata_jsonfile_path = missing",
        "[api]\nvendordata_jsonfile_path = broken.json",
        "[api]\nvendordata_jsonfile_path = a\n  b",
        "[api]\ndhcp_domain = $domain",
    ] {
        list.write("nova.conf", text.as_bytes());
        list.about(&text.replace('\n', " "));
        list.run(&["build", "-i", "document.json", "--config-file", "nova.conf"]);
    }
}

fn directories(list: &mut List) {
    list.section("Directories");
    list.run(&["build", "--directory", "missing"]);
    list.run(&["build", "--directory", "document.json"]);
    let entry = list.path("directory/entry");
    for (about, target) in
        [("a link out of it", "../document.json"), ("a link to itself", "."), ("a link to nothing", "missing")]
    {
        symlink(target, &entry).unwrap();
        list.about(about);
        list.run(&["build", "--directory", "directory"]);
        fs::remove_file(&entry).unwrap();
    }
    assert!(Command::new("mkfifo").arg(&entry).status().unwrap().success());
    list.about("a pipe");
    list.run(&["build", "--directory", "directory"]);
    fs::remove_file(&entry).unwrap();
    for name in [&b"a:b"[..], b"\xe9"] {
        let entry = list.path("directory").join(std::ffi::OsStr::from_bytes(name));
        fs::write(&entry, "").unwrap();
        list.about(&format!("a file named {:?}", String::from_utf8_lossy(name)));
        list.run(&["build", "--directory", "directory"]);
        fs::remove_file(&entry).unwrap();
    }
}

fn drives(list: &mut List) {
    list.section("Drives");
    let image = fs::read(list.path("drive")).unwrap();
    let text = STANDARD.encode(&image);
    let drives = [
        ("zeros", vec![0; 4096]),
        ("a document", b"{\"instance\": {}}".to_vec()),
        ("base64 of text", b"QUJD".to_vec()),
        ("base64 that is cut off", text.as_bytes()[..4097].to_vec()),
        ("an image that is cut off", image[..40_000].to_vec()),
        ("a gzip header", b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec()),
        ("a gzip with a wrong method", b"\x1f\x8b\x07\0\0\0\0\0\0\x03\0\0".to_vec()),
        (
            "a gzip of nonsense",
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        ),
        ("a URL", b"http://example.org/drive.gz".to_vec()),
    ];
    let malicious = malicious::DRIVES.iter().map(|(_, make, ..)| ("a malicious drive", make()));
    let mut known = BTreeSet::new();
    for (name, bytes) in drives.into_iter().chain(malicious) {
        list.write("drive.img", &bytes);
        let (message, _) = list.outcome(&["inspect", "drive.img"], b"");
        if known.insert(message) {
            list.about(name);
            list.run(&["inspect", "drive.img"]);
        }
    }
    list.run(&["check", "drive.img"]);
    list.run(&["extract", "drive.img", "-o", "out"]);
}

/// Each finding once. `image-too-large` cannot be provoked: the command refuses to read such an image.
fn findings(list: &mut List) {
    list.section("Findings");
    let mut known = BTreeSet::new();
    let sound = files_of(&Drive::sound());
    for fault in faults::all() {
        let mut drive = Drive::sound();
        (fault.introduce)(&mut drive);
        list.finding(
            fault.code,
            &["check", "--all", "--format", "vfat", "--sector-size", "4096"],
            &files_of(&drive),
            &mut known,
        );
    }
    for code in configdrive::check::Code::ALL {
        let format = if code.as_str().contains("vfat") { "vfat" } else { "iso9660" };
        let format: &[&str] = &["check", "--all", "--format", format];
        list.finding(*code, format, &sound, &mut known);
    }
    list.write("sound.json", sound.as_bytes());
    assert!(list.succeeds(&["build", "-i", "sound.json", "-o", "label.iso"]));
    let image = fs::read(list.path("label.iso")).unwrap();
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    let image = replaced(&image, b"config-2", b"Config-2");
    list.write("label.iso", &replaced(&image, &utf16("config-2"), &utf16("Config-2")));
    list.run(&["check", "label.iso"]);
    list.about("nodes that were not checked");
    list.run(&["check", "--format", "vfat", "-i", "sound.json"]);
    list.run(&["check", "--format", "vfat", "-i", "sound.json", "--for", "glean,flat"]);
    list.about("the summary of several errors");
    list.write("errors.json", &fs::read(below("tests/golden/random-0018/document.json")).unwrap());
    list.run(&["check", "-i", "errors.json"]);
    list.write("sound.json", sound.as_bytes());
}

fn deployments(list: &mut List) {
    list.section("Deployments that no server sees");
    for arguments in [
        &[][..],
        &["no/node"],
        &["node", "-i", "missing"],
        &["node"],
        &["node=document.json", "other"],
        &["node=document.json", "--dry-run"],
        &["node", "--attach", "--rebuild"],
        &["node", "--fleet", "fleet.yaml"],
        &["node", "--timeout", "0"],
        &["node", "--parallel", "0"],
        &["node", "--wait", "--dry-run"],
        &["node", "--log-level", "debug"],
        &["node", "-i", "document.json", "--log-format", "xml"],
        &["node", "-i", "document.json", "--os-interface", "secret"],
        &["node", "-i", "document.json", "--vendor-data", "latin1.json"],
        &["node", "-i", "document.json", "--insecure", "--os-cacert", "a"],
        &["node", "-i", "document.json"],
        &["node", "-i", "document.json", "--endpoint", "ftp://host"],
        &["node", "-i", "document.json", "--endpoint", "no url"],
        &["node", "-i", "document.json", "--endpoint", "http://127.0.0.1:1", "--timeout", "1"],
        &["node", "-i", "document.json", "--endpoint", "https://127.0.0.1:1", "--os-cacert", "missing"],
        &["node", "-i", "document.json", "--endpoint", "https://127.0.0.1:1", "--os-cacert", "broken.json"],
        &["node", "-i", "document.json", "--endpoint", "https://127.0.0.1:1", "--os-cert", "missing"],
        &["node", "-i", "document.json", "--endpoint", "https://127.0.0.1:1", "--os-cert", "broken.json"],
    ] {
        list.run(&[&["deploy"], arguments].concat());
    }
}

fn clouds(list: &mut List) {
    list.section("clouds.yaml");
    let lab = |members: &str| format!("clouds:\n  lab:\n{members}");
    for text in [
        "clouds: [",
        "[]",
        "clouds: 7",
        "clouds: {}",
        "clouds:\n  lab: 7",
        "clouds:\n  other: {}",
        "clouds:\n  one: {}\n  two: {}",
        &lab("    auth: 7"),
        &lab("    auth: {}"),
        &lab("    auth_type: none"),
        &lab("    auth_type: kerberos"),
        &lab("    auth_type: none\n    endpoint: nowhere"),
        &lab("    auth_type: http_basic\n    endpoint: http://127.0.0.1:1"),
        &lab("    auth_type: v3token\n    auth: {auth_url: 'http://127.0.0.1:1'}"),
        &lab("    auth_type: v3applicationcredential\n    auth: {auth_url: 'http://127.0.0.1:1'}"),
        &lab("    auth: {auth_url: 'http://127.0.0.1:1', password: x}"),
        &lab("    auth: {auth_url: 'http://127.0.0.1:1', username: u}"),
        &lab("    auth: {auth_url: 'http://127.0.0.1:1', username: u, password: x}"),
        &lab("    auth: {auth_url: 'http://127.0.0.1:1', user_id: u, password: x}"),
        &lab("    auth_type: none\n    endpoint: http://127.0.0.1:1\n    verify: perhaps"),
        &lab("    auth_type: none\n    endpoint: http://127.0.0.1:1\n    interface: secret"),
        &lab("    profile: vendor"),
    ] {
        list.write("clouds.yaml", text.as_bytes());
        list.about(&text.split_whitespace().collect::<Vec<_>>().join(" "));
        list.run(&["deploy", "node", "-i", "document.json", "--os-cloud", "lab"]);
    }
    list.write("clouds.yaml", b"clouds:\n  one: {}\n  two: {}");
    list.about("two clouds, none chosen");
    list.run(&["deploy", "node", "-i", "document.json"]);
    fs::remove_file(list.path("clouds.yaml")).unwrap();
    list.about("no clouds.yaml");
    list.run(&["deploy", "node", "-i", "document.json", "--os-cloud", "lab"]);
}

fn fleets(list: &mut List) {
    list.section("Finished drives and images");
    for arguments in [
        &["--drive", "missing"][..],
        &["--drive", "file:///drive"],
        &["--drive", "document.json"],
        &["--drive", "latin1.json"],
        &["--drive", "{\"meta_data\": {}"],
        &["--drive", "broken.json"],
        &["--drive", "document.json", "--hostname", "a"],
        &["-i", "document.json", "--image-checksum", "sha1"],
        &["-i", "document.json", "--ramdisk", "r"],
        &["-i", "document.json", "--capability", "uefi"],
        &["-i", "document.json", "--deploy-steps", "[{}]"],
    ] {
        list.run(&[&["deploy", "node"], arguments].concat());
    }

    list.section("Fleet files");
    list.run(&["deploy", "--fleet", "missing"]);
    list.run(&["deploy", "--fleet", "latin1.json"]);
    for text in [
        "",
        "[]",
        "text",
        "{\"node\": \"n\"}",
        "{\"node\": \"n\", \"document\": \"a\", \"opts\": {}}",
        "{\"node\": \"a/b\", \"document\": \"a\"}",
        "{\"node\": \"n\", \"document\": 7}",
        "{\"node\": \"n\", \"document\": \"a\", \"rebuild\": 7}",
        "{\"node\": \"n\", \"document\": \"a\", \"options\": {\"size\": []}}",
        "[{\"node\": \"n\", \"document\": \"a\"}, {\"node\": \"n\", \"document\": \"b\"}]",
        "{\"node\": \"n\",\n nothing",
        "{\"node\": \"n\"",
        "- node: n\n  document: a\n - nothing: [",
        "node,hostname\nn,a\nm",
        "node,hostname\nn,",
        "node,hostnam\nn,a",
        "node,hostname\nn,a\nn,b",
        "hostname\na",
    ] {
        list.write("fleet", text.as_bytes());
        list.about(&text.replace('\n', " "));
        list.run(&["deploy", "--fleet", "fleet"]);
    }
}

/// The list, and the directory in which the command runs.
struct List {
    directory: TempDir,
    text: String,
    about: String,
}

impl List {
    fn new() -> Self {
        let text = "The messages of the command, as tests/command/messages.rs provokes them: after the command line, what it prints \
                    and its exit code.\n";
        Self { directory: tempfile::tempdir().unwrap(), text: text.to_owned(), about: String::new() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    fn section(&mut self, title: &str) {
        self.add(format_args!("\n# {title}\n"));
    }

    /// Says what is special about the input of the next command.
    fn about(&mut self, about: &str) {
        self.about = about.escape_debug().to_string();
    }

    /// Runs the command without input.
    fn run(&mut self, arguments: &[&str]) {
        self.feed_quietly(arguments, b"");
    }

    fn run_if_it_fails(&mut self, arguments: &[&str]) {
        if !self.succeeds(&[arguments, &["-o", "/dev/null"]].concat()) {
            self.run(arguments);
        }
    }

    fn feed(&mut self, arguments: &[&str], about: &str, input: &[u8]) {
        self.about(about);
        self.feed_quietly(arguments, input);
    }

    fn feed_quietly(&mut self, arguments: &[&str], input: &[u8]) {
        let (message, code) = self.outcome(arguments, input);
        let about = std::mem::take(&mut self.about);
        self.entry(arguments, &about, &message, code);
    }

    /// Builds a document of ready files, and lists the message if there is one.
    fn files(&mut self, about: &str, files: Value) {
        let document = json!({"files": files}).to_string();
        if self.outcome(&["build", "-o", "/dev/null"], document.as_bytes()).1 != 0 {
            self.feed(&["build"], about, document.as_bytes());
        }
    }

    /// Adds the first finding of a code.
    fn finding(
        &mut self,
        code: configdrive::check::Code,
        arguments: &[&str],
        document: &str,
        known: &mut BTreeSet<String>,
    ) {
        if known.contains(code.as_str()) {
            return;
        }
        let (message, exit_code) = self.outcome(arguments, document.as_bytes());
        let is_it = |line: &&str| line.split(": ").nth(1) == Some(code.as_str());
        if let Some(line) = message.lines().find(is_it) {
            let line = line.to_owned();
            known.insert(code.as_str().to_owned());
            self.entry(arguments, code.as_str(), &line, exit_code);
        }
    }

    fn entry(&mut self, arguments: &[&str], about: &str, message: &str, code: i32) {
        let arguments: Vec<_> = arguments.iter().map(|argument| argument.escape_debug().to_string()).collect();
        let about = if about.is_empty() { String::new() } else { format!("   # {about}") };
        let message = message.trim_end();
        let message = if message.is_empty() { "(no message)" } else { message };
        self.add(format_args!("\n## configdrive {}{about}\n{message}\nexit code {code}\n", arguments.join(" ")));
    }

    fn add(&mut self, text: fmt::Arguments<'_>) {
        self.text.write_fmt(text).unwrap();
    }

    fn succeeds(&self, arguments: &[&str]) -> bool {
        self.outcome(arguments, b"").1 == 0
    }

    /// Returns what the command prints, and its exit code.
    fn outcome(&self, arguments: &[&str], input: &[u8]) -> (String, i32) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_configdrive"));
        command.args(arguments).current_dir(self.directory.path()).env_clear().env("HOME", "/nonexistent");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = thread::scope(|scope| {
            // A command that fails early does not read its input.
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output().unwrap()
        });
        let stdout = String::from_utf8(output.stdout).unwrap_or_default();
        let text = [stdout, String::from_utf8(output.stderr).unwrap()].concat();
        let directory = self.directory.path().display().to_string();
        (text.replace(&directory, "DIRECTORY"), output.status.code().unwrap())
    }
}

/// Returns a document with the files of a drive.
fn files_of(drive: &Drive) -> String {
    let files = drive.files();
    let file = |(path, content): (&String, &Vec<u8>)| json!({"path": path, "contents": STANDARD.encode(content)});
    json!({"files": files.iter().map(file).collect::<Vec<_>>()}).to_string()
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for start in 0..bytes.len() - from.len() {
        if bytes[start..].starts_with(from) {
            bytes[start..start + to.len()].copy_from_slice(to);
        }
    }
    bytes
}

/// Returns all values of a document that are not objects or lists, and those that are, as JSON pointers.
fn places(value: &Value, place: String) -> Vec<String> {
    let below: Vec<_> = match value {
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| places(value, format!("{place}/{name}"))).collect()
        }
        Value::Array(entries) => {
            entries.iter().enumerate().flat_map(|(index, value)| places(value, format!("{place}/{index}"))).collect()
        }
        _ => Vec::new(),
    };
    let own = (!place.is_empty()).then_some(place);
    own.into_iter().chain(below).collect()
}

fn full() -> Value {
    serde_json::from_str(include_str!("../golden/full/document.json")).unwrap()
}
