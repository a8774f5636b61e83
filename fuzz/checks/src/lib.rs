//! Checks of properties that must be true for any input, one check for each fuzz target. `tests/seeds` also runs them, on the seeds.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a check fails by panicking"
)]

#[cfg(feature = "host")]
pub mod answer;
pub mod case;
pub mod document;
pub mod encode;
#[cfg(feature = "host")]
pub mod fleet_file;
pub mod inspect;
#[cfg(feature = "host")]
pub mod nova_conf;

use configdrive_contract::untrusted;

/// Asserts that an error is one harmless line: errors end up in a terminal or a log.
fn assert_one_line(error: &impl ToString) {
    let line = error.to_string();
    assert!(untrusted::is_harmless(&line) && line.len() < 20_000, "{line:?}");
}
