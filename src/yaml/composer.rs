//! Tokens → nodes: PyYAML's grammar, and its rules for anchors and tags (`yaml/parser.py`, `composer.py`).

use alloc::{borrow::Cow, boxed::Box, collections::BTreeMap, rc::Rc, string::String, vec::Vec};
use core::mem;

use super::{
    CORE, Content, Fault, MAX_DEPTH, MAX_NODES, Mark, Node, Stop, Style,
    scanner::{Scanner, Token},
};

/// Returns the root of the document, or `None` if the text is empty or has only comments.
pub fn compose(text: &str) -> Result<Option<Node<'_>>, Stop> {
    let scanner = Scanner::new(text)?;
    Composer { scanner, anchors: BTreeMap::new(), handles: Vec::new(), nodes: 0, deepest: 0 }.single_document()
}

struct Composer<'a> {
    scanner: Scanner<'a>,
    anchors: BTreeMap<&'a str, Anchor<'a>>,
    /// The handles of tags, and what they stand for.
    handles: Vec<(Cow<'a, str>, String)>,
    nodes: usize,
    /// The deepest level in the node with an anchor that is being read, with what its aliases stand for.
    deepest: usize,
}

enum Anchor<'a> {
    /// The node is being read.
    Open { is_mapping: bool },
    Closed {
        node: Rc<Node<'a>>,
        /// How many levels there are below the node.
        height: usize,
    },
}

impl<'a> Composer<'a> {
    fn peek(&mut self) -> Result<&Token<'a>, Stop> {
        self.scanner.peek_token()
    }

    fn accept(&mut self, token: &Token<'_>) -> Result<bool, Stop> {
        let accepted = self.peek()? == token;
        if accepted {
            self.scanner.take_token()?;
        }
        Ok(accepted)
    }

    /// Fails at the next token.
    fn invalid<T>(&self, why: &'static str) -> Result<T, Stop> {
        Err(Stop { mark: self.scanner.token_mark(), fault: Fault::Invalid(why) })
    }

    fn single_document(mut self) -> Result<Option<Node<'a>>, Stop> {
        self.default_handles();
        let root = match self.peek()? {
            Token::StreamEnd => None,
            Token::Yaml(_) | Token::TagDirective(..) | Token::OtherDirective | Token::DocumentStart => {
                self.directives()?;
                if !self.accept(&Token::DocumentStart)? {
                    return self.invalid("expected --- after the directives");
                }
                match self.peek()? {
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
        while self.accept(&Token::DocumentEnd)? {}
        match self.peek()? {
            Token::StreamEnd => Ok(root),
            Token::DocumentStart => self.invalid("a second document; expected only one"),
            _ => self.invalid("expected the end of the text"),
        }
    }

    fn directives(&mut self) -> Result<(), Stop> {
        let mut version = None;
        let mut handles: Vec<(Cow<'a, str>, String)> = Vec::new();
        loop {
            match self.peek()? {
                Token::Yaml(major) if version.is_some() || *major != 1 => {
                    return self.invalid("expected one directive %YAML with version 1");
                }
                Token::Yaml(major) => version = Some(*major),
                Token::TagDirective(handle, _) if handles.iter().any(|(other, _)| other == handle) => {
                    return self.invalid("a second %TAG for the same handle");
                }
                Token::TagDirective(..) | Token::OtherDirective => {}
                _ => break,
            }
            if let (Token::TagDirective(handle, prefix), _) = self.scanner.take_token()? {
                handles.push((handle.into(), prefix));
            }
        }
        handles.append(&mut self.handles);
        self.handles = handles;
        Ok(())
    }

    fn default_handles(&mut self) {
        self.handles = [("!", "!"), ("!!", CORE)].map(|(handle, prefix)| (handle.into(), prefix.into())).into();
    }

    fn node(&mut self, context: Context, depth: usize) -> Result<Node<'a>, Stop> {
        self.peek()?;
        let mark = self.scanner.token_mark();
        if depth > MAX_DEPTH {
            return Err(Stop { mark, fault: Fault::TooDeep });
        }
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > MAX_NODES {
            return Err(Stop { mark, fault: Fault::TooMany });
        }
        self.deepest = self.deepest.max(depth);
        if let Token::Alias(name) = self.peek()? {
            let name = *name;
            let content = match self.anchors.get(name) {
                // Walking through the nodes, even to drop them, recurses into aliases.
                Some(Anchor::Closed { height, .. }) if depth.saturating_add(*height) > MAX_DEPTH => {
                    return Err(Stop { mark, fault: Fault::TooDeep });
                }
                Some(Anchor::Closed { node, height }) => {
                    self.deepest = self.deepest.max(depth.saturating_add(*height));
                    Content::Alias(node.clone())
                }
                Some(Anchor::Open { is_mapping }) => Content::Recursion { is_mapping: *is_mapping },
                None => return self.invalid("an alias without an anchor; put the value in quotes if it is one"),
            };
            self.scanner.take_token()?;
            return Ok(Node { mark, tag: None, content });
        }
        let (mut anchor, mut tag) = (None, None);
        loop {
            match self.peek()? {
                Token::Anchor(name) if anchor.is_none() => anchor = Some(*name),
                Token::Tag(..) if tag.is_none() => {}
                _ => break,
            }
            let mark = self.scanner.token_mark();
            if let (Token::Tag(handle, suffix), _) = self.scanner.take_token()? {
                tag = Some(self.resolved(handle, suffix, mark)?);
            }
        }
        let may_be_empty = anchor.is_some() || tag.is_some();
        let Some(anchor) = anchor else {
            let content = self.content(context, may_be_empty, depth)?;
            return Ok(Node { mark, tag, content });
        };
        if self.anchors.contains_key(anchor) {
            return self.invalid("a second anchor of the same name");
        }
        // Its content may refer to a collection. A scalar has no content.
        let is_mapping = matches!(self.peek()?, Token::FlowMappingStart | Token::BlockMappingStart);
        self.anchors.insert(anchor, Anchor::Open { is_mapping });
        let around = mem::replace(&mut self.deepest, depth);
        let content = self.content(context, may_be_empty, depth)?;
        let height = self.deepest.saturating_sub(depth);
        self.deepest = self.deepest.max(around);
        let node = Rc::new(Node { mark, tag, content });
        self.anchors.insert(anchor, Anchor::Closed { node: node.clone(), height });
        Ok(Node { mark, tag: None, content: Content::Anchored(node) })
    }

    fn content(&mut self, context: Context, may_be_empty: bool, depth: usize) -> Result<Content<'a>, Stop> {
        match self.peek()? {
            Token::BlockEntry if context == Context::BlockOrIndentless => self.entries(false, depth),
            Token::Scalar(..) => match self.scanner.take_token()? {
                (Token::Scalar(text, style), _) => Ok(Content::Scalar { text, style }),
                _ => Ok(EMPTY),
            },
            Token::FlowSequenceStart => self.flow_sequence(depth),
            Token::FlowMappingStart => self.flow_mapping(depth),
            Token::BlockSequenceStart if context != Context::Flow => {
                self.scanner.take_token()?;
                self.entries(true, depth)
            }
            Token::BlockMappingStart if context != Context::Flow => self.block_mapping(depth),
            _ if may_be_empty => Ok(EMPTY),
            _ => self.invalid("expected a value"),
        }
    }

    /// Returns the node in place of a missing one.
    fn empty(&mut self) -> Result<Node<'a>, Stop> {
        self.peek()?;
        Ok(Node { mark: self.scanner.token_mark(), tag: None, content: EMPTY })
    }

    /// Reads the entries of a block sequence, which an indentless one does not end.
    fn entries(&mut self, has_end: bool, depth: usize) -> Result<Content<'a>, Stop> {
        let mut items = Vec::new();
        while self.accept(&Token::BlockEntry)? {
            let is_empty = match self.peek()? {
                Token::BlockEntry | Token::BlockEnd => true,
                Token::Key | Token::Value => !has_end,
                _ => false,
            };
            items.push(if is_empty { self.empty()? } else { self.node(Context::Block, depth.saturating_add(1))? });
        }
        if has_end && !self.accept(&Token::BlockEnd)? {
            return self.invalid("expected another entry of the list, or the end of its indentation");
        }
        Ok(sequence(items))
    }

    fn block_mapping(&mut self, depth: usize) -> Result<Content<'a>, Stop> {
        self.scanner.take_token()?;
        let is_empty = |token: &Token<'_>| matches!(token, Token::Key | Token::Value | Token::BlockEnd);
        let mut pairs = Vec::new();
        let depth = depth.saturating_add(1);
        // A value may follow without a key only after a complete pair.
        loop {
            if !self.accept(&Token::Key)? {
                if self.accept(&Token::BlockEnd)? {
                    return Ok(Content::Mapping(pairs));
                }
                return self.invalid("expected another key of the mapping, or the end of its indentation");
            }
            let key =
                if is_empty(self.peek()?) { self.empty()? } else { self.node(Context::BlockOrIndentless, depth)? };
            let value = if !self.accept(&Token::Value)? || is_empty(self.peek()?) {
                self.empty()?
            } else {
                self.node(Context::BlockOrIndentless, depth)?
            };
            pairs.push((key, value));
        }
    }

    fn flow_sequence(&mut self, depth: usize) -> Result<Content<'a>, Stop> {
        self.scanner.take_token()?;
        let depth = depth.saturating_add(1);
        let mut items = Vec::new();
        let mut first = true;
        while !self.accept(&Token::FlowSequenceEnd)? {
            if !first && !self.accept(&Token::FlowEntry)? {
                return self.invalid("expected , or ]");
            }
            first = false;
            let mark = self.scanner.token_mark();
            if self.accept(&Token::Key)? {
                let pair = self.flow_pair(&Token::FlowSequenceEnd, depth)?;
                items.push(Node { mark, tag: None, content: Content::Mapping([pair].into()) });
            } else if *self.peek()? != Token::FlowSequenceEnd {
                items.push(self.node(Context::Flow, depth)?);
            }
        }
        Ok(sequence(items))
    }

    fn flow_mapping(&mut self, depth: usize) -> Result<Content<'a>, Stop> {
        self.scanner.take_token()?;
        let depth = depth.saturating_add(1);
        let mut pairs = Vec::new();
        let mut first = true;
        while !self.accept(&Token::FlowMappingEnd)? {
            if !first && !self.accept(&Token::FlowEntry)? {
                return self.invalid("expected , or }");
            }
            first = false;
            if self.accept(&Token::Key)? {
                pairs.push(self.flow_pair(&Token::FlowMappingEnd, depth)?);
            } else if *self.peek()? != Token::FlowMappingEnd {
                let key = self.node(Context::Flow, depth)?;
                pairs.push((key, self.empty()?));
            }
        }
        Ok(Content::Mapping(pairs))
    }

    /// Reads a key and a value, each of which may be missing, in a collection that ends with `end`.
    fn flow_pair(&mut self, end: &Token<'_>, depth: usize) -> Result<(Node<'a>, Node<'a>), Stop> {
        let is_empty = |token: &Token<'_>| *token == Token::FlowEntry || token == end;
        let key = match self.peek()? {
            Token::Value => self.empty()?,
            token if is_empty(token) => self.empty()?,
            _ => self.node(Context::Flow, depth)?,
        };
        let value = if !self.accept(&Token::Value)? || is_empty(self.peek()?) {
            self.empty()?
        } else {
            self.node(Context::Flow, depth)?
        };
        Ok((key, value))
    }

    fn resolved(&self, handle: Option<&str>, suffix: String, mark: Mark) -> Result<Box<str>, Stop> {
        let Some(handle) = handle else { return Ok(suffix.into()) };
        match self.handles.iter().find(|(name, _)| name == handle) {
            Some((_, prefix)) => Ok([prefix.as_str(), &suffix].concat().into()),
            None => Err(Stop { mark, fault: Fault::Invalid("a tag with an unknown handle") }),
        }
    }
}

const EMPTY: Content<'static> = Content::Scalar { text: Cow::Borrowed(""), style: Style::Plain };

fn sequence(items: Vec<Node<'_>>) -> Content<'_> {
    let only_mappings = items.iter().all(Node::is_mapping);
    Content::Sequence { items, only_mappings }
}

impl Node<'_> {
    fn is_mapping(&self) -> bool {
        match &self.content {
            Content::Mapping(_) => true,
            Content::Anchored(node) | Content::Alias(node) => node.is_mapping(),
            Content::Recursion { is_mapping } => *is_mapping,
            Content::Scalar { .. } | Content::Sequence { .. } => false,
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
