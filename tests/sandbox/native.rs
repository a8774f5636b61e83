//! What the sandbox gives is what the library gives: on Nova's golden cases, and on what fuzzing kept.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fmt::Debug, fs, path::Path};

use configdrive_host::sandbox::{self, DriveSource, Error, Limits, Policy, Sandbox};

#[path = "../fuzz/src/case.rs"]
mod case;
#[expect(dead_code, reason = "Nova's drives are for the library")]
#[path = "golden/cases.rs"]
mod cases;

#[test]
fn golden_cases_come_out_alike() {
    let sandbox = sandbox();
    for case in cases::all() {
        println!("{}", case.name);
        let policy = case.expected.options.policy();
        let native = configdrive::required_by(&case.document, policy);
        let policy = Policy { force_config_drive: policy.force_config_drive };
        same(native, sandbox.required_by(case.document.as_bytes(), policy));
        is_built_alike(&sandbox, &case.document, &case.expected.options.options());
    }
}

#[test]
fn documents_of_fuzzing_come_out_alike() {
    let sandbox = sandbox();
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/document");
    for seed in fs::read_dir(seeds).unwrap() {
        let path = seed.unwrap().path();
        println!("{}", path.display());
        let (document, options) = case::case(&fs::read(path).unwrap());
        is_built_alike(&sandbox, &document, &options);
    }
}

#[test]
fn findings_come_out_alike() {
    let sandbox = sandbox();
    let lines = |findings: Vec<_>| findings.iter().map(sandbox::Finding::to_string).collect::<Vec<_>>();
    let native_lines = |findings: Vec<_>| findings.iter().map(ToString::to_string).collect::<Vec<_>>();
    for name in ["full", "random-0018"] {
        let case = cases::all().into_iter().find(|case| case.name == name).unwrap();
        let options = case.expected.options.options();
        let native = configdrive::check_document(&case.document, &options).map(native_lines);
        let theirs = sandbox.check_document(case.document.as_bytes(), &in_the_contract(&options)).map(lines);
        same(native, theirs);
        let image = configdrive::build_drive(&case.document, &options).unwrap();
        let native = configdrive::check_drive(configdrive::DriveSource::Bytes(&image)).map(native_lines);
        same(native, sandbox.check_drive(&DriveSource::Bytes(image)).map(lines));
    }
}

fn sandbox() -> Sandbox {
    Sandbox::new(Limits::default()).unwrap()
}

fn is_built_alike(sandbox: &Sandbox, document: &str, options: &configdrive::Options) {
    let theirs = in_the_contract(options);
    same(configdrive::build_drive(document, options), sandbox.build_drive(document.as_bytes(), &theirs));
    let packed = configdrive::build_drive(document, options).and_then(|image| configdrive::encode(&image));
    same(packed, sandbox.pack(document.as_bytes(), &theirs));
}

fn same<T: Debug + PartialEq>(native: Result<T, configdrive::Error>, theirs: Result<T, Error>) {
    match (native, theirs) {
        // assert_eq would print both.
        (Ok(native), Ok(theirs)) => assert!(native == theirs),
        (Err(native), Err(Error::Guest { code, message, pointer })) => {
            assert_eq!(native.to_string(), message);
            assert_eq!(format!("ErrorCode::{:?}", native.code()), format!("{code:?}"));
            assert_eq!(native.pointer(), pointer.as_deref());
        }
        (native, theirs) => panic!("{:?}, and in the sandbox {:?}", native.err(), theirs.err()),
    }
}

fn in_the_contract(options: &configdrive::Options) -> sandbox::Options {
    let provider = |provider: &_| match provider {
        configdrive::VendordataProvider::StaticJson => sandbox::VendordataProvider::StaticJson,
        configdrive::VendordataProvider::DynamicJson => sandbox::VendordataProvider::DynamicJson,
    };
    let options = options.clone();
    sandbox::Options {
        format: match options.format {
            configdrive::ImageFormat::Iso9660 => sandbox::ImageFormat::Iso9660,
            configdrive::ImageFormat::Vfat => sandbox::ImageFormat::Vfat,
        },
        size: options.size,
        sector_size: options.sector_size,
        skip_versions: options.skip_versions,
        dhcp_domain: options.dhcp_domain,
        vendordata_providers: options.vendordata_providers.map(|names| names.iter().map(provider).collect()),
        ports: options.ports,
        portgroups: options.portgroups,
        vendor_data: options.vendor_data,
        vendor_data2: options.vendor_data2,
        random_seed: options.random_seed,
        default_random_seed: options.default_random_seed,
        source_date_epoch: options.source_date_epoch,
    }
}
