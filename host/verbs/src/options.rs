//! The operator's options, under the names that nova.conf gives them.

use std::{path::PathBuf, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::{Args, FromArgMatches as _, ValueEnum};
use configdrive_host::sandbox::{ImageFormat, Limits, Options, Policy, VendordataProvider};

use super::{
    exit::Error,
    input,
    nova_conf::{self, NovaConf},
    run::usage_words,
};

/// The heading of the operator's options.
pub const OPERATOR: &str = "Operator's options";

/// The operator's part. A flag wins over nova.conf, which wins over Nova's defaults.
#[derive(Args, Clone)]
#[command(next_help_heading = OPERATOR)]
pub struct OperatorOptions {
    /// Read the options from nova.conf; flags win
    #[arg(long, value_name = "NOVA_CONF")]
    config_file: Option<PathBuf>,
    /// Every new instance gets a drive
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    force_config_drive: Option<bool>,
    /// The image's file system [default: iso9660]
    #[arg(long, visible_alias = "config-drive-format", value_enum)]
    format: Option<Format>,
    /// The size of a vfat image, such as 64MiB, which is Nova's [default: as small as the files allow]
    #[arg(long, value_name = "SIZE")]
    size: Option<Size>,
    /// The logical sector of a vfat image; 4096 for disks with such sectors, which fits others too [default: 512]
    #[arg(long, value_name = "BYTES")]
    sector_size: Option<u32>,
    /// EC2 metadata versions to leave out, separated by single spaces
    #[arg(long, visible_alias = "config-drive-skip-versions", value_name = "VERSIONS")]
    skip_versions: Option<String>,
    /// Appended to the host name; empty for the bare name [default: novalocal]
    #[arg(long, value_name = "DOMAIN")]
    dhcp_domain: Option<String>,
    /// Of StaticJSON and DynamicJSON, separated by commas [default: both]
    #[arg(long, value_name = "NAMES")]
    vendordata_providers: Option<Providers>,
    /// The node's ports as Ironic's API returns them, instead of the document's
    #[arg(long, value_name = "FILE")]
    ports: Option<PathBuf>,
    /// The node's port groups as Ironic's API returns them, instead of the document's
    #[arg(long, value_name = "FILE")]
    portgroups: Option<PathBuf>,
    /// The template of the interfaces file: Nova's own, nova/virt/interfaces.template, is the only one that is known
    #[arg(long, value_name = "PATH", value_parser = nova_conf::injected_network_template)]
    injected_network_template: Option<String>,
    /// Static vendor data, JSON, instead of the document's
    #[arg(long, visible_alias = "vendordata-jsonfile-path", value_name = "FILE")]
    vendor_data: Option<PathBuf>,
    /// Dynamic vendor data, JSON, instead of the document's
    #[arg(long, value_name = "FILE")]
    vendor_data2: Option<PathBuf>,
    /// Random bytes for the instance, instead of the document's or, without those, 512 of the operating system's
    #[arg(long, value_name = "FILE")]
    random_seed: Option<PathBuf>,
    /// The date of everything in the image, in seconds since 1970 [default: 1980-01-01]
    #[arg(long, value_name = "SECONDS", env = "SOURCE_DATE_EPOCH", hide_env_values = true)]
    source_date_epoch: Option<u64>,
}

impl OperatorOptions {
    /// These options with others over them, given as flags.
    pub fn with(&self, flags: &[String]) -> Result<Self, Error> {
        let mut options = self.clone();
        let command = Self::augment_args_for_update(clap::Command::new("options").no_binary_name(true));
        let flags = command.disable_help_flag(true).try_get_matches_from(flags);
        let updated = flags.and_then(|flags| options.update_from_arg_matches(&flags));
        updated.map_err(|error| Error::Usage(usage_words(&error)))?;
        Ok(options)
    }

    /// Reads nova.conf, if it is to be read.
    pub fn read(self, limits: &Limits) -> Result<Operator, Error> {
        let conf = match &self.config_file {
            Some(path) => NovaConf::parse(&input::read_text_file(path, limits.input)?, path)?,
            None => NovaConf::default(),
        };
        Ok(Operator { flags: self, conf })
    }
}

/// The operator's part, with what nova.conf says.
pub struct Operator {
    flags: OperatorOptions,
    conf: NovaConf,
}

impl Operator {
    /// For the decision whether there is a drive.
    pub fn policy(&self) -> Policy {
        let force_config_drive = self.flags.force_config_drive.or(self.conf.force_config_drive);
        Policy { force_config_drive: force_config_drive.unwrap_or_default() }
    }

    /// For the drive; reads the files that are named.
    pub fn options(self, limits: &Limits) -> Result<Options, Error> {
        let Self { flags, conf } = self;
        let text = |path: Option<PathBuf>| path.map(|path| input::read_text_file(&path, limits.input)).transpose();
        Ok(Options {
            format: match flags.format.or(conf.config_drive_format).unwrap_or(Format::Iso9660) {
                Format::Iso9660 => ImageFormat::Iso9660,
                Format::Vfat => ImageFormat::Vfat,
            },
            size: flags.size.map(|Size(bytes)| bytes),
            sector_size: flags.sector_size,
            skip_versions: flags.skip_versions.or(conf.config_drive_skip_versions),
            dhcp_domain: flags.dhcp_domain.or(conf.dhcp_domain),
            vendordata_providers: flags
                .vendordata_providers
                .or(conf.vendordata_providers)
                .map(|Providers(names)| names),
            ports: text(flags.ports)?,
            portgroups: text(flags.portgroups)?,
            vendor_data: text(flags.vendor_data.or(conf.vendordata_jsonfile_path))?,
            vendor_data2: text(flags.vendor_data2)?,
            random_seed: match &flags.random_seed {
                Some(path) => Some(STANDARD.encode(input::read_file(path, SEED_LIMIT)?)),
                None => None,
            },
            default_random_seed: Some(random_seed()?),
            source_date_epoch: flags.source_date_epoch,
        })
    }
}

/// Nova gives 512 bytes.
const SEED_LIMIT: usize = 64 << 10;

fn random_seed() -> Result<String, Error> {
    let mut seed = [0; 512];
    getrandom::fill(&mut seed).map_err(Error::Random)?;
    Ok(STANDARD.encode(seed))
}

/// The file systems, under nova.conf's names.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Format {
    Iso9660,
    Vfat,
}

/// A number of bytes, or one of KiB or MiB.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Size(u64);

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
    type Err = String;

    fn from_str(names: &str) -> Result<Self, String> {
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

/// Caps on the sandbox. Where the command is a component itself, they are its engine's.
#[derive(Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// Memory that the component may take, in MiB [default: 1024]
    #[cfg(not(target_family = "wasm"))]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=4096))]
    memory_limit: Option<u32>,
    /// Size that the component's answer may have, in MiB [default: 128]
    #[cfg(not(target_family = "wasm"))]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=4096))]
    output_limit: Option<u32>,
    /// Time that the component may take, in seconds [default: 60]
    #[cfg(not(target_family = "wasm"))]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    time_limit: Option<u32>,
}

impl LimitOptions {
    #[cfg(target_family = "wasm")]
    pub fn limits(&self) -> Limits {
        Limits::default()
    }

    #[cfg(not(target_family = "wasm"))]
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        let bytes = |mib: u32| usize::try_from(u64::from(mib) << 20).unwrap_or(usize::MAX);
        if let Some(mib) = self.memory_limit {
            limits.memory = bytes(mib);
        }
        if let Some(mib) = self.output_limit {
            limits.output = bytes(mib);
        }
        if let Some(seconds) = self.time_limit {
            limits.time = std::time::Duration::from_secs(seconds.into());
        }
        limits
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
