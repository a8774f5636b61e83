//! The reference of findings: an entry for each code, with examples and tests that exist.
//!
//! What is wrong and who loses what are written by hand. All else of an entry, and the list of codes, comes from the codes and the
//! faults: `CONFIGDRIVE_BLESS=1` updates it.

use std::{collections::BTreeMap, env, fs};

use configdrive::{
    check::{Code, Scope, Severity},
    image::read::FileSystem,
};
use configdrive_support::{below, trials, trials::Trial};
use configdrive_test_drives::faults::{self, Drive, Fault};
use libtest_mimic::Failed;
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    trials![each_code_has_an_entry_with_all_its_parts, each_test_that_an_entry_names_exists]
}

const INDEX: &str = "findings.md";
const PAGES: [&str; 3] = ["findings-drive.md", "findings-user-data.md", "findings-network.md"];

/// Tests of other kinds than a claim about a fault: of this binary, or `library::` of that one; and what was seen by hand.
const OTHER_TESTS: &[(Code, &[&str], &str)] = &[
    (Code::WrongLabel, &[], "seen on virtual machines with Linux 6.1 and 6.12"),
    (Code::ImageTooLarge, &["the_agent_finds_an_image_over_its_limit"], ""),
    (
        Code::NotFor4knDisks,
        &["library::each_fault_is_found_and_nothing_else"],
        "Linux 6.1 and 6.12 were seen to refuse such a drive on virtual machines",
    ),
    (Code::VfatUnderIronicsCheck, &["ironic_cannot_open_a_fat"], ""),
    (Code::InvalidHostName, &["linux_refuses_the_host_names_that_check_reports"], ""),
    (Code::InvalidCloudConfig, &["check_accepts_exactly_the_cloud_configs_that_pyyaml_loads"], ""),
    (
        Code::UserDataTooLargeForNova,
        &["library::user_data_of_an_instance_is_measured_in_base64"],
        "the limit is Nova 34's `MAX_USERDATA_SIZE`",
    ),
    (Code::ButaneConfiguration, &["ignition_accepts_exactly_what_check_leaves_to_it"], ""),
    (Code::TalosConfiguration, &[], "Talos Linux was not run"),
    (Code::MisspeltMember, &["library::a_misspelt_member_of_an_instance_document_is_reported"], ""),
    (
        Code::LinkWithoutMtu,
        &["ironic_rebuilds_exactly_the_drives_that_check_reports"],
        "a node with a bond was tried by hand, with made-up responses from Neutron",
    ),
    (Code::GatewayOutsideNetwork, &["linux_refuses_the_gateways_that_check_reports"], ""),
    (Code::DnsInOnePlace, &[], "newer cloud-init was also seen on a virtual machine"),
];

/// Examples of codes that no drive of the tests has.
const OTHER_EXAMPLES: &[(Code, &str)] = &[
    (Code::VfatUnderIronicsCheck, "a drive built with `--format vfat`"),
    (Code::MisspeltMember, "`#/instance/userData` instead of `#/instance/user_data`"),
];

fn each_code_has_an_entry_with_all_its_parts() -> Result<(), Failed> {
    let mut places = BTreeMap::new();
    for page in PAGES {
        compare(page, |text| {
            let mut sections = text.split("\n### ");
            let mut page_text = sections.next().unwrap_or_default().to_owned();
            for section in sections {
                // The next heading of a group ends the entry.
                let (section, rest) = section.split_at(section.find("\n## ").unwrap_or(section.len()));
                let entry = Entry::parse(section).ok_or_else(|| format!("{page}: not an entry: {section}"))?;
                if let Some(other) = places.insert(entry.code, page) {
                    return Err(format!("{page}: {} is in {other} as well", entry.code).into());
                }
                page_text += &format!("\n{}{rest}", entry.text());
            }
            Ok(page_text)
        })?;
    }
    if let Some(code) = Code::ALL.iter().find(|code| !places.contains_key(code)) {
        return Err(format!("{code} has no entry in {}", PAGES.join(", ")).into());
    }
    compare(INDEX, |text| {
        const HEADING: &str = "## Codes\n\n";
        let (before, _) = text.split_once(HEADING).ok_or("no heading of the codes")?;
        let row = |(code, page): (&Code, &str)| {
            format!("| [`{code}`]({page}#{code}) | {} | {} |\n", code.severity(), code.remedy())
        };
        let rows = PAGES
            .map(|page| Code::ALL.iter().filter(|code| places[code] == page).map(|code| row((code, page))).collect());
        Ok(format!(
            "{before}{HEADING}| code | severity | fix |\n| --- | --- | --- |\n{}",
            rows.map(|rows: String| rows).concat()
        ))
    })
}

fn each_test_that_an_entry_names_exists() -> Result<(), Failed> {
    let modules =
        [crate::claims::trials(), crate::cloud_config::trials(), crate::ignition::trials(), crate::sound::trials()];
    let names: Vec<_> = modules.iter().flatten().map(Trial::name).collect();
    let library = fs::read_to_string(below("tests/library/check.rs"))?;
    let exists = |name: &str| match name.strip_prefix("library::") {
        Some(name) => library.contains(&format!("\nfn {name}(")),
        None => names.iter().any(|other| *other == name || other.ends_with(&format!("_with_{name}"))),
    };
    let missing =
        |code: &Code| tests(*code).into_iter().find(|name| !exists(name)).map(|name| format!("{code}: no test {name}"));
    match Code::ALL.iter().find_map(missing) {
        Some(missing) => Err(missing.into()),
        None => Ok(()),
    }
}

/// Compares a page with what it should be, or updates it.
fn compare(page: &str, update: impl FnOnce(&str) -> Result<String, Failed>) -> Result<(), Failed> {
    let path = below("docs/reference").join(page);
    let text = fs::read_to_string(&path)?;
    let updated = update(&text)?;
    if updated == text {
        return Ok(());
    }
    if env::var_os("CONFIGDRIVE_BLESS").is_some() {
        return Ok(fs::write(path, updated)?);
    }
    let (line, (found, expected)) = (1..)
        .zip(text.lines().zip(updated.lines()))
        .find(|(_, (found, expected))| found != expected)
        .unwrap_or_default();
    Err(format!("{page}:{line}: expected {expected:?}, found {found:?}; CONFIGDRIVE_BLESS=1 updates the page").into())
}

/// An entry: the parts that are written by hand.
struct Entry<'a> {
    code: Code,
    what: &'a str,
    lost: &'a str,
}

impl<'a> Entry<'a> {
    fn parse(section: &'a str) -> Option<Self> {
        let (heading, rest) = section.split_once("\n\n**")?;
        let code = Code::ALL.iter().find(|code| heading == format!("`{code}`"))?;
        let (what, rest) = rest.split_once(": ")?.1.split_once("\n\n- **Who loses what**: ")?;
        let (lost, _) = rest.split_once("\n- **Example**:")?;
        let is_written = [what, lost].iter().all(|part| part.ends_with('.') && part.len() > 5);
        is_written.then_some(Self { code: *code, what, lost })
    }

    fn text(&self) -> String {
        let Self { code, what, lost } = self;
        let severity = match code.severity() {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
        };
        let asked = match code.scope() {
            Scope::Everywhere => "",
            Scope::FlatOrNeutron => ", reported with `--for flat`",
            Scope::FourKDisks => ", reported with `--for 4kn`",
        };
        let mut tests: String = tests(*code).iter().map(|name| format!("`{name}`, ")).collect();
        tests.truncate(tests.trim_end_matches(", ").len());
        let seen = OTHER_TESTS.iter().find(|(of, ..)| of == code).map_or("", |(.., seen)| seen);
        let tests = [&tests, seen].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
        format!(
            "### `{code}`\n\n**{severity}**{asked}: {what}\n\n- **Who loses what**: {lost}\n- **Example**: {}\n- **Fix**: \
             {}.\n{}\n",
            examples(*code).join("; "),
            code.remedy(),
            wrap(&format!("- **Tests**: {tests}.")),
        )
    }
}

/// Returns the names of the tests about a code, as filters of the test binary.
fn tests(code: Code) -> Vec<&'static str> {
    let of_faults =
        faults::all().filter(|fault| fault.code == code && !fault.claims.is_empty()).map(|fault| fault.name);
    let others = OTHER_TESTS.iter().filter(|(of, ..)| *of == code).flat_map(|(_, tests, _)| *tests).copied();
    of_faults.chain(others).collect()
}

/// Returns up to three of the shortest changes that make a sound drive faulty.
fn examples(code: Code) -> Vec<String> {
    let others = OTHER_EXAMPLES.iter().filter(|(of, _)| *of == code).map(|(_, example)| vec![(*example).to_owned()]);
    let faults = faults::all().filter(|fault| fault.code == code).map(changes);
    let mut all: Vec<_> = others.chain(faults).collect();
    all.sort_by_key(|changes| (changes.len(), changes.iter().map(String::len).sum::<usize>()));
    let mut all: Vec<_> = all.into_iter().map(|changes| changes.join(" and ")).collect();
    all.dedup();
    let first = all.first().map_or(0, String::len);
    all.into_iter().take(3).filter(|example| example.len() <= first.max(100)).collect()
}

/// Returns how a fault changes a sound drive.
fn changes(fault: &Fault) -> Vec<String> {
    let (sound, mut drive) = (Drive::sound(), Drive::sound());
    (fault.introduce)(&mut drive);
    let mut changes = Vec::new();
    if drive.label != sound.label {
        changes.push(format!("the label `{}` instead of `{}`", drive.label, sound.label));
    }
    if drive.size != sound.size {
        changes.push(format!("an image of {} bytes", drive.size));
    }
    if drive.file_system != sound.file_system {
        changes.push(match drive.file_system {
            FileSystem::Fat { sector_size, .. } => format!("a FAT with sectors of {sector_size} bytes"),
            _ => "an ISO 9660 image".into(),
        });
    }
    changes.extend(drive.missing.iter().map(|path| format!("no `{path}`")));
    compare_json("meta_data.json#", &sound.meta_data, &drive.meta_data, &mut changes);
    compare_json("network_data.json#", &sound.network_data, &drive.network_data, &mut changes);
    for (path, content) in drive.files.iter().filter(|(path, content)| sound.files.get(*path) != Some(content)) {
        let name = match path.rsplit_once('/') {
            // The same file is in both directories.
            Some((directory, name)) if drive.files.get(&format!("openstack/latest/{name}")) == Some(content) => {
                if directory != "openstack/latest" {
                    continue;
                }
                name
            }
            _ => path,
        };
        let text = match str::from_utf8(content) {
            Ok(text) if name.ends_with(".json") => text.to_owned(),
            Ok(text) => Value::from(text).to_string().replace('\u{feff}', "\\ufeff"),
            Err(_) => format!("\"{}\"", content.escape_ascii()),
        };
        changes.push(format!("`{name}`: `{}`", short(&text)));
    }
    changes
}

fn compare_json(place: &str, sound: &Value, faulty: &Value, changes: &mut Vec<String>) {
    match (sound, faulty) {
        _ if sound == faulty => {}
        (Value::Object(old), Value::Object(new))
            if new.iter().filter(|(name, value)| old.get(*name) != Some(value)).count() > 2 =>
        {
            changes.push(format!("`{place}`: `{}`", short(&faulty.to_string())));
        }
        (Value::Object(sound), Value::Object(faulty)) if !faulty.is_empty() => {
            let added = faulty.keys().filter(|name| !sound.contains_key(*name));
            for name in sound.keys().chain(added) {
                let place = format!("{place}/{name}");
                match (sound.get(name), faulty.get(name)) {
                    (Some(sound), Some(faulty)) => compare_json(&place, sound, faulty, changes),
                    (_, Some(faulty)) => changes.push(format!("`{place}`: `{}`", short(&faulty.to_string()))),
                    (_, None) => changes.push(format!("no `{place}`")),
                }
            }
        }
        (Value::Array(sound), Value::Array(faulty)) if !faulty.is_empty() => {
            for index in 0..sound.len().max(faulty.len()) {
                let place = format!("{place}/{index}");
                match (sound.get(index), faulty.get(index)) {
                    (Some(sound), Some(faulty)) => compare_json(&place, sound, faulty, changes),
                    (_, Some(faulty)) => changes.push(format!("`{place}`: `{}`", short(&faulty.to_string()))),
                    (_, None) => changes.push(format!("no `{place}`")),
                }
            }
        }
        _ => {
            let instead = match sound {
                Value::Object(_) | Value::Array(_) => String::new(),
                sound => format!(" instead of `{sound}`"),
            };
            changes.push(format!("`{}`: `{}`{instead}", place.trim_end_matches('#'), short(&faulty.to_string())));
        }
    }
}

/// Cuts what is only long.
fn short(text: &str) -> String {
    const MAX: usize = 200;
    if text.chars().count() <= MAX { text.to_owned() } else { text.chars().take(40).chain(['…']).collect() }
}

/// Breaks the lines of an item in a list.
fn wrap(text: &str) -> String {
    let (mut wrapped, mut column) = (String::new(), 0);
    for word in text.split(' ') {
        if column > 0 && column + 1 + word.len() > 158 {
            wrapped += "\n ";
            column = 1;
        }
        if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped += word;
        column += word.len();
    }
    wrapped
}
