//! `mkisofs`, which OpenStack's tools call as genisoimage, mkisofs or xorriso.

use std::{
    fs::{self, File, Permissions},
    io::Read,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use configdrive_support::{trials, trials::Trial};
use tempfile::TempDir;

pub fn trials() -> Vec<Trial> {
    trials![
        the_command_lines_of_openstacks_tools_make_the_image_of_a_directory,
        options_are_written_as_for_the_replaced_programs,
        other_options_are_refused_in_one_line,
        help_succeeds_under_every_name,
        a_file_is_written_in_place,
        a_new_file_is_private,
        a_file_that_cannot_be_written_whole_is_empty_or_absent,
        a_refused_directory_leaves_the_file_unchanged,
        equal_files_are_stored_once,
        a_directory_that_is_too_large_is_an_error,
        the_date_comes_from_the_environment,
    ]
}

const CONFIGDRIVE: &str = env!("CARGO_BIN_EXE_configdrive");

/// As Nova calls it, and with other publishers openstacksdk, python-ironicclient and Ironic's conductor.
const NOVA: &str =
    "-o OUT -ldots -allow-lowercase -allow-multidot -l -publisher PUBLISHER -quiet -J -r -V config-2 drive";

fn the_command_lines_of_openstacks_tools_make_the_image_of_a_directory() {
    let desk = Desk::new();
    let expected = desk.expected();
    for name in ["genisoimage", "mkisofs", "xorrisofs"] {
        assert_eq!(desk.image(name, NOVA), expected, "{name}");
        // bifrost.
        assert_eq!(desk.image(name, "-R -V config-2 -o OUT drive"), expected, "{name}");
    }
    assert_eq!(desk.image("xorriso", &format!("-as mkisofs {NOVA}")), expected);
    assert_eq!(desk.image("configdrive", &format!("mkisofs {NOVA}")), expected);
}

fn options_are_written_as_for_the_replaced_programs() {
    let desk = Desk::new();
    let expected = desk.expected();
    for options in [
        "drive -V config-2 -o OUT",
        "-Vconfig-2 -oOUT -JR -rl -J -J drive",
        "-output OUT -volid config-2 -joliet -rock -rational-rock -full-iso9660-filenames -allow-leading-dots drive",
        "--output=OUT --volid=config-2 --joliet --rock --publisher= -publisher=x drive",
        "-publisher -quiet -o OUT -V config-2 -- drive",
    ] {
        assert_eq!(desk.image("mkisofs", options), expected, "{options}");
    }
    let output = desk.run("mkisofs", "-V config-2 drive");
    assert!(output.status.success() && output.stderr.is_empty() && output.stdout == expected);
}

fn other_options_are_refused_in_one_line() {
    let desk = Desk::new();
    for (options, message) in [
        // As Ironic calls it for a boot image.
        ("-r -V config-2 -J -l -no-emul-boot -boot-load-size 4 -b isolinux.bin -o OUT drive", "'-no-emul-boot'"),
        ("-V config-2 -l -e efi.img -o OUT drive", "'-e'"),
        ("-V config-2 -graft-points -o OUT drive", "'-graft-points'"),
        ("-V config-2 --follow-links -o OUT drive", "'--follow-links'"),
        ("-V config-2 -Jf -o OUT drive", "'-Jf'"),
        ("-V cidata -o OUT drive", "expected config-2; only config drives can be made"),
        ("-J -r -o OUT drive", "--volid <LABEL>"),
        ("-V config-2 -o OUT", "<DIRECTORY>"),
        ("-V config-2 -o OUT drive another", "'another'"),
        ("-V config-2 drive -o", "--output <IMAGE>"),
        ("-quiet=1 -V config-2 drive", "'--quiet'"),
    ] {
        let error = desk.error("genisoimage", options, 2);
        assert!(error.contains(message) && error.contains("see `configdrive mkisofs --help`"), "{options}: {error}");
    }
    assert!(desk.error("xorriso", "-dev OUT -map drive /", 2).contains("'-dev'"));
    assert!(!desk.path("OUT").exists());
    for (options, code, message) in [
        ("-V config-2 -o OUT missing", 1, "cannot read \"missing\": No such file"),
        ("-V config-2 -o OUT drive/a", 1, "cannot read \"drive/a\": Not a directory"),
        ("-V config-2 -o missing/OUT drive", 1, "cannot write \"missing/OUT\": No such file"),
    ] {
        assert!(desk.error("genisoimage", options, code).contains(message), "{options}");
    }
}

/// bifrost looks for the programs by asking them for help.
fn help_succeeds_under_every_name() {
    let desk = Desk::new();
    for name in ["genisoimage", "mkisofs", "xorrisofs", "xorriso"] {
        for flag in ["--help", "-help", "-h"] {
            let output = desk.run(name, flag);
            assert!(output.status.success(), "{name} {flag}: {output:?}");
            let help = String::from_utf8(output.stdout).unwrap();
            let parts = ["Usage: configdrive mkisofs [OPTIONS]", "--allow-multidot"];
            assert!(parts.iter().all(|part| help.contains(part)), "{name} {flag}: {help}");
        }
    }
}

fn a_file_is_written_in_place() {
    let desk = Desk::new();
    let expected = desk.expected();
    fs::write(desk.path("OUT"), vec![1; 2 * expected.len()]).unwrap();
    fs::set_permissions(desk.path("OUT"), Permissions::from_mode(0o640)).unwrap();
    let mut held = File::open(desk.path("OUT")).unwrap();
    assert_eq!(desk.image("genisoimage", NOVA), expected);
    let mut seen = Vec::new();
    held.read_to_end(&mut seen).unwrap();
    assert!(seen == expected, "the caller must see the image in the file that it holds open");
    assert_eq!(fs::metadata(desk.path("OUT")).unwrap().mode() & 0o7777, 0o640);
    symlink("OUT", desk.path("link")).unwrap();
    assert!(desk.run("genisoimage", "-V config-2 -o link drive").status.success());
    assert!(desk.path("link").is_symlink());
}

fn a_new_file_is_private() {
    let desk = Desk::new();
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0; exec \"$@\"", "sh"]).arg(desk.path("genisoimage"));
    command.args(["-V", "config-2", "-o", "OUT", "drive"]).current_dir(desk.directory.path());
    assert!(command.status().unwrap().success());
    assert_eq!(fs::metadata(desk.path("OUT")).unwrap().mode() & 0o7777, 0o600);
}

fn a_file_that_cannot_be_written_whole_is_empty_or_absent() {
    let desk = Desk::new();
    fs::write(desk.path("drive/large"), vec![b'x'; 2 << 20]).unwrap();
    let limited = || {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -f 1024; exec \"$@\"", "sh"]).arg(desk.path("genisoimage"));
        let output = command.args(["-V", "config-2", "-o", "OUT", "drive"]).current_dir(desk.directory.path()).output();
        error(&output.unwrap(), 1)
    };
    assert!(limited().contains("cannot write \"OUT\": File too large"));
    assert!(!desk.path("OUT").exists());
    fs::write(desk.path("OUT"), "old").unwrap();
    limited();
    assert_eq!(fs::read(desk.path("OUT")).unwrap(), b"");
    assert!(desk.error("genisoimage", "-V config-2 -o /dev/full drive", 1).contains("cannot write \"/dev/full\""));
}

fn a_refused_directory_leaves_the_file_unchanged() {
    let desk = Desk::new();
    fs::write(desk.path("OUT"), "old").unwrap();
    for (target, message) in [("/etc/passwd", "is a link that leads out of the directory"), (".", "is a link")] {
        symlink(target, desk.path("drive/link")).unwrap();
        assert!(desk.error("mkisofs", "-V config-2 -o OUT drive", 3).contains(message), "{target}");
        fs::remove_file(desk.path("drive/link")).unwrap();
    }
    fs::write(desk.path("drive/a:b"), "").unwrap();
    assert!(desk.error("mkisofs", "-V config-2 -o OUT drive", 3).contains("drive: path \"a:b\""));
    assert_eq!(fs::read(desk.path("OUT")).unwrap(), b"old");
}

fn equal_files_are_stored_once() {
    let desk = Desk::new();
    let before = desk.image("mkisofs", NOVA).len();
    for name in ["1", "2", "3", "4"] {
        fs::write(desk.path(&format!("drive/{name}")), vec![b'x'; 1 << 20]).unwrap();
    }
    let after = desk.image("mkisofs", NOVA).len();
    assert!((1 << 20..(1 << 20) + 10_000).contains(&(after - before)), "{before} {after}");
}

fn a_directory_that_is_too_large_is_an_error() {
    let desk = Desk::new();
    let large = File::create(desk.path("drive/large")).unwrap();
    large.set_len((64 << 20) - (1 << 20)).unwrap();
    assert!(desk.image("mkisofs", NOVA).len() > 63 << 20);
    for size in [64 << 20, 100 << 20, 200 << 20] {
        large.set_len(size).unwrap();
        let error = desk.error("mkisofs", "-V config-2 -o OUT drive", 4);
        let limits = ["at most 67108864", "larger than 134217728", "limit of 134217728"];
        assert!(error.starts_with("drive") && limits.iter().any(|limit| error.contains(limit)), "{size}: {error}");
    }
}

fn the_date_comes_from_the_environment() {
    let desk = Desk::new();
    let dated = |seconds| {
        let mut command = desk.command("mkisofs", "-V config-2 drive");
        command.env("SOURCE_DATE_EPOCH", seconds).output().unwrap().stdout
    };
    assert_eq!(dated("315532800"), desk.expected());
    assert_ne!(dated("1700000000"), desk.expected());
    assert!(dated("now").is_empty());
}

/// A directory with links to the command, and the directory `drive`.
struct Desk {
    directory: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { directory: tempfile::tempdir().unwrap() };
        for name in ["configdrive", "genisoimage", "mkisofs", "xorrisofs", "xorriso"] {
            symlink(CONFIGDRIVE, desk.path(name)).unwrap();
        }
        fs::create_dir_all(desk.path("drive/openstack/latest")).unwrap();
        for (path, content) in [("openstack/latest/meta_data.json", "{}"), (".hidden", "h"), ("a", "")] {
            fs::write(desk.path("drive").join(path), content).unwrap();
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn expected(&self) -> Vec<u8> {
        let output = self.run("configdrive", "build --directory drive");
        assert!(output.status.success());
        output.stdout
    }

    /// Runs a program that must succeed silently, and returns the image in `OUT`.
    #[track_caller]
    fn image(&self, program: &str, arguments: &str) -> Vec<u8> {
        let output = self.run(program, arguments);
        assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
        fs::read(self.path("OUT")).unwrap()
    }

    #[track_caller]
    fn error(&self, program: &str, arguments: &str, code: i32) -> String {
        error(&self.run(program, arguments), code)
    }

    fn run(&self, program: &str, arguments: &str) -> Output {
        self.command(program, arguments).output().unwrap()
    }

    fn command(&self, program: &str, arguments: &str) -> Command {
        let mut command = Command::new(self.path(program));
        let arguments =
            arguments.split(' ').map(|word| if word == "PUBLISHER" { "OpenStack Nova 34.0.0" } else { word });
        command.args(arguments).current_dir(self.directory.path()).env_remove("SOURCE_DATE_EPOCH").stdin(Stdio::null());
        command
    }
}

/// Returns the error of a command that must fail with this exit code: one line after `error: `.
#[track_caller]
fn error(output: &Output, code: i32) -> String {
    let text = std::str::from_utf8(&output.stderr).unwrap();
    assert!(output.status.code() == Some(code) && output.stdout.is_empty(), "{output:?}");
    let line = text.strip_prefix("error: ").and_then(|line| line.strip_suffix('\n'));
    line.filter(|line| !line.contains('\n')).unwrap_or_else(|| panic!("not one line: {text:?}")).to_owned()
}
