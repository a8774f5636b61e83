//! Base64 (RFC 4648, 4). The crate `base64` decodes; the encoder is our own, because that crate looks up the letters one by
//! one. Ours computes them without tables or branches, so that the compiler can vectorise it.

use alloc::vec::Vec;

pub use ::base64::DecodeError;
use ::base64::{Engine as _, engine::general_purpose::STANDARD};

/// Appends the base64 of `bytes`, which is ASCII, to `text`.
pub fn encode(bytes: &[u8], text: &mut Vec<u8>) {
    let start = text.len();
    text.resize(start.saturating_add(bytes.len().div_ceil(3).saturating_mul(4)), 0);
    let out = text.get_mut(start..).unwrap_or_default();
    let mut blocks = 0;
    for (block, out) in bytes.array_windows().step_by(BLOCK).zip(out.as_chunks_mut().0) {
        encode_block(block, out);
        blocks += 1;
    }
    let (rest, out) = (bytes.get(blocks * BLOCK..), out.get_mut(blocks * TEXT..));
    // Cannot fail: `text` was resized to fit the output.
    let _ = STANDARD.encode_slice(rest.unwrap_or_default(), out.unwrap_or_default());
}

/// Decodes `text`, which must be padded and have no characters outside the alphabet.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    STANDARD.decode(text)
}

/// Size of a block in bytes: 16 groups of three, each of which becomes four letters.
const BLOCK: usize = 48;
/// Size of an encoded block in bytes.
const TEXT: usize = 64;

/// Encodes a block. The byte after it is read but has no effect: words of four bytes can be loaded, groups of three cannot.
fn encode_block(block: &[u8; BLOCK + 1], text: &mut [u8; TEXT]) {
    // Each loop does one kind of work, so that the compiler can use 128-bit instructions.
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

/// Spreads the 24 bits of a group, whose first byte is the least significant, over four bytes.
fn digits(group: u32) -> u32 {
    group >> 2 & 0x3f
        | (group << 12 & 0x3000 | group >> 4 & 0x0f00)
        | (group << 10 & 0x3c_0000 | group >> 6 & 0x03_0000)
        | group << 8 & 0x3f00_0000
}

/// Returns the letter of a 6-bit digit. The alphabet has five ranges, which start at `A`, `a`, `0`, `+` and `/`.
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
        fn the_output_equals_that_of_the_crate(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
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
