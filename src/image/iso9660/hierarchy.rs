//! One of the two trees of an image: its path tables and its directories.

use alloc::vec::Vec;
use core::mem;

use super::{
    super::{ImageError, Sink},
    SECTOR,
    contents::ContentArea,
    directory_record::{self, DirectoryRecord, Extent, FileFlags, Packer},
    fields::Date,
    names::Naming,
    path_table::{self, ByteOrder, PathTableRecord},
    rock_ridge::{self, ContinuationArea, Mode, NamePlace, PosixAttributes, TimeStamps},
    write_sectors,
};
use crate::tree::{Directory, Entry, Tree};

/// A directory hierarchy (ECMA-119, 6.8.2) and its path tables, which precede it.
pub struct Hierarchy<'t> {
    naming: Naming,
    root: DirectoryLayout<'t>,
    pub path_table_size: u32,
    pub l_path_table: u32,
    pub m_path_table: u32,
}

impl<'t> Hierarchy<'t> {
    /// Determines the names and sizes of everything. [`Self::place`] then determines the locations.
    pub fn new(naming: Naming, tree: &'t Tree, contents: &mut ContentArea<'t>) -> Result<Self, ImageError> {
        let root = DirectoryLayout::new(naming, tree.root(), true, contents)?;
        let mut hierarchy = Self { naming, root, path_table_size: 0, l_path_table: 0, m_path_table: 0 };
        let size = hierarchy
            .directories()
            .iter()
            .map(|directory| path_table::length(directory.identifier.len()) as u64)
            .sum::<u64>();
        // 32 bits are enough for 65,535 records of the maximum length.
        hierarchy.path_table_size = u32::try_from(size).map_err(|_| ImageError::TooManyDirectories)?;
        Ok(hierarchy)
    }

    /// Places everything from the sector `next` on, and returns the first sector after it.
    pub fn place(&mut self, next: u64) -> Result<u64, ImageError> {
        let table = u64::from(self.path_table_size.div_ceil(SECTOR));
        self.l_path_table = sector(next);
        self.m_path_table = sector(next.saturating_add(table));
        let mut next = next.saturating_add(2 * table);
        let mut number: u16 = 0;
        // The path table's order (ECMA-119, 6.9.1): by level, then by the parent's number, then by identifier.
        let mut level = alloc::vec![&mut self.root];
        while !level.is_empty() {
            for directory in mem::take(&mut level) {
                number = number.checked_add(1).ok_or(ImageError::TooManyDirectories)?;
                directory.number = number;
                directory.extent.location = sector(next);
                next = next.saturating_add(directory.sectors());
                level.extend(directory.entries.iter_mut().filter_map(|entry| match &mut entry.node {
                    Node::Directory(directory) => Some(directory),
                    Node::File(_) => None,
                }));
            }
        }
        Ok(next)
    }

    pub fn root_extent(&self) -> Extent {
        self.root.extent
    }

    pub fn write(&self, content_area: u32, date: Date, sink: &mut impl Sink) {
        let directories = self.directories();
        for byte_order in [ByteOrder::L, ByteOrder::M] {
            let mut table = Vec::with_capacity(self.path_table_size as usize);
            for DirectoryRef { directory, parent, identifier } in &directories {
                let record = PathTableRecord {
                    extent_location: directory.extent.location,
                    parent_directory_number: parent.number,
                    directory_identifier: identifier,
                };
                record.write(byte_order, &mut table);
            }
            write_sectors(&table, sink);
        }
        for place in &directories {
            self.write_directory(place, content_area, date, sink);
        }
    }

    fn write_directory(&self, place: &DirectoryRef<'_, '_>, content_area: u32, date: Date, sink: &mut impl Sink) {
        let DirectoryRef { directory, parent, .. } = *place;
        let is_root = core::ptr::eq(directory, &self.root);
        let mut out = Vec::with_capacity(directory.extent.size as usize);
        let mut system_use = Vec::new();
        let mut packer = Packer::new();
        let mut put = |extent, file_flags, file_identifier: &[u8], system_use: &[u8]| {
            let gap = packer.gap(directory_record::length(file_identifier.len(), system_use.len()));
            out.zeros(gap);
            DirectoryRecord { extent, recording_date: date, file_flags, file_identifier, system_use }.write(&mut out);
        };

        for (directory, identifier) in [(directory, directory_record::SELF), (parent, directory_record::PARENT)] {
            system_use.clear();
            if self.naming == Naming::Plain {
                let is_first_of_root = is_root && identifier == directory_record::SELF;
                if is_first_of_root {
                    rock_ridge::SharingProtocol.write(&mut system_use);
                }
                attributes(Mode::Directory, directory.links, date, &mut system_use);
                if is_first_of_root {
                    rock_ridge::ExtensionsReference.write(&mut system_use);
                }
            }
            put(directory.extent, FileFlags::Directory, identifier, &system_use);
        }
        for EntryLayout { identifier, name, node } in &directory.entries {
            let (extent, flags, mode, links) = match node {
                Node::Directory(directory) => {
                    (directory.extent, FileFlags::Directory, Mode::Directory, directory.links)
                }
                Node::File(Extent { location, size }) => {
                    let location = content_area.saturating_add(*location);
                    (Extent { location, size: *size }, FileFlags::File, Mode::File, 1)
                }
            };
            system_use.clear();
            if let Some(name) = name {
                attributes(mode, links, date, &mut system_use);
                name.write(directory.continuation_area(), &mut system_use);
            }
            put(extent, flags, identifier, &system_use);
        }
        write_sectors(&out, sink);
        write_sectors(directory.continuation.bytes(), sink);
    }

    /// Returns the directories in the path table's order.
    fn directories(&self) -> Vec<DirectoryRef<'_, 't>> {
        let mut directories =
            alloc::vec![DirectoryRef { directory: &self.root, parent: &self.root, identifier: directory_record::SELF }];
        let mut next = 0;
        while let Some(&DirectoryRef { directory: parent, .. }) = directories.get(next) {
            directories.extend(parent.entries.iter().filter_map(|entry| match &entry.node {
                Node::Directory(directory) => Some(DirectoryRef { directory, parent, identifier: &entry.identifier }),
                Node::File(_) => None,
            }));
            next += 1;
        }
        directories
    }
}

/// A directory of one of the trees.
struct DirectoryLayout<'t> {
    /// Number in the path table, from 1.
    number: u16,
    extent: Extent,
    /// Number of links, as in every Unix file system: the directory's name, its `.`, and the `..` of each subdirectory.
    links: u32,
    /// The entries in the order of the directory records.
    entries: Vec<EntryLayout<'t>>,
    continuation: ContinuationArea,
}

struct EntryLayout<'t> {
    identifier: Vec<u8>,
    /// Rock Ridge's name, in the plain tree.
    name: Option<NamePlace<'t>>,
    node: Node<'t>,
}

enum Node<'t> {
    /// A file, whose location counts from the content area's first sector.
    File(Extent),
    Directory(DirectoryLayout<'t>),
}

impl<'t> DirectoryLayout<'t> {
    /// Recurses at most [`Tree::MAX_PATH_NAMES`] times.
    fn new(
        naming: Naming,
        directory: &'t Directory,
        is_root: bool,
        contents: &mut ContentArea<'t>,
    ) -> Result<Self, ImageError> {
        let (own, parent) = match naming {
            Naming::Plain if is_root => (rock_ridge::ROOT_ATTRIBUTES, rock_ridge::ATTRIBUTES),
            Naming::Plain => (rock_ridge::ATTRIBUTES, rock_ridge::ATTRIBUTES),
            Naming::Joliet => (0, 0),
        };
        let mut packer = Packer::new();
        packer.gap(directory_record::length(directory_record::SELF.len(), own));
        packer.gap(directory_record::length(directory_record::PARENT.len(), parent));
        let mut links: u32 = 2;
        let mut entries = Vec::new();
        let mut continuation = ContinuationArea::default();
        for (identifier, name, entry) in naming.identify(directory)? {
            let name = (naming == Naming::Plain).then(|| continuation.place(name.as_str(), identifier.len()));
            packer.gap(directory_record::length(identifier.len(), name.map_or(0, NamePlace::system_use)));
            let node = match entry {
                Entry::File(content) => Node::File(contents.place(content)),
                Entry::Directory(directory) => {
                    links = links.saturating_add(1);
                    Node::Directory(Self::new(naming, directory, false, contents)?)
                }
            };
            entries.push(EntryLayout { identifier, name, node });
        }
        // A size that does not fit is far beyond the image limit, which the layout checks.
        let size = u32::try_from(packer.finish()).unwrap_or(u32::MAX);
        Ok(Self { number: 0, extent: Extent { location: 0, size }, links, entries, continuation })
    }

    /// Returns the first sector after the records.
    fn continuation_area(&self) -> u32 {
        self.extent.location.saturating_add(self.extent.size / SECTOR)
    }

    /// Returns the number of sectors of the records and their continuation area.
    fn sectors(&self) -> u64 {
        let continuation = self.continuation.size().div_ceil(u64::from(SECTOR));
        u64::from(self.extent.size / SECTOR).saturating_add(continuation)
    }
}

#[derive(Clone, Copy)]
struct DirectoryRef<'h, 't> {
    directory: &'h DirectoryLayout<'t>,
    /// The root is its own parent.
    parent: &'h DirectoryLayout<'t>,
    identifier: &'h [u8],
}

fn attributes(mode: Mode, links: u32, date: Date, out: &mut Vec<u8>) {
    PosixAttributes { mode, links }.write(out);
    TimeStamps(date).write(out);
}

/// Narrows a sector number. One that does not fit is far beyond the image limit, which the layout checks.
fn sector(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
