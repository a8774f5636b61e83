//! Compresses with the crate `miniz_oxide`.

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, deflate_flags::TDEFL_FILTER_MATCHES,
};

/// A stream of deflate blocks (RFC 1951), without header and trailer.
///
/// It is compressed in stretches, and no match reaches back into an earlier one. The first stretch is large enough for a typical
/// drive, and is searched for matches only briefly. The second is searched as thoroughly as gzip does by default. Only large files
/// need further stretches. Searching those just as thoroughly would take too long, so each is searched half as thoroughly, and a
/// trial decides whether it uses matches of fewer than six bytes.
pub struct Deflate {
    compressor: CompressorOxide,
    /// Remaining size of the stretch, in bytes.
    left: usize,
    is_first: bool,
    /// Whether the compressor has bytes that it has not written yet.
    is_pending: bool,
}

impl Deflate {
    pub fn new() -> Self {
        Self { is_first: true, ..Self::stretch(BRIEF, FIRST) }
    }

    fn stretch(flags: u32, length: usize) -> Self {
        Self { compressor: CompressorOxide::new(flags), left: length, is_first: false, is_pending: false }
    }

    /// Compresses more bytes, and writes as much as the compressor returns.
    pub fn compress(&mut self, bytes: &[u8], mut put: impl FnMut(&[u8])) {
        if self.left < bytes.len() {
            self.flush(&mut put);
            *self = Self::stretch(if self.is_first { THOROUGH } else { quick_flags(bytes) }, FURTHER);
        }
        self.left = self.left.saturating_sub(bytes.len());
        self.is_pending = true;
        run(&mut self.compressor, bytes, TDEFLFlush::None, put);
    }

    /// Writes everything so far, up to a byte boundary. Later matches do not reach back beyond this point.
    pub fn flush(&mut self, put: impl FnMut(&[u8])) {
        if self.is_pending {
            self.is_pending = false;
            run(&mut self.compressor, &[], TDEFLFlush::Full, put);
        }
    }

    /// Writes everything so far, and the end of the stream.
    pub fn finish(mut self, put: impl FnMut(&[u8])) {
        run(&mut self.compressor, &[], TDEFLFlush::Finish, put);
    }
}

/// Maximum number of earlier places that are searched for a match. In the component, this value packs a small drive in five
/// sixths of the time that [`THOROUGH`] takes, and makes the text a fiftieth longer, or a tenth if the drive is mostly one log.
const BRIEF: u32 = 8;

/// The crate's value for level 6, gzip's default.
const THOROUGH: u32 = 128;

/// Size of the first stretch, in bytes: enough for 64 KiB of user data, Nova's limit, and everything else on a typical drive.
const FIRST: usize = 256 << 10;

/// Size of the further stretches, in bytes: large enough to make the cost of a trial and of a new compressor negligible.
const FURTHER: usize = 4 << 20;

/// Returns the flags that compress `sample` better. Halving the probes makes the text a few thousandths longer. Leaving out
/// short matches makes it a few hundredths shorter where they cost more than the literals that replace them, as in logs.
fn quick_flags(sample: &[u8]) -> u32 {
    const QUICK: u32 = THOROUGH / 2;
    let length = |flags| {
        let mut length = 0;
        run(&mut CompressorOxide::new(flags), sample, TDEFLFlush::Finish, |deflated| length += deflated.len());
        length
    };
    let long_only = QUICK | TDEFL_FILTER_MATCHES;
    if length(long_only) < length(QUICK) { long_only } else { QUICK }
}

fn run(compressor: &mut CompressorOxide, bytes: &[u8], flush: TDEFLFlush, mut put: impl FnMut(&[u8])) {
    compress_to_output(compressor, bytes, flush, |deflated| {
        put(deflated);
        true
    });
}

#[cfg(test)]
mod tests {
    use super::{super::tests::noise, *};
    use alloc::{format, string::String, vec::Vec};

    #[test]
    fn a_long_stream_is_one_stream_whatever_the_flags_of_its_stretches() {
        let words: String = noise(1 << 20).iter().map(|byte| format!("instance-{byte:03} ")).collect();
        let digits: String = noise(2 << 20).chunks(8).map(|bytes| format!("{bytes:?}\n")).collect();
        let content = [words.as_bytes(), digits.as_bytes()].concat();
        let (mut deflate, mut stream) = (Deflate::new(), Vec::new());
        for block in content.chunks(60_000) {
            deflate.compress(block, |bytes| stream.extend(bytes));
        }
        deflate.finish(|bytes| stream.extend(bytes));
        assert!(miniz_oxide::inflate::decompress_to_vec(&stream).unwrap() == content);
    }

    #[test]
    fn a_stretch_ends_before_the_block_that_does_not_fit() {
        assert_eq!(Deflate::new().left, 256 << 10);
        for (left, expected) in [(10, 0), (11, 1), (9, (4 << 20) - 10)] {
            let mut deflate = Deflate { left, ..Deflate::new() };
            deflate.compress(b"0123456789", |_| ());
            assert_eq!(deflate.left, expected, "{left}");
        }
    }

    #[test]
    fn the_first_stretch_is_searched_briefly_the_second_thoroughly_and_others_quickly() {
        let bytes = include_bytes!("../tree.rs");
        let mut lengths = Vec::new();
        for (is_first, left, flags) in [(true, FIRST, BRIEF), (true, 0, THOROUGH), (false, 0, quick_flags(bytes))] {
            let (mut stream, mut expected) = (Vec::<u8>::new(), Vec::<u8>::new());
            let mut deflate = Deflate { is_first, left, ..Deflate::new() };
            deflate.compress(bytes, |deflated| stream.extend(deflated));
            deflate.finish(|deflated| stream.extend(deflated));
            run(&mut CompressorOxide::new(flags), bytes, TDEFLFlush::Finish, |deflated| expected.extend(deflated));
            assert!(stream == expected, "{flags}");
            lengths.push(stream.len());
        }
        let [brief, thorough, quick]: [_; 3] = lengths.try_into().unwrap();
        assert!(thorough < quick && quick < brief, "{thorough} {quick} {brief}");
    }

    #[test]
    fn short_matches_are_left_out_if_that_is_shorter() {
        let numbers: String = noise(40_000).chunks_exact(2).map(|pair| format!("{}{};", pair[0], pair[1])).collect();
        assert_eq!(quick_flags(numbers.as_bytes()), 64 | TDEFL_FILTER_MATCHES);
        assert_eq!(quick_flags(include_bytes!("../tree.rs")), 64);
    }
}
