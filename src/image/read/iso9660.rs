//! ISO 9660 (ECMA-119) with Joliet and Rock Ridge, as Linux reads it.

use alloc::{
    borrow::ToOwned,
    collections::BTreeSet,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Bytes, DriveImage, FileSystem, IsoNames,
    content::Content,
    error::{Fault, ReadError, Structure},
    rock_ridge::{self, RockRidge, SystemUse},
    walk::{OpenDirectory, Walk},
};

/// Returns whether the first volume descriptor is at the place that ECMA-119 (6.7.1) gives it.
pub fn is_iso9660(image: &[u8]) -> bool {
    image.get(FIRST_DESCRIPTOR + 1..).is_some_and(|rest| rest.starts_with(STANDARD_IDENTIFIER))
}

pub fn read(image: &[u8]) -> Result<DriveImage<'_>, ReadError> {
    let Volumes { primary, joliet } = Volumes::read(image)?;
    let block_size = primary.block_size;
    let rock_ridge = rock_ridge::of_root(image, block_size, &primary.root)?;
    let (names, root) = match (rock_ridge, joliet) {
        (Some(rock_ridge), _) => (Names::RockRidge(rock_ridge), primary.root),
        (None, Some(joliet)) => (Names::Joliet, joliet.root),
        (None, None) => (Names::Plain, primary.root),
    };
    let mut tree =
        Tree { image, block_size, names, walk: Walk::new(image), seen: BTreeSet::new(), pending: Vec::new() };
    tree.open(OpenDirectory::root(), &root)?;
    while let Some((opened, directory)) = tree.pending.pop() {
        tree.directory(opened, &directory)?;
    }
    let names = match tree.names {
        Names::RockRidge(_) => IsoNames::RockRidge,
        Names::Joliet => IsoNames::Joliet,
        Names::Plain => IsoNames::Plain,
    };
    Ok(DriveImage {
        file_system: FileSystem::Iso9660 { names, block_size },
        label: primary.label,
        size: image.len() as u64,
        files: tree.walk.finish()?,
    })
}

/// The volume descriptors that point to files (ECMA-119, 8).
struct Volumes<'i> {
    primary: VolumeDescriptor<'i>,
    joliet: Option<VolumeDescriptor<'i>>,
}

impl<'i> Volumes<'i> {
    fn read(image: &'i [u8]) -> Result<Self, ReadError> {
        let (mut primary, mut joliet) = (None, None);
        let mut offset = FIRST_DESCRIPTOR as u64;
        for _ in 0..MAX_DESCRIPTORS {
            let bytes = Bytes::of_image(image, Structure::VolumeDescriptor, offset, DESCRIPTOR)?;
            if bytes.get(1, 5)? != STANDARD_IDENTIFIER {
                break;
            }
            match bytes.u8(0)? {
                PRIMARY if primary.is_none() => primary = Some(VolumeDescriptor::parse(&bytes)?),
                SUPPLEMENTARY if joliet.is_none() && UCS2_LEVELS.contains(&bytes.array(88)?) => {
                    joliet = Some(VolumeDescriptor::parse(&bytes)?);
                }
                TERMINATOR => break,
                _ => {}
            }
            offset += DESCRIPTOR;
        }
        let missing = ReadError::Damaged {
            structure: Structure::VolumeDescriptor,
            offset: FIRST_DESCRIPTOR as u64,
            fault: Fault::Field("type (no volume descriptor is a primary one)"),
        };
        Ok(Self { primary: primary.ok_or(missing)?, joliet })
    }
}

/// Primary or supplementary volume descriptor (ECMA-119, 8.4 and 8.5): only the fields needed to find files.
struct VolumeDescriptor<'i> {
    /// Volume identifier, without trailing spaces.
    label: String,
    /// Logical block size, in bytes.
    block_size: u32,
    root: DirectoryRecord<'i>,
}

impl<'i> VolumeDescriptor<'i> {
    fn parse(bytes: &Bytes<'i>) -> Result<Self, ReadError> {
        let label = bytes.get(40, 32)?.split(|&byte| byte == 0).next().unwrap_or_default();
        let block_size = bytes.u16(128)?.into();
        if !BLOCK_SIZES.contains(&block_size) {
            return Err(bytes.damaged(Fault::Field("logical block size")));
        }
        let root = DirectoryRecord::parse(bytes.part(Structure::DirectoryRecord, 156, 34)?)?;
        Ok(Self { label: String::from_utf8_lossy(label).trim_end_matches(' ').to_owned(), block_size, root })
    }
}

/// Directory record (ECMA-119, 9.1).
pub struct DirectoryRecord<'i> {
    pub bytes: Bytes<'i>,
    extended_attribute_record_length: u8,
    extent_location: u32,
    data_length: u32,
    file_flags: u8,
    file_identifier: &'i [u8],
    pub system_use: Bytes<'i>,
}

impl<'i> DirectoryRecord<'i> {
    pub fn parse(bytes: Bytes<'i>) -> Result<Self, ReadError> {
        // File unit size and interleave gap size: no tool interleaves files any more, and Linux does not read such files.
        if bytes.array(26)? != [0, 0] {
            return Err(bytes.damaged(Fault::Field("file unit size")));
        }
        let file_identifier = bytes.get(33, bytes.u8(32)?.into())?;
        let length = 33 + file_identifier.len();
        // A padding byte after the identifier makes the length even; it may be missing at the end of the record.
        let system_use = (length + length % 2).min(bytes.bytes.len());
        Ok(Self {
            bytes,
            extended_attribute_record_length: bytes.u8(1)?,
            extent_location: bytes.u32(2)?,
            data_length: bytes.u32(10)?,
            file_flags: bytes.u8(25)?,
            file_identifier,
            system_use: bytes.part(Structure::SystemUseEntry, system_use, bytes.bytes.len() - system_use)?,
        })
    }

    /// Returns the offset of the content, in bytes: after the extended attribute record.
    fn offset(&self, block_size: u32) -> u64 {
        let block = u64::from(self.extent_location) + u64::from(self.extended_attribute_record_length);
        block.saturating_mul(block_size.into())
    }

    /// Returns the content as a directory.
    pub fn directory(&self, image: &'i [u8], block_size: u32) -> Result<Bytes<'i>, ReadError> {
        Bytes::of_image(image, Structure::Directory, self.offset(block_size), self.data_length.into())
    }

    fn has(&self, flag: u8) -> bool {
        self.file_flags & flag != 0
    }

    /// Returns whether this is the record of the directory itself or of its parent (ECMA-119, 7.6.2).
    fn is_self_or_parent(&self) -> bool {
        matches!(self.file_identifier, [0] | [1])
    }
}

/// Returns the records of a directory. No record crosses a block boundary; zeros fill the rest of a block (ECMA-119, 6.8.1.1).
pub fn records<'i>(
    directory: &Bytes<'i>,
    block_size: u32,
) -> impl Iterator<Item = Result<DirectoryRecord<'i>, ReadError>> {
    let directory = *directory;
    let block_size = block_size as usize;
    let mut at = 0;
    core::iter::from_fn(move || {
        loop {
            let length = usize::from(*directory.bytes.get(at)?);
            let block_end = (at + 1).next_multiple_of(block_size);
            if length == 0 {
                at = block_end;
                continue;
            }
            let record = directory.part(Structure::DirectoryRecord, at, length);
            if at + length > block_end {
                let start = directory.part(Structure::DirectoryRecord, at, 1);
                at = directory.bytes.len();
                return Some(start.and_then(|start| Err(start.damaged(Fault::Truncated))));
            }
            at += length;
            return Some(record.and_then(DirectoryRecord::parse));
        }
    })
}

/// The tree that is read.
struct Tree<'i> {
    image: &'i [u8],
    block_size: u32,
    names: Names,
    walk: Walk<'i>,
    /// Offsets of the directories so far.
    seen: BTreeSet<usize>,
    /// Directories to be read.
    pending: Vec<(OpenDirectory, Bytes<'i>)>,
}

enum Names {
    RockRidge(RockRidge),
    Joliet,
    Plain,
}

impl<'i> Tree<'i> {
    fn open(&mut self, opened: OpenDirectory, record: &DirectoryRecord<'i>) -> Result<(), ReadError> {
        let directory = record.directory(self.image, self.block_size)?;
        if !self.seen.insert(directory.offset) {
            return Err(record.bytes.damaged(Fault::Reused));
        }
        self.walk.directory(&directory)?;
        self.pending.push((opened, directory));
        Ok(())
    }

    fn directory(&mut self, mut parent: OpenDirectory, directory: &Bytes<'i>) -> Result<(), ReadError> {
        let mut unfinished: Option<Unfinished<'i>> = None;
        for record in records(directory, self.block_size) {
            let record = record?;
            if record.is_self_or_parent() || record.has(ASSOCIATED_FILE) {
                continue;
            }
            let mut content = match unfinished.take() {
                Some(Unfinished { identifier, content, .. })
                    if identifier == record.file_identifier && !record.has(DIRECTORY) =>
                {
                    content
                }
                Some(Unfinished { bytes, .. }) => return Err(bytes.damaged(Fault::Unfinished)),
                None => Content::default(),
            };
            if record.has(DIRECTORY) {
                self.entry(&mut parent, &record, content)?;
                continue;
            }
            let extent = Bytes::of_image(
                self.image,
                Structure::DirectoryRecord,
                // The extent of an empty file may be anywhere.
                if record.data_length == 0 { 0 } else { record.offset(self.block_size) },
                record.data_length.into(),
            );
            let extent = extent.map_err(|_| record.bytes.damaged(Fault::OutsideImage))?;
            content.push(extent.offset, extent.bytes);
            if record.has(MULTI_EXTENT) {
                unfinished = Some(Unfinished { bytes: record.bytes, identifier: record.file_identifier, content });
            } else {
                self.entry(&mut parent, &record, content)?;
            }
        }
        match unfinished {
            Some(Unfinished { bytes, .. }) => Err(bytes.damaged(Fault::Unfinished)),
            None => Ok(()),
        }
    }

    fn entry(
        &mut self,
        parent: &mut OpenDirectory,
        record: &DirectoryRecord<'i>,
        content: Content<'i>,
    ) -> Result<(), ReadError> {
        let at = &record.bytes;
        let system_use = match self.names {
            Names::RockRidge(rock_ridge) => {
                rock_ridge.system_use(self.image, self.block_size, record, &mut self.walk)?
            }
            Names::Joliet | Names::Plain => SystemUse::default(),
        };
        if system_use.is_relocated {
            return Ok(());
        }
        let name = match (system_use.alternate_name, &self.names) {
            (Some(name), _) => String::from_utf8(name).map_err(|_| at.damaged(Fault::NameCharacters))?,
            (None, Names::Joliet) => joliet_name(record.file_identifier).ok_or(at.damaged(Fault::NameCharacters))?,
            (None, _) => plain_name(record.file_identifier).ok_or(at.damaged(Fault::NameCharacters))?,
        };
        let path = self.walk.entry(parent, &name, at)?;
        if let Some(block) = system_use.child_link {
            let offset = u64::from(block) * u64::from(self.block_size);
            let relocated = self.relocated(offset).map_err(|_| at.damaged(Fault::OutsideImage))?;
            return self.open(OpenDirectory::below(path), &relocated);
        }
        if record.has(DIRECTORY) {
            return self.open(OpenDirectory::below(path), record);
        }
        if system_use.is_not_a_file {
            return Err(at.damaged(Fault::NotAFile));
        }
        // Linux decompresses it if the kernel can; other readers would see the compressed bytes.
        if system_use.is_compressed {
            return Err(at.damaged(Fault::Compressed));
        }
        self.walk.file(path, content, at)
    }

    /// Returns the directory at `offset`, by its record of itself.
    fn relocated(&self, offset: u64) -> Result<DirectoryRecord<'i>, ReadError> {
        let block = Bytes::of_image(self.image, Structure::Directory, offset, self.block_size.into())?;
        records(&block, self.block_size).next().ok_or(block.damaged(Fault::Truncated))?
    }
}

/// A file that continues in the next record (ECMA-119, 9.1.6: multi-extent).
struct Unfinished<'i> {
    bytes: Bytes<'i>,
    identifier: &'i [u8],
    content: Content<'i>,
}

/// Returns a plain name as Linux shows it: in lower case, without the version, and without the dot of an empty extension.
fn plain_name(identifier: &[u8]) -> Option<String> {
    if !identifier.is_ascii() {
        return None;
    }
    let name = identifier.strip_suffix(b";1").unwrap_or(identifier);
    let name = if name.len() < identifier.len() { name.strip_suffix(b".").unwrap_or(name) } else { name };
    let name = name.iter().map(|byte| if *byte == b';' { '.' } else { char::from(byte.to_ascii_lowercase()) });
    Some(name.collect())
}

/// Returns a Joliet name (big-endian UCS-2) as Linux shows it: without the version and trailing dots.
fn joliet_name(identifier: &[u8]) -> Option<String> {
    let (units, rest) = identifier.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let name: String =
        char::decode_utf16(units.iter().copied().map(u16::from_be_bytes)).collect::<Result<_, _>>().ok()?;
    Some(name.strip_suffix(";1").unwrap_or(&name).trim_end_matches('.').to_string())
}

/// Offset in bytes, after the system area of 16 sectors (ECMA-119, 6.2.1).
const FIRST_DESCRIPTOR: usize = 16 * 2048;

/// Size of a volume descriptor, in bytes.
const DESCRIPTOR: u64 = 2048;

/// Number of volume descriptors after which Linux stops looking.
const MAX_DESCRIPTORS: usize = 84;

const STANDARD_IDENTIFIER: &[u8] = b"CD001";

/// Volume descriptor types (ECMA-119, 8.1.1).
const PRIMARY: u8 = 1;
const SUPPLEMENTARY: u8 = 2;
const TERMINATOR: u8 = 255;

/// Escape sequences of Joliet's three levels.
const UCS2_LEVELS: [[u8; 3]; 3] = [*b"%/@", *b"%/C", *b"%/E"];

/// The logical block sizes that ECMA-119 (6.2.2) allows on a medium with sectors of 2048 bytes, in bytes.
const BLOCK_SIZES: [u32; 3] = [512, 1024, 2048];

/// File flags (ECMA-119, 9.1.6).
const DIRECTORY: u8 = 1 << 1;
const ASSOCIATED_FILE: u8 = 1 << 2;
const MULTI_EXTENT: u8 = 1 << 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_as_linux_shows_them() {
        for (identifier, name) in [
            (&b"META_DATA.JSON;1"[..], "meta_data.json"),
            (b"USER_DATA.;1", "user_data"),
            (b"user_data;1", "user_data"),
            (b"2018_08_27", "2018_08_27"),
            (b"A.;2", "a..2"),
            (b"A.", "a."),
        ] {
            assert_eq!(plain_name(identifier).unwrap(), name);
        }
        assert_eq!(plain_name(b"\xe9"), None);
    }

    #[test]
    fn joliet_names_are_as_linux_shows_them() {
        assert_eq!(joliet_name(b"\0A\0.\0;\x001").unwrap(), "A");
        assert_eq!(joliet_name(b"\x65\xe5\0.\0x").unwrap(), "日.x");
        assert_eq!(joliet_name(b"\xd8\0\0x"), None);
        assert_eq!(joliet_name(b"\0A\0"), None);
    }
}
