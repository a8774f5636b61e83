//! The directory that `extract` writes to: a new one, or an empty one that stays what it is.

use std::{
    fs::{self, Metadata, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{Command, Output, Stdio},
};

use configdrive_support::{tools, trials::Trial};
use configdrive_test_drives::{
    malicious,
    trees::{self, Format},
};
use libtest_mimic::Failed;
use tempfile::TempDir;

pub fn trials() -> Vec<Trial> {
    let tests: [(&str, &[&str], Test); 5] = [
        ("extract_into_the_working_directory_fills_it", &[], working_directory),
        ("extract_keeps_an_empty_directory_with_its_mode", &[], empty_directory),
        ("a_failed_extract_leaves_an_empty_directory_empty", &[], failure),
        ("extract_fills_a_mount_point", &["mounts"], mount_point),
        ("extract_refuses_zisofs", &["xorriso"], zisofs),
    ];
    tests.map(|(name, needs, test)| Trial::new(name, test).without(tools::missing(needs))).into()
}

type Test = fn() -> Result<(), Failed>;

/// If a shell's working directory were replaced, the shell would be left in a deleted one.
fn working_directory() -> Result<(), Failed> {
    let room = room(&trees::image(&trees::drive_of_nova(), Format::Iso9660))?;
    let folder = room.path().join("folder");
    let script = r#""$0" extract ../drive -o . && cat openstack/latest/meta_data.json && pwd -P"#;
    let output = run(Command::new("sh").current_dir(&folder).args(["-c", script, env!("CARGO_BIN_EXE_configdrive")]))?;
    let printed = String::from_utf8(output.stdout)?;
    let meta_data = String::from_utf8(trees::drive_of_nova()["openstack/latest/meta_data.json"].clone())?;
    assert_eq!(printed, format!("{meta_data}{}\n", folder.canonicalize()?.display()));
    assert_eq!(names(&folder)?, ["ec2", "openstack"]);
    Ok(())
}

fn empty_directory() -> Result<(), Failed> {
    let room = room(&trees::image(&trees::drive_of_nova(), Format::Iso9660))?;
    let folder = room.path().join("folder");
    fs::set_permissions(&folder, Permissions::from_mode(0o2751))?;
    let before = identity(&folder.metadata()?);
    run(&mut extract(room.path()))?;
    assert_eq!(identity(&folder.metadata()?), before);
    assert_eq!(names(&folder)?, ["ec2", "openstack"]);
    Ok(())
}

/// A file whose name this system cannot store comes after one that it can.
fn failure() -> Result<(), Failed> {
    let room = room(&malicious::with_a_name_of_300_bytes())?;
    let folder = room.path().join("folder");
    fs::set_permissions(&folder, Permissions::from_mode(0o750))?;
    let before = identity(&folder.metadata()?);
    fails(&extract(room.path()).output()?, 1, "File name too long");
    assert_eq!(identity(&folder.metadata()?), before);
    assert_eq!(names(&folder)?, [""; 0]);
    Ok(())
}

fn mount_point() -> Result<(), Failed> {
    let room = room(&trees::image(&trees::drive_of_nova(), Format::Iso9660))?;
    let script = r#"mount -t tmpfs none folder && "$0" extract drive -o folder && ls -A folder"#;
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", script, env!("CARGO_BIN_EXE_configdrive")]).current_dir(&room);
    assert_eq!(String::from_utf8(run(&mut command)?.stdout)?, "ec2\nopenstack\n");
    // The file system went with its namespace.
    assert_eq!(names(&room.path().join("folder"))?, [""; 0]);
    Ok(())
}

/// Only some kernels decompress it, and we do not: the compressed bytes would be taken for the file.
fn zisofs() -> Result<(), Failed> {
    let room = room(b"")?;
    let tree = room.path().join("tree");
    fs::create_dir_all(tree.join("openstack/latest"))?;
    fs::write(tree.join("openstack/latest/user_data"), "#!/bin/sh\n".repeat(10_000))?;
    let drive = room.path().join("drive");
    fs::remove_file(&drive)?;
    let mut xorriso = Command::new("xorriso");
    xorriso.args(["-report_about", "WARNING", "-outdev"]).arg(&drive).args(["-volid", "config-2", "-map"]).arg(&tree);
    run(xorriso.args(["/", "-set_filter_r", "--zisofs", "/", "--", "-commit"]))?;
    let message = "compressed with zisofs, which not every reader decompresses; create the drive without zisofs";
    fails(&extract(room.path()).output()?, 3, message);
    assert_eq!(names(&room.path().join("folder"))?, [""; 0]);
    Ok(())
}

// Helpers.

/// Returns a directory with the file `drive` and the empty directory `folder`.
fn room(image: &[u8]) -> Result<TempDir, Failed> {
    let room = tempfile::tempdir()?;
    fs::write(room.path().join("drive"), image)?;
    fs::create_dir(room.path().join("folder"))?;
    Ok(room)
}

fn extract(room: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configdrive"));
    command.current_dir(room).args(["extract", "drive", "-o", "folder"]).stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> Result<Output, Failed> {
    let output = command.output()?;
    if output.status.success() { Ok(output) } else { Err(format!("{command:?}: {output:?}").into()) }
}

#[track_caller]
fn fails(output: &Output, code: i32, message: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(code) && stderr.contains(message), "{output:?}");
}

/// What a directory loses if another takes its place.
fn identity(metadata: &Metadata) -> (u64, u64, u32, u32) {
    (metadata.dev(), metadata.ino(), metadata.mode(), metadata.uid())
}

fn names(folder: &Path) -> Result<Vec<String>, Failed> {
    let entries =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    let mut names = entries.collect::<Result<Vec<_>, _>>()?;
    names.sort();
    Ok(names)
}
