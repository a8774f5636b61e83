//! What must be true for any input, checked on the seeds for fuzzing, which include what fuzzing found.
//!
//! The targets in `fuzz/` run the same checks on nightly Rust; here they run on stable.

#![cfg(test)]

use std::fs;

use configdrive_checks::{answer, document, encode, fleet_file, inspect, nova_conf};
use configdrive_support::below;

#[test]
fn documents_become_drives_that_read_back_equal() {
    for_each_seed("document", document::check);
}

#[test]
fn drives_are_read_or_refused() {
    for_each_seed("inspect", inspect::check);
}

#[test]
fn encoded_images_decode_to_the_same_bytes() {
    for_each_seed("encode", encode::check);
}

#[test]
fn ironics_answers_lead_to_a_deployment_or_a_one_line_error() {
    for_each_seed("answer", answer::check);
}

#[test]
fn nova_conf_is_read_or_refused_in_one_line() {
    for_each_seed("nova_conf", nova_conf::check);
}

#[test]
fn fleet_files_are_read_or_refused_in_one_line() {
    for_each_seed("fleet_file", fleet_file::check);
}

fn for_each_seed(target: &str, check: impl Fn(&[u8])) {
    let mut count = 0;
    for seed in fs::read_dir(below("fuzz/seeds").join(target)).expect("a directory of seeds") {
        let path = seed.expect("a seed").path();
        // Shown if the check fails.
        println!("{}", path.display());
        check(&fs::read(path).expect("a seed"));
        count += 1;
    }
    assert!(count > 0);
}
