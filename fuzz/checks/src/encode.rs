//! Bytes → text → bytes: by a foreign decoder, by ours, and in whatever parts the image comes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive::{DriveSource, decode, encode::Encoder, image::Sink};

pub fn check(input: &[u8]) {
    let Some((cuts, parts)) = input.split_first_chunk() else { return };
    let image = image(parts);
    let text = configdrive::encode(&image).expect("a text");
    assert!(encode_in_parts(&image, *cuts) == text);

    let gzip = STANDARD.decode(&text).expect("base64");
    // Room for one byte too many.
    let mut theirs = vec![0; image.len() + 1];
    let length = libdeflater::Decompressor::new().gzip_decompress(&gzip, &mut theirs).expect("gzip");
    assert!(theirs.get(..length) == Some(&image));
    assert!(*decode::decode(DriveSource::Text(&text)).expect("an image") == image);
}

/// An image by its parts: of each the kind and the size, and behind them what it needs of bytes.
fn image(mut parts: &[u8]) -> Vec<u8> {
    thread_local!(static NOISE: Vec<u8> = noise(100_000));
    let mut image = Vec::new();
    for _ in 0..PARTS {
        let Some(([kind, low, high], behind)) = parts.split_first_chunk().filter(|_| image.len() < MOST) else { break };
        let size = size(u16::from_le_bytes([*low, *high]));
        parts = behind;
        // The compressor is slow, so it gets much now and then only.
        let compressed = if *kind > 0xf0 { size } else { size % FEW };
        match kind % 4 {
            0 => image.resize(image.len() + size, 0),
            1 => NOISE.with(|noise| {
                // Noise that begins within a block is compressed too.
                let begins = image.is_empty() || image.ends_with(&[0; 64]);
                let from = usize::from(*kind);
                image.extend_from_slice(&noise[from..from + if begins { size } else { compressed }]);
            }),
            2 => image.extend(behind.iter().take(3).cycle().take(compressed)),
            _ => {
                let (bytes, behind) = behind.split_at(size.min(behind.len()));
                image.extend_from_slice(bytes);
                parts = behind;
            }
        }
    }
    image
}

/// Beyond, nothing new happens.
const PARTS: usize = 16;
/// In bytes, as the next.
const MOST: usize = 70_000;
const FEW: usize = 256;

/// A few bytes, or now and then about as many as those at which the encoder changes its ways.
fn size(number: u16) -> usize {
    const RUN: usize = 32_768;
    /// One byte more of the block that stands for a run.
    const RUN_AND_BYTE: usize = 33_025;
    const STORED: usize = 65_535;
    let number = usize::from(number);
    let threshold = match number >> 11 {
        1 => RUN,
        2 => RUN_AND_BYTE,
        3 => STORED,
        4 => STORED + RUN,
        _ => return number % FEW,
    };
    threshold - 32 + number % 64
}

/// The text of the image as it comes in parts, whose sizes come over and over. A size with the highest bit set tells of zeros
/// where there is nothing else.
fn encode_in_parts(image: &[u8], cuts: [u8; 8]) -> String {
    // What is left after so many of them comes in one.
    const PARTS: usize = 200;
    let mut encoder = Encoder::new();
    let mut left = image;
    for &[low, high] in cuts.as_chunks().0.iter().cycle().take(PARTS) {
        let cut = u16::from_le_bytes([low, high]);
        let (part, behind) = left.split_at(usize::from(cut & 0x7fff).min(left.len()));
        if cut & 0x8000 != 0 && part.iter().all(|byte| *byte == 0) {
            encoder.zeros(part.len());
        } else {
            encoder.bytes(part);
        }
        left = behind;
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
