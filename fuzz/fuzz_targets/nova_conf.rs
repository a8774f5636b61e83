#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| configdrive_checks::nova_conf::check(input));
