//! From an image to the text that Ironic takes: one gzip member (RFC 1952) in base64 (RFC 4648, 4).

mod zeros;

use alloc::{string::String, vec::Vec};
use core::{fmt, mem};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crc32fast::Hasher;
use miniz_oxide::{
    DataFormat,
    deflate::core::{CompressionStrategy, CompressorOxide, TDEFLFlush, compress_to_output},
};

use self::zeros::Run;
use crate::image::{MAX_IMAGE_SIZE, Sink};

/// In bytes. Ironic's API refuses a request's body of more than 67,108,864 bytes; this leaves room for what stands around
/// the text.
pub const MAX_TEXT_SIZE: usize = 67_108_000;

/// Turns an image of at most [`MAX_IMAGE_SIZE`] bytes into text of at most [`MAX_TEXT_SIZE`]. Equal images give equal texts.
pub fn encode(image: &[u8]) -> Result<String, EncodeError> {
    let mut encoder = Encoder::new();
    encoder.bytes(image);
    encoder.finish()
}

/// Takes an image bit by bit; neither it nor its gzip is ever there as a whole.
///
/// Long runs of zeros are not compressed: a ready-made block stands for them, whether they come as bytes or are only told.
pub struct Encoder {
    deflate: CompressorOxide,
    /// The compressor has bytes of the segment between two long runs.
    is_inside_segment: bool,
    /// How many zeros the image ends with so far; neither the compressor nor the checksum has seen them.
    zeros: usize,
    crc: Hasher,
    /// Of the image, in bytes.
    size: u64,
    text: Text,
}

impl Encoder {
    /// An encoder that has seen nothing of the image.
    pub fn new() -> Self {
        let mut text = Text::default();
        text.extend(&HEADER);
        let deflate = CompressorOxide::with_params(DataFormat::Raw, LEVEL, CompressionStrategy::Default, WINDOW_BITS);
        Self { deflate, is_inside_segment: false, zeros: 0, crc: Hasher::new(), size: 0, text }
    }

    /// The text, once the encoder has seen all of the image.
    pub fn finish(mut self) -> Result<String, EncodeError> {
        if self.size > MAX_IMAGE_SIZE {
            return Err(EncodeError::ImageTooLarge { size: self.size });
        }
        self.end_zeros();
        self.deflate(&[], TDEFLFlush::Finish);
        self.text.extend(&self.crc.finalize().to_le_bytes());
        // The limit of an image keeps its size within 32 bits.
        self.text.extend(&(self.size as u32).to_le_bytes());
        self.text.finish()
    }

    /// Tells whether `count` more bytes are of use.
    fn takes(&mut self, count: usize) -> bool {
        self.size = self.size.saturating_add(count as u64);
        self.size <= MAX_IMAGE_SIZE && !self.text.is_full
    }

    /// The zeros so far are a whole run.
    fn end_zeros(&mut self) {
        const ZEROS: [u8; 2048] = [0; 2048];
        let mut left = mem::take(&mut self.zeros);
        if let Some(run) = Run::new(left) {
            if mem::take(&mut self.is_inside_segment) {
                // Ends the block with a byte, and forgets what matches could reach back to.
                self.deflate(&[], TDEFLFlush::Full);
            }
            run.deflate(|gzip| {
                self.text.extend(gzip);
            });
            self.crc.combine(&run.checksum());
            left = run.rest;
        }
        while left > 0 {
            let part = ZEROS.get(..left).unwrap_or(&ZEROS);
            self.compress(part);
            left -= part.len();
        }
    }

    fn compress(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.is_inside_segment = true;
            self.crc.update(bytes);
            self.deflate(bytes, TDEFLFlush::None);
        }
    }

    fn deflate(&mut self, bytes: &[u8], flush: TDEFLFlush) {
        // Ends early only where the closure says so, and then nothing is of use any more.
        compress_to_output(&mut self.deflate, bytes, flush, |gzip| self.text.extend(gzip));
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for Encoder {
    fn bytes(&mut self, bytes: &[u8]) {
        if !self.takes(bytes.len()) {
            return;
        }
        let mut left = bytes;
        while !left.is_empty() {
            let zeros = zeros::leading(left);
            self.zeros += zeros;
            left = left.get(zeros..).unwrap_or_default();
            if !left.is_empty() {
                self.end_zeros();
                let (segment, zeros, behind) = zeros::part(left);
                self.compress(segment);
                self.zeros = zeros;
                left = behind;
            }
        }
    }

    fn zeros(&mut self, count: usize) {
        if self.takes(count) {
            self.zeros += count;
        }
    }
}

/// Why there is no text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EncodeError {
    /// The image has more than [`MAX_IMAGE_SIZE`] bytes.
    ImageTooLarge {
        /// In bytes.
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
                    "the image has {size} bytes, of which Ironic's agent takes {MAX_IMAGE_SIZE}; make the drive smaller"
                )
            }
            Self::TextTooLarge => write!(
                f,
                "the image does not compress into the {MAX_TEXT_SIZE} bytes of text that Ironic takes; make the drive smaller"
            ),
        }
    }
}

impl core::error::Error for EncodeError {}

/// The text so far, and the zero to two bytes behind it that do not fill a group of base64 yet.
#[derive(Default)]
struct Text {
    base64: String,
    rest: Vec<u8>,
    is_full: bool,
}

impl Text {
    /// Tells whether there is room for more.
    fn extend(&mut self, gzip: &[u8]) -> bool {
        let missing = if self.rest.is_empty() { 0 } else { (GROUP - self.rest.len()).min(gzip.len()) };
        let (head, tail) = gzip.split_at_checked(missing).unwrap_or((gzip, &[]));
        self.rest.extend(head);
        let (whole, rest) = tail.split_at_checked(tail.len() / GROUP * GROUP).unwrap_or((tail, &[]));
        if self.rest.len() == GROUP {
            STANDARD.encode_string(&self.rest, &mut self.base64);
            self.rest.clear();
        }
        self.is_full = self.is_full || self.base64.len() + whole.len() / GROUP * 4 > MAX_TEXT_SIZE;
        if !self.is_full {
            STANDARD.encode_string(whole, &mut self.base64);
            self.rest.extend(rest);
        }
        !self.is_full
    }

    fn finish(mut self) -> Result<String, EncodeError> {
        STANDARD.encode_string(&self.rest, &mut self.base64);
        if self.is_full || self.base64.len() > MAX_TEXT_SIZE {
            return Err(EncodeError::TextTooLarge);
        }
        Ok(self.base64)
    }
}

/// In bytes.
const GROUP: usize = 3;

/// A gzip header (RFC 1952, 2.3): deflate, no flags, no time stamp, no word about the level, unknown operating system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// gzip's own default.
const LEVEL: u8 = 6;

const WINDOW_BITS: u8 = 15;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// A gzip member taken apart by RFC 1952: the image, once its checks hold.
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

    /// Bytes that do not compress (xorshift).
    fn noise(count: usize) -> Vec<u8> {
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
    fn what_is_decoded_is_the_image() {
        for size in [0, 1, 2, 3, 4, 2048, 65_536, 300_001] {
            assert_eq!(decode(&encode(&noise(size)).unwrap()), noise(size));
            assert_eq!(decode(&encode(&vec![b'a'; size]).unwrap()), vec![b'a'; size]);
        }
    }

    #[test]
    fn the_parts_in_which_an_image_comes_do_not_matter() {
        let image = [noise(100_000), vec![0; 100_000], noise(7)].concat();
        for part in [1, 997, 65_537] {
            let mut encoder = Encoder::new();
            image.chunks(part).for_each(|bytes| encoder.bytes(bytes));
            assert_eq!(encoder.finish().unwrap(), encode(&image).unwrap(), "{part}");
        }
    }

    #[test]
    fn long_runs_of_zeros_lie_anywhere_in_an_image() {
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

    #[test]
    fn random_mixtures_are_encoded_alike_in_whatever_parts_they_come() {
        let mut numbers = noise(1 << 16).into_iter();
        let mut number = |below: usize| {
            let bytes = [numbers.next().unwrap(), numbers.next().unwrap(), numbers.next().unwrap(), 0];
            u32::from_le_bytes(bytes) as usize % below
        };
        for _ in 0..60 {
            let mut image = Vec::new();
            for _ in 0..number(12) {
                let count = [number(4), number(3000), 32_760 + number(16), number(100_000)][number(4)];
                match number(3) {
                    0 => image.extend(noise(count)),
                    1 => image.extend((0..count).map(|index| (index % 7) as u8)),
                    _ => image.extend(vec![0; count]),
                }
            }
            let text = encode(&image).unwrap();
            assert!(decode(&text) == image);
            let mut encoder = Encoder::new();
            let mut left = &*image;
            while !left.is_empty() {
                let limit = [2, 100, 5000, 70_000][number(4)];
                let (part, behind) = left.split_at(number(limit).min(left.len()));
                // Whoever knows of zeros may tell them, or not.
                if part.iter().all(|&byte| byte == 0) && number(2) == 0 {
                    encoder.zeros(part.len());
                } else {
                    encoder.bytes(part);
                }
                left = behind;
            }
            assert!(encoder.finish().unwrap() == text);
        }
    }

    #[test]
    fn free_space_takes_a_thousandth_of_its_size_in_gzip() {
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
    fn a_text_has_at_most_what_ironic_takes() {
        let fitting = MAX_TEXT_SIZE / 4 * GROUP;
        let mut text = Text::default();
        assert!(text.extend(&vec![0; fitting]));
        assert!(text.extend(&[]));
        assert_eq!(text.finish().unwrap().len(), MAX_TEXT_SIZE);
        let mut text = Text::default();
        text.extend(&vec![0; fitting]);
        text.extend(&[0]);
        assert_eq!(text.finish(), Err(EncodeError::TextTooLarge));
        let mut text = Text::default();
        text.extend(&vec![0; fitting]);
        assert!(!text.extend(&[0; 3]));
        assert_eq!(text.finish(), Err(EncodeError::TextTooLarge));
        let mut encoder = Encoder::new();
        let noise = noise(1 << 20);
        (0..60).for_each(|_| encoder.bytes(&noise));
        assert_eq!(encoder.finish(), Err(EncodeError::TextTooLarge));
    }
}
