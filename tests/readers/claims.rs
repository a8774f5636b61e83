//! Drives with faults: readers do what `check` says about each fault.

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
    sync::OnceLock,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive::{
    DriveSource, ImageFormat, Options,
    check::{Code, Finding, Readers},
};
use configdrive_support::{Files, golden, trials::Trial};
use configdrive_test_drives::{
    faults::{self, Claim, Drive, Fault, Reader},
    metadata,
    network::{self, Harmless},
};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::{
    software::{self, ironic_reads, python, read, run, run_quietly, same, temporary_directory},
    sound::{build, document},
};

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for fault in faults::all() {
        let readers: BTreeSet<_> = fault.claims.iter().map(Claim::reader).collect();
        for reader in readers {
            let trial = Trial::new(format!("{}_behaves_as_claimed_with_{}", reader.name(), fault.name), move || {
                behaves_as_claimed(reader, fault)
            });
            trials.push(trial.without(software::missing(reader)));
        }
    }
    for reader in [Reader::CloudInit, Reader::CloudInitNewest, Reader::Glean, Reader::CloudbaseInit] {
        for harmless in metadata::HARMLESS.iter().chain(network::HARMLESS) {
            let trial =
                Trial::new(format!("{}_accepts_{}", reader.name(), harmless.name), move || accepts(reader, harmless));
            trials.push(trial.without(software::missing(reader)));
        }
    }
    let of_ironic = [
        Trial::new("ironic_rebuilds_exactly_the_drives_that_check_reports", ironic_rebuilds),
        Trial::new("ironic_cannot_open_a_fat", ironic_cannot_open_a_fat),
    ];
    trials.extend(of_ironic.map(|trial| trial.without(software::missing(Reader::Ironic))));
    let of_agent = Trial::new("the_agent_finds_an_image_over_its_limit", agent_finds_too_large_an_image);
    trials.push(of_agent.without(software::missing(Reader::CloudbaseInit)));
    trials.push(
        Trial::new("linux_refuses_the_host_names_that_check_reports", linux_refuses_host_names).without(no_host_name()),
    );
    trials
        .push(Trial::new("linux_refuses_the_gateways_that_check_reports", linux_refuses_gateways).without(no_routes()));
    for reader in [Reader::CloudInit, Reader::CloudInitNewest] {
        let name = format!("{}_starts_scripts_with_carriage_returns", reader.name());
        trials.push(Trial::new(name, move || starts_with_carriage_returns(reader)).without(software::missing(reader)));
    }
    trials
}

fn behaves_as_claimed(reader: Reader, fault: &Fault) -> Result<(), Failed> {
    static SOUND: [OnceLock<Value>; 5] = [const { OnceLock::new() }; 5];
    let read = |drive: &Drive| -> Result<Value, Failed> {
        if reader == Reader::Ironic {
            return Ok(ironic_reads(&[build(&ready_files(&drive.files()))])?[0].clone());
        }
        self::read(reader, &drive.files(), Some(drive.label))
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
    (fault.introduce)(&mut drive);
    let faulty = read(&drive)?;
    for claim in fault.claims.iter().filter(|claim| claim.reader() == reader) {
        match *claim {
            Claim::Fails(_, part, exception) => {
                let found = faulty["errors"][part].as_str().unwrap_or_default();
                if !found.starts_with(exception) {
                    return Err(format!("{part}: expected {exception}, found {found:?}; {faulty}").into());
                }
            }
            Claim::Reads(_, pointer, value) => {
                let value: Value = serde_json::from_str(value)?;
                let found = |answer: &Value| answer.pointer(pointer).cloned().unwrap_or_default();
                same(pointer, &found(&faulty), &value)?;
                if found(sound) == value {
                    return Err(format!("{pointer}: a sound drive also gives {value}").into());
                }
            }
        }
    }
    Ok(())
}

fn accepts(reader: Reader, harmless: &Harmless) -> Result<(), Failed> {
    let mut drive = Drive::sound();
    (harmless.introduce)(&mut drive);
    same("errors", &read(reader, &drive.files(), Some(drive.label))?["errors"], &json!({}))
}

/// Compares the findings with what Ironic does, on all of Nova's golden drives.
fn ironic_rebuilds() -> Result<(), Failed> {
    let mut cases = Vec::new();
    for case in golden::all() {
        if let Ok(image) = configdrive::build_drive(&case.document, &Options::default()) {
            cases.push((case.name, image));
        }
    }
    let images: Vec<_> = cases.iter().map(|(_, image)| image.clone()).collect();
    let mut rebuilt = 0;
    for ((name, image), answer) in cases.iter().zip(ironic_reads(&images)?.as_array().unwrap()) {
        same("errors", &answer["errors"], &json!({}))?;
        let is_reported = check(image)?.iter().any(|finding| finding.readers.contains(Readers::IRONIC));
        same(name, &is_reported.into(), &answer["rebuilt"])?;
        rebuilt += usize::from(answer["rebuilt"] == json!(true));
    }
    if rebuilt == 0 || rebuilt == cases.len() || cases.len() < 100 {
        return Err(format!("{rebuilt} of {} drives are rebuilt", cases.len()).into());
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
    let answer = ironic_reads(&[image])?;
    match answer[0]["errors"]["drive"].as_str() {
        Some(error) if error.starts_with("PyCdlibInvalidISO") => Ok(()),
        other => Err(format!("expected PyCdlibInvalidISO, found {other:?}").into()),
    }
}

fn agent_finds_too_large_an_image() -> Result<(), Failed> {
    let directory = temporary_directory();
    let [text, image] = ["text", "image"].map(|name| directory.path().join(name));
    let one_too_many = format!("head -c {} /dev/zero | gzip -1 | base64 -w 0 >\"$1\"", (64 << 20) + 1);
    run_quietly(Command::new("sh").args(["-c", &one_too_many, "sh"]).arg(&text))?;
    let found = run(python(Reader::CloudbaseInit, "agent").args([&text, &image]))?;
    if found["mebibytes"].as_u64() <= found["limit"].as_u64() {
        return Err(format!("the image is not over the agent's limit: {found}").into());
    }
    let findings = configdrive::check_drive(DriveSource::Text(&fs::read_to_string(&text)?))?;
    match findings.as_slice() {
        [Finding { code: Code::ImageTooLarge, .. }] => Ok(()),
        other => Err(format!("expected image-too-large, found {other:?}").into()),
    }
}

/// cloud-init converts the ends of a script's lines, so `check` must not report them.
fn starts_with_carriage_returns(reader: Reader) -> Result<(), Failed> {
    let mut drive = Drive::sound();
    for version in ["latest", "2018-08-27"] {
        drive.files.insert(format!("openstack/{version}/user_data"), "#!/bin/sh\r\nexit 0\r\n".into());
    }
    let found = read(reader, &drive.files(), Some(drive.label))?;
    same("scripts", &found["executed"]["scripts"], &json!({"part-001": true}))
}

/// Sets host names with `hostname` in a namespace of its own: cloud-init and glean run it.
fn linux_refuses_host_names() -> Result<(), Failed> {
    for (name, accepted) in [
        ("web-01", true),
        ("web-01.example.org", true),
        ("WEB01", true),
        (&*"a".repeat(64), true),
        (&*"a".repeat(65), false),
        (&*format!("web-01.{}", "a".repeat(58)), false),
        ("my web server", false),
        ("web_01", false),
        ("w\u{e9}b", false),
        ("web-", false),
        ("web..example", false),
        (".example", false),
        ("web.", false),
    ] {
        same(&format!("whether Linux accepts {name:?}"), &set_host_name(name)?.into(), &accepted.into())?;
        let mut drive = Drive::sound();
        drive.meta_data["hostname"] = name.into();
        drive.meta_data["name"] = name.into();
        let files = drive.files();
        let files = files.iter().map(|(path, content)| (path.clone(), content.into())).collect();
        let findings = configdrive::check::check(&drive.volume(), &files);
        let reported = findings.iter().any(|finding| finding.code == Code::InvalidHostName);
        same(&format!("whether check reports {name:?}"), &reported.into(), &(!accepted).into())?;
    }
    Ok(())
}

fn set_host_name(name: &str) -> Result<bool, Failed> {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--uts", "hostname", name]).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command.status()?.success())
}

/// Returns what is missing to set host names.
fn no_host_name() -> Option<&'static str> {
    (!set_host_name("web-01").unwrap_or(false)).then_some("hostname in a namespace")
}

/// Adds routes in a network namespace of its own.
fn linux_refuses_gateways() -> Result<(), Failed> {
    for (address, netmask, to, gateway, accepted) in [
        ("192.0.2.10/24", "255.255.255.0", "198.51.100.0/24", "192.0.2.1", true),
        ("192.0.2.10/24", "255.255.255.0", "198.51.100.0/24", "203.0.113.1", false),
        ("192.0.2.10/32", "255.255.255.255", "198.51.100.0/24", "192.0.2.1", false),
        ("2001:db8::10/64", "ffff:ffff:ffff:ffff::", "2001:db8:cafe::/48", "2001:db8::1", true),
        ("2001:db8::10/64", "ffff:ffff:ffff:ffff::", "2001:db8:cafe::/48", "fe80::1", true),
        ("2001:db8::10/64", "ffff:ffff:ffff:ffff::", "2001:db8:cafe::/48", "2001:db8:1::1", false),
    ] {
        same(
            &format!("whether Linux accepts {gateway} with {address}"),
            &add_route(address, to, gateway)?.into(),
            &accepted.into(),
        )?;
        let mut drive = Drive::sound();
        let network = &mut drive.network_data["networks"][1];
        network["type"] = if address.contains(':') { "ipv6" } else { "ipv4" }.into();
        network["ip_address"] = address.split('/').next().into();
        network["netmask"] = netmask.into();
        network["routes"] = json!([{"network": to, "gateway": gateway}]);
        let files = drive.files();
        let files = files.iter().map(|(path, content)| (path.clone(), content.into())).collect();
        let findings = configdrive::check::check(&drive.volume(), &files);
        let reported = findings.iter().any(|finding| finding.code == Code::GatewayOutsideNetwork);
        same(&format!("whether check reports {gateway} with {address}"), &reported.into(), &(!accepted).into())?;
    }
    Ok(())
}

/// Returns whether an interface with this address accepts the route.
fn add_route(address: &str, to: &str, gateway: &str) -> Result<bool, Failed> {
    let script = "PATH=$PATH:/usr/sbin:/sbin; ip link add port0 type veth peer name port1 && ip link set port0 up && ip link set port1 up &&
                  ip address add \"$1\" dev port0 $(case \"$1\" in *:*) echo nodad;; esac) || exit 9
                  ip route add \"$2\" via \"$3\" dev port0";
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "sh", "-c", script, "sh", address, to, gateway]);
    match command.stdout(Stdio::null()).stderr(Stdio::null()).status()?.code() {
        Some(0) => Ok(true),
        Some(2) => Ok(false),
        code => Err(format!("unshare and ip: exit code {code:?}").into()),
    }
}

/// Returns what is missing to add routes.
fn no_routes() -> Option<&'static str> {
    (!add_route("192.0.2.10/24", "198.51.100.0/24", "192.0.2.1").unwrap_or(false))
        .then_some("ip in a network namespace")
}

/// Returns a document that lists the drive's files themselves.
fn ready_files(files: &Files) -> String {
    let file = |(path, content): (&String, &Vec<u8>)| json!({"path": path, "contents": STANDARD.encode(content)});
    json!({"files": files.iter().map(file).collect::<Vec<_>>()}).to_string()
}

fn check(image: &[u8]) -> Result<Vec<Finding>, configdrive::Error> {
    configdrive::check_drive(DriveSource::Bytes(image))
}
