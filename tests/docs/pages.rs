//! Runs each page as a test.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use configdrive_host::COMPONENT;
use configdrive_support::{below, root, tools, trials::Trial};
use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::{
    markdown::{self, Block, Kind, Mark, Page},
    output::{bless, difference, lines, matches},
    services,
    shell::{Background, Shell},
};

pub fn trials() -> Vec<Trial> {
    let mut not_run = Vec::new();
    let trials = markdown::pages().into_iter().map(|page| match page {
        Ok(page) => {
            not_run.extend(page.not_run().map(|(line, reason)| format!("{}:{line}: {reason}", page.path)));
            let missing = page.needs().find_map(missing);
            Trial::new(page.path.clone(), move || run(&page)).without(missing)
        }
        Err(error) => Trial::new(error.clone(), move || Err(Failed::from(error))),
    });
    let trials = trials.collect();
    eprintln!("{} blocks of the documentation are not run:", not_run.len());
    for block in not_run {
        eprintln!("  {block}");
    }
    trials
}

/// Returns what is missing for this need, if anything.
fn missing(need: &str) -> Option<String> {
    let complete = match need {
        "ironic" => return None,
        "python" => "target/docs/complete",
        "nova" => "target/bindings/complete",
        "go" => "target/bindings/go/complete",
        program => return tools::missing(&[program]),
    };
    (!below(complete).exists()).then(|| complete.to_owned())
}

fn run(page: &Page) -> Result<(), Failed> {
    let mut run = Run::start(page)?;
    for step in &page.steps {
        let result = match &step.kind {
            Kind::Needs(_) => Ok(()),
            Kind::Node(arguments) => services::enroll(arguments),
            Kind::Hidden(commands) => run.script(commands),
            Kind::Block(block) => run.block(page, step.line, block),
        };
        result.map_err(|error| format!("{}:{}: {error}", page.path, step.line))?;
    }
    run.write_blessed(page);
    Ok(())
}

struct Run {
    directory: TempDir,
    shell: Shell,
    background: Vec<Background>,
    /// For commands in the background.
    environment: Environment,
    /// The output of the last command.
    output: String,
    /// Ranges of lines to replace, with the new lines.
    blessed: Vec<(std::ops::Range<usize>, Vec<String>)>,
}

impl Run {
    fn start(page: &Page) -> Result<Self, Failed> {
        let directory = TempDir::new()?;
        let environment = Environment::prepare(page, directory.path())?;
        let shell = Shell::start(&mut environment.command())?;
        Ok(Self { directory, shell, background: Vec::new(), environment, output: String::new(), blessed: Vec::new() })
    }

    /// Runs the block whose fence is on this line.
    fn block(&mut self, page: &Page, line: usize, block: &Block) -> Result<(), String> {
        for mark in &block.marks {
            match mark {
                Mark::NotRun(_) => return Ok(()),
                Mark::File(path) => return self.file(path, block),
                Mark::Output => return self.shown(&self.output.clone(), &block.lines, line, block),
                Mark::Background => return self.background(block),
                Mark::Doctest(source) => return doctest(source, page),
                Mark::Exit(_) => {}
            }
        }
        match block.language.as_str() {
            "console" => self.console(line, block),
            "sh" => self.script(&block.text()),
            "python" => self.python(block),
            "text" => Ok(()),
            "rust" => Err("expected a mark that says which source file includes the page as a doctest".to_owned()),
            other => Err(format!("a block in {other:?} needs a mark: a file, an output, or not run")),
        }
    }

    fn file(&self, path: &str, block: &Block) -> Result<(), String> {
        let path = self.environment.home.join(path);
        let written = fs::create_dir_all(path.parent().unwrap()).and_then(|()| fs::write(&path, block.text()));
        written.map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    fn script(&mut self, commands: &str) -> Result<(), String> {
        let answer = self.shell.run(commands)?;
        self.output = answer.output;
        if answer.code == 0 { Ok(()) } else { Err(format!("exit code {}:\n{}", answer.code, self.output)) }
    }

    fn python(&mut self, block: &Block) -> Result<(), String> {
        let script = self.directory.path().join("block.py");
        fs::write(&script, block.text()).map_err(|error| error.to_string())?;
        self.script(&format!("python3 {}", script.display()))
    }

    fn console(&mut self, line: usize, block: &Block) -> Result<(), String> {
        let commands = commands(block)?;
        let last = commands.len() - 1;
        let code = block.marks.iter().find_map(|mark| match mark {
            Mark::Exit(code) => Some(*code),
            _ => None,
        });
        for (index, command) in commands.iter().enumerate() {
            let expected = if index == last { code.unwrap_or(0) } else { 0 };
            let answer = self.shell.run(&command.text)?;
            self.output = answer.output;
            if answer.code != expected {
                let (text, output) = (&command.text, &self.output);
                return Err(format!("$ {text}\nexpected exit code {expected}, found {}:\n{output}", answer.code));
            }
            let output = self.output.clone();
            self.shown(&output, command.output, line + command.output_at, block)
                .map_err(|error| format!("$ {}\n{error}", command.text))?;
        }
        Ok(())
    }

    /// Compares an output with the lines of the page after this one.
    fn shown(&mut self, output: &str, shown: &[String], line: usize, block: &Block) -> Result<(), String> {
        let actual = lines(output);
        let shown_text = lines(&shown.join("\n"));
        if matches(&shown_text, &actual) {
            return Ok(());
        }
        if env::var_os("CONFIGDRIVE_BLESS").is_none() {
            return Err(format!(
                "the output differs; CONFIGDRIVE_BLESS=1 updates the page:\n{}",
                difference(&shown_text, &actual)
            ));
        }
        let indentation = " ".repeat(block.indentation);
        let blessed = bless(&shown_text, &actual).iter().map(|line| format!("{indentation}{line}")).collect();
        self.blessed.push((line..line + shown.len(), blessed));
        Ok(())
    }

    fn background(&mut self, block: &Block) -> Result<(), String> {
        let [command] = &commands(block)?[..] else { return Err("expected one command".to_owned()) };
        let shown = lines(&command.output.join("\n"));
        let mut shell = self.environment.command();
        shell.args(["-c", &command.text]);
        let started = Background::start(&mut shell, |output| matches(&shown, &lines(output)))
            .map_err(|output| format!("$ {}\n{}", command.text, difference(&shown, &lines(&output))))?;
        self.background.push(started);
        Ok(())
    }

    fn write_blessed(self, page: &Page) {
        if self.blessed.is_empty() {
            return;
        }
        let text = fs::read_to_string(page.file()).unwrap();
        let mut all: Vec<_> = text.lines().map(str::to_owned).collect();
        for (range, blessed) in self.blessed.into_iter().rev() {
            all.splice(range, blessed);
        }
        fs::write(page.file(), all.join("\n") + "\n").unwrap();
    }
}

/// A command of a console block, with its output.
struct Entry<'a> {
    text: String,
    output: &'a [String],
    /// The index of the output's first line in the block.
    output_at: usize,
}

fn commands(block: &Block) -> Result<Vec<Entry<'_>>, String> {
    let mut commands = Vec::new();
    let mut at = 0;
    while at < block.lines.len() {
        let first = block.lines[at].strip_prefix("$ ").ok_or("expected a block that starts with a line `$ command`")?;
        let mut text = first.to_owned();
        at += 1;
        while let Some(more) = block.lines.get(at).and_then(|line| line.strip_prefix('>')) {
            text += "\n";
            text += more.strip_prefix(' ').unwrap_or(more);
            at += 1;
        }
        let length = block.lines[at..].iter().take_while(|line| !line.starts_with("$ ")).count();
        commands.push(Entry { text, output: &block.lines[at..at + length], output_at: at });
        at += length;
    }
    if commands.is_empty() { Err("expected a command".to_owned()) } else { Ok(commands) }
}

/// Checks that a source file includes the page, so that `cargo test` runs its Rust blocks.
fn doctest(source: &str, page: &Page) -> Result<(), String> {
    let source = below(source);
    let text = fs::read_to_string(&source).map_err(|error| format!("cannot read {}: {error}", source.display()))?;
    let mut included = text.split("include_str!(\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0));
    let page = page.file();
    let is_page = |path| source.parent().unwrap().join(path).canonicalize().is_ok_and(|path| path == page);
    if included.any(is_page) { Ok(()) } else { Err(format!("{} does not include the page", source.display())) }
}

/// The directory and the variables of a page's commands.
struct Environment {
    home: PathBuf,
    variables: Vec<(String, String)>,
}

impl Environment {
    fn prepare(page: &Page, directory: &Path) -> Result<Self, Failed> {
        let home = directory.join("home");
        let bin = directory.join("bin");
        fs::create_dir(&home)?;
        fs::create_dir(&bin)?;
        symlink(env!("CARGO_BIN_EXE_configdrive"), bin.join("configdrive"))?;
        symlink(root(), home.join("repo"))?;

        let mut path = vec![bin.clone()];
        let mut variables = vec![("HOME".to_owned(), home.display().to_string())];
        variables.extend(["NO_PROXY", "no_proxy"].map(|name| (name.to_owned(), "127.0.0.1".to_owned())));
        for (name, value) in
            [("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("COLUMNS", "100"), ("PYTHONDONTWRITEBYTECODE", "1")]
        {
            variables.push((name.to_owned(), value.to_owned()));
        }
        for need in page.needs() {
            match need {
                "ironic" => {
                    let ironic = services::ironic();
                    write_ironic_py(&bin.join("ironic.py"))?;
                    variables.push(("OS_AUTH_TYPE".to_owned(), "none".to_owned()));
                    variables.push(("OS_ENDPOINT".to_owned(), ironic.endpoint.clone()));
                    variables.push(("IRONIC_DATABASE".to_owned(), ironic.database.clone()));
                }
                "python" => {
                    path.push(below("target/docs/venv/bin"));
                    variables.push((
                        "ANSIBLE_COLLECTIONS_PATH".to_owned(),
                        below("target/docs/collections").display().to_string(),
                    ));
                    variables.push(("ANSIBLE_NOCOLOR".to_owned(), "1".to_owned()));
                }
                "nova" => {
                    path.push(below("target/bindings/venv/bin"));
                    variables.push(("PYTHONPATH".to_owned(), below("bindings/python").display().to_string()));
                }
                "go" => {
                    configdrive_generate::embed(COMPONENT)?;
                    let go = below("target/bindings/go");
                    for (name, value) in [("GOCACHE", go.join("cache")), ("GOMODCACHE", go.join("mod"))] {
                        variables.push((name.to_owned(), value.display().to_string()));
                    }
                    for (name, value) in [("GOPROXY", "off"), ("GOFLAGS", "-modcacherw"), ("GOTOOLCHAIN", "local")] {
                        variables.push((name.to_owned(), value.to_owned()));
                    }
                }
                _ => {}
            }
        }
        path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        path.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
        variables.push(("PATH".to_owned(), env::join_paths(path)?.into_string().unwrap()));
        Ok(Self { home, variables })
    }

    /// Returns a shell in the page's directory.
    fn command(&self) -> Command {
        let mut command = Command::new("sh");
        command.current_dir(&self.home);
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("OS_") || name == "CONFIGDRIVE_BLESS" {
                command.env_remove(name);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Writes `ironic.py` as a command that knows the database.
fn write_ironic_py(path: &Path) -> Result<(), Failed> {
    let python = services::python();
    let script = below("tests/ironic/ironic.py");
    let text = format!(
        "#!/bin/sh\ncase $1 in lock | unlock | finish | stored) set -- \"$@\" --database \"$IRONIC_DATABASE\" ;; esac\n\
         exec '{}' '{}' \"$@\"\n",
        python.display(),
        script.display(),
    );
    fs::write(path, text)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}
