//! What is distributed: the component through a registry, completions, manual pages, and the interface's page.
//!
//! With `CONFIGDRIVE_BLESS=1` the interface's page is overwritten.

use std::{
    env, fs,
    process::{Command, Stdio},
};

use configdrive_host::COMPONENT;
use configdrive_support::{below, tools, trials::Trial};
use libtest_mimic::Failed;
use wit_bindgen_core::{Files, wit_parser::Resolve};

pub fn trials() -> Vec<Trial> {
    let missing = |path: &'static str| (!below(path).exists()).then_some(path);
    let client = missing(REGISTRY).or_else(|| missing("target/bindings/complete"));
    let mut trials = vec![
        Trial::new("a_registry_returns_the_component_unchanged", registry).without(client),
        Trial::new("manual_pages_are_well_formed", manual_pages).without(tools::missing(&["mandoc"])),
        Trial::new("completions_name_every_verb", completions),
        Trial::new("the_interface_page_is_up_to_date", interface),
    ];
    for shell in ["bash", "fish", "zsh"] {
        let trial = Trial::new(format!("{shell}_reads_its_completions"), move || shell_reads(shell));
        trials.push(trial.without(tools::missing(&[shell])));
    }
    trials
}

const REGISTRY: &str = "target/bindings/docker-registry";

fn registry() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let component = directory.path().join("configdrive.wasm");
    fs::write(&component, COMPONENT)?;
    let mut client = Command::new(below("target/bindings/venv/bin/python"));
    client.arg(below("tests/bindings/oci.py")).arg(below(REGISTRY));
    run(client.arg(component).arg(directory.path())).map(drop)
}

fn manual_pages() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    for verb in [None].into_iter().chain(verbs()?.iter().map(|verb| Some(verb.as_str()))) {
        let page = run(configdrive().arg("man").args(verb))?;
        let file = directory.path().join("page.1");
        fs::write(&file, &page)?;
        run(Command::new("mandoc").args(["-T", "lint", "-W", "error,stop"]).arg(&file))?;
        let title = verb.map_or("configdrive 1".to_owned(), |verb| format!("configdrive-{verb} 1"));
        if !page.contains(&format!(".TH {title}")) {
            return Err(format!("{verb:?}: the title {title:?} is missing").into());
        }
    }
    Ok(())
}

fn completions() -> Result<(), Failed> {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(configdrive().args(["completions", shell]))?;
        if let Some(verb) = verbs()?.iter().find(|verb| !script.contains(verb.as_str())) {
            return Err(format!("{shell}: {verb} is missing").into());
        }
    }
    Ok(())
}

fn shell_reads(shell: &str) -> Result<(), Failed> {
    let mut file = tempfile::NamedTempFile::new()?;
    std::io::Write::write_all(&mut file, run(configdrive().args(["completions", shell]))?.as_bytes())?;
    run(Command::new(shell).arg("-n").arg(file.path())).map(drop)
}

fn interface() -> Result<(), Failed> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(below("wit")).map_err(|error| format!("{error:#}"))?;
    let world = resolve.select_world(&[package], None).map_err(|error| format!("{error:#}"))?;
    let mut files = Files::default();
    let mut markdown = wit_bindgen_markdown::Opts::default().build();
    markdown.generate(&mut resolve, world, &mut files).map_err(|error| format!("{error:#}"))?;
    let (_, page) = files.iter().find(|(name, _)| name.ends_with(".md")).ok_or("no page was generated")?;
    let path = below("docs/reference/interface.md");
    if env::var_os("CONFIGDRIVE_BLESS").is_some() {
        fs::write(&path, page)?;
    }
    if fs::read(&path)? == page {
        return Ok(());
    }
    Err("docs/reference/interface.md is older than wit/; CONFIGDRIVE_BLESS=1 renews it".into())
}

fn verbs() -> Result<Vec<String>, Failed> {
    let help = run(configdrive().arg("--help"))?;
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).ok_or("no list of verbs")?;
    // Continuation lines of a description are indented more than a verb.
    let lines = list.lines().filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    Ok(lines.filter_map(|line| line.split_whitespace().next()).map(ToOwned::to_owned).collect())
}

fn configdrive() -> Command {
    Command::new(env!("CARGO_BIN_EXE_configdrive"))
}

fn run(command: &mut Command) -> Result<String, Failed> {
    let output = command.stdin(Stdio::null()).output()?;
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if output.status.success() { Ok(out) } else { Err(format!("{command:?}: {}\n{out}\n{err}", output.status).into()) }
}
