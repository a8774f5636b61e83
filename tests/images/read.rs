//! Drives that we read or refuse: those of other tools, our own, odd ones, damaged ones and malicious ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic,
};

use configdrive::image::{
    fat::Geometry,
    read::{self, DriveImage, Fault, ReadError},
};
use configdrive_support::{Files, tools, trials::Trial};
use configdrive_test_drives::{
    damage, malicious, odd,
    trees::{self, Format, Make, TREES},
};
use libtest_mimic::Failed;

use crate::makers::{MAKERS, Maker};

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for maker in MAKERS {
        let mut of_maker = Vec::new();
        for (tree, make) in TREES.iter().filter(|(tree, _)| maker.keeps(tree)) {
            of_maker.push(Trial::new(format!("we_read_{tree}_made_by_{}", maker.name), || reads(maker, make())));
        }
        of_maker.push(Trial::new(format!("we_read_or_refuse_damaged_drives_made_by_{}", maker.name), || {
            is_read_safely_or_refused(maker.make(&trees::drive_of_nova())?)
        }));
        trials.extend(of_maker.into_iter().map(|trial| trial.without(tools::missing(maker.needs))));
    }
    for (format, name) in [(Format::Iso9660, "iso9660"), (Format::Fat(Geometry::default()), "vfat")] {
        for (tree, make) in TREES.iter().chain(&[("names_that_collide", trees::alike as Make)]) {
            trials.push(Trial::new(format!("we_read_{tree}_that_we_wrote_as_{name}"), move || {
                let files = make();
                same_files(&read::read(&trees::image(&files, format))?, &files)
            }));
        }
        trials.push(Trial::new(format!("we_read_or_refuse_damaged_drives_that_we_wrote_as_{name}"), move || {
            is_read_safely_or_refused(trees::image(&trees::drive_of_nova(), format))
        }));
    }
    trials.push(Trial::new("we_read_a_full_fat_of_any_number_of_clusters", || {
        (1..800).try_for_each(|clusters| {
            let files = Files::from([("file".into(), vec![7; clusters * 512])]);
            let image = trees::image(&files, Format::Fat(Geometry::default()));
            same_files(&read::read(&image)?, &files)
        })
    }));
    for (drive, make, volume, files) in odd::DRIVES {
        trials.push(Trial::new(format!("{drive}_is_read"), || has_volume_and_places(&make(), volume, files)));
    }
    for (drive, make, fault) in malicious::DRIVES {
        trials.push(Trial::new(format!("{drive}_is_refused"), || is_refused(&make(), *fault)));
    }
    trials
}

fn reads(maker: &Maker, mut files: Files) -> Result<(), Failed> {
    files.retain(|path, _| maker.keeps_path(path));
    let image = maker.make(&files)?;
    let drive = read::read(&image)?;
    if (&*drive.file_system.to_string(), &*drive.label) != (maker.file_system, "config-2") {
        return Err(format!("found {} with the label {:?}", drive.file_system, drive.label).into());
    }
    if maker.mangles_names { same_contents(&drive, &files) } else { same_files(&drive, &files) }
}

fn same_files(drive: &DriveImage<'_>, files: &Files) -> Result<(), Failed> {
    let found: Files = drive.files.iter().map(|file| (file.path.clone(), file.content.bytes().into_owned())).collect();
    if found == *files {
        return Ok(());
    }
    let names = |files: &Files| files.keys().cloned().collect::<BTreeSet<_>>();
    let odd: Vec<_> = names(&found).symmetric_difference(&names(files)).take(10).cloned().collect();
    Err(format!("{} files instead of {}, whose names differ in {odd:?}", found.len(), files.len()).into())
}

fn same_contents(drive: &DriveImage<'_>, files: &Files) -> Result<(), Failed> {
    let mut found: Vec<_> = drive.files.iter().map(|file| file.content.bytes().into_owned()).collect();
    let mut expected: Vec<_> = files.values().cloned().collect();
    found.sort();
    expected.sort();
    if found == expected { Ok(()) } else { Err(format!("{} files instead of {}", found.len(), expected.len()).into()) }
}

/// Compares a drive's file system and label, its paths, and the positions of its files' pieces.
fn has_volume_and_places(image: &[u8], volume: &str, files: &[odd::File]) -> Result<(), Failed> {
    let drive = read::read(image)?;
    let place = |piece: &[u8]| (piece.as_ptr().addr() - image.as_ptr().addr(), piece.len());
    let found: Vec<(&str, Vec<_>)> =
        drive.files.iter().map(|file| (&*file.path, file.content.parts().map(place).collect())).collect();
    let expected: Vec<(&str, Vec<_>)> = files.iter().map(|(path, pieces)| (*path, pieces.to_vec())).collect();
    let found_volume = format!("{}: {}", drive.file_system, drive.label);
    if (&*found_volume, &found) == (volume, &expected) {
        Ok(())
    } else {
        Err(format!("found {found_volume:?} with {found:?}").into())
    }
}

fn is_refused(image: &[u8], fault: Fault) -> Result<(), Failed> {
    let error = match read::read(image) {
        Err(error @ ReadError::Damaged { fault: found, .. }) if found == fault => error.to_string(),
        other => return Err(format!("expected {fault:?}, found {:?}", other.map(|drive| drive.files)).into()),
    };
    // One line that names the structure.
    let is_sound = ["damaged ", "cannot read the drive: "].into_iter().any(|start| error.starts_with(start))
        && error.contains(" at byte ")
        && !error.contains(char::is_control);
    if is_sound { Ok(()) } else { Err(error.into()) }
}

/// Checks that reading a damaged drive keeps the promises for every image.
fn is_read_safely_or_refused(mut image: Vec<u8>) -> Result<(), Failed> {
    for size in (0..image.len().min(1 << 20)).step_by(512) {
        keeps_promises(&image[..size])?;
    }
    damage::each(&mut image, 4000, keeps_promises)
}

/// Checks what is promised for every image: no panic, and if it can be read, only safe paths and contents that are in the image.
fn keeps_promises(image: &[u8]) -> Result<(), Failed> {
    let Ok(drive) = panic::catch_unwind(|| read::read(image)).map_err(|_| "a panic")? else { return Ok(()) };
    let mut paths = BTreeSet::new();
    let mut places = BTreeMap::new();
    for file in &drive.files {
        let path = &file.path;
        let is_safe =
            |name: &str| !matches!(name, "" | "." | "..") && !name.contains(|c: char| c == '\\' || c.is_control());
        if !path.split('/').all(is_safe) || path.len() > read::MAX_PATH_LENGTH || !paths.insert(path) {
            return Err(format!("unsafe, too long or duplicate path {path:?}").into());
        }
        if file.content.parts().map(|part| part.len() as u64).sum::<u64>() != file.content.size() {
            return Err(format!("wrong size of {path:?}").into());
        }
        places.insert(&file.content, file.content.size());
    }
    let is_directory = |path: &&String| {
        paths.range(format!("{path}/")..).next().is_some_and(|next| next.starts_with(&format!("{path}/")))
    };
    if let Some(path) = paths.iter().find(|path| is_directory(path)) {
        return Err(format!("{path:?} is a file and a directory").into());
    }
    if places.values().sum::<u64>() > image.len() as u64 {
        return Err("the files have more bytes than the image".into());
    }
    Ok(())
}
