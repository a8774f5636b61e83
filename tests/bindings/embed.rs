//! The component in other hosts: Python, Node, a browser, C; and the same answers in all of them.
//!
//! `install.py` installs what they need. Where something is missing, its tests are ignored and say so; where the variable
//! `CI` is set they fail instead.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::LazyLock,
    thread,
};

use configdrive_host::sandbox::{COMPONENT, Error, ErrorCode, Limits, Options, Policy, Sandbox, VendordataProvider};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

fn main() -> ExitCode {
    let python = || Some("target/bindings/complete is missing").filter(|_| !below("target/bindings/complete").exists());
    let node = || Some("npm is missing").filter(|_| !below("target/bindings/javascript/complete").exists());
    let genisoimage =
        || Some("genisoimage, which Nova calls, is missing").filter(|_| on_path(&["genisoimage"]).is_none());
    let chromium = || Some("chromium is missing").filter(|_| on_path(CHROMIUM).is_none());
    let compiler = || Some("a C compiler is missing").filter(|_| on_path(&["cc"]).is_none());
    let trials = vec![
        trial("python_gives_the_golden_answers", python(), python_golden),
        trial("python_refuses_and_stops", python(), || python_test("test_component")),
        trial("python_hands_a_drive_to_ironic_by_openstacksdk", python(), || python_test("test_openstacksdk")),
        trial("nova_makes_the_same_files_with_the_component", python().or_else(genisoimage), || {
            python_test("test_nova")
        }),
        trial("mypy_accepts_the_python_package", python(), mypy),
        trial("ruff_accepts_the_python_package", python(), ruff),
        trial("node_gives_the_golden_answers", node(), node_golden),
        trial("node_refuses_and_changes_nothing", node(), || node_test("component.test.js")),
        trial("the_page_works_in_a_browser", node().or_else(chromium), || node_test("page.test.js")),
        trial("typescript_accepts_the_scripts", node(), typescript),
        trial("eslint_accepts_the_scripts", node(), eslint),
        trial("c_gives_the_golden_answers", python().or_else(compiler), c_golden),
        trial("c_names_every_option", None, c_options),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

// Python.

fn python_golden() -> Result<(), Failed> {
    let component = component()?;
    same_answers(python().arg("golden.py").arg(component.path()))
}

fn python_test(module: &str) -> Result<(), Failed> {
    let component = component()?;
    run(python().args(["-W", "ignore", "-m", "unittest", module]).env("CONFIGDRIVE_COMPONENT", component.path()), b"")
        .map(drop)
}

fn mypy() -> Result<(), Failed> {
    run(python().args(["-m", "mypy", "--cache-dir"]).arg(below("target/bindings/mypy")), b"").map(drop)
}

fn ruff() -> Result<(), Failed> {
    run(python().args(["-m", "ruff", "check", "--no-cache"]), b"").map(drop)
}

fn python() -> Command {
    let mut python = Command::new(below("target/bindings/venv/bin/python"));
    python.current_dir(below("bindings/python")).env("PYTHONDONTWRITEBYTECODE", "1").env_remove("PYTHONPATH");
    python
}

// Node, and a browser.

fn node_golden() -> Result<(), Failed> {
    page()?;
    same_answers(node().arg("golden.js"))
}

fn node_test(file: &str) -> Result<(), Failed> {
    page()?;
    let chromium = on_path(CHROMIUM).unwrap_or_default();
    run(node().args(["--test", file]).env("CHROMIUM", chromium), b"").map(drop)
}

fn typescript() -> Result<(), Failed> {
    page()?;
    run(node().arg(below("target/bindings/javascript/node_modules/typescript/bin/tsc")).args(["--project", "."]), b"")
        .map(drop)
}

/// The page's scripts as well.
fn eslint() -> Result<(), Failed> {
    let mut eslint = node();
    eslint.current_dir(below(".")).arg("target/bindings/javascript/node_modules/eslint/bin/eslint.js");
    eslint.args(["--config", "bindings/javascript/eslint.config.js", "bindings/javascript", "examples/page"]);
    run(&mut eslint, b"").map(drop)
}

fn node() -> Command {
    let mut node = Command::new("node");
    node.current_dir(below("bindings/javascript"));
    node
}

/// Builds the page, and with it what jco makes of the component, below `target/page/`.
fn page() -> Result<(), Failed> {
    static BUILT: LazyLock<Result<(), String>> = LazyLock::new(|| {
        let component = component().map_err(|error| error.to_string())?;
        let mut build = Command::new(below("examples/page/run"));
        build.arg("--build").env("CONFIGDRIVE_COMPONENT", component.path());
        run(&mut build, b"").map(drop).map_err(|failed| failed.message().unwrap_or_default().to_owned())
    });
    BUILT.clone().map_err(Failed::from)
}

/// Debian's names of the same browser.
const CHROMIUM: &[&str] = &["chromium-headless-shell", "chromium"];

// C.

fn c_golden() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("pack");
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-I"]).arg(below("target/bindings/include"));
    compiler.arg(below("bindings/c/pack.c")).arg(wasmtime_library()?).arg("-o").arg(&program);
    run(&mut compiler, b"")?;
    same_answers(Command::new(program).arg(component()?.path()))
}

/// An option that is missing is an error of wasmtime, which does not name it.
fn c_options() -> Result<(), Failed> {
    let wit = fs::read_to_string(below("wit/configdrive.wit"))?;
    let (_, record) = wit.split_once("record options {").ok_or("no options")?;
    let (record, _) = record.split_once('}').ok_or("options do not end")?;
    let names = record.lines().map(str::trim).filter(|line| !line.starts_with("///"));
    let program = fs::read_to_string(below("bindings/c/pack.c"))?;
    let missing: Vec<_> = names
        .filter_map(|line| Some(line.split_once(':')?.0))
        .filter(|name| !program.contains(&format!("\"{name}\"")))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("bindings/c/pack.c lacks {}", missing.join(", ")).into()) }
}

/// The library of wasmtime's C API, which PyPI's package brings along.
fn wasmtime_library() -> Result<PathBuf, Failed> {
    let where_it_is = "import wasmtime._ffi as ffi; print(ffi.dll._name)";
    let path = run(python().args(["-c", where_it_is]), b"")?;
    Ok(PathBuf::from(path.trim_end()))
}

// The golden cases.

/// Runs a host with all cases, as `bindings/c/pack.c` describes, and compares.
fn same_answers(host: &mut Command) -> Result<(), Failed> {
    let questions: String = GOLDEN.iter().map(|case| case.question.as_str()).collect();
    let answers = run(host, questions.as_bytes())?;
    let answers: Vec<_> = answers.lines().collect();
    if answers.len() != GOLDEN.len() || answers.len() < 200 {
        return Err(format!("{} answers to {} cases", answers.len(), GOLDEN.len()).into());
    }
    match GOLDEN.iter().zip(answers).find(|(case, answer)| case.answer != *answer) {
        None => Ok(()),
        Some((case, answer)) => {
            let cut = |text: &str| text.chars().take(300).collect::<String>();
            Err(format!("{:?}: {:?} instead of {:?}", case.question, cut(answer), cut(&case.answer)).into())
        }
    }
}

struct Case {
    question: String,
    /// The sandbox's.
    answer: String,
}

static GOLDEN: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let sandbox = Sandbox::new(Limits::default()).expect("a sandbox");
    let mut folders: Vec<_> = fs::read_dir(below("tests/golden"))
        .expect("golden cases")
        .map(|entry| entry.expect("a folder").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let read = |folder: PathBuf| {
        let document = folder.join("document.json");
        let case: Value = serde_json::from_slice(&fs::read(folder.join("case.json")).expect("a case")).expect("JSON");
        let force = case["options"]["force_config_drive"] == Value::Bool(true);
        let text = |name: &str| case["options"][name].as_str().map(ToOwned::to_owned);
        let (domain, skip) = (text("dhcp_domain"), text("config_drive_skip_versions"));
        let providers = case["options"]["vendordata_providers"].as_array().map(|names| {
            names.iter().map(|name| if name == "StaticJSON" { STATIC } else { DYNAMIC }).collect::<Vec<_>>()
        });

        let names = providers.as_ref().map(|names| names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(","));
        let mut question = format!("{}\0{}\0", document.display(), u8::from(force));
        for option in [&domain, &skip, &names] {
            question += &option.as_ref().map_or("-\0".to_owned(), |value| format!("={value}\0"));
        }

        let document = fs::read(document).expect("a document");
        let required = sandbox.required_by(&document, Policy { force_config_drive: force });
        let options = Options {
            dhcp_domain: domain,
            skip_versions: skip,
            vendordata_providers: providers.map(|names| names.into_iter().map(|(_, provider)| provider).collect()),
            default_random_seed: Some("AAAA".into()),
            ..Options::default()
        };
        let text = sandbox.pack(&document, &options);
        Case { question, answer: format!("{}\t{}", answer(required.map(|answer| answer.to_string())), answer(text)) }
    };
    folders.into_iter().map(read).collect()
});

const STATIC: (&str, VendordataProvider) = ("static-json", VendordataProvider::StaticJson);
const DYNAMIC: (&str, VendordataProvider) = ("dynamic-json", VendordataProvider::DynamicJson);

fn answer(result: Result<String, Error>) -> String {
    match result {
        Ok(value) => format!("ok {value}"),
        Err(Error::Guest { code, message, pointer }) => {
            let code = match code {
                ErrorCode::InvalidDocument => "invalid-document",
                ErrorCode::InvalidOption => "invalid-option",
                ErrorCode::TooLarge => "too-large",
                ErrorCode::InvalidDrive => "invalid-drive",
            };
            format!("err {code} {} {message}", pointer.as_deref().unwrap_or("-"))
        }
        Err(other) => panic!("{other}"),
    }
}

// The ground that tests stand on.

fn trial(name: &str, missing: Option<&str>, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    match (missing.map(ToOwned::to_owned), env::var_os("CI")) {
        (None, _) => Trial::test(name, run),
        (Some(missing), Some(_)) => Trial::test(name, move || Err(missing.into())),
        (Some(missing), None) => Trial::test(name, run).with_kind(missing).with_ignored_flag(true),
    }
}

/// The component as a file.
fn component() -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new().suffix(".wasm").tempfile()?;
    file.write_all(COMPONENT)?;
    Ok(file)
}

/// Gives a program its input, and returns what it wrote.
fn run(command: &mut Command, input: &[u8]) -> Result<String, Failed> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().expect("it is piped");
    let output = thread::scope(|scope| {
        // A program that ends early says why itself.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output()
    })?;
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if output.status.success() { Ok(out) } else { Err(format!("{command:?}: {}\n{out}\n{err}", output.status).into()) }
}

/// The first of these programs that there is.
fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<_> = env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|program| program.is_file())
}

fn below(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
