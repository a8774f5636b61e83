//! Any input is refused with a one-line error, or is a drive whose files all functions agree on.

use std::collections::BTreeMap;

use configdrive::{DriveSource, decode, image::read};

use super::assert_one_line;

pub fn check(input: &[u8]) {
    match (Sectors::parse(input), input.split_first()) {
        (Some(sectors), _) => drive(&sectors.image()),
        (None, Some((&DEFLATE, stream))) => inflate(stream),
        _ => drive(input),
    }
}

/// A compact form of an image: its sectors, each without the zeros at its end. This keeps inputs short, and a change in one sector
/// does not move the following ones.
pub struct Sectors(pub Vec<Vec<u8>>);

impl Sectors {
    /// Size of a sector in bytes.
    pub const SIZE: usize = 512;

    /// Parses an input. It starts with the byte `S`. A sector is its length and its bytes. If the highest bit of the length is set,
    /// the other bits are a number of sectors of zeros.
    pub fn parse(input: &[u8]) -> Option<Self> {
        let (&SECTORS, mut left) = input.split_first()? else { return None };
        let mut sectors = Vec::new();
        while let Some((length, rest)) = left.split_first_chunk() {
            let length = u16::from_le_bytes(*length);
            if length & ZEROS != 0 {
                let count = usize::from(length & !ZEROS).min(MAX_SECTORS.saturating_sub(sectors.len()));
                sectors.resize(sectors.len() + count, Vec::new());
                left = rest;
            } else {
                let (sector, rest) = rest.split_at(usize::from(length).min(Self::SIZE).min(rest.len()));
                sectors.push(sector.to_vec());
                left = rest;
            }
        }
        Some(Self(sectors))
    }

    pub fn input(&self) -> Vec<u8> {
        let mut input = vec![SECTORS];
        for run in self.0.chunk_by(|a, b| a.is_empty() && b.is_empty()) {
            match run {
                [sector] => {
                    input.extend((sector.len() as u16).to_le_bytes());
                    input.extend(sector);
                }
                zeros => input.extend((ZEROS | zeros.len() as u16).to_le_bytes()),
            }
        }
        input
    }

    pub fn image(&self) -> Vec<u8> {
        let mut image = vec![0; self.0.len() * Self::SIZE];
        for (place, sector) in image.chunks_mut(Self::SIZE).zip(&self.0) {
            place[..sector.len()].copy_from_slice(sector);
        }
        image
    }
}

const SECTORS: u8 = b'S';
const ZEROS: u16 = 1 << 15;
/// Enough for FAT16, and fast.
const MAX_SECTORS: usize = 8192;

fn drive(bytes: &[u8]) {
    let source = DriveSource::Bytes(bytes);
    let image = match decode::decode(source) {
        Ok(image) => image,
        Err(error) => return assert_one_line(&error),
    };
    let drive = match read::read(&image) {
        Ok(drive) => drive,
        Err(error) => return assert_one_line(&error),
    };
    for file in &drive.files {
        assert!(file.path.len() <= read::MAX_PATH_LENGTH && file.path.split('/').all(is_safe), "{:?}", file.path);
    }

    let paths = || drive.files.iter().map(|file| file.path.as_str());
    let inspection = configdrive::inspect(source).expect("an inspection");
    assert!(inspection.files.iter().map(|file| file.path.as_str()).eq(paths()));
    let extracted = configdrive::extract(source).expect("its files");
    assert!(extracted.iter().map(|file| file.content.len()).sum::<usize>() <= image.len());
    let contents: BTreeMap<&str, &[u8]> = extracted
        .iter()
        .flat_map(|file| file.paths.iter().map(|path| (path.as_str(), file.content.as_slice())))
        .collect();
    assert!(contents.keys().copied().eq(paths()));
    assert!(inspection.files.iter().map(|file| file.size).eq(contents.values().map(|content| content.len() as u64)));
    configdrive::check_drive(source).expect("its findings");
}

fn is_safe(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains('\\') && !name.chars().any(char::is_control)
}

/// Compares our deflate decoder with another one. The stream is wrapped in gzip with a valid checksum, which a fuzzer would not
/// guess.
fn inflate(stream: &[u8]) {
    const LIMIT: usize = 1 << 16;
    let mut theirs = vec![0; LIMIT];
    let length = libdeflater::Decompressor::new().deflate_decompress(stream, &mut theirs).unwrap_or_default();
    let image = &theirs[..length];
    let trailer = [libdeflater::crc32(image), length as u32].map(u32::to_le_bytes);
    // libdeflate also accepts distances without a code, which we and zlib reject.
    if let Ok(ours) = decode::decode(DriveSource::Bytes(&[&HEADER, stream, trailer.as_flattened()].concat())) {
        assert!(*ours == *image);
    }
}

const DEFLATE: u8 = b'D';
/// RFC 1952, 2.3.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
