//! What the verbs write.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use configdrive_contract::untrusted;

use crate::{
    error::{Error, Stream},
    signals::Signals,
};

/// Binary output: not for terminals.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    check_bytes(path)?;
    write(path, bytes)
}

/// Refuses a terminal, which a verb asks before it does its work.
pub fn check_bytes(path: &Path) -> Result<(), Error> {
    if is_standard(path) && io::stdout().is_terminal() { Err(Error::Terminal) } else { Ok(()) }
}

/// What a file of a drive holds, byte for byte; a terminal gets text alone, which cannot steer it.
pub fn print_content(bytes: &[u8]) -> Result<(), Error> {
    let is_text = || std::str::from_utf8(bytes).is_ok_and(|text| text.split(['\n', '\t']).all(untrusted::is_harmless));
    if io::stdout().is_terminal() && !is_text() {
        return Err(Error::Terminal);
    }
    write(Path::new(STANDARD), bytes)
}

/// Text output, exactly; on a terminal a line ends.
pub fn write_text(path: &Path, text: &str) -> Result<(), Error> {
    write(path, text.as_bytes())?;
    if is_standard(path) && io::stdout().is_terminal() { print("\n") } else { Ok(()) }
}

/// Text for standard output.
pub fn print(text: &str) -> Result<(), Error> {
    write(Path::new(STANDARD), text.as_bytes())
}

/// A line on standard error, for whoever may read it.
pub fn tell(line: &str) {
    // Nobody can be told that nobody can be told.
    _ = writeln!(io::stderr(), "{line}");
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
            .map_err(|error| Error::Write { to: Stream::StandardOutput, error });
    }
    replace(path, bytes).map_err(|error| Error::Write { to: Stream::File(path.to_owned()), error })
}

/// The file appears whole or not at all, and for its owner alone: drives hold secrets.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a link points to is replaced, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
        // A pipe or a device (a folder says no).
        return OpenOptions::new().write(true).open(&path)?.write_all(bytes);
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let signals = Signals::hear()?;
    // tempfile creates files 0600, and removes them where they are not kept.
    let mut aside = tempfile::Builder::new().prefix(".configdrive-").tempfile_in(folder)?;
    signals.write_all(aside.as_file_mut(), bytes)?;
    let _: File = aside.persist(&path)?;
    Ok(())
}
