//! Long runs of zeros: found quickly, and written without being compressed.

use crc32fast::Hasher;

/// Splits `bytes` into the bytes before the first long run of zeros, the number of zeros in that run, and the bytes after it. Zeros
/// at the end count as a run even if they are few, because more may follow.
pub fn split(bytes: &[u8]) -> (&[u8], usize, &[u8]) {
    let mut start: usize = 0;
    // If a window does not end in zeros, only its last bytes are read.
    while let Some(window) = bytes.get(start..start.saturating_add(Run::SHORTEST)) {
        match trailing(window) {
            Run::SHORTEST => break,
            zeros => start += Run::SHORTEST - zeros,
        }
    }
    let (before, tail) = bytes.split_at_checked(start).unwrap_or((bytes, &[]));
    let zeros = leading(tail);
    if zeros >= Run::SHORTEST {
        return (before, zeros, tail.get(zeros..).unwrap_or_default());
    }
    let zeros = trailing(tail);
    (bytes.get(..bytes.len() - zeros).unwrap_or_default(), zeros, &[])
}

/// Returns how many zeros `bytes` starts with.
pub fn leading(bytes: &[u8]) -> usize {
    let whole: usize = bytes.chunks(STRIDE).take_while(|chunk| is_zero(chunk)).map(<[u8]>::len).sum();
    let rest = bytes.get(whole..).unwrap_or_default();
    whole + rest.iter().take_while(|&&byte| byte == 0).count()
}

fn trailing(bytes: &[u8]) -> usize {
    let whole: usize = bytes.rchunks(STRIDE).take_while(|chunk| is_zero(chunk)).map(<[u8]>::len).sum();
    let rest = bytes.get(..bytes.len() - whole).unwrap_or_default();
    whole + rest.iter().rev().take_while(|&&byte| byte == 0).count()
}

/// Returns whether all bytes are zero. It has no early exit, so that it compiles to vector instructions.
fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |any, byte| any | byte) == 0
}

const STRIDE: usize = 64;

/// A long run of zeros.
#[derive(Clone, Copy)]
pub struct Run {
    /// Number of bytes in which [`Self::deflate`] encodes the zeros after the first, [`ZEROS_PER_BYTE`] in each.
    bytes: usize,
    /// Number of zeros left over, which do not fill such a byte.
    pub rest: usize,
}

impl Run {
    /// Length of the shortest long run, which is deflate's window: no match reaches across it anyway, so restarting the compressor
    /// after it loses nothing.
    pub const SHORTEST: usize = 32_768;

    /// Returns a run of `zeros`, if it is a long one.
    pub fn new(zeros: usize) -> Option<Self> {
        let after_first = zeros.checked_sub(1)?;
        (zeros >= Self::SHORTEST)
            .then_some(Self { bytes: after_first / ZEROS_PER_BYTE, rest: after_first % ZEROS_PER_BYTE })
    }

    /// Writes everything except the rest as one block (RFC 1951, 3.2.7) that starts and ends at a byte boundary.
    pub fn deflate(self, mut put: impl FnMut(&[u8])) {
        const MATCHES: [u8; 3072] = [0; 3072];
        put(&START);
        // The first match starts in the last byte of START, and the last match ends in END.
        let mut left = self.bytes - 1;
        while left > 0 {
            let part = MATCHES.get(..left).unwrap_or(&MATCHES);
            put(part);
            left -= part.len();
        }
        put(&END);
    }

    /// Returns the checksum of everything except the rest, in as many steps as the number of zeros has binary digits.
    pub fn checksum(self) -> Hasher {
        let mut checksum = Hasher::new();
        let mut power = Hasher::new();
        power.update(&[0]);
        let mut left = 1 + self.bytes * ZEROS_PER_BYTE;
        while left > 0 {
            if left % 2 == 1 {
                checksum.combine(&power);
            }
            left /= 2;
            let half = power.clone();
            power.combine(&half);
        }
        checksum
    }
}

/// Number of zeros that a byte of the block encodes: four matches of 258 zeros, in two bits each.
const ZEROS_PER_BYTE: usize = 4 * 258;

/// The block's header and the literal 0; the last two bits belong to the first match.
///
/// The codes are chosen so that a match of length 258 (symbol 285) at distance 1 (symbol 0) has the bits 00, the literal 0 has 10,
/// the end of the block has 11, and header and literal end two bits before a byte boundary.
const START: [u8; 14] = pack([
    (0, 1),    // BFINAL: no
    (2, 2),    // BTYPE: dynamic Huffman codes
    (29, 5),   // HLIT: 286 literals and lengths
    (1, 5),    // HDIST: 2 distances; with only one, the code would be incomplete
    (15, 4),   // HCLEN: 19 lengths in the code length code, the last of which is padding
    (0, 6),    // 16, 17: unused
    (1, 3),    // 18: code 0
    (0, 36),   // 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13: unused
    (2, 3),    // 2: code 11
    (0, 3),    // 14: unused
    (2, 3),    // 1: code 10
    (0, 3),    // 15: unused
    (0b11, 2), // literal 0: two bits
    (0, 1),    // 18: unused,
    (127, 7),  //   138
    (0, 1),    // 18
    (106, 7),  //   117
    (0b11, 2), // end of block: two bits
    (0, 1),    // 18
    (17, 7),   //   28
    (0b01, 2), // length 258: one bit
    (0b01, 2), // distance 1: one bit
    (0b01, 2), // distance 2: one bit
    (0b01, 2), // the literal 0
]);

/// The end of the last match, and the end of the block.
const END: [u8; 1] = [0b1100_0000];

/// Packs (value, number of bits) pairs into bytes, the least significant bit first (RFC 1951, 3.1.1).
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, where an invalid index is an error")]
const fn pack<const FIELDS: usize, const BYTES: usize>(fields: [(u64, usize); FIELDS]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let (mut field, mut at) = (0, 0);
    while field < FIELDS {
        let (value, bits) = fields[field];
        let mut bit = 0;
        while bit < bits {
            bytes[at / 8] |= ((value >> bit & 1) as u8) << (at % 8);
            (bit, at) = (bit + 1, at + 1);
        }
        field += 1;
    }
    assert!(at == BYTES * 8 - 2);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    #[test]
    fn a_run_is_written_as_deflate_in_a_thousandth_of_its_size() {
        for zeros in [Run::SHORTEST, 33_024, 33_025, 33_026, 1 << 20, 64 << 20] {
            let run = Run::new(zeros).unwrap();
            let mut stream = Vec::new();
            run.deflate(|bytes| stream.extend(bytes));
            assert_eq!(stream.len(), 14 + (zeros - 1) / 1032);
            stream.extend([3, 0]); // the last block: empty
            let written = vec![0; zeros - run.rest];
            assert!(miniz_oxide::inflate::decompress_to_vec(&stream).unwrap() == written, "{zeros}");
            assert_eq!(run.checksum().finalize(), crc32fast::hash(&written), "{zeros}");
        }
        assert!(Run::new(Run::SHORTEST - 1).is_none());
        assert!(Run::new(0).is_none());
    }

    #[test]
    fn bytes_are_split_at_the_first_long_run_or_before_trailing_zeros() {
        let zeros = |count| vec![0; count];
        let (one, long) = (vec![1], Run::SHORTEST);
        for (before, run, after) in [
            (vec![], 0, vec![]),
            (one.clone(), 0, vec![]),
            (vec![], 3, vec![]),
            (one.clone(), long - 1, vec![]),
            ([zeros(long - 1), one.clone()].concat(), 0, vec![]),
            ([one.clone(), zeros(long - 1), one.clone()].concat(), 5, vec![]),
            (vec![], long, one.clone()),
            (one.clone(), long, [one.clone(), zeros(2 * long)].concat()),
            (
                [one.clone(), zeros(long - 1), vec![1; long / 2]].concat(),
                2 * long + 1,
                [vec![1; long], zeros(1)].concat(),
            ),
            (vec![1; 3 * long - 1], 3 * long, vec![]),
        ] {
            let bytes = [&*before, &zeros(run), &after].concat();
            assert!(split(&bytes) == (&*before, run, &*after), "{} {run} {}", before.len(), after.len());
        }
    }
}
