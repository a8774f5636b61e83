//! YAML as PyYAML reads it, with which cloud-init, openstacksdk and Ironic's tools load YAML: text → nodes.
//!
//! Neither YAML 1.1 nor 1.2 is what PyYAML accepts, and other parsers differ from it on one broken text in twenty. So this follows
//! PyYAML itself: its scanner and its grammar (`yaml/scanner.py`, `parser.py`, `composer.py`). What the nodes mean is up to the two
//! users: `check` follows PyYAML's constructor, and `document` accepts only what YAML 1.1 and 1.2 read alike.

mod composer;
mod scalars;
mod scanner;
mod tags;

use alloc::{borrow::Cow, boxed::Box, rc::Rc, vec::Vec};

pub use self::composer::compose;

/// A node of a text.
#[derive(Debug)]
pub struct Node<'a> {
    pub mark: Mark,
    /// The tag in full, such as `tag:yaml.org,2002:str`, if the text has one. May be `!` alone.
    pub tag: Option<Box<str>>,
    pub content: Content<'a>,
}

#[derive(Debug)]
pub enum Content<'a> {
    Scalar {
        text: Cow<'a, str>,
        style: Style,
    },
    Sequence {
        items: Vec<Node<'a>>,
        only_mappings: bool,
    },
    Mapping(Vec<(Node<'a>, Node<'a>)>),
    /// A node with an anchor.
    Anchored(Rc<Node<'a>>),
    /// Another use of a node with an anchor.
    Alias(Rc<Node<'a>>),
    /// An alias of a collection that contains it.
    Recursion {
        is_mapping: bool,
    },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// Without quotes. Empty for a node that is missing, such as the value in `a:`.
    Plain,
    /// In quotes, or a block.
    Quoted,
    /// In quotes, with an escape for a surrogate, which Python accepts. The text has U+FFFD in its place.
    Surrogate,
}

/// A place in a text. Lines and columns are counted from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mark {
    pub line: usize,
    pub column: usize,
}

/// Why a text has no nodes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stop {
    pub mark: Mark,
    pub fault: Fault,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// PyYAML refuses the text.
    Invalid(&'static str),
    /// PyYAML refuses a tab, which libyaml accepts at this place.
    Tab,
    /// The text is nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// The text has more than [`MAX_NODES`] nodes.
    TooMany,
}

/// Maximum nesting. PyYAML recurses, and gives up at a few hundred levels.
pub const MAX_DEPTH: usize = 100;

/// Maximum number of nodes.
pub const MAX_NODES: usize = 1_000_000;

/// The prefix of YAML's own tags.
pub const CORE: &str = "tag:yaml.org,2002:";
