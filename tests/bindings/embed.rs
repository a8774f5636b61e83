//! The component in other hosts, which must all give the same answers.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
    thread,
};

use configdrive_host::{COMPONENT, ConfigDrive, Error, Limits, Sandbox, VendordataProvider};
use configdrive_support::{
    below,
    golden::{self, Case},
    interface, root, tools,
    trials::Trial,
};
use libtest_mimic::Failed;

pub fn trials() -> Vec<Trial> {
    let missing = |path: &'static str| (!below(path).exists()).then_some(path);
    let python = || missing("target/bindings/complete");
    let node = || missing("target/bindings/javascript/complete").map(|_| "npm");
    let chromium = || chromium().is_none().then_some("chromium");
    let compiler = || tools::missing(&["cc"]).map(|_| "a C compiler");
    vec![
        trial("python_gives_the_golden_answers", python(), python_golden),
        trial("the_installed_python_package_works", python(), python_installed),
        trial("python_refuses_bad_input_and_stops_at_its_limits", python(), || python_test("test_component")),
        trial("python_hands_a_drive_to_ironic_through_openstacksdk", python(), || python_test("test_openstacksdk")),
        trial("nova_and_openstacksdk_make_their_drives_with_the_command", python(), || python_test("test_mkisofs")),
        trial("mypy_accepts_the_python_package", python(), mypy),
        trial("ruff_accepts_the_python_package", python(), ruff),
        trial("node_gives_the_golden_answers", node(), node_golden),
        trial("node_refuses_bad_values_instead_of_changing_them", node(), || node_test("component.test.js")),
        trial("the_page_works_in_a_browser", node().or_else(chromium), page_test),
        trial("bundles_work_in_a_browser", node().or_else(chromium), || node_test("bundle.test.js")),
        trial("typescript_accepts_the_scripts", node(), typescript),
        trial("eslint_accepts_the_scripts", node(), eslint),
        trial("c_gives_the_golden_answers", python().or_else(compiler), c_golden),
        trial("c_names_every_option", None, c_options),
    ]
}

fn trial(name: &str, missing: Option<&str>, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::new(name, run).without(missing)
}

// Python.

fn python_golden() -> Result<(), Failed> {
    same_answers(installed_python()?.arg("golden.py"))
}

fn python_installed() -> Result<(), Failed> {
    run(installed_python()?.arg("test_installed.py"), b"").map(drop)
}

/// Returns the Python of an environment into which the wheel of a release was installed, with nothing but its dependencies.
fn installed_python() -> Result<Command, Failed> {
    static INSTALLED: LazyLock<Result<(), String>> = LazyLock::new(|| {
        let install = || {
            let release = tempfile::tempdir()?;
            run(release_make().arg(release.path()).arg("python"), b"")?;
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(below(HOME)), b"")?;
            let mut pip = Command::new(below(HOME).join("bin/python"));
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
            pip.args(files(release.path(), "whl")?);
            run(&mut pip, b"").map(drop)
        };
        install().map_err(|failed: Failed| failed.message().unwrap_or_default().to_owned())
    });
    const HOME: &str = "target/bindings/installed";
    INSTALLED.clone()?;
    let mut python = Command::new(below(HOME).join("bin/python"));
    // Isolated, so that it does not import the package from this directory.
    python.arg("-I").current_dir(below("bindings/python")).env("XDG_CACHE_HOME", below("target/bindings/cache"));
    Ok(python)
}

/// Returns the files in a directory whose names end so.
pub fn files(directory: &Path, end: &str) -> Result<Vec<PathBuf>, Failed> {
    let all = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(|file| file.to_string_lossy().ends_with(end)).collect())
}

/// Returns the script that makes a release, for the parts that need no other build of the command than this one.
pub fn release_make() -> Command {
    let mut make = Command::new(below("release/make"));
    make.env("CONFIGDRIVE", CONFIGDRIVE);
    make
}

const CONFIGDRIVE: &str = env!("CARGO_BIN_EXE_configdrive");

fn python_test(module: &str) -> Result<(), Failed> {
    let component = component()?;
    let mut python = python();
    python.env("CONFIGDRIVE_COMPONENT", component.path()).env("CONFIGDRIVE", CONFIGDRIVE);
    run(python.args(["-W", "ignore", "-m", "unittest", module]), b"").map(drop)
}

fn mypy() -> Result<(), Failed> {
    run(python().args(["-m", "mypy", "--cache-dir"]).arg(below("target/bindings/mypy")), b"").map(drop)
}

fn ruff() -> Result<(), Failed> {
    run(python().args(["-m", "ruff", "check", "--no-cache", ".", "../../release"]), b"").map(drop)
}

pub fn python() -> Command {
    let mut python = Command::new(below("target/bindings/venv/bin/python"));
    python.current_dir(below("bindings/python")).env("PYTHONDONTWRITEBYTECODE", "1").env_remove("PYTHONPATH");
    python
}

// Node, and a browser.

fn node_golden() -> Result<(), Failed> {
    same_answers(installed_node()?.arg("golden.js"))
}

fn node_test(file: &str) -> Result<(), Failed> {
    let mut node = installed_node()?;
    run(
        node.args(["--test", file]).env("CHROMIUM", chromium().unwrap_or_default()).env("CONFIGDRIVE", CONFIGDRIVE),
        b"",
    )
    .map(drop)
}

fn page_test() -> Result<(), Failed> {
    page()?;
    node_test("page.test.js")
}

fn typescript() -> Result<(), Failed> {
    page()?;
    let mut node = installed_node()?;
    run(node.arg(below("target/bindings/javascript/node_modules/typescript/bin/tsc")).args(["--project", "."]), b"")
        .map(drop)
}

/// Checks the page's scripts as well.
fn eslint() -> Result<(), Failed> {
    let mut eslint = Command::new("node");
    eslint.current_dir(root()).arg("target/bindings/javascript/node_modules/eslint/bin/eslint.js");
    eslint.args(["--config", "bindings/javascript/eslint.config.js"]);
    run(eslint.args(["bindings/javascript", "examples/page", "examples/bundle", "examples/vite"]), b"").map(drop)
}

/// Returns Node in an otherwise empty project into which the package of a release was installed, with the tests.
fn installed_node() -> Result<Command, Failed> {
    // The tests find what they need in the repository from here, as they do from where they are.
    const PROJECT: &str = "target/javascript";
    static INSTALLED: LazyLock<Result<(), String>> = LazyLock::new(|| {
        let install = || {
            let (release, project) = (tempfile::tempdir()?, below(PROJECT));
            run(release_make().arg(release.path()).arg("javascript"), b"")?;
            if project.exists() {
                fs::remove_dir_all(&project)?;
            }
            fs::create_dir_all(&project)?;
            fs::write(project.join("package.json"), r#"{"private": true, "type": "module"}"#)?;
            let mut npm = Command::new("npm");
            npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&project);
            run(npm.args(files(release.path(), "tgz")?), b"")?;
            let sources = below("bindings/javascript");
            for file in files(&sources, "test.js")?
                .into_iter()
                .chain(["golden.js", "tsconfig.json"].map(|name| sources.join(name)))
            {
                fs::copy(&file, project.join(file.file_name().unwrap_or_default()))?;
            }
            for example in ["bundle", "vite"] {
                fs::create_dir(project.join(example))?;
                for file in files(&below("examples").join(example), "")? {
                    fs::copy(&file, project.join(example).join(file.file_name().unwrap_or_default()))?;
                }
            }
            Ok(())
        };
        install().map_err(|failed: Failed| failed.message().unwrap_or_default().to_owned())
    });
    INSTALLED.clone()?;
    let mut node = Command::new("node");
    node.current_dir(below(PROJECT));
    Ok(node)
}

/// Builds the page, and with it jco's translation of the component, below `target/page/`.
fn page() -> Result<(), Failed> {
    static BUILT: LazyLock<Result<(), String>> = LazyLock::new(|| {
        let component = component().map_err(|error| error.to_string())?;
        let mut build = Command::new(below("examples/page/run"));
        build.arg("--build").env("CONFIGDRIVE_COMPONENT", component.path());
        run(&mut build, b"").map(drop).map_err(|failed| failed.message().unwrap_or_default().to_owned())
    });
    BUILT.clone().map_err(Failed::from)
}

/// Returns the browser, under either of Debian's names.
fn chromium() -> Option<PathBuf> {
    ["chromium-headless-shell", "chromium"].into_iter().find_map(tools::find)
}

// C.

fn c_golden() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let program = directory.path().join("pack");
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-I"]).arg(below("target/bindings/include"));
    compiler.arg(below("bindings/c/pack.c")).arg(wasmtime_library()?).arg("-o").arg(&program);
    run(&mut compiler, b"")?;
    same_answers(Command::new(program).arg(component()?.path()))
}

/// Checks that no option is missing, since wasmtime's error would not name it.
fn c_options() -> Result<(), Failed> {
    let program = fs::read_to_string(below("bindings/c/pack.c"))?;
    let mut missing = interface::options();
    missing.retain(|name| !program.contains(&format!("\"{name}\"")));
    if missing.is_empty() { Ok(()) } else { Err(format!("bindings/c/pack.c lacks {}", missing.join(", ")).into()) }
}

/// Returns the library of wasmtime's C API, which is part of PyPI's package.
fn wasmtime_library() -> Result<PathBuf, Failed> {
    let print_path = "import wasmtime._ffi as ffi; print(ffi.dll._name)";
    let path = run(python().args(["-c", print_path]), b"")?;
    Ok(PathBuf::from(path.trim_end()))
}

// The golden cases.

/// Runs a host on all cases, with the protocol that `bindings/c/pack.c` describes, and compares the answers.
fn same_answers(host: &mut Command) -> Result<(), Failed> {
    let questions: String = GOLDEN.iter().map(|golden| golden.question.as_str()).collect();
    let answers = run(host, questions.as_bytes())?;
    let answers: Vec<_> = answers.lines().collect();
    if answers.len() != GOLDEN.len() {
        return Err(format!("{} answers for {} cases", answers.len(), GOLDEN.len()).into());
    }
    match GOLDEN.iter().zip(answers).find(|(golden, answer)| golden.answer != *answer) {
        None => Ok(()),
        Some((golden, answer)) => {
            let cut = |text: &str| text.chars().take(300).collect::<String>();
            Err(format!("{:?}: expected {:?}, found {:?}", golden.question, cut(&golden.answer), cut(answer)).into())
        }
    }
}

struct Golden {
    question: String,
    /// The sandbox's answer.
    answer: String,
}

static GOLDEN: LazyLock<Vec<Golden>> = LazyLock::new(|| {
    let sandbox = Sandbox::new(Limits::default()).expect("a sandbox");
    let ask = |case: &Case| {
        let answer = answers(&sandbox, case);
        // The same document in YAML has the same answer.
        let documents = ["document.json", "document.yaml"].map(|name| case.directory.join(name));
        let exist = documents.into_iter().filter(|document| document.exists());
        exist.map(move |path| Golden { question: question(case, &path), answer: answer.clone() }).collect::<Vec<_>>()
    };
    let golden: Vec<_> = golden::all().iter().flat_map(ask).collect();
    assert!(golden.len() > golden::all().len(), "no case in YAML");
    golden
});

fn question(case: &Case, document: &Path) -> String {
    let (policy, options) = (case.expected.options.policy(), case.expected.options.options());
    let name = |provider: &_| match provider {
        VendordataProvider::StaticJson => "static-json",
        VendordataProvider::DynamicJson => "dynamic-json",
    };
    let providers = options.vendordata_providers.map(|all| all.iter().map(name).collect::<Vec<_>>().join(","));
    let mut question = format!("{}\0{}\0", document.display(), u8::from(policy.force_config_drive));
    for option in [options.dhcp_domain, options.skip_versions, providers] {
        question += &option.map_or("-\0".to_owned(), |value| format!("={value}\0"));
    }
    question
}

fn answers(sandbox: &Sandbox, case: &Case) -> String {
    let (document, mut options) = (case.document.as_bytes(), case.expected.options.options());
    options.default_random_seed = Some("AAAA".into());
    let required = sandbox.required_by(document, case.expected.options.policy());
    format!("{}\t{}", answer(required.map(|is| is.to_string())), answer(sandbox.pack(document, &options)))
}

fn answer(result: Result<String, Error>) -> String {
    match result {
        Ok(value) => format!("ok {value}"),
        Err(Error::Refused { code, message, pointer, .. }) => {
            format!("err {} {} {message}", code.name(), pointer.as_deref().unwrap_or("-"))
        }
        Err(other) => panic!("{other}"),
    }
}

// Helpers.

/// Writes the component to a temporary file.
fn component() -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new().suffix(".wasm").tempfile()?;
    file.write_all(COMPONENT)?;
    Ok(file)
}

/// Runs a program with this input, and returns its standard output.
pub fn run(command: &mut Command, input: &[u8]) -> Result<String, Failed> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().expect("a piped standard input");
    let output = thread::scope(|scope| {
        // A program that exits early reports why itself.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output()
    })?;
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if output.status.success() { Ok(out) } else { Err(format!("{command:?}: {}\n{out}\n{err}", output.status).into()) }
}
