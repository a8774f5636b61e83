//! Writes the verbs' output.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use clap::builder::StyledStr;
use configdrive_contract::untrusted;

use crate::{
    error::{Destination, Error},
    signals::Signals,
    style::{self, Label},
};

/// Writes binary output to a file; `-` is standard output, which must not be a terminal.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    check_bytes(path)?;
    write(path, bytes)
}

/// Writes binary output to a file in place, for callers that hold the file open; `-` is standard output. After an error, the file is
/// empty, or absent if it was. Only its owner can read a new file.
#[cfg(unix)]
pub(crate) fn overwrite_bytes(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if is_standard(path) {
        return write_bytes(path, bytes);
    }
    overwrite(path, bytes).map_err(|error| Error::Write { to: Destination::InPlace(path.to_owned()), error })
}

/// Refuses to write binary output to a terminal. A verb calls this before it does its work.
pub fn check_bytes(path: &Path) -> Result<(), Error> {
    if is_standard(path) && io::stdout().is_terminal() { Err(Error::Terminal) } else { Ok(()) }
}

/// Prints the content of a drive's file unchanged. A terminal gets only text that cannot control it.
pub fn print_content(bytes: &[u8]) -> Result<(), Error> {
    let is_text = || std::str::from_utf8(bytes).is_ok_and(|text| text.split(['\n', '\t']).all(untrusted::is_harmless));
    if io::stdout().is_terminal() && !is_text() {
        return Err(Error::Terminal);
    }
    write(Path::new(STANDARD), bytes)
}

/// Writes text to a file unchanged; `-` is standard output, where a line end follows on a terminal.
pub fn write_text(path: &Path, text: &str) -> Result<(), Error> {
    write(path, text.as_bytes())?;
    if is_standard(path) && io::stdout().is_terminal() { print("\n") } else { Ok(()) }
}

/// Prints text to standard output.
pub fn print(text: &str) -> Result<(), Error> {
    write(Path::new(STANDARD), text.as_bytes())
}

/// Prints an error to standard error.
pub fn error(sentence: &str) {
    labelled(style::ERROR, sentence);
}

/// Prints a warning to standard error.
pub fn warn(sentence: &str) {
    labelled(style::WARNING, sentence);
}

/// Prints a line to standard error.
pub fn note(line: &str) {
    to_stderr(format_args!("{line}\n"));
}

/// Prints clap's help to standard error.
pub(crate) fn help(help: &StyledStr) {
    to_stderr(format_args!("{}", style::help(help, style::stderr_has_colour())));
}

fn labelled(label: Label, sentence: &str) {
    if style::stderr_has_colour() {
        to_stderr(format_args!("{label} {sentence}\n"));
    } else {
        to_stderr(format_args!("{} {sentence}\n", label.plain()));
    }
}

fn to_stderr(text: fmt::Arguments<'_>) {
    // A failure could only be reported to standard error itself.
    _ = io::stderr().lock().write_all(text.to_string().as_bytes());
}

const STANDARD: &str = "-";

fn is_standard(path: &Path) -> bool {
    path == Path::new(STANDARD)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if is_standard(path) {
        let mut stdout = io::stdout().lock();
        return stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(|error| Error::Write { to: Destination::StandardOutput, error });
    }
    replace(path, bytes).map_err(|error| Error::Write { to: Destination::File(path.to_owned()), error })
}

/// Replaces a file as a whole or not at all. Only its owner can read it: drives contain secrets.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Replaces the target of a link, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
        // A pipe or a device; a directory is an error.
        return OpenOptions::new().write(true).open(&path)?.write_all(bytes);
    }
    let directory = match path.parent() {
        Some(directory) if directory != Path::new("") => directory.to_owned(),
        _ => PathBuf::from("."),
    };
    let signals = Signals::catch()?;
    // tempfile creates files with mode 0600, and removes those that are not persisted.
    let temporary = tempfile::Builder::new().prefix(".configdrive-").tempfile_in(directory);
    let mut temporary = temporary.map_err(without_path)?;
    signals.write_all(temporary.as_file_mut(), bytes)?;
    let _: File = temporary.persist(&path)?;
    Ok(())
}

#[cfg(unix)]
fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;

    let signals = Signals::catch()?;
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let (mut file, is_new) = match created {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            (OpenOptions::new().write(true).truncate(true).open(path)?, false)
        }
        created => (created?, true),
    };
    signals.write_all(&mut file, bytes).inspect_err(|_| {
        // A part must not be mistaken for the image.
        _ = if is_new { fs::remove_file(path) } else { file.set_len(0) };
    })
}

/// Removes the temporary path that tempfile adds to an error: it means nothing to a person.
pub(crate) fn without_path(error: io::Error) -> io::Error {
    match error.to_string().rsplit_once(" at path ") {
        Some((text, _)) => io::Error::new(error.kind(), text),
        None => error,
    }
}
