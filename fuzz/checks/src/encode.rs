//! Any image is encoded as base64 text that another decoder and ours decode to the same image, and the text does not depend on the
//! parts in which the image is passed to the encoder.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive::{DriveSource, decode, encode::Encoder, image::Sink};

pub fn check(input: &[u8]) {
    let Some((cuts, parts)) = input.split_first_chunk() else { return };
    let image = image(parts);
    let text = configdrive::encode(&image).expect("a text");
    assert!(encode_in_parts(&image, *cuts) == text);

    let gzip = STANDARD.decode(&text).expect("base64");
    // One byte more than expected, so that a longer result is noticed.
    let mut theirs = vec![0; image.len() + 1];
    let length = libdeflater::Decompressor::new().gzip_decompress(&gzip, &mut theirs).expect("gzip");
    assert!(theirs.get(..length) == Some(&image));
    assert!(*decode::decode(DriveSource::Text(&text)).expect("an image") == image);
}

/// Builds an image from its parts. A part is its kind, its size, and the bytes that it needs.
fn image(mut parts: &[u8]) -> Vec<u8> {
    thread_local!(static NOISE: Vec<u8> = noise(100_000));
    let mut image = Vec::new();
    for _ in 0..PARTS {
        let Some(([kind, low, high], rest)) = parts.split_first_chunk().filter(|_| image.len() < LARGE) else { break };
        let size = size(u16::from_le_bytes([*low, *high]));
        parts = rest;
        // The compressor is slow, so it rarely gets much to compress.
        let compressed = if *kind > 0xf0 { size } else { size % SMALL };
        match kind % 4 {
            0 => image.resize(image.len() + size, 0),
            1 => NOISE.with(|noise| {
                // Noise that starts within a block is compressed too.
                let starts_block = image.is_empty() || image.ends_with(&[0; 64]);
                let from = usize::from(*kind);
                image.extend_from_slice(&noise[from..from + if starts_block { size } else { compressed }]);
            }),
            2 => image.extend(rest.iter().take(3).cycle().take(compressed)),
            _ => {
                let (bytes, rest) = rest.split_at(size.min(rest.len()));
                image.extend_from_slice(bytes);
                parts = rest;
            }
        }
    }
    image
}

/// Maximum number of parts. More of them find nothing new.
const PARTS: usize = 16;
/// Size in bytes from which an image gets no more parts.
const LARGE: usize = 70_000;
/// Limit of small sizes, in bytes.
const SMALL: usize = 256;

/// Returns a size in bytes: usually a small one, sometimes one near a threshold at which the encoder behaves differently.
fn size(number: u16) -> usize {
    const RUN: usize = 32_768;
    /// From this length, the block that encodes a run is one byte longer.
    const RUN_AND_BYTE: usize = 33_025;
    const STORED: usize = 65_535;
    let number = usize::from(number);
    let threshold = match number >> 11 {
        1 => RUN,
        2 => RUN_AND_BYTE,
        3 => STORED,
        4 => STORED + RUN,
        _ => return number % SMALL,
    };
    threshold - 32 + number % 64
}

/// Encodes the image in parts, whose sizes are `cuts`, repeated. If a size has its highest bit set and the part has only zeros, it is
/// passed as a run of zeros.
fn encode_in_parts(image: &[u8], cuts: [u8; 8]) -> String {
    // The rest after this many parts is passed at once.
    const PARTS: usize = 200;
    let mut encoder = Encoder::new();
    let mut left = image;
    for &[low, high] in cuts.as_chunks().0.iter().cycle().take(PARTS) {
        let cut = u16::from_le_bytes([low, high]);
        let (part, rest) = left.split_at(usize::from(cut & 0x7fff).min(left.len()));
        if cut & 0x8000 != 0 && part.iter().all(|byte| *byte == 0) {
            encoder.zeros(part.len());
        } else {
            encoder.bytes(part);
        }
        left = rest;
    }
    encoder.bytes(left);
    encoder.finish().expect("a text")
}

/// xorshift64*
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8
    };
    (0..count).map(|_| next()).collect()
}
