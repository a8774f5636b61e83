//! Fleet files, which list nodes with their documents.
//!
//! A fleet file is JSON, either a sequence of objects (for example one per line) or a list of them, or it is YAML, either a list
//! or a sequence of documents:
//!
//! ```
//! use std::path::Path;
//!
//! # fn main() -> Result<(), configdrive_host::ironic::fleet_file::Error> {
//! let text = "
//! - node: rack1-node7
//!   document: web.json
//!   options: {format: vfat}
//!   rebuild: true
//! ";
//! let entries = configdrive_host::ironic::fleet_file::parse(text, Path::new("fleets"))?;
//! assert_eq!(entries[0].node.as_str(), "rack1-node7");
//! # Ok(())
//! # }
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::ident::NodeIdent;
use crate::untrusted::one_line;

/// An entry of a fleet file.
#[derive(Debug)]
pub struct Entry {
    /// The node.
    pub node: NodeIdent,
    /// The instance document.
    pub document: Document,
    /// Whether to rebuild the node.
    pub rebuild: bool,
    /// The operator's options for this node, by their names in the file. They override the options for all nodes.
    pub options: BTreeMap<String, String>,
}

/// Where an instance document is.
#[derive(Debug)]
pub enum Document {
    /// A file, which is read when the node's turn comes.
    File(PathBuf),
    /// The document itself, embedded in the fleet file. If that is JSON, its bytes are unchanged.
    Here(Arc<[u8]>),
}

/// Parses a fleet file. The documents' paths are relative to `directory`.
pub fn parse(text: &str, directory: &Path) -> Result<Vec<Entry>, Error> {
    let raw = match text.trim_start().chars().next() {
        Some('{') => json_stream(text),
        Some('[') => serde_json::from_str(text).map_err(json_error),
        _ => yaml(text),
    };
    let mut nodes = BTreeSet::new();
    let mut entries = Vec::new();
    for (number, raw) in raw.map_err(Error)?.into_iter().enumerate() {
        let entry = raw.entry(directory).map_err(|what| Error(format!("entry {}: {what}", number + 1)))?;
        if !nodes.insert(entry.node.as_str().to_owned()) {
            return Err(Error(format!("entry {}: node {} appears twice", number + 1, entry.node)));
        }
        entries.push(entry);
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    node: NodeIdent,
    document: Box<RawValue>,
    #[serde(default)]
    rebuild: bool,
    #[serde(default)]
    options: BTreeMap<String, Value>,
}

impl RawEntry {
    fn entry(self, directory: &Path) -> Result<Entry, String> {
        let document = match self.document.get().as_bytes().first() {
            Some(b'"') => {
                let path: String = serde_json::from_str(self.document.get()).map_err(json_error)?;
                Document::File(directory.join(path))
            }
            Some(b'{') => Document::Here(self.document.get().as_bytes().into()),
            _ => return Err("`document` must be a path or an object".into()),
        };
        let options = self.options.into_iter().map(option).collect::<Result<_, _>>()?;
        Ok(Entry { node: self.node, document, rebuild: self.rebuild, options })
    }
}

fn option((name, value): (String, Value)) -> Result<(String, String), String> {
    match value {
        Value::String(text) => Ok((name, text)),
        Value::Bool(_) | Value::Number(_) => Ok((name, value.to_string())),
        _ => Err(format!("option {name:?} must be a string, a number or a boolean")),
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
            let known = ["missing field", "unknown field", "expected a node's name"];
            if known.iter().any(|words| text.starts_with(words)) {
                return format!("{place}{}", text.split(" at line ").next().unwrap_or_default());
            }
            "expected objects with `node`, `document` (a path or an object), and optionally `rebuild` (a boolean) and \
             `options` (an object)"
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
        assert!(read[0].contains("fleets/a.json") && read[0].contains(r#"{"format": "vfat", "sector_size": "4096"}"#));
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
        let Document::Here(document) = &entries[0].document else { panic!("{entries:?}") };
        assert_eq!(&**document, r#"{ "instance": {"a": 1.0e2,  "b": "ü"} }"#.as_bytes());
    }

    #[test]
    fn an_error_names_the_entry_and_shows_no_value() {
        for (text, words) in [
            ("", "names no nodes"),
            ("[]", "names no nodes"),
            (r#"{"node": "n"}"#, "line 1, column 13: missing field `document`"),
            (r#"{"node": "n", "document": "a", "opts": {}}"#, "unknown field `opts`"),
            (r#"{"node": "a/b", "document": "a"}"#, "expected a node's name or a UUID"),
            (r#"{"node": "n", "document": 7}"#, "entry 1: `document` must be a path or an object"),
            (r#"{"node": "n", "document": "a", "rebuild": "hunter2"}"#, "expected objects"),
            (r#"{"node": "n", "document": "a", "options": {"size": ["hunter2"]}}"#, "option \"size\" must be"),
            (r#"[{"node": "n", "document": "a"}, {"node": "n", "document": "b"}]"#, "entry 2: node n appears twice"),
            ("{\"node\": \"n\",\n hunter2", "line 2, column 2: invalid JSON"),
            ("- node: n\n  document: a\n - hunter2: [", "line 3, column"),
            ("hunter2", "expected objects"),
        ] {
            let error = error(text);
            assert!(error.contains(words) && !error.contains("hunter2"), "{text}: {error}");
        }
    }
}
