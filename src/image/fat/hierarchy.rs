//! The folders of a volume, and what is in them.

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

/// The folders level by level, the root first. Files come in the order of their folders.
pub struct Hierarchy<'t> {
    folders: Vec<Folder<'t>>,
}

struct Folder<'t> {
    /// The index of the folder above; the root is its own.
    parent: usize,
    /// The root has none.
    name: Option<&'t Name>,
    directory: &'t Directory,
    contents: Vec<FolderContent<'t>>,
    /// How many directory entries it has.
    entries: u32,
    /// 0 for a root that lies before the clusters.
    first_cluster: u32,
}

struct FolderContent<'t> {
    short: ShortName,
    /// Where the short one does not do.
    long: Option<&'t Name>,
    node: Node<'t>,
}

enum Node<'t> {
    File {
        content: &'t Content,
        first_cluster: u32,
    },
    /// By index.
    Folder(usize),
}

impl<'t> Hierarchy<'t> {
    /// Names and sizes of everything; [`Self::place`] then tells where it lies.
    pub fn new(tree: &'t Tree) -> Result<Self, ImageError> {
        let mut folders = alloc::vec![Folder::new(0, None, tree.root())];
        let mut index = 0;
        while let Some(folder) = folders.get_mut(index) {
            let directory = folder.directory;
            // Before names are made: there is one for each of so many.
            folder.entries = entries(directory, index == 0).filter(|&entries| entries <= MAX_ENTRIES).unwrap_or(0);
            if folder.entries == 0 {
                return Err(ImageError::TooManyNames { folder: path(&folders, index) });
            }
            let mut contents = Vec::new();
            for (short, name, entry) in names::shorten(directory)? {
                let node = match entry {
                    Entry::File(content) => Node::File { content, first_cluster: 0 },
                    Entry::Directory(directory) => {
                        folders.push(Folder::new(index, Some(name), directory));
                        Node::Folder(folders.len() - 1)
                    }
                };
                let long = (!names::is_short(name.as_str())).then_some(name);
                contents.push(FolderContent { short, long, node });
            }
            if let Some(folder) = folders.get_mut(index) {
                folder.contents = contents;
            }
            index += 1;
        }
        Ok(Self { folders })
    }

    pub fn demand(&self) -> Demand {
        let folders = self.folders.iter().skip(1).map(|folder| u64::from(folder.size()));
        Demand {
            root_entries: self.folders.first().map_or(0, |root| root.entries),
            sizes: folders.chain(self.contents().map(|content| content.len() as u64)).collect(),
        }
    }

    /// Lays everything out in clusters: folders, then files. The root is among them on FAT32 only.
    pub fn place(&mut self, root_is_in_clusters: bool, table: &mut FileAllocationTable) {
        for folder in self.folders.iter_mut().skip(usize::from(!root_is_in_clusters)) {
            folder.first_cluster = table.allocate(folder.size());
        }
        for content in self.folders.iter_mut().flat_map(|folder| &mut folder.contents) {
            if let Node::File { content, first_cluster } = &mut content.node {
                *first_cluster = table.allocate(size(content));
            }
        }
    }

    /// Writes the root directory and fills it up to whole multiples of `unit` bytes.
    pub fn write_root(&self, time_stamp: TimeStamp, unit: u32, sink: &mut impl Sink) {
        if let Some(root) = self.folders.first() {
            self.write_folder(root, true, time_stamp, unit, sink);
        }
    }

    /// Writes everything but the root directory into clusters of `cluster_size` bytes.
    pub fn write(&self, time_stamp: TimeStamp, cluster_size: u32, sink: &mut impl Sink) {
        for folder in self.folders.iter().skip(1) {
            self.write_folder(folder, false, time_stamp, cluster_size, sink);
        }
        for content in self.contents() {
            write_whole(content, cluster_size, sink);
        }
    }

    fn write_folder(&self, folder: &Folder<'_>, is_root: bool, time_stamp: TimeStamp, unit: u32, sink: &mut impl Sink) {
        let mut out = Vec::with_capacity(folder.size() as usize);
        let put = |name, attributes, first_cluster, file_size, out: &mut Vec<u8>| {
            DirectoryEntry { name, attributes, time_stamp, first_cluster, file_size }.write(out);
        };
        if is_root {
            put(ShortName(*LABEL), Attributes::VolumeId, 0, 0, &mut out);
        } else {
            // The root is cluster 0 here, wherever it lies (FATGEN, "FAT Directory Structure").
            let parent = if folder.parent == 0 { 0 } else { self.first_cluster(folder.parent) };
            put(ShortName::SELF, Attributes::Directory, folder.first_cluster, 0, &mut out);
            put(ShortName::PARENT, Attributes::Directory, parent, 0, &mut out);
        }
        for FolderContent { short, long, node } in &folder.contents {
            if let Some(name) = long {
                directory_entry::write_long_name(name.as_str(), short, &mut out);
            }
            match node {
                Node::File { content, first_cluster } => {
                    put(*short, Attributes::File, *first_cluster, size(content), &mut out);
                }
                Node::Folder(index) => {
                    put(*short, Attributes::Directory, self.first_cluster(*index), 0, &mut out);
                }
            }
        }
        write_whole(&out, unit, sink);
    }

    fn first_cluster(&self, index: usize) -> u32 {
        self.folders.get(index).map_or(0, |folder| folder.first_cluster)
    }

    fn contents(&self) -> impl Iterator<Item = &'t Content> {
        self.folders.iter().flat_map(|folder| &folder.contents).filter_map(|content| match content.node {
            Node::File { content, .. } => Some(content),
            Node::Folder(_) => None,
        })
    }
}

impl<'t> Folder<'t> {
    fn new(parent: usize, name: Option<&'t Name>, directory: &'t Directory) -> Self {
        Self { parent, name, directory, contents: Vec::new(), entries: 0, first_cluster: 0 }
    }

    /// In bytes.
    fn size(&self) -> u32 {
        self.entries * directory_entry::SIZE as u32
    }
}

/// How many entries a directory takes: its label, or `.` and `..`; then each name's.
fn entries(directory: &Directory, is_root: bool) -> Option<u32> {
    let own = if is_root { 1 } else { 2 };
    let entries = |name: &str| 1 + if names::is_short(name) { 0 } else { directory_entry::long_name_entries(name) };
    u32::try_from(directory.entries().map(|(name, _)| entries(name.as_str())).sum::<usize>().saturating_add(own)).ok()
}

fn path(folders: &[Folder<'_>], index: usize) -> String {
    let mut names = Vec::new();
    let mut next = folders.get(index);
    while let Some((folder, name)) = next.and_then(|folder| Some((folder, folder.name?))) {
        names.insert(0, name.as_str());
        next = folders.get(folder.parent);
    }
    names.join("/")
}

/// The layout sees to it that no file is as large as that.
fn size(content: &Content) -> u32 {
    u32::try_from(content.len()).unwrap_or(u32::MAX)
}

/// Writes `bytes` and fills their last unit up.
fn write_whole(bytes: &[u8], unit: u32, sink: &mut impl Sink) {
    sink.bytes(bytes);
    sink.zeros(bytes.len().next_multiple_of(unit as usize) - bytes.len());
}

/// The most that a directory may have: 2 MiB of them.
const MAX_ENTRIES: u32 = 65_536;
