//! The names of inputs, which the errors about them start with.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use configdrive_contract::{self as contract, ErrorCode, FurtherError, untrusted};

use crate::error::Error;

/// Where an input comes from. Its `Display` is how errors name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// Standard input.
    StandardInput,
    /// A file.
    File(PathBuf),
    /// The directory of `--directory`.
    Directory(PathBuf),
    /// No file: options on the command line make the document.
    Options,
    /// A file that an option names, or that sets an option.
    OptionFile {
        /// The file.
        path: PathBuf,
        /// The option, such as `--vendor-data` or `[api] dhcp_domain`.
        option: String,
    },
    /// An option on the command line, such as `--size`.
    Option(String),
}

impl Source {
    /// Adds the name of the input at fault to an error of the component: the option's, from `options`, or else this one.
    pub fn explain(&self, error: contract::Error, options: &OptionSources) -> Error {
        let at_fault = |message: &str| {
            let option = option_at_fault(message).map(|(option, _)| options.of(option));
            option.unwrap_or_else(|| self.clone())
        };
        let (source, further) = match &error {
            // These happen whatever the input is.
            contract::Error::Start(_) | contract::Error::Cancelled => return Error::Component(error),
            contract::Error::Refused { code, message, further, .. } => {
                let sentence = |error: &FurtherError| {
                    let source = at_fault(&error.message);
                    let text = format!("{source}: {}", source.without_place(&error.message, error.pointer.as_deref()));
                    untrusted::one_line(&text, SENTENCE_CHARS)
                };
                let source = if *code == ErrorCode::InvalidOption { at_fault(message) } else { self.clone() };
                (source, further.iter().map(sentence).collect())
            }
            _ => (self.clone(), Vec::new()),
        };
        Error::Input { source, error: error.into(), further }
    }

    /// Returns the component's message about this input without the place that the name makes redundant.
    pub(crate) fn message(&self, error: &contract::Error) -> String {
        let pointer = match error {
            contract::Error::Refused { pointer, .. } => pointer.as_deref(),
            _ => None,
        };
        self.without_place(&error.to_string(), pointer).to_owned()
    }

    fn without_place<'m>(&self, message: &'m str, pointer: Option<&str>) -> &'m str {
        let rest = match (self, pointer) {
            (Self::OptionFile { .. } | Self::Option(_), _) => option_at_fault(message).map(|(_, rest)| rest),
            // Nobody wrote the document of a directory, so an index into it helps nobody; the message has the file's path.
            (Self::Directory(_), Some(pointer)) => {
                message.strip_prefix(pointer).and_then(|rest| rest.strip_prefix(": "))
            }
            _ => None,
        };
        rest.unwrap_or(message)
    }

    /// Returns the name for the middle of a sentence, with quotes around a path.
    pub(crate) fn quoted(&self) -> String {
        match self {
            Self::File(path) | Self::Directory(path) => format!("{path:?}"),
            Self::OptionFile { path, option } => format!("{path:?} ({option})"),
            Self::StandardInput | Self::Options | Self::Option(_) => self.to_string(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::StandardInput => "standard input".into(),
            Self::Options => "the document made by the options".into(),
            Self::File(path) | Self::Directory(path) => path.display().to_string(),
            Self::OptionFile { path, option } => format!("{} ({option})", path.display()),
            Self::Option(option) => option.clone(),
        };
        f.write_str(&untrusted::one_line(&name, NAME_CHARS))
    }
}

/// Longer than the paths that people use.
const NAME_CHARS: usize = 1000;

/// A name and a message.
const SENTENCE_CHARS: usize = 1500;

/// The files that options come from, by the options' names in the component's interface.
#[derive(Clone, Debug, Default)]
pub struct OptionSources(BTreeMap<&'static str, Source>);

impl OptionSources {
    pub(crate) fn insert(&mut self, name: &'static str, source: Source) {
        self.0.insert(name, source);
    }

    fn of(&self, name: &str) -> Source {
        self.0.get(name).cloned().unwrap_or_else(|| Source::Option(format!("--{}", name.replace('_', "-"))))
    }
}

/// Splits the component's message about an option: `option NAME: REST`.
fn option_at_fault(message: &str) -> Option<(&str, &str)> {
    message.strip_prefix("option ")?.split_once(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Failure;

    fn sentence(source: &Source, code: ErrorCode, message: &str, pointer: Option<&str>) -> String {
        let mut options = OptionSources::default();
        let path = PathBuf::from("ports.json");
        options.insert("ports", Source::OptionFile { path, option: "--ports".into() });
        source.explain(contract::Error::refused(code, message, pointer), &options).sentence()
    }

    #[test]
    fn an_error_starts_with_the_name_of_the_input_at_fault() {
        let file = Source::File("instance.json".into());
        let directory = Source::Directory("drive".into());
        for (source, code, message, pointer, expected) in [
            (&file, ErrorCode::InvalidDocument, "/a: missing", Some("/a"), "instance.json: /a: missing"),
            (&file, ErrorCode::TooLarge, "too large", None, "instance.json: too large"),
            (&file, ErrorCode::InvalidOption, "option ports: /0: bad", None, "ports.json (--ports): /0: bad"),
            (&file, ErrorCode::InvalidOption, "option sector_size: bad", None, "--sector-size: bad"),
            (&file, ErrorCode::InvalidOption, "no file \"a\"", None, "instance.json: no file \"a\""),
            (&directory, ErrorCode::InvalidDocument, "/files/0/path: bad", Some("/files/0/path"), "drive: bad"),
            (&Source::StandardInput, ErrorCode::InvalidDrive, "not a drive", None, "standard input: not a drive"),
        ] {
            assert_eq!(sentence(source, code, message, pointer), expected);
        }
    }

    #[test]
    fn every_error_of_a_document_has_its_line() {
        let mut options = OptionSources::default();
        options.insert("metadata", Source::Option("--meta".into()));
        let error = contract::Error::refused(ErrorCode::InvalidDocument, "/a: missing", Some("/a"));
        let error = error.and("/b: missing", Some("/b")).and("option metadata: /c: bad", None);
        let error = Source::File("instance.json".into()).explain(error, &options);
        assert_eq!(error.sentence(), "instance.json: /a: missing");
        assert_eq!(error.further(), ["instance.json: /b: missing", "--meta: /c: bad"]);
    }

    #[test]
    fn a_name_cannot_steer_a_terminal() {
        let source = Source::File("a\u{1b}[2J\nb".into());
        let sentence = sentence(&source, ErrorCode::InvalidDrive, "not a drive", None);
        assert_eq!(sentence, r"a\u{1b}[2J\u{a}b: not a drive");
    }
}
