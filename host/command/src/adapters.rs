//! The component composed with the adapters of `host/adapters/`, as files for other hosts.
#![cfg(feature = "adapters")]

/// A command: exports `wasi:cli/run`, has the verbs that need no Ironic.
pub const COMMAND: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/configdrive-cli.wasm"));

/// A service: exports `wasi:http/incoming-handler`.
pub const SERVICE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/configdrive-service.wasm"));
