//! What the tests share: Nova's golden cases, drives to measure, the interface's names, third-party tools, and trials.

pub mod golden;
pub mod interface;
pub mod tools;
pub mod trials;
pub mod workloads;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A drive's files by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Returns the absolute path of something in the workspace.
pub fn below(path: impl AsRef<Path>) -> PathBuf {
    root().join(path)
}

/// Returns the workspace's root directory.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this package is in tests/")
}
