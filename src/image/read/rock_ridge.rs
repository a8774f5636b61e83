//! What Rock Ridge adds to directory records: system use entries (SUSP 1.12, 5; RRIP 1.12, 4.1).

use alloc::vec::Vec;

use super::{
    Bytes,
    error::{Fault, ReadError, Structure},
    iso9660::{DirectoryRecord, records},
    walk::Walk,
};

/// Tells whether the records of the tree under `root` have system use entries: its first record says so (SUSP, 5.3).
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
    /// Bytes before the entries, in every system use area but the first.
    skipped: u8,
}

impl RockRidge {
    /// Reads the entries of a record, which is not the root's first one.
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
                if let Some(continuation) = system_use.take(&entry)? {
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

/// What a record's entries say, as far as it bears on names and contents.
#[derive(Default)]
pub struct SystemUse {
    /// Alternate name (RRIP, 4.1.4).
    pub alternate_name: Option<Vec<u8>>,
    /// Child link (RRIP, 4.1.5.1): the block of the directory that the record, though a file's, stands for.
    pub child_link: Option<u32>,
    /// Relocated directory (RRIP, 4.1.5.3): a child link leads here from the place where it belongs.
    pub is_relocated: bool,
    /// A symbolic link, a device or the like, by POSIX file attributes (RRIP, 4.1.1) or as such (RRIP, 4.1.3).
    pub is_not_a_file: bool,
}

impl SystemUse {
    fn take(&mut self, entry: &Bytes<'_>) -> Result<Option<Continuation>, ReadError> {
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
            b"CE" => {
                return Ok(Some(Continuation { block: entry.u32(4)?, offset: entry.u32(12)?, length: entry.u32(20)? }));
            }
            _ => {}
        }
        Ok(None)
    }
}

/// Continuation area (SUSP, 5.1): where more entries of a record are.
struct Continuation {
    block: u32,
    offset: u32,
    length: u32,
}

impl Continuation {
    fn area<'i>(&self, image: &'i [u8], block_size: u32, entry: &Bytes<'_>) -> Result<Bytes<'i>, ReadError> {
        let offset = u64::from(self.block) * u64::from(block_size) + u64::from(self.offset);
        // An empty area could go round in circles without costing anything.
        if self.length == 0 {
            return Err(entry.damaged(Fault::Field("length of its continuation")));
        }
        let area = Bytes::of_image(image, Structure::SystemUseEntry, offset, self.length.into());
        area.map_err(|_| entry.damaged(Fault::OutsideImage))
    }
}

/// The entries of a system use area. It ends where no other has room, at a terminator, or in padding (SUSP, 4 and 5.4).
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

/// Flags of an alternate name (RRIP, 4.1.4).
const NAME_OF_SELF_OR_PARENT: u8 = 0x06;

/// POSIX file modes.
const FILE_TYPE: u32 = 0o170_000;
const REGULAR_FILE: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
