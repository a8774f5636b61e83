//! Values of options, as they are written on the command line and in nova.conf.

use std::str::FromStr;

use clap::ValueEnum;
use configdrive_contract::{ImageFormat, UnknownProvider, VendordataProvider};

/// The file systems, by their names in nova.conf.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Format {
    #[value(alias = "iso")]
    Iso9660,
    #[value(alias = "fat")]
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

/// A size in bytes, perhaps written with a unit. As with qemu-img, all units are powers of 1024.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(size: &str) -> Result<Self, &'static str> {
        let unit_start = size.find(|character: char| !character.is_ascii_digit()).unwrap_or(size.len());
        let (number, unit) = size.split_at(unit_start);
        let unit: Option<u64> = match unit.trim_start() {
            "" => Some(1),
            "K" | "KiB" => Some(1 << 10),
            "M" | "MiB" => Some(1 << 20),
            "G" | "GiB" => Some(1 << 30),
            _ => None,
        };
        let bytes = number.parse().ok().zip(unit).and_then(|(number, unit): (u64, _)| number.checked_mul(unit));
        bytes
            .map(Self)
            .ok_or("expected a number of bytes, or a number followed by K, M, G, KiB, MiB or GiB (powers of 1024)")
    }
}

/// Reads a whole number. The standard library's message does not say what it expects.
pub fn whole_number<N: FromStr>(number: &str) -> Result<N, &'static str> {
    number.parse().map_err(|_| "expected a whole number")
}

/// The providers of vendor data, by their names in nova.conf.
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
        for (size, bytes) in [
            ("0", 0),
            ("1000", 1000),
            ("64M", 64 << 20),
            ("64MiB", 64 << 20),
            ("64 MiB", 64 << 20),
            ("20K", 20 << 10),
            ("20KiB", 20 << 10),
            ("1G", 1 << 30),
            ("1GiB", 1 << 30),
        ] {
            assert_eq!(size.parse(), Ok(Size(bytes)));
        }
        for size in
            ["", "M", "MiB", "64MB", "64m", "64B", "-1", "+1", "1.5MiB", "64MiBMiB", "18446744073709551615K", "６４"]
        {
            assert!(size.parse::<Size>().is_err(), "{size}");
        }
    }
}
