//! What the library `configdrive_host` is to an adapter. The sandbox is here another component: the one that the adapter is
//! composed with. All else is the library's own.
#![cfg(target_family = "wasm")]

#[path = "../../../src/report.rs"]
pub mod report;
pub mod sandbox;
#[path = "../../../src/untrusted.rs"]
pub mod untrusted;

/// The JSON Schema (draft 2020-12) of the documents.
pub const DOCUMENT_SCHEMA: &str = include_str!("../../../../src/document/schema.json");
