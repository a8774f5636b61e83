//! What each verb prints and writes, its exit codes and its errors.

use std::{
    fs,
    io::Write,
    os::unix::fs::{FileTypeExt, PermissionsExt, symlink},
    path::Path,
    process::{Command, Output, Stdio},
};

use configdrive_support::{trials, trials::Trial};
use tempfile::TempDir;

pub fn trials() -> Vec<Trial> {
    trials![
        required_by_prints_true_or_false,
        every_verb_accepts_the_same_options,
        building_then_encoding_is_packing,
        a_vfat_drive_is_as_small_as_possible_or_has_the_given_size,
        an_invalid_size_is_an_error_that_says_why,
        files_and_streams_give_the_same_output,
        a_document_without_a_seed_gets_one_from_the_operating_system,
        the_date_comes_from_source_date_epoch,
        nova_conf_sets_options_and_flags_win,
        a_directory_replaces_a_document,
        a_directory_with_a_link_out_of_it_is_refused,
        the_schema_of_the_documents_is_written_out,
        the_component_is_written_out,
        an_output_file_is_private_and_replaced_as_a_whole,
        a_device_is_written_and_not_replaced,
        a_failure_leaves_the_old_file_and_nothing_else,
        a_missing_file_or_directory_is_an_error,
        an_invalid_command_line_is_one_line_and_code_2,
        a_bad_document_is_code_3,
        a_limit_is_code_4,
        a_closed_reader_is_not_an_error,
        sizes_and_formats_have_short_names,
        an_empty_input_is_an_error_that_says_why,
        an_error_names_the_input_at_fault,
        the_command_without_arguments_prints_its_help_to_standard_error,
        help_is_a_verb,
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

fn every_verb_accepts_the_same_options() {
    let options = [
        "--force-config-drive",
        "--format",
        "iso9660",
        "--dhcp-domain",
        "d",
        "--skip-versions",
        "1.0 latest",
        "--newest-version",
        "2020-10-14",
    ];
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

fn a_vfat_drive_is_as_small_as_possible_or_has_the_given_size() {
    let directory = directory();
    let seed = directory.path().join("seed").display().to_string();
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

fn an_invalid_size_is_an_error_that_says_why() {
    for (options, message) in [
        (&["--size", "1MiB"][..], "--size: the files determine the size of an ISO 9660 image"),
        (&["--sector-size", "4096"], "--sector-size: an ISO 9660 image always has 2048-byte sectors"),
        (&["--format", "vfat", "--sector-size", "1024"], "--sector-size: expected 512, 2048 or 4096 bytes, found 1024"),
        (&["--format", "vfat", "--size", "1000"], "--size: expected a multiple of the sector size (512 bytes)"),
        (&["--format", "vfat", "--size", "65MiB"], "--size: expected at most 67108864 bytes"),
        (&["--format", "vfat", "--size", "1KiB"], "--size: 1024 bytes are too small for the drive; it needs at least"),
        (&["--format", "vfat", "--source-date-epoch", "0"], "from 315532800 to 4354819199"),
    ] {
        assert_error(&run(&[&["build"], options].concat(), DOCUMENT), 3, message);
    }
    assert_error(
        &run(&["build", "--size", "64MB"], DOCUMENT),
        2,
        "expected a number of bytes, or a number followed by K, M, G, KiB",
    );
}

fn files_and_streams_give_the_same_output() {
    let directory = directory();
    let [document, image, text] = ["doc", "img", "txt"].map(|name| directory.path().join(name).display().to_string());
    fs::write(&document, DOCUMENT).unwrap();
    assert!(stdout(&run(&["build", "-i", &document, "-o", &image], "")).is_empty());
    assert_eq!(fs::read(&image).unwrap(), run(&["build"], DOCUMENT).stdout);
    assert!(stdout(&run(&["encode", "-i", &image, "-o", &text], "")).is_empty());
    assert_eq!(fs::read(&text).unwrap(), run(&["pack"], DOCUMENT).stdout);
}

fn a_document_without_a_seed_gets_one_from_the_operating_system() {
    let unseeded = DOCUMENT.replace("\"random_seed\"", "\"unknown\"");
    assert_ne!(run(&["build"], &unseeded).stdout, run(&["build"], &unseeded).stdout);
    assert_eq!(run(&["build"], DOCUMENT).stdout, run(&["build"], DOCUMENT).stdout);
    let directory = directory();
    let seed = directory.path().join("seed").display().to_string();
    fs::write(&seed, "seed").unwrap();
    assert_eq!(run(&["build", "--random-seed", &seed], &unseeded).stdout, run(&["build"], DOCUMENT).stdout);
}

fn the_date_comes_from_source_date_epoch() {
    let by_option = run(&["build", "--source-date-epoch", "1700000000"], DOCUMENT);
    let by_variable = command(&["build"]).env("SOURCE_DATE_EPOCH", "1700000000").feed(DOCUMENT.as_bytes());
    assert_eq!(by_option.stdout, by_variable.stdout);
    assert_ne!(by_option.stdout, run(&["build"], DOCUMENT).stdout);
}

fn nova_conf_sets_options_and_flags_win() {
    let directory = directory();
    let [conf, vendor_data] =
        ["nova.conf", "vendor.json"].map(|name| directory.path().join(name).display().to_string());
    fs::write(&vendor_data, r#"{"rack": 7}"#).unwrap();
    let text = format!(
        "[DEFAULT]\nforce_config_drive = true\n[api]\ndhcp_domain = example.org\nvendordata_jsonfile_path = {vendor_data}\n\
         config_drive_skip_versions = latest\nvendordata_providers = StaticJSON\n"
    );
    fs::write(&conf, text).unwrap();

    let undemanding = DOCUMENT.replace("true", "false");
    assert_eq!(stdout(&run(&["required-by", "--config-file", &conf], &undemanding)), "true\n");
    let unforced = ["required-by", "--config-file", &conf, "--force-config-drive=false"];
    assert_eq!(stdout(&run(&unforced, &undemanding)), "false\n");

    let by_file = run(&["build", "--config-file", &conf], DOCUMENT);
    let flags = ["--dhcp-domain", "example.org", "--vendor-data", &vendor_data, "--skip-versions", "latest"];
    assert_eq!(by_file.stdout, run(&[&["build"][..], &flags].concat(), DOCUMENT).stdout);
    let by_both = run(&["build", "--config-file", &conf, "--dhcp-domain", "d"], DOCUMENT);
    assert_ne!(by_both.stdout, by_file.stdout);

    fs::write(&conf, "[DEFAULT]\ninjected_network_template = /etc/nova/mine.template\n").unwrap();
    let output = run(&["build", "--config-file", &conf], DOCUMENT);
    assert_error(&output, 3, "nova.conf: [DEFAULT] injected_network_template: expected Nova's own");
    let template = |path| run(&["build", "--injected-network-template", path], DOCUMENT);
    assert_eq!(template("/usr/lib/nova/virt/interfaces.template").stdout, run(&["build"], DOCUMENT).stdout);
    assert_error(&template("/etc/nova/mine.template"), 2, "expected Nova's own");
    fs::write(&conf, "[api]\nvendordata_jsonfile_path = /nonexistent\n").unwrap();
    assert_error(&run(&["build", "--config-file", &conf], DOCUMENT), 1, "cannot read \"/nonexistent\"");
}

fn a_directory_replaces_a_document() {
    let directory = directory();
    let latest = directory.path().join("drive/openstack/latest");
    fs::create_dir_all(&latest).unwrap();
    fs::write(latest.join("user_data"), b"\x00\xff").unwrap();
    fs::write(latest.join("meta_data.json"), "{}").unwrap();
    symlink("user_data", latest.join("copy")).unwrap();
    let files = r#"{"files": [{"path": "openstack/latest/user_data", "contents": "AP8="},
        {"path": "openstack/latest/meta_data.json", "contents": "e30="},
        {"path": "openstack/latest/copy", "contents": "AP8="}]}"#;
    let drive = directory.path().join("drive").display().to_string();
    for verb in ["build", "pack"] {
        assert_eq!(run(&[verb, "--directory", &drive], "").stdout, run(&[verb], files).stdout);
    }
    assert_eq!(stdout(&run(&["required-by", "--directory", &drive], "")), "true\n");
}

fn a_directory_with_a_link_out_of_it_is_refused() {
    let parent = directory();
    let drive = parent.path().join("drive");
    fs::create_dir(&drive).unwrap();
    let directory = drive.display().to_string();
    let refused = |target: &Path, why| {
        symlink(target, drive.join("link")).unwrap();
        assert_error(&run(&["build", "--directory", &directory], ""), 3, why);
        fs::remove_file(drive.join("link")).unwrap();
    };
    fs::write(parent.path().join("secret"), "s3cr3t").unwrap();
    refused(Path::new("../secret"), "is a link that leads out of the directory");
    refused(Path::new("/etc/passwd"), "is a link that leads out of the directory");
    refused(Path::new("."), "is a link to something other than a file");
    fs::write(drive.join("a:b"), "").unwrap();
    assert_error(&run(&["build", "--directory", &directory], ""), 3, "drive: path \"a:b\"");
}

fn the_schema_of_the_documents_is_written_out() {
    assert_eq!(stdout(&run(&["schema"], "")), configdrive_host::DOCUMENT_SCHEMA);
}

fn the_component_is_written_out() {
    assert_eq!(run(&["component"], "").stdout, configdrive_host::COMPONENT);
}

fn an_output_file_is_private_and_replaced_as_a_whole() {
    let directory = directory();
    let [image, link] = ["img", "link"].map(|name| directory.path().join(name));
    fs::write(&image, "old").unwrap();
    fs::set_permissions(&image, fs::Permissions::from_mode(0o644)).unwrap();
    symlink(&image, &link).unwrap();
    run(&["build", "-o", link.to_str().unwrap()], DOCUMENT);
    assert_eq!(fs::read(&image).unwrap(), run(&["build"], DOCUMENT).stdout);
    assert_eq!(fs::metadata(&image).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(names(directory.path()), ["img", "link"]);
}

fn a_device_is_written_and_not_replaced() {
    assert!(run(&["build", "-o", "/dev/null"], DOCUMENT).status.success());
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

fn a_failure_leaves_the_old_file_and_nothing_else() {
    let directory = directory();
    let image = directory.path().join("img");
    fs::write(&image, "old").unwrap();
    let output = run(&["build", "-o", image.to_str().unwrap()], "{");
    assert_error(&output, 3, "");
    assert_eq!(fs::read(&image).unwrap(), b"old");
    assert_eq!(names(directory.path()), ["img"]);
}

fn a_missing_file_or_directory_is_an_error() {
    let output = run(&["build", "-o", "/nonexistent/img"], DOCUMENT);
    assert_error(&output, 1, "cannot write \"/nonexistent/img\": No such file or directory");
    let output = run(&["build", "-i", "/nonexistent/doc"], "");
    assert_error(&output, 1, "cannot read \"/nonexistent/doc\": No such file or directory");
    assert_error(&run(&["build", "--ports", "/nonexistent/ports"], DOCUMENT), 1, "cannot read \"/nonexistent/ports\"");
}

fn an_invalid_command_line_is_one_line_and_code_2() {
    assert_error(&run(&["bulid"], ""), 2, "'bulid'; did you mean 'build'? See `configdrive --help`");
    assert_error(&run(&["build", "--fromat", "iso"], ""), 2, "did you mean '--format'? See `configdrive build --help`");
    assert_error(&run(&["build", "--format", "iso9600"], ""), 2, "did you mean 'iso9660'?");
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
    assert_error(&run_bytes(&["pack"], b"{\"\xff\": 1}"), 3, "standard input is not UTF-8 (invalid byte at offset 2)");
    let directory = directory();
    let ports = directory.path().join("ports").display().to_string();
    fs::write(&ports, b"[\xff]").unwrap();
    assert_error(
        &run(&["build", "--ports", &ports], DOCUMENT),
        3,
        "ports (--ports) is not UTF-8 (invalid byte at offset 1)",
    );
    fs::write(&ports, "[").unwrap();
    assert_error(&run(&["build", "--ports", &ports], DOCUMENT), 3, "ports (--ports): ");
}

fn a_limit_is_code_4() {
    let large = format!("{DOCUMENT}{}", " ".repeat(8 << 20));
    assert_error(&run(&["pack", "--memory-limit", "4"], &large), 4, "exceeded its memory limit of 4 MiB");
    let large = format!(r#"{{"files": [{{"path": "large", "contents": "{}"}}]}}"#, "A".repeat(2 << 20));
    assert_error(&run(&["build", "--output-limit", "1"], &large), 4, "exceeded the output limit of 1048576 bytes");
    let endless = command(&["pack", "-i", "/dev/zero"]).feed(b"");
    assert_error(&endless, 4, "/dev/zero is larger than the limit of 134217728 bytes");
}

fn a_closed_reader_is_not_an_error() {
    let mut child = command(&["component"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

fn sizes_and_formats_have_short_names() {
    let build = |arguments: &[&str]| run(&[&["build"], arguments].concat(), DOCUMENT).stdout;
    let directory = directory();
    let seed = directory.path().join("seed").display().to_string();
    fs::write(&seed, "seed").unwrap();
    let vfat = build(&["--format", "vfat", "--size", "67108864", "--random-seed", &seed]);
    for size in ["64M", "64MiB", "65536K", "65536KiB"] {
        assert!(build(&["--format", "fat", "--size", size, "--random-seed", &seed]) == vfat, "{size}");
    }
    assert!(!vfat.is_empty() && build(&["--format", "iso"]) == build(&["--format", "iso9660"]));
}

fn an_empty_input_is_an_error_that_says_why() {
    for verb in [&["build"][..], &["encode"], &["check"], &["inspect", "-"], &["extract", "-", "-o", "/nonexistent"]] {
        assert_error(&run(verb, ""), 3, "standard input is empty: did the command that writes it fail?");
    }
    assert_error(&run(&["build", "-i", "/dev/null"], ""), 3, "/dev/null is empty");
}

fn an_error_names_the_input_at_fault() {
    let directory = directory();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let write = |name: &str, text: &str| {
        fs::write(path(name), text).unwrap();
        path(name)
    };
    let [document, broken, list] =
        [write("instance.json", DOCUMENT), write("broken.json", "{"), write("list.json", "[]")];
    for verb in ["build", "pack", "check", "required-by"] {
        let output = run(&[verb, "-i", &broken], "");
        assert_error(&output, 3, &format!("error: {broken}: "));
    }
    for option in ["--ports", "--portgroups", "--vendor-data", "--vendor-data2"] {
        for file in [&broken, &list] {
            let output = run(&["build", "-i", &document, option, file], "");
            // A list is right for ports.
            if option.starts_with("--vendor") || file == &broken {
                assert_error(&output, 3, &format!("error: {file} ({option}): "));
            }
        }
    }
    for verb in [&["inspect", &broken][..], &["check", &broken], &["extract", &broken, "-o", "/nonexistent"]] {
        assert_error(&run(verb, ""), 3, &format!("error: {broken}: "));
    }
    let missing = path("missing");
    assert_error(&run(&["build", "--ports", &missing], DOCUMENT), 1, &format!("cannot read {missing:?} (--ports): No"));
    let conf = write("nova.conf", &format!("[api]\nvendordata_jsonfile_path = {broken}\n"));
    let output = run(&["build", "-i", &document, "--config-file", &conf], "");
    assert_error(&output, 3, &format!("error: {broken} ([api] vendordata_jsonfile_path): "));
    let conf = write("nova.conf", "[api]\nvendordata_providers = DynamicJSON\n");
    let output = run(&["build", "-i", &document, "--config-file", &conf], "");
    assert_error(&output, 3, &format!("error: {conf} ([api] vendordata_providers): "));
    let odd = write("o\u{1b}[2Jdd.json", "{");
    assert_error(&run(&["build", "-i", &odd], ""), 3, r"o\u{1b}[2Jdd.json: ");
}

fn the_command_without_arguments_prints_its_help_to_standard_error() {
    let output = run(&[], "");
    assert_eq!((output.status.code(), &*output.stdout), (Some(2), &b""[..]));
    let help = String::from_utf8(output.stderr).unwrap();
    assert_eq!(help.trim_end(), stdout(&run(&["-h"], "")).trim_end());
}

fn help_is_a_verb() {
    assert_eq!(stdout(&run(&["help"], "")), stdout(&run(&["--help"], "")));
    for verb in ["build", "deploy", "required-by"] {
        assert_eq!(stdout(&run(&["help", verb], "")), stdout(&run(&[verb, "--help"], "")));
    }
    assert_error(&run(&["help", "bulid"], ""), 2, "'bulid'");
}

fn help_shows_an_example_for_each_verb_and_the_exit_codes() {
    let help = stdout(&run(&["--help"], ""));
    assert!(help.contains("4    a limit was exceeded"), "{help}");
    for verb in
        ["required-by", "build", "encode", "pack", "deploy", "inspect", "extract", "mkisofs", "component", "schema"]
    {
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
        // A command that fails early does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }
}

#[track_caller]
fn stdout(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
