//! What must hold for any input holds for the seeds of fuzzing, among which is what it found. The targets in `fuzz/` run the
//! same checks with nightly; here they run with the real sandbox.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use configdrive_host::sandbox::{self, Limits, Sandbox};

#[path = "../fuzz/src/lib.rs"]
mod checks;

#[test]
fn documents_become_drives_that_are_read_back_equal() {
    for_each_seed("document", checks::document::check);
}

#[test]
fn the_component_makes_of_documents_what_the_library_does() {
    let sandbox = Sandbox::new(Limits::default()).expect("a sandbox");
    for_each_seed("document", |seed| {
        let (document, options) = checks::case::case(seed);
        let theirs = sandbox.build_drive(document.as_bytes(), &in_the_contract(&options));
        match configdrive::build_drive(&document, &options) {
            Ok(image) => assert!(theirs.is_ok_and(|theirs| theirs == image)),
            Err(_) => assert!(matches!(theirs, Err(sandbox::Error::Guest { .. })), "{theirs:?}"),
        }
    });
}

#[test]
fn drives_are_read_or_refused() {
    for_each_seed("inspect", checks::inspect::check);
}

#[test]
fn images_become_texts_that_are_decoded_equal() {
    for_each_seed("encode", checks::encode::check);
}

#[test]
fn answers_of_ironic_lead_to_a_deployment_or_to_one_line() {
    for_each_seed("answer", checks::answer::check);
}

#[test]
fn nova_conf_is_read_or_refused_in_one_line() {
    for_each_seed("nova_conf", checks::nova_conf::check);
}

#[test]
fn fleet_files_are_read_or_refused_in_one_line() {
    for_each_seed("fleet_file", checks::fleet_file::check);
}

fn for_each_seed(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let mut count = 0;
    for seed in fs::read_dir(folder).expect("a folder of seeds") {
        let path = seed.expect("a seed").path();
        // Shown where the check fails.
        println!("{}", path.display());
        check(&fs::read(path).expect("a seed"));
        count += 1;
    }
    assert!(count > 0);
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
