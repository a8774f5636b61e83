//! gzip to base64.

use alloc::{string::String, vec::Vec};

use super::{EncodeError, MAX_TEXT_SIZE};
use crate::base64;

/// The text so far, and the zero to two bytes behind it that do not fill a group of base64 yet.
#[derive(Default)]
pub struct Text {
    base64: Vec<u8>,
    rest: Vec<u8>,
    is_full: bool,
}

impl Text {
    /// More bytes; once there is no room for them, nothing is kept any more.
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

    /// Makes room for so many more bytes, that will probably come.
    pub fn expect(&mut self, bytes: usize) {
        let room = MAX_TEXT_SIZE.saturating_sub(self.base64.len());
        self.base64.reserve((bytes / GROUP * 4).min(room));
    }

    /// There was no room for all bytes.
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

/// In bytes.
const GROUP: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_text_has_at_most_what_ironic_takes() {
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
