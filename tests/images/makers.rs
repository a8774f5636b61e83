//! Drives that other tools make.

use std::{fs, path::Path};

use configdrive_support::{
    Files,
    tools::{command, python, run},
};
use hadris_fs::{NoClock, host::TreeOptions};
use hadris_iso::{IsoId, IsoOptions};
use hadris_storage::host::FileDevice;
use libtest_mimic::Failed;

/// A tool that makes drives, and which names survive in it.
pub struct Maker {
    /// Ends a test's name.
    pub name: &'static str,
    pub needs: &'static [&'static str],
    /// What `configdrive inspect` calls the file system.
    pub file_system: &'static str,
    /// Whether names are mangled, so that only contents can be compared.
    pub mangles_names: bool,
    /// Trees that it cannot put on a drive unchanged.
    loses: &'static [&'static str],
    /// Makes an image of the files in a directory.
    make: fn(&Path, &Path) -> Result<(), Failed>,
}

impl Maker {
    /// Returns whether it puts the tree with this name on a drive unchanged.
    pub fn keeps(&self, tree: &str) -> bool {
        !self.loses.contains(&tree)
    }

    /// Returns whether it puts the path on a drive so that we can read it back.
    pub fn keeps_path(&self, path: &str) -> bool {
        // mcopy removes byte order marks. It writes names that fit into 8.3 characters in a code page, and the drive does not record
        // which one.
        let is_short_and_not_ascii = |name: &str| !name.is_ascii() && name.chars().count() <= 12;
        !self.needs.contains(&"mcopy") || !path.contains('\u{feff}') && !path.split('/').any(is_short_and_not_ascii)
    }

    /// Makes an image of `files`.
    pub fn make(&self, files: &Files) -> Result<Vec<u8>, Failed> {
        let directory = tempfile::tempdir()?;
        let (tree, image) = (directory.path().join("tree"), directory.path().join("image"));
        fs::create_dir(&tree)?;
        for (path, content) in files {
            let path = tree.join(path);
            fs::create_dir_all(path.parent().ok_or("no directory")?)?;
            fs::write(path, content)?;
        }
        (self.make)(&tree, &image)?;
        Ok(fs::read(image)?)
    }
}

pub const MAKERS: &[Maker] = &[
    Maker {
        name: "genisoimage_with_joliet_and_rock_ridge",
        needs: &["genisoimage"],
        file_system: "ISO 9660 with Rock Ridge",
        mangles_names: false,
        loses: &[],
        make: |tree, image| genisoimage(&["-J", "-r"], tree, image),
    },
    Maker {
        name: "genisoimage_with_rock_ridge",
        needs: &["genisoimage"],
        file_system: "ISO 9660 with Rock Ridge",
        mangles_names: false,
        loses: &[],
        // Plain names as free as possible, and no directory relocated.
        make: |tree, image| genisoimage(&["-R", "-U", "-D"], tree, image),
    },
    Maker {
        name: "genisoimage_with_joliet",
        needs: &["genisoimage"],
        file_system: "ISO 9660 with Joliet",
        mangles_names: false,
        loses: &[],
        make: |tree, image| genisoimage(&["-J", "-D"], tree, image),
    },
    Maker {
        name: "genisoimage_plain",
        needs: &["genisoimage"],
        file_system: "ISO 9660",
        mangles_names: true,
        loses: &[],
        make: |tree, image| genisoimage(&["-D"], tree, image),
    },
    Maker {
        name: "xorriso_with_rock_ridge",
        needs: &["xorriso"],
        file_system: "ISO 9660 with Rock Ridge",
        mangles_names: false,
        loses: &[],
        make: |tree, image| xorriso(&["-joliet", "on"], tree, image),
    },
    Maker {
        name: "xorriso_with_joliet",
        needs: &["xorriso"],
        file_system: "ISO 9660 with Joliet",
        mangles_names: false,
        // Leaves out files with paths of more than 240 characters.
        loses: &["deep_directories", "long_and_non_ascii_names", "random_tree_1"],
        make: |tree, image| xorriso(&["-joliet", "on", "-rockridge", "off"], tree, image),
    },
    Maker {
        name: "xorriso_plain",
        needs: &["xorriso"],
        file_system: "ISO 9660",
        mangles_names: true,
        // Gives a file and a directory next to each other the names "_.;1" and "_", of which Linux too sees only one.
        loses: &["random_tree_1"],
        make: |tree, image| xorriso(&["-rockridge", "off"], tree, image),
    },
    Maker {
        name: "pycdlib_with_rock_ridge",
        needs: &["pycdlib"],
        file_system: "ISO 9660 with Rock Ridge",
        mangles_names: false,
        loses: &[],
        make: |tree, image| pycdlib("rock_ridge", tree, image),
    },
    Maker {
        name: "pycdlib_with_joliet",
        needs: &["pycdlib"],
        file_system: "ISO 9660 with Joliet",
        mangles_names: false,
        // Counts the bytes of UTF-8 against the limit of 64 characters.
        loses: &[
            "deep_directories",
            "long_and_non_ascii_names",
            "random_tree_1",
            "random_tree_2",
            "random_tree_3",
            "random_tree_4",
        ],
        make: |tree, image| pycdlib("joliet", tree, image),
    },
    Maker {
        name: "pycdlib_plain",
        needs: &["pycdlib"],
        file_system: "ISO 9660",
        mangles_names: true,
        // Goes no deeper than ECMA-119 allows.
        loses: &["deep_directories"],
        make: |tree, image| pycdlib("plain", tree, image),
    },
    Maker {
        name: "hadris_with_rock_ridge",
        needs: &[],
        file_system: "ISO 9660 with Rock Ridge",
        mangles_names: false,
        loses: &[],
        make: |tree, image| hadris(IsoOptions::default().with_joliet().with_rock_ridge(), tree, image),
    },
    Maker {
        name: "hadris_with_joliet",
        needs: &[],
        file_system: "ISO 9660 with Joliet",
        mangles_names: false,
        // Goes no deeper than ECMA-119 allows.
        loses: &["deep_directories"],
        make: |tree, image| hadris(IsoOptions::default().with_joliet(), tree, image),
    },
    Maker {
        name: "hadris_plain",
        needs: &[],
        file_system: "ISO 9660",
        mangles_names: true,
        // The same, and gives a file and a directory next to each other names that differ only by ".;1".
        loses: &["deep_directories", "long_and_non_ascii_names", "random_tree_1"],
        make: |tree, image| hadris(IsoOptions::default(), tree, image),
    },
    Maker {
        name: "mkfs_vfat_with_fat12",
        needs: &["mkfs.vfat", "mcopy"],
        file_system: "FAT12",
        mangles_names: false,
        loses: MCOPY_LOSES,
        make: |tree, image| vfat(&["-F", "12", "-s", "16"], 24 << 10, tree, image),
    },
    Maker {
        name: "mkfs_vfat_with_fat16",
        needs: &["mkfs.vfat", "mcopy"],
        file_system: "FAT16",
        mangles_names: false,
        loses: MCOPY_LOSES,
        make: |tree, image| vfat(&["-F", "16"], 20 << 10, tree, image),
    },
    Maker {
        name: "mkfs_vfat_with_fat32",
        needs: &["mkfs.vfat", "mcopy"],
        file_system: "FAT32",
        mangles_names: false,
        loses: MCOPY_LOSES,
        make: |tree, image| vfat(&["-F", "32", "-s", "1"], 40 << 10, tree, image),
    },
    Maker {
        name: "mkfs_vfat_with_large_sectors",
        needs: &["mkfs.vfat", "mcopy"],
        file_system: "FAT16",
        mangles_names: false,
        loses: MCOPY_LOSES,
        make: |tree, image| vfat(&["-F", "16", "-S", "4096", "-s", "1"], 32 << 10, tree, image),
    },
    Maker {
        name: "mkfs_vfat_as_nova_calls_it",
        needs: &["mkfs.vfat", "mcopy"],
        file_system: "FAT16",
        mangles_names: false,
        loses: MCOPY_LOSES,
        make: |tree, image| vfat(&[], 64 << 10, tree, image),
    },
];

/// mcopy exits without a message if a name equals the short name of another.
const MCOPY_LOSES: &[&str] = &["short_names_that_collide"];

fn genisoimage(options: &[&str], tree: &Path, image: &Path) -> Result<(), Failed> {
    let always = ["-quiet", "-l", "-V", "config-2", "-input-charset", "utf-8", "-o"];
    run(command("genisoimage").args(options).args(always).arg(image).arg(tree)).map(drop)
}

fn xorriso(options: &[&str], tree: &Path, image: &Path) -> Result<(), Failed> {
    let mut xorriso = command("xorriso");
    xorriso.args(["-report_about", "WARNING", "-outdev"]).arg(image).args(["-volid", "config-2"]).args(options);
    run(xorriso.arg("-map").arg(tree).args(["/", "-commit"])).map(drop)
}

fn pycdlib(kind: &str, tree: &Path, image: &Path) -> Result<(), Failed> {
    run(python()?.args(["-c", include_str!("pycdlib_make.py"), kind]).args([tree, image])).map(drop)
}

fn hadris(options: IsoOptions, tree: &Path, image: &Path) -> Result<(), Failed> {
    let (tree, _) = hadris_fs::host::read_tree(tree, &TreeOptions::new())?;
    let options = options.with_id(IsoId::Volume, "config-2").with_time(NoClock::TIME);
    let file = fs::File::options().read(true).write(true).create_new(true).open(image)?;
    hadris_iso::sync::write(FileDevice::new(file)?, &tree, &options)?;
    Ok(())
}

fn vfat(options: &[&str], kibibytes: u32, tree: &Path, image: &Path) -> Result<(), Failed> {
    run(command("mkfs.vfat").args(options).args(["-n", "config-2", "-C"]).arg(image).arg(kibibytes.to_string()))?;
    let entries = fs::read_dir(tree)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    if entries.is_empty() {
        return Ok(());
    }
    let mut mcopy = command("mcopy");
    run(mcopy.env("LC_ALL", "C.UTF-8").args(["-s", "-m", "-Q", "-i"]).arg(image).args(entries).arg("::")).map(drop)
}
