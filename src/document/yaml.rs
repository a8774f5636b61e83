//! YAML → the same values as JSON. What YAML 1.1 and YAML 1.2 read differently is an error that says how to write it instead.

mod plain;

use alloc::{borrow::Cow, collections::BTreeSet, vec::Vec};

use super::{
    error::DocumentError,
    json::{Json, Object},
    read::Result,
    yaml_error::YamlError,
};
use crate::yaml::{self, CORE, Content, Mark, Node, Style};

/// Maximum size of a YAML document in bytes.
pub(super) const MAX_SIZE: usize = 16 << 20;

/// Maximum number of values that aliases repeat.
const MAX_REPEATED_VALUES: usize = 1 << 16;

/// Maximum size of the text that aliases repeat, in bytes.
const MAX_REPEATED_TEXT: usize = 1 << 20;

/// Parses a YAML document. Returns `None` if it is a single value.
pub(super) fn parse(text: &str) -> Result<Option<Json<'_>>> {
    if text.len() > MAX_SIZE {
        return Err(YamlError::too_large().into());
    }
    match yaml::compose(text).map_err(YamlError::from)? {
        Some(root) if root.is_collection() => Reader::default().value(&root).map(Some),
        _ => Ok(None),
    }
}

#[derive(Default)]
struct Reader {
    /// How many aliases the node is in.
    aliases: usize,
    repeated_values: usize,
    repeated_text: usize,
}

impl Reader {
    fn value<'a>(&mut self, node: &Node<'a>) -> Result<Json<'a>> {
        self.count(node)?;
        tag(node)?;
        match &node.content {
            Content::Anchored(node) => self.value(node),
            Content::Alias(anchored) => {
                self.aliases = self.aliases.saturating_add(1);
                let value = self.value(anchored);
                self.aliases = self.aliases.saturating_sub(1);
                value
            }
            Content::Recursion { .. } => invalid(node.mark, "an alias of a collection that contains it"),
            Content::Scalar { style: Style::Surrogate, .. } => {
                invalid(node.mark, "an escape of half a character (a surrogate); write the whole character")
            }
            Content::Scalar { text, style: Style::Plain } if node.tag.is_none() => plain::value(text, node.mark),
            Content::Scalar { text, .. } => Ok(Json::Text(text.clone())),
            Content::Sequence { items, .. } => {
                let items = items.iter().zip(0usize..);
                items.map(|(item, index)| self.value(item).map_err(|error| error.below(index))).collect()
            }
            Content::Mapping(pairs) => self.object(pairs).map(Json::Object),
        }
    }

    /// Limits what aliases repeat: each may double what is there.
    fn count(&mut self, node: &Node<'_>) -> Result<()> {
        if self.aliases > 0 {
            self.repeated_values = self.repeated_values.saturating_add(1);
            if let Content::Scalar { text, .. } = &node.content {
                self.repeated_text = self.repeated_text.saturating_add(text.len());
            }
            if self.repeated_values > MAX_REPEATED_VALUES || self.repeated_text > MAX_REPEATED_TEXT {
                return invalid(
                    node.mark,
                    "its aliases repeat more than 65,536 values or 1 MiB of text; write them out",
                );
            }
        }
        Ok(())
    }

    fn object<'a>(&mut self, pairs: &[(Node<'a>, Node<'a>)]) -> Result<Object<'a>> {
        let mut names = BTreeSet::new();
        // Merged members come first, and the mapping's own replace them.
        let mut merged = Vec::new();
        let mut own = Vec::new();
        for (key, value) in pairs {
            let name = name(key)?;
            if !names.insert(name.clone().unwrap_or(Cow::Borrowed(MERGE))) {
                let twice = YamlError::value(key.mark, "a member that appears twice; remove one");
                return Err(DocumentError::from(twice).below(name.as_deref().unwrap_or(MERGE)));
            }
            match name {
                Some(name) => {
                    let value = self.value(value).map_err(|error| error.below(&name))?;
                    own.push((name, value));
                }
                None => self.merge(value, &mut merged).map_err(|error| error.below(MERGE))?,
            }
        }
        Ok(merged.into_iter().chain(own).collect())
    }

    /// Collects the members that a merge key adds. Of several mappings, the first one wins.
    fn merge<'a>(&mut self, node: &Node<'a>, members: &mut Vec<(Cow<'a, str>, Json<'a>)>) -> Result<()> {
        match self.value(node)? {
            Json::Object(object) => members.extend(object.into_members()),
            Json::List(items) => {
                for item in items.into_iter().rev() {
                    let Json::Object(object) = item else { return invalid(node.mark, NOT_MERGED) };
                    members.extend(object.into_members());
                }
            }
            _ => return invalid(node.mark, NOT_MERGED),
        }
        Ok(())
    }
}

const MERGE: &str = "<<";

const NOT_MERGED: &str = "only a mapping or a list of mappings can be merged; put << in quotes if it is a name";

/// Returns the name of a member, or `None` for a merge key.
fn name<'a>(key: &Node<'a>) -> Result<Option<Cow<'a, str>>> {
    tag(key)?;
    let node = match &key.content {
        Content::Anchored(node) | Content::Alias(node) => node,
        _ => key,
    };
    tag(node)?;
    match &node.content {
        Content::Scalar { text, style: Style::Plain } if node.tag.is_none() => match &**text {
            MERGE => Ok(None),
            "=" => Ok(Some(text.clone())),
            _ => match plain::value(text, key.mark)? {
                Json::Text(name) => Ok(Some(name)),
                _ => invalid(key.mark, "a member's name that is not a string; put it in quotes"),
            },
        },
        Content::Scalar { style: Style::Surrogate, .. } => {
            invalid(key.mark, "an escape of half a character (a surrogate); write the whole character")
        }
        Content::Scalar { text, .. } => Ok(Some(text.clone())),
        _ => invalid(key.mark, "a mapping or a list as a member's name; expected a string"),
    }
}

/// Accepts only tags that name what the node is anyway, and `!!str`.
fn tag(node: &Node<'_>) -> Result<()> {
    let Some(tag) = node.tag.as_deref() else { return Ok(()) };
    match (tag.strip_prefix(CORE), &node.content) {
        (Some("str"), Content::Scalar { .. })
        | (Some("seq"), Content::Sequence { .. })
        | (Some("map"), Content::Mapping(_)) => Ok(()),
        _ => invalid(node.mark, "a tag other than !!str for strings, !!seq for lists and !!map for mappings"),
    }
}

fn invalid<T>(mark: Mark, why: &'static str) -> Result<T> {
    Err(YamlError::value(mark, why).into())
}

impl Node<'_> {
    fn is_collection(&self) -> bool {
        match &self.content {
            Content::Sequence { .. } | Content::Mapping(_) => true,
            Content::Anchored(node) => node.is_collection(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{
        format,
        string::{String, ToString},
        vec,
    };

    use crate::document;

    /// Returns the value in YAML that the text has in JSON, or the error.
    #[track_caller]
    fn reads(yaml: &str, json: &str) {
        let read = document::parse(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"));
        assert_eq!(read, document::Json::parse(json).unwrap(), "{yaml}");
    }

    fn error(yaml: &str) -> String {
        document::parse(yaml).unwrap_err().to_string()
    }

    #[test]
    fn yaml_has_the_values_of_json() {
        for (yaml, json) in [
            ("a: b", r#"{"a": "b"}"#),
            ("- 1\n- -0\n- +2\n- 1.5\n- .5\n- 1.e+3\n- 0x1F", "[1, 0, 2, 1.5, 0.5, 1000.0, 31]"),
            ("- true\n- False\n- ~\n-\n- null\n- ''", r#"[true, false, null, null, null, ""]"#),
            ("a: 'it''s'\nb: \"\\x41\\u00e9\\\n  \\n\"", r#"{"a": "it's", "b": "A\u00e9\n"}"#),
            ("a: several\n  lines\n\n  of text", r#"{"a": "several lines\nof text"}"#),
            ("a: |\n  #!/bin/sh\n    x\n\nb: >-\n  c\n  d\n", r##"{"a": "#!/bin/sh\n  x\n", "b": "c d"}"##),
            ("--- {a: [b, c: d], \"e\":f}", r#"{"a": ["b", {"c": "d"}], "e": "f"}"#),
            ("- !!str 1\n- !!seq [a]\n- !!map {}", r#"["1", ["a"], {}]"#),
            ("- &a [1]\n- *a", "[[1], [1]]"),
            (
                "a: &a {x: 1, y1: 2}\nb:\n  z: 3\n  <<: *a\n  x: 4",
                r#"{"a": {"x": 1, "y1": 2}, "b": {"x": 4, "y1": 2, "z": 3}}"#,
            ),
            ("<<: [{a: 1}, {a: 2, b: 3}]", r#"{"a": 1, "b": 3}"#),
            // In YAML 1.1, the first of these is a number.
            ("- 52:54:00:12:34:56\n- 00:00:5e:00:53:af", r#"["52:54:00:12:34:56", "00:00:5e:00:53:af"]"#),
            (
                "- 192.0.2.1\n- fe80::1\n- 08:30\n- 1.2.3\n- 0000:00:1f.2\n- 5f2d\n- yes please",
                r#"["192.0.2.1", "fe80::1", "08:30", "1.2.3", "0000:00:1f.2", "5f2d", "yes please"]"#,
            ),
            ("\u{feff}a: b\r\n# c\r\n...\r\n", r#"{"a": "b"}"#),
            ("- 123456789012345678901234567890", "[123456789012345678901234567890]"),
        ] {
            reads(yaml, json);
        }
    }

    #[test]
    fn what_yaml_1_1_and_1_2_read_differently_is_refused() {
        for (scalars, why) in [
            (
                "yes|No|ON|off|y|N",
                "a word that only YAML 1.1 reads as a boolean; write true or false, or put it in quotes",
            ),
            (
                "0644|08|00|-01|0o17|0b1|1_000|1e3|1.5e3|-.5|-0x1f|0x1_f",
                "a number that YAML 1.1 and YAML 1.2 read differently; write it as in JSON, or put it in quotes",
            ),
            ("1:30|190:20:30|0:30.5|0000:00:02.0", "a number in base 60 in YAML 1.1; put it in quotes"),
            (
                "2026-01-01|2026-1-1T0:00:00Z|2026-01-01 12:00:00.5 +01:00",
                "a date in YAML 1.1, which JSON does not have; put it in quotes",
            ),
            (".inf|-.INF|.NaN", "infinity or NaN, which JSON does not have; put it in quotes"),
            ("1.5e+999", "a number beyond the range of a double (1.8e308); write it as a string"),
            ("0x10000000000000000", "a hexadecimal number of more than 64 bits; put it in quotes"),
            (
                "!!int 1|!!binary QQ==|!mine a|! a",
                "a tag other than !!str for strings, !!seq for lists and !!map for mappings",
            ),
            ("\"\\ud83d\\ude00\"", "an escape of half a character (a surrogate); write the whole character"),
        ] {
            for scalar in scalars.split('|') {
                let expected = format!("/a/0: unsupported YAML at line 2 column 5: {why}");
                assert_eq!(error(&format!("a:\n  - {scalar}")), expected, "{scalar}");
            }
        }
        for (yaml, expected) in [
            ("a: 1\nb: 2\na: 3", "/a: unsupported YAML at line 3 column 1: a member that appears twice; remove one"),
            (
                "a: {1: 2}",
                "/a: unsupported YAML at line 1 column 5: a member's name that is not a string; put it in quotes",
            ),
            (
                "on: x",
                "unsupported YAML at line 1 column 1: a word that only YAML 1.1 reads as a boolean; write true or false, or put it in quotes",
            ),
            (
                "? [a]\n: b",
                "unsupported YAML at line 1 column 3: a mapping or a list as a member's name; expected a string",
            ),
            (
                "<<: [1]",
                "/<<: unsupported YAML at line 1 column 5: only a mapping or a list of mappings can be merged; put << in quotes if it is a name",
            ),
            ("a: &a [*a]", "/a/0: unsupported YAML at line 1 column 8: an alias of a collection that contains it"),
        ] {
            assert_eq!(error(yaml), expected, "{yaml}");
        }
    }

    #[test]
    fn invalid_yaml_is_refused_with_its_place() {
        for (yaml, place, why) in [
            ("a: b\n c: d", "line 2 column 3", "a colon that follows no key; put the value in quotes"),
            ("a: b: c", "line 1 column 5", "a colon that follows no key; put the value in quotes"),
            ("a:\n\tb: c", "line 2 column 1", "a tab in the indentation; use spaces"),
            ("a:\tb", "line 1 column 3", "a tab between values; use spaces"),
            ("a: [b", "line 1 column 6", "expected , or ]"),
            ("a: 'b", "line 1 column 6", "the text ends within quotes"),
            ("a: *b", "line 1 column 4", "an alias without an anchor; put the value in quotes if it is one"),
            ("a: @b", "line 1 column 4", "a value cannot start with @ or `; put it in quotes"),
            ("a: 1\nb", "line 2 column 1", "expected a colon after the key"),
            ("a: 1\n---\nb: 2", "line 2 column 1", "a second document; expected only one"),
            ("a: b\nc: \u{7}", "line 2 column 4", "a control character; write it as an escape in double quotes"),
            (
                "a: \"\\d\"",
                "line 1 column 6",
                "an unknown escape; in single quotes, a backslash is a character like any other",
            ),
        ] {
            let expected = format!("expected a document in JSON or YAML, found invalid YAML at {place}: {why}");
            assert_eq!(error(yaml), expected, "{yaml}");
        }
    }

    #[test]
    fn size_depth_and_aliases_are_limited() {
        let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
        for (name, before) in ('b'..='i').zip('a'..) {
            bomb += &format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(", "));
        }
        let repeated = "its aliases repeat more than 65,536 values or 1 MiB of text; write them out";
        assert!(error(&bomb).ends_with(repeated), "{}", error(&bomb));
        let text = format!("a: &a {}\nb: [{}]", "x".repeat(1 << 16), ["*a"].repeat(17).join(", "));
        assert!(error(&text).ends_with(repeated), "{}", error(&text));
        let merges: String = (0..70_000).map(|index| format!("k{index}: {{<<: *a}}\n")).collect();
        assert!(error(&format!("a: &a {{b: c}}\n{merges}")).ends_with(repeated));

        let mut chain = String::from("a0: &a0 x\n");
        for index in 1..100_000 {
            chain += &format!("a{index}: &a{index} [*a{}]\n", index - 1);
        }
        let too_deep = "nested deeper than 100 levels at line ";
        assert!(error(&chain).contains(too_deep), "{}", error(&chain));
        for open in ["[", "{a: ", "- ", "? "] {
            let message = error(&format!("---\n{}", open.repeat(100_000)));
            assert!(message.contains(too_deep) || message.contains("invalid YAML"), "{open}: {message}");
        }
        let nested = |depth: usize| format!("--- {}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(document::parse(&nested(100)).is_ok());
        assert!(error(&nested(101)).starts_with(too_deep));

        let large = format!("a: {}", "x".repeat(16 << 20));
        assert_eq!(error(&large), "a YAML document may have at most 16777216 bytes; write it as JSON");
        let many = format!("--- [{}]", "a,".repeat(1_000_001));
        assert_eq!(error(&many), "a YAML document may have at most 1000000 values; write it as JSON");
    }

    #[test]
    fn json_is_read_as_json() {
        for text in
            ["{\"a\": 1,}", " \n{a: 1}", "[1 2]", "\u{feff}{}", "word", "1e400", "", "'quoted'", "# a comment", "NaN"]
        {
            let message = document::Json::parse(text).unwrap_err().to_string();
            assert_eq!(error(text), message, "{text}");
        }
        assert_eq!(document::parse("null").unwrap(), document::Json::Null);
    }

    #[test]
    fn text_on_one_line_is_borrowed() {
        use alloc::borrow::Cow;
        let document::Json::List(items) = document::parse("- a b\n- 'c'\n- \"d\"\n").unwrap() else { panic!() };
        assert!(items.iter().all(|item| matches!(item, document::Json::Text(Cow::Borrowed(_)))), "{items:?}");
    }
}
