//! Reads the fields of structures in the image by their offsets, and never past the end of a structure.

use super::error::{Fault, ReadError, Structure};

/// The bytes of one structure, and their offset in the image.
#[derive(Clone, Copy)]
pub struct Bytes<'i> {
    pub structure: Structure,
    pub offset: usize,
    pub bytes: &'i [u8],
}

impl<'i> Bytes<'i> {
    /// Returns `size` bytes of the image, starting at `offset`.
    pub fn of_image(image: &'i [u8], structure: Structure, offset: u64, size: u64) -> Result<Self, ReadError> {
        let bytes = || {
            let (offset, size) = (usize::try_from(offset).ok()?, usize::try_from(size).ok()?);
            Some((offset, image.get(offset..)?.get(..size)?))
        };
        let (offset, bytes) = bytes().ok_or(ReadError::Damaged { structure, offset, fault: Fault::OutsideImage })?;
        Ok(Self { structure, offset, bytes })
    }

    /// Returns a structure inside this one.
    pub fn part(&self, structure: Structure, at: usize, size: usize) -> Result<Self, ReadError> {
        Ok(Self { structure, offset: self.offset.saturating_add(at), bytes: self.get(at, size)? })
    }

    pub fn get(&self, at: usize, size: usize) -> Result<&'i [u8], ReadError> {
        self.bytes.get(at..).and_then(|bytes| bytes.get(..size)).ok_or_else(|| self.damaged(Fault::Truncated))
    }

    pub fn array<const SIZE: usize>(&self, at: usize) -> Result<[u8; SIZE], ReadError> {
        let bytes = self.bytes.get(at..).and_then(<[u8]>::first_chunk);
        bytes.copied().ok_or_else(|| self.damaged(Fault::Truncated))
    }

    pub fn u8(&self, at: usize) -> Result<u8, ReadError> {
        self.array(at).map(|[byte]| byte)
    }

    /// Reads a little-endian number, as in FAT and in the first half of ISO 9660's both-endian fields, which Linux reads.
    pub fn u16(&self, at: usize) -> Result<u16, ReadError> {
        self.array(at).map(u16::from_le_bytes)
    }

    pub fn u32(&self, at: usize) -> Result<u32, ReadError> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub fn damaged(&self, fault: Fault) -> ReadError {
        ReadError::Damaged { structure: self.structure, offset: self.offset as u64, fault }
    }
}
