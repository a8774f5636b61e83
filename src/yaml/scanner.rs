//! Splits YAML into tokens where PyYAML's scanner does, and refuses what it refuses (`yaml/scanner.py`, whose functions have the
//! same names).

use alloc::{borrow::Cow, collections::BTreeMap, collections::VecDeque, vec::Vec};

use super::{Fault, MAX_DEPTH, Mark, Stop, Style};

/// A token.
#[derive(Debug, PartialEq)]
pub enum Token<'a> {
    /// `%YAML` with its major version.
    Yaml(u64),
    /// `%TAG` with its handle and prefix.
    TagDirective(&'a str, alloc::string::String),
    OtherDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowMappingStart,
    FlowSequenceEnd,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    /// Handle and suffix.
    Tag(Option<&'a str>, alloc::string::String),
    Scalar(Cow<'a, str>, Style),
    StreamEnd,
}

struct SimpleKey {
    token_number: usize,
    required: bool,
    index: usize,
    mark: Mark,
    column: isize,
}

pub struct Scanner<'a> {
    text: &'a str,
    /// The position in bytes.
    pub at: usize,
    /// The position in characters.
    index: usize,
    line: usize,
    pub column: isize,
    tokens: VecDeque<(Token<'a>, Mark)>,
    tokens_taken: usize,
    done: bool,
    pub flow_level: usize,
    pub indent: isize,
    indents: Vec<isize>,
    pub allow_simple_key: bool,
    /// By flow level.
    possible_simple_keys: BTreeMap<usize, SimpleKey>,
}

/// What PyYAML reads at the end of the text.
pub const END: char = '\0';

pub fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_break_or_end(character: char) -> bool {
    character == END || is_break(character)
}

pub fn is_space_or_end(character: char) -> bool {
    character == ' ' || is_break_or_end(character)
}

pub fn is_blank_or_end(character: char) -> bool {
    character == '\t' || is_space_or_end(character)
}

pub fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '-' || character == '_'
}

/// `Reader.NON_PRINTABLE`.
fn is_printable(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Result<Self, Stop> {
        let mut scanner = Self {
            text,
            at: 0,
            index: 0,
            line: 1,
            column: 0,
            tokens: VecDeque::new(),
            tokens_taken: 0,
            done: false,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            allow_simple_key: true,
            possible_simple_keys: BTreeMap::new(),
        };
        if let Some(at) = text.find(|character| !is_printable(character)) {
            while scanner.at < at {
                scanner.forward(1);
            }
            return scanner.invalid("a control character; write it as an escape in double quotes");
        }
        Ok(scanner)
    }

    /// Returns the next token. After the last one, returns the end of the stream.
    pub fn peek_token(&mut self) -> Result<&Token<'a>, Stop> {
        self.fill()?;
        Ok(self.tokens.front().map_or(&Token::StreamEnd, |(token, _)| token))
    }

    /// Returns the next token and its place, and moves on.
    pub fn take_token(&mut self) -> Result<(Token<'a>, Mark), Stop> {
        self.fill()?;
        let token = self.tokens.pop_front();
        self.tokens_taken = self.tokens_taken.saturating_add(usize::from(token.is_some()));
        Ok(token.unwrap_or((Token::StreamEnd, self.mark())))
    }

    /// Returns the place of the next token.
    pub fn token_mark(&self) -> Mark {
        self.tokens.front().map_or(self.mark(), |(_, mark)| *mark)
    }

    /// Scans until the next token is certain: a token may still be inserted before one that may start a key.
    fn fill(&mut self) -> Result<(), Stop> {
        while !self.done {
            if !self.tokens.is_empty() {
                self.stale_possible_simple_keys()?;
                let first_key = self.possible_simple_keys.values().map(|key| key.token_number).min();
                if first_key != Some(self.tokens_taken) {
                    break;
                }
            }
            self.fetch_more_tokens()?;
        }
        Ok(())
    }

    pub fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Returns the text from a position in bytes to another.
    pub fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    pub fn peek(&self, ahead: usize) -> char {
        self.rest().chars().nth(ahead).unwrap_or(END)
    }

    pub fn forward(&mut self, length: usize) {
        for _ in 0..length {
            let mut rest = self.rest().chars();
            let Some(character) = rest.next() else { return };
            self.at = self.at.saturating_add(character.len_utf8());
            self.index = self.index.saturating_add(1);
            if is_break(character) && (character != '\r' || rest.next() != Some('\n')) {
                self.line = self.line.saturating_add(1);
                self.column = 0;
            } else if character != '\u{feff}' {
                self.column = self.column.saturating_add(1);
            }
        }
    }

    /// Takes the characters that `accept` accepts. None of them may be a line break.
    pub fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|character| !accept(character)).unwrap_or(rest.len());
        self.take(length)
    }

    /// Takes this many bytes, which must be whole characters without a line break.
    pub fn take(&mut self, length: usize) -> &'a str {
        let taken = self.rest().get(..length).unwrap_or_default();
        self.at = self.at.saturating_add(taken.len());
        for character in taken.chars() {
            self.index = self.index.saturating_add(1);
            self.column = self.column.saturating_add(isize::from(character != '\u{feff}'));
        }
        taken
    }

    pub fn mark(&self) -> Mark {
        Mark { line: self.line, column: self.column.unsigned_abs().saturating_add(1) }
    }

    pub fn invalid<T>(&self, why: &'static str) -> Result<T, Stop> {
        Err(Stop { mark: self.mark(), fault: Fault::Invalid(why) })
    }

    fn push(&mut self, token: Token<'a>, mark: Mark) {
        self.tokens.push_back((token, mark));
    }

    /// Inserts a token before the one with this number.
    fn insert(&mut self, number: usize, token: Token<'a>, mark: Mark) {
        let place = number.saturating_sub(self.tokens_taken).min(self.tokens.len());
        self.tokens.insert(place, (token, mark));
    }

    fn fetch_more_tokens(&mut self) -> Result<(), Stop> {
        self.scan_to_next_token();
        self.stale_possible_simple_keys()?;
        self.unwind_indent(self.column);
        let mark = self.mark();
        match self.peek(0) {
            END => {
                self.unwind_indent(-1);
                self.remove_possible_simple_key()?;
                self.done = true;
                self.push(Token::StreamEnd, mark);
            }
            '%' if self.column == 0 => {
                self.before_document()?;
                let directive = self.scan_directive()?;
                self.push(directive, mark);
            }
            '-' if self.is_document_indicator("---") => self.fetch_document_indicator(Token::DocumentStart)?,
            '.' if self.is_document_indicator("...") => self.fetch_document_indicator(Token::DocumentEnd)?,
            '[' => self.fetch_flow_collection_start(Token::FlowSequenceStart)?,
            '{' => self.fetch_flow_collection_start(Token::FlowMappingStart)?,
            ']' => self.fetch_flow_collection_end(Token::FlowSequenceEnd)?,
            '}' => self.fetch_flow_collection_end(Token::FlowMappingEnd)?,
            ',' => {
                self.allow_simple_key = true;
                self.remove_possible_simple_key()?;
                self.push(Token::FlowEntry, mark);
                self.forward(1);
            }
            '-' if is_blank_or_end(self.peek(1)) => {
                self.start_block(Token::BlockSequenceStart, "a list is not allowed here")?;
                self.allow_simple_key = true;
                self.remove_possible_simple_key()?;
                self.push(Token::BlockEntry, mark);
                self.forward(1);
            }
            '?' if self.flow_level > 0 || is_blank_or_end(self.peek(1)) => {
                self.start_block(Token::BlockMappingStart, "a key is not allowed here")?;
                self.allow_simple_key = self.flow_level == 0;
                self.remove_possible_simple_key()?;
                self.push(Token::Key, mark);
                self.forward(1);
            }
            ':' if self.flow_level > 0 || is_blank_or_end(self.peek(1)) => self.fetch_value()?,
            '*' => {
                let name = self.scan_anchor()?;
                self.push(Token::Alias(name), mark);
            }
            '&' => {
                let name = self.scan_anchor()?;
                self.push(Token::Anchor(name), mark);
            }
            '!' => {
                self.save_possible_simple_key()?;
                self.allow_simple_key = false;
                let (handle, suffix) = self.scan_tag()?;
                self.push(Token::Tag(handle, suffix), mark);
            }
            style @ ('|' | '>') if self.flow_level == 0 => {
                self.allow_simple_key = true;
                self.remove_possible_simple_key()?;
                let text = self.scan_block_scalar(style == '>')?;
                self.push(Token::Scalar(text.into(), Style::Quoted), mark);
            }
            quote @ ('\'' | '"') => {
                self.save_possible_simple_key()?;
                self.allow_simple_key = false;
                let (text, style) = self.scan_flow_scalar(quote)?;
                self.push(Token::Scalar(text, style), mark);
            }
            character if self.check_plain(character) => {
                self.save_possible_simple_key()?;
                self.allow_simple_key = false;
                let text = self.scan_plain();
                self.push(Token::Scalar(text, Style::Plain), mark);
            }
            '\t' if self.flow_level > 0 || !self.allow_simple_key => return Err(Stop { mark, fault: Fault::Tab }),
            '\t' => return self.invalid("a tab in the indentation; use spaces"),
            '@' | '`' => return self.invalid("a value cannot start with @ or `; put it in quotes"),
            _ => return self.invalid("a value cannot start with this character; put it in quotes"),
        }
        Ok(())
    }

    fn stale_possible_simple_keys(&mut self) -> Result<(), Stop> {
        let (line, index) = (self.line, self.index);
        let is_stale = |key: &SimpleKey| key.mark.line != line || index.saturating_sub(key.index) > 1024;
        let required = self.possible_simple_keys.values().find(|key| is_stale(key) && key.required);
        if let Some(key) = required {
            return Err(Stop { mark: key.mark, fault: Fault::Invalid(NO_COLON) });
        }
        self.possible_simple_keys.retain(|_, key| !is_stale(key));
        Ok(())
    }

    pub fn save_possible_simple_key(&mut self) -> Result<(), Stop> {
        if self.allow_simple_key {
            self.remove_possible_simple_key()?;
            let key = SimpleKey {
                token_number: self.tokens_taken.saturating_add(self.tokens.len()),
                required: self.flow_level == 0 && self.indent == self.column,
                index: self.index,
                mark: self.mark(),
                column: self.column,
            };
            self.possible_simple_keys.insert(self.flow_level, key);
        }
        Ok(())
    }

    fn remove_possible_simple_key(&mut self) -> Result<(), Stop> {
        match self.possible_simple_keys.remove(&self.flow_level) {
            Some(key) if key.required => Err(Stop { mark: key.mark, fault: Fault::Invalid(NO_COLON) }),
            _ => Ok(()),
        }
    }

    fn unwind_indent(&mut self, column: isize) {
        while self.flow_level == 0 && self.indent > column {
            self.indent = self.indents.pop().unwrap_or(-1);
            self.push(Token::BlockEnd, self.mark());
        }
    }

    /// Returns whether a collection starts at the column.
    fn add_indent(&mut self, column: isize) -> Result<bool, Stop> {
        if self.indent >= column {
            return Ok(false);
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_DEPTH { self.too_deep() } else { Ok(true) }
    }

    fn too_deep<T>(&self) -> Result<T, Stop> {
        Err(Stop { mark: self.mark(), fault: Fault::TooDeep })
    }

    fn start_block(&mut self, start: Token<'a>, why: &'static str) -> Result<(), Stop> {
        if self.flow_level == 0 {
            if !self.allow_simple_key {
                return self.invalid(why);
            }
            if self.add_indent(self.column)? {
                self.push(start, self.mark());
            }
        }
        Ok(())
    }

    fn before_document(&mut self) -> Result<(), Stop> {
        self.unwind_indent(-1);
        self.remove_possible_simple_key()?;
        self.allow_simple_key = false;
        Ok(())
    }

    fn is_document_indicator(&self, indicator: &str) -> bool {
        self.column == 0 && self.rest().starts_with(indicator) && is_blank_or_end(self.peek(3))
    }

    pub fn is_document_separator(&self) -> bool {
        (self.rest().starts_with("---") || self.rest().starts_with("...")) && is_blank_or_end(self.peek(3))
    }

    fn fetch_document_indicator(&mut self, token: Token<'a>) -> Result<(), Stop> {
        self.before_document()?;
        self.push(token, self.mark());
        self.forward(3);
        Ok(())
    }

    fn fetch_flow_collection_start(&mut self, token: Token<'a>) -> Result<(), Stop> {
        self.save_possible_simple_key()?;
        self.flow_level = self.flow_level.saturating_add(1);
        if self.flow_level > MAX_DEPTH {
            return self.too_deep();
        }
        self.allow_simple_key = true;
        self.push(token, self.mark());
        self.forward(1);
        Ok(())
    }

    fn fetch_flow_collection_end(&mut self, token: Token<'a>) -> Result<(), Stop> {
        self.remove_possible_simple_key()?;
        // The grammar refuses a bracket that closes nothing.
        self.flow_level =
            self.flow_level.checked_sub(1).map_or_else(|| self.invalid("a bracket that closes nothing"), Ok)?;
        self.allow_simple_key = false;
        self.push(token, self.mark());
        self.forward(1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Stop> {
        let mark = self.mark();
        if let Some(key) = self.possible_simple_keys.remove(&self.flow_level) {
            self.insert(key.token_number, Token::Key, key.mark);
            if self.flow_level == 0 && self.add_indent(key.column)? {
                self.insert(key.token_number, Token::BlockMappingStart, key.mark);
            }
            self.allow_simple_key = false;
        } else {
            self.start_block(Token::BlockMappingStart, "a colon that follows no key; put the value in quotes")?;
            self.allow_simple_key = self.flow_level == 0;
            self.remove_possible_simple_key()?;
        }
        self.push(Token::Value, mark);
        self.forward(1);
        Ok(())
    }

    fn check_plain(&self, character: char) -> bool {
        !is_blank_or_end(character) && !"-?:,[]{}#&*!|>'\"%@`".contains(character)
            || !is_blank_or_end(self.peek(1))
                && (character == '-' || self.flow_level == 0 && matches!(character, '?' | ':'))
    }

    fn scan_to_next_token(&mut self) {
        if self.index == 0 && self.peek(0) == '\u{feff}' {
            self.forward(1);
        }
        loop {
            self.take_while(|character| character == ' ');
            if self.peek(0) == '#' {
                self.take_while(|character| !is_break(character));
            }
            if self.scan_line_break().is_none() {
                return;
            }
            if self.flow_level == 0 {
                self.allow_simple_key = true;
            }
        }
    }

    /// Returns the line break at the position, as it is read: most of them as a line feed.
    pub fn scan_line_break(&mut self) -> Option<char> {
        let character = self.peek(0);
        if !is_break(character) {
            return None;
        }
        self.forward(if character == '\r' && self.peek(1) == '\n' { 2 } else { 1 });
        Some(if matches!(character, '\u{2028}' | '\u{2029}') { character } else { '\n' })
    }

    /// Requires the end of the line, or a comment.
    pub fn scan_ignored_line(&mut self) -> Result<(), Stop> {
        self.take_while(|character| character == ' ');
        if self.peek(0) == '#' {
            self.take_while(|character| !is_break(character));
        }
        if !is_break_or_end(self.peek(0)) {
            return self.invalid("expected the end of the line");
        }
        self.scan_line_break();
        Ok(())
    }

    pub fn require(&self, accept: impl Fn(char) -> bool, why: &'static str) -> Result<(), Stop> {
        if accept(self.peek(0)) { Ok(()) } else { self.invalid(why) }
    }
}

const NO_COLON: &str = "expected a colon after the key";
