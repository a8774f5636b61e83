//! Fleets as tables: one row for each node, one column for each option.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::fleet_file::{Entry, Payload};

/// Returns whether `text` is a table, and not JSON or YAML: its first line names columns.
pub(super) fn is_table(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim_start();
    !first.is_empty() && !first.contains(':') && !first.starts_with(['-', '[', '{', '#', '%'])
}

/// Parses a table. The separator is a comma, a semicolon or a tab.
pub(super) fn parse(text: &str, directory: &Path) -> Result<Vec<Entry>, String> {
    let mut reader = ReaderBuilder::new().delimiter(separator(text)).trim(Trim::All).from_reader(text.as_bytes());
    let columns = reader.headers().map_err(|error| csv_error(&error, text))?.clone();
    check_columns(&columns)?;
    let mut entries = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| csv_error(&error, text))?;
        let line = line_of(text, row.position());
        entries.push(entry(&columns, &row, line, directory).map_err(|what| format!("line {line}: {what}"))?);
    }
    Ok(entries)
}

/// Returns the separator of the first line. Spreadsheets write semicolons where the comma is the decimal separator.
fn separator(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let has_node =
        |separator: &u8| first.split(char::from(*separator)).any(|name| name.trim().trim_matches('"') == NODE);
    b",;\t".iter().copied().find(has_node).unwrap_or(b',')
}

const NODE: &str = "node";
/// Columns that are not options, so that they cannot be repeated.
const SINGLE: [&str; 4] = [NODE, "document", "drive", "rebuild"];

fn check_columns(columns: &StringRecord) -> Result<(), String> {
    if let Some(index) = columns.iter().position(str::is_empty) {
        return Err(format!("line 1: column {} has no name", index + 1));
    }
    for name in SINGLE {
        match columns.iter().filter(|column| *column == name).count() {
            0 if name == NODE => {
                return Err("line 1: expected the names of the columns, one of which is `node`, or JSON or YAML".into());
            }
            0 | 1 => {}
            _ => return Err(format!("line 1: column {name} appears twice; remove one")),
        }
    }
    Ok(())
}

fn entry(columns: &StringRecord, row: &StringRecord, line: u64, directory: &Path) -> Result<Entry, String> {
    let node = columns.iter().zip(row).find(|(column, _)| *column == NODE).map_or("", |(_, node)| node);
    if node.is_empty() {
        return Err(format!("column {NODE} is empty; write the node's name or its UUID"));
    }
    let node = node.parse().map_err(|error| format!("column {NODE}: {error}"))?;
    let mut entry = Entry::new(node, format!("line {line}"));
    for (column, value) in columns.iter().zip(row) {
        match (column, value) {
            (_, "") => {
                return Err(format!(
                    "column {column} is empty; write a value, or {ABSENT} to use the command line's, if it has one"
                ));
            }
            (NODE, _) | (_, ABSENT) => {}
            ("document", path) => entry.document = Some(Payload::file(path, directory)),
            ("drive", path) => entry.drive = Some(Payload::file(path, directory)),
            ("rebuild", value) => {
                entry.rebuild = value.parse().map_err(|_| "column rebuild: expected true or false".to_owned())?;
            }
            (option, value) => entry.options.push(match option.split_once('.') {
                Some((option, key)) => (option.to_owned(), format!("{key}={value}")),
                None => (option.to_owned(), value.to_owned()),
            }),
        }
    }
    Ok(entry)
}

/// The value of a row that leaves an option out.
const ABSENT: &str = "-";

/// Describes an error without quoting values, which may be secrets.
fn csv_error(error: &csv::Error, text: &str) -> String {
    let line = line_of(text, error.position());
    let what = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("expected {expected_len} values, one for each column, found {len}")
        }
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        _ => "invalid CSV".to_owned(),
    };
    format!("line {line}: {what}")
}

/// Returns the line of a row. The reader's position is that of the empty lines before the row.
fn line_of(text: &str, position: Option<&csv::Position>) -> u64 {
    let Some(position) = position else { return 1 };
    let rest = usize::try_from(position.byte()).ok().and_then(|start| text.get(start..)).unwrap_or_default();
    let empty = rest.chars().take_while(|character| matches!(character, '\r' | '\n'));
    position.line() + empty.filter(|character| *character == '\n').map(|_| 1).sum::<u64>()
}
