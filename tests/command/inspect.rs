//! Reading drives with the sandbox and the command.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Seek, Write},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{Command, Output, Stdio},
    sync::LazyLock,
    thread,
};

use configdrive::image::{fat::Geometry, read};
use configdrive_host::{ConfigDrive, DriveSource, Error, ErrorCode, Limits, Sandbox};
use configdrive_support::{Files, trials::Trial};
use configdrive_test_drives::{
    damage, malicious, odd,
    trees::{self, Format},
};
use libtest_mimic::Failed;
use serde_json::{Value, json};

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (drive, make, _) in malicious::DRIVES {
        trials.push(Trial::new(format!("{drive}_is_refused"), || is_refused(make())));
    }
    for (drive, make, ..) in odd::DRIVES {
        trials.push(Trial::new(format!("{drive}_is_read_as_natively"), || is_read_as_natively(make())));
    }
    for (format, name) in [(Format::Iso9660, "iso9660"), (Format::Fat(Geometry::default()), "vfat")] {
        trials.push(Trial::new(format!("a_damaged_drive_in_{name}_is_read_or_refused"), move || {
            let mut image = trees::image(&trees::drive_of_nova(), format);
            (0..image.len()).step_by(2048).try_for_each(|size| is_read_or_refused(&image[..size]))?;
            damage::each(&mut image, 400, is_read_or_refused)
        }));
    }
    let tests: [(&str, Test); 8] = [
        ("a_drive_is_read_in_every_form", all_forms),
        ("a_gzip_bomb_is_too_large", gzip_bomb),
        ("what_is_not_a_drive_is_refused", no_drives),
        ("inspect_prints_a_tree", inspect_prints),
        ("inspect_prints_one_file", inspect_cat),
        ("extract_writes_private_files", extract_writes),
        ("extract_requires_an_empty_directory", extract_requires_an_empty_directory),
        ("a_failed_extract_leaves_nothing", extract_fails),
    ];
    trials.extend(tests.map(|(name, test)| Trial::new(name, test)));
    trials
}

type Test = fn() -> Result<(), Failed>;

// Valid drives.

fn all_forms() -> Result<(), Failed> {
    let files = trees::drive_of_nova();
    let image = trees::image(&files, Format::Iso9660);
    let text = SANDBOX.encode(&image)?;
    let lines = text.as_bytes().chunks(76).collect::<Vec<_>>().join(&b'\n');
    let gzip = piped(Command::new("base64").arg("-d"), text.as_bytes())?;
    let expected = SANDBOX.inspect(DriveSource::Bytes(&image))?;
    for drive in [
        DriveSource::Text(&text),
        DriveSource::Text(str::from_utf8(&lines)?),
        DriveSource::Bytes(text.as_bytes()),
        DriveSource::Bytes(&lines),
        DriveSource::Bytes(&gzip),
    ] {
        let inspection = SANDBOX.inspect(drive)?;
        if inspection != expected {
            return Err("the drives differ".into());
        }
        let mut extracted = Files::new();
        for file in SANDBOX.extract(drive)? {
            extracted.extend(file.paths.into_iter().map(|path| (path, file.content.clone())));
        }
        if extracted != files {
            return Err("the files differ".into());
        }
        for file in inspection.files {
            if SANDBOX.read_file(drive, &file.path)? != files[&file.path] {
                return Err(format!("{} has different content", file.path).into());
            }
        }
    }
    Ok(())
}

// Other drives.

/// Checks that an odd drive is read with 32-bit words as it is natively, and that a damaged one does no harm.
fn is_read_as_natively(mut image: Vec<u8>) -> Result<(), Failed> {
    let native = configdrive::extract(configdrive::DriveSource::Bytes(&image))?;
    let theirs = SANDBOX.extract(DriveSource::Bytes(&image))?;
    if !native
        .iter()
        .map(|file| (&file.paths, &file.content))
        .eq(theirs.iter().map(|file| (&file.paths, &file.content)))
    {
        return Err("the files differ".into());
    }
    // Large images take long to copy.
    if image.len() > 1 << 20 { Ok(()) } else { damage::each(&mut image, 100, is_read_or_refused) }
}

fn is_read_or_refused(image: &[u8]) -> Result<(), Failed> {
    match SANDBOX.inspect(DriveSource::Bytes(image)) {
        Ok(_) | Err(Error::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn is_refused(image: Vec<u8>) -> Result<(), Failed> {
    let drive = DriveSource::Bytes(&image);
    for error in [SANDBOX.inspect(drive).err(), SANDBOX.extract(drive).err(), SANDBOX.read_file(drive, "a").err()] {
        match error.ok_or("no error in the sandbox")? {
            Error::Refused { code: ErrorCode::InvalidDrive, message, .. } if !message.contains(char::is_control) => {}
            error => return Err(format!("{error:?}").into()),
        }
    }
    let parent = tempfile::tempdir()?;
    let directory = parent.path().join("directory").display().to_string();
    fails(&configdrive(&["extract", "-", "-o", &directory], &image)?, 3, "")?;
    fails(&configdrive(&["inspect", "-"], &image)?, 3, "")?;
    is_empty(parent.path())
}

fn gzip_bomb() -> Result<(), Failed> {
    let zeros = vec![0; 65 << 20];
    let gzip = piped(Command::new("gzip").arg("-9"), &zeros)?;
    let text = piped(Command::new("base64").arg("-w0"), &gzip)?;
    let mut limits = Limits::default();
    limits.memory = 256 << 20;
    let sandbox = Sandbox::new(limits)?;
    // The sizes of a gzip's members are added up.
    let members = piped(Command::new("gzip").arg("-9"), &zeros[..1 << 20])?.repeat(2000);
    for drive in [gzip, text, members, zeros] {
        match sandbox.inspect(DriveSource::Bytes(&drive)) {
            Err(Error::Refused { code: ErrorCode::TooLarge, .. }) => {}
            other => return Err(format!("{other:?}").into()),
        }
    }
    Ok(())
}

fn no_drives() -> Result<(), Failed> {
    for (bytes, message) in [
        (&b"\0"[..], "neither ISO 9660 nor FAT"),
        (b"{\"instance\": {}}", "neither ISO 9660 nor FAT"),
        (b"QUJD", "neither ISO 9660 nor FAT"),
        (b"QUJ", "base64 is truncated"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "the member at byte 0 is truncated"),
    ] {
        fails(&configdrive(&["inspect", "-"], bytes)?, 3, message)?;
    }
    for (text, expected) in [("QUJD(", "invalid byte at offset 4"), ("http://example.org/", "the drive is a URL")] {
        match SANDBOX.inspect(DriveSource::Text(text)) {
            Err(Error::Refused { code: ErrorCode::InvalidDrive, message, .. }) if message.contains(expected) => {}
            other => return Err(format!("{text}: {other:?}").into()),
        }
    }
    Ok(())
}

// The command.

fn inspect_prints() -> Result<(), Failed> {
    let files = Files::from([
        ("a/b/user_data".into(), vec![b'x'; 5000]),
        ("a/b/copy".into(), vec![b'x'; 5000]),
        ("é".into(), vec![]),
    ]);
    let image = trees::image(&files, Format::Iso9660);
    let size = image.len() / 1024;
    let tree = format!(
        "config-2: ISO 9660 with Rock Ridge, {size} KiB in sectors of 2 KiB; 3 files\n\
         \x20            ├── a\n\
         \x20            │   └── b\n\
         \x20   4.8 KiB  │       ├── copy\n\
         \x20   4.8 KiB  │       └── user_data\n\
         \x20       0 B  └── é\n"
    );
    prints(&configdrive(&["inspect", "-"], &image)?, tree.as_bytes())?;
    let parent = tempfile::tempdir()?;
    let path = parent.path().join("image");
    fs::write(&path, &image)?;
    let output = configdrive(&["inspect", "--json", &path.display().to_string()], b"")?;
    let sha256 = |bytes: &[u8]| -> Result<String, Failed> {
        let output = piped(&mut Command::new("sha256sum"), bytes)?;
        Ok(String::from_utf8_lossy(&output[..64]).into_owned())
    };
    let expected = json!({
        "file_system": "iso9660",
        "description": "ISO 9660 with Rock Ridge",
        "sector_size": 2048,
        "label": "config-2",
        "image_size": image.len(),
        "files": [
            {"path": "a/b/copy", "size": 5000, "sha256": sha256(&[b'x'; 5000])?},
            {"path": "a/b/user_data", "size": 5000, "sha256": sha256(&[b'x'; 5000])?},
            {"path": "é", "size": 0, "sha256": sha256(b"")?},
        ],
    });
    match serde_json::from_slice::<Value>(&output.stdout)? {
        found if found == expected => Ok(()),
        found => Err(format!("{found}").into()),
    }
}

fn inspect_cat() -> Result<(), Failed> {
    let files = trees::drive_of_nova();
    let image = trees::image(&files, Format::Iso9660);
    for path in ["openstack/content/0000", "ec2/latest/meta-data.json"] {
        prints(&configdrive(&["inspect", "-", "--cat", path], &image)?, &files[path])?;
    }
    for path in ["openstack", "/openstack/content/0000", "no\u{1b}[2J", ""] {
        fails(&configdrive(&["inspect", "-", "--cat", path], &image)?, 3, "the drive has no file")?;
    }
    fails(&configdrive(&["inspect", "-", "--cat", "a", "--json"], &image)?, 2, "--json")
}

fn extract_writes() -> Result<(), Failed> {
    let files = trees::drive_of_nova();
    let text = SANDBOX.encode(&trees::image(&files, Format::Iso9660))?;
    let parent = tempfile::tempdir()?;
    let [new, empty, linked, link] = ["new", "empty", "linked", "link"].map(|name| parent.path().join(name));
    fs::create_dir(&empty)?;
    fs::create_dir(&linked)?;
    symlink(&linked, &link)?;
    for directory in [&new, &empty, &link] {
        let output = configdrive(&["extract", "-", "-o", &directory.display().to_string()], text.as_bytes())?;
        prints(&output, b"")?;
        let mut found = Files::new();
        for (path, mode) in below(directory)? {
            let expected = if directory.join(&path).is_dir() { 0o700 } else { 0o600 };
            if mode & 0o777 != expected {
                return Err(format!("{path} has the mode {mode:o}").into());
            }
            if expected == 0o600 {
                found.insert(path.clone(), fs::read(directory.join(path))?);
            }
        }
        if found != files {
            return Err(format!("the files in {} differ", directory.display()).into());
        }
    }
    let names: BTreeSet<_> =
        fs::read_dir(parent.path())?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
    if names != ["new", "empty", "linked", "link"].map(Into::into).into() || !fs::symlink_metadata(&link)?.is_symlink()
    {
        return Err(format!("{names:?}").into());
    }
    Ok(())
}

fn extract_requires_an_empty_directory() -> Result<(), Failed> {
    let image = trees::image(&trees::drive_of_nova(), Format::Iso9660);
    let parent = tempfile::tempdir()?;
    fs::write(parent.path().join("mine"), "mine")?;
    let directory = parent.path().display().to_string();
    fails(&configdrive(&["extract", "-", "-o", &directory], &image)?, 2, "is not empty")?;
    let file = parent.path().join("mine").display().to_string();
    fails(&configdrive(&["extract", "-", "-o", &file], &image)?, 1, "Not a directory")?;
    fails(&configdrive(&["extract", "-", "-o", "/nonexistent/directory"], &image)?, 1, "No such file or directory")?;
    match below(parent.path())?.keys().map(String::as_str).collect::<Vec<_>>()[..] {
        ["mine"] => Ok(()),
        _ => Err("there are new files".into()),
    }
}

/// The name is too long for this system. What was written before it is removed.
fn extract_fails() -> Result<(), Failed> {
    let image = malicious::with_a_name_of_300_bytes();
    let lengths: Vec<_> = read::read(&image)?.files.iter().map(|file| file.path.len()).collect();
    if lengths != [1, 300] {
        return Err(format!("{lengths:?}").into());
    }
    let parent = tempfile::tempdir()?;
    let directory = parent.path().join("directory").display().to_string();
    fails(&configdrive(&["extract", "-", "-o", &directory], &image)?, 1, "File name too long")?;
    is_empty(parent.path())
}

// Helpers.

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new(Limits::default()).expect("a sandbox"));

fn configdrive(arguments: &[&str], input: &[u8]) -> Result<Output, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configdrive"));
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().expect("a pipe");
    Ok(thread::scope(|scope| {
        // A command that fails early does not read its input.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output()
    })?)
}

/// Returns the output of another tool for `input`.
fn piped(command: &mut Command, input: &[u8]) -> Result<Vec<u8>, Failed> {
    let mut file = tempfile::tempfile()?;
    file.write_all(input)?;
    file.rewind()?;
    let output = command.stdin(file).output()?;
    if output.status.success() { Ok(output.stdout) } else { Err(format!("{output:?}").into()) }
}

fn prints(output: &Output, stdout: &[u8]) -> Result<(), Failed> {
    match (output.status.code(), output.stderr.is_empty(), output.stdout == stdout) {
        (Some(0), true, true) => Ok(()),
        _ => Err(format!("{output:?}").into()),
    }
}

fn fails(output: &Output, code: i32, message: &str) -> Result<(), Failed> {
    let stderr = String::from_utf8(output.stderr.clone())?;
    let line = stderr.strip_suffix('\n').unwrap_or_default();
    let is_one_line = line.starts_with("error: ") && line.len() < 400 && !line.contains(char::is_control);
    if output.status.code() == Some(code) && output.stdout.is_empty() && is_one_line && line.contains(message) {
        return Ok(());
    }
    Err(format!("{}: {stderr:?}", output.status).into())
}

/// Returns the files and directories below a directory, with their modes.
fn below(directory: &Path) -> Result<BTreeMap<String, u32>, Failed> {
    let mut found = BTreeMap::new();
    let mut directorys = vec![directory.to_owned()];
    while let Some(next) = directorys.pop() {
        for entry in fs::read_dir(next)? {
            let (path, metadata) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
            let name = path.strip_prefix(directory)?.to_str().ok_or("UTF-8")?.to_owned();
            found.insert(name, metadata.permissions().mode());
            if metadata.is_dir() {
                directorys.push(path);
            }
        }
    }
    Ok(found)
}

fn is_empty(directory: &Path) -> Result<(), Failed> {
    let left = below(directory)?;
    if left.is_empty() { Ok(()) } else { Err(format!("{left:?} is left").into()) }
}
