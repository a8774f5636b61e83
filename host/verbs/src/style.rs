//! How output looks on a terminal: colours and line width.

use std::{fmt, io};

use anstyle::{AnsiColor, Style};
use clap::builder::StyledStr;
use configdrive_contract::Severity;

/// The label of an error.
pub const ERROR: Label = Label { word: "error", style: AnsiColor::Red.on_default().bold() };
/// The label of a warning.
pub const WARNING: Label = Label { word: "warning", style: AnsiColor::Yellow.on_default().bold() };
/// Words that stand out in a line.
pub const BOLD: Style = Style::new().bold();

/// The word that a line starts with.
#[derive(Clone, Copy)]
pub struct Label {
    word: &'static str,
    style: Style,
}

impl Label {
    /// Returns the label of a finding.
    pub fn of(severity: Severity) -> Self {
        match severity {
            Severity::Error => ERROR,
            _ => WARNING,
        }
    }

    /// Returns the label without colour.
    pub fn plain(self) -> String {
        format!("{}:", self.word)
    }
}

/// Shows the label in colour.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { word, style } = self;
        write!(f, "{style}{word}:{style:#}")
    }
}

/// Returns whether standard output shows colours: it is a terminal, and `NO_COLOR` and similar variables do not forbid them.
pub fn stdout_has_colour() -> bool {
    platform::has_colour(&io::stdout())
}

/// Returns whether standard error shows colours.
pub fn stderr_has_colour() -> bool {
    platform::has_colour(&io::stderr())
}

/// Returns clap's help, in colour if `colour` is set.
pub fn help(help: &StyledStr, colour: bool) -> String {
    if colour { platform::coloured(help) } else { help.to_string() }
}

pub use platform::stdout_width;

#[cfg(unix)]
mod platform {
    use std::io::{self, IsTerminal};

    use anstream::{AutoStream, ColorChoice, stream::RawStream};
    use clap::builder::StyledStr;

    pub fn has_colour(stream: &impl RawStream) -> bool {
        AutoStream::choice(stream) != ColorChoice::Never
    }

    pub fn coloured(help: &StyledStr) -> String {
        help.ansi().to_string()
    }

    /// Returns the columns of standard output if it is a terminal.
    pub fn stdout_width() -> Option<usize> {
        if !io::stdout().is_terminal() {
            return None;
        }
        let size = terminal_size::terminal_size_of(io::stdout());
        // A terminal that does not know its size says 0.
        let width = size.map_or(0, |(width, _)| usize::from(width.0));
        Some(if width == 0 { 80 } else { width })
    }
}

/// WASI does not report what a terminal can do.
#[cfg(not(unix))]
mod platform {
    pub fn has_colour<S>(_: &S) -> bool {
        false
    }

    pub fn coloured(help: &clap::builder::StyledStr) -> String {
        help.to_string()
    }

    pub fn stdout_width() -> Option<usize> {
        None
    }
}

/// Breaks `text` between words into lines of at most `width` characters. A longer word has a line of its own.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let word_length = word.chars().count();
        match lines.last_mut() {
            Some(line) if length + 1 + word_length <= width => {
                line.push(' ');
                line.push_str(word);
                length += 1 + word_length;
            }
            _ => {
                lines.push(word.to_owned());
                length = word_length;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a unbreakable b", 3), ["a", "unbreakable", "b"]);
        assert_eq!(wrap("", 10), [""; 0]);
    }
}
