//! Drives, read by the software that reads them on an instance and on the way to it.
//!
//! `readers/read.py` has cloud-init, glean, cloudbase-init, Ironic's agent and Ironic's conductor at work. A sound drive gives
//! them what its document says; what `check` claims of a fault is what they do. A reader that is not installed
//! (`readers/install.py`) has its tests ignored, which name it; where the variable `CI` is set they fail instead.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    env,
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::OnceLock,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive::{
    DriveSource, ImageFormat, Options,
    check::{Code, Finding},
};
use faults::{Claim, Drive, FAULTS, Fault, Files, Reader};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use tempfile::TempDir;

#[expect(dead_code, reason = "what check finds is for tests/check.rs")]
#[path = "readers/faults.rs"]
mod faults;

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for case in CASES {
        for reader in [Reader::CloudInit, Reader::Glean, Reader::CloudbaseInit] {
            trials.push(trial(format!("{}_reads_{case}", reader.name()), reader, move || reads(reader, case)));
        }
        let name = format!("the_agent_unpacks_{case}");
        trials.push(trial(name, Reader::CloudbaseInit, move || agent_unpacks(case)));
    }
    for fault in FAULTS {
        let readers: BTreeSet<_> = fault.claims.iter().map(|claim| claim.reader()).collect();
        for reader in readers {
            let name = format!("{}_is_as_claimed_of_{}", reader.name(), fault.name);
            trials.push(trial(name, reader, move || is_as_claimed(reader, fault)));
        }
    }
    trials.push(trial("cloud_init_reads_a_bond".into(), Reader::CloudInit, cloud_init_reads_a_bond));
    trials.push(trial("ironic_masters_anew_what_check_says".into(), Reader::Ironic, ironic_masters_anew));
    trials.push(trial("ironic_cannot_open_a_fat".into(), Reader::Ironic, ironic_cannot_open_a_fat));
    trials.push(trial("the_agent_finds_more_than_its_limit".into(), Reader::CloudbaseInit, agent_finds_too_much));
    trials.push(Trial::test("a_script_with_carriage_returns_does_not_start", script_does_not_start));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Golden cases without options of the operator; `example` is that of `examples/`.
const CASES: &[&str] = &[
    "example",
    "net-static",
    "net-multi-vif",
    "net-first-subnet-only",
    "files-contents-portable",
    "userdata-64k",
    "text-control",
];

// Sound drives.

/// Held against the document, not against the drive's files.
fn reads(reader: Reader, case: &str) -> Result<(), Failed> {
    let (text, document) = document(case);
    let found = reader.read(&extract(&build(&text))?, &[])?;
    same("errors", &found["errors"], &json!({}))?;

    let instance = &document["instance"];
    let host_name = match reader {
        Reader::Glean => instance["display_name"].clone(),
        _ => format!("{}.novalocal", instance["hostname"].as_str().unwrap()).into(),
    };
    same("host name", &found["host_name"], &host_name)?;
    let pairs = if instance["key_name"].is_string() { instance["keypairs"].as_array() } else { None };
    let keys: Vec<_> = pairs.into_iter().flatten().take(1).map(|pair| pair["public_key"].clone()).collect();
    same("keys", &found["keys"], &keys.into())?;
    if reader != Reader::Glean {
        same("instance id", &found["instance_id"], &instance["uuid"])?;
        let none = if reader == Reader::CloudInit { json!("") } else { Value::Null };
        let user_data = if instance["user_data"].is_string() { &instance["user_data"] } else { &none };
        same("user data", &found["user_data"], user_data)?;
    }
    if reader == Reader::CloudInit {
        let files = document["injected_files"].as_array().into_iter().flatten();
        let files = files.map(|file| (file["path"].as_str().unwrap().to_owned(), file["contents"].clone()));
        same("files", &found["files"], &files.collect::<serde_json::Map<_, _>>().into())?;
    }

    let wanted = addresses(&document);
    match reader {
        Reader::CloudbaseInit => {
            let found = found["network"]["addresses"].as_array().unwrap().iter().map(|pair| pair[1].clone());
            same("addresses", &found.collect(), &wanted.into_iter().flatten().map(Value::from).collect())
        }
        _ => {
            for (addresses, index) in wanted.into_iter().zip(0..) {
                let interface = &found["network"]["interfaces"][format!("net{index}")];
                let found = interface.as_array().ok_or("an interface is missing")?.iter();
                // glean has netmasks there.
                let cut = |address: &str| match reader {
                    Reader::Glean => address.split('/').next().unwrap().to_owned(),
                    _ => address.to_owned(),
                };
                let found: Value = found.map(|address| cut(address.as_str().unwrap())).collect();
                same("addresses", &found, &addresses.iter().map(|address| cut(address)).collect())?;
            }
            Ok(())
        }
    }
}

/// Of each VIF, with their prefixes: the first of its first IPv4 subnet and of its first IPv6 subnet, as Nova has it.
fn addresses(document: &Value) -> Vec<Vec<String>> {
    let of_vif = |vif: &Value| {
        let subnets = vif["network"]["subnets"].as_array().unwrap();
        let first = |is_v6: bool| {
            let subnet = subnets.iter().find(|subnet| subnet["cidr"].as_str().unwrap().contains(':') == is_v6)?;
            let address = subnet["ips"].get(0)?["address"].as_str()?;
            Some(format!("{address}/{}", subnet["cidr"].as_str()?.split('/').nth(1)?))
        };
        [first(false), first(true)].into_iter().flatten().collect()
    };
    document["network_info"].as_array().into_iter().flatten().map(of_vif).collect()
}

fn cloud_init_reads_a_bond() -> Result<(), Failed> {
    let (text, document) = document("bond-basic");
    let found = Reader::CloudInit.read(&extract(&build(&text))?, &[])?;
    same("errors", &found["errors"], &json!({}))?;
    same("addresses", &found["network"]["interfaces"]["bond0"], &addresses(&document)[0].clone().into())
}

fn agent_unpacks(case: &str) -> Result<(), Failed> {
    let text = document(case).0;
    let folder = folder();
    let [packed, image] = ["text", "image"].map(|name| folder.path().join(name));
    fs::write(&packed, configdrive::pack(&text, &Options::default())?)?;
    let found = run(Reader::CloudbaseInit.python("agent").args([&packed, &image]))?;
    same("errors", &found["errors"], &json!({}))?;
    same("size in MiB", &found["mebibytes"], &json!(1))?;
    if fs::read(&image)? != build(&text) {
        return Err("another image comes out".into());
    }
    Ok(())
}

// What check claims.

fn is_as_claimed(reader: Reader, fault: &Fault) -> Result<(), Failed> {
    static SOUND: [OnceLock<Value>; 4] = [const { OnceLock::new() }; 4];
    let read = |drive: &Drive| -> Result<Value, Failed> {
        if reader == Reader::Ironic {
            return Ok(look_at(&[build(&ready_files(&drive.files()))])?[0].clone());
        }
        let folder = folder();
        write(&drive.files(), folder.path())?;
        let label: &[&str] = if reader == Reader::CloudInit { &[drive.label] } else { &[] };
        reader.read(&folder, label)
    };
    let mut drive = Drive::sound();
    let sound = match SOUND[reader as usize].get() {
        Some(sound) => sound,
        None => {
            let sound = read(&drive)?;
            SOUND[reader as usize].get_or_init(|| sound)
        }
    };
    same("errors with a sound drive", &sound["errors"], &json!({}))?;
    (fault.spoil)(&mut drive);
    let spoilt = read(&drive)?;
    for claim in fault.claims.iter().filter(|claim| claim.reader() == reader) {
        match *claim {
            Claim::Fails(_, part, exception) => {
                let found = spoilt["errors"][part].as_str().unwrap_or_default();
                if !found.starts_with(exception) {
                    return Err(format!("{part}: not {exception} but {found:?}, {spoilt}").into());
                }
            }
            Claim::Reads(_, pointer, value) => {
                let value: Value = serde_json::from_str(value)?;
                let found = |answer: &Value| answer.pointer(pointer).cloned().unwrap_or_default();
                same(pointer, &found(&spoilt), &value)?;
                if found(sound) == value {
                    return Err(format!("{pointer}: a sound drive gives {value} too").into());
                }
            }
        }
    }
    Ok(())
}

/// All of Nova's golden drives.
fn ironic_masters_anew() -> Result<(), Failed> {
    let mut cases = Vec::new();
    for folder in fs::read_dir(below("tests/golden"))?.map(|entry| entry.unwrap().path()) {
        let Ok(document) = fs::read_to_string(folder.join("document.json")) else { continue };
        if let Ok(image) = configdrive::build_drive(&document, &Options::default()) {
            cases.push((folder.file_name().unwrap().to_owned(), image));
        }
    }
    let images: Vec<_> = cases.iter().map(|(_, image)| image.clone()).collect();
    let mut anew = 0;
    for ((name, image), answer) in cases.iter().zip(look_at(&images)?.as_array().unwrap()) {
        same("errors", &answer["errors"], &json!({}))?;
        let codes: Vec<_> = check(image)?.into_iter().map(|finding| finding.code).collect();
        let said = [Code::LinkWithoutMtu, Code::EmptyNetworkData, Code::InvalidNetworkData];
        same(&format!("{name:?}"), &said.iter().any(|code| codes.contains(code)).into(), &answer["mastered_anew"])?;
        anew += usize::from(answer["mastered_anew"] == json!(true));
    }
    if anew == 0 || anew == cases.len() || cases.len() < 100 {
        return Err(format!("{anew} of {} drives are mastered anew", cases.len()).into());
    }
    Ok(())
}

fn ironic_cannot_open_a_fat() -> Result<(), Failed> {
    let options = Options { format: ImageFormat::Vfat, ..Options::default() };
    let image = configdrive::build_drive(&document("example").0, &options)?;
    let codes: Vec<_> = check(&image)?.into_iter().map(|finding| finding.code).collect();
    if !codes.contains(&Code::VfatUnderIronicsCheck) {
        return Err(format!("check finds {codes:?}").into());
    }
    let answer = look_at(&[image])?;
    match answer[0]["errors"]["drive"].as_str() {
        Some(error) if error.starts_with("PyCdlibInvalidISO") => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn agent_finds_too_much() -> Result<(), Failed> {
    let folder = folder();
    let [text, image] = ["text", "image"].map(|name| folder.path().join(name));
    let one_too_many = format!("head -c {} /dev/zero | gzip -1 | base64 -w 0 >\"$1\"", (64 << 20) + 1);
    run_quietly(Command::new("sh").args(["-c", &one_too_many, "sh"]).arg(&text))?;
    let found = run(Reader::CloudbaseInit.python("agent").args([&text, &image]))?;
    if found["mebibytes"].as_u64() <= found["limit"].as_u64() {
        return Err(format!("{found}").into());
    }
    let findings = configdrive::check_drive(DriveSource::Text(&fs::read_to_string(&text)?))?;
    match findings.as_slice() {
        [Finding { code: Code::ImageTooLarge, .. }] => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn script_does_not_start() -> Result<(), Failed> {
    let folder = folder();
    for (script, starts) in [("#!/bin/sh\nexit 0\n", true), ("#!/bin/sh\r\nexit 0\r\n", false)] {
        let path = folder.path().join(format!("script-{starts}"));
        fs::write(&path, script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        // Through a shell, as the file may still be open for writing in a process that was forked meanwhile.
        let status =
            Command::new("sh").arg("-c").arg("exec \"$1\"").arg("sh").arg(&path).stderr(Stdio::null()).status()?;
        same("it starts", &status.success().into(), &starts.into())?;
    }
    Ok(())
}

// The readers.

impl Claim {
    fn reader(&self) -> Reader {
        match self {
            Self::Fails(reader, ..) | Self::Reads(reader, ..) => *reader,
        }
    }
}

impl Reader {
    fn name(self) -> &'static str {
        match self {
            Self::CloudInit => "cloud_init",
            Self::Glean => "glean",
            Self::CloudbaseInit => "cloudbase_init",
            Self::Ironic => "ironic",
        }
    }

    /// What it makes of the files in a folder.
    fn read(self, folder: &TempDir, more: &[&str]) -> Result<Value, Failed> {
        run(self.python(&self.name().replace('_', "-")).arg(folder.path()).args(more))
    }

    /// `read.py` in the virtual environment of this reader.
    fn python(self, reader: &str) -> Command {
        let home = if self == Self::Ironic { "target/ironic" } else { "target/readers" };
        let mut python = Command::new(below(home).join("venv/bin/python"));
        python.arg(below("tests/readers/read.py")).arg(reader).stdin(Stdio::null());
        // Nothing that a reader writes ends up elsewhere.
        python.env_remove("PYTHONPATH").env("PYTHONDONTWRITEBYTECODE", "1").env("LC_ALL", "C.UTF-8");
        if self == Self::CloudInit {
            python.env("PYTHONPATH", below("target/readers/cloud-init"));
        }
        python
    }

    fn is_missing(self) -> bool {
        let needs = match self {
            Self::Ironic => "target/ironic/complete",
            Self::CloudInit => "target/readers/cloud-init/cloudinit",
            Self::Glean | Self::CloudbaseInit => "target/readers/complete",
        };
        !below(needs).exists()
    }
}

/// What Ironic's conductor makes of drives.
fn look_at(images: &[Vec<u8>]) -> Result<Value, Failed> {
    let folder = folder();
    let mut python = Reader::Ironic.python("ironic");
    for (image, index) in images.iter().zip(0..) {
        let text = folder.path().join(format!("{index}"));
        fs::write(&text, configdrive::encode(image)?)?;
        python.arg(text);
    }
    run(&mut python)
}

fn run(command: &mut Command) -> Result<Value, Failed> {
    Ok(serde_json::from_slice(&run_quietly(command)?)?)
}

fn run_quietly(command: &mut Command) -> Result<Vec<u8>, Failed> {
    let output = command.output()?;
    if !output.status.success() {
        let program = command.get_program().to_owned();
        return Err(format!("{program:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(output.stdout)
}

fn trial(name: String, reader: Reader, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    match (reader.is_missing(), env::var_os("CI")) {
        (false, _) => Trial::test(name, run),
        (true, Some(_)) => Trial::test(name, move || Err(format!("{} is missing", reader.name()).into())),
        (true, None) => {
            Trial::test(name, run).with_kind(format!("{} is missing", reader.name())).with_ignored_flag(true)
        }
    }
}

// The ground that tests stand on.

fn document(case: &str) -> (String, Value) {
    let path = match case {
        "example" => below("examples/deploy/instance.json"),
        case => below("tests/golden").join(case).join("document.json"),
    };
    let text = fs::read_to_string(path).expect("a document");
    let document = serde_json::from_str(&text).expect("JSON");
    (text, document)
}

fn build(document: &str) -> Vec<u8> {
    configdrive::build_drive(document, &Options::default()).expect("a drive")
}

/// The document of ready files.
fn ready_files(files: &Files) -> String {
    let file = |(path, content): (&String, &Vec<u8>)| json!({"path": path, "contents": STANDARD.encode(content)});
    json!({"files": files.iter().map(file).collect::<Vec<_>>()}).to_string()
}

fn check(image: &[u8]) -> Result<Vec<Finding>, configdrive::Error> {
    configdrive::check_drive(DriveSource::Bytes(image))
}

fn extract(image: &[u8]) -> Result<TempDir, Failed> {
    let folder = folder();
    for file in configdrive::extract(DriveSource::Bytes(image))? {
        let files = file.paths.into_iter().map(|path| (path, file.content.clone())).collect();
        write(&files, folder.path())?;
    }
    Ok(folder)
}

fn write(files: &Files, folder: &Path) -> Result<(), Failed> {
    for (path, content) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("below the folder"))?;
        fs::write(path, content)?;
    }
    Ok(())
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn below(path: impl AsRef<OsStr>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path.as_ref())
}

fn same(what: &str, found: &Value, wanted: &Value) -> Result<(), Failed> {
    if found == wanted {
        return Ok(());
    }
    let cut = |value: &Value| value.to_string().chars().take(400).collect::<String>();
    Err(format!("{what}: {} instead of {}", cut(found), cut(wanted)).into())
}
