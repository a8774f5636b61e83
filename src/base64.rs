//! Base64 (RFC 4648, 4): by the crate `base64-simd` at the speed of memory, and where there is an error to tell by `base64`,
//! which knows its place.

use alloc::{string::String, vec::Vec};

pub use ::base64::DecodeError;
use ::base64::{Engine as _, engine::general_purpose};
use base64_simd::STANDARD;

/// Appends the text of `bytes`.
pub fn encode(bytes: &[u8], text: &mut String) {
    // `encode_append` would have no room left behind what it appends, and the next one would move all of the text.
    text.reserve(bytes.len().div_ceil(3).saturating_mul(4));
    STANDARD.encode_append(bytes, text);
}

/// The bytes of a text, with padding and nothing that is not of the alphabet.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    STANDARD.decode_to_vec(text).or_else(|_| general_purpose::STANDARD.decode(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_crates_encode_alike(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let mut text = String::from("=");
            encode(&bytes, &mut text);
            prop_assert_eq!(&text, &alloc::format!("={}", general_purpose::STANDARD.encode(&bytes)));
            prop_assert_eq!(decode(&text.as_bytes()[1..]), Ok(bytes));
        }

        #[test]
        fn both_crates_read_and_refuse_alike(
            bytes in prop::collection::vec(any::<u8>(), 1..600), place: prop::sample::Index, byte: u8,
        ) {
            let mut text = general_purpose::STANDARD.encode(bytes).into_bytes();
            let place = place.index(text.len());
            text[place] = byte;
            prop_assert_eq!(decode(&text), general_purpose::STANDARD.decode(&text));
            text.truncate(place);
            prop_assert_eq!(decode(&text), general_purpose::STANDARD.decode(&text));
        }
    }

    #[test]
    fn both_crates_know_the_same_alphabet() {
        for byte in 0..=255 {
            let text = [byte; 64];
            assert_eq!(decode(&text), general_purpose::STANDARD.decode(text), "{byte}");
        }
    }
}
