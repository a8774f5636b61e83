//! The readers of FAT, and how each of them compares a drive with its tree.

use std::ffi::OsString;

use configdrive::image::fat::{Geometry, SectorSize};
use configdrive_support::{
    Files,
    tools::{command, run},
};
use configdrive_test_drives::trees::Format;
use libtest_mimic::Failed;

use crate::written::{Drive, Reader, files_below, same_files};

/// The volumes that each tree is written to, with the end of the test's name.
pub const GEOMETRIES: [(&str, Geometry); 5] = [
    ("", Geometry { sector_size: SectorSize::Bytes512, size: None }),
    ("_in_sectors_of_2048", Geometry { sector_size: SectorSize::Bytes2048, size: None }),
    ("_in_sectors_of_4096", Geometry { sector_size: SectorSize::Bytes4096, size: None }),
    ("_in_64_mib", Geometry { sector_size: SectorSize::Bytes512, size: Some(64 << 20) }),
    ("_in_64_mib_in_sectors_of_4096", Geometry { sector_size: SectorSize::Bytes4096, size: Some(64 << 20) }),
];

pub const READERS: &[Reader] = &[
    ("fsck_fat_accepts", &["fsck.fat"], fsck_accepts),
    ("mtools_read", &["mcopy", "mlabel"], mtools_read),
    ("7z_reads_from_fat", &["7z"], seven_zip_reads),
    ("blkid_finds_both_labels_of", &["blkid"], blkid_reads),
];

fn fsck_accepts(drive: &Drive) -> Result<(), Failed> {
    let output = String::from_utf8(run(command("fsck.fat").arg("-n").arg(&drive.image))?)?;
    // One line has its name and version, one the number of files and clusters. Anything else is a complaint.
    match output.lines().count() {
        2 => Ok(()),
        _ => Err(output.into()),
    }
}

fn mtools_read(drive: &Drive) -> Result<(), Failed> {
    let mtools = |tool| {
        let mut mtools = command(tool);
        mtools.env("MTOOLSRC", "/dev/null").arg("-i").arg(&drive.image);
        mtools
    };
    let label = String::from_utf8(run(mtools("mlabel").args(["-s", "::"]))?)?;
    if label.trim() != "Volume label is config-2" {
        return Err(label.into());
    }
    let directory = drive.subdirectory("mtools");
    // mcopy reports an error if there is nothing to copy.
    if !drive.files.is_empty() {
        run(mtools("mcopy").args(["-s", "-n", "-Q", "::*"]).arg(&directory))?;
    }
    same_files("mtools", &files_below(&directory), &drive.files)
}

fn seven_zip_reads(drive: &Drive) -> Result<(), Failed> {
    let directory = drive.subdirectory("7z");
    let mut to = OsString::from("-o");
    to.push(&directory);
    run(command("7z").args(["x", "-y", "-bd", "-tfat"]).arg(to).arg(&drive.image))?;
    same_files("7z", &files_below(&directory), &drive.files)
}

fn blkid_reads(drive: &Drive) -> Result<(), Failed> {
    let tags = ["-s", "LABEL", "-s", "LABEL_FATBOOT", "-s", "TYPE"];
    let found = String::from_utf8(run(command("blkid").args(["-p", "-o", "export"]).args(tags).arg(&drive.image))?)?;
    let found: Vec<_> = found.lines().filter(|line| !line.starts_with("DEVNAME=")).collect();
    if found != ["LABEL_FATBOOT=config-2", "LABEL=config-2", "TYPE=vfat"] {
        return Err(format!("blkid finds {found:?}").into());
    }
    Ok(())
}

/// Checks the numbers of clusters around each threshold between two types of FAT, and the numbers that we avoid next to it.
pub fn fsck_sees_the_intended_types() -> Result<(), Failed> {
    for (clusters, bits, used, laid_out) in [
        (4068, 12, 4068, 4068),
        (4069, 16, 4069, 4101),
        (4084, 16, 4084, 4101),
        (4085, 16, 4085, 4101),
        (4101, 16, 4101, 4101),
        (4102, 16, 4102, 4102),
        (65_508, 16, 65_508, 65_508),
        // The root directory takes one more.
        (65_509, 32, 65_510, 65_541),
        (65_524, 32, 65_525, 65_541),
        (65_525, 32, 65_526, 65_541),
        (65_540, 32, 65_541, 65_541),
        (65_541, 32, 65_542, 65_542),
    ] {
        let drive = Drive::new(&in_clusters(clusters), Format::Fat(Geometry::default()));
        let output = String::from_utf8(run(command("fsck.fat").args(["-n", "-v"]).arg(&drive.image))?)?;
        for expected in [
            "512 bytes per cluster".into(),
            format!("2 FATs, {bits} bit entries"),
            format!("{laid_out} data clusters"),
            format!("{used}/{laid_out} clusters"),
        ] {
            if !output.contains(&expected) {
                return Err(format!("{clusters}: no \"{expected}\" in\n{output}").into());
            }
        }
    }
    Ok(())
}

/// Returns a tree that takes `count` clusters of 512 bytes, and three entries of the root directory.
fn in_clusters(count: usize) -> Files {
    // Each directory takes one cluster besides those of its fourteen files, and an entry in its parent directory.
    let taken = |directories: usize| (2 + directories).div_ceil(16) + directories * 15;
    let directories = (1..).take_while(|&directories| taken(directories) <= count).last().unwrap_or_default();
    let file = |directory, file| (format!("A/D{directory:05}/F{file:02}"), vec![b'x']);
    let mut files: Files =
        (0..directories).flat_map(|directory| (0..14).map(move |index| file(directory, index))).collect();
    files.insert("REST".into(), vec![b'x'; 512 * (count - taken(directories))]);
    files
}
