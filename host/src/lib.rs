//! Config drives for OpenStack's bare metal: the component in its sandbox, and the way of its drives to Ironic.
//!
//! [`Sandbox`](sandbox::Sandbox) holds the component of the package `configdrive` and calls it, each time in a fresh store
//! with caps on memory and time. The command `configdrive` is a thin layer on top.

pub mod adapters;
pub mod cloud;
pub mod ironic;
pub mod report;
pub mod sandbox;
pub mod untrusted;

/// The runtime, in the version that the compiled component needs.
pub use wasmtime;

/// The JSON Schema (draft 2020-12) of the documents.
pub const DOCUMENT_SCHEMA: &str = include_str!("../../src/document/schema.json");
