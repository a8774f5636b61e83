//! The verb `extract`.

use std::{
    ffi::OsString,
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
        let target = Target::of(directory).map_err(failed)?.ok_or_else(|| {
            Error::Usage(format!("{:?} is not empty; name an empty or absent directory", self.output))
        })?;
        let drive = input::read(&self.drive, limit, Expected::Drive)?;
        let files = self.engine.start()?.extract(DriveSource::Bytes(&drive.bytes));
        let files = files.map_err(|error| drive.source.explain(error, &OptionSources::default()))?;
        target.write(&files).map_err(failed)
    }
}

/// The directory to write to.
enum Target {
    /// Does not exist yet.
    New(PathBuf),
    /// Exists and is empty. It may be a mount point or a shell's working directory, and it may have been given its owner and mode
    /// on purpose, so it is filled, not replaced.
    Empty(PathBuf),
}

impl Target {
    /// Returns `None` for a directory that is not empty.
    fn of(directory: PathBuf) -> io::Result<Option<Self>> {
        match fs::read_dir(&directory) {
            Ok(mut entries) => Ok(entries.next().is_none().then_some(Self::Empty(directory))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(Self::New(directory))),
            Err(error) => Err(error),
        }
    }

    /// Writes all files or none. They are written to a directory of our own, in which nobody else can have put a link, and appear
    /// once they are whole. If that fails, the directory is removed with all that is in it.
    fn write(&self, files: &[ExtractedFile]) -> io::Result<()> {
        let place = match self {
            Self::Empty(directory) => directory,
            Self::New(directory) => match directory.parent() {
                Some(parent) if parent != Path::new("") => parent,
                _ => Path::new("."),
            },
        };
        let signals = Signals::catch()?;
        let temporary: TempDir = tempfile::Builder::new()
            .prefix(".configdrive-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(place)
            .map_err(output::without_path)?;
        for file in files {
            for path in &file.paths {
                write_file(temporary.path(), path, &file.content, &signals)?;
            }
        }
        match self {
            Self::New(directory) => {
                fs::rename(temporary.path(), directory)?;
                // It no longer has the name under which it would be removed.
                let _ = temporary.keep();
                Ok(())
            }
            Self::Empty(directory) => {
                move_entries(temporary.path(), directory)?;
                temporary.close()
            }
        }
    }
}

/// Moves all entries of one directory to another on the same file system, or none.
fn move_entries(from: &Path, to: &Path) -> io::Result<()> {
    let names: Vec<_> =
        fs::read_dir(from)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
    let mut moved: Vec<OsString> = Vec::new();
    for name in names {
        let result = move_entry(&from.join(&name), &to.join(&name));
        if let Err(error) = result {
            for name in moved {
                // If this fails too, there is nothing left to try.
                let _ = fs::rename(to.join(&name), from.join(&name));
            }
            return Err(error);
        }
        moved.push(name);
    }
    Ok(())
}

/// Refuses to replace a file that has appeared in the meantime.
fn move_entry(from: &Path, to: &Path) -> io::Result<()> {
    match fs::symlink_metadata(to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
    }
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

    #[test]
    fn entries_are_moved_all_or_none() {
        let directory = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| directory.path().join(name));
        let write = |directory: &Path, names: &[&str]| {
            let _ = fs::create_dir(directory);
            names.iter().for_each(|name| fs::write(directory.join(name), name).unwrap());
        };
        let names = |directory: &Path| {
            let entries =
                fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<_> = entries.collect();
            names.sort();
            names
        };
        write(&from, &["a", "b", "c"]);
        write(&to, &["b"]);
        let error = move_entries(&from, &to).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((names(&from), names(&to)), (vec!["a".into(), "b".into(), "c".into()], vec!["b".to_owned()]));
        fs::remove_file(to.join("b")).unwrap();
        move_entries(&from, &to).unwrap();
        assert_eq!((names(&from), names(&to)), (vec![], vec!["a".into(), "b".into(), "c".into()]));
    }
}
