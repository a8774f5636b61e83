//! The operator's options: which verb has which, how they combine with nova.conf, and the files that they name.
//!
//! They have the names of nova.conf's options.

use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::{ArgMatches, Args, Command, FromArgMatches};
use configdrive_contract::{Options, Policy};

use crate::{
    error::Error,
    input,
    nova_conf::{self, NovaConf},
    run::usage_words,
    source::{OptionSources, Source},
    values::{self, Format, Providers, Size},
};

/// All of the operator's options, for a verb that decides whether an instance needs a drive and builds it.
#[derive(Args, Clone)]
pub struct OperatorOptions {
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    drive: DriveOptions,
}

impl OperatorOptions {
    /// Reads nova.conf and the files that the options name. None may be larger than `limit` bytes.
    pub fn read(self, limit: usize) -> Result<(Policy, DriveSettings), Error> {
        let conf = self.config.read(limit)?;
        Ok((self.policy.policy(&conf), self.drive.read(conf, limit)?))
    }
}

/// Returns options, overridden by others that are written as flags.
pub fn overridden<A: Args + Clone>(options: &A, flags: &[String]) -> Result<A, Error> {
    let mut options = options.clone();
    let command = A::augment_args_for_update(Command::new("options").no_binary_name(true));
    let flags = command.disable_help_flag(true).try_get_matches_from(flags);
    let updated = flags.and_then(|flags| options.update_from_arg_matches(&flags));
    updated.map_err(|error| Error::Usage(usage_words(&error)))?;
    Ok(options)
}

/// The heading of these options in the help.
const OPERATOR: &str = "Operator's options";

/// The file with defaults for the other options: flags win over nova.conf, which wins over Nova's defaults.
#[derive(Args, Clone)]
#[command(next_help_heading = OPERATOR)]
pub struct ConfigFile {
    /// Read the options from nova.conf; flags win
    #[arg(long, value_name = "NOVA_CONF")]
    config_file: Option<PathBuf>,
}

impl ConfigFile {
    /// Reads nova.conf, if the option names it.
    pub fn read(&self, limit: usize) -> Result<NovaConf, Error> {
        let Some(path) = &self.config_file else { return Ok(NovaConf::default()) };
        let source = Source::File(path.clone());
        NovaConf::parse(&input::read_text_file(path, limit, &source)?, path)
    }
}

/// The options that decide whether an instance needs a drive.
#[derive(Args, Clone)]
#[command(next_help_heading = OPERATOR)]
pub struct PolicyOptions {
    /// Give every new instance a drive
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    force_config_drive: Option<bool>,
}

impl PolicyOptions {
    /// Returns the policy, with defaults from nova.conf.
    pub fn policy(&self, conf: &NovaConf) -> Policy {
        let mut policy = Policy::default();
        policy.force_config_drive = self.force_config_drive.or(conf.force_config_drive).unwrap_or_default();
        policy
    }
}

/// The options that determine the content and the format of the drive.
#[derive(Args, Clone)]
#[command(next_help_heading = OPERATOR)]
pub struct DriveOptions {
    /// File system of the image [default: iso9660]
    #[arg(long, visible_alias = "config-drive-format", value_enum)]
    format: Option<Format>,
    /// Size of a vfat image: bytes, or a number with K, M, G, KiB, MiB or GiB; Nova uses 64M [default: as small as possible]
    #[arg(long, value_name = "SIZE")]
    size: Option<Size>,
    /// Logical sector size of a vfat image: 512, 2048 or 4096; 4096 works on all disks, also 4Kn ones [default: 512]
    #[arg(long, value_name = "BYTES", value_parser = values::whole_number::<u32>)]
    sector_size: Option<u32>,
    /// EC2 metadata versions to leave out, separated by single spaces
    #[arg(long, visible_alias = "config-drive-skip-versions", value_name = "VERSIONS")]
    skip_versions: Option<String>,
    /// Newest OpenStack metadata version on the drive, for example 2020-10-14, the newest one of Nova before 31 [default: 2025-04-04]
    #[arg(long, value_name = "VERSION")]
    newest_version: Option<String>,
    /// Domain to append to the host name; empty for the bare name [default: novalocal]
    #[arg(long, value_name = "DOMAIN")]
    dhcp_domain: Option<String>,
    /// Providers of vendor data: StaticJSON, DynamicJSON, or both separated by a comma [default: both]
    #[arg(long, value_name = "NAMES")]
    vendordata_providers: Option<Providers>,
    /// Replace the document's ports by the node's ports as Ironic's API returns them
    #[arg(long, value_name = "FILE")]
    ports: Option<PathBuf>,
    /// Replace the document's portgroups by the node's port groups as Ironic's API returns them
    #[arg(long, value_name = "FILE")]
    portgroups: Option<PathBuf>,
    /// Template of the interfaces file; only Nova's own, nova/virt/interfaces.template, is supported
    #[arg(long, value_name = "PATH", value_parser = nova_conf::injected_network_template)]
    injected_network_template: Option<String>,
    /// Replace the document's static vendor data by a JSON or YAML file
    #[arg(long, visible_alias = "vendordata-jsonfile-path", value_name = "FILE")]
    vendor_data: Option<PathBuf>,
    /// Replace the document's dynamic vendor data by a JSON or YAML file
    #[arg(long, value_name = "FILE")]
    vendor_data2: Option<PathBuf>,
    /// Random bytes for the instance [default: the document's, else 512 bytes from the operating system]
    #[arg(long, value_name = "FILE")]
    random_seed: Option<PathBuf>,
    /// Date of all files in the image, in seconds since 1970-01-01 [default: 1980-01-01]
    #[arg(long, value_name = "SECONDS", env = "SOURCE_DATE_EPOCH", hide_env_values = true, value_parser = values::whole_number::<u64>)]
    source_date_epoch: Option<u64>,
}

impl DriveOptions {
    /// Reads the files that the options name, and combines the options with those of nova.conf.
    pub fn read(self, conf: NovaConf, limit: usize) -> Result<DriveSettings, Error> {
        let mut settings = DriveSettings::default();
        let DriveSettings { options, sources } = &mut settings;
        if self.vendordata_providers.is_none() && conf.vendordata_providers.is_some() {
            sources.insert("vendordata_providers", conf.source("[api] vendordata_providers"));
        }
        options.format = self.format.or(conf.config_drive_format).map_or(options.format, Into::into);
        options.size = self.size.map(|Size(bytes)| bytes);
        options.sector_size = self.sector_size;
        options.skip_versions = self.skip_versions.or(conf.config_drive_skip_versions);
        options.newest_version = self.newest_version;
        options.dhcp_domain = self.dhcp_domain.or(conf.dhcp_domain);
        let providers = self.vendordata_providers.or(conf.vendordata_providers);
        options.vendordata_providers = providers.map(|Providers(names)| names);
        let vendor_data = match (self.vendor_data, conf.vendordata_jsonfile_path) {
            (Some(path), _) => Some((path, "--vendor-data")),
            (None, conf) => conf.map(|path| (path, "[api] vendordata_jsonfile_path")),
        };
        for (name, file, value) in [
            ("ports", self.ports.map(|path| (path, "--ports")), &mut options.ports),
            ("portgroups", self.portgroups.map(|path| (path, "--portgroups")), &mut options.portgroups),
            ("vendor_data", vendor_data, &mut options.vendor_data),
            ("vendor_data2", self.vendor_data2.map(|path| (path, "--vendor-data2")), &mut options.vendor_data2),
        ] {
            if let Some((path, option)) = file {
                let source = Source::OptionFile { path: path.clone(), option: option.to_owned() };
                let text = input::read_text_file(&path, limit, &source)?;
                if text.is_empty() {
                    return Err(Error::Empty { source });
                }
                *value = Some(text);
                sources.insert(name, source);
            }
        }
        options.random_seed = self.random_seed.as_deref().map(random_seed_file).transpose()?;
        options.default_random_seed = Some(random_seed()?);
        options.source_date_epoch = self.source_date_epoch;
        Ok(settings)
    }
}

/// The options of a drive, and the files that they come from.
#[derive(Clone, Debug, Default)]
pub struct DriveSettings {
    /// The options.
    pub options: Options,
    /// The files, for errors about the options.
    pub sources: OptionSources,
}

/// The largest random seed in bytes. Nova's has 512.
const SEED_LIMIT: usize = 64 << 10;

fn random_seed_file(path: &Path) -> Result<String, Error> {
    let source = Source::OptionFile { path: path.to_owned(), option: "--random-seed".to_owned() };
    Ok(STANDARD.encode(input::read_source(path, SEED_LIMIT, &source)?))
}

fn random_seed() -> Result<String, Error> {
    let mut seed = [0; 512];
    getrandom::fill(&mut seed).map_err(Error::Random)?;
    Ok(STANDARD.encode(seed))
}

/// Options that a verb accepts and checks, but neither uses nor shows, so that all verbs accept the same flags.
pub struct Unused<A>(A);

impl<A: Args> Args for Unused<A> {
    fn augment_args(command: Command) -> Command {
        hidden(A::augment_args, command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        hidden(A::augment_args_for_update, command)
    }
}

impl<A: FromArgMatches> FromArgMatches for Unused<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        A::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

fn hidden(augment: fn(Command) -> Command, command: Command) -> Command {
    let options = augment(Command::new("unused"));
    options.get_arguments().fold(command, |command, option| command.arg(option.clone().hide(true)))
}
