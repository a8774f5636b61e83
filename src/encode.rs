//! Encodes an image as the text that Ironic accepts: one gzip member (RFC 1952) in base64 (RFC 4648, 4).

mod crc32;
mod deflate;
mod stored;
mod text;
mod zeros;

use alloc::{string::String, vec::Vec};
use core::{fmt, mem};

use crc32fast::Hasher;

use self::{deflate::Deflate, text::Text, zeros::Run};
use crate::image::{MAX_IMAGE_SIZE, Sink};

/// Maximum size of the base64 text, in bytes. Ironic's API refuses a request body of more than 67,108,864 bytes; this leaves room
/// for the rest of the body.
pub const MAX_TEXT_SIZE: usize = 67_108_000;

/// Encodes an image of at most [`MAX_IMAGE_SIZE`] bytes as at most [`MAX_TEXT_SIZE`] bytes of text. Equal images give equal texts.
pub fn encode(image: &[u8]) -> Result<String, EncodeError> {
    let mut encoder = Encoder::new();
    encoder.bytes(image);
    encoder.finish()
}

/// Encodes an image piece by piece; neither the image nor its gzip is ever in memory as a whole.
///
/// Long runs of zeros are not compressed but replaced by a precomputed block, whether they are passed as bytes or as a count. The
/// bytes between two runs are a segment, which is processed in blocks. Blocks that do not compress are stored.
pub struct Encoder {
    deflate: Deflate,
    /// The incomplete last block of the segment.
    block: Vec<u8>,
    /// Number of zeros at the end of the image so far, which are not yet in any block or in the checksum.
    zeros: usize,
    crc: Hasher,
    /// Size of the image so far, in bytes.
    size: u64,
    text: Text,
}

impl Encoder {
    /// Returns an encoder for a new image.
    pub fn new() -> Self {
        let mut text = Text::default();
        text.extend(&HEADER);
        Self { deflate: Deflate::new(), block: Vec::new(), zeros: 0, crc: Hasher::new(), size: 0, text }
    }

    /// Returns the text; call it after the whole image has been passed in.
    pub fn finish(mut self) -> Result<String, EncodeError> {
        if self.size > MAX_IMAGE_SIZE {
            return Err(EncodeError::ImageTooLarge { size: self.size });
        }
        self.end_zeros();
        self.end_block();
        self.deflate.finish(|gzip| self.text.extend(gzip));
        self.text.extend(&self.crc.finalize().to_le_bytes());
        // The size of an image within the limit fits 32 bits.
        self.text.extend(&(self.size as u32).to_le_bytes());
        self.text.finish()
    }

    /// Adds `count` to the size, and returns whether the image and its text are still within their limits.
    fn reserve(&mut self, count: usize) -> bool {
        self.size = self.size.saturating_add(count as u64);
        self.size <= MAX_IMAGE_SIZE && !self.text.is_full()
    }

    /// Encodes the zeros so far; call it when no more follow.
    fn end_zeros(&mut self) {
        const ZEROS: [u8; 2048] = [0; 2048];
        let mut left = mem::take(&mut self.zeros);
        if let Some(run) = Run::new(left) {
            self.end_block();
            self.deflate.flush(|gzip| self.text.extend(gzip));
            run.deflate(|gzip| self.text.extend(gzip));
            self.crc.combine(&run.checksum());
            left = run.rest;
        }
        while left > 0 {
            let part = ZEROS.get(..left).unwrap_or(&ZEROS);
            self.segment(part);
            left -= part.len();
        }
    }

    /// Adds bytes to the segment. How they are divided into calls affects neither the blocks nor the output.
    fn segment(&mut self, bytes: &[u8]) {
        let missing = if self.block.is_empty() { 0 } else { stored::BLOCK - self.block.len() };
        let (head, tail) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
        self.block.extend_from_slice(head);
        if self.block.len() == stored::BLOCK {
            self.end_block();
        }
        let (blocks, rest) = tail.as_chunks::<{ stored::BLOCK }>();
        for (block, remaining) in blocks.iter().zip((0..blocks.len()).rev()) {
            self.put(block, remaining * stored::BLOCK);
        }
        self.block.extend_from_slice(rest);
    }

    fn end_block(&mut self) {
        let block = mem::take(&mut self.block);
        self.put(&block, 0);
        self.block = block;
        self.block.clear();
    }

    /// Encodes a block. At least `following` more bytes of the segment are known to follow it.
    fn put(&mut self, block: &[u8], following: usize) {
        if block.is_empty() {
            return;
        }
        crc32::update(&mut self.crc, block);
        if stored::is_noise(block) {
            self.deflate.flush(|gzip| self.text.extend(gzip));
            self.text.expect(block.len() + following);
            stored::store(block, |gzip| self.text.extend(gzip));
        } else {
            self.deflate.compress(block, |gzip| self.text.extend(gzip));
        }
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for Encoder {
    fn bytes(&mut self, bytes: &[u8]) {
        if !self.reserve(bytes.len()) {
            return;
        }
        let mut left = bytes;
        while !left.is_empty() {
            let zeros = zeros::leading(left);
            self.zeros += zeros;
            left = left.get(zeros..).unwrap_or_default();
            if !left.is_empty() {
                self.end_zeros();
                let (segment, zeros, rest) = zeros::split(left);
                self.segment(segment);
                self.zeros = zeros;
                left = rest;
            }
        }
    }

    fn zeros(&mut self, count: usize) {
        if self.reserve(count) {
            self.zeros += count;
        }
    }
}

/// Why an image cannot be encoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The image has more than [`MAX_IMAGE_SIZE`] bytes.
    ImageTooLarge {
        /// Size of the image, in bytes.
        size: u64,
    },
    /// The text would have more than [`MAX_TEXT_SIZE`] bytes.
    TextTooLarge,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ImageTooLarge { size } => {
                write!(
                    f,
                    "the image has {size} bytes, but Ironic's agent accepts at most {MAX_IMAGE_SIZE}; make the drive smaller"
                )
            }
            Self::TextTooLarge => write!(
                f,
                "the image does not compress to the {MAX_TEXT_SIZE} bytes of base64 text that Ironic accepts; make the drive \
                 smaller"
            ),
        }
    }
}

impl core::error::Error for EncodeError {}

/// A gzip header (RFC 1952, 2.3): deflate, no flags, no time stamp, unspecified level, unknown operating system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

#[cfg(test)]
mod tests {
    use super::*;
    use ::base64::{Engine as _, engine::general_purpose::STANDARD};
    use alloc::vec;
    use proptest::prelude::*;

    /// Decodes a gzip member by RFC 1952, and verifies its checksum and size.
    fn decode(text: &str) -> Vec<u8> {
        let gzip = STANDARD.decode(text).unwrap();
        let (header, body) = gzip.split_at(10);
        assert_eq!(header, HEADER);
        let (deflate, trailer) = body.split_at(body.len() - 8);
        let image = miniz_oxide::inflate::decompress_to_vec(deflate).unwrap();
        assert_eq!(trailer[..4], crc32fast::hash(&image).to_le_bytes());
        assert_eq!(trailer[4..], (image.len() as u32).to_le_bytes());
        image
    }

    /// Returns bytes that do not compress (xorshift).
    pub fn noise(count: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        let mut bytes: Vec<u8> = core::iter::repeat_with(&mut next).take(count.div_ceil(8)).flatten().collect();
        bytes.truncate(count);
        bytes
    }

    #[test]
    fn the_text_decodes_to_the_image() {
        for size in [0, 1, 2, 3, 4, 2048, 65_536, 300_001] {
            assert_eq!(decode(&encode(&noise(size)).unwrap()), noise(size));
            assert_eq!(decode(&encode(&vec![b'a'; size]).unwrap()), vec![b'a'; size]);
        }
    }

    #[test]
    fn the_text_does_not_depend_on_how_the_image_is_divided() {
        let image = [noise(100_000), vec![0; 100_000], noise(7)].concat();
        for part in [1, 997, 65_537] {
            let mut encoder = Encoder::new();
            image.chunks(part).for_each(|bytes| encoder.bytes(bytes));
            assert_eq!(encoder.finish().unwrap(), encode(&image).unwrap(), "{part}");
        }
    }

    #[test]
    fn long_runs_of_zeros_may_be_anywhere_in_an_image() {
        let zeros = |count: usize| vec![0; count];
        for run in [1, 2, 1000, 32_767, 32_768, 32_769, 33_024, 33_025, 33_026, 65_536, 1_000_000] {
            for image in [
                zeros(run),
                [zeros(run), noise(1)].concat(),
                [noise(1), zeros(run)].concat(),
                [noise(70_000), zeros(run), noise(70_000)].concat(),
                [zeros(run), noise(9), zeros(run), noise(9), zeros(run)].concat(),
                [noise(40_000), zeros(run), noise(3), zeros(run), noise(40_000), zeros(run)].concat(),
            ] {
                assert!(decode(&encode(&image).unwrap()) == image, "{run}");
            }
        }
    }

    /// Generates a part of an image, whose size is often near a threshold at which the encoder behaves differently.
    fn part() -> impl Strategy<Value = Vec<u8>> {
        let around = |size: usize| size - 2..size + 3;
        let size = prop_oneof![
            0_usize..3000,
            around(2048),
            around(Run::SHORTEST),
            around(33_025),
            around(stored::BLOCK),
            around(stored::BLOCK + Run::SHORTEST),
            0_usize..150_000,
        ];
        (0..3, size).prop_map(|(kind, size)| match kind {
            0 => vec![0; size],
            1 => noise(size),
            _ => (0..size).map(|index| (index % 7) as u8).collect(),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn mixtures_are_encoded_independently_of_how_they_are_divided(
            parts in prop::collection::vec(part(), 0..8),
            cuts in prop::collection::vec((prop_oneof![0_usize..100, 0_usize..70_000], any::<bool>()), 1..20),
        ) {
            let image = parts.concat();
            let text = encode(&image).unwrap();
            prop_assert!(decode(&text) == image);
            let gzip = STANDARD.decode(&text).unwrap();
            let mut decoded = vec![0; image.len()];
            prop_assert_eq!(libdeflater::Decompressor::new().gzip_decompress(&gzip, &mut decoded), Ok(image.len()));
            prop_assert!(decoded == image);

            let mut encoder = Encoder::new();
            let mut left = &*image;
            for (cut, counts_zeros) in cuts.into_iter().cycle().take(10_000).chain([(image.len(), false)]) {
                let (part, rest) = left.split_at(cut.min(left.len()));
                // Zeros may be passed as a count or as bytes.
                if counts_zeros && part.iter().all(|&byte| byte == 0) {
                    encoder.zeros(part.len());
                } else {
                    encoder.bytes(part);
                }
                left = rest;
            }
            prop_assert!(encoder.finish().unwrap() == text);
        }
    }

    #[test]
    fn free_space_compresses_to_a_thousandth_of_its_size() {
        let text = encode(&vec![0; MAX_IMAGE_SIZE as usize]).unwrap();
        assert!(text.len() < MAX_IMAGE_SIZE as usize / 1032 * 4 / 3 + 100, "{}", text.len());
    }

    #[test]
    fn an_image_has_at_most_64_mib() {
        let mut encoder = Encoder::new();
        encoder.zeros(MAX_IMAGE_SIZE as usize);
        encoder.finish().unwrap();
        let mut encoder = Encoder::new();
        encoder.zeros(MAX_IMAGE_SIZE as usize + 1);
        assert_eq!(encoder.finish(), Err(EncodeError::ImageTooLarge { size: MAX_IMAGE_SIZE + 1 }));
    }

    #[test]
    fn a_text_is_no_larger_than_ironic_accepts() {
        let mut encoder = Encoder::new();
        let noise = noise(1 << 20);
        (0..60).for_each(|_| encoder.bytes(&noise));
        assert_eq!(encoder.finish(), Err(EncodeError::TextTooLarge));
    }
}
