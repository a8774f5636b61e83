//! The compressor: the crate `miniz_oxide`.

use miniz_oxide::{
    DataFormat,
    deflate::core::{CompressionStrategy, CompressorOxide, TDEFLFlush, compress_to_output},
};

/// A stream of deflate blocks (RFC 1951), without header and trailer.
pub struct Deflate(CompressorOxide);

/// What is written of the bytes so far.
#[derive(Clone, Copy)]
pub enum Flush {
    /// As much as is convenient.
    None,
    /// All, up to a whole byte; and no match reaches back beyond here.
    Full,
    /// All, and the end of the stream.
    Finish,
}

impl Deflate {
    pub fn new() -> Self {
        Self(CompressorOxide::with_params(DataFormat::Raw, LEVEL, CompressionStrategy::Default, WINDOW_BITS))
    }

    pub fn compress(&mut self, bytes: &[u8], flush: Flush, mut put: impl FnMut(&[u8])) {
        let flush = match flush {
            Flush::None => TDEFLFlush::None,
            Flush::Full => TDEFLFlush::Full,
            Flush::Finish => TDEFLFlush::Finish,
        };
        compress_to_output(&mut self.0, bytes, flush, |deflated| {
            put(deflated);
            true
        });
    }
}

/// gzip's own default.
const LEVEL: u8 = 6;

const WINDOW_BITS: u8 = 15;
