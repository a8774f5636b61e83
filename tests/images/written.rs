//! Our images and their base64 texts, read by other readers.
//!
//! Each reader reads each tree. If a reader is not installed, its tests are ignored and name what is missing; if the variable
//! `CI` is set they fail instead. pycdlib is looked for in the interpreter that `CONFIGDRIVE_TEST_PYTHON` names, and in the
//! virtual environment of `tests/ironic/`.

use std::{
    collections::BTreeSet,
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use configdrive::{encode, image::fat::Geometry};
use configdrive_checks::case;
use configdrive_support::{
    Files, below, golden,
    tools::{self, command, python, run},
    trials::Trial,
};
use configdrive_test_drives::trees::{self, Format, TREES};
use libtest_mimic::Failed;

use crate::fat_readers;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (reader, needs, read) in READERS.iter().chain([&GENISOIMAGE]) {
        for (tree, make) in TREES {
            let run = move || read(&Drive::new(&make(), Format::Iso9660));
            trials.push(trial(format!("{reader}_{tree}"), needs, run));
        }
    }
    for (reader, needs, read) in READERS {
        let run = move || golden_drives(|files| read(&Drive::new(files, Format::Iso9660)));
        trials.push(trial(format!("{reader}_golden_drives"), needs, run));
        let run = move || seeds(|files| read(&Drive::new(files, Format::Iso9660)));
        trials.push(trial(format!("{reader}_drives_from_fuzzing"), needs, run));
    }
    for (reader, needs, read) in fat_readers::READERS {
        for (geometry_name, geometry) in fat_readers::GEOMETRIES {
            for (tree, make) in TREES {
                let run = move || read(&Drive::new(&make(), Format::Fat(geometry)));
                trials.push(trial(format!("{reader}_{tree}{geometry_name}"), needs, run));
            }
        }
        let run = move || golden_drives(|files| read(&Drive::new(files, Format::Fat(Geometry::default()))));
        trials.push(trial(format!("{reader}_golden_drives"), needs, run));
        let run = move || seeds(|files| read(&Drive::new(files, Format::Fat(Geometry::default()))));
        trials.push(trial(format!("{reader}_drives_from_fuzzing"), needs, run));
    }
    trials.push(trial(
        "fsck_fat_sees_the_intended_type_on_both_sides_of_each_threshold".into(),
        &["fsck.fat"],
        fat_readers::fsck_sees_the_intended_types,
    ));
    trials.push(trial(
        "names_that_collide_in_the_plain_tree_become_those_of_genisoimage".into(),
        &["genisoimage", "pycdlib"],
        || plain_names_are_genisoimages(&trees::alike()),
    ));
    trials.push(trial("ironic_reads_a_drive_from_nova".into(), &["pycdlib"], ironic_reads));
    trials.push(trial("gzip_unpacks_an_encoded_drive".into(), &["base64", "gzip"], || {
        unpacks("sh", &["-c", "base64 -d | gzip -dc"])
    }));
    trials.push(trial("python_unpacks_an_encoded_drive".into(), &["python3"], || {
        let script = "import base64, gzip, sys; text = sys.stdin.buffer.read();\
                      sys.stdout.buffer.write(gzip.decompress(base64.b64decode(text, validate=True)))";
        unpacks("python3", &["-c", script])
    }));
    trials
}

fn trial(name: String, needs: &[&str], run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::new(name, run).without(tools::missing(needs))
}

/// The reader's name, the tools that it needs, and how it compares a drive with its tree.
pub type Reader = (&'static str, &'static [&'static str], fn(&Drive) -> Result<(), Failed>);

/// The readers of ISO 9660.
const READERS: &[Reader] = &[
    ("pycdlib_reads", &["pycdlib"], pycdlib_reads),
    ("xorriso_reads", &["xorriso"], xorriso_reads),
    ("isoinfo_reads", &["isoinfo"], isoinfo_reads),
    ("bsdtar_reads", &["bsdtar"], bsdtar_reads),
    ("7z_reads", &["7z"], seven_zip_reads),
    ("blkid_finds_the_label_of", &["blkid"], blkid_reads),
];

/// Another maker, whose names are compared with ours.
const GENISOIMAGE: Reader = ("genisoimage_gives_the_same_names_to", &["genisoimage", "pycdlib"], genisoimage_agrees);

// Readers.

fn pycdlib_reads(drive: &Drive) -> Result<(), Failed> {
    let trees = pycdlib_trees(&drive.image, &drive.subdirectory("pycdlib"))?;
    same_files("Rock Ridge", &trees.rock_ridge, &drive.files)?;
    same_files("Joliet", &trees.joliet, &drive.files)?;
    same_contents("plain", &trees.plain, &drive.files)
}

fn xorriso_reads(drive: &Drive) -> Result<(), Failed> {
    for (tree, read_fs) in [("rock_ridge", "any"), ("joliet", "norock"), ("plain", "ecma119")] {
        let directory = drive.subdirectory(tree);
        // A warning makes it exit with 32.
        let options =
            ["-return_with", "WARNING", "32", "-report_about", "WARNING", "-read_fs", read_fs, "-osirrox", "on"];
        run(command("xorriso").args(options).arg("-indev").arg(&drive.image).args(["-extract", "/"]).arg(&directory))?;
        match tree {
            "plain" => same_contents(tree, &files_below(&directory), &drive.files)?,
            _ => same_files(tree, &files_below(&directory), &drive.files)?,
        }
    }
    Ok(())
}

fn isoinfo_reads(drive: &Drive) -> Result<(), Failed> {
    let isoinfo = |option| {
        let mut isoinfo = command("isoinfo");
        isoinfo.args(["-j", "iso8859-1", option, "-i"]).arg(&drive.image);
        isoinfo
    };
    for (tree, option) in [("Rock Ridge", "-R"), ("Joliet", "-J"), ("plain", "-l")] {
        let listed = run(isoinfo(option).arg("-f"))?;
        let listed: BTreeSet<_> = listed.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"/")).collect();
        let paths =
            drive.files.keys().chain(&directories(&drive.files)).map(|path| format!("/{path}")).collect::<Vec<_>>();
        let expected: BTreeSet<Vec<u8>> = match tree {
            "Rock Ridge" => paths.into_iter().map(String::into_bytes).collect(),
            // isoinfo does not support UTF-8, and shows characters outside its character set as underscores.
            "Joliet" => {
                paths.iter().map(|path| path.chars().map(|c| u8::try_from(c).unwrap_or(b'_')).collect()).collect()
            }
            // The plain names are compared with genisoimage's elsewhere.
            _ if listed.len() == paths.len() => continue,
            _ => return Err(format!("{tree}: {} names instead of {}", listed.len(), paths.len()).into()),
        };
        if !listed.iter().copied().eq(expected.iter().map(Vec::as_slice)) {
            return Err(format!("{tree}: {} names, which differ from those of the tree", listed.len()).into());
        }
        // Each file takes a process, so a few must do.
        for (path, content) in drive.files.iter().filter(|(path, _)| path.is_ascii()).take(20) {
            if &run(isoinfo(option).arg("-x").arg(format!("/{path}")))? != content {
                return Err(format!("{tree}: {path} has different content").into());
            }
        }
    }
    Ok(())
}

fn bsdtar_reads(drive: &Drive) -> Result<(), Failed> {
    for (tree, options) in [
        ("rock_ridge", "iso9660:rockridge"),
        ("joliet", "iso9660:!rockridge"),
        ("plain", "iso9660:!rockridge,iso9660:!joliet"),
    ] {
        let directory = drive.subdirectory(tree);
        // bsdtar converts names into the locale's characters.
        let mut bsdtar = command("bsdtar");
        run(bsdtar
            .env("LC_ALL", "C.UTF-8")
            .args(["--options", options, "-xf"])
            .arg(&drive.image)
            .arg("-C")
            .arg(&directory))?;
        match tree {
            "plain" => same_contents(tree, &files_below(&directory), &drive.files)?,
            _ => same_files(tree, &files_below(&directory), &drive.files)?,
        }
    }
    Ok(())
}

fn seven_zip_reads(drive: &Drive) -> Result<(), Failed> {
    let directory = drive.subdirectory("7z");
    let mut to = std::ffi::OsString::from("-o");
    to.push(&directory);
    run(command("7z").env("LC_ALL", "C.UTF-8").args(["x", "-y", "-bd", "-tiso"]).arg(to).arg(&drive.image))?;
    same_files("7z", &files_below(&directory), &drive.files)
}

fn blkid_reads(drive: &Drive) -> Result<(), Failed> {
    let found = run(command("blkid").args(["-p", "-o", "export", "-s", "LABEL", "-s", "TYPE"]).arg(&drive.image))?;
    let found = String::from_utf8(found)?;
    let found: Vec<_> = found.lines().filter(|line| !line.starts_with("DEVNAME=")).collect();
    if found != ["LABEL=config-2", "TYPE=iso9660"] {
        return Err(format!("blkid finds {found:?}").into());
    }
    Ok(())
}

fn genisoimage_agrees(drive: &Drive) -> Result<(), Failed> {
    let theirs = pycdlib_trees(&genisoimage(drive)?, &drive.subdirectory("theirs"))?;
    let ours = pycdlib_trees(&drive.image, &drive.subdirectory("ours"))?;
    same_names("Rock Ridge", &ours.rock_ridge, &theirs.rock_ridge)?;
    same_names("Joliet", &ours.joliet, &theirs.joliet)?;
    same_names("plain", &ours.plain, &theirs.plain)
}

/// Compares only the names: which file gets which number depends on the order in which genisoimage found them on disk.
fn plain_names_are_genisoimages(files: &Files) -> Result<(), Failed> {
    let drive = Drive::new(files, Format::Iso9660);
    let theirs = pycdlib_trees(&genisoimage(&drive)?, &drive.subdirectory("theirs"))?;
    let ours = pycdlib_trees(&drive.image, &drive.subdirectory("ours"))?;
    same_names("plain", &ours.plain, &theirs.plain)
}

fn ironic_reads() -> Result<(), Failed> {
    let drive = Drive::new(&trees::drive_of_nova(), Format::Iso9660);
    let network_data = run(python()?.args(["-c", include_str!("ironic_look.py")]).arg(&drive.image))?;
    if network_data != drive.files["openstack/latest/network_data.json"] {
        return Err("the network data differs".into());
    }
    Ok(())
}

fn unpacks(program: &str, arguments: &[&str]) -> Result<(), Failed> {
    let volume_of_nova = Format::Fat(Geometry { size: Some(64 << 20), ..Geometry::default() });
    let iso9660 = TREES.iter().map(|tree| (tree, Format::Iso9660));
    for ((name, make), format) in iso9660.chain(TREES.iter().take(1).map(|tree| (tree, volume_of_nova))) {
        let drive = Drive::new(&make(), format);
        let image = fs::read(&drive.image)?;
        let text = drive.subdirectory("text").join("text");
        fs::write(&text, encode::encode(&image)?)?;
        if run(command(program).args(arguments).stdin(fs::File::open(&text)?))? != image {
            return Err(format!("{name}: the image differs").into());
        }
    }
    Ok(())
}

/// What pycdlib finds in the three trees of an image, each with its own names.
struct Trees {
    plain: Files,
    joliet: Files,
    rock_ridge: Files,
}

fn pycdlib_trees(image: &Path, directory: &Path) -> Result<Trees, Failed> {
    let labels = run(python()?.args(["-c", include_str!("pycdlib_trees.py")]).arg(image).arg(directory))?;
    if labels != b"config-2\nconfig-2\n" {
        return Err(format!("the labels are {:?}", String::from_utf8_lossy(&labels)).into());
    }
    let [plain, joliet, rock_ridge] = ["plain", "joliet", "rock_ridge"].map(|tree| files_below(&directory.join(tree)));
    Ok(Trees { plain, joliet, rock_ridge })
}

/// Makes genisoimage's image of the same tree.
fn genisoimage(drive: &Drive) -> Result<PathBuf, Failed> {
    let directory = drive.subdirectory("tree");
    for (path, content) in &drive.files {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().expect("a path below the directory"))?;
        fs::write(path, content)?;
    }
    let image = drive.directory.path().join("genisoimage.iso");
    // -D does not relocate deep directories.
    let options = ["-quiet", "-D", "-ldots", "-allow-lowercase", "-allow-multidot", "-l", "-J", "-r", "-V", "config-2"];
    run(command("genisoimage").args(options).args(["-input-charset", "utf-8", "-o"]).arg(&image).arg(directory))?;
    Ok(image)
}

// Comparisons.

pub fn same_files(tree: &str, found: &Files, expected: &Files) -> Result<(), Failed> {
    same_names(tree, found, expected)?;
    match found.iter().zip(expected).find(|(found, expected)| found != expected) {
        Some(((path, _), _)) => Err(format!("{tree}: {path} has different content").into()),
        None => Ok(()),
    }
}

fn same_names(tree: &str, found: &Files, expected: &Files) -> Result<(), Failed> {
    let (found, expected): (BTreeSet<_>, BTreeSet<_>) = (found.keys().collect(), expected.keys().collect());
    if found != expected {
        let odd: Vec<_> = found.symmetric_difference(&expected).take(10).collect();
        return Err(
            format!("{tree}: {} files instead of {}, which differ in {odd:?}", found.len(), expected.len()).into()
        );
    }
    Ok(())
}

/// Compares the contents, whatever the names.
fn same_contents(tree: &str, found: &Files, expected: &Files) -> Result<(), Failed> {
    let [mut found, mut expected]: [Vec<_>; 2] = [found, expected].map(|files| files.values().collect());
    found.sort();
    expected.sort();
    if found != expected {
        return Err(format!(
            "{tree}: {} files, whose contents differ from those of the {} expected",
            found.len(),
            expected.len()
        )
        .into());
    }
    Ok(())
}

// Helpers.

/// An image, the files that it was made of, and a directory for what readers extract.
pub struct Drive {
    directory: tempfile::TempDir,
    pub image: PathBuf,
    pub files: Files,
}

impl Drive {
    pub fn new(files: &Files, format: Format) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let image = directory.path().join("drive");
        fs::write(&image, trees::image(files, format)).expect("a written image");
        Self { directory, image, files: files.clone() }
    }

    pub fn subdirectory(&self, name: &str) -> PathBuf {
        let directory = self.directory.path().join(name);
        fs::create_dir_all(&directory).expect("a directory");
        directory
    }
}

/// Readers give directories the mode from Rock Ridge, which does not allow anything in them to be deleted.
impl Drop for Drive {
    fn drop(&mut self) {
        fn unlock(directory: &Path) {
            let _ = fs::set_permissions(directory, fs::Permissions::from_mode(0o700));
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    unlock(&entry.path());
                }
            }
        }
        unlock(self.directory.path());
    }
}

pub fn files_below(directory: &Path) -> Files {
    let mut files = Files::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path
                    .strip_prefix(directory)
                    .expect("a path below the directory")
                    .to_str()
                    .expect("UTF-8")
                    .to_owned();
                files.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    files
}

fn directories(files: &Files) -> BTreeSet<String> {
    let above =
        |path: &str| path.match_indices('/').map(|(end, _)| path.split_at(end).0.to_owned()).collect::<Vec<_>>();
    files.keys().flat_map(|path| above(path)).collect()
}

/// Runs a reader on all of Nova's own drives.
fn golden_drives(read: impl Fn(&Files) -> Result<(), Failed>) -> Result<(), Failed> {
    for case in golden::all() {
        let Some(files) = case.drive() else { continue };
        read(&files).map_err(|error| format!("{}: {}", case.name, error.message().unwrap_or_default()))?;
    }
    Ok(())
}

/// Runs a reader on the drives of the documents that fuzzing kept, or of a larger corpus in the directory `CONFIGDRIVE_SEEDS`.
fn seeds(read: impl Fn(&Files) -> Result<(), Failed>) -> Result<(), Failed> {
    let directory = env::var_os("CONFIGDRIVE_SEEDS").map_or_else(|| below("fuzz/seeds/document"), PathBuf::from);
    for seed in fs::read_dir(directory)? {
        let seed = seed?.path();
        let (document, options) = case::case(&fs::read(&seed)?);
        let Ok(tree) = configdrive::files(&document, &case::native(&options)) else { continue };
        let files = tree.files().map(|(path, content)| (path, content.to_vec())).collect();
        read(&files).map_err(|error| format!("{}: {}", seed.display(), error.message().unwrap_or_default()))?;
    }
    Ok(())
}
