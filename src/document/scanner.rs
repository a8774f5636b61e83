//! The numbers of a JSON document as they are written, because serde_json reads them only as 64-bit integers and doubles.

use alloc::string::String;
use core::iter;

/// A position in a JSON document. A visitor advances it by calling the method for each object, string and number in document
/// order.
///
/// Everything between those is white space, punctuation or a literal, so the next one starts at the next brace, quote, minus
/// sign or digit.
pub(super) struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// Enters the next value if it is an object, and returns whether it is one.
    pub(super) fn object(&mut self) -> bool {
        match self.seek().strip_prefix('{') {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Returns the next string, which must have `length` bytes and no escapes.
    pub(super) fn plain_text(&mut self, length: usize) -> Option<&'a str> {
        let (text, rest) = self.seek().strip_prefix('"')?.split_at_checked(length)?;
        self.rest = rest.strip_prefix('"')?;
        Some(text)
    }

    /// Skips the next string, which may have escapes.
    pub(super) fn skip_text(&mut self) -> Option<()> {
        let text = self.seek().strip_prefix('"')?;
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next()
            && byte != b'"'
        {
            if byte == b'\\' {
                bytes.next();
            }
        }
        self.rest = text.get(text.len() - bytes.len()..)?;
        Some(())
    }

    /// Returns the next number.
    pub(super) fn number(&mut self) -> Option<&'a str> {
        let text = self.seek();
        let rest = after_number(text)?;
        self.rest = rest;
        text.get(..text.len() - rest.len())
    }

    /// Skips everything before the next object, string or number.
    fn seek(&mut self) -> &'a str {
        let start = self.rest.bytes().position(|byte| matches!(byte, b'{' | b'"' | b'-' | b'0'..=b'9'));
        self.rest = start.and_then(|start| self.rest.get(start..)).unwrap_or_default();
        self.rest
    }
}

/// Copies `text` with a zero in place of each number that may be too large for serde_json. Returns `None` if there are none.
///
/// A zero has the length and the sign of the number it replaces, so serde_json finds the same errors at the same line and
/// column. It has an exponent, so that a second exponent after it is still an error.
pub(super) fn without_large_numbers(text: &str) -> Option<String> {
    let mut copy = String::new();
    let mut scanner = Scanner::new(text);
    loop {
        match scanner.seek().bytes().next() {
            None => break,
            Some(b'{') => _ = scanner.object(),
            Some(b'"') => scanner.skip_text()?,
            Some(_) => {
                // Malformed. serde_json stops here too.
                let Some(number) = scanner.number() else { break };
                if may_be_too_large(number) {
                    let digits = number.trim_start_matches('-').len();
                    copy += text.get(copy.len()..text.len() - scanner.rest.len() - digits)?;
                    copy += "0e";
                    copy.extend(iter::repeat_n('0', digits - 2));
                }
            }
        }
    }
    if copy.is_empty() {
        return None;
    }
    copy += text.get(copy.len()..)?;
    Some(copy)
}

/// Returns whether `number` may exceed 1e299. Such a number has at least five characters after its sign.
fn may_be_too_large(number: &str) -> bool {
    let (significand, exponent) = number.split_once(['e', 'E']).unwrap_or((number, ""));
    significand.len() > 200 || exponent.trim_start_matches(['+', '-']).len() > 2
}

/// Returns what follows the number (RFC 8259, 6) at the start of `text`, or `None` if it is malformed.
fn after_number(text: &str) -> Option<&str> {
    let text = text.strip_prefix('-').unwrap_or(text);
    let mut rest = text.strip_prefix('0').or_else(|| after_digits(text))?;
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = after_digits(fraction)?;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        rest = after_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))?;
    }
    Some(rest)
}

/// Returns what follows the digits at the start of `text`, or `None` if there are none.
fn after_digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|character: char| character.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn large_numbers_are_replaced_by_zeros_of_their_length() {
        let digits = "7".repeat(201);
        let zero = format!("0e{}", "0".repeat(199));
        for (text, copy) in [
            ("[1e400, -1E+999, 1e99]", "[0e000, -0e0000, 1e99]"),
            (r#"{"1e400": "\\\"1e400", "a": 1e400}"#, r#"{"1e400": "\\\"1e400", "a": 0e000}"#),
            (&format!("[-{digits}, {digits}.5]"), &format!("[-{zero}, {zero}00]")),
            // Not JSON, and the copy has the same error at the same place.
            ("1e400e400", "0e000e400"),
            ("1e400-1e400", "0e000-0e000"),
            ("[01e400]", "[00e000]"),
            ("[1e400, 1e, 1e400]", "[0e000, 1e, 1e400]"),
            ("1e400 \"", "0e000 \""),
        ] {
            assert_eq!(without_large_numbers(text).as_deref(), Some(copy));
        }
    }

    #[test]
    fn a_text_without_large_numbers_is_not_copied() {
        let digits = "7".repeat(200);
        for text in ["", "[1, -2.5e99, true]", r#"{"1e400": "1e400"}"#, "-", "1.e400", "1e+", "[.e400]", &digits] {
            assert_eq!(without_large_numbers(text), None, "{text}");
        }
    }
}
