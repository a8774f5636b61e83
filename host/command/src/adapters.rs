//! The component composed with the adapters in `host/adapters/`, as files for other hosts.
#![cfg(feature = "adapters")]

/// A command, which exports `wasi:cli/run` and has the verbs that do not need Ironic.
pub const COMMAND: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/configdrive-cli.wasm"));

/// A service, which exports `wasi:http/incoming-handler`.
pub const SERVICE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/configdrive-service.wasm"));
