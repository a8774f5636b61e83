//! Scans scalars, and reads their values: line breaks are folded, escapes replaced, and indentation removed.

use alloc::{borrow::Cow, string::String};

use super::{
    Stop, Style,
    scanner::{END, Scanner, is_blank_or_end, is_break, is_space_or_end},
};

impl<'a> Scanner<'a> {
    pub fn scan_plain(&mut self) -> Cow<'a, str> {
        let indent = self.indent.saturating_add(1);
        let start = self.at;
        let mut end = start;
        // Only a scalar on several lines differs from the text.
        let mut folded: Option<String> = None;
        let mut spaces = Spaces::Same("");
        while self.peek(0) != '#' {
            let chunk = self.take(self.plain_length());
            if chunk.is_empty() {
                break;
            }
            self.allow_simple_key = false;
            match (&mut folded, spaces) {
                (None, Spaces::Same(_)) => {}
                (Some(value), Spaces::Same(spaces)) => value.extend([spaces, chunk]),
                (None, Spaces::Folded(breaks)) => {
                    folded = Some([self.slice(start, end), &breaks, chunk].concat());
                }
                (Some(value), Spaces::Folded(breaks)) => value.extend([&breaks, chunk]),
            }
            end = self.at;
            let Some(found) = self.scan_plain_spaces() else { break };
            if self.peek(0) == '#' || self.flow_level == 0 && self.column < indent {
                break;
            }
            spaces = found;
        }
        folded.map_or(Cow::Borrowed(self.slice(start, end)), Cow::Owned)
    }

    /// Returns how many bytes of a plain scalar follow.
    fn plain_length(&self) -> usize {
        let rest = self.rest();
        let ends = |(at, character): (usize, char)| {
            let after = at.saturating_add(character.len_utf8());
            let next = || rest.get(after..).and_then(|rest| rest.chars().next()).unwrap_or(END);
            let is_end = is_blank_or_end(character)
                || character == ':' && (is_blank_or_end(next()) || self.flow_level > 0 && ",[]{}".contains(next()))
                || self.flow_level > 0 && ",?[]{}".contains(character);
            is_end.then_some(at)
        };
        rest.char_indices().find_map(ends).unwrap_or(rest.len())
    }

    /// Returns the white space after which the scalar may continue.
    fn scan_plain_spaces(&mut self) -> Option<Spaces<'a>> {
        let spaces = self.take_while(|character| character == ' ');
        let Some(line_break) = self.scan_line_break() else {
            return (!spaces.is_empty()).then_some(Spaces::Same(spaces));
        };
        self.allow_simple_key = true;
        if self.is_document_separator() {
            return None;
        }
        let mut breaks = String::new();
        loop {
            if self.peek(0) == ' ' {
                self.forward(1);
            } else if let Some(line_break) = self.scan_line_break() {
                breaks.push(line_break);
                if self.is_document_separator() {
                    return None;
                }
            } else {
                return Some(Spaces::Folded(folded(line_break, breaks)));
            }
        }
    }

    pub fn scan_flow_scalar(&mut self, quote: char) -> Result<(Cow<'a, str>, Style), Stop> {
        let double = quote == '"';
        self.forward(1);
        let rest = self.rest();
        let special = |character: char| character == quote || double && character == '\\' || is_break(character);
        // On one line without escapes, the value is the text itself.
        if let Some(length) = rest.find(special)
            && let Some(mut after) = rest.get(length..).map(str::chars)
            && after.next() == Some(quote)
            && (double || after.next() != Some(quote))
        {
            let text = self.take(length);
            self.forward(1);
            return Ok((Cow::Borrowed(text), Style::Quoted));
        }
        let mut value = Quoted { text: String::new(), style: Style::Quoted };
        loop {
            self.scan_flow_scalar_non_spaces(double, &mut value)?;
            if self.peek(0) == quote {
                self.forward(1);
                return Ok((Cow::Owned(value.text), value.style));
            }
            let spaces = self.take_while(|character| matches!(character, ' ' | '\t'));
            if self.peek(0) == END {
                return self.invalid("the text ends within quotes");
            }
            match self.scan_line_break() {
                Some(line_break) => {
                    let breaks = self.scan_flow_scalar_breaks()?;
                    value.text += &folded(line_break, breaks);
                }
                None => value.text += spaces,
            }
        }
    }

    fn scan_flow_scalar_non_spaces(&mut self, double: bool, value: &mut Quoted) -> Result<(), Stop> {
        loop {
            value.text +=
                self.take_while(|character| !matches!(character, '\'' | '"' | '\\') && !is_blank_or_end(character));
            match self.peek(0) {
                '\'' if !double && self.peek(1) == '\'' => {
                    value.text.push('\'');
                    self.forward(2);
                }
                character @ '\'' if double => {
                    value.text.push(character);
                    self.forward(1);
                }
                character @ ('"' | '\\') if !double => {
                    value.text.push(character);
                    self.forward(1);
                }
                '\\' => {
                    self.forward(1);
                    self.scan_escape(value)?;
                }
                _ => return Ok(()),
            }
        }
    }

    fn scan_escape(&mut self, value: &mut Quoted) -> Result<(), Stop> {
        const UNKNOWN: &str = "an unknown escape; in single quotes, a backslash is a character like any other";
        let (replacement, digits) = match self.peek(0) {
            '0' => ('\0', 0),
            'a' => ('\u{7}', 0),
            'b' => ('\u{8}', 0),
            't' | '\t' => ('\t', 0),
            'n' => ('\n', 0),
            'v' => ('\u{b}', 0),
            'f' => ('\u{c}', 0),
            'r' => ('\r', 0),
            'e' => ('\u{1b}', 0),
            character @ (' ' | '"' | '\\' | '/') => (character, 0),
            'N' => ('\u{85}', 0),
            '_' => ('\u{a0}', 0),
            'L' => ('\u{2028}', 0),
            'P' => ('\u{2029}', 0),
            'x' => (END, 2),
            'u' => (END, 4),
            'U' => (END, 8),
            character if is_break(character) => {
                self.scan_line_break();
                value.text += &self.scan_flow_scalar_breaks()?;
                return Ok(());
            }
            _ => return self.invalid(UNKNOWN),
        };
        self.forward(1);
        if digits == 0 {
            value.text.push(replacement);
            return Ok(());
        }
        let mut code: u32 = 0;
        for _ in 0..digits {
            let Some(digit) = self.peek(0).to_digit(16) else { return self.invalid(UNKNOWN) };
            code = code.saturating_mul(16).saturating_add(digit);
            self.forward(1);
        }
        match char::from_u32(code) {
            Some(character) => value.text.push(character),
            None if code <= u32::from(char::MAX) => {
                value.text.push(char::REPLACEMENT_CHARACTER);
                value.style = Style::Surrogate;
            }
            None => return self.invalid("an escape beyond the last character, U+10FFFF"),
        }
        Ok(())
    }

    fn scan_flow_scalar_breaks(&mut self) -> Result<String, Stop> {
        let mut breaks = String::new();
        loop {
            if self.is_document_separator() {
                return self.invalid("a document marker within quotes");
            }
            self.take_while(|character| matches!(character, ' ' | '\t'));
            match self.scan_line_break() {
                Some(line_break) => breaks.push(line_break),
                None => return Ok(breaks),
            }
        }
    }

    pub fn scan_block_scalar(&mut self, is_folded: bool) -> Result<String, Stop> {
        self.forward(1);
        let (chomping, increment) = self.scan_block_scalar_indicators()?;
        self.scan_ignored_line()?;
        let min_indent = self.indent.saturating_add(1).max(1);
        let (mut breaks, indent) = match increment {
            None => {
                let (breaks, found) = self.scan_block_scalar_indentation();
                (breaks, min_indent.max(found))
            }
            Some(increment) => {
                let indent = min_indent.saturating_add(increment).saturating_sub(1);
                (self.scan_block_scalar_breaks(indent), indent)
            }
        };
        let mut value = String::new();
        let mut line_break = None;
        while self.column == indent && self.peek(0) != END {
            value += &breaks;
            let starts_with_text = !matches!(self.peek(0), ' ' | '\t');
            value += self.take_while(|character| !is_break(character));
            line_break = self.scan_line_break();
            breaks = self.scan_block_scalar_breaks(indent);
            if self.column != indent || self.peek(0) == END {
                break;
            }
            let joins = line_break == Some('\n') && starts_with_text && !matches!(self.peek(0), ' ' | '\t');
            if !is_folded || !joins {
                value.extend(line_break);
            } else if breaks.is_empty() {
                value.push(' ');
            }
        }
        if chomping != Chomping::Strip {
            value.extend(line_break);
        }
        if chomping == Chomping::Keep {
            value += &breaks;
        }
        Ok(value)
    }

    fn scan_block_scalar_indicators(&mut self) -> Result<(Chomping, Option<isize>), Stop> {
        const EXPECTED: &str = "expected the end of the line after | or >";
        let mut increment = None;
        let mut chomping = Chomping::Clip;
        for _ in 0..2 {
            match self.peek(0) {
                '+' if chomping == Chomping::Clip => chomping = Chomping::Keep,
                '-' if chomping == Chomping::Clip => chomping = Chomping::Strip,
                '0' if increment.is_none() => return self.invalid(EXPECTED),
                digit @ '1'..='9' if increment.is_none() => increment = Some(digit as isize - '0' as isize),
                _ => break,
            }
            self.forward(1);
        }
        self.require(is_space_or_end, EXPECTED)?;
        Ok((chomping, increment))
    }

    /// Returns the empty lines before the first line of the scalar, and the widest indentation.
    fn scan_block_scalar_indentation(&mut self) -> (String, isize) {
        let mut breaks = String::new();
        let mut max_indent = 0;
        loop {
            if self.peek(0) == ' ' {
                self.take_while(|character| character == ' ');
                max_indent = max_indent.max(self.column);
            } else if let Some(line_break) = self.scan_line_break() {
                breaks.push(line_break);
            } else {
                return (breaks, max_indent);
            }
        }
    }

    fn scan_block_scalar_breaks(&mut self, indent: isize) -> String {
        let mut breaks = String::new();
        loop {
            while self.column < indent && self.peek(0) == ' ' {
                self.forward(1);
            }
            match self.scan_line_break() {
                Some(line_break) => breaks.push(line_break),
                None => return breaks,
            }
        }
    }
}

/// White space within a plain scalar.
enum Spaces<'a> {
    /// On one line, where they are kept.
    Same(&'a str),
    /// Line breaks, as they are read.
    Folded(String),
}

/// What becomes of the line breaks at the end of a block scalar.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Chomping {
    Clip,
    Strip,
    Keep,
}

struct Quoted {
    text: String,
    style: Style,
}

/// Folds a line break and the empty lines after it.
fn folded(line_break: char, mut breaks: String) -> String {
    if line_break != '\n' {
        breaks.insert(0, line_break);
    } else if breaks.is_empty() {
        breaks.push(' ');
    }
    breaks
}
