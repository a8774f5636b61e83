//! gzip's checksum (RFC 1952, 8) for wasm, which lacks the instructions that make `crc32fast` fast.
//!
//! This is the Chorba algorithm (Russell, arXiv:2412.16398). It uses a multiple of the polynomial with only a few terms, which are
//! far apart and at multiples of a word. Adding a word of the message to a few later words then removes it, without tables or shifts.

use alloc::vec::Vec;

use crc32fast::Hasher;

/// Adds more bytes of the message to its checksum.
pub fn update(crc: &mut Hasher, bytes: &[u8]) {
    if cfg!(target_family = "wasm") && bytes.len() >= 4 * 8 * LONGEST {
        *crc = fold(crc.clone().finalize(), bytes);
    } else {
        crc.update(bytes);
    }
}

/// Distances in words of 64 bits: the sum of x^(-64 * distance) over them is 1, modulo the polynomial. They were found by a
/// search; about one such set of five distances below 220 is to be expected.
const DISTANCES: [usize; 5] = [17, 80, 118, 124, LONGEST];
const LONGEST: usize = 203;

/// Number of words that are removed at once, which is no more than the shortest distance.
const STEP: usize = 16;

/// Returns the checksum of a message whose part before `bytes` has the checksum `crc`.
fn fold(crc: u32, bytes: &[u8]) -> Hasher {
    let (message, rest) = bytes.as_chunks();
    // The zeros before the message are words that add nothing.
    let mut words = Vec::with_capacity(LONGEST + message.len());
    words.resize(LONGEST, 0);
    words.extend(message.iter().map(|word| u64::from_le_bytes(*word)));
    // XOR the CRC register so far, which is the checksum's complement, into the start of the message. From here on, the register
    // starts at zero, which the crate represents as `!0`.
    let Some(first) = words.get_mut(LONGEST) else {
        // The message is shorter than a word.
        let mut crc = Hasher::new_with_initial(crc);
        crc.update(rest);
        return crc;
    };
    *first ^= u64::from(!crc);
    let end = LONGEST + message.len().saturating_sub(LONGEST) / STEP * STEP;
    for at in (LONGEST..end).step_by(STEP) {
        let Some((past, now)) = words.split_at_mut_checked(at) else { break };
        let Some(now) = now.first_chunk_mut::<STEP>() else { break };
        for distance in DISTANCES {
            let Some(added) = past.get(at - distance..).and_then(<[u64]>::first_chunk::<STEP>) else { break };
            now.iter_mut().zip(added).for_each(|(word, added)| *word ^= added);
        }
    }
    let (past, left) = words.split_at_mut_checked(end).unwrap_or_default();
    for distance in DISTANCES {
        let added = past.get(end - distance..).unwrap_or_default();
        left.iter_mut().zip(added).for_each(|(word, added)| *word ^= added);
    }
    let mut crc = Hasher::new_with_initial(!0);
    left.iter().for_each(|word| crc.update(&word.to_le_bytes()));
    crc.update(rest);
    crc
}

#[cfg(test)]
mod tests {
    use super::{super::tests::noise, *};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_folded_checksum_equals_that_of_crc32fast(
            size in prop_oneof![0_usize..20, 0_usize..70_000],
            start in 0_usize..9,
            crc: u32,
        ) {
            let bytes = &noise(70_010)[start..start + size];
            let mut plain = Hasher::new_with_initial(crc);
            plain.update(bytes);
            prop_assert_eq!(fold(crc, bytes).finalize(), plain.finalize());
        }
    }
}
