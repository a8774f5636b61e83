//! The contract's types, as far as they do more than cross the boundary.

use std::{fmt, str::FromStr};

use super::{Finding, ImageFormat, Options, Policy, VendordataProvider};
use crate::untrusted::one_line;

#[expect(clippy::derivable_impls, reason = "wasmtime's macro derives the same traits for all types")]
impl Default for Policy {
    fn default() -> Self {
        Self { force_config_drive: false }
    }
}

/// Nova's defaults, and no random seed.
impl Default for Options {
    fn default() -> Self {
        Self {
            format: ImageFormat::Iso9660,
            size: None,
            sector_size: None,
            skip_versions: None,
            dhcp_domain: None,
            vendordata_providers: None,
            ports: None,
            portgroups: None,
            vendor_data: None,
            vendor_data2: None,
            random_seed: None,
            default_random_seed: None,
            source_date_epoch: None,
        }
    }
}

/// nova.conf's spelling.
impl FromStr for VendordataProvider {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "StaticJSON" => Ok(Self::StaticJson),
            "DynamicJSON" => Ok(Self::DynamicJson),
            name => Err(format!("{name:?} is no provider, StaticJSON and DynamicJSON are")),
        }
    }
}

/// `code: place: message; remedy` in one line, fit for a terminal.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, place, message, remedy, .. } = self;
        let place = if place.is_empty() { String::new() } else { format!("{place}: ") };
        f.write_str(&one_line(&format!("{code}: {place}{message}; {remedy}"), 1000))
    }
}
