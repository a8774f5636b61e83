//! Stores blocks that do not compress: the compressor would spend the most time on them, and save nothing.

/// Size of the largest block that can be stored (RFC 1951, 3.2.4), in bytes.
pub const BLOCK: usize = 65_535;

/// Writes `block`, of at most [`BLOCK`] bytes, uncompressed. It starts and ends at a byte boundary.
pub fn store(block: &[u8], mut put: impl FnMut(&[u8])) {
    const NOT_FINAL_STORED: u8 = 0;
    let [low, high, ..] = block.len().to_le_bytes();
    put(&[NOT_FINAL_STORED, low, high, !low, !high]);
    put(block);
}

/// Estimates from a sample whether `block` is incompressible: all byte values are about equally frequent, and almost nothing
/// repeats.
///
/// If the sample is misleading, the text is longer than necessary, but still correct.
pub fn is_noise(block: &[u8]) -> bool {
    if block.len() < STRIPS * STRIP {
        return false;
    }
    let mut frequencies = [0_u32; 256];
    let mut seen = [0_u32; 1 << SEEN_BITS];
    let mut repeats = 0;
    for strip in block.chunks(block.len() / STRIPS).filter_map(|part| part.get(..STRIP)).take(STRIPS) {
        for four in strip.array_windows::<4>() {
            if let Some(frequency) = frequencies.get_mut(usize::from(four[0])) {
                *frequency += 1;
            }
            // Fibonacci hashing.
            let four = u32::from_le_bytes(*four);
            if let Some(seen) = seen.get_mut((four.wrapping_mul(0x9e37_79b9) >> (32 - SEEN_BITS)) as usize) {
                repeats += u32::from(*seen == four);
                *seen = four;
            }
        }
    }
    // If the squares are a quarter more than equal frequencies give, entropy coding would save a few hundredths.
    let sample: u32 = frequencies.iter().sum();
    let squares: u32 = frequencies.iter().map(|frequency| frequency * frequency).sum();
    let equal = sample * sample / 256 + sample;
    squares < equal + equal / 4 && repeats < sample / 64
}

/// Number of strips in a sample.
const STRIPS: usize = 4;

/// Size of a strip, in bytes.
const STRIP: usize = 512;

const SEEN_BITS: u32 = 11;

#[cfg(test)]
mod tests {
    use super::{super::tests::noise, *};
    use ::base64::{Engine as _, engine::general_purpose::STANDARD};
    use alloc::vec::Vec;

    #[test]
    fn noise_is_distinguished_from_what_compresses() {
        let noise = noise(BLOCK);
        assert!(is_noise(&noise));
        assert!(is_noise(&noise[..STRIPS * STRIP]));
        assert!(!is_noise(&noise[..STRIPS * STRIP - 1]));
        assert!(noise.chunks_exact(STRIPS * STRIP).all(is_noise));
        let gzip = miniz_oxide::deflate::compress_to_vec(STANDARD.encode(&noise).as_bytes(), 6);
        assert!(is_noise(&gzip[..BLOCK]));

        assert!(!is_noise(&STANDARD.encode(&noise).into_bytes()[..BLOCK]));
        assert!(!is_noise(&noise[..300].repeat(300)[..BLOCK]));
        // The sample comes from all parts of the block.
        assert!(!is_noise(&[&noise[..BLOCK / 4], &[b'a'; BLOCK / 4 * 3]].concat()));
        // One repeat in fifty.
        let mut repeating = noise[..BLOCK].to_vec();
        for strip in (0..STRIPS).map(|strip| BLOCK / STRIPS * strip) {
            repeating.copy_within(strip..strip + 14, strip + 100);
        }
        assert!(!is_noise(&repeating));
        // All byte values are equally frequent here, but always come in the same order.
        let permutation: Vec<u8> = (0..=255_u8).map(|byte| byte.wrapping_mul(167).wrapping_add(13)).collect();
        assert!(!is_noise(&permutation.repeat(256)[..BLOCK]));
        let counted: Vec<u8> = (0..BLOCK as u32).flat_map(u32::to_le_bytes).collect();
        assert!(!is_noise(&counted[..BLOCK]));
        let seven_bits: Vec<u8> = noise.iter().map(|byte| byte & 0x7f).collect();
        assert!(!is_noise(&seven_bits));
        let with_zeros: Vec<u8> = noise.chunks(100).flat_map(|part| [part, &[0; 20]].concat()).collect();
        assert!(!is_noise(&with_zeros[..BLOCK]));
    }

    #[test]
    fn inflate_reads_a_stored_block() {
        for size in [0, 1, BLOCK] {
            let block = noise(size);
            let mut stream = Vec::new();
            store(&block, |bytes| stream.extend(bytes));
            stream.extend([3, 0]); // the last block: empty
            assert!(miniz_oxide::inflate::decompress_to_vec(&stream).unwrap() == block);
        }
    }
}
