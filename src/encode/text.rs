//! Encodes gzip as base64.

use alloc::{string::String, vec::Vec};

use super::{EncodeError, MAX_TEXT_SIZE};
use crate::base64;

/// The text so far, and up to two further bytes that do not fill a base64 group yet.
#[derive(Default)]
pub struct Text {
    base64: Vec<u8>,
    rest: Vec<u8>,
    is_full: bool,
}

impl Text {
    /// Appends more bytes. If they do not fit, they and all later bytes are dropped.
    pub fn extend(&mut self, gzip: &[u8]) {
        let missing = if self.rest.is_empty() { 0 } else { (GROUP - self.rest.len()).min(gzip.len()) };
        let (head, tail) = gzip.split_at_checked(missing).unwrap_or((gzip, &[]));
        self.rest.extend(head);
        let (whole, rest) = tail.split_at_checked(tail.len() / GROUP * GROUP).unwrap_or((tail, &[]));
        if self.rest.len() == GROUP {
            base64::encode(&self.rest, &mut self.base64);
            self.rest.clear();
        }
        self.is_full = self.is_full || self.base64.len() + whole.len() / GROUP * 4 > MAX_TEXT_SIZE;
        if !self.is_full {
            base64::encode(whole, &mut self.base64);
            self.rest.extend(rest);
        }
    }

    /// Allocates memory for `bytes` more bytes, which are likely to follow.
    pub fn expect(&mut self, bytes: usize) {
        let room = MAX_TEXT_SIZE.saturating_sub(self.base64.len());
        self.base64.reserve((bytes / GROUP * 4).min(room));
    }

    /// Returns whether bytes were dropped because they did not fit.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    pub fn finish(mut self) -> Result<String, EncodeError> {
        base64::encode(&self.rest, &mut self.base64);
        if self.is_full || self.base64.len() > MAX_TEXT_SIZE {
            return Err(EncodeError::TextTooLarge);
        }
        String::from_utf8(self.base64).map_err(|_| EncodeError::TextTooLarge)
    }
}

/// Size of a group before encoding, in bytes.
const GROUP: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_text_is_no_larger_than_ironic_accepts() {
        let fitting = MAX_TEXT_SIZE / 4 * GROUP;
        let mut text = Text::default();
        text.extend(&vec![0; fitting]);
        text.extend(&[]);
        assert!(!text.is_full());
        assert_eq!(text.finish().unwrap().len(), MAX_TEXT_SIZE);
        let mut text = Text::default();
        text.extend(&vec![0; fitting]);
        text.extend(&[0]);
        assert_eq!(text.finish(), Err(EncodeError::TextTooLarge));
        let mut text = Text::default();
        text.extend(&vec![0; fitting]);
        text.extend(&[0; 3]);
        assert!(text.is_full());
        assert_eq!(text.finish(), Err(EncodeError::TextTooLarge));
    }
}
