//! YAML values as clouds.yaml uses them.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// A value in a clouds file. It may contain passwords, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// A scalar as it is written: `1234` and `0x1f` are strings of four characters, `false` is a string of five.
    Text(String),
    List(Vec<Value>),
    Map(Map),
}

/// A map, without the members that are null.
pub type Map = BTreeMap<String, Value>;

impl Value {
    /// Parses YAML, of which JSON is a subset. Returns `None` for an empty file.
    pub fn parse(text: &str) -> Result<Option<Self>, Broken> {
        let options = serde_saphyr::options! {
            with_snippet: false,
            non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
        };
        let node: Spanned<Node> = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            // The library's message would quote the file.
            error.location().map_or(Broken { line: 1, column: 1 }, |at| Broken { line: at.line(), column: at.column() })
        })?;
        Self::from_node(node, text)
    }

    fn from_node(node: Spanned<Node>, text: &str) -> Result<Option<Self>, Broken> {
        let at = node.defined;
        Ok(match node.value {
            Node::Null => None,
            Node::Text(text) => Some(Self::Text(text)),
            Node::Typed => {
                // The original spelling cannot be restored from a number: leading zeros, `1.10`, `1_000`.
                let written = at.span().byte_offset().zip(at.span().byte_len()).and_then(|(start, length)| {
                    let start = usize::try_from(start).ok()?;
                    text.get(start..start.checked_add(usize::try_from(length).ok()?)?)
                });
                let written = written.ok_or(Broken { line: at.line(), column: at.column() })?;
                Some(Self::Text(written.trim().to_owned()))
            }
            Node::List(nodes) => {
                let values = nodes.into_iter().filter_map(|node| Self::from_node(node, text).transpose());
                Some(Self::List(values.collect::<Result<_, _>>()?))
            }
            Node::Map(nodes) => {
                let members = nodes.into_iter().filter_map(|(name, node)| {
                    Self::from_node(node, text).map(|value| value.map(|value| (name, value))).transpose()
                });
                Some(Self::Map(members.collect::<Result<_, _>>()?))
            }
        })
    }
}

/// Overrides members of `old` with those of `new`, recursively for maps.
pub fn merge(old: &mut Map, new: Map) {
    for (name, value) in new {
        match (old.get_mut(&name), value) {
            (Some(Value::Map(old)), Value::Map(new)) => merge(old, new),
            (_, value) => {
                old.insert(name, value);
            }
        }
    }
}

/// The place of a YAML error. It does not quote the file, which may contain a password there.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    pub line: u64,
    pub column: u64,
}

enum Node {
    Null,
    Text(String),
    /// A number or a boolean.
    Typed,
    List(Vec<Spanned<Node>>),
    Map(BTreeMap<String, Spanned<Node>>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Typed)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Typed)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Typed)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Node, E> {
        Ok(Node::Typed)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
        Ok(Node::Typed)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Typed)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut nodes = BTreeMap::new();
        while let Some((name, node)) = map.next_entry()? {
            if nodes.insert(name, node).is_some() {
                return Err(A::Error::custom("a name appears twice"));
            }
        }
        Ok(Node::Map(nodes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(yaml: &str) -> Option<String> {
        let Ok(Some(Value::Map(mut map))) = Value::parse(yaml) else { panic!("{yaml}") };
        match map.remove("a")? {
            Value::Text(text) => Some(text),
            _ => panic!("{yaml} is not a string"),
        }
    }

    #[test]
    fn a_scalar_is_kept_as_it_is_written() {
        for text in [
            "1234",
            "0123",
            "0x1f",
            "1_000",
            "1.10",
            "1e3",
            "-7",
            "true",
            "no",
            "123456789012345678901234567890",
            "2026-01-01",
            ".inf",
            "p@ss: word".trim_end_matches(": word"),
        ] {
            for yaml in
                [format!("a: {text}"), format!("b: ä\na:   {text}   # comment\n"), format!("{{b: ü, a: {text}}}")]
            {
                assert_eq!(member(&yaml).as_deref(), Some(text), "{yaml}");
            }
        }
        assert_eq!(member("b: &x 0123\na: *x").as_deref(), Some("0123"));
        assert_eq!(member("b: &x\n  a: 0123\n<<: *x").as_deref(), Some("0123"));
        assert_eq!(member("a: \"1: 2\\t\"").as_deref(), Some("1: 2\t"));
        assert_eq!(member("a: 'null'").as_deref(), Some("null"));
    }

    #[test]
    fn a_null_is_absent() {
        for yaml in ["a: null", "a: ~", "a:", "b: 1"] {
            assert_eq!(member(yaml), None, "{yaml}");
        }
        assert!(matches!(Value::parse(""), Ok(None)));
        assert!(matches!(Value::parse("# nothing\n"), Ok(None)));
    }

    #[test]
    fn json_is_read_too() {
        assert_eq!(member("{\n\t\"b\": [1, {\"c\": null}],\n\t\"a\": 0.10\n}\n").as_deref(), Some("0.10"));
    }

    #[test]
    fn an_error_names_its_place() {
        for (yaml, line) in
            [("a: b\nc: \"hunter2", 2), ("a: [hunter2", 1), ("a: 1\na: hunter2", 2), ("a: b\n\tc: d", 1)]
        {
            let broken = Value::parse(yaml).err().unwrap();
            assert!(broken.line >= line && broken.column >= 1, "{yaml}: {broken:?}");
        }
    }

    #[test]
    fn one_map_overrides_another() {
        let map = |yaml| match Value::parse(yaml) {
            Ok(Some(Value::Map(map))) => map,
            _ => panic!("{yaml}"),
        };
        let mut merged = map("c: {auth: {username: a, password: b}, region_name: r}");
        merge(&mut merged, map("c: {auth: {password: x}, verify: false}\nd: {}"));
        assert!(merged == map("c: {auth: {username: a, password: x}, region_name: r, verify: false}\nd: {}"));
    }
}
