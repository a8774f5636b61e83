//! The command, as a person or a script meets it.

use std::{
    fs,
    io::Write,
    os::unix::fs::{FileTypeExt, PermissionsExt, symlink},
    path::Path,
    process::{Command, Output, Stdio},
};

use configdrive_support::{below, trials, trials::Trial};
use serde_json::Value;
use tempfile::TempDir;

pub fn trials() -> Vec<Trial> {
    trials![
        required_by_prints_true_or_false,
        one_list_of_options_does_for_every_verb,
        building_then_encoding_is_packing,
        a_vfat_drive_is_as_small_as_it_can_be_or_as_large_as_it_is_told_to_be,
        a_size_that_does_not_hold_is_an_error_that_says_so,
        files_and_streams_give_the_same,
        a_document_without_a_seed_gets_one_of_the_operating_system,
        the_date_is_that_of_source_date_epoch,
        nova_conf_speaks_for_the_operator_and_flags_win,
        a_directory_is_the_document_of_its_files,
        a_directory_with_a_link_out_of_it_is_refused,
        the_schema_of_the_documents_is_written_out,
        the_component_is_written_out,
        what_is_written_is_for_its_owner_alone_and_replaces_whole_files,
        a_device_is_written_to_and_not_replaced,
        a_failure_leaves_the_old_file_and_nothing_else,
        a_folder_that_is_not_there_is_an_error,
        a_command_line_that_does_not_hold_is_one_line_and_code_2,
        a_bad_document_is_code_3,
        a_limit_is_code_4,
        a_reader_that_has_had_enough_is_no_error,
        an_image_is_not_written_to_a_terminal,
        check_tells_people_and_ends_with_its_own_code_at_errors,
        help_shows_an_example_for_each_verb_and_the_exit_codes,
    ]
}

const DOCUMENT: &str = r#"{
    "instance": {"uuid": "8b5d4c3e-0000-4000-8000-000000000001", "hostname": "m", "config_drive": true,
                 "ec2_ids": {"instance_id": "i-1"}},
    "network_data": {},
    "random_seed": "c2VlZA=="
}"#;

fn required_by_prints_true_or_false() {
    assert_eq!(stdout(&run(&["required-by"], DOCUMENT)), "true\n");
    let undemanding = DOCUMENT.replace("true", "\"\"");
    assert_eq!(stdout(&run(&["required-by", "-i", "-"], &undemanding)), "false\n");
    assert_eq!(stdout(&run(&["required-by", "--force-config-drive"], &undemanding)), "true\n");
}

fn one_list_of_options_does_for_every_verb() {
    let options =
        ["--force-config-drive", "--format", "iso9660", "--dhcp-domain", "d", "--skip-versions", "1.0 latest"];
    for verb in ["required-by", "build", "pack"] {
        let output =
            run(&[&[verb][..], &options, &["--vendordata-providers", "DynamicJSON,StaticJSON"]].concat(), DOCUMENT);
        assert!(output.status.success(), "{verb}: {output:?}");
    }
}

fn building_then_encoding_is_packing() {
    let image = run(&["build"], DOCUMENT).stdout;
    let text = run_bytes(&["encode"], &image).stdout;
    assert_eq!(text, run(&["pack"], DOCUMENT).stdout);
    assert!(text.iter().all(u8::is_ascii_graphic));
}

fn a_vfat_drive_is_as_small_as_it_can_be_or_as_large_as_it_is_told_to_be() {
    let folder = folder();
    let seed = folder.path().join("seed").display().to_string();
    fs::write(&seed, "seed").unwrap();
    let vfat = |verb, options: &[&str]| {
        run(&[&[verb, "--format", "vfat", "--random-seed", &seed][..], options].concat(), DOCUMENT).stdout
    };
    assert!(vfat("build", &[]).len() < 100_000);
    let sizes = ["--size", "64MiB", "--sector-size", "4096"];
    let image = vfat("build", &sizes);
    assert_eq!((image.len(), &image[11..13]), (64 << 20, &4096_u16.to_le_bytes()[..]));
    assert_eq!(run_bytes(&["encode"], &image).stdout, vfat("pack", &sizes));
}

fn a_size_that_does_not_hold_is_an_error_that_says_so() {
    for (options, message) in [
        (&["--size", "1MiB"][..], "option size: the files determine the size of an ISO 9660 image"),
        (&["--sector-size", "4096"], "option sector_size: an ISO 9660 image always has 2048-byte sectors"),
        (
            &["--format", "vfat", "--sector-size", "1024"],
            "option sector_size: expected 512, 2048 or 4096 bytes, found 1024",
        ),
        (&["--format", "vfat", "--size", "1000"], "option size: expected a multiple of the sector size (512 bytes)"),
        (&["--format", "vfat", "--size", "65MiB"], "option size: expected at most 67108864 bytes"),
        (
            &["--format", "vfat", "--size", "1KiB"],
            "option size: 1024 bytes are too small for the drive; it needs at least",
        ),
        (&["--format", "vfat", "--source-date-epoch", "0"], "from 315532800 to 4354819199"),
    ] {
        assert_error(&run(&[&["build"], options].concat(), DOCUMENT), 3, message);
    }
    assert_error(&run(&["build", "--size", "64MB"], DOCUMENT), 2, "want a number of bytes, or one with KiB or MiB");
}

fn files_and_streams_give_the_same() {
    let folder = folder();
    let [document, image, text] = ["doc", "img", "txt"].map(|name| folder.path().join(name).display().to_string());
    fs::write(&document, DOCUMENT).unwrap();
    assert!(stdout(&run(&["build", "-i", &document, "-o", &image], "")).is_empty());
    assert_eq!(fs::read(&image).unwrap(), run(&["build"], DOCUMENT).stdout);
    assert!(stdout(&run(&["encode", "-i", &image, "-o", &text], "")).is_empty());
    assert_eq!(fs::read(&text).unwrap(), run(&["pack"], DOCUMENT).stdout);
}

fn a_document_without_a_seed_gets_one_of_the_operating_system() {
    let unseeded = DOCUMENT.replace("\"random_seed\"", "\"unknown\"");
    assert_ne!(run(&["build"], &unseeded).stdout, run(&["build"], &unseeded).stdout);
    assert_eq!(run(&["build"], DOCUMENT).stdout, run(&["build"], DOCUMENT).stdout);
    let folder = folder();
    let seed = folder.path().join("seed").display().to_string();
    fs::write(&seed, "seed").unwrap();
    assert_eq!(run(&["build", "--random-seed", &seed], &unseeded).stdout, run(&["build"], DOCUMENT).stdout);
}

fn the_date_is_that_of_source_date_epoch() {
    let by_option = run(&["build", "--source-date-epoch", "1700000000"], DOCUMENT);
    let by_variable = command(&["build"]).env("SOURCE_DATE_EPOCH", "1700000000").feed(DOCUMENT.as_bytes());
    assert_eq!(by_option.stdout, by_variable.stdout);
    assert_ne!(by_option.stdout, run(&["build"], DOCUMENT).stdout);
}

fn nova_conf_speaks_for_the_operator_and_flags_win() {
    let folder = folder();
    let [conf, vendor_data] = ["nova.conf", "vendor.json"].map(|name| folder.path().join(name).display().to_string());
    fs::write(&vendor_data, r#"{"rack": 7}"#).unwrap();
    let text = format!(
        "[DEFAULT]\nforce_config_drive = true\n[api]\ndhcp_domain = example.org\nvendordata_jsonfile_path = {vendor_data}\n\
         config_drive_skip_versions = latest\nvendordata_providers = StaticJSON\n"
    );
    fs::write(&conf, text).unwrap();

    let undemanding = DOCUMENT.replace("true", "false");
    assert_eq!(stdout(&run(&["required-by", "--config-file", &conf], &undemanding)), "true\n");
    let refuses = ["required-by", "--config-file", &conf, "--force-config-drive=false"];
    assert_eq!(stdout(&run(&refuses, &undemanding)), "false\n");

    let by_file = run(&["build", "--config-file", &conf], DOCUMENT);
    let flags = ["--dhcp-domain", "example.org", "--vendor-data", &vendor_data, "--skip-versions", "latest"];
    assert_eq!(by_file.stdout, run(&[&["build"][..], &flags].concat(), DOCUMENT).stdout);
    let by_both = run(&["build", "--config-file", &conf, "--dhcp-domain", "d"], DOCUMENT);
    assert_ne!(by_both.stdout, by_file.stdout);

    fs::write(&conf, "[DEFAULT]\ninjected_network_template = /etc/nova/mine.template\n").unwrap();
    let output = run(&["build", "--config-file", &conf], DOCUMENT);
    assert_error(&output, 3, "[DEFAULT] injected_network_template: only Nova's own");
    let template = |path| run(&["build", "--injected-network-template", path], DOCUMENT);
    assert_eq!(template("/usr/lib/nova/virt/interfaces.template").stdout, run(&["build"], DOCUMENT).stdout);
    assert_error(&template("/etc/nova/mine.template"), 2, "only Nova's own");
    fs::write(&conf, "[api]\nvendordata_jsonfile_path = /nonexistent\n").unwrap();
    assert_error(&run(&["build", "--config-file", &conf], DOCUMENT), 1, "cannot read \"/nonexistent\"");
}

fn a_directory_is_the_document_of_its_files() {
    let folder = folder();
    let latest = folder.path().join("drive/openstack/latest");
    fs::create_dir_all(&latest).unwrap();
    fs::write(latest.join("user_data"), b"\x00\xff").unwrap();
    fs::write(latest.join("meta_data.json"), "{}").unwrap();
    symlink("user_data", latest.join("copy")).unwrap();
    let files = r#"{"files": [{"path": "openstack/latest/user_data", "contents": "AP8="},
        {"path": "openstack/latest/meta_data.json", "contents": "e30="},
        {"path": "openstack/latest/copy", "contents": "AP8="}]}"#;
    let drive = folder.path().join("drive").display().to_string();
    for verb in ["build", "pack"] {
        assert_eq!(run(&[verb, "--directory", &drive], "").stdout, run(&[verb], files).stdout);
    }
    assert_eq!(stdout(&run(&["required-by", "--directory", &drive], "")), "true\n");
}

fn a_directory_with_a_link_out_of_it_is_refused() {
    let folder = folder();
    let drive = folder.path().join("drive");
    fs::create_dir(&drive).unwrap();
    let directory = drive.display().to_string();
    let refused = |target: &Path, why| {
        symlink(target, drive.join("link")).unwrap();
        assert_error(&run(&["build", "--directory", &directory], ""), 3, why);
        fs::remove_file(drive.join("link")).unwrap();
    };
    fs::write(folder.path().join("secret"), "s3cr3t").unwrap();
    refused(Path::new("../secret"), "is a link that leads out of the directory");
    refused(Path::new("/etc/passwd"), "is a link that leads out of the directory");
    refused(Path::new("."), "is a link to something that is no file");
    fs::write(drive.join("a:b"), "").unwrap();
    assert_error(&run(&["build", "--directory", &directory], ""), 3, "/files/0/path: path \"a:b\"");
}

fn the_schema_of_the_documents_is_written_out() {
    assert_eq!(stdout(&run(&["schema"], "")), configdrive_host::DOCUMENT_SCHEMA);
}

fn the_component_is_written_out() {
    assert_eq!(run(&["component"], "").stdout, configdrive_host::COMPONENT);
}

fn what_is_written_is_for_its_owner_alone_and_replaces_whole_files() {
    let folder = folder();
    let [image, link] = ["img", "link"].map(|name| folder.path().join(name));
    fs::write(&image, "old").unwrap();
    fs::set_permissions(&image, fs::Permissions::from_mode(0o644)).unwrap();
    symlink(&image, &link).unwrap();
    run(&["build", "-o", link.to_str().unwrap()], DOCUMENT);
    assert_eq!(fs::read(&image).unwrap(), run(&["build"], DOCUMENT).stdout);
    assert_eq!(fs::metadata(&image).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(names(folder.path()), ["img", "link"]);
}

fn a_device_is_written_to_and_not_replaced() {
    assert!(run(&["build", "-o", "/dev/null"], DOCUMENT).status.success());
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

fn a_failure_leaves_the_old_file_and_nothing_else() {
    let folder = folder();
    let image = folder.path().join("img");
    fs::write(&image, "old").unwrap();
    let output = run(&["build", "-o", image.to_str().unwrap()], "{");
    assert_error(&output, 3, "");
    assert_eq!(fs::read(&image).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["img"]);
}

fn a_folder_that_is_not_there_is_an_error() {
    let output = run(&["build", "-o", "/nonexistent/img"], DOCUMENT);
    assert_error(&output, 1, "cannot write \"/nonexistent/img\": No such file or directory");
    let output = run(&["build", "-i", "/nonexistent/doc"], "");
    assert_error(&output, 1, "cannot read \"/nonexistent/doc\": No such file or directory");
    assert_error(&run(&["build", "--ports", "/nonexistent/ports"], DOCUMENT), 1, "cannot read \"/nonexistent/ports\"");
}

fn a_command_line_that_does_not_hold_is_one_line_and_code_2() {
    assert_error(&run(&[], ""), 2, "see `configdrive --help`");
    assert_error(&run(&["bulid"], ""), 2, "'bulid'");
    assert_error(&run(&["build", "--no-such"], ""), 2, "see `configdrive build --help`");
    assert_error(&run(&["build", "--format", "ext4"], ""), 2, "[possible values: iso9660, vfat]");
    assert_error(&run(&["build", "--no\u{1b}[2J\nsuch"], ""), 2, "unexpected argument");
    assert_error(&run(&["build", "--source-date-epoch", "now"], ""), 2, "--source-date-epoch");
    for verb in ["build", "required-by"] {
        let output = run(&[verb, "--vendordata-providers", "StaticJSON,NoSuch"], DOCUMENT);
        assert_error(&output, 2, "expected StaticJSON or DynamicJSON, found \"NoSuch\"");
    }
}

fn a_bad_document_is_code_3() {
    assert_error(&run(&["required-by"], ""), 3, "");
    assert_error(&run(&["build"], "[]"), 3, "");
    assert_error(&run_bytes(&["pack"], b"{\"\xff\": 1}"), 3, "invalid byte at offset 2");
    let folder = folder();
    let ports = folder.path().join("ports").display().to_string();
    fs::write(&ports, b"[\xff]").unwrap();
    assert_error(&run(&["build", "--ports", &ports], DOCUMENT), 3, "not UTF-8 text: byte 1 does not belong");
    fs::write(&ports, "[").unwrap();
    assert_error(&run(&["build", "--ports", &ports], DOCUMENT), 3, "ports");
}

fn a_limit_is_code_4() {
    let large = format!("{DOCUMENT}{}", " ".repeat(8 << 20));
    assert_error(&run(&["pack", "--memory-limit", "4"], &large), 4, "exceeded its memory limit of 4 MiB");
    let large = format!(r#"{{"files": [{{"path": "large", "contents": "{}"}}]}}"#, "A".repeat(2 << 20));
    assert_error(&run(&["build", "--output-limit", "1"], &large), 4, "exceeded the output limit of 1048576 bytes");
    let endless = command(&["pack", "-i", "/dev/zero"]).feed(b"");
    assert_error(&endless, 4, "larger than 134217728 bytes");
}

fn a_reader_that_has_had_enough_is_no_error() {
    let mut child = command(&["component"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

fn an_image_is_not_written_to_a_terminal() {
    // script(1) runs a command in a terminal of its own.
    let script = Command::new("script")
        .args(["-qec", &format!("{} build -i /dev/null", env!("CARGO_BIN_EXE_configdrive")), "/dev/null"])
        .stdin(Stdio::null())
        .output();
    let output = script.unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stdout(&output).starts_with("error: the output is no text"), "{output:?}");
}

fn check_tells_people_and_ends_with_its_own_code_at_errors() {
    let check = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_configdrive")).arg("check").args(arguments).output().unwrap();
        let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        (output.status.code().unwrap(), stdout, stderr)
    };
    let useless = below("tests/golden/random-0018/document.json").display().to_string();
    let (code, stdout, stderr) = check(&["-i", &useless]);
    assert_eq!((code, &*stderr), (9, "error: the check found 3 errors\n"));
    let lines: Vec<_> = stdout.lines().collect();
    assert!(
        lines[0].starts_with("error: incomplete-link: openstack/latest/network_data.json#/links/0/vlan_link: the link")
    );
    assert!(lines[3..].iter().all(|line| line.starts_with("warning: ")), "{stdout}");

    let (code, stdout, _) = check(&["-i", &useless, "--json"]);
    let findings: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, findings.as_array().unwrap().len()), (9, lines.len()));
    assert_eq!(findings[0]["code"], "incomplete-link");
    assert_eq!(findings[0]["severity"], "error");
    assert_eq!(findings[0]["scope"], "everywhere");

    let folder = folder();
    let image = folder.path().join("drive");
    let example = fs::read_to_string(below("examples/deploy/instance.json")).unwrap();
    fs::write(&image, configdrive::build_drive(&example, &configdrive::Options::default()).unwrap()).unwrap();
    let (code, stdout, stderr) = check(&[image.to_str().unwrap()]);
    assert!(code == 0 && stdout.starts_with("warning: not-for-4kn-disks: ") && stderr.is_empty(), "{stdout}{stderr}");
    assert_eq!(check(&[image.to_str().unwrap(), "-i", &useless]).0, 2);
}

fn help_shows_an_example_for_each_verb_and_the_exit_codes() {
    let help = stdout(&run(&["--help"], ""));
    assert!(help.contains("4    a limit was hit"), "{help}");
    for verb in ["required-by", "build", "encode", "pack", "deploy", "inspect", "extract", "component", "schema"] {
        assert!(help.contains(verb), "{help}");
        for flag in ["-h", "--help"] {
            let help = stdout(&run(&[verb, flag], ""));
            assert!(help.contains("Example") && help.contains(&format!("configdrive {verb}")), "{help}");
        }
    }
}

#[track_caller]
fn assert_error(output: &Output, code: i32, message: &str) {
    let stderr = std::str::from_utf8(&output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(output.stdout.is_empty());
    let line = stderr.strip_suffix('\n').unwrap();
    assert!(line.starts_with("error: ") && line.contains(message), "{stderr:?}");
    assert!((10..=400).contains(&line.chars().count()), "{stderr:?}");
    assert!(!line.contains(char::is_control), "{stderr:?}");
}

fn run(arguments: &[&str], input: &str) -> Output {
    run_bytes(arguments, input.as_bytes())
}

fn run_bytes(arguments: &[&str], input: &[u8]) -> Output {
    command(arguments).feed(input)
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configdrive"));
    command.args(arguments).env_remove("SOURCE_DATE_EPOCH");
    command
}

trait Feed {
    fn feed(&mut self, input: &[u8]) -> Output;
}

impl Feed for Command {
    fn feed(&mut self, input: &[u8]) -> Output {
        let mut child = self.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that fails early does not read on.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }
}

#[track_caller]
fn stdout(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
