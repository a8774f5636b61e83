//! FAT12, FAT16 and FAT32 with long names, as Linux's vfat reads them.
//!
//! Names and section numbers are those of Microsoft's "FAT File System Specification" (1.03).

use alloc::{string::String, vec, vec::Vec};
use core::num::NonZero;

use super::{
    Bytes, DriveImage, FatWidth, FileSystem,
    content::Content,
    error::{Fault, ReadError, Structure},
    walk::{OpenDirectory, Walk},
};

/// Returns whether the first sector starts and ends like FAT's boot sector.
pub fn is_fat(image: &[u8]) -> bool {
    matches!(image, [0xeb, _, 0x90, ..] | [0xe9, ..]) && image.get(510..512) == Some(&[0x55, 0xaa])
}

pub fn read(image: &[u8]) -> Result<DriveImage<'_>, ReadError> {
    let volume = Volume::parse(image)?;
    let mut tree = Tree {
        used: vec![false; volume.clusters as usize],
        walk: Walk::new(image),
        volume_entry: None,
        pending: Vec::new(),
        volume,
    };
    let root = match tree.volume.root {
        Root::Area(area) => vec![area],
        Root::Chain(first) => tree.chain(first, None, &tree.volume.boot_sector.clone())?,
    };
    tree.directory(OpenDirectory::root(), &root, true)?;
    while let Some((opened, parts)) = tree.pending.pop() {
        tree.directory(opened, &parts, false)?;
    }
    let Volume { width, sector_size, .. } = tree.volume;
    Ok(DriveImage {
        file_system: FileSystem::Fat { width, sector_size },
        label: tree.volume_entry.unwrap_or_default(),
        size: image.len() as u64,
        files: tree.walk.finish()?,
    })
}

/// The fields of the boot sector that are needed to find files.
struct Volume<'i> {
    boot_sector: Bytes<'i>,
    width: FatWidth,
    sector_size: u32,
    /// Cluster size, in bytes.
    cluster_size: usize,
    /// Number of clusters. The first one has the number 2.
    clusters: u32,
    /// The first file allocation table; the others are copies of it.
    table: Bytes<'i>,
    root: Root<'i>,
    /// The clusters.
    data: Bytes<'i>,
}

/// The root directory.
enum Root<'i> {
    /// Area between the tables and the clusters, on FAT12 and FAT16.
    Area(Bytes<'i>),
    /// First cluster, on FAT32.
    Chain(u32),
}

impl<'i> Volume<'i> {
    fn parse(image: &'i [u8]) -> Result<Self, ReadError> {
        let sector = Bytes::of_image(image, Structure::BootSector, 0, 512)?;
        let field = |name| sector.damaged(Fault::Field(name));
        let sector_size = u32::from(sector.u16(11)?);
        if !SECTOR_SIZES.contains(&sector_size) {
            return Err(field("number of bytes per sector"));
        }
        let sectors_per_cluster = NonZero::new(sector.u8(13)?)
            .filter(|count| count.is_power_of_two())
            .ok_or(field("number of sectors per cluster"))?;
        let reserved_sectors = u32::from(sector.u16(14)?);
        if reserved_sectors == 0 {
            return Err(field("number of reserved sectors"));
        }
        let tables = u32::from(sector.u8(16)?);
        if tables == 0 {
            return Err(field("number of file allocation tables"));
        }
        let root_entries = u32::from(sector.u16(17)?);
        let total_sectors = either(sector.u16(19)?, sector.u32(32)?);
        let is_fat32 = sector.u16(22)? == 0;
        let table_sectors = either(sector.u16(22)?, sector.u32(36)?);
        if table_sectors == 0 {
            return Err(field("number of sectors per file allocation table"));
        }

        let root_sectors = (root_entries * ENTRY as u32).div_ceil(sector_size);
        let at_sector = |number: u64, count: u64, structure| {
            let size = u64::from(sector_size);
            Bytes::of_image(image, structure, number.saturating_mul(size), count.saturating_mul(size))
                .map_err(|_| sector.damaged(Fault::OutsideImage))
        };
        let root_sector = u64::from(reserved_sectors) + u64::from(tables) * u64::from(table_sectors);
        let data_sector = root_sector + u64::from(root_sectors);
        let data_sectors = u64::from(total_sectors).checked_sub(data_sector).ok_or(field("number of sectors"))?;
        let table = at_sector(reserved_sectors.into(), table_sectors.into(), Structure::FileAllocationTable)?;
        let data = at_sector(data_sector, data_sectors, Structure::File)?;

        // Both the file system and the table limit the number of clusters. Both are within the image, so the casts lose nothing.
        let clusters = (data_sectors / NonZero::<u64>::from(sectors_per_cluster)) as usize;
        let width = match clusters {
            _ if is_fat32 => FatWidth::Fat32,
            ..4085 => FatWidth::Fat12,
            _ => FatWidth::Fat16,
        };
        let entries = match width {
            FatWidth::Fat12 => table.bytes.len() * 2 / 3,
            FatWidth::Fat16 => table.bytes.len() / 2,
            FatWidth::Fat32 => table.bytes.len() / 4,
        };
        let clusters = clusters.min(entries.saturating_sub(2)) as u32;

        let root = match width {
            FatWidth::Fat32 => Root::Chain(sector.u32(44)?),
            _ => Root::Area(at_sector(root_sector, root_sectors.into(), Structure::Directory)?),
        };
        let cluster_size = (u32::from(sectors_per_cluster.get()) * sector_size) as usize;
        Ok(Self { boot_sector: sector, width, sector_size, cluster_size, clusters, table, root, data })
    }

    /// Returns the index of a cluster, if it exists.
    fn index(&self, cluster: u32) -> Option<usize> {
        let index = cluster.checked_sub(2)?;
        (index < self.clusters).then_some(index as usize)
    }

    /// Returns the table's entry of a cluster: the next cluster of the chain, or an end mark.
    fn next(&self, cluster: u32) -> Result<u32, ReadError> {
        let index = cluster as usize;
        Ok(match self.width {
            FatWidth::Fat12 => {
                let entry = u32::from(self.table.u16(index + index / 2)?);
                if index.is_multiple_of(2) { entry & 0xfff } else { entry >> 4 }
            }
            FatWidth::Fat16 => self.table.u16(index * 2)?.into(),
            FatWidth::Fat32 => self.table.u32(index * 4)? & 0x0fff_ffff,
        })
    }

    fn is_end(&self, entry: u32) -> bool {
        entry
            >= match self.width {
                FatWidth::Fat12 => 0xff8,
                FatWidth::Fat16 => 0xfff8,
                FatWidth::Fat32 => 0x0fff_fff8,
            }
    }
}

struct Tree<'i> {
    volume: Volume<'i>,
    /// Whether a cluster is part of a file or directory, by index.
    used: Vec<bool>,
    walk: Walk<'i>,
    /// The label: the one in the root directory. blkid ignores the boot sector's since util-linux 2.33.
    volume_entry: Option<String>,
    /// Directories to be read.
    pending: Vec<(OpenDirectory, Vec<Bytes<'i>>)>,
}

impl<'i> Tree<'i> {
    /// Returns a cluster chain, with adjacent clusters joined: the whole chain, or as many clusters as `size` bytes need.
    fn chain(&mut self, first: u32, size: Option<usize>, at: &Bytes<'i>) -> Result<Vec<Bytes<'i>>, ReadError> {
        let cluster_size = self.volume.cluster_size;
        let mut left = size;
        let mut parts: Vec<(usize, usize)> = Vec::new();
        let mut cluster = first;
        loop {
            let index = self.volume.index(cluster).ok_or(at.damaged(Fault::Chain))?;
            match self.used.get_mut(index) {
                Some(used) if !*used => *used = true,
                _ => return Err(at.damaged(Fault::Reused)),
            }
            let (start, length) = (index * cluster_size, left.map_or(cluster_size, |left| left.min(cluster_size)));
            match parts.last_mut() {
                Some((last, size)) if *last + *size == start => *size += length,
                _ => parts.push((start, length)),
            }
            left = left.map(|left| left - length);
            if left == Some(0) {
                break;
            }
            cluster = self.volume.next(cluster)?;
            if self.volume.is_end(cluster) {
                break;
            }
        }
        if left.is_some_and(|left| left > 0) {
            return Err(at.damaged(Fault::Chain));
        }
        let part = |(start, size): (usize, usize)| self.volume.data.part(Structure::Directory, start, size);
        parts.into_iter().map(part).collect()
    }

    fn directory(&mut self, mut parent: OpenDirectory, parts: &[Bytes<'i>], is_root: bool) -> Result<(), ReadError> {
        let mut long_name = LongName::default();
        for part in parts {
            self.walk.directory(part)?;
            for at in (0..part.bytes.len()).step_by(ENTRY) {
                let entry = DirectoryEntry::parse(part.part(Structure::DirectoryEntry, at, ENTRY)?)?;
                match (entry.name, entry.attributes) {
                    ([END, ..], _) => return Ok(()),
                    ([DELETED, ..], _) => long_name = LongName::default(),
                    (_, attributes) if attributes & LONG_NAME_MASK == LONG_NAME => long_name.add(&entry.bytes)?,
                    (name, attributes) if attributes & VOLUME_ID != 0 => {
                        // The conditions are blkid's.
                        let is_label = attributes & DIRECTORY == 0 && entry.first_cluster == 0;
                        if is_root && is_label && self.volume_entry.is_none() {
                            self.volume_entry = Some(volume_label(&name));
                        }
                        long_name = LongName::default();
                    }
                    _ => self.entry(&mut parent, &entry, core::mem::take(&mut long_name))?,
                }
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        parent: &mut OpenDirectory,
        entry: &DirectoryEntry<'i>,
        name: LongName,
    ) -> Result<(), ReadError> {
        let at = &entry.bytes;
        if matches!(&entry.name, b".          " | b"..         ") {
            return Ok(());
        }
        let name = match name.of(&entry.name) {
            Some(units) => char::decode_utf16(units).collect::<Result<String, _>>().ok(),
            None => entry.short_name(),
        };
        let path = self.walk.entry(parent, &name.ok_or(at.damaged(Fault::NameCharacters))?, at)?;
        let first_cluster = match self.volume.width {
            FatWidth::Fat32 => entry.first_cluster,
            // On FAT12 and FAT16, the field for FAT32's high half is zero or belongs to OS/2.
            FatWidth::Fat12 | FatWidth::Fat16 => entry.first_cluster & 0xffff,
        };
        if entry.attributes & DIRECTORY != 0 {
            let parts = self.chain(first_cluster, None, at)?;
            self.pending.push((OpenDirectory::below(path), parts));
            return Ok(());
        }
        let mut content = Content::default();
        if entry.size > 0 {
            for part in self.chain(first_cluster, Some(entry.size as usize), at)? {
                content.push(part.offset, part.bytes);
            }
        }
        self.walk.file(path, content, at)
    }
}

/// Directory entry (6).
struct DirectoryEntry<'i> {
    bytes: Bytes<'i>,
    name: [u8; 11],
    attributes: u8,
    /// Windows NT's flags for parts of the name that are in lower case.
    case: u8,
    first_cluster: u32,
    size: u32,
}

impl<'i> DirectoryEntry<'i> {
    fn parse(bytes: Bytes<'i>) -> Result<Self, ReadError> {
        Ok(Self {
            bytes,
            name: bytes.array(0)?,
            attributes: bytes.u8(11)?,
            case: bytes.u8(12)?,
            first_cluster: u32::from(bytes.u16(20)?) << 16 | u32::from(bytes.u16(26)?),
            size: bytes.u32(28)?,
        })
    }

    /// Returns the name as Linux shows it, if it is ASCII. Other bytes depend on a code page that the drive does not declare.
    fn short_name(&self) -> Option<String> {
        if !self.name.is_ascii() {
            return None;
        }
        let (base, extension) = self.name.split_at_checked(8)?;
        let part = |part: &[u8], lower: bool| -> String {
            let part = part.iter().map(|&byte| char::from(if lower { byte.to_ascii_lowercase() } else { byte }));
            part.collect::<String>().trim_end_matches(' ').into()
        };
        let mut name = part(base, self.case & LOWER_BASE != 0);
        let extension = part(extension, self.case & LOWER_EXTENSION != 0);
        if !extension.is_empty() {
            name.push('.');
            name.push_str(&extension);
        }
        Some(name)
    }
}

/// A long name, whose entries precede the entry of the short name, the last part first (7).
#[derive(Default)]
struct LongName {
    /// Checksum of the short name.
    checksum: u8,
    /// Number of the part that must come next; 0 if the name is complete, or there is none.
    next: u8,
    /// The parts so far, in the order of the drive.
    parts: Vec<[u16; UNITS]>,
}

impl LongName {
    fn add(&mut self, entry: &Bytes<'_>) -> Result<(), ReadError> {
        let order = entry.u8(0)?;
        let checksum = entry.u8(13)?;
        let number = order & !LAST_LONG_ENTRY;
        if order & LAST_LONG_ENTRY != 0 {
            *self = Self { checksum, next: number, parts: Vec::new() };
        }
        if number == 0 || number > MAX_PARTS || number != self.next || checksum != self.checksum {
            // Linux ignores an invalid long name.
            *self = Self::default();
            return Ok(());
        }
        let mut units = [0; UNITS];
        let fields = [entry.get(1, 10)?, entry.get(14, 12)?, entry.get(28, 4)?];
        let pairs = fields.into_iter().flat_map(|field| field.as_chunks::<2>().0);
        for (unit, pair) in units.iter_mut().zip(pairs) {
            *unit = u16::from_le_bytes(*pair);
        }
        self.parts.push(units);
        self.next = number - 1;
        Ok(())
    }

    /// Returns the name as UTF-16, if it belongs to the short name.
    fn of(&self, short: &[u8; 11]) -> Option<impl Iterator<Item = u16>> {
        let sum = short.iter().fold(0_u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte));
        (!self.parts.is_empty() && self.next == 0 && self.checksum == sum)
            .then(|| self.parts.iter().rev().flatten().copied().take_while(|unit| *unit != 0))
    }
}

/// Returns the label without trailing spaces.
fn volume_label(field: &[u8]) -> String {
    if field == NO_NAME {
        return String::new();
    }
    String::from_utf8_lossy(field).trim_end_matches(' ').into()
}

/// Returns the 16-bit field, or the 32-bit field if that is zero.
fn either(short: u16, long: u32) -> u32 {
    if short == 0 { long } else { short.into() }
}

const SECTOR_SIZES: [u32; 4] = [512, 1024, 2048, 4096];

/// The name of a volume without a label.
const NO_NAME: &[u8] = b"NO NAME    ";

/// Size of a directory entry, in bytes.
const ENTRY: usize = 32;

/// First byte of the entry that ends a directory.
const END: u8 = 0;
const DELETED: u8 = 0xe5;

const VOLUME_ID: u8 = 0x08;
const DIRECTORY: u8 = 0x10;
const LONG_NAME: u8 = 0x0f;
const LONG_NAME_MASK: u8 = 0x3f;
const LAST_LONG_ENTRY: u8 = 0x40;

const LOWER_BASE: u8 = 0x08;
const LOWER_EXTENSION: u8 = 0x10;

/// Number of UTF-16 units in an entry of a long name.
const UNITS: usize = 13;

/// Number of entries for a name of 255 units.
const MAX_PARTS: u8 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_sector_starts_with_a_jump_and_ends_with_a_signature() {
        for (jump, signature, expected) in [
            ([0xeb, 0x3c, 0x90], [0x55, 0xaa], true),
            ([0xe9, 0, 0], [0x55, 0xaa], true),
            ([0xeb, 0x3c, 0x91], [0x55, 0xaa], false),
            ([0, 0, 0], [0x55, 0xaa], false),
            ([0xe9, 0, 0], [0xaa, 0x55], false),
        ] {
            let mut sector = vec![0; 512];
            sector[..3].copy_from_slice(&jump);
            sector[510..].copy_from_slice(&signature);
            assert_eq!(is_fat(&sector), expected, "{jump:x?} {signature:x?}");
            assert!(!is_fat(&sector[..511]));
        }
    }
}
