//! The library: what its functions return and refuse, compared with Nova, openstacksdk and other decoders.

#![cfg(test)]

use std::process::ExitCode;

// What `check` finds on drives with one fault each, and on Nova's.
mod check;
// What the encoder writes, read by other decoders.
mod decoders;
// The functions at the library's root, and their errors.
mod functions;
// Nova's own drives, byte for byte.
mod golden;
// Metadata documents, compared with openstacksdk.
mod openstacksdk;
// The documents' JSON Schema, compared with the parser.
mod schema;

fn main() -> ExitCode {
    configdrive_support::run_trials!(check, decoders, functions, golden, openstacksdk, schema)
}
