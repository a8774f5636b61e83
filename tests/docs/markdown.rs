//! Parses a page into fenced blocks and marks.

use std::{fs, path::PathBuf};

use configdrive_support::{below, trials::Trial};

pub fn trials() -> Vec<Trial> {
    configdrive_support::trials![a_page_is_its_blocks_with_their_marks, a_misplaced_mark_is_an_error]
}

/// A Markdown file.
pub struct Page {
    /// Relative to the repository.
    pub path: String,
    pub steps: Vec<Step>,
}

/// A block, or a mark that does not belong to one.
pub struct Step {
    /// The line of the fence or of the mark, from 1.
    pub line: usize,
    pub kind: Kind,
}

pub enum Kind {
    Needs(String),
    Node(String),
    /// Commands that readers do not see.
    Hidden(String),
    Block(Block),
}

/// A fenced block.
pub struct Block {
    pub language: String,
    pub marks: Vec<Mark>,
    /// Without the fence's indentation.
    pub lines: Vec<String>,
    pub indentation: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    File(String),
    Exit(i32),
    Output,
    Background,
    NotRun(String),
    Doctest(String),
}

/// Reads `README.md` and all pages below `docs/`.
pub fn pages() -> Vec<Result<Page, String>> {
    let mut paths = vec!["README.md".to_owned()];
    let mut directories = vec!["docs".to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(below(&directory)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{directory}/{}", entry.file_name().to_string_lossy());
            if entry.file_type().unwrap().is_dir() {
                directories.push(path);
            } else if path.ends_with(".md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.into_iter().map(Page::read).collect()
}

impl Page {
    fn read(path: String) -> Result<Self, String> {
        let text = fs::read_to_string(below(&path)).unwrap();
        let steps = steps(&text).map_err(|(line, error)| format!("{path}:{line}: {error}"))?;
        Ok(Self { path, steps })
    }

    pub fn file(&self) -> PathBuf {
        below(&self.path)
    }

    /// Returns what the page needs.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match &step.kind {
            Kind::Needs(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Returns the lines of the blocks that are not run, with the reasons.
    pub fn not_run(&self) -> impl Iterator<Item = (usize, &str)> {
        self.steps.iter().filter_map(|step| match &step.kind {
            Kind::Block(block) => Some((step.line, block.not_run()?)),
            _ => None,
        })
    }
}

impl Block {
    pub fn not_run(&self) -> Option<&str> {
        self.marks.iter().find_map(|mark| match mark {
            Mark::NotRun(reason) => Some(reason.as_str()),
            _ => None,
        })
    }

    pub fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

type Error = (usize, String);

fn steps(text: &str) -> Result<Vec<Step>, Error> {
    let lines: Vec<_> = text.lines().collect();
    let mut steps = Vec::new();
    // Marks for the fence that must follow.
    let mut marks: Vec<Mark> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let number = at + 1;
        let fail = |error: &str| (number, error.to_owned());
        let unindented = line.trim_start_matches(' ');
        if unindented.starts_with("```") {
            let fence: String = unindented.chars().take_while(|c| *c == '`').collect();
            let indentation = line.len() - unindented.len();
            let language = unindented.trim_start_matches('`').trim().to_owned();
            let length =
                lines[number..].iter().position(|line| line.trim() == fence).ok_or(fail("no closing fence"))?;
            let body = &lines[number..number + length];
            let block = Block {
                language,
                marks: std::mem::take(&mut marks),
                lines: body.iter().map(|line| unindent(line, indentation).to_owned()).collect(),
                indentation,
            };
            steps.push(Step { line: number, kind: Kind::Block(block) });
            at = number + length + 1;
            continue;
        }
        let Some(comment) = unindented.strip_prefix("<!--") else {
            if !marks.is_empty() {
                return Err(fail("expected a fenced block directly after the mark"));
            }
            at += 1;
            continue;
        };
        let indentation = line.len() - unindented.len();
        let rest: Vec<_> =
            [comment].into_iter().chain(lines[number..].iter().map(|line| unindent(line, indentation))).collect();
        let end = rest.iter().position(|line| line.contains("-->")).ok_or(fail("no end of the comment"))?;
        let comment = rest[..=end].join("\n");
        let comment = comment.trim_end().strip_suffix("-->").ok_or(fail("a comment needs lines of its own"))?.trim();
        at = number + end;
        let (name, value) = comment.split_once(':').unwrap_or((comment, ""));
        let value = value.trim().to_owned();
        let kind = match name {
            "needs" => Kind::Needs(value),
            "node" => Kind::Node(value),
            "setup" | "check" => Kind::Hidden(value),
            _ => {
                let mark = mark(name, value).ok_or_else(|| fail(&format!("unknown mark {name:?}")))?;
                marks.push(mark);
                continue;
            }
        };
        steps.push(Step { line: number, kind });
    }
    Ok(steps)
}

/// Removes up to `indentation` spaces from the start of a line.
fn unindent(line: &str, indentation: usize) -> &str {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    line.get(blanks.min(indentation)..).unwrap_or_default()
}

fn mark(name: &str, value: String) -> Option<Mark> {
    match name {
        "output" | "background" if !value.is_empty() => None,
        "output" => Some(Mark::Output),
        "background" => Some(Mark::Background),
        _ if value.is_empty() => None,
        "file" => Some(Mark::File(value)),
        "exit" => Some(Mark::Exit(value.parse().ok()?)),
        "not run" => Some(Mark::NotRun(value)),
        "doctest" => Some(Mark::Doctest(value)),
        _ => None,
    }
}

fn a_page_is_its_blocks_with_their_marks() {
    let page = "<!-- needs: jq -->\n1. A file:\n\n   <!-- file: a.json -->\n   ```json\n   {\n     \"a\": 1\n   }\n   ```\n\n\
                <!-- setup:\ntrue\n-->\n<!-- exit: 3 -->\n```console\n$ false\n```\n";
    let [needs, file, setup, console] = &steps(page).unwrap()[..] else { panic!("expected four steps") };
    assert!(matches!(&needs.kind, Kind::Needs(name) if name == "jq"));
    assert!(matches!(&setup.kind, Kind::Hidden(commands) if commands == "true"));
    let (Kind::Block(file), Kind::Block(console)) = (&file.kind, &console.kind) else { panic!("expected blocks") };
    assert_eq!((file.text().as_str(), &file.marks[..]), ("{\n  \"a\": 1\n}\n", &[Mark::File("a.json".to_owned())][..]));
    assert_eq!((console.language.as_str(), &console.marks[..]), ("console", &[Mark::Exit(3)][..]));
}

fn a_misplaced_mark_is_an_error() {
    for (page, error) in [
        ("<!-- exitt: 3 -->\n```console\n$ false\n```\n", "unknown mark \"exitt\""),
        ("<!-- not run: -->\n```console\n$ false\n```\n", "unknown mark \"not run\""),
        ("<!-- exit: 3 -->\ntext\n", "expected a fenced block directly after the mark"),
        ("```console\n$ false\n", "no closing fence"),
    ] {
        assert_eq!(steps(page).err().unwrap().1, error);
    }
}
