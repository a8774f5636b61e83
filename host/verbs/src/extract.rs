//! The verb `extract`.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use clap::Args;
use configdrive_contract::{ConfigDrive, DriveSource, ExtractedFile};
use tempfile::TempDir;

use crate::{
    engine::Engine,
    error::{Destination, Error},
    input::{self, Expected},
    output,
    signals::Signals,
    source::OptionSources,
};

/// Write a drive's files to a directory that only its owner can read
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive extract config-2.iso -o drive\n  ls drive/openstack/latest")]
pub struct Extract<E: Engine> {
    /// The drive: an image, its gzip, or the base64 that Ironic accepts; `-` is standard input
    drive: PathBuf,
    /// Write to DIR, which must be empty or absent
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    #[command(flatten)]
    engine: E,
}

impl<E: Engine> Extract<E> {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        let limit = self.engine.input_limit();
        let failed = |error| Error::Write { to: Destination::File(self.output.clone()), error };
        // Writes to the target of a link, and does not replace the link.
        let directory = fs::canonicalize(&self.output).unwrap_or_else(|_| self.output.clone());
        if !is_free(&directory).map_err(failed)? {
            return Err(Error::Usage(format!("{:?} is not empty; name an empty or absent directory", self.output)));
        }
        let drive = input::read(&self.drive, limit, Expected::Drive)?;
        let files = self.engine.start()?.extract(DriveSource::Bytes(&drive.bytes));
        let files = files.map_err(|error| drive.source.explain(error, &OptionSources::default()))?;
        write(&directory, &files).map_err(failed)
    }
}

fn is_free(directory: &Path) -> io::Result<bool> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Makes the directory with all files or not at all.
fn write(directory: &Path, files: &[ExtractedFile]) -> io::Result<()> {
    let parent = match directory.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let signals = Signals::catch()?;
    // Nobody else can write to it, so no link below it is followed. It is removed unless it is renamed.
    let temporary: TempDir = tempfile::Builder::new()
        .prefix(".configdrive-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map_err(output::without_path)?;
    for file in files {
        for path in &file.paths {
            write_file(temporary.path(), path, &file.content, &signals)?;
        }
    }
    fs::rename(temporary.path(), directory)?;
    // Its old name is gone, and need not be removed.
    let _ = temporary.keep();
    Ok(())
}

fn write_file(directory: &Path, path: &str, content: &[u8], signals: &Signals) -> io::Result<()> {
    let path = join(directory, path)?;
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    signals.write_all(&mut file, content)
}

/// Checks the path again, although the component returns only such paths: its results are not trusted.
fn join(directory: &Path, path: &str) -> io::Result<PathBuf> {
    let is_below = path.split('/').all(|name| !matches!(name, "" | "." | "..") && !name.contains(['\\', '\0']));
    if is_below {
        Ok(directory.join(path))
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "a path on the drive leads out of the directory"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_directory() {
        let directory = Path::new("/tmp/drive");
        for path in ["", "/etc/passwd", "../x", "a/../../x", "a/..", ".", "a//b", "a/", "a\\b", "a\0"] {
            assert!(join(directory, path).is_err(), "{path:?}");
        }
        assert_eq!(join(directory, "a/..b/c.").unwrap(), Path::new("/tmp/drive/a/..b/c."));
    }
}
