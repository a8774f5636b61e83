//! The sandbox returns what the native library returns, on Nova's golden cases and on what fuzzing kept.

use std::{fmt::Debug, fs};

use configdrive_checks::case::{case, native};
use configdrive_host::{ConfigDrive, DriveSource, Error, Finding, Limits, Options, Sandbox};
use configdrive_support::{below, golden};

#[test]
fn golden_cases_give_the_same_answers() {
    let sandbox = sandbox();
    for case in golden::all() {
        println!("{}", case.name);
        let policy = case.expected.options.policy();
        let theirs = sandbox.required_by(case.document.as_bytes(), policy);
        let policy = configdrive::Policy { force_config_drive: policy.force_config_drive };
        same(configdrive::required_by(&case.document, policy), theirs);
        is_built_the_same(&sandbox, &case.document, &case.expected.options.options());
    }
}

#[test]
fn documents_from_fuzzing_give_the_same_answers() {
    let sandbox = sandbox();
    for seed in fs::read_dir(below("fuzz/seeds/document")).unwrap() {
        let path = seed.unwrap().path();
        println!("{}", path.display());
        let (document, options) = case(&fs::read(path).unwrap());
        is_built_the_same(&sandbox, &document, &options);
    }
}

#[test]
fn findings_are_the_same() {
    let sandbox = sandbox();
    let lines = |findings: Vec<_>| findings.iter().map(Finding::to_string).collect::<Vec<_>>();
    let native_lines = |findings: Vec<_>| findings.iter().map(ToString::to_string).collect::<Vec<_>>();
    for name in ["full", "random-0018"] {
        let case = golden::case(name);
        let options = case.expected.options.options();
        let theirs = sandbox.check_document(case.document.as_bytes(), &options).map(lines);
        let options = native(&options);
        same(configdrive::check_document(&case.document, &options).map(native_lines), theirs);
        let image = configdrive::build_drive(&case.document, &options).unwrap();
        let theirs = sandbox.check_drive(DriveSource::Bytes(&image)).map(lines);
        same(configdrive::check_drive(configdrive::DriveSource::Bytes(&image)).map(native_lines), theirs);
    }
}

fn sandbox() -> Sandbox {
    Sandbox::new(Limits::default()).unwrap()
}

fn is_built_the_same(sandbox: &Sandbox, document: &str, options: &Options) {
    let drive = || configdrive::build_drive(document, &native(options));
    same(drive(), sandbox.build_drive(document.as_bytes(), options));
    let packed = drive().and_then(|image| configdrive::encode(&image));
    same(packed, sandbox.pack(document.as_bytes(), options));
}

fn same<T: Debug + PartialEq>(native: Result<T, configdrive::Error>, theirs: Result<T, Error>) {
    match (native, theirs) {
        // assert_eq would print both.
        (Ok(native), Ok(theirs)) => assert!(native == theirs),
        (Err(native), Err(Error::Refused { code, message, pointer, further })) => {
            assert_eq!(native.to_string(), message);
            assert_eq!(native.further().len(), further.len());
            for (native, further) in native.further().iter().zip(further) {
                assert_eq!(native.to_string(), further.message);
            }
            assert_eq!(format!("{:?}", native.code()), format!("{code:?}"));
            assert_eq!(native.pointer(), pointer.as_deref());
        }
        (native, theirs) => panic!("native: {:?}, in the sandbox: {:?}", native.err(), theirs.err()),
    }
}
