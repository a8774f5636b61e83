//! What must hold whatever comes in: one check for each fuzz target. `tests/seeds.rs` runs them as well, over the seeds and with
//! the real library `configdrive_host`.

pub mod answer;
pub mod case;
pub mod document;
pub mod encode;
pub mod fleet_file;
pub mod inspect;
pub mod nova_conf;

mod commands;

use configdrive_host::untrusted;

/// Errors end up in a terminal or a log.
fn one_line(error: &impl ToString) {
    let line = error.to_string();
    assert!(untrusted::is_harmless(&line) && line.len() < 20_000, "{line:?}");
}
