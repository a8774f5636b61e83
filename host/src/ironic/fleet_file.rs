//! Fleet files, which list nodes with what each of them gets.
//!
//! A fleet file is JSON, either a sequence of objects (for example one per line) or a list of them, or it is YAML, either a list
//! or a sequence of documents, or a table in CSV:
//!
//! ```
//! use std::path::Path;
//!
//! # fn main() -> Result<(), configdrive_host::ironic::fleet_file::Error> {
//! let text = "
//! - node: rack1-node7
//!   document: web.json
//!   format: vfat
//!   rebuild: true
//! ";
//! let entries = configdrive_host::ironic::fleet_file::parse(text, Path::new("fleets"))?;
//! assert_eq!(entries[0].node.as_str(), "rack1-node7");
//!
//! let table = "node,format\nrack1-node7,vfat\n";
//! let rows = configdrive_host::ironic::fleet_file::parse(table, Path::new("fleets"))?;
//! assert_eq!(rows[0].options, entries[0].options);
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::content::DriveUrl;
use super::fleet_table;
use super::ident::NodeIdent;
use crate::untrusted::one_line;

/// An entry of a fleet file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The node.
    pub node: NodeIdent,
    /// The place in the file, such as `line 3`.
    pub place: String,
    /// The instance document, unless it is the same for all nodes.
    pub document: Option<Payload>,
    /// A finished drive instead of a document.
    pub drive: Option<Payload>,
    /// Whether to rebuild the node.
    pub rebuild: bool,
    /// The options for this node, by their names in the file and in their order. An option with a list has an element for each
    /// item, and one with an object has an element `KEY=VALUE` for each member. They override the options for all nodes.
    pub options: Vec<(String, String)>,
}

impl Entry {
    /// Creates an entry that has only a node.
    pub fn new(node: NodeIdent, place: impl Into<String>) -> Self {
        Self { node, place: place.into(), document: None, drive: None, rebuild: false, options: Vec::new() }
    }
}

/// Where an instance document or a drive is.
#[derive(Clone, Debug)]
pub enum Payload {
    /// A file, which is read when the node's turn comes, or a URL.
    File(PathBuf),
    /// The document itself, embedded in the fleet file. If that is JSON, its bytes are unchanged.
    Here(Arc<[u8]>),
}

impl Payload {
    /// Returns the file at a path relative to `directory`.
    pub(super) fn file(path: &str, directory: &Path) -> Self {
        Self::File(if DriveUrl::is_meant(path) { path.into() } else { directory.join(path) })
    }
}

/// Parses a fleet file. The paths of documents and drives are relative to `directory`.
pub fn parse(text: &str, directory: &Path) -> Result<Vec<Entry>, Error> {
    let text = text.trim_start_matches('\u{feff}');
    let entries = match text.trim_start().chars().next() {
        Some('{') => json_stream(text).and_then(|raw| entries(raw, directory)),
        Some('[') => serde_json::from_str(text).map_err(json_error).and_then(|raw| entries(raw, directory)),
        _ if fleet_table::is_table(text) => fleet_table::parse(text, directory),
        _ => yaml(text).and_then(|raw| entries(raw, directory)),
    };
    let entries = entries.map_err(Error)?;
    let mut places = BTreeMap::new();
    for Entry { node, place, .. } in &entries {
        if let Some(first) = places.insert(node.as_str(), place) {
            return Err(Error(format!("{place}: node {node} appears twice, first in {first}; remove one")));
        }
    }
    if entries.is_empty() {
        return Err(Error("the file names no nodes".into()));
    }
    Ok(entries)
}

/// The error for an invalid fleet file. It names the place and the problem, but quotes no values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&self.0, 300))
    }
}

impl std::error::Error for Error {}

/// An entry's members, in their order.
struct RawEntry(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for RawEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = RawEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawEntry, A::Error> {
                let mut members: Vec<(String, Box<RawValue>)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, _>()? {
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(de::Error::custom(format!("{DUPLICATE}`{}`", one_line(&name, 100))));
                    }
                    members.push((name, value));
                }
                Ok(RawEntry(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// How the message about a member that appears twice starts.
const DUPLICATE: &str = "duplicate field ";

fn entries(raw: Vec<RawEntry>, directory: &Path) -> Result<Vec<Entry>, String> {
    let entry = |(index, raw): (usize, RawEntry)| {
        let place = format!("entry {}", index + 1);
        raw.entry(&place, directory).map_err(|what| format!("{place}: {what}"))
    };
    raw.into_iter().enumerate().map(entry).collect()
}

impl RawEntry {
    fn entry(self, place: &str, directory: &Path) -> Result<Entry, String> {
        let Self(mut members) = self;
        let node = members.iter().position(|(name, _)| name == "node").map(|index| members.remove(index).1);
        let node = node.ok_or("missing field `node`")?;
        let node = serde_json::from_str(node.get()).map_err(|_| "`node` must be a node's name or its UUID")?;
        let mut entry = Entry::new(node, place);
        for (name, value) in members {
            match name.as_str() {
                "document" => entry.document = Some(payload(&name, &value, directory)?),
                "drive" => entry.drive = Some(payload(&name, &value, directory)?),
                "rebuild" => {
                    entry.rebuild = serde_json::from_str(value.get()).map_err(|_| "`rebuild` must be true or false")?;
                }
                "options" => {
                    let RawEntry(options) =
                        serde_json::from_str(value.get()).map_err(|_| "`options` must be an object")?;
                    options.iter().try_for_each(|(name, value)| add_option(&mut entry.options, name, value))?;
                }
                _ => add_option(&mut entry.options, &name, &value)?,
            }
        }
        Ok(entry)
    }
}

fn payload(name: &str, value: &RawValue, directory: &Path) -> Result<Payload, String> {
    match value.get().as_bytes().first() {
        Some(b'"') => {
            let path: String = serde_json::from_str(value.get()).map_err(json_error)?;
            Ok(Payload::file(&path, directory))
        }
        Some(b'{') => Ok(Payload::Here(value.get().as_bytes().into())),
        _ => Err(format!("`{name}` must be a path or an object")),
    }
}

/// Adds an option: a value, a list of values, or an object for an option that takes `KEY=VALUE`.
fn add_option(options: &mut Vec<(String, String)>, name: &str, value: &RawValue) -> Result<(), String> {
    let wrong = || {
        format!(
            "option {:?} must be a string, a number, a boolean, a list of these, or an object for KEY=VALUE",
            one_line(name, 100)
        )
    };
    match serde_json::from_str(value.get()).map_err(|_| wrong())? {
        // It would vanish, whatever its name.
        Value::Array(values) if values.is_empty() => return Err(wrong()),
        Value::Object(members) if members.is_empty() => return Err(wrong()),
        // Deploy steps.
        values @ Value::Array(_) if values.as_array().is_some_and(|values| values.iter().any(Value::is_object)) => {
            options.push((name.to_owned(), values.to_string()));
        }
        Value::Array(values) => {
            for value in values {
                options.push((name.to_owned(), scalar(value).ok_or_else(wrong)?));
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                let text = scalar(value.clone()).unwrap_or_else(|| value.to_string());
                options.push((name.to_owned(), format!("{key}={text}")));
            }
        }
        value => options.push((name.to_owned(), scalar(value).ok_or_else(wrong)?)),
    }
    Ok(())
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

fn json_stream(text: &str) -> Result<Vec<RawEntry>, String> {
    serde_json::Deserializer::from_str(text).into_iter().collect::<Result<_, _>>().map_err(json_error)
}

fn yaml(text: &str) -> Result<Vec<RawEntry>, String> {
    // Aliases must not expand a small file into a huge one. Without them, a text has at most as many nodes as bytes.
    let nodes = text.len().clamp(250_000, YAML_NODES);
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: nodes,
            max_events: nodes.saturating_mul(4),
            max_documents: nodes,
            max_total_scalar_bytes: text.len().saturating_mul(2).max(1 << 20),
        },
    };
    let documents: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(|error| yaml_error(&error))?;
    let entries = documents.into_iter().flat_map(|document| match document {
        Value::Array(entries) => entries,
        entry => vec![entry],
    });
    entries.map(|entry| serde_json::from_value(entry).map_err(json_error)).collect()
}

/// Describes an error without quoting values, which may be secrets: uses only those of the library's messages that quote none.
fn json_error(error: serde_json::Error) -> String {
    let place =
        if error.line() > 0 { format!("line {}, column {}: ", error.line(), error.column()) } else { String::new() };
    let what = match error.classify() {
        serde_json::error::Category::Eof => "unexpected end of file",
        serde_json::error::Category::Syntax => "invalid JSON",
        _ => {
            let text = error.to_string();
            if text.starts_with(DUPLICATE) {
                return format!("{place}{}", text.split(" at line ").next().unwrap_or_default());
            }
            "expected objects with `node` and the options of this node"
        }
    };
    format!("{place}{what}")
}

/// The maximum number of values and names in a YAML file, enough for 500,000 entries. JSON has no such limit.
const YAML_NODES: usize = 5_000_000;

fn yaml_error(error: &serde_saphyr::Error) -> String {
    if let serde_saphyr::Error::Budget { .. } = error.without_snippet() {
        return format!(
            "the YAML is too large: it has more than {YAML_NODES} values, is nested too deeply, or uses too many aliases; \
             use JSON"
        );
    }
    match error.location() {
        Some(location) => format!("line {}, column {}: invalid JSON or YAML", location.line(), location.column()),
        None => "invalid JSON or YAML".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(text: &str) -> Vec<String> {
        parse(text, Path::new("fleets")).unwrap().iter().map(|entry| format!("{entry:?}")).collect()
    }

    fn error(text: &str) -> String {
        parse(text, Path::new("")).unwrap_err().to_string()
    }

    #[test]
    fn json_lines_and_lists_and_yaml_are_equivalent() {
        let lines = concat!(
            r#"{"node": "n1", "document": "a.json", "options": {"format": "vfat", "sector_size": 4096}}"#,
            "\n",
            r#"{"node": "n2", "document": "/b.json", "rebuild": true}"#,
            "\n",
        );
        let list = format!("[{}]", lines.trim_end().replace('\n', ","));
        let yaml = "- node: n1\n  document: a.json\n  options: {format: vfat, sector_size: 4096}\n\
                    - node: n2\n  document: /b.json\n  rebuild: true\n";
        let documents = "---\nnode: n1\ndocument: a.json\noptions:\n  format: vfat\n  sector_size: 4096\n---\nnode: n2\n\
                         document: /b.json\nrebuild: true\n";
        let read = nodes(lines);
        assert!(
            read[0].contains("fleets/a.json") && read[0].contains(r#"[("format", "vfat"), ("sector_size", "4096")]"#)
        );
        assert!(read[1].contains(r#""/b.json""#) && read[1].contains("rebuild: true"));
        for same in [&*list, yaml, documents] {
            assert_eq!(nodes(same), read);
        }
    }

    #[test]
    fn a_large_fleet_can_be_yaml() {
        let entry = |number| format!("- {{node: n{number}, document: a.json, options: {{format: vfat}}}}\n");
        assert_eq!(nodes(&(0..60_000).map(entry).collect::<String>()).len(), 60_000);

        let document: String = (0..60).map(|number| format!("    k{number}: {{a: [1, 2, x]}}\n")).collect();
        let entry = |number| format!("---\nnode: n{number}\ndocument:\n{document}");
        assert_eq!(nodes(&(0..1_100).map(entry).collect::<String>()).len(), 1_100);
    }

    #[test]
    fn aliases_that_multiply_are_refused() {
        let mut text = "- node: n\n  document:\n    a0: &a0 {x: 1}\n".to_owned();
        for level in 1..20 {
            let last = format!("*a{}", level - 1);
            text += &format!("    a{level}: &a{level} [{}]\n", [last.as_str(); 10].join(", "));
        }
        assert!(error(&text).ends_with("invalid JSON or YAML"), "{}", error(&text));
    }

    #[test]
    fn an_embedded_document_is_kept_unchanged() {
        let text = r#"{"node": "n", "document": { "instance": {"a": 1.0e2,  "b": "ü"} }}"#;
        let entries = parse(text, Path::new("")).unwrap();
        let Some(Payload::Here(document)) = &entries[0].document else { panic!("{entries:?}") };
        assert_eq!(&**document, r#"{ "instance": {"a": 1.0e2,  "b": "ü"} }"#.as_bytes());
    }

    #[test]
    fn a_table_has_the_same_entries() {
        let yaml = "- node: n1\n  document: a.json\n  hostname: web-1\n  ip: [m=1/24, m=2/24]\n  meta: {role: web, n: 7}\n\
                    - node: n2\n  drive: http://h/d?x\n  hostname: web-2\n  ip: m=3/24\n  meta: {role: db}\n  rebuild: true\n";
        let table = "node,document,drive,hostname,ip,ip,meta.role,meta.n,rebuild\n\
                     n1,a.json,-,web-1,m=1/24,m=2/24,web,7,false\n\
                     \"n2\", -, http://h/d?x,web-2,m=3/24,-,db,-,true\n";
        let without_place = |text: &str| -> Vec<String> {
            let entries = parse(text, Path::new("fleets")).unwrap();
            let sorted = |mut entry: Entry| {
                entry.options.sort();
                format!("{:?}", Entry { place: String::new(), ..entry })
            };
            entries.into_iter().map(sorted).collect()
        };
        assert_eq!(without_place(table), without_place(yaml));
        assert_eq!(without_place(&table.replace(',', ";")), without_place(yaml));
        assert_eq!(
            without_place(&format!("\u{feff}{}", table.replace('\n', "\r\n").replace(',', "\t"))),
            without_place(yaml)
        );
        assert_eq!(nodes("node\nn1\n").len(), 1);
    }

    #[test]
    fn an_error_in_a_table_names_the_line() {
        for (text, words) in [
            ("node,hostname\n", "the file names no nodes"),
            ("name,hostname\nn1,web", "line 1: expected the names of the columns, one of which is `node`"),
            ("node,node\nn1,n1", "line 1: column node appears twice"),
            ("node,,ip\nn1,a,b", "line 1: column 2 has no name"),
            ("node,hostname\nn1,web\nn2", "line 3: expected 2 values, one for each column, found 1"),
            ("node,hostname\n\nn1,web\n\nn2,", "line 5: column hostname is empty"),
            ("node,hostname\n,web", "line 2: column node is empty"),
            ("node,hostname\na/b,web", "line 2: column node: expected a node's name or a UUID"),
            ("node,rebuild\nn1,hunter2", "line 2: column rebuild: expected true or false"),
            ("node,ip\nn1,1\nn2,1\nn1,2", "line 4: node n1 appears twice, first in line 2"),
        ] {
            let error = error(text);
            assert!(error.contains(words) && !error.contains("hunter2"), "{text}: {error}");
        }
    }

    #[test]
    fn an_error_names_the_entry_and_shows_no_value() {
        for (text, words) in [
            ("", "names no nodes"),
            ("[]", "names no nodes"),
            (r#"{"document": "a"}"#, "entry 1: missing field `node`"),
            (r#"{"node": "n", "document": "a", "opts": [[]]}"#, "entry 1: option \"opts\" must be"),
            (r#"{"node": "n", "document": "a", "document": "b"}"#, "duplicate field `document`"),
            (r#"{"node": "a/b", "document": "a"}"#, "entry 1: `node` must be a node's name or its UUID"),
            (r#"{"node": "n", "document": 7}"#, "entry 1: `document` must be a path or an object"),
            (r#"{"node": "n", "document": "a", "rebuild": "hunter2"}"#, "`rebuild` must be"),
            (r#"{"node": "n", "document": "a", "options": {"size": [["hunter2"]]}}"#, "option \"size\" must be"),
            (r#"[{"node": "n", "document": "a"}, {"node": "n", "document": "b"}]"#, "entry 2: node n appears twice"),
            ("{\"node\": \"n\",\n hunter2", "line 2, column 2: invalid JSON"),
            ("- node: n\n  document: a\n - hunter2: [", "line 3, column"),
            ("hunter2", "line 1: expected the names of the columns"),
            ("- hunter2", "expected objects"),
        ] {
            let error = error(text);
            assert!(error.contains(words) && !error.contains("hunter2"), "{text}: {error}");
        }
    }
}
