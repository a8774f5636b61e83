//! Whether PyYAML, with which cloud-init loads YAML, loads a text, and what its root is.
//!
//! Neither YAML 1.1 nor 1.2 is what PyYAML accepts, and other parsers differ from it on one broken text in twenty. So this follows
//! PyYAML itself: its scanner, its grammar (`yaml/parser.py`), and its rules for nodes (`composer.py`, `constructor.py`). Nothing is
//! built: only the shape of the text is of interest.

mod scanner;

use alloc::{collections::BTreeMap, string::String, vec::Vec};

pub use self::scanner::Stop;
use self::scanner::{Line, MAX_DEPTH, Token};

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

/// Returns what `yaml.safe_load` returns for a text.
pub fn load(text: &str) -> Result<Root, Stop> {
    let mut parser = Parser { tokens: scanner::scan(text)?, at: 0, anchors: BTreeMap::new(), handles: Vec::new() };
    let Some(root) = parser.single_document()? else { return Ok(Root::Nothing) };
    Ok(match root {
        Node::Null => Root::Null,
        Node::Mapping => Root::Mapping,
        Node::Sequence | Node::Mappings => Root::Sequence,
        Node::Scalar | Node::Merge => Root::Scalar,
        Node::Value => return parser.invalid(),
    })
}

/// A node, as far as other nodes depend on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Node {
    Null,
    Mapping,
    Sequence,
    /// A sequence of mappings only, which may be merged.
    Mappings,
    Scalar,
    /// A plain `<<`.
    Merge,
    /// A plain `=`, which PyYAML accepts only as a key.
    Value,
}

struct Parser {
    tokens: Vec<Line>,
    at: usize,
    anchors: BTreeMap<String, Node>,
    /// The handles of tags, and what they stand for.
    handles: Vec<(String, String)>,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::StreamEnd, |(token, _)| token)
    }

    fn accept(&mut self, token: &Token) -> bool {
        let accepted = self.peek() == token;
        if accepted {
            self.at = self.at.saturating_add(1);
        }
        accepted
    }

    fn invalid<T>(&self) -> Result<T, Stop> {
        let line = self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |(_, line)| *line);
        Err(Stop::Invalid { line })
    }

    fn single_document(&mut self) -> Result<Option<Node>, Stop> {
        self.default_handles();
        let root = match self.peek() {
            Token::StreamEnd => None,
            Token::Yaml(_) | Token::TagDirective(..) | Token::OtherDirective | Token::DocumentStart => {
                self.directives()?;
                if !self.accept(&Token::DocumentStart) {
                    return self.invalid();
                }
                match self.peek() {
                    Token::Yaml(_)
                    | Token::TagDirective(..)
                    | Token::OtherDirective
                    | Token::DocumentStart
                    | Token::DocumentEnd
                    | Token::StreamEnd => None,
                    _ => Some(self.node(Context::Block, 0)?),
                }
            }
            _ => Some(self.node(Context::Block, 0)?),
        };
        while self.accept(&Token::DocumentEnd) {}
        if *self.peek() == Token::StreamEnd { Ok(root) } else { self.invalid() }
    }

    fn directives(&mut self) -> Result<(), Stop> {
        let mut version = None;
        let mut handles: Vec<(String, String)> = Vec::new();
        loop {
            match self.peek().clone() {
                Token::Yaml(major) if version.is_some() || major != 1 => return self.invalid(),
                Token::Yaml(major) => version = Some(major),
                Token::TagDirective(handle, prefix) => {
                    if handles.iter().any(|(other, _)| *other == handle) {
                        return self.invalid();
                    }
                    handles.push((handle, prefix));
                }
                Token::OtherDirective => {}
                _ => break,
            }
            self.at = self.at.saturating_add(1);
        }
        self.default_handles();
        handles.append(&mut self.handles);
        self.handles = handles;
        Ok(())
    }

    fn default_handles(&mut self) {
        self.handles = [("!", "!"), ("!!", CORE)].map(|(handle, prefix)| (handle.into(), prefix.into())).into();
    }

    fn node(&mut self, context: Context, depth: usize) -> Result<Node, Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop::Unjudged);
        }
        if let Token::Alias(name) = self.peek() {
            let Some(node) = self.anchors.get(name).copied() else { return self.invalid() };
            self.at = self.at.saturating_add(1);
            return Ok(node);
        }
        let (mut anchor, mut tag) = (None, None);
        loop {
            match self.peek() {
                Token::Anchor(name) if anchor.is_none() => anchor = Some(name.clone()),
                Token::Tag(handle, suffix) if tag.is_none() => tag = Some(self.resolved(handle.as_deref(), suffix)?),
                _ => break,
            }
            self.at = self.at.saturating_add(1);
        }
        if let Some(anchor) = &anchor {
            if self.anchors.contains_key(anchor) {
                return self.invalid();
            }
            // Its content may refer to a collection. A scalar has no content.
            let node = if matches!(self.peek(), Token::FlowMappingStart | Token::BlockMappingStart) {
                Node::Mapping
            } else {
                Node::Sequence
            };
            self.anchors.insert(anchor.clone(), node);
        }
        let node = self.content(context, anchor.is_some() || tag.is_some(), tag.is_none(), depth)?;
        let node = self.tagged(node, tag.as_deref())?;
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, node);
        }
        Ok(node)
    }

    fn content(&mut self, context: Context, may_be_empty: bool, untagged: bool, depth: usize) -> Result<Node, Stop> {
        let token = self.peek().clone();
        if token == Token::BlockEntry && context == Context::BlockOrIndentless {
            return self.entries(false, depth);
        }
        match token {
            Token::Plain(text) => {
                self.at = self.at.saturating_add(1);
                match text.as_deref() {
                    _ if !untagged => Ok(Node::Scalar),
                    Some("<<") => Ok(Node::Merge),
                    Some("=") => Ok(Node::Value),
                    Some("~" | "null" | "Null" | "NULL") => Ok(Node::Null),
                    Some(text) if is_impossible_date(text) => self.invalid(),
                    _ => Ok(Node::Scalar),
                }
            }
            Token::Quoted => {
                self.at = self.at.saturating_add(1);
                Ok(Node::Scalar)
            }
            Token::FlowSequenceStart => self.flow_sequence(depth),
            Token::FlowMappingStart => self.flow_mapping(depth),
            Token::BlockSequenceStart if context != Context::Flow => {
                self.at = self.at.saturating_add(1);
                self.entries(true, depth)
            }
            Token::BlockMappingStart if context != Context::Flow => self.block_mapping(depth),
            _ if may_be_empty => Ok(Node::Null),
            _ => self.invalid(),
        }
    }

    /// Reads the entries of a block sequence, which an indentless one does not end.
    fn entries(&mut self, has_end: bool, depth: usize) -> Result<Node, Stop> {
        let mut node = Node::Mappings;
        while self.accept(&Token::BlockEntry) {
            let empty = match self.peek() {
                Token::BlockEntry | Token::BlockEnd => true,
                Token::Key | Token::Value => !has_end,
                _ => false,
            };
            let item = if empty { Node::Null } else { self.node(Context::Block, depth.saturating_add(1))? };
            node = self.item(node, item)?;
        }
        if has_end && !self.accept(&Token::BlockEnd) {
            return self.invalid();
        }
        Ok(node)
    }

    fn block_mapping(&mut self, depth: usize) -> Result<Node, Stop> {
        self.at = self.at.saturating_add(1);
        let is_empty = |token: &Token| matches!(token, Token::Key | Token::Value | Token::BlockEnd);
        // A value may follow without a key only after a complete pair.
        loop {
            let mut key = Node::Null;
            if self.accept(&Token::Key) {
                if !is_empty(self.peek()) {
                    key = self.node(Context::BlockOrIndentless, depth.saturating_add(1))?;
                }
            } else if self.accept(&Token::BlockEnd) {
                return Ok(Node::Mapping);
            } else {
                return self.invalid();
            }
            let mut value = Node::Null;
            if self.accept(&Token::Value) && !is_empty(self.peek()) {
                value = self.node(Context::BlockOrIndentless, depth.saturating_add(1))?;
            }
            self.pair(key, value)?;
        }
    }

    fn flow_sequence(&mut self, depth: usize) -> Result<Node, Stop> {
        self.at = self.at.saturating_add(1);
        let depth = depth.saturating_add(1);
        let mut node = Node::Mappings;
        let mut first = true;
        while !self.accept(&Token::FlowSequenceEnd) {
            if !first && !self.accept(&Token::FlowEntry) {
                return self.invalid();
            }
            first = false;
            if self.accept(&Token::Key) {
                self.flow_pair(&Token::FlowSequenceEnd, depth)?;
                node = self.item(node, Node::Mapping)?;
            } else if *self.peek() != Token::FlowSequenceEnd {
                let item = self.node(Context::Flow, depth)?;
                node = self.item(node, item)?;
            }
        }
        Ok(node)
    }

    /// Reads a key and a value, each of which may be missing, in a collection that ends with `end`.
    fn flow_pair(&mut self, end: &Token, depth: usize) -> Result<(), Stop> {
        let is_empty = |token: &Token| *token == Token::FlowEntry || token == end;
        let (mut key, mut value) = (Node::Null, Node::Null);
        if *self.peek() != Token::Value && !is_empty(self.peek()) {
            key = self.node(Context::Flow, depth)?;
        }
        if self.accept(&Token::Value) && !is_empty(self.peek()) {
            value = self.node(Context::Flow, depth)?;
        }
        self.pair(key, value)
    }

    fn flow_mapping(&mut self, depth: usize) -> Result<Node, Stop> {
        self.at = self.at.saturating_add(1);
        let depth = depth.saturating_add(1);
        let mut first = true;
        while !self.accept(&Token::FlowMappingEnd) {
            if !first && !self.accept(&Token::FlowEntry) {
                return self.invalid();
            }
            first = false;
            if self.accept(&Token::Key) {
                self.flow_pair(&Token::FlowMappingEnd, depth)?;
            } else if *self.peek() != Token::FlowMappingEnd {
                let key = self.node(Context::Flow, depth)?;
                self.pair(key, Node::Null)?;
            }
        }
        Ok(Node::Mapping)
    }

    /// Checks an item of a sequence, and returns what the sequence is with it.
    fn item(&self, sequence: Node, item: Node) -> Result<Node, Stop> {
        match item {
            Node::Value => self.invalid(),
            Node::Mapping => Ok(sequence),
            _ => Ok(Node::Sequence),
        }
    }

    /// Checks a pair of a mapping.
    fn pair(&self, key: Node, value: Node) -> Result<(), Stop> {
        match (key, value) {
            (_, Node::Value)
            // Lists and dictionaries cannot be keys.
            | (Node::Mapping | Node::Sequence | Node::Mappings, _) => self.invalid(),
            (Node::Merge, Node::Mapping | Node::Mappings) => Ok(()),
            (Node::Merge, _) => self.invalid(),
            _ => Ok(()),
        }
    }

    fn resolved(&self, handle: Option<&str>, suffix: &str) -> Result<String, Stop> {
        let Some(handle) = handle else { return Ok(suffix.into()) };
        match self.handles.iter().find(|(name, _)| name == handle) {
            Some((_, prefix)) => Ok([prefix, suffix].concat()),
            None => self.invalid(),
        }
    }

    /// Returns what a node is with this tag.
    fn tagged(&self, node: Node, tag: Option<&str>) -> Result<Node, Stop> {
        let Some(tag) = tag.filter(|tag| *tag != "!") else { return Ok(node) };
        let is_scalar = !matches!(node, Node::Mapping | Node::Sequence | Node::Mappings);
        match tag.strip_prefix(CORE) {
            Some("str") if is_scalar => Ok(Node::Scalar),
            Some("map") if node == Node::Mapping => Ok(node),
            Some("seq") if !is_scalar && node != Node::Mapping => Ok(node),
            Some("str" | "map" | "seq") => self.invalid(),
            Some(
                "null" | "bool" | "int" | "float" | "binary" | "timestamp" | "omap" | "pairs" | "set"
                | "python/unicode",
            ) => Err(Stop::Unjudged),
            _ => self.invalid(),
        }
    }
}

/// The place of a node.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Context {
    Flow,
    Block,
    /// In a block mapping, where a sequence needs no indentation.
    BlockOrIndentless,
}

const CORE: &str = "tag:yaml.org,2002:";

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
    use alloc::format;

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
