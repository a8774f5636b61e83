//! `inspect`.

use std::{collections::BTreeMap, fmt::Write, path::PathBuf};

use clap::Args;
use configdrive_contract::{ConfigDrive, DriveSource, Inspection, untrusted};
use serde_json::json;

use crate::{engine::Engine, error::Error, input, output};

/// Look inside a drive of any maker: its file system, its label, its files
///
/// Reads ISO 9660 with or without Joliet and Rock Ridge, and FAT with or without long names.
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive inspect config-2.iso\n  \
    configdrive inspect config-2.txt --cat openstack/latest/meta_data.json")]
pub struct Inspect<E: Engine> {
    /// The image, its gzip, or the base64 text that Ironic takes; `-` is standard input
    drive: PathBuf,
    /// Print what the file of this path holds, and nothing else
    #[arg(long, value_name = "PATH")]
    cat: Option<String>,
    /// Print everything as JSON, every file with its path, size and SHA-256
    #[arg(long, conflicts_with = "cat")]
    json: bool,
    #[command(flatten)]
    engine: E,
}

impl<E: Engine> Inspect<E> {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        let limit = self.engine.input_limit();
        let drive = input::read(&self.drive, limit)?;
        let drive = DriveSource::Bytes(&drive);
        let component = self.engine.start()?;
        if let Some(path) = self.cat {
            return output::print_content(&component.read_file(drive, &path)?);
        }
        let inspection = component.inspect(drive)?;
        output::print(&if self.json { format!("{}\n", json!(inspection)) } else { for_people(&inspection) })
    }
}

fn for_people(inspection: &Inspection) -> String {
    let mut root = Folder::default();
    for file in &inspection.files {
        root.insert(&file.path, file.size);
    }
    let mut text = format!(
        "{}: {}, {} in sectors of {}; {} files\n",
        untrusted::one_line(&inspection.label, NAME_CHARS),
        inspection.file_system,
        bytes(inspection.image_size),
        bytes(inspection.sector_size.into()),
        inspection.files.len()
    );
    root.draw(&mut String::new(), &mut text);
    text
}

#[derive(Default)]
struct Folder<'f> {
    entries: BTreeMap<&'f str, Entry<'f>>,
}

enum Entry<'f> {
    File(u64),
    Folder(Folder<'f>),
}

impl<'f> Folder<'f> {
    fn insert(&mut self, path: &'f str, size: u64) {
        match path.split_once('/') {
            None => _ = self.entries.insert(path, Entry::File(size)),
            Some((name, rest)) => {
                let entry = self.entries.entry(name).or_insert_with(|| Entry::Folder(Folder::default()));
                if let Entry::Folder(folder) = entry {
                    folder.insert(rest, size);
                }
            }
        }
    }

    /// A line for each name: the size first, so that sizes stand in a column whatever characters names have.
    fn draw(&self, indent: &mut String, text: &mut String) {
        for (index, (name, entry)) in self.entries.iter().enumerate() {
            let is_last = index + 1 == self.entries.len();
            let size = match entry {
                Entry::File(size) => bytes(*size),
                Entry::Folder(_) => String::new(),
            };
            let branch = if is_last { "└── " } else { "├── " };
            // Writing to a string does not fail.
            let _ = writeln!(text, "{size:>11}  {indent}{branch}{}", untrusted::one_line(name, NAME_CHARS));
            if let Entry::Folder(folder) = entry {
                let length = indent.len();
                indent.push_str(if is_last { "    " } else { "│   " });
                folder.draw(indent, text);
                indent.truncate(length);
            }
        }
    }
}

/// A size with three digits or so: `312 B`, `5.0 KiB`, `64 MiB`.
fn bytes(size: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let Some((unit, name)) = units.into_iter().find(|(unit, _)| size >= *unit) else { return format!("{size} B") };
    let (whole, rest) = (size / unit, size % unit);
    if whole < 10 && rest != 0 { format!("{whole}.{} {name}", rest * 10 / unit) } else { format!("{whole} {name}") }
}

/// Longer names than any file system here has.
const NAME_CHARS: usize = 1024;

#[cfg(test)]
mod tests {
    use configdrive_contract::{DriveFile, FileSystem};

    use super::*;

    #[test]
    fn sizes_are_told_in_a_few_digits() {
        let sizes = [0, 312, 1024, 5000, 20_000, 393_216, 1 << 20, 67_108_864, 3 << 30];
        let texts = ["0 B", "312 B", "1 KiB", "4.8 KiB", "19 KiB", "384 KiB", "1 MiB", "64 MiB", "3 GiB"];
        assert_eq!(sizes.map(bytes), texts);
    }

    #[test]
    fn a_drive_is_drawn_as_a_tree_without_what_steers_a_terminal() {
        let file = |path: &str, size| DriveFile { path: path.into(), size, sha256: String::new() };
        let inspection = Inspection {
            file_system: FileSystem::Fat16,
            sector_size: 512,
            label: "config\u{9b}2".into(),
            image_size: 67_108_864,
            files: vec![file("a/b/c", 1), file("a/d\u{202e}", 5000), file("e", 312)],
        };
        let wanted = "config\\u{9b}2: FAT16, 64 MiB in sectors of 512 B; 3 files\n\
            \x20            ├── a\n\
            \x20            │   ├── b\n\
            \x20       1 B  │   │   └── c\n\
            \x20   4.8 KiB  │   └── d\\u{202e}\n\
            \x20     312 B  └── e\n";
        assert_eq!(for_people(&inspection), wanted);
    }
}
