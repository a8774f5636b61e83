//! The document: a file, a directory's files, or options that make a document or change one.

mod addresses;
mod flags;

pub use self::flags::{Changes, DocumentFlags, format_uuid, random_uuid};

use std::path::PathBuf;

use clap::Args;
use configdrive_contract::{ConfigDrive, Options};

use crate::{
    error::Error,
    input::{self, Expected, Input},
    output,
    source::Source,
};

/// The document, or what makes one.
#[derive(Args, Clone)]
pub struct DocumentInput {
    /// Read the instance document, which is JSON or YAML, from DOC [default: standard input, unless options make the document]
    #[arg(short, long = "input", value_name = "DOC")]
    input: Option<PathBuf>,
    /// Put the files of a directory on the drive, instead of those of a document; links out of the directory are refused
    #[arg(long, value_name = "DIR", conflicts_with_all = ["input", DocumentFlags::GROUP])]
    directory: Option<PathBuf>,
    #[command(flatten)]
    flags: DocumentFlags,
    /// Print the document that would be used, with notes in place of secrets, and end
    #[arg(long, help_heading = flags::HEADING)]
    print_document: bool,
    /// Print the secrets as well, such as user data and passwords
    #[arg(long, requires = "print_document", help_heading = flags::HEADING)]
    show_secrets: bool,
}

impl DocumentInput {
    /// Returns whether the document is printed instead of used.
    pub fn prints(&self) -> bool {
        self.print_document
    }

    /// Returns whether the command line names a document or a directory, or has options that make a document.
    pub fn is_named(&self) -> bool {
        let Self { input, directory, flags, print_document, show_secrets: _ } = self;
        input.is_some() || directory.is_some() || flags.is_given() || *print_document
    }

    /// Returns the options that make a document or change one.
    pub fn flags(&self) -> &DocumentFlags {
        &self.flags
    }

    /// Reads the document or the directory that the command line names, without the changes that options ask for.
    pub fn read_named(&self, limit: usize) -> Result<Option<Input>, Error> {
        match (&self.directory, &self.input) {
            (Some(directory), _) => input::read_directory(directory, limit).map(Some),
            (None, Some(input)) => input::read(input, limit, Expected::Document).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Reads the files that the options name. None may be larger than `limit` bytes.
    pub fn read(&self, limit: usize) -> Result<Draft, Error> {
        self.read_with_uuid(limit, |_| random_uuid())
    }

    /// Does the same. A document that options alone make gets the UUID that `uuid` returns, unless an option has one. `uuid` gets
    /// the options' values as JSON.
    pub fn read_with_uuid(
        &self,
        limit: usize,
        uuid: impl FnOnce(&str) -> Result<String, Error>,
    ) -> Result<Draft, Error> {
        let changes = self.flags.read(limit)?;
        let document = match (&self.directory, &self.input, &changes) {
            (Some(directory), ..) => input::read_directory(directory, limit)?,
            (None, None, Some(_)) => empty(),
            (None, input, _) => input::read(input.as_deref().unwrap_or("-".as_ref()), limit, Expected::Document)?,
        };
        let changes = changes.map(|changes| match document.source {
            Source::Options => changes.with_uuid(uuid),
            _ => Ok(changes),
        });
        let shown = self.print_document.then_some(Shown { secrets: self.show_secrets });
        Ok(Draft { document, changes: changes.transpose()?, shown })
    }
}

/// Returns the document that options alone complete.
pub fn empty() -> Input {
    Input { source: Source::Options, bytes: br#"{"meta_data": {}}"#.into() }
}

/// A document, and the changes to it that options ask for.
pub struct Draft {
    document: Input,
    changes: Option<Changes>,
    shown: Option<Shown>,
}

struct Shown {
    secrets: bool,
}

impl Draft {
    /// Returns the changed document. If it is to be printed, prints it and returns `None`. `options` are the drive's.
    ///
    /// The component changes the document: the host neither parses it nor the files that go into it.
    pub fn finish(self, component: &impl ConfigDrive, options: &Options) -> Result<Option<Input>, Error> {
        let Some(Shown { secrets }) = self.shown else {
            return match &self.changes {
                None => Ok(Some(self.document)),
                Some(changes) => changes.apply(component, self.document).map(Some),
            };
        };
        let mut changes = self.changes.unwrap_or_default();
        changes.add_vendor_data(options);
        let text = changes.amend(component, &self.document, !secrets)?;
        output::print(&text).map(|()| None)
    }
}
