//! What is distributed: the component through a registry, completions, manual pages, and the interface's page.
//!
//! With `CONFIGDRIVE_BLESS=1` the interface's page is overwritten.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
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
        Trial::new("the_page_is_served_and_nothing_else", page),
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
    file.write_all(run(configdrive().args(["completions", shell]))?.as_bytes())?;
    run(Command::new(shell).arg("-n").arg(file.path())).map(drop)
}

fn page() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let folder = directory.path().join("page");
    fs::create_dir_all(folder.join("component"))?;
    fs::write(folder.join("index.html"), "<title>page</title>")?;
    fs::write(folder.join("component/a.wasm"), "module")?;
    fs::write(folder.join(".hidden.html"), "hidden")?;
    fs::write(directory.path().join("secret.html"), "secret")?;
    let mut server = configdrive().args(["page", "--port", "0"]).arg(&folder).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("a piped standard output")).read_line(&mut line)?;
    let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let ask = |request: &str| -> io::Result<String> {
        let mut stream = TcpStream::connect(&address)?;
        write!(stream, "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answers = || -> Result<(), Failed> {
        for (request, status, rest) in [
            ("GET /", "200 ", "\r\ncontent-type: text/html; charset=utf-8\r\n"),
            ("GET /?seconds=1", "200 ", "<title>page</title>"),
            ("GET /component/a.wasm", "200 ", "\r\ncontent-type: application/wasm\r\n"),
            ("GET /../secret.html", "404 ", ""),
            ("GET /component/../../secret.html", "404 ", ""),
            ("GET //etc/hosts.html", "404 ", ""),
            ("GET /%2e%2e/secret.html", "404 ", ""),
            ("GET /.hidden.html", "404 ", ""),
            ("GET /component", "404 ", ""),
            ("GET /none.html", "404 ", ""),
            ("POST /", "405 ", ""),
            ("HEAD /", "200 ", "\r\ncontent-length: 19\r\n"),
            ("", "400 ", ""),
        ] {
            let answer = ask(request)?;
            if !(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(rest))
                || answer.contains("secret")
            {
                return Err(format!("{request}: {answer}").into());
            }
        }
        Ok(())
    };
    let result = answers();
    server.kill()?;
    server.wait()?;
    result
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
