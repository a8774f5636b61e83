//! Rock Ridge's additions to directory records: system use entries (SUSP 1.12, 5; RRIP 1.12, 4.1).

use alloc::vec::Vec;

use super::{
    Bytes,
    error::{Fault, ReadError, Structure},
    iso9660::{DirectoryRecord, records},
    walk::Walk,
};

/// Returns how to read the system use entries in the tree below `root`, if its first record says that there are any (SUSP, 5.3).
pub fn of_root(image: &[u8], block_size: u32, root: &DirectoryRecord<'_>) -> Result<Option<RockRidge>, ReadError> {
    let directory = root.directory(image, block_size)?;
    let Some(record) = records(&directory, block_size).next() else { return Ok(None) };
    let system_use = record?.system_use.bytes;
    Ok(match system_use {
        [b'S', b'P', 7, 1, 0xbe, 0xef, skipped, ..] => Some(RockRidge { skipped: *skipped }),
        _ => None,
    })
}

/// A tree with system use entries.
#[derive(Clone, Copy)]
pub struct RockRidge {
    /// Number of bytes before the entries, in every system use area except the first.
    skipped: u8,
}

impl RockRidge {
    /// Reads the entries of any record except the root's first one.
    pub fn system_use<'i>(
        self,
        image: &'i [u8],
        block_size: u32,
        record: &DirectoryRecord<'i>,
        walk: &mut Walk<'i>,
    ) -> Result<SystemUse, ReadError> {
        let mut system_use = SystemUse::default();
        let area = &record.system_use;
        let skipped = usize::from(self.skipped).min(area.bytes.len());
        let mut next = Some(area.part(Structure::SystemUseEntry, skipped, area.bytes.len() - skipped)?);
        while let Some(area) = next {
            next = None;
            for entry in entries(area) {
                let entry = entry?;
                if let Some(continuation) = system_use.apply(&entry)? {
                    next = Some(continuation.area(image, block_size, &entry)?);
                }
            }
            if let Some(area) = &next {
                walk.structure(area)?;
            }
        }
        Ok(system_use)
    }
}

/// The parts of a record's entries that affect names and contents.
#[derive(Default)]
pub struct SystemUse {
    /// Alternate name (RRIP, 4.1.4).
    pub alternate_name: Option<Vec<u8>>,
    /// Child link (RRIP, 4.1.5.1): the block of the directory that this record represents, although it looks like a file's.
    pub child_link: Option<u32>,
    /// Relocated directory (RRIP, 4.1.5.3): a child link points here from the place where the directory belongs.
    pub is_relocated: bool,
    /// A symbolic link, a device or the like, by its POSIX file attributes (RRIP, 4.1.1) or a symbolic link entry (RRIP, 4.1.3).
    pub is_not_a_file: bool,
    /// The content is compressed, by a zisofs entry (libisofs, doc/zisofs_format.txt).
    pub is_compressed: bool,
}

impl SystemUse {
    /// Applies an entry, and returns where to continue if it points to a continuation area.
    fn apply(&mut self, entry: &Bytes<'_>) -> Result<Option<Continuation>, ReadError> {
        match &entry.array(0)? {
            b"NM" => {
                let flags = entry.u8(4)?;
                if flags & NAME_OF_SELF_OR_PARENT != 0 {
                    return Err(entry.damaged(Fault::NameUnsafe));
                }
                let name = entry.bytes.get(5..).unwrap_or_default();
                self.alternate_name.get_or_insert_default().extend(name);
            }
            b"CL" => self.child_link = Some(entry.u32(4)?),
            b"RE" => self.is_relocated = true,
            b"SL" => self.is_not_a_file = true,
            b"PX" => self.is_not_a_file |= !matches!(entry.u32(4)? & FILE_TYPE, REGULAR_FILE | DIRECTORY),
            b"ZF" => self.is_compressed = true,
            b"CE" => {
                return Ok(Some(Continuation { block: entry.u32(4)?, offset: entry.u32(12)?, length: entry.u32(20)? }));
            }
            _ => {}
        }
        Ok(None)
    }
}

/// Continuation area (SUSP, 5.1): the location of further entries of a record.
struct Continuation {
    block: u32,
    offset: u32,
    length: u32,
}

impl Continuation {
    fn area<'i>(&self, image: &'i [u8], block_size: u32, entry: &Bytes<'_>) -> Result<Bytes<'i>, ReadError> {
        let offset = u64::from(self.block) * u64::from(block_size) + u64::from(self.offset);
        // Empty areas could form an endless loop, because the walk's limit counts bytes.
        if self.length == 0 {
            return Err(entry.damaged(Fault::Field("continuation area length")));
        }
        let area = Bytes::of_image(image, Structure::SystemUseEntry, offset, self.length.into());
        area.map_err(|_| entry.damaged(Fault::OutsideImage))
    }
}

/// Returns the entries of a system use area. It ends when no other entry fits, at a terminator, or at padding (SUSP, 4 and 5.4).
fn entries<'i>(area: Bytes<'i>) -> impl Iterator<Item = Result<Bytes<'i>, ReadError>> {
    let mut at = 0;
    core::iter::from_fn(move || {
        let rest = area.bytes.get(at..)?;
        match rest {
            [] | [_] | [_, _] | [_, _, _] | [0, ..] | [b'S', b'T', ..] => None,
            [_, _, length, ..] => {
                let entry = area.part(Structure::SystemUseEntry, at, usize::from(*length).max(4));
                let fits = *length >= 4 && usize::from(*length) <= rest.len();
                at = if fits { at + usize::from(*length) } else { area.bytes.len() };
                Some(match entry {
                    Ok(entry) if !fits => Err(entry.damaged(Fault::Field("length"))),
                    entry => entry,
                })
            }
        }
    })
}

/// Flags CURRENT and PARENT of an alternate name (RRIP, 4.1.4).
const NAME_OF_SELF_OR_PARENT: u8 = 0x06;

/// POSIX file modes.
const FILE_TYPE: u32 = 0o170_000;
const REGULAR_FILE: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
