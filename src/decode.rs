//! Decodes what Ironic stores back into an image: base64 (RFC 4648, 4), gzip (RFC 1952), both or neither.

use alloc::{borrow::Cow, vec::Vec};
use core::fmt;

use crc32fast::Hasher;
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
};

use crate::{base64, image::MAX_IMAGE_SIZE};

/// A drive in any of its forms.
#[derive(Clone, Copy)]
pub enum DriveSource<'d> {
    /// An image, its gzip, or base64 text of either.
    Bytes(&'d [u8]),
    /// Base64 text of an image or its gzip, as Ironic accepts it.
    Text(&'d str),
}

/// Maximum number of members in a gzip. A gzip for random access has a member for every 64 KiB or so.
pub const MAX_MEMBERS: usize = 65_536;

/// Returns the image, which has at most [`MAX_IMAGE_SIZE`] bytes.
pub fn decode(drive: DriveSource<'_>) -> Result<Cow<'_, [u8]>, DecodeError> {
    let image = match drive {
        DriveSource::Text(text) => gunzip(Cow::Owned(from_base64(text.as_bytes())?), LIMIT)?,
        DriveSource::Bytes(bytes) if is_text(bytes) => gunzip(Cow::Owned(from_base64(bytes)?), LIMIT)?,
        DriveSource::Bytes(bytes) => match mistaken_text(bytes) {
            Some(error) => return Err(error),
            None => gunzip(Cow::Borrowed(bytes), LIMIT)?,
        },
    };
    if image.len() as u64 > MAX_IMAGE_SIZE { Err(DecodeError::TooLarge) } else { Ok(image) }
}

/// Why a drive cannot be decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DecodeError {
    /// A character is not in base64's alphabet.
    Base64 {
        /// Offset in bytes from the start of the text.
        offset: usize,
    },
    /// Base64 text is truncated, or has padding before its end.
    Base64End,
    /// The text is base64 in the alphabet for URLs (RFC 4648, 5).
    UrlSafeBase64 {
        /// Offset in bytes of the first character that is not in the standard alphabet.
        offset: usize,
    },
    /// The text is in quotes, such as Python's `b'…'`.
    Quoted,
    /// The text is the URL of a drive.
    Url,
    /// A member of the gzip is damaged.
    Gzip {
        /// Offset of the member in bytes from the start of the gzip.
        offset: usize,
        /// What is wrong with it.
        fault: GzipFault,
    },
    /// The image has more than [`MAX_IMAGE_SIZE`] bytes.
    TooLarge,
}

/// What is wrong with a member of a gzip.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GzipFault {
    /// The member is truncated.
    Truncated,
    /// The header does not conform to RFC 1952 (2.3).
    Header,
    /// The compressed data does not conform to RFC 1951.
    Deflate,
    /// The decompressed data does not match the checksum or the size in the trailer.
    Checksum,
    /// The gzip has more than [`MAX_MEMBERS`] members.
    TooMany,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base64 { offset } => write!(
                f,
                "the drive is not base64 (invalid byte at offset {offset}); pass the text exactly as sent to Ironic"
            ),
            Self::Base64End => f.write_str(
                "the drive's base64 is truncated or has misplaced padding; pass the text exactly as sent to Ironic",
            ),
            Self::UrlSafeBase64 { offset } => write!(
                f,
                "the drive is base64 in the alphabet for URLs (- or _ at offset {offset}), which Ironic refuses; encode it with \
                 the standard alphabet (+ and /)"
            ),
            Self::Quoted => f.write_str(
                "the drive is text in quotes, such as Python's b'...'; decode the bytes to a string, and pass it without quotes",
            ),
            Self::Url => f.write_str("the drive is a URL; download it, and pass the content"),
            Self::Gzip { offset, fault } => {
                write!(f, "the drive's gzip is damaged: the member at byte {offset} ")?;
                match fault {
                    GzipFault::Truncated => f.write_str("is truncated"),
                    GzipFault::Header => f.write_str("has an invalid header"),
                    GzipFault::Deflate => f.write_str("cannot be decompressed"),
                    GzipFault::Checksum => f.write_str("does not match its checksum or size"),
                    GzipFault::TooMany => write!(f, "exceeds the limit of {MAX_MEMBERS} members"),
                }
            }
            Self::TooLarge => {
                write!(f, "the image has more than {MAX_IMAGE_SIZE} bytes, the limit of Ironic's agent")
            }
        }
    }
}

impl core::error::Error for DecodeError {}

/// Returns whether `bytes` starts like base64 text, unlike boot sectors, empty system areas and gzips.
fn is_text(bytes: &[u8]) -> bool {
    const CHECKED: usize = 512;
    !bytes.is_empty() && bytes.iter().take(CHECKED).all(is_base64_or_space)
}

fn is_base64_or_space(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=".contains(byte)
}

/// Decodes base64. Accepts line breaks and spaces anywhere, because people copy text from files, emails and terminals.
fn from_base64(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let trimmed = text.trim_ascii();
    let dense = if trimmed.iter().any(u8::is_ascii_whitespace) {
        let mut dense = Vec::with_capacity(trimmed.len());
        trimmed.split(u8::is_ascii_whitespace).for_each(|line| dense.extend_from_slice(line));
        Cow::Owned(dense)
    } else {
        Cow::Borrowed(trimmed)
    };
    base64::decode(&dense).map_err(|_| {
        if let Some(error) = mistaken_text(text) {
            return error;
        }
        let invalid = text.iter().position(|byte| !is_base64_or_space(byte));
        invalid.map_or(DecodeError::Base64End, |offset| DecodeError::Base64 { offset })
    })
}

/// Maximum size of an image in bytes.
const LIMIT: usize = MAX_IMAGE_SIZE as usize;

/// Returns what a text is that somebody may take for base64, if that is evident.
fn mistaken_text(text: &[u8]) -> Option<DecodeError> {
    const CHECKED: usize = 512;
    let text = text.trim_ascii_start();
    let offset = |bytes: &[u8]| bytes.iter().position(|byte| b"-_".contains(byte));
    let head = text.get(..CHECKED).unwrap_or(text);
    if !head.iter().all(|byte| (b' '..=b'~').contains(byte) || byte.is_ascii_whitespace()) {
        return None;
    }
    let is_quoted = |text: &[u8]| matches!(text, [b'\'' | b'"', first, ..] if is_base64_or_space(first));
    if is_quoted(text) || text.strip_prefix(b"b").is_some_and(is_quoted) {
        return Some(DecodeError::Quoted);
    }
    if text.starts_with(b"https://") || text.starts_with(b"http://") {
        return Some(DecodeError::Url);
    }
    let is_url_safe = text.iter().all(|byte| is_base64_or_space(byte) && !b"+/".contains(byte) || b"-_".contains(byte));
    offset(text).filter(|_| is_url_safe).map(|offset| DecodeError::UrlSafeBase64 { offset })
}

/// Decompresses and concatenates the members of a gzip, which may have at most `limit` bytes. Returns anything else unchanged.
pub(crate) fn gunzip(bytes: Cow<'_, [u8]>, limit: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
    if !bytes.starts_with(&MAGIC) {
        return Ok(bytes);
    }
    let mut image = Vec::new();
    // Shared by all members: creating one takes longer than decompressing a small member.
    let mut inflate = DecompressorOxide::new();
    let (mut offset, mut members) = (0, 0);
    loop {
        let rest = bytes.get(offset..).unwrap_or_default();
        // Tape and disk blocks are padded with zeros, which gzip(1) and Python ignore too.
        if rest.iter().all(|byte| *byte == 0) {
            return Ok(Cow::Owned(image));
        }
        let damaged = |fault| DecodeError::Gzip { offset, fault };
        if members == MAX_MEMBERS {
            return Err(damaged(GzipFault::TooMany));
        }
        members += 1;
        let header = header_length(rest).map_err(damaged)?;
        let deflate = rest.get(header..).unwrap_or_default();
        let start = image.len();
        let read = inflate_into(&mut image, deflate, &mut inflate, limit)
            .map_err(|error| error.map_or(DecodeError::TooLarge, damaged))?;
        let trailer = deflate.get(read..).and_then(<[u8]>::first_chunk::<TRAILER>);
        let unpacked = image.get(start..).unwrap_or_default();
        if *trailer.ok_or(damaged(GzipFault::Truncated))? != trailer_of(unpacked) {
            return Err(damaged(GzipFault::Checksum));
        }
        offset += header + read + TRAILER;
    }
}

/// Returns the length of a member's header in bytes (RFC 1952, 2.3).
fn header_length(member: &[u8]) -> Result<usize, GzipFault> {
    let fixed = member.first_chunk::<10>().ok_or(GzipFault::Truncated)?;
    let [id1, id2, method, flags, ..] = *fixed;
    if [id1, id2] != MAGIC || method != DEFLATE || flags & RESERVED != 0 {
        return Err(GzipFault::Header);
    }
    let mut length = fixed.len();
    if flags & FEXTRA != 0 {
        let size = member.get(length..).and_then(<[u8]>::first_chunk).ok_or(GzipFault::Truncated)?;
        length += 2 + usize::from(u16::from_le_bytes(*size));
    }
    for flag in [FNAME, FCOMMENT] {
        if flags & flag != 0 {
            let text = member.get(length..).ok_or(GzipFault::Truncated)?;
            length += 1 + text.iter().position(|byte| *byte == 0).ok_or(GzipFault::Truncated)?;
        }
    }
    if flags & FHCRC != 0 {
        let header = member.get(..length).ok_or(GzipFault::Truncated)?;
        let crc = member.get(length..).and_then(<[u8]>::first_chunk).ok_or(GzipFault::Truncated)?;
        // The header's checksum is the lower half of its CRC-32.
        if crc32fast::hash(header) as u16 != u16::from_le_bytes(*crc) {
            return Err(GzipFault::Header);
        }
        length += 2;
    }
    Ok(length)
}

/// Decompresses `deflate` and appends the output to `image`. Returns how many bytes of `deflate` were read. The error is `None`
/// if the image exceeds `limit` bytes.
fn inflate_into(
    image: &mut Vec<u8>,
    deflate: &[u8],
    inflate: &mut DecompressorOxide,
    limit: usize,
) -> Result<usize, Option<GzipFault>> {
    inflate.init();
    let start = image.len();
    let (mut read, mut filled) = (0, 0);
    loop {
        let input = deflate.get(read..).unwrap_or_default();
        // Distances must not reach back beyond the start of the member.
        let output = image.get_mut(start..).unwrap_or_default();
        let (status, consumed, produced) =
            decompress(inflate, input, output, filled, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
        read += consumed;
        filled += produced;
        match status {
            TINFLStatus::Done => {
                image.truncate(start + filled);
                return Ok(read);
            }
            TINFLStatus::HasMoreOutput if image.len() < limit => {
                // Large enough for most drives. Beyond that, memory grows only with the actual output.
                let size = image.len().saturating_mul(2).max(input.len().saturating_mul(4)).max(1 << 16);
                image.resize(size.min(limit), 0);
            }
            TINFLStatus::HasMoreOutput => return Err(None),
            TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => {
                return Err(Some(GzipFault::Truncated));
            }
            _ => return Err(Some(GzipFault::Deflate)),
        }
    }
}

/// Returns the trailer of a member: checksum and size modulo 2³² (RFC 1952, 2.3.1).
fn trailer_of(unpacked: &[u8]) -> [u8; TRAILER] {
    let mut crc = Hasher::new();
    crc.update(unpacked);
    let ([a, b, c, d], [e, f, g, h]) = (crc.finalize().to_le_bytes(), (unpacked.len() as u32).to_le_bytes());
    [a, b, c, d, e, f, g, h]
}

const MAGIC: [u8; 2] = [0x1f, 0x8b];
const DEFLATE: u8 = 8;
const TRAILER: usize = 8;

const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0xe0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::encode;
    use ::base64::{Engine as _, engine::general_purpose::STANDARD};
    use alloc::{string::String, vec};

    fn image() -> Vec<u8> {
        (0..100_000_u32).flat_map(|n| (n / 3).wrapping_mul(n).to_le_bytes()).collect()
    }

    fn member(image: &[u8]) -> Vec<u8> {
        STANDARD.decode(encode(image).unwrap()).unwrap()
    }

    fn unpack(gzip: &[u8]) -> Result<Vec<u8>, DecodeError> {
        decode(DriveSource::Bytes(gzip)).map(Cow::into_owned)
    }

    fn fault(gzip: &[u8]) -> (usize, GzipFault) {
        match unpack(gzip) {
            Err(DecodeError::Gzip { offset, fault }) => (offset, fault),
            other => panic!("{:?}", other.map(|image| image.len())),
        }
    }

    #[test]
    fn all_forms_of_a_drive_decode_to_its_image() {
        let image = image();
        let text = encode(&image).unwrap();
        assert_eq!(*decode(DriveSource::Text(&text)).unwrap(), image);
        assert_eq!(unpack(text.as_bytes()).unwrap(), image);
        assert_eq!(unpack(&member(&image)).unwrap(), image);
        assert_eq!(unpack(&image).unwrap(), image);
        assert_eq!(*decode(DriveSource::Text(&STANDARD.encode(&image))).unwrap(), image);
        assert_eq!(unpack(b"").unwrap(), b"");
    }

    #[test]
    fn text_may_be_broken_into_lines() {
        let image = image();
        let text = encode(&image).unwrap();
        let lines: Vec<&[u8]> = text.as_bytes().chunks(76).collect();
        for line_break in [&b"\n"[..], b"\r\n", b" \t"] {
            let broken = [b"\n", &*lines.join(line_break), line_break].concat();
            assert_eq!(unpack(&broken).unwrap(), image);
        }
    }

    #[test]
    fn the_error_about_invalid_base64_has_the_offset() {
        let text = |text| decode(DriveSource::Text(text)).unwrap_err();
        assert_eq!(text("QUJD\nQU.D"), DecodeError::Base64 { offset: 7 });
        assert_eq!(text("QUJDQ"), DecodeError::Base64End);
        assert_eq!(text("QUI=QUJD"), DecodeError::Base64End);
        assert_eq!(text("QUJDQQ"), DecodeError::Base64End);
        assert_eq!(text("QUJé"), DecodeError::Base64 { offset: 3 });
    }

    #[test]
    fn text_that_resembles_base64_has_errors_of_its_own() {
        for (text, expected) in [
            ("QUJD\nQU-D", DecodeError::UrlSafeBase64 { offset: 7 }),
            ("QUJ_", DecodeError::UrlSafeBase64 { offset: 3 }),
            ("b'QUJD'", DecodeError::Quoted),
            ("b\"QUJD\"\n", DecodeError::Quoted),
            ("\"QUJD\"", DecodeError::Quoted),
            ("https://example.org/drive", DecodeError::Url),
        ] {
            assert_eq!(decode(DriveSource::Text(text)).unwrap_err(), expected, "{text}");
            assert_eq!(unpack(text.as_bytes()).unwrap_err(), expected, "{text}");
        }
        assert_eq!(decode(DriveSource::Text("QU+J_")).unwrap_err(), DecodeError::Base64 { offset: 4 });
        // An image may start with anything.
        assert_eq!(unpack(b"b'QUJD\0").unwrap(), b"b'QUJD\0");
    }

    #[test]
    fn members_are_concatenated_and_zeros_may_follow() {
        let (a, b) = (vec![b'a'; 70_000], image());
        let gzip = [member(&a), member(&[]), member(&b), vec![0; 700]].concat();
        assert_eq!(unpack(&gzip).unwrap(), [a, b].concat());
        let gzip = [member(b"a"), vec![0; 7], vec![1; 20]].concat();
        assert_eq!(fault(&gzip), (member(b"a").len(), GzipFault::Header));
    }

    #[test]
    fn the_number_of_members_is_limited() {
        let empty = member(&[]);
        assert_eq!(unpack(&empty.repeat(MAX_MEMBERS)).unwrap(), b"");
        let end = empty.len() * MAX_MEMBERS;
        assert_eq!(fault(&empty.repeat(MAX_MEMBERS + 1)), (end, GzipFault::TooMany));
    }

    #[test]
    fn every_field_of_a_header_is_skipped() {
        let plain = member(b"content");
        for (flags, fields) in [
            (0, &b""[..]),
            (FEXTRA, b"\x05\0abcde"),
            (FEXTRA, b"\0\0"),
            (FNAME, b"name\0"),
            (FCOMMENT, b"\0"),
            (FEXTRA | FNAME | FCOMMENT, b"\x01\0\0name\0comment\0"),
        ] {
            let header = [&[0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3], fields].concat();
            assert_eq!(unpack(&[&header[..], &plain[10..]].concat()).unwrap(), b"content", "{flags}");
            let mut header = header;
            header[3] |= FHCRC;
            let crc = (crc32fast::hash(&header) as u16).to_le_bytes();
            assert_eq!(unpack(&[&header[..], &crc, &plain[10..]].concat()).unwrap(), b"content", "{flags}");
            let gzip = [&header[..], &[!crc[0], crc[1]], &plain[10..]].concat();
            assert_eq!(fault(&gzip), (0, GzipFault::Header), "{flags}");
        }
    }

    #[test]
    fn a_gzip_cut_anywhere_is_truncated() {
        let gzip = member(&image());
        for length in (2..gzip.len()).step_by(997).chain([9, 10, 11, gzip.len() - 9, gzip.len() - 8, gzip.len() - 1]) {
            assert_eq!(fault(&gzip[..length]), (0, GzipFault::Truncated), "{length}");
        }
    }

    #[test]
    fn the_error_says_what_is_damaged() {
        let gzip = member(&[b'x'; 5000]);
        let with = |at: usize, byte: u8| {
            let mut gzip = gzip.clone();
            gzip[at] = byte;
            gzip
        };
        assert_eq!(fault(&with(2, 7)), (0, GzipFault::Header));
        assert_eq!(fault(&with(3, 0x20)), (0, GzipFault::Header));
        assert_eq!(fault(&with(10, 0xff)), (0, GzipFault::Deflate));
        for (at, byte) in gzip.iter().enumerate().skip(gzip.len() - TRAILER) {
            assert_eq!(fault(&with(at, !byte)), (0, GzipFault::Checksum));
        }
        // A distance that reaches back into the previous member.
        let reaching = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0x03, 0x02, 0x00], &[0; 8]].concat();
        assert_eq!(fault(&[&member(b"a")[..], &reaching].concat()), (member(b"a").len(), GzipFault::Deflate));
    }

    #[test]
    fn more_than_64_mib_are_refused_however_small_their_gzip() {
        let zeros = vec![0; MAX_IMAGE_SIZE as usize];
        let gzip = member(&zeros);
        assert!(gzip.len() < 100_000);
        assert_eq!(unpack(&gzip).unwrap().len() as u64, MAX_IMAGE_SIZE);
        assert_eq!(unpack(&[&gzip[..], &member(&[0])].concat()), Err(DecodeError::TooLarge));
        assert_eq!(unpack(&gzip.repeat(50)), Err(DecodeError::TooLarge));
        assert_eq!(unpack(&[&zeros[..], &[0]].concat()), Err(DecodeError::TooLarge));
    }

    #[test]
    fn input_that_only_starts_like_text_is_an_image() {
        let mut image = vec![b'A'; 511];
        image.push(0);
        assert_eq!(unpack(&image).unwrap(), image);
        assert_eq!(decode(DriveSource::Bytes(String::from("A").as_bytes())), Err(DecodeError::Base64End));
    }
}
