//! The command on a terminal: hints, colours, and wrapped findings.

use std::{
    fs,
    io::Write,
    process::{Command, Output, Stdio},
};

use configdrive_support::{below, tools, trials::Trial};
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    let tests: [(&str, fn()); 6] = [
        ("binary_output_is_not_written_to_a_terminal", binary_output_is_not_written_to_a_terminal),
        ("a_verb_that_waits_for_a_terminal_says_so", a_verb_that_waits_for_a_terminal_says_so),
        ("labels_and_help_are_in_colour", labels_and_help_are_in_colour),
        ("no_color_is_honoured", no_color_is_honoured),
        ("findings_are_wrapped_to_the_width_of_the_terminal", findings_are_wrapped_to_the_width_of_the_terminal),
        ("findings_elsewhere_are_one_line_each_without_colour", findings_elsewhere_are_one_line_each_without_colour),
    ];
    tests.map(|(name, test)| Trial::new(name, test).without(tools::missing(&["script", "stty"]))).into()
}

fn binary_output_is_not_written_to_a_terminal() {
    let output = on_a_terminal("\"$0\" build -i /dev/null", &[("NO_COLOR", "1")], "");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stdout(&output).starts_with("error: refusing to write binary output to a terminal"), "{output:?}");
}

fn a_verb_that_waits_for_a_terminal_says_so() {
    let document = "reading an instance document from standard input; press Ctrl-D to end it, or use -i FILE\n";
    let image = "reading an image from standard input; press Ctrl-D to end it, or use -i FILE\n";
    let drive = "reading a drive from standard input; press Ctrl-D to end it\n";
    for (verb, hint) in [
        ("build", document),
        ("pack", document),
        ("check", document),
        ("required-by", document),
        ("encode", image),
        ("inspect -", drive),
        ("check -", drive),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let stderr = directory.path().join("stderr");
        let variables = [("STDERR", stderr.to_str().unwrap())];
        let output = on_a_terminal(&format!("\"$0\" {verb} > /dev/null 2> \"$STDERR\""), &variables, "{}\n");
        let stderr = fs::read_to_string(&stderr).unwrap();
        assert!(stderr.starts_with(hint), "{verb}: {stderr} {output:?}");
        // Not if there is something to read.
        let output = on_a_terminal(&format!("\"$0\" {verb} < /dev/null > /dev/null"), &variables, "");
        assert!(!stdout(&output).contains("reading"), "{verb}: {output:?}");
    }
}

fn labels_and_help_are_in_colour() {
    for verb in ["bulid", "--help", "", "build --help", "check -i \"$DOCUMENT\""] {
        let output = on_a_terminal(&format!("\"$0\" {verb}"), &[("DOCUMENT", &faulty_document())], "");
        assert!(stdout(&output).contains("\u{1b}["), "{verb}: {output:?}");
    }
    let output = on_a_terminal("\"$0\" bulid", &[], "");
    assert!(stdout(&output).starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m unrecognized subcommand"), "{output:?}");
}

fn no_color_is_honoured() {
    for verb in ["bulid", "--help", "", "check -i \"$DOCUMENT\""] {
        for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            let variables = [variable, ("DOCUMENT", &faulty_document())];
            let output = on_a_terminal(&format!("\"$0\" {verb}"), &variables, "");
            assert!(!stdout(&output).contains('\u{1b}'), "{verb}: {output:?}");
        }
    }
}

fn findings_are_wrapped_to_the_width_of_the_terminal() {
    let variables = [("NO_COLOR", "1"), ("DOCUMENT", &faulty_document())];
    for width in [40, 72] {
        let output =
            on_a_terminal(&format!("stty rows 24 cols {width}; \"$0\" check -i \"$DOCUMENT\""), &variables, "");
        let text = stdout(&output).replace("\r\n", "\n");
        let (findings, last) = text.split_at(text.rfind("note: not checked: ").unwrap());
        let error = last.split_once('\n').unwrap().1;
        let mut count = 0;
        for line in findings.lines() {
            match line.strip_prefix("    ") {
                Some(line) => assert!(line.len() <= width - 4 && !line.starts_with(' '), "{line:?}"),
                // The label, the code and the place are not wrapped.
                None => {
                    assert!(line.starts_with("error: ") || line.starts_with("warning: "), "{line:?}");
                    count += 1;
                }
            }
        }
        assert_eq!(
            (count, error),
            (json_findings(), "error: check found 3 errors: the drive is well-formed but will not work\n")
        );
    }
}

fn findings_elsewhere_are_one_line_each_without_colour() {
    let output = configdrive(&["check", "-i", &faulty_document()]).output().unwrap();
    assert_eq!(stdout(&output).lines().count(), json_findings());
    assert!(stdout(&output).lines().all(|line| line.starts_with("error: ") || line.starts_with("warning: ")));
}

fn json_findings() -> usize {
    let output = configdrive(&["check", "--json", "-i", &faulty_document()]).output().unwrap();
    serde_json::from_slice::<Value>(&output.stdout).unwrap().as_array().unwrap().len()
}

fn faulty_document() -> String {
    below("tests/golden/random-0018/document.json").display().to_string()
}

fn configdrive(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configdrive"));
    command.args(arguments);
    command
}

/// Runs a shell script on a terminal. `$0` is the command; `input` is typed, and ended with Ctrl-D.
fn on_a_terminal(script: &str, variables: &[(&str, &str)], input: &str) -> Output {
    // script(1) runs a command on a pseudo-terminal.
    let mut command = Command::new("script");
    command.args(["-qec", &format!("exec sh -c '{script}' '{}'", env!("CARGO_BIN_EXE_configdrive")), "/dev/null"]);
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        command.env_remove(variable);
    }
    command.env("TERM", "xterm").envs(variables.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that fails early does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}
