//! Sound drives: each reader finds what the document says.

use std::fs;

use configdrive::{DriveSource, Options};
use configdrive_support::{Files, below, golden, trials::Trial};
use configdrive_test_drives::faults::Reader;
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::software::{self, python, read, run, same, temporary_directory};

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut trial = |name: String, reader, run: Box<dyn FnOnce() -> Result<(), Failed> + Send>| {
        trials.push(Trial::new(name, run).without(software::missing(reader)));
    };
    for case in CASES {
        for reader in [Reader::CloudInit, Reader::CloudInitNewest, Reader::Glean, Reader::CloudbaseInit] {
            trial(format!("{}_reads_{case}", reader.name()), reader, Box::new(move || reads(reader, case)));
        }
        trial(format!("the_agent_unpacks_{case}"), Reader::CloudbaseInit, Box::new(|| agent_unpacks(case)));
    }
    trial("cloud_init_reads_a_bond".into(), Reader::CloudInit, Box::new(cloud_init_reads_a_bond));
    trials
}

/// Golden cases without options of the operator; `example` is the document in `examples/`.
const CASES: &[&str] = &[
    "example",
    "net-static",
    "net-multi-vif",
    "net-first-subnet-only",
    "files-contents-portable",
    "userdata-64k",
    "text-control",
];

/// What readers fail on all the same: the parts of `read.py` that raise an exception.
const FAILURES: &[(Reader, &str, &[&str])] = &[
    // Two default routes on an interface.
    (Reader::CloudInit, "net-static", &["sysconfig"]),
    (Reader::CloudInitNewest, "net-static", &["sysconfig"]),
    // An interface without IPv4.
    (Reader::Glean, "net-multi-vif", &["redhat", "redhat_keyfiles", "suse"]),
    (Reader::Glean, "net-first-subnet-only", &["redhat", "redhat_keyfiles", "suse"]),
];

/// Compares what the reader found with the document, not with the drive's files.
fn reads(reader: Reader, case: &str) -> Result<(), Failed> {
    let (text, document) = document(case);
    let found = read(reader, &extract(&build(&text))?, None)?;
    let failed = found["errors"].as_object().ok_or("no errors")?.keys().map(String::as_str);
    let expected = FAILURES.iter().filter(|(of, in_case, _)| *of == reader && *in_case == case);
    same("errors", &failed.collect(), &expected.flat_map(|(.., parts)| *parts).copied().collect())?;
    let is_cloud_init = [Reader::CloudInit, Reader::CloudInitNewest].contains(&reader);

    let instance = &document["instance"];
    let host_name = match reader {
        Reader::Glean => instance["display_name"].clone(),
        _ => format!("{}.novalocal", instance["hostname"].as_str().unwrap()).into(),
    };
    same("host name", &found["host_name"], &host_name)?;
    let pairs = if instance["key_name"].is_string() { instance["keypairs"].as_array() } else { None };
    let keys: Vec<_> = pairs.into_iter().flatten().take(1).map(|pair| pair["public_key"].clone()).collect();
    match reader {
        // glean writes them as lines, whatever they contain.
        Reader::Glean => {
            let lines = found["keys"].as_array().ok_or("no keys")?;
            let mut expected = keys.iter().filter_map(Value::as_str).flat_map(str::lines);
            same("keys", &expected.all(|key| lines.contains(&key.into())).into(), &json!(true))?;
        }
        _ => same("keys", &found["keys"], &keys.into())?,
    }
    if reader != Reader::Glean {
        same("instance id", &found["instance_id"], &instance["uuid"])?;
        let none = if is_cloud_init { json!("") } else { Value::Null };
        let user_data = if instance["user_data"].is_string() { &instance["user_data"] } else { &none };
        same("user data", &found["user_data"], user_data)?;
    }
    if is_cloud_init {
        let files = document["injected_files"].as_array().into_iter().flatten();
        let files = files.map(|file| (file["path"].as_str().unwrap().to_owned(), file["contents"].clone()));
        same("files", &found["files"], &files.collect::<serde_json::Map<_, _>>().into())?;
    }

    let expected = addresses(&document);
    match reader {
        Reader::CloudbaseInit => {
            let found = found["network"]["addresses"].as_array().unwrap().iter().map(|pair| pair[1].clone());
            same("addresses", &found.collect(), &expected.into_iter().flatten().map(Value::from).collect())
        }
        _ => {
            for (addresses, index) in expected.into_iter().zip(0..) {
                let interface = &found["network"]["interfaces"][format!("net{index}")];
                let found = interface.as_array().ok_or("an interface is missing")?.iter();
                // glean writes netmasks instead of prefixes.
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

/// Returns the addresses of each VIF with their prefixes: the first of its first IPv4 subnet and of its first IPv6 subnet, as Nova
/// does.
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
    let found = read(Reader::CloudInit, &extract(&build(&text))?, None)?;
    same("errors", &found["errors"], &json!({}))?;
    same("addresses", &found["network"]["interfaces"]["bond0"], &addresses(&document)[0].clone().into())
}

fn agent_unpacks(case: &str) -> Result<(), Failed> {
    let text = document(case).0;
    let directory = temporary_directory();
    let [packed, image] = ["text", "image"].map(|name| directory.path().join(name));
    fs::write(&packed, configdrive::pack(&text, &Options::default())?)?;
    let found = run(python(Reader::CloudbaseInit, "agent").args([&packed, &image]))?;
    same("errors", &found["errors"], &json!({}))?;
    same("size in MiB", &found["mebibytes"], &json!(1))?;
    if fs::read(&image)? != build(&text) {
        return Err("the agent unpacked a different image".into());
    }
    Ok(())
}

pub fn document(case: &str) -> (String, Value) {
    let text = match case {
        "example" => fs::read_to_string(below("examples/deploy/instance.json")).expect("a document"),
        case => golden::case(case).document,
    };
    let document = serde_json::from_str(&text).expect("JSON");
    (text, document)
}

pub fn build(document: &str) -> Vec<u8> {
    configdrive::build_drive(document, &Options::default()).expect("a drive")
}

fn extract(image: &[u8]) -> Result<Files, Failed> {
    let files = configdrive::extract(DriveSource::Bytes(image))?.into_iter();
    Ok(files.flat_map(|file| file.paths.into_iter().map(move |path| (path, file.content.clone()))).collect())
}
