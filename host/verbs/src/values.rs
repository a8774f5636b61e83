//! Values of options, as texts on the command line and in nova.conf.

use std::str::FromStr;

use clap::ValueEnum;
use configdrive_contract::{ImageFormat, UnknownProvider, VendordataProvider};

/// The file systems, under nova.conf's names.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Format {
    Iso9660,
    Vfat,
}

impl From<Format> for ImageFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Iso9660 => Self::Iso9660,
            Format::Vfat => Self::Vfat,
        }
    }
}

/// A number of bytes, or one of KiB or MiB.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(size: &str) -> Result<Self, String> {
        let unit = [("KiB", 1 << 10), ("MiB", 1 << 20)].into_iter().find(|(unit, _)| size.ends_with(unit));
        let (number, unit) =
            unit.map_or((size, 1), |(unit, bytes)| (size.strip_suffix(unit).unwrap_or(size).trim_end(), bytes));
        let number = number.parse().ok().and_then(|number: u64| number.checked_mul(unit));
        number.map(Self).ok_or_else(|| "want a number of bytes, or one with KiB or MiB behind it".into())
    }
}

/// The providers, in nova.conf's spelling.
#[derive(Clone, Debug)]
pub struct Providers(pub Vec<VendordataProvider>);

impl FromStr for Providers {
    type Err = UnknownProvider;

    fn from_str(names: &str) -> Result<Self, UnknownProvider> {
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_in_bytes_or_in_binary_units() {
        for (size, bytes) in [("0", 0), ("1000", 1000), ("64MiB", 64 << 20), ("64 MiB", 64 << 20), ("20KiB", 20 << 10)]
        {
            assert_eq!(size.parse(), Ok(Size(bytes)));
        }
        for size in ["", "MiB", "64MB", "64M", "-1", "1.5MiB", "64MiBMiB", "18446744073709551615KiB"] {
            assert!(size.parse::<Size>().is_err(), "{size}");
        }
    }
}
