//! Scans directives, anchors and tags.

use alloc::{string::String, vec::Vec};

use super::{
    Stop,
    scanner::{Scanner, Token, is_blank_or_end, is_break, is_space_or_end, is_word},
};

impl<'a> Scanner<'a> {
    pub fn scan_directive(&mut self) -> Result<Token<'a>, Stop> {
        self.forward(1);
        let name = self.scan_word()?;
        self.require(is_space_or_end, INVALID_DIRECTIVE)?;
        let token = match name {
            "YAML" => {
                self.take_while(|character| character == ' ');
                let major = self.scan_number()?;
                self.require(|character| character == '.', INVALID_DIRECTIVE)?;
                self.forward(1);
                self.scan_number()?;
                self.require(is_space_or_end, INVALID_DIRECTIVE)?;
                Token::Yaml(major)
            }
            "TAG" => {
                self.take_while(|character| character == ' ');
                let handle = self.scan_tag_handle()?;
                self.require(|character| character == ' ', INVALID_DIRECTIVE)?;
                self.take_while(|character| character == ' ');
                let prefix = self.scan_tag_uri()?;
                self.require(is_space_or_end, INVALID_DIRECTIVE)?;
                Token::TagDirective(handle, prefix)
            }
            _ => {
                self.take_while(|character| !is_break(character));
                Token::OtherDirective
            }
        };
        self.scan_ignored_line()?;
        Ok(token)
    }

    fn scan_number(&mut self) -> Result<u64, Stop> {
        let digits = self.take_while(|character| character.is_ascii_digit());
        if digits.is_empty() {
            return self.invalid(INVALID_DIRECTIVE);
        }
        Ok(digits.parse().unwrap_or(u64::MAX))
    }

    fn scan_word(&mut self) -> Result<&'a str, Stop> {
        match self.take_while(is_word) {
            "" => self.invalid("expected a name of letters and digits"),
            word => Ok(word),
        }
    }

    /// Scans an anchor or an alias.
    pub fn scan_anchor(&mut self) -> Result<&'a str, Stop> {
        self.save_possible_simple_key()?;
        self.allow_simple_key = false;
        self.forward(1);
        let name = self.scan_word()?;
        self.require(
            |character| is_blank_or_end(character) || "?:,]}%@`".contains(character),
            "expected a name of letters and digits",
        )?;
        Ok(name)
    }

    pub fn scan_tag(&mut self) -> Result<(Option<&'a str>, String), Stop> {
        let tag = match self.peek(1) {
            '<' => {
                self.forward(2);
                let suffix = self.scan_tag_uri()?;
                self.require(|character| character == '>', INVALID_TAG)?;
                self.forward(1);
                (None, suffix)
            }
            character if is_blank_or_end(character) => {
                self.forward(1);
                (None, "!".into())
            }
            _ => {
                let mut after = self.rest().chars().skip(1);
                let handle = if after.find(|character| is_space_or_end(*character) || *character == '!') == Some('!') {
                    self.scan_tag_handle()?
                } else {
                    self.forward(1);
                    "!"
                };
                (Some(handle), self.scan_tag_uri()?)
            }
        };
        self.require(is_space_or_end, INVALID_TAG)?;
        Ok(tag)
    }

    fn scan_tag_handle(&mut self) -> Result<&'a str, Stop> {
        self.require(|character| character == '!', INVALID_TAG)?;
        let start = self.at;
        self.forward(1);
        if self.peek(0) != ' ' {
            self.take_while(is_word);
            self.require(|character| character == '!', INVALID_TAG)?;
            self.forward(1);
        }
        Ok(self.slice(start, self.at))
    }

    fn scan_tag_uri(&mut self) -> Result<String, Stop> {
        let mut uri = Vec::new();
        loop {
            let character = self.peek(0);
            if character == '%' {
                let digits = [self.peek(1).to_digit(16), self.peek(2).to_digit(16)];
                let [Some(high), Some(low)] = digits else { return self.invalid(INVALID_TAG) };
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
            _ => self.invalid(INVALID_TAG),
        }
    }
}

const INVALID_DIRECTIVE: &str = "an invalid directive; put the value in quotes if it is one";

const INVALID_TAG: &str = "an invalid tag; put the value in quotes if it is one";
