//! What must hold for any input holds for the seeds of fuzzing, among which is what it found. The targets in `fuzz/` run the
//! same checks with nightly; here they run on stable, with the real host.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{fs, path::Path};

#[path = "../fuzz/src/lib.rs"]
mod checks;

#[test]
fn documents_become_drives_that_are_read_back_equal() {
    for_each_seed("document", checks::document::check);
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
