//! The directories of a volume, and the files in them.

use alloc::{string::String, vec::Vec};

use super::{
    super::{ImageError, Sink},
    LABEL,
    directory_entry::{self, Attributes, DirectoryEntry, TimeStamp},
    file_allocation_table::FileAllocationTable,
    geometry::Demand,
    names::{self, ShortName},
};
use crate::tree::{Content, Directory, Entry, Name, Tree};

/// The directories, level by level, starting with the root. Files are in the order of their directories.
pub struct Hierarchy<'t> {
    directories: Vec<DirectoryLayout<'t>>,
}

struct DirectoryLayout<'t> {
    /// Index of the parent; the root is its own parent.
    parent: usize,
    /// Name of the directory; the root has none.
    name: Option<&'t Name>,
    source: &'t Directory,
    contents: Vec<EntryLayout<'t>>,
    /// Number of directory entries.
    entries: u32,
    /// Number of the first cluster; 0 for a root directory before the clusters.
    first_cluster: u32,
}

struct EntryLayout<'t> {
    short: ShortName,
    /// The full name, if the short one does not preserve it.
    long: Option<&'t Name>,
    node: Node<'t>,
}

enum Node<'t> {
    File {
        content: &'t Content,
        first_cluster: u32,
    },
    /// A directory, by its index.
    Directory(usize),
}

impl<'t> Hierarchy<'t> {
    /// Determines the names and sizes of everything. [`Self::place`] then determines the locations.
    pub fn new(tree: &'t Tree) -> Result<Self, ImageError> {
        let mut directories = alloc::vec![DirectoryLayout::new(0, None, tree.root())];
        let mut index = 0;
        while let Some(directory) = directories.get_mut(index) {
            let source = directory.source;
            // Checked before shortening, because within the limit there is a short name for every entry.
            directory.entries = entries(source, index == 0).filter(|&entries| entries <= MAX_ENTRIES).unwrap_or(0);
            if directory.entries == 0 {
                return Err(ImageError::TooManyNames { directory: path(&directories, index) });
            }
            let mut contents = Vec::new();
            for (short, name, entry) in names::shorten(source)? {
                let node = match entry {
                    Entry::File(content) => Node::File { content, first_cluster: 0 },
                    Entry::Directory(directory) => {
                        directories.push(DirectoryLayout::new(index, Some(name), directory));
                        Node::Directory(directories.len() - 1)
                    }
                };
                let long = (!names::is_short(name.as_str())).then_some(name);
                contents.push(EntryLayout { short, long, node });
            }
            if let Some(directory) = directories.get_mut(index) {
                directory.contents = contents;
            }
            index += 1;
        }
        Ok(Self { directories })
    }

    pub fn demand(&self) -> Demand {
        let directories = self.directories.iter().skip(1).map(|directory| u64::from(directory.size()));
        Demand {
            root_entries: self.directories.first().map_or(0, |root| root.entries),
            sizes: directories.chain(self.contents().map(|content| content.len() as u64)).collect(),
        }
    }

    /// Places everything in clusters: directories, then files. The root is among the directories only on FAT32.
    pub fn place(&mut self, root_is_in_clusters: bool, table: &mut FileAllocationTable) {
        for directory in self.directories.iter_mut().skip(usize::from(!root_is_in_clusters)) {
            directory.first_cluster = table.allocate(directory.size());
        }
        for content in self.directories.iter_mut().flat_map(|directory| &mut directory.contents) {
            if let Node::File { content, first_cluster } = &mut content.node {
                *first_cluster = table.allocate(size(content));
            }
        }
    }

    /// Writes the root directory, padded to a multiple of `unit` bytes.
    pub fn write_root(&self, time_stamp: TimeStamp, unit: u32, sink: &mut impl Sink) {
        if let Some(root) = self.directories.first() {
            self.write_directory(root, true, time_stamp, unit, sink);
        }
    }

    /// Writes everything except the root directory in clusters of `cluster_size` bytes.
    pub fn write(&self, time_stamp: TimeStamp, cluster_size: u32, sink: &mut impl Sink) {
        for directory in self.directories.iter().skip(1) {
            self.write_directory(directory, false, time_stamp, cluster_size, sink);
        }
        for content in self.contents() {
            write_padded(content, cluster_size, sink);
        }
    }

    fn write_directory(
        &self,
        directory: &DirectoryLayout<'_>,
        is_root: bool,
        time_stamp: TimeStamp,
        unit: u32,
        sink: &mut impl Sink,
    ) {
        let mut out = Vec::with_capacity(directory.size() as usize);
        let put = |name, attributes, first_cluster, file_size, out: &mut Vec<u8>| {
            DirectoryEntry { name, attributes, time_stamp, first_cluster, file_size }.write(out);
        };
        if is_root {
            put(ShortName(*LABEL), Attributes::VolumeId, 0, 0, &mut out);
        } else {
            // The root is cluster 0 here, wherever it is (FATGEN, "FAT Directory Structure").
            let parent = if directory.parent == 0 { 0 } else { self.first_cluster(directory.parent) };
            put(ShortName::SELF, Attributes::Directory, directory.first_cluster, 0, &mut out);
            put(ShortName::PARENT, Attributes::Directory, parent, 0, &mut out);
        }
        for EntryLayout { short, long, node } in &directory.contents {
            if let Some(name) = long {
                directory_entry::write_long_name(name.as_str(), short, &mut out);
            }
            match node {
                Node::File { content, first_cluster } => {
                    put(*short, Attributes::File, *first_cluster, size(content), &mut out);
                }
                Node::Directory(index) => {
                    put(*short, Attributes::Directory, self.first_cluster(*index), 0, &mut out);
                }
            }
        }
        write_padded(&out, unit, sink);
    }

    fn first_cluster(&self, index: usize) -> u32 {
        self.directories.get(index).map_or(0, |directory| directory.first_cluster)
    }

    fn contents(&self) -> impl Iterator<Item = &'t Content> {
        self.directories.iter().flat_map(|directory| &directory.contents).filter_map(|content| match content.node {
            Node::File { content, .. } => Some(content),
            Node::Directory(_) => None,
        })
    }
}

impl<'t> DirectoryLayout<'t> {
    fn new(parent: usize, name: Option<&'t Name>, source: &'t Directory) -> Self {
        Self { parent, name, source, contents: Vec::new(), entries: 0, first_cluster: 0 }
    }

    /// Returns the size of the directory, in bytes.
    fn size(&self) -> u32 {
        self.entries * directory_entry::SIZE as u32
    }
}

/// Returns the number of entries that a directory needs: for its label, or for `.` and `..`, and for each name.
fn entries(directory: &Directory, is_root: bool) -> Option<u32> {
    let own = if is_root { 1 } else { 2 };
    let entries = |name: &str| 1 + if names::is_short(name) { 0 } else { directory_entry::long_name_entries(name) };
    u32::try_from(directory.entries().map(|(name, _)| entries(name.as_str())).sum::<usize>().saturating_add(own)).ok()
}

fn path(directories: &[DirectoryLayout<'_>], index: usize) -> String {
    let mut names = Vec::new();
    let mut next = directories.get(index);
    while let Some((directory, name)) = next.and_then(|directory| Some((directory, directory.name?))) {
        names.insert(0, name.as_str());
        next = directories.get(directory.parent);
    }
    names.join("/")
}

/// Narrows the size of a file. The layout makes sure that it fits.
fn size(content: &Content) -> u32 {
    u32::try_from(content.len()).unwrap_or(u32::MAX)
}

/// Writes `bytes`, padded to a multiple of `unit` bytes.
fn write_padded(bytes: &[u8], unit: u32, sink: &mut impl Sink) {
    sink.bytes(bytes);
    sink.zeros(bytes.len().next_multiple_of(unit as usize) - bytes.len());
}

/// Maximum number of entries in a directory, which take up 2 MiB.
const MAX_ENTRIES: u32 = 65_536;
