//! A sandbox with nothing in it: one drive, whatever the document.

use std::{fmt, time::Duration};

#[path = "../../../host/src/sandbox/types.rs"]
mod types;

pub struct Sandbox;

impl Sandbox {
    pub fn new(_: Limits) -> Result<Self, Error> {
        Ok(Self)
    }

    pub fn required_by(&self, _: &[u8], _: Policy) -> Result<bool, Error> {
        Ok(true)
    }

    pub fn pack(&self, _: &[u8], _: &Options) -> Result<String, Error> {
        Ok("H4sI".into())
    }

    pub fn check_document(&self, _: &[u8], _: &Options) -> Result<Vec<Finding>, Error> {
        Ok(Vec::new())
    }
}

#[derive(Default)]
pub struct Limits {
    pub input: usize,
    pub output: usize,
    pub memory: usize,
    pub time: Duration,
}

#[derive(Clone, Debug)]
pub enum Error {
    Start(String),
    NotUtf8 { offset: usize },
    Guest { code: ErrorCode },
    Limit(usize),
    Trap(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

// The contract's types, which wasmtime's macro makes elsewhere.

#[derive(Clone, Copy, Debug)]
pub enum ErrorCode {
    InvalidDocument,
    InvalidOption,
    TooLarge,
    InvalidDrive,
}

#[derive(Clone, Copy, Debug)]
pub struct Policy {
    pub force_config_drive: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum ImageFormat {
    Iso9660,
    Vfat,
}

#[derive(Clone, Copy, Debug)]
pub enum VendordataProvider {
    StaticJson,
    DynamicJson,
}

#[derive(Clone, Debug)]
pub struct Options {
    pub format: ImageFormat,
    pub size: Option<u64>,
    pub sector_size: Option<u32>,
    pub skip_versions: Option<String>,
    pub dhcp_domain: Option<String>,
    pub vendordata_providers: Option<Vec<VendordataProvider>>,
    pub ports: Option<String>,
    pub portgroups: Option<String>,
    pub vendor_data: Option<String>,
    pub vendor_data2: Option<String>,
    pub random_seed: Option<String>,
    pub default_random_seed: Option<String>,
    pub source_date_epoch: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Finding {
    pub severity: Severity,
    pub code: String,
    pub scope: Scope,
    pub place: String,
    pub message: String,
    pub remedy: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    Error,
    Warning,
}

#[derive(Clone, Copy, Debug)]
pub enum Scope {
    Everywhere,
    FlatOrNeutron,
    FourKDisks,
}
