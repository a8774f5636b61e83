//! The verb `inspect`.

use std::{collections::BTreeMap, fmt::Write, path::PathBuf};

use clap::Args;
use configdrive_contract::{ConfigDrive, DriveSource, Inspection, untrusted};
use serde_json::json;

use crate::{
    engine::Engine,
    error::Error,
    input::{self, Expected},
    output,
    source::OptionSources,
};

/// List the contents of a drive made by any tool: its file system, label and files
///
/// Reads ISO 9660 with or without Joliet and Rock Ridge, and FAT with or without long names.
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive inspect config-2.iso\n  \
    configdrive inspect config-2.txt --cat openstack/latest/meta_data.json")]
pub struct Inspect<E: Engine> {
    /// The drive: an image, its gzip, or the base64 that Ironic accepts; `-` is standard input
    drive: PathBuf,
    /// Print only the content of the file with this path
    #[arg(long, value_name = "PATH")]
    cat: Option<String>,
    /// Print JSON, with the path, size and SHA-256 of each file
    #[arg(long, conflicts_with = "cat")]
    json: bool,
    #[command(flatten)]
    engine: E,
}

impl<E: Engine> Inspect<E> {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        let limit = self.engine.input_limit();
        let input = input::read(&self.drive, limit, Expected::Drive)?;
        let drive = DriveSource::Bytes(&input.bytes);
        let component = self.engine.start()?;
        let explain = |error| input.source.explain(error, &OptionSources::default());
        if let Some(path) = self.cat {
            return output::print_content(&component.read_file(drive, &path).map_err(explain)?);
        }
        let inspection = component.inspect(drive).map_err(explain)?;
        output::print(&if self.json { format!("{}\n", json!(inspection)) } else { for_people(&inspection) })
    }
}

fn for_people(inspection: &Inspection) -> String {
    let mut root = Directory::default();
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
struct Directory<'f> {
    entries: BTreeMap<&'f str, Entry<'f>>,
}

enum Entry<'f> {
    File(u64),
    Directory(Directory<'f>),
}

impl<'f> Directory<'f> {
    fn insert(&mut self, path: &'f str, size: u64) {
        match path.split_once('/') {
            None => _ = self.entries.insert(path, Entry::File(size)),
            Some((name, rest)) => {
                let entry = self.entries.entry(name).or_insert_with(|| Entry::Directory(Directory::default()));
                if let Entry::Directory(directory) = entry {
                    directory.insert(rest, size);
                }
            }
        }
    }

    /// Draws a line for each name. The size comes first, so that the column is straight whatever characters names have.
    fn draw(&self, indent: &mut String, text: &mut String) {
        for (index, (name, entry)) in self.entries.iter().enumerate() {
            let is_last = index + 1 == self.entries.len();
            let size = match entry {
                Entry::File(size) => bytes(*size),
                Entry::Directory(_) => String::new(),
            };
            let branch = if is_last { "└── " } else { "├── " };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{size:>11}  {indent}{branch}{}", untrusted::one_line(name, NAME_CHARS));
            if let Entry::Directory(directory) = entry {
                let length = indent.len();
                indent.push_str(if is_last { "    " } else { "│   " });
                directory.draw(indent, text);
                indent.truncate(length);
            }
        }
    }
}

/// Formats a size in about three digits: `312 B`, `4.8 KiB`, `64 MiB`.
fn bytes(size: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let Some((unit, name)) = units.into_iter().find(|(unit, _)| size >= *unit) else { return format!("{size} B") };
    let (whole, rest) = (size / unit, size % unit);
    if whole < 10 && rest != 0 { format!("{whole}.{} {name}", rest * 10 / unit) } else { format!("{whole} {name}") }
}

/// Longer than the names of any of these file systems.
const NAME_CHARS: usize = 1024;

#[cfg(test)]
mod tests {
    use configdrive_contract::{DriveFile, FileSystem};

    use super::*;

    #[test]
    fn sizes_have_few_digits() {
        let sizes = [0, 312, 1024, 5000, 20_000, 393_216, 1 << 20, 67_108_864, 3 << 30];
        let texts = ["0 B", "312 B", "1 KiB", "4.8 KiB", "19 KiB", "384 KiB", "1 MiB", "64 MiB", "3 GiB"];
        assert_eq!(sizes.map(bytes), texts);
    }

    #[test]
    fn a_drive_is_drawn_as_a_tree_that_cannot_steer_a_terminal() {
        let file = |path: &str, size| DriveFile { path: path.into(), size, sha256: String::new() };
        let inspection = Inspection {
            file_system: FileSystem::Fat16,
            sector_size: 512,
            label: "config\u{9b}2".into(),
            image_size: 67_108_864,
            files: vec![file("a/b/c", 1), file("a/d\u{202e}", 5000), file("e", 312)],
        };
        let expected = "config\\u{9b}2: FAT16, 64 MiB in sectors of 512 B; 3 files\n\
            \x20            ├── a\n\
            \x20            │   ├── b\n\
            \x20       1 B  │   │   └── c\n\
            \x20   4.8 KiB  │   └── d\\u{202e}\n\
            \x20     312 B  └── e\n";
        assert_eq!(for_people(&inspection), expected);
    }
}
