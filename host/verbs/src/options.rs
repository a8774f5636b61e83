//! The operator's options, under the names that nova.conf gives them: which verb has which, and what comes of them.

use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::{ArgMatches, Args, Command, FromArgMatches};
use configdrive_contract::{Options, Policy};

use crate::{
    error::Error,
    input,
    nova_conf::{self, NovaConf},
    run::usage_words,
    values::{Format, Providers, Size},
};

/// All of the operator's options, for a verb that both decides and builds.
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
    /// Returns these options with others over them, which are given as flags.
    pub fn with(&self, flags: &[String]) -> Result<Self, Error> {
        let mut options = self.clone();
        let command = Self::augment_args_for_update(Command::new("options").no_binary_name(true));
        let flags = command.disable_help_flag(true).try_get_matches_from(flags);
        let updated = flags.and_then(|flags| options.update_from_arg_matches(&flags));
        updated.map_err(|error| Error::Usage(usage_words(&error)))?;
        Ok(options)
    }

    /// Reads nova.conf and the files that are named, none of which may be larger than `limit` bytes.
    pub fn read(self, limit: usize) -> Result<(Policy, Options), Error> {
        let conf = self.config.read(limit)?;
        Ok((self.policy.policy(&conf), self.drive.options(conf, limit)?))
    }
}

/// The heading of the operator's options.
const OPERATOR: &str = "Operator's options";

/// Where options come from, besides the command line. A flag wins over nova.conf, which wins over Nova's defaults.
#[derive(Args, Clone)]
#[command(next_help_heading = OPERATOR)]
pub struct ConfigFile {
    /// Read the options from nova.conf; flags win
    #[arg(long, value_name = "NOVA_CONF")]
    config_file: Option<PathBuf>,
}

impl ConfigFile {
    /// Reads nova.conf, if it is named.
    pub fn read(&self, limit: usize) -> Result<NovaConf, Error> {
        match &self.config_file {
            Some(path) => NovaConf::parse(&input::read_text_file(path, limit)?, path),
            None => Ok(NovaConf::default()),
        }
    }
}

/// What bears on the decision whether there is a drive.
#[derive(Args, Clone)]
#[command(next_help_heading = OPERATOR)]
pub struct PolicyOptions {
    /// Every new instance gets a drive
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    force_config_drive: Option<bool>,
}

impl PolicyOptions {
    /// Returns the policy, of which nova.conf has its part.
    pub fn policy(&self, conf: &NovaConf) -> Policy {
        let mut policy = Policy::default();
        policy.force_config_drive = self.force_config_drive.or(conf.force_config_drive).unwrap_or_default();
        policy
    }
}

/// What shapes the drive.
#[derive(Args, Clone)]
#[command(next_help_heading = OPERATOR)]
pub struct DriveOptions {
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

impl DriveOptions {
    /// Returns the options, of which nova.conf has its part. Reads the files that are named.
    pub fn options(self, conf: NovaConf, limit: usize) -> Result<Options, Error> {
        let text = |path: Option<PathBuf>| path.map(|path| input::read_text_file(&path, limit)).transpose();
        let mut options = Options::default();
        options.format = self.format.or(conf.config_drive_format).map_or(options.format, Into::into);
        options.size = self.size.map(|Size(bytes)| bytes);
        options.sector_size = self.sector_size;
        options.skip_versions = self.skip_versions.or(conf.config_drive_skip_versions);
        options.dhcp_domain = self.dhcp_domain.or(conf.dhcp_domain);
        let providers = self.vendordata_providers.or(conf.vendordata_providers);
        options.vendordata_providers = providers.map(|Providers(names)| names);
        options.ports = text(self.ports)?;
        options.portgroups = text(self.portgroups)?;
        options.vendor_data = text(self.vendor_data.or(conf.vendordata_jsonfile_path))?;
        options.vendor_data2 = text(self.vendor_data2)?;
        options.random_seed = match &self.random_seed {
            Some(path) => Some(STANDARD.encode(input::read_file(path, SEED_LIMIT)?)),
            None => None,
        };
        options.default_random_seed = Some(random_seed()?);
        options.source_date_epoch = self.source_date_epoch;
        Ok(options)
    }
}

/// Nova gives 512 bytes.
const SEED_LIMIT: usize = 64 << 10;

fn random_seed() -> Result<String, Error> {
    let mut seed = [0; 512];
    getrandom::fill(&mut seed).map_err(Error::Random)?;
    Ok(STANDARD.encode(seed))
}

/// Options that a verb accepts and checks, but neither uses nor shows: one list of flags does for every verb.
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
