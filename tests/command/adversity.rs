//! The command on a failing machine: full disks, streams that end or are closed, signals, nowhere to write.
//!
//! Some tests mount a small disk in their own namespace. If the machine does not allow that, they are ignored, or they fail if the
//! variable `CI` is set.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        process::ExitStatusExt,
    },
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::LazyLock,
    thread,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive_support::{tools, trials::Trial};
use serde_json::json;
use tempfile::TempDir;

const IO: i32 = 1;
const INVALID_INPUT: i32 = 3;
const FINDINGS: i32 = 9;
const INTERRUPTED: i32 = 130;

pub fn trials() -> Vec<Trial> {
    let tests: [Test; 16] = [
        ("a_full_disk_is_an_error_and_leaves_the_old_file", &["mounts"], full_disk),
        ("a_file_size_limit_is_an_error_and_leaves_the_old_file", &[], file_too_large),
        ("a_sandbox_that_cannot_start_is_an_io_error", &[], file_too_large_for_the_sandbox),
        ("too_little_address_space_is_a_limit_of_the_machine", &[], too_little_address_space),
        ("a_full_stream_is_an_error", &[], full_stream),
        ("a_read_only_disk_is_an_error", &["mounts"], read_only),
        ("verbs_that_only_print_need_no_disk", &["mounts"], nowhere_to_write),
        ("a_closed_reader_does_not_change_the_exit_code", &[], no_reader),
        ("an_error_that_cannot_be_printed_still_has_its_exit_code", &[], unprintable_errors),
        ("no_file_replaces_a_closed_stream", &[], closed_streams),
        ("half_an_input_is_an_error", &[], half_an_input),
        ("an_input_that_cannot_be_read_is_an_error", &[], unreadable_input),
        ("a_signal_ends_a_command_that_waits_for_input", &[], endless_input),
        ("a_signal_leaves_a_file_complete_or_unchanged", &[], signal_to_build),
        ("a_signal_leaves_a_directory_complete_or_absent", &[], signal_to_extract),
        ("a_killed_command_leaves_the_old_file_and_only_private_ones", &[], kill),
    ];
    tests.map(|(name, needs, test)| Trial::new(name, test).without(tools::missing(needs))).into()
}

/// The name, the tools that it needs, and the test.
type Test = (&'static str, &'static [&'static str], fn());

// No space, or no access to it.

fn full_disk() {
    for (verb, old) in writers() {
        let output = on_a_disk("rw", old, &[&verb[..], &["-o".into(), "out".into()]].concat());
        assert_error(&output, IO, "cannot write \"out\": No space left on device");
        assert!(stderr(&output).contains("; free some space"), "{output:?}");
        assert_eq!(stdout(&output), if old { "out old" } else { "" }, "{verb:?}");
    }
}

fn read_only() {
    for (verb, old) in writers() {
        let output = on_a_disk("ro", old, &[&verb[..], &["-o".into(), "out".into()]].concat());
        assert_error(&output, IO, "cannot write \"out\": Read-only file system");
        assert!(stderr(&output).contains("; write elsewhere"), "{output:?}");
        assert_eq!(stdout(&output), if old { "out old" } else { "" }, "{verb:?}");
    }
}

fn nowhere_to_write() {
    for verb in printers() {
        let [usual, here] = [configdrive(&verb).output().unwrap(), on_a_disk("ro", false, &verb)];
        assert_eq!((usual.status.code(), usual.stdout), (here.status.code(), here.stdout), "{verb:?}");
    }
}

/// Runs the command in a small file system, which is its working directory, its home and its directory for temporary files.
/// Appends the files that exist in the end to standard output.
fn on_a_disk(mode: &str, old: bool, arguments: &[String]) -> Output {
    const SCRIPT: &str = r#"
        disk=$1 mode=$2 old=$3; shift 3
        mount -t tmpfs -o size=64k tmpfs "$disk" && cd "$disk" || exit
        [ -z "$old" ] || printf "$old" > out
        mount -o "remount,$mode" "$disk" || exit
        export HOME="$disk" TMPDIR="$disk" XDG_CACHE_HOME="$disk" XDG_CONFIG_HOME="$disk"
        "$@"
        code=$?
        for name in $(ls -A); do printf '%s ' "$name"; cat "$name"; done
        exit $code"#;
    let disk = directory();
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", SCRIPT, "sh"]).arg(disk.path()).args([mode, if old { "old" } else { "" }]);
    command.arg(env!("CARGO_BIN_EXE_configdrive")).args(arguments).output().unwrap()
}

fn file_too_large() {
    for (verb, old) in writers() {
        let directory = directory();
        let out = directory.path().join("out");
        if old {
            fs::write(&out, "old").unwrap();
        }
        let output = in_a_shell("ulimit -f 256", "", &verb).arg("-o").arg(&out).output().unwrap();
        assert_error(&output, IO, &format!("cannot write {out:?}: File too large"));
        assert!(stderr(&output).contains("raise the limit"), "{output:?}");
        assert_eq!(names(directory.path()), if old { &["out"][..] } else { &[] });
        assert!(!old || fs::read(&out).unwrap() == b"old");
        if old {
            let file = File::create(&out).unwrap();
            let output = in_a_shell("ulimit -f 256", "", &verb).stdout(file).output().unwrap();
            assert_error(&output, IO, "cannot write standard output: File too large");
        }
    }
}

/// To the system, the sandbox's memory is a file.
fn file_too_large_for_the_sandbox() {
    let output = in_a_shell("ulimit -f 8", "", &["build", "-i", &MATERIAL.path("document")]).output().unwrap();
    assert_error(&output, IO, "cannot start the sandbox on this machine: ");
}

/// A component's memory reserves more than 4 GiB.
fn too_little_address_space() {
    let output = in_a_shell("ulimit -v 2000000", "", &["build", "-i", &MATERIAL.path("document")]).output().unwrap();
    assert_error(&output, IO, "cannot start the sandbox on this machine: the machine refused ");
    assert!(
        stderr(&output).contains(" bytes of address space; raise its limit for this process (ulimit -v)"),
        "{output:?}"
    );
}

fn full_stream() {
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for verb in printers() {
        let output = configdrive(&verb).stdout(full()).output().unwrap();
        assert_error(&output, IO, "cannot write standard output: No space left on device");
    }
    for (verb, _) in writers().into_iter().filter(|(_, is_file)| *is_file) {
        let output = configdrive(&verb).args(["-o", "/dev/full"]).output().unwrap();
        assert_error(&output, IO, "cannot write \"/dev/full\": No space left on device");
    }
    assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
}

// Nobody reads or writes at the other end.

fn no_reader() {
    for verb in printers() {
        for bytes in [0, 10] {
            let mut child = configdrive(&verb).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            child.stdout.take().unwrap().take(bytes).read_to_end(&mut Vec::new()).unwrap();
            let output = child.wait_with_output().unwrap();
            assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""), "{verb:?}");
        }
    }
    let mut child =
        configdrive(&["check"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(FAULTY.as_bytes()).unwrap();
    assert_error(&child.wait_with_output().unwrap(), FINDINGS, "check found 1 error");
}

/// A link without an address.
const FAULTY: &str = r#"{
    "instance": {"uuid": "8b5d4c3e-0000-4000-8000-000000000001", "hostname": "m", "ec2_ids": {"instance_id": "i-1"}},
    "network_data": {"links": [{"id": "tap1", "type": "phy", "mtu": 1500}], "networks": [], "services": []}
}"#;

fn unprintable_errors() {
    for (arguments, code) in [(&["build"][..], INVALID_INPUT), (&["build", "--no-such"], 2), (&["pack", "-i", "/"], IO)]
    {
        for redirection in ["2>/dev/full", "2>&-", ">&- 2>&-"] {
            let output = in_a_shell("", redirection, arguments).stdin(Stdio::null()).output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{arguments:?} {redirection}");
        }
        let mut child = configdrive(arguments).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments:?}");
    }
}

fn closed_streams() {
    let drive = fs::read(MATERIAL.path("drive")).unwrap();
    for redirection in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let directory = directory();
        let out = directory.path().join("out");
        let mut build = in_a_shell("", redirection, &["build", "-i", &MATERIAL.path("document"), "-o"]);
        assert!(build.arg(&out).status().unwrap().success());
        assert!(fs::read(&out).unwrap() == drive, "{redirection}");
        // The error is not written to the file.
        let mut extract = in_a_shell("", redirection, &["extract", &MATERIAL.path("document"), "-o"]);
        assert_eq!(
            extract.arg(directory.path().join("no")).stderr(Stdio::null()).status().unwrap().code(),
            Some(INVALID_INPUT)
        );
        assert_eq!(names(directory.path()), ["out"]);
    }
}

fn half_an_input() {
    let [document, drive] = ["document", "drive"].map(|name| fs::read(MATERIAL.path(name)).unwrap());
    for (verb, input) in [
        (&["required-by"][..], &document),
        (&["build"], &document),
        (&["pack"], &document),
        (&["check"], &document),
        (&["inspect", "-"], &drive),
        (&["extract", "-", "-o", "/nonexistent/out"], &drive),
    ] {
        let mut child =
            configdrive(verb).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&input[..input.len() / 2]).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_error(&output, INVALID_INPUT, "");
        assert_eq!(stdout(&output), "", "{verb:?}");
    }
}

fn unreadable_input() {
    for verb in [&["build"][..], &["encode"], &["inspect", "-"]] {
        let output = configdrive(verb).stdin(File::open("/").unwrap()).output().unwrap();
        assert_error(&output, IO, "cannot read standard input: Is a directory");
        // A closed standard input is an empty one.
        let output = in_a_shell("", "<&-", verb).output().unwrap();
        assert_error(&output, INVALID_INPUT, "");
    }
}

// Signals.

const SIGNALS: [(&str, i32); 3] = [("HUP", 1), ("INT", 2), ("TERM", 15)];

fn endless_input() {
    let directory = directory();
    let mut build = configdrive(&["build", "-o"]);
    let mut child = build.arg(directory.path().join("out")).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(b"{\"instance\": {").unwrap();
    // A command that was started in the background ignores the other two.
    send("TERM", &child);
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    assert!(names(directory.path()).is_empty());
}

fn signal_to_build() {
    let build = ["build", "-i", &MATERIAL.path("document"), "--format", "vfat", "--size", "64MiB", "-o"];
    let whole = directory();
    assert!(configdrive(&build).arg(whole.path().join("out")).status().unwrap().success());
    let whole = fs::read(whole.path().join("out")).unwrap();
    let mut interrupted = 0;
    for moment in moments() {
        let directory = directory();
        let out = directory.path().join("out");
        fs::write(&out, "old").unwrap();
        let status = moment.end(configdrive(&build).arg(&out), directory.path());
        let [found] = <[String; 1]>::try_from(names(directory.path())).unwrap();
        let content = fs::read(&out).unwrap();
        match status.code() {
            Some(0) => assert!(content == whole),
            _ => assert_eq!((found.as_str(), content.as_slice()), ("out", &b"old"[..]), "{moment:?}"),
        }
        interrupted += i32::from(status.code() == Some(INTERRUPTED));
    }
    assert!(interrupted > 0);
}

fn signal_to_extract() {
    let mut interrupted = 0;
    for moment in moments() {
        let directory = directory();
        let out = directory.path().join("out");
        let status =
            moment.end(configdrive(&["extract", &MATERIAL.path("huge.iso"), "-o"]).arg(&out), directory.path());
        match status.code() {
            Some(0) => {
                assert_eq!(names(directory.path()), ["out"]);
                assert!(
                    fs::read(out.join(HUGE)).unwrap()
                        == fs::read(MATERIAL.directory.path().join("huge").join(HUGE)).unwrap()
                );
            }
            _ => assert_eq!(names(directory.path()), [""; 0], "{moment:?}"),
        }
        interrupted += i32::from(status.code() == Some(INTERRUPTED));
    }
    assert!(interrupted > 0);
}

fn kill() {
    let build = ["build", "-i", &MATERIAL.path("document"), "--format", "vfat", "--size", "64MiB", "-o"];
    let extract = ["extract", &MATERIAL.path("huge.iso"), "-o"];
    let mut left = 0;
    for verb in [&build[..], &extract] {
        for delay in [0, 5, 20] {
            let directory = directory();
            let out = directory.path().join("out");
            if verb == build {
                fs::write(&out, "old").unwrap();
            }
            let moment = Moment { signal: "KILL", number: 9, after_output: true, delay };
            moment.end(in_a_shell("umask 0", "", verb).arg(&out), directory.path());
            if verb == build {
                let content = fs::read(&out).unwrap();
                assert!(content == b"old" || content.len() == 64 << 20);
            } else {
                assert!(!out.exists() || out.join(HUGE).metadata().unwrap().len() == 40 << 20);
            }
            for name in names(directory.path()).iter().filter(|name| *name != "out") {
                assert!(name.starts_with(TEMPORARY), "{name}");
                assert_private(&directory.path().join(name));
                left += 1;
            }
        }
    }
    // After that signal, nothing can remove the temporary files.
    assert!(left > 0);
}

fn assert_private(path: &Path) {
    let metadata = fs::metadata(path).unwrap();
    let mode = if metadata.is_dir() { 0o700 } else { 0o600 };
    assert_eq!(metadata.permissions().mode() & 0o7777, mode, "{}", path.display());
    if metadata.is_dir() {
        names(path).iter().for_each(|name| assert_private(&path.join(name)));
    }
}

/// A signal, and when it is sent.
#[derive(Debug)]
struct Moment {
    signal: &'static str,
    number: i32,
    /// Whether the delay is counted from the start of the output, not from the command's start.
    after_output: bool,
    /// In milliseconds.
    delay: u64,
}

fn moments() -> impl Iterator<Item = Moment> {
    SIGNALS.into_iter().flat_map(|(signal, number)| {
        let moment = move |after_output| move |delay| Moment { signal, number, after_output, delay };
        [0, 1, 3, 7, 15, 30, 60].map(moment(true)).into_iter().chain([1, 10, 20, 50, 100, 200].map(moment(false)))
    })
}

impl Moment {
    /// Runs the command until it ends by itself or because of the signal.
    fn end(&self, command: &mut Command, directory: &Path) -> ExitStatus {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        while self.after_output && child.try_wait().unwrap().is_none() {
            if names(directory).iter().any(|name| name.starts_with(TEMPORARY)) {
                break;
            }
        }
        thread::sleep(Duration::from_millis(self.delay));
        send(self.signal, &child);
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            Some(0) => assert_eq!(stderr(&output), ""),
            Some(INTERRUPTED) => assert_error(&output, INTERRUPTED, "is unchanged"),
            code => assert_eq!((code, output.status.signal()), (None, Some(self.number)), "{output:?}"),
        }
        output.status
    }
}

/// Sends a signal to a command that may have ended.
fn send(signal: &str, child: &Child) {
    Command::new("kill").args(["-s", signal, &child.id().to_string()]).stderr(Stdio::null()).status().unwrap();
}

// Input of the tests.

static MATERIAL: LazyLock<Material> = LazyLock::new(|| {
    let material = Material { directory: directory() };
    let files = json!({"files": [
        {"path": "openstack/latest/meta_data.json", "contents": STANDARD.encode(META_DATA)},
        {"path": LARGE, "contents": STANDARD.encode(noise(300 << 10))},
    ]});
    fs::write(material.path("document"), files.to_string()).unwrap();
    // Large, so that signals arrive in time.
    let huge = material.directory.path().join("huge").join(HUGE);
    fs::create_dir_all(huge.parent().unwrap()).unwrap();
    fs::write(huge, noise(40 << 20)).unwrap();
    for (option, input, drive) in [("-i", "document", "drive"), ("--directory", "huge", "huge.iso")] {
        let build = ["build", option, &material.path(input), "-o", &material.path(drive)];
        assert!(configdrive(&build).status().unwrap().success());
    }
    material
});

struct Material {
    directory: TempDir,
}

impl Material {
    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }
}

const META_DATA: &str = r#"{"uuid": "8b5d4c3e-0000-4000-8000-000000000001", "hostname": "m"}"#;

/// Larger than the small disks of these tests, and larger than a pipe.
const LARGE: &str = "openstack/content/0000";
const HUGE: &str = "openstack/content/0001";

/// The start of an output's temporary name.
const TEMPORARY: &str = ".configdrive-";

/// Returns verbs that write more to `-o` than fits on the small disks, and whether an existing file is allowed there.
fn writers() -> Vec<(Vec<String>, bool)> {
    let [document, drive] = &["document", "drive"].map(|name| MATERIAL.path(name));
    [
        (&["build", "-i", document][..], true),
        (&["build", "-i", document, "--format", "vfat"], true),
        (&["encode", "-i", drive], true),
        (&["pack", "-i", document], true),
        (&["component"], true),
        (&["component", "--adapter", "service"], true),
        (&["extract", drive], false),
    ]
    .map(|(verb, is_file)| (words(verb), is_file))
    .into()
}

/// Returns verbs that write to standard output.
fn printers() -> Vec<Vec<String>> {
    let [document, drive] = &["document", "drive"].map(|name| MATERIAL.path(name));
    let verbs: [&[&str]; 12] = [
        &["required-by", "-i", document],
        &["check", drive, "--all"],
        &["check", drive, "--all", "--json"],
        &["inspect", drive],
        &["inspect", drive, "--json"],
        &["inspect", drive, "--cat", LARGE],
        &["schema"],
        &["completions", "bash"],
        &["man"],
        &["man", "build"],
        &["--help"],
        &["--version"],
    ];
    let writers = writers().into_iter().filter(|(_, is_file)| *is_file).map(|(verb, _)| verb);
    verbs.map(words).into_iter().chain(writers).collect()
}

fn words(verb: &[&str]) -> Vec<String> {
    verb.iter().map(|&word| word.to_owned()).collect()
}

/// Returns bytes that cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

// The command.

fn configdrive<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configdrive"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs the command after other shell commands, with redirected streams.
fn in_a_shell<S: AsRef<std::ffi::OsStr>>(before: &str, redirection: &str, arguments: &[S]) -> Command {
    let mut command = Command::new("sh");
    let script = format!("{before}\nexec \"$@\" {redirection}");
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_configdrive")]).args(arguments);
    command
}

#[track_caller]
fn assert_error(output: &Output, code: i32, message: &str) {
    let error = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{error}");
    let line = error.strip_prefix("error: ").and_then(|error| error.strip_suffix('\n'));
    assert!(line.is_some_and(|line| line.contains(message) && !line.contains('\n')), "{error:?} lacks {message:?}");
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
