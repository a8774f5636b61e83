//! Splits YAML into tokens where PyYAML's scanner does, and refuses what it refuses (`yaml/scanner.py`, whose functions have the
//! same names). Scalars have no values, except for short plain ones.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

/// A token, as far as the grammar and the rules for nodes need it.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// `%YAML` with its major version.
    Yaml(u64),
    /// `%TAG` with its handle and prefix.
    TagDirective(String, String),
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
    Alias(String),
    Anchor(String),
    /// Handle and suffix.
    Tag(Option<String>, String),
    /// A plain scalar, with its text if that is short and on one line.
    Plain(Option<String>),
    Quoted,
    StreamEnd,
}

/// Why there are no tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stop {
    /// PyYAML refuses the text. The line is counted from 1.
    Invalid { line: usize },
    /// PyYAML refuses a tab, which libyaml accepts at this place.
    Tab { line: usize },
    /// The text is not judged: it is nested too deeply, or has tags that do more than name a type.
    Unjudged,
}

/// A token and its line, counted from 1.
pub type Line = (Token, usize);

/// Maximum nesting. PyYAML recurses, and gives up at a few hundred levels.
pub const MAX_DEPTH: usize = 100;

pub fn scan(text: &str) -> Result<Vec<Line>, Stop> {
    let mut scanner = Scanner {
        chars: text.chars().collect(),
        index: 0,
        line: 0,
        column: 0,
        tokens: Vec::new(),
        flow_level: 0,
        indent: -1,
        indents: Vec::new(),
        allow_simple_key: true,
        possible_simple_keys: BTreeMap::new(),
    };
    if let Some(at) = scanner.chars.iter().position(|character| !is_printable(*character)) {
        let before = scanner.chars.iter().take(at);
        return Err(Stop::Invalid { line: 1 + before.filter(|character| **character == '\n').count() });
    }
    while scanner.fetch_more_tokens()? {}
    Ok(scanner.tokens)
}

/// `Reader.NON_PRINTABLE`.
fn is_printable(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

struct SimpleKey {
    token_number: usize,
    required: bool,
    index: usize,
    line: usize,
    column: isize,
}

struct Scanner {
    chars: Vec<char>,
    index: usize,
    line: usize,
    column: isize,
    tokens: Vec<Line>,
    flow_level: usize,
    indent: isize,
    indents: Vec<isize>,
    allow_simple_key: bool,
    /// By flow level.
    possible_simple_keys: BTreeMap<usize, SimpleKey>,
}

/// What PyYAML reads at the end of the text.
const END: char = '\0';

fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_break_or_end(character: char) -> bool {
    character == END || is_break(character)
}

fn is_space_or_end(character: char) -> bool {
    character == ' ' || is_break_or_end(character)
}

fn is_blank_or_end(character: char) -> bool {
    character == '\t' || is_space_or_end(character)
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '-' || character == '_'
}

impl Scanner {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.index.saturating_add(ahead)).copied().unwrap_or(END)
    }

    fn prefix(&self, length: usize) -> String {
        self.chars.iter().skip(self.index).take(length).collect()
    }

    fn forward(&mut self, length: usize) {
        for _ in 0..length {
            let character = self.peek(0);
            self.index = self.index.saturating_add(1).min(self.chars.len());
            if is_break(character) && (character != '\r' || self.peek(0) != '\n') {
                self.line = self.line.saturating_add(1);
                self.column = 0;
            } else if character != '\u{feff}' {
                self.column = self.column.saturating_add(1);
            }
        }
    }

    fn skip_while(&mut self, accept: impl Fn(char) -> bool) {
        while accept(self.peek(0)) && self.index < self.chars.len() {
            self.forward(1);
        }
    }

    fn invalid<T>(&self) -> Result<T, Stop> {
        Err(Stop::Invalid { line: self.line.saturating_add(1) })
    }

    fn push(&mut self, token: Token) {
        self.tokens.push((token, self.line.saturating_add(1)));
    }

    /// Inserts a token before the one with this number.
    fn insert(&mut self, number: usize, token: Line) {
        let place = number.min(self.tokens.len());
        self.tokens.insert(place, token);
    }

    /// Adds the next tokens. Returns whether there may be more.
    fn fetch_more_tokens(&mut self) -> Result<bool, Stop> {
        self.scan_to_next_token();
        self.stale_possible_simple_keys()?;
        self.unwind_indent(self.column);
        match self.peek(0) {
            END => {
                self.unwind_indent(-1);
                self.remove_possible_simple_key()?;
                self.push(Token::StreamEnd);
                return Ok(false);
            }
            '%' if self.column == 0 => {
                self.before_document()?;
                let directive = self.scan_directive()?;
                self.push(directive);
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
                self.push(Token::FlowEntry);
                self.forward(1);
            }
            '-' if is_blank_or_end(self.peek(1)) => {
                self.start_block(Token::BlockSequenceStart)?;
                self.allow_simple_key = true;
                self.remove_possible_simple_key()?;
                self.push(Token::BlockEntry);
                self.forward(1);
            }
            '?' if self.flow_level > 0 || is_blank_or_end(self.peek(1)) => {
                self.start_block(Token::BlockMappingStart)?;
                self.allow_simple_key = self.flow_level == 0;
                self.remove_possible_simple_key()?;
                self.push(Token::Key);
                self.forward(1);
            }
            ':' if self.flow_level > 0 || is_blank_or_end(self.peek(1)) => self.fetch_value()?,
            '*' => {
                let name = self.scan_anchor()?;
                self.push(Token::Alias(name));
            }
            '&' => {
                let name = self.scan_anchor()?;
                self.push(Token::Anchor(name));
            }
            '!' => {
                self.save_possible_simple_key()?;
                self.allow_simple_key = false;
                let (handle, suffix) = self.scan_tag()?;
                self.push(Token::Tag(handle, suffix));
            }
            '|' | '>' if self.flow_level == 0 => {
                self.allow_simple_key = true;
                self.remove_possible_simple_key()?;
                self.scan_block_scalar()?;
                self.push(Token::Quoted);
            }
            quote @ ('\'' | '"') => {
                self.save_possible_simple_key()?;
                self.allow_simple_key = false;
                self.scan_flow_scalar(quote)?;
                self.push(Token::Quoted);
            }
            character if self.check_plain(character) => {
                self.save_possible_simple_key()?;
                self.allow_simple_key = false;
                let text = self.scan_plain();
                self.push(Token::Plain(text));
            }
            '\t' if self.flow_level > 0 || !self.allow_simple_key => {
                return Err(Stop::Tab { line: self.line.saturating_add(1) });
            }
            _ => return self.invalid(),
        }
        Ok(true)
    }

    fn stale_possible_simple_keys(&mut self) -> Result<(), Stop> {
        let (line, index) = (self.line, self.index);
        let is_stale = |key: &SimpleKey| key.line != line || index.saturating_sub(key.index) > 1024;
        let required = self.possible_simple_keys.values().find(|key| is_stale(key) && key.required);
        if let Some(key) = required {
            return Err(Stop::Invalid { line: key.line.saturating_add(1) });
        }
        self.possible_simple_keys.retain(|_, key| !is_stale(key));
        Ok(())
    }

    fn save_possible_simple_key(&mut self) -> Result<(), Stop> {
        if self.allow_simple_key {
            self.remove_possible_simple_key()?;
            let key = SimpleKey {
                token_number: self.tokens.len(),
                required: self.flow_level == 0 && self.indent == self.column,
                index: self.index,
                line: self.line,
                column: self.column,
            };
            self.possible_simple_keys.insert(self.flow_level, key);
        }
        Ok(())
    }

    fn remove_possible_simple_key(&mut self) -> Result<(), Stop> {
        match self.possible_simple_keys.remove(&self.flow_level) {
            Some(key) if key.required => Err(Stop::Invalid { line: key.line.saturating_add(1) }),
            _ => Ok(()),
        }
    }

    fn unwind_indent(&mut self, column: isize) {
        while self.flow_level == 0 && self.indent > column {
            self.indent = self.indents.pop().unwrap_or(-1);
            self.push(Token::BlockEnd);
        }
    }

    /// Returns whether a collection starts at the column.
    fn add_indent(&mut self, column: isize) -> Result<bool, Stop> {
        if self.indent >= column {
            return Ok(false);
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_DEPTH { Err(Stop::Unjudged) } else { Ok(true) }
    }

    fn start_block(&mut self, start: Token) -> Result<(), Stop> {
        if self.flow_level == 0 {
            if !self.allow_simple_key {
                return self.invalid();
            }
            if self.add_indent(self.column)? {
                self.push(start);
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
        self.column == 0 && self.prefix(3) == indicator && is_blank_or_end(self.peek(3))
    }

    fn is_document_separator(&self) -> bool {
        ["---", "..."].contains(&self.prefix(3).as_str()) && is_blank_or_end(self.peek(3))
    }

    fn fetch_document_indicator(&mut self, token: Token) -> Result<(), Stop> {
        self.before_document()?;
        self.push(token);
        self.forward(3);
        Ok(())
    }

    fn fetch_flow_collection_start(&mut self, token: Token) -> Result<(), Stop> {
        self.save_possible_simple_key()?;
        self.flow_level = self.flow_level.saturating_add(1);
        if self.flow_level > MAX_DEPTH {
            return Err(Stop::Unjudged);
        }
        self.allow_simple_key = true;
        self.push(token);
        self.forward(1);
        Ok(())
    }

    fn fetch_flow_collection_end(&mut self, token: Token) -> Result<(), Stop> {
        self.remove_possible_simple_key()?;
        // The grammar refuses a bracket that closes nothing.
        self.flow_level = self.flow_level.checked_sub(1).map_or_else(|| self.invalid(), Ok)?;
        self.allow_simple_key = false;
        self.push(token);
        self.forward(1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Stop> {
        if let Some(key) = self.possible_simple_keys.remove(&self.flow_level) {
            let line = key.line.saturating_add(1);
            self.insert(key.token_number, (Token::Key, line));
            if self.flow_level == 0 && self.add_indent(key.column)? {
                self.insert(key.token_number, (Token::BlockMappingStart, line));
            }
            self.allow_simple_key = false;
        } else {
            self.start_block(Token::BlockMappingStart)?;
            self.allow_simple_key = self.flow_level == 0;
            self.remove_possible_simple_key()?;
        }
        self.push(Token::Value);
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
            self.skip_while(|character| character == ' ');
            if self.peek(0) == '#' {
                self.skip_while(|character| !is_break(character));
            }
            if !self.scan_line_break() {
                return;
            }
            if self.flow_level == 0 {
                self.allow_simple_key = true;
            }
        }
    }

    fn scan_line_break(&mut self) -> bool {
        let character = self.peek(0);
        if !is_break(character) {
            return false;
        }
        self.forward(if character == '\r' && self.peek(1) == '\n' { 2 } else { 1 });
        true
    }

    /// Requires the end of the line, or a comment.
    fn scan_ignored_line(&mut self) -> Result<(), Stop> {
        self.skip_while(|character| character == ' ');
        if self.peek(0) == '#' {
            self.skip_while(|character| !is_break(character));
        }
        if !is_break_or_end(self.peek(0)) {
            return self.invalid();
        }
        self.scan_line_break();
        Ok(())
    }

    fn scan_word(&mut self) -> Result<String, Stop> {
        let mut length: usize = 0;
        while is_word(self.peek(length)) {
            length = length.saturating_add(1);
        }
        if length == 0 {
            return self.invalid();
        }
        let word = self.prefix(length);
        self.forward(length);
        Ok(word)
    }

    fn scan_directive(&mut self) -> Result<Token, Stop> {
        self.forward(1);
        let name = self.scan_word()?;
        self.require(is_space_or_end)?;
        let token = match name.as_str() {
            "YAML" => {
                self.skip_while(|character| character == ' ');
                let major = self.scan_number()?;
                self.require(|character| character == '.')?;
                self.forward(1);
                self.scan_number()?;
                self.require(is_space_or_end)?;
                Token::Yaml(major)
            }
            "TAG" => {
                self.skip_while(|character| character == ' ');
                let handle = self.scan_tag_handle()?;
                self.require(|character| character == ' ')?;
                self.skip_while(|character| character == ' ');
                let prefix = self.scan_tag_uri()?;
                self.require(is_space_or_end)?;
                Token::TagDirective(handle, prefix)
            }
            _ => {
                self.skip_while(|character| !is_break(character));
                Token::OtherDirective
            }
        };
        self.scan_ignored_line()?;
        Ok(token)
    }

    fn require(&self, accept: impl Fn(char) -> bool) -> Result<(), Stop> {
        if accept(self.peek(0)) { Ok(()) } else { self.invalid() }
    }

    fn scan_number(&mut self) -> Result<u64, Stop> {
        self.require(|character| character.is_ascii_digit())?;
        let mut number: u64 = 0;
        while let Some(digit) = self.peek(0).to_digit(10) {
            number = number.saturating_mul(10).saturating_add(digit.into());
            self.forward(1);
        }
        Ok(number)
    }

    /// Scans an anchor or an alias.
    fn scan_anchor(&mut self) -> Result<String, Stop> {
        self.save_possible_simple_key()?;
        self.allow_simple_key = false;
        self.forward(1);
        let name = self.scan_word()?;
        self.require(|character| is_blank_or_end(character) || "?:,]}%@`".contains(character))?;
        Ok(name)
    }

    fn scan_tag(&mut self) -> Result<(Option<String>, String), Stop> {
        let tag = match self.peek(1) {
            '<' => {
                self.forward(2);
                let suffix = self.scan_tag_uri()?;
                self.require(|character| character == '>')?;
                self.forward(1);
                (None, suffix)
            }
            character if is_blank_or_end(character) => {
                self.forward(1);
                (None, "!".into())
            }
            _ => {
                let mut length: usize = 1;
                while !is_space_or_end(self.peek(length)) && self.peek(length) != '!' {
                    length = length.saturating_add(1);
                }
                let handle = if self.peek(length) == '!' {
                    self.scan_tag_handle()?
                } else {
                    self.forward(1);
                    "!".into()
                };
                (Some(handle), self.scan_tag_uri()?)
            }
        };
        self.require(is_space_or_end)?;
        Ok(tag)
    }

    fn scan_tag_handle(&mut self) -> Result<String, Stop> {
        self.require(|character| character == '!')?;
        let mut length: usize = 1;
        if self.peek(length) != ' ' {
            while is_word(self.peek(length)) {
                length = length.saturating_add(1);
            }
            if self.peek(length) != '!' {
                return self.invalid();
            }
            length = length.saturating_add(1);
        }
        let handle = self.prefix(length);
        self.forward(length);
        Ok(handle)
    }

    fn scan_tag_uri(&mut self) -> Result<String, Stop> {
        let mut uri = Vec::new();
        loop {
            let character = self.peek(0);
            if character == '%' {
                let digits = [self.peek(1).to_digit(16), self.peek(2).to_digit(16)];
                let [Some(high), Some(low)] = digits else { return self.invalid() };
                uri.push((high * 16 + low) as u8);
                self.forward(3);
            } else if is_word(character) || ";/?:@&=+$,_.!~*'()[]".contains(character) {
                uri.push(character as u8);
                self.forward(1);
            } else {
                break;
            }
        }
        match String::from_utf8(uri) {
            Ok(uri) if !uri.is_empty() => Ok(uri),
            _ => self.invalid(),
        }
    }

    fn scan_block_scalar(&mut self) -> Result<(), Stop> {
        self.forward(1);
        let increment = self.scan_block_scalar_indicators()?;
        self.scan_ignored_line()?;
        let min_indent = self.indent.saturating_add(1).max(1);
        let indent = match increment {
            None => min_indent.max(self.scan_block_scalar_indentation()),
            Some(increment) => {
                let indent = min_indent.saturating_add(increment).saturating_sub(1);
                self.scan_block_scalar_breaks(indent);
                indent
            }
        };
        while self.column == indent && self.peek(0) != END {
            self.skip_while(|character| !is_break(character));
            self.scan_line_break();
            self.scan_block_scalar_breaks(indent);
        }
        Ok(())
    }

    fn scan_block_scalar_indicators(&mut self) -> Result<Option<isize>, Stop> {
        let mut increment = None;
        let mut chomping = false;
        for _ in 0..2 {
            match self.peek(0) {
                '+' | '-' if !chomping => chomping = true,
                '0' if increment.is_none() => return self.invalid(),
                digit @ '1'..='9' if increment.is_none() => increment = Some(digit as isize - '0' as isize),
                _ => break,
            }
            self.forward(1);
        }
        self.require(is_space_or_end)?;
        Ok(increment)
    }

    fn scan_block_scalar_indentation(&mut self) -> isize {
        let mut max_indent = 0;
        loop {
            if self.peek(0) == ' ' {
                self.forward(1);
                max_indent = max_indent.max(self.column);
            } else if !self.scan_line_break() {
                return max_indent;
            }
        }
    }

    fn scan_block_scalar_breaks(&mut self, indent: isize) {
        loop {
            while self.column < indent && self.peek(0) == ' ' {
                self.forward(1);
            }
            if !self.scan_line_break() {
                return;
            }
        }
    }

    fn scan_flow_scalar(&mut self, quote: char) -> Result<(), Stop> {
        let double = quote == '"';
        self.forward(1);
        loop {
            self.scan_flow_scalar_non_spaces(double)?;
            if self.peek(0) == quote {
                self.forward(1);
                return Ok(());
            }
            self.skip_while(|character| matches!(character, ' ' | '\t'));
            if self.peek(0) == END {
                return self.invalid();
            }
            if self.scan_line_break() {
                self.scan_flow_scalar_breaks()?;
            }
        }
    }

    fn scan_flow_scalar_non_spaces(&mut self, double: bool) -> Result<(), Stop> {
        loop {
            match self.peek(0) {
                '\'' if !double && self.peek(1) == '\'' => self.forward(2),
                '\'' if double => self.forward(1),
                '"' | '\\' if !double => self.forward(1),
                '\\' => {
                    self.forward(1);
                    self.scan_escape()?;
                }
                '\'' | '"' => return Ok(()),
                character if is_blank_or_end(character) => return Ok(()),
                _ => self.forward(1),
            }
        }
    }

    fn scan_escape(&mut self) -> Result<(), Stop> {
        let digits = match self.peek(0) {
            '0' | 'a' | 'b' | 't' | '\t' | 'n' | 'v' | 'f' | 'r' | 'e' | ' ' | '"' | '\\' | '/' | 'N' | '_' | 'L'
            | 'P' => 0,
            'x' => 2,
            'u' => 4,
            'U' => 8,
            character if is_break(character) => {
                self.scan_line_break();
                return self.scan_flow_scalar_breaks();
            }
            _ => return self.invalid(),
        };
        self.forward(1);
        let mut code: u64 = 0;
        for _ in 0..digits {
            let Some(digit) = self.peek(0).to_digit(16) else { return self.invalid() };
            code = code.saturating_mul(16).saturating_add(digit.into());
            self.forward(1);
        }
        if code > u64::from(u32::from(char::MAX)) { self.invalid() } else { Ok(()) }
    }

    fn scan_flow_scalar_breaks(&mut self) -> Result<(), Stop> {
        loop {
            if self.is_document_separator() {
                return self.invalid();
            }
            self.skip_while(|character| matches!(character, ' ' | '\t'));
            if !self.scan_line_break() {
                return Ok(());
            }
        }
    }

    /// Returns the text, if it is short and on one line.
    fn scan_plain(&mut self) -> Option<String> {
        const SHORT: usize = 16;
        let indent = self.indent.saturating_add(1);
        let (start, start_line) = (self.index, self.line);
        let mut end = start;
        while self.peek(0) != '#' {
            let before = self.index;
            while !self.ends_plain() {
                self.forward(1);
            }
            if self.index == before {
                break;
            }
            self.allow_simple_key = false;
            end = self.index;
            let spaces = self.scan_plain_spaces();
            if !spaces || self.peek(0) == '#' || self.flow_level == 0 && self.column < indent {
                break;
            }
        }
        let text = self.chars.get(start..end).filter(|text| text.len() <= SHORT)?;
        (!text.iter().any(|character| is_break(*character)) && self.line >= start_line).then(|| text.iter().collect())
    }

    fn ends_plain(&self) -> bool {
        let (character, next) = (self.peek(0), self.peek(1));
        is_blank_or_end(character)
            || character == ':' && (is_blank_or_end(next) || self.flow_level > 0 && ",[]{}".contains(next))
            || self.flow_level > 0 && ",?[]{}".contains(character)
    }

    /// Returns whether the scalar may continue.
    fn scan_plain_spaces(&mut self) -> bool {
        let before = self.index;
        self.skip_while(|character| character == ' ');
        if self.scan_line_break() {
            self.allow_simple_key = true;
            if self.is_document_separator() {
                return false;
            }
            loop {
                if self.peek(0) == ' ' {
                    self.forward(1);
                } else if self.scan_line_break() {
                    if self.is_document_separator() {
                        return false;
                    }
                } else {
                    return true;
                }
            }
        }
        self.index > before
    }
}
