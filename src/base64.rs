//! Base64 (RFC 4648, 4): read by the crate `base64`, and written here, since that crate looks its letters up one by one. This
//! computes them, without a table and without a branch, so that the compiler has many done at once.

use alloc::vec::Vec;

pub use ::base64::DecodeError;
use ::base64::{Engine as _, engine::general_purpose::STANDARD};

/// Appends the text of `bytes`, which is ASCII.
pub fn encode(bytes: &[u8], text: &mut Vec<u8>) {
    let begin = text.len();
    text.resize(begin.saturating_add(bytes.len().div_ceil(3).saturating_mul(4)), 0);
    let out = text.get_mut(begin..).unwrap_or_default();
    let mut blocks = 0;
    for (block, out) in bytes.array_windows().step_by(BLOCK).zip(out.as_chunks_mut().0) {
        encode_block(block, out);
        blocks += 1;
    }
    let (rest, out) = (bytes.get(blocks * BLOCK..), out.get_mut(blocks * TEXT..));
    // There is room for what it writes.
    let _ = STANDARD.encode_slice(rest.unwrap_or_default(), out.unwrap_or_default());
}

/// The bytes of a text, with padding and nothing that is not of the alphabet.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    STANDARD.decode(text)
}

/// In bytes: 16 groups of three, each of which makes four letters.
const BLOCK: usize = 48;
const TEXT: usize = 64;

/// Encodes a block. The byte behind it is not looked at, but read: four bytes are a word, three are not.
fn encode_block(block: &[u8; BLOCK + 1], text: &mut [u8; TEXT]) {
    // One kind of work in each loop is what the compiler knows how to do on 128 bits.
    let mut words = [0; TEXT / 4];
    for (word, group) in words.iter_mut().zip(block.array_windows().step_by(3)) {
        *word = u32::from_le_bytes(*group);
    }
    for word in &mut words {
        *word = digits(*word);
    }
    for (four, word) in text.as_chunks_mut().0.iter_mut().zip(words) {
        *four = word.to_le_bytes();
    }
    for letter in text {
        *letter = self::letter(*letter);
    }
}

/// Spreads the 24 bits of a group, whose first byte is the lowest, over four bytes.
fn digits(group: u32) -> u32 {
    group >> 2 & 0x3f
        | (group << 12 & 0x3000 | group >> 4 & 0x0f00)
        | (group << 10 & 0x3c_0000 | group >> 6 & 0x03_0000)
        | group << 8 & 0x3f00_0000
}

/// The alphabet has five ranges: from `A`, from `a` on, from `0` on, `+` and `/`.
fn letter(digit: u8) -> u8 {
    let from = |first: u8, shift: u8| if digit < first { 0 } else { shift };
    (b'A' + from(26, b'a' - b'A' - 26) + from(63, b'/' - b'+' - 1))
        .wrapping_add(digit)
        .wrapping_sub(from(52, b'a' + 52 - 26 - b'0'))
        .wrapping_sub(from(62, b'0' + 62 - 52 - b'+'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_text_is_that_of_the_crate(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let mut text = Vec::from(b"=");
            encode(&bytes, &mut text);
            prop_assert_eq!(String::from_utf8(text).unwrap(), alloc::format!("={}", STANDARD.encode(&bytes)));
        }
    }

    #[test]
    fn every_group_of_bits_has_its_letter() {
        let bytes: Vec<u8> = (0..1 << 12_u32)
            .flat_map(|bits| [bits, bits << 12 | bits])
            .flat_map(|group: u32| {
                let [a, b, c, _] = group.to_le_bytes();
                [a, b, c]
            })
            .collect();
        let mut text = Vec::new();
        encode(&bytes, &mut text);
        assert_eq!(String::from_utf8(text).unwrap(), STANDARD.encode(&bytes));
    }
}
