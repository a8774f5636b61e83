//! `extract`.

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
    error::{Error, Stream},
    input,
    signals::Signals,
};

/// Write a drive's files into a folder, for their owner alone
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive extract config-2.iso -o drive\n  ls drive/openstack/latest")]
pub struct Extract<E: Engine> {
    /// The image, its gzip, or the base64 text that Ironic takes; `-` is standard input
    drive: PathBuf,
    /// The folder to write to, which is empty or not there yet
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    #[command(flatten)]
    engine: E,
}

impl<E: Engine> Extract<E> {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        let limit = self.engine.input_limit();
        let failed = |error| Error::Write { to: Stream::File(self.output.clone()), error };
        // What a link leads to is filled, not replaced.
        let folder = fs::canonicalize(&self.output).unwrap_or_else(|_| self.output.clone());
        if !is_free(&folder).map_err(failed)? {
            return Err(Error::Usage(format!(
                "{:?} is not empty; name a folder that is, or is not there yet",
                self.output
            )));
        }
        let drive = input::read(&self.drive, limit)?;
        let files = self.engine.start()?.extract(DriveSource::Bytes(&drive))?;
        write(&folder, &files).map_err(failed)
    }
}

fn is_free(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// The folder appears with all files or not at all.
fn write(folder: &Path, files: &[ExtractedFile]) -> io::Result<()> {
    let above = match folder.parent() {
        Some(above) if above != Path::new("") => above,
        _ => Path::new("."),
    };
    let signals = Signals::hear()?;
    // Nobody else has put anything into it, so no link is followed below it. It is removed where it does not get its name.
    let aside: TempDir = tempfile::Builder::new()
        .prefix(".configdrive-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(above)?;
    for file in files {
        for path in &file.paths {
            write_file(aside.path(), path, &file.content, &signals)?;
        }
    }
    fs::rename(aside.path(), folder)?;
    // What is no longer there need not be removed.
    let _ = aside.keep();
    Ok(())
}

fn write_file(folder: &Path, path: &str, content: &[u8], signals: &Signals) -> io::Result<()> {
    let path = join(folder, path)?;
    if let Some(above) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(above)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    signals.write_all(&mut file, content)
}

/// The component gives out no other paths; what it says is believed no further.
fn join(folder: &Path, path: &str) -> io::Result<PathBuf> {
    let is_below = path.split('/').all(|name| !matches!(name, "" | "." | "..") && !name.contains(['\\', '\0']));
    if is_below {
        Ok(folder.join(path))
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "a path on the drive leads out of it"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let folder = Path::new("/tmp/drive");
        for path in ["", "/etc/passwd", "../x", "a/../../x", "a/..", ".", "a//b", "a/", "a\\b", "a\0"] {
            assert!(join(folder, path).is_err(), "{path:?}");
        }
        assert_eq!(join(folder, "a/..b/c.").unwrap(), Path::new("/tmp/drive/a/..b/c."));
    }
}
