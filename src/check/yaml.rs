//! Whether PyYAML, with which cloud-init loads YAML, loads a text, and what its root is.
//!
//! This follows the rules of PyYAML's constructor (`constructor.py`). Nothing is built: only the shape of the text is of interest.

use crate::yaml::{self, CORE, Content, Fault, Node, Style};

/// The root of a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Root {
    /// The text has only comments, and no document.
    Nothing,
    Null,
    Mapping,
    Sequence,
    Scalar,
}

/// Why a text has no root.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stop {
    /// PyYAML refuses the text. The line is counted from 1.
    Invalid { line: usize },
    /// PyYAML refuses a tab, which libyaml accepts at this place.
    Tab { line: usize },
    /// The text is not judged: it is too large, nested too deeply, or has tags that do more than name a type.
    Unjudged,
}

/// Returns what `yaml.safe_load` returns for a text.
pub fn load(text: &str) -> Result<Root, Stop> {
    let Some(root) = yaml::compose(text)? else { return Ok(Root::Nothing) };
    Ok(match value(&root)? {
        Value::Null => Root::Null,
        Value::Mapping => Root::Mapping,
        Value::Sequence | Value::Mappings => Root::Sequence,
        Value::Scalar | Value::Merge => Root::Scalar,
        Value::Equals => return invalid(&root),
    })
}

impl From<yaml::Stop> for Stop {
    fn from(stop: yaml::Stop) -> Self {
        let line = stop.mark.line;
        match stop.fault {
            Fault::Invalid(_) => Self::Invalid { line },
            Fault::Tab => Self::Tab { line },
            Fault::TooDeep | Fault::TooMany => Self::Unjudged,
        }
    }
}

/// A value, as far as the nodes around it depend on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Value {
    Null,
    Mapping,
    Sequence,
    /// A sequence of mappings only, which may be merged.
    Mappings,
    Scalar,
    /// A plain `<<`.
    Merge,
    /// A plain `=`, which PyYAML accepts only as a key.
    Equals,
}

/// Judges a node with everything in it.
fn value(node: &Node<'_>) -> Result<Value, Stop> {
    match &node.content {
        Content::Scalar { .. } | Content::Alias(_) | Content::Recursion { .. } => {}
        Content::Anchored(node) => return value(node),
        Content::Sequence { items, .. } => {
            for item in items {
                if value(item)? == Value::Equals {
                    return invalid(item);
                }
            }
        }
        Content::Mapping(pairs) => {
            for (key, value) in pairs {
                pair(key, value)?;
            }
        }
    }
    own_value(node)
}

/// Judges a node without what is in it.
fn own_value(node: &Node<'_>) -> Result<Value, Stop> {
    // PyYAML ignores a tag without a name.
    let tag = node.tag.as_deref().filter(|tag| *tag != "!");
    let found = match &node.content {
        Content::Scalar { style: Style::Quoted | Style::Surrogate, .. } => Value::Scalar,
        Content::Scalar { .. } if tag.is_some() => Value::Scalar,
        Content::Scalar { text, style: Style::Plain } => match &**text {
            "<<" => Value::Merge,
            "=" => Value::Equals,
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            text if is_impossible_date(text) => return invalid(node),
            _ => Value::Scalar,
        },
        Content::Sequence { only_mappings: true, .. } => Value::Mappings,
        Content::Sequence { .. } => Value::Sequence,
        Content::Mapping(_) => Value::Mapping,
        Content::Anchored(node) | Content::Alias(node) => return own_value(node),
        Content::Recursion { is_mapping: true } => Value::Mapping,
        Content::Recursion { .. } => Value::Sequence,
    };
    let Some(tag) = tag else { return Ok(found) };
    let is_scalar = !matches!(found, Value::Mapping | Value::Sequence | Value::Mappings);
    match tag.strip_prefix(CORE) {
        Some("str") if is_scalar => Ok(Value::Scalar),
        Some("map") if found == Value::Mapping => Ok(found),
        Some("seq") if !is_scalar && found != Value::Mapping => Ok(found),
        Some("str" | "map" | "seq") => invalid(node),
        Some(
            "null" | "bool" | "int" | "float" | "binary" | "timestamp" | "omap" | "pairs" | "set" | "python/unicode",
        ) => Err(Stop::Unjudged),
        _ => invalid(node),
    }
}

/// Judges a pair of a mapping.
fn pair(key: &Node<'_>, second: &Node<'_>) -> Result<(), Stop> {
    match (value(key)?, value(second)?) {
        (_, Value::Equals) => invalid(second),
        // Lists and dictionaries cannot be keys.
        (Value::Mapping | Value::Sequence | Value::Mappings, _) => invalid(key),
        (Value::Merge, Value::Mapping | Value::Mappings) => Ok(()),
        (Value::Merge, _) => invalid(second),
        _ => Ok(()),
    }
}

fn invalid<T>(node: &Node<'_>) -> Result<T, Stop> {
    Err(Stop::Invalid { line: node.mark.line })
}

/// Returns whether a plain scalar has the form of a date, but the calendar lacks it.
fn is_impossible_date(text: &str) -> bool {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text.as_bytes() else { return false };
    if ![y0, y1, y2, y3, m0, m1, d0, d1].into_iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = |digits: &[&u8]| digits.iter().fold(0_u32, |number, digit| number * 10 + u32::from(**digit - b'0'));
    let (year, month, day) = (number(&[y0, y1, y2, y3]), number(&[m0, m1]), number(&[d0, d1]));
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    year == 0 || day == 0 || day > days
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};

    /// What PyYAML 6.0 returns. The test binary `readers` compares thousands of mutants with it.
    #[test]
    fn a_text_has_the_root_that_pyyaml_finds() {
        for (text, root) in [
            ("", Root::Nothing),
            ("# a comment\n", Root::Nothing),
            ("---\n...\n", Root::Nothing),
            ("~", Root::Null),
            ("a: b", Root::Mapping),
            ("{}", Root::Mapping),
            ("%YAML 1.1\n--- !!map\na: b\n...\n", Root::Mapping),
            ("a: &x {b: [c]}\nd:\n  <<: *x\n", Root::Mapping),
            ("a: |2-\n   b\n  c\n", Root::Mapping),
            ("'a': \"b\\\n  c\\x41\"", Root::Mapping),
            ("- a\n", Root::Sequence),
            ("[a: b]", Root::Sequence),
            ("a\nb", Root::Scalar),
            ("2026-02-28", Root::Scalar),
        ] {
            assert_eq!(load(text), Ok(root), "{text}");
        }
    }

    #[test]
    fn what_pyyaml_refuses_is_invalid_in_a_line() {
        for (text, line) in [
            ("a: b: c", 1),
            ("a:\n\tb: c", 2),
            ("a: [b", 1),
            ("a: 'b", 1),
            ("a: *b", 1),
            ("a: &b c\nd: &b e", 2),
            ("a: b\n---\nc: d", 2),
            ("a: b\n c\n  d: e", 3),
            ("? [a]\n: b", 2),
            ("<<: a", 1),
            ("a: =", 1),
            ("a: !b c", 1),
            ("a: \"\\z\"", 1),
            ("a: 2026-02-30", 1),
            ("a: b\n\u{7}", 2),
            ("%YAML 2.0\n--- a", 2),
            ("a: b\nc", 2),
        ] {
            assert!(
                matches!(load(text), Err(Stop::Invalid { line: found }) if found.abs_diff(line) <= 1),
                "{text}: {:?}",
                load(text)
            );
        }
        assert_eq!(load("a:\tb"), Err(Stop::Tab { line: 1 }));
    }

    #[test]
    fn nesting_and_time_are_limited() {
        for open in ["[", "{a: ", "- ", "? "] {
            assert_eq!(load(&open.repeat(100_000)), Err(Stop::Unjudged), "{open}");
        }
        let deep: String = (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        assert_eq!(load(&deep), Err(Stop::Unjudged));
        assert_eq!(load(&"a: [b, 'c', \"d\", {e: f}]\n".repeat(40_000)), Ok(Root::Mapping));
    }
}
