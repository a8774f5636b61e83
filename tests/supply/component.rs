//! What the component is made of: its crates and the panics left in it; and that only its sources determine its bytes.
//!
//! The tests read the lists of crates and panics, each with its reason, in docs/background/supply-chain.md.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
    process::Command,
};

use configdrive_host::COMPONENT;
use configdrive_support::{below, trials::Trial};
use libtest_mimic::Failed;
use sha2::{Digest, Sha256};
use wasmparser::{DataKind, Operator, Parser, Payload};

use super::run;

pub fn trials() -> Vec<Trial> {
    let deny = below("target/supply/bin/cargo-deny");
    let missing = (!deny.exists()).then_some("cargo-deny");
    vec![
        Trial::new("the_components_crates_are_those_listed", crates),
        Trial::new("no_panic_in_the_component_is_ours_and_the_others_are_those_listed", panics),
        Trial::new("every_crate_has_an_allowed_licence_and_source", move || {
            run(Command::new(deny).args(DENY)).map(drop)
        })
        .without(missing),
        Trial::new("a_build_in_another_directory_gives_the_same_bytes", rebuild).only_in_ci("a minute"),
    ]
}

const DENY: [&str; 5] = ["--workspace", "check", "bans", "licenses", "sources"];

fn crates() -> Result<(), Failed> {
    let arguments = [
        "tree",
        "--locked",
        "--package",
        "configdrive",
        "--target",
        "wasm32-wasip2",
        "--edges",
        "normal,no-proc-macro",
    ];
    let tree = run(Command::new(env::var("CARGO")?).args(arguments).args(["--prefix", "none"]))?;
    let names = tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| *name != "configdrive");
    let found: BTreeSet<_> = names.map(ToOwned::to_owned).collect();
    let listed: BTreeSet<_> = table("| crate | what for |")?.into_keys().collect();
    if found == listed { Ok(()) } else { Err(format!("expected {listed:?} as in the list, found {found:?}").into()) }
}

fn panics() -> Result<(), Failed> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for (file, ..) in places(COMPONENT)? {
        let name = match file.split('/').collect::<Vec<_>>()[..] {
            ["", "cargo", "registry", "src", _, name, ..] => {
                name.rsplit_once('-').map_or(name, |(name, _version)| name)
            }
            ["", "rustc", _, "library", name, ..] => name,
            _ => return Err(format!("a panic in {file}").into()),
        };
        *found.entry(name.to_owned()).or_default() += 1;
    }
    let mut listed = BTreeMap::new();
    for (name, row) in table("| crate | places | what they are |")? {
        listed.insert(name, row.parse::<usize>()?);
    }
    if found == listed { Ok(()) } else { Err(format!("expected {listed:?} as in the list, found {found:?}").into()) }
}

/// Builds a copy of the sources in a directory with another name, as docs/background/supply-chain.md explains.
fn rebuild() -> Result<(), Failed> {
    let directory = tempfile::Builder::new().prefix("a directory with another name ").tempdir()?;
    let root = directory.path().join("sources");
    fs::create_dir(&root)?;
    for name in [
        "Cargo.lock",
        "Cargo.toml",
        "benches",
        "bindings/generate",
        "fuzz/checks",
        "host",
        "rust-toolchain.toml",
        "src",
        "tests",
        "wit",
    ] {
        copy(&below(name), &root.join(name))?;
    }
    let mut script = Command::new(root.join("tests/supply/rebuild"));
    script.arg(directory.path().join("target"));
    let built = fs::read(run(&mut script)?.trim_end())?;
    let digest: String = Sha256::digest(COMPONENT).iter().map(|byte| format!("{byte:02x}")).collect();
    println!("component sha256 {digest}");
    // The build script appends sections that describe the component.
    if COMPONENT.starts_with(&built) { Ok(()) } else { Err("the component has other bytes".into()) }
}

/// Returns the places of panics: file, line and column of each `core::panic::Location` in the component's memory.
fn places(component: &[u8]) -> Result<BTreeSet<(String, u32, u32)>, Failed> {
    let mut memory = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        let Payload::DataSection(section) = payload? else { continue };
        for segment in section {
            let segment = segment?;
            let DataKind::Active { offset_expr, .. } = segment.kind else { continue };
            let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else { continue };
            let start = usize::try_from(value)?;
            memory.resize(memory.len().max(start + segment.data.len()), 0);
            memory[start..start + segment.data.len()].copy_from_slice(segment.data);
        }
    }
    let words: Vec<u32> = memory.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let place = |&[pointer, length, line, column]: &[u32; 4]| {
        let text = memory.get(pointer as usize..)?.get(..length as usize)?;
        let file = str::from_utf8(text).ok().filter(|file| file.ends_with(".rs") && line > 0 && column > 0)?;
        Some((file.to_owned(), line, column))
    };
    Ok(words.array_windows().filter_map(place).collect())
}

/// Returns the first two cells of each row of the table with this heading.
fn table(heading: &str) -> Result<BTreeMap<String, String>, Failed> {
    let page = fs::read_to_string(below("docs/background/supply-chain.md"))?;
    let (_, rows) = page.split_once(heading).ok_or("docs/background/supply-chain.md lacks a table")?;
    let rows = rows.lines().skip(2).map_while(|row| row.strip_prefix("| ")?.split_once(" | "));
    Ok(rows.map(|(name, rest)| (name.to_owned(), rest.split(" |").next().unwrap_or_default().to_owned())).collect())
}

fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    if !from.is_dir() {
        fs::copy(from, to)?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}
