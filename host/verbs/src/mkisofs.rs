//! The verb `mkisofs`.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use clap::{Arg, Args, Command, error::ErrorKind};
use configdrive_contract::{ConfigDrive, Options, untrusted};

use crate::{
    directory,
    engine::Engine,
    error::Error,
    output,
    source::{OptionSources, Source},
    values,
};

/// Make the image of a directory, with the options of genisoimage, mkisofs and xorriso
///
/// This is a drop-in replacement for these programs as OpenStack's tools call them: Nova, Ironic, openstacksdk, python-ironicclient
/// and bifrost. The command is this verb if it is called by a symbolic link named genisoimage, mkisofs, xorrisofs or xorriso (with
/// `-as mkisofs`). As in these programs, a long option can have one dash instead of two.
#[derive(Args)]
#[command(
    args_override_self = true,
    after_help = "Example:\n  configdrive mkisofs -o config-2.iso -J -r -V config-2 directory\n\n  \
        ln -s \"$(command -v configdrive)\" /usr/local/bin/genisoimage"
)]
pub struct Mkisofs<E: Engine> {
    /// The directory whose files are put on the drive; links out of the directory are refused
    directory: PathBuf,
    /// Write the image to IMAGE, in place [default: standard output]
    #[arg(short, long, value_name = "IMAGE", default_value = "-", hide_default_value = true)]
    output: PathBuf,
    /// Label of the drive: config-2, by which cloud-init finds it
    #[arg(short = 'V', long, value_name = "LABEL", required = true, value_parser = label)]
    volid: String,
    /// Date of all files in the image, in seconds since 1970-01-01 [default: 1980-01-01]
    #[arg(long, value_name = "SECONDS", env = "SOURCE_DATE_EPOCH", hide_env_values = true, value_parser = values::whole_number::<u64>)]
    source_date_epoch: Option<u64>,
    #[command(flatten)]
    _properties: Properties,
    #[command(flatten)]
    engine: E,
}

/// Options that change nothing.
#[derive(Args)]
#[command(next_help_heading = "Properties that every image has")]
struct Properties {
    /// Joliet names
    #[arg(short = 'J', long)]
    joliet: bool,
    /// Rock Ridge names and modes, with all files owned by root and readable by everyone
    #[arg(short, long)]
    rational_rock: bool,
    /// The same: owners and modes are never kept
    #[arg(short = 'R', long)]
    rock: bool,
    /// Long plain names
    #[arg(short = 'l', long)]
    full_iso9660_filenames: bool,
    /// Plain names that start with a dot
    #[arg(long, alias = "allow-leading-dots")]
    ldots: bool,
    /// Plain names in lower case
    #[arg(long)]
    allow_lowercase: bool,
    /// Plain names with several dots
    #[arg(long)]
    allow_multidot: bool,
    /// No progress messages
    #[arg(long)]
    quiet: bool,
    /// Name of the publisher, which is left out: equal files give equal images, whatever program asks for them
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    publisher: Option<OsString>,
}

fn label(label: &str) -> Result<String, &'static str> {
    if label == LABEL { Ok(label.to_owned()) } else { Err("expected config-2; only config drives can be made") }
}

const LABEL: &str = "config-2";

impl<E: Engine> Mkisofs<E> {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        output::check_bytes(&self.output)?;
        let document = directory::document(&self.directory, self.engine.input_limit())?;
        let mut options = Options::default();
        options.source_date_epoch = self.source_date_epoch;
        let image = self.engine.start()?.build_drive(&document, &options);
        let source = Source::Directory(self.directory);
        let image = image.map_err(|error| source.explain(error, &OptionSources::default()))?;
        output::overwrite_bytes(&self.output, &image)
    }
}

/// Returns the arguments of a process, of which the first is the program's name. The name of a replaced program becomes that of the
/// command, followed by this verb.
pub(crate) fn named(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let program = arguments.first().map(Path::new).and_then(Path::file_name).and_then(OsStr::to_str);
    if !matches!(program, Some("genisoimage" | "mkisofs" | "xorrisofs" | "xorriso")) {
        return arguments;
    }
    let is_emulation = arguments.get(1).is_some_and(|option| option == "-as")
        && arguments.get(2).is_some_and(|emulated| emulated == "mkisofs" || emulated == "genisoimage");
    arguments.splice(..if is_emulation { 3 } else { 1 }, ["configdrive".into(), VERB.into()]);
    arguments
}

const VERB: &str = "mkisofs";

/// Returns the arguments for clap. Those of this verb are read as getopt_long_only(3) does, by which a long option can have one dash.
pub(crate) fn with_two_dashes(
    command: impl FnOnce() -> Command,
    arguments: &[OsString],
) -> Result<Vec<OsString>, clap::Error> {
    if arguments.get(1).is_none_or(|verb| verb != VERB) {
        return Ok(arguments.to_vec());
    }
    let mut command = command();
    // Adds the options for help.
    command.build();
    let Some(verb) = command.find_subcommand(VERB) else { return Ok(arguments.to_vec()) };
    let mut given = arguments.iter();
    let mut rewritten: Vec<_> = given.by_ref().take(2).cloned().collect();
    while let Some(argument) = given.next() {
        let text = argument.to_str().unwrap_or_default();
        let name = text.strip_prefix('-').unwrap_or_default();
        let long = name.strip_prefix('-').unwrap_or(name);
        let needs_value = if text == "--" {
            rewritten.push(argument.clone());
            rewritten.extend(given.cloned());
            break;
        } else if name.is_empty() {
            rewritten.push(argument.clone());
            false
        } else if let Some(option) = with_long(verb, long.split('=').next().unwrap_or_default()) {
            rewritten.push(format!("--{long}").into());
            takes_value(option) && !long.contains('=')
        } else if let Some(needs_value) = cluster_needs_value(verb, name) {
            rewritten.push(argument.clone());
            needs_value
        } else {
            let text = untrusted::one_line(text, 100);
            let message =
                format!("unexpected argument '{text}' found: only the options for config drives are supported");
            return Err(clap::Error::raw(ErrorKind::UnknownArgument, message));
        };
        if needs_value {
            rewritten.extend(given.next().cloned());
        }
    }
    Ok(rewritten)
}

/// Returns whether the last of some short options needs the next argument as its value, or nothing if one of them does not exist.
fn cluster_needs_value(verb: &Command, letters: &str) -> Option<bool> {
    let mut letters = letters.chars();
    while let Some(letter) = letters.next() {
        if takes_value(verb.get_arguments().find(|option| option.get_short() == Some(letter))?) {
            return Some(letters.as_str().is_empty());
        }
    }
    Some(false)
}

fn with_long<'c>(verb: &'c Command, name: &str) -> Option<&'c Arg> {
    let is_alias = |option: &Arg| option.get_all_aliases().is_some_and(|aliases| aliases.contains(&name));
    verb.get_arguments().find(|option| option.get_long() == Some(name) || is_alias(option))
}

fn takes_value(option: &Arg) -> bool {
    option.get_action().takes_values()
}
