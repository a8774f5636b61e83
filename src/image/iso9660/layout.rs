//! The place of everything on the volume, computed before a byte is written.

use alloc::vec::Vec;

use super::{
    super::{ImageError, MAX_IMAGE_SIZE, Sink},
    SECTOR,
    contents::ContentArea,
    descriptors::{VolumeDescriptor, VolumeDescriptorSetTerminator},
    fields::Date,
    hierarchy::Hierarchy,
    names::Naming,
};
use crate::tree::Tree;

/// The layout of an image: system area, volume descriptors, plain tree, Joliet tree, contents of the files, padding.
pub struct Layout<'t> {
    date: Date,
    plain: Hierarchy<'t>,
    joliet: Hierarchy<'t>,
    contents: ContentArea<'t>,
    /// First sector of the content area.
    content_area: u32,
    sectors: u32,
}

impl<'t> Layout<'t> {
    /// Lays out `tree`, with everything dated `source_date_epoch` seconds after 1970-01-01T00:00:00Z.
    ///
    /// Returns only layouts of images of at most [`MAX_IMAGE_SIZE`] bytes.
    pub fn new(tree: &'t Tree, source_date_epoch: u64) -> Result<Self, ImageError> {
        let date = Date::new(source_date_epoch)?;
        let mut contents = ContentArea::default();
        let mut plain = Hierarchy::new(Naming::Plain, tree, &mut contents)?;
        let mut joliet = Hierarchy::new(Naming::Joliet, tree, &mut contents)?;

        let first = u64::from(SYSTEM_AREA + VOLUME_DESCRIPTORS);
        let content_area = joliet.place(plain.place(first)?)?;
        let sectors = content_area.saturating_add(contents.sectors()).saturating_add(u64::from(PADDING));
        let size = sectors.saturating_mul(u64::from(SECTOR));
        let too_large = || ImageError::too_large(size, tree);
        if size > MAX_IMAGE_SIZE {
            return Err(too_large());
        }
        let narrow = |sector| u32::try_from(sector).map_err(|_| too_large());
        Ok(Self { date, plain, joliet, contents, content_area: narrow(content_area)?, sectors: narrow(sectors)? })
    }

    /// Returns the size of the image, in bytes, which is a multiple of 2048.
    pub fn size(&self) -> usize {
        self.sectors as usize * SECTOR as usize
    }

    /// Writes the image from its first byte to its last.
    pub fn write(&self, sink: &mut impl Sink) {
        sink.zeros((SYSTEM_AREA * SECTOR) as usize);
        let mut descriptors = Vec::new();
        self.descriptor(Naming::Plain, &self.plain).write(&mut descriptors);
        self.descriptor(Naming::Joliet, &self.joliet).write(&mut descriptors);
        VolumeDescriptorSetTerminator.write(&mut descriptors);
        sink.bytes(&descriptors);
        self.plain.write(self.content_area, self.date, sink);
        self.joliet.write(self.content_area, self.date, sink);
        self.contents.write(sink);
        sink.zeros((PADDING * SECTOR) as usize);
    }

    fn descriptor(&self, naming: Naming, hierarchy: &Hierarchy<'_>) -> VolumeDescriptor {
        VolumeDescriptor {
            naming,
            volume_space_size: self.sectors,
            path_table_size: hierarchy.path_table_size,
            l_path_table: hierarchy.l_path_table,
            m_path_table: hierarchy.m_path_table,
            root: hierarchy.root_extent(),
            date: self.date,
        }
    }
}

/// Size of the system area, in sectors (ECMA-119, 6.2.1).
const SYSTEM_AREA: u32 = 16;

/// Number of volume descriptors, which take a sector each: primary, supplementary, terminator.
const VOLUME_DESCRIPTORS: u32 = 3;

/// Size of the padding, in sectors, as much as genisoimage adds: systems that read ahead past the last file fail without it.
const PADDING: u32 = 150;

#[cfg(test)]
mod tests {
    use super::{super::path_table, *};
    use crate::tree::Content;
    use alloc::format;

    fn tree(files: &[(&str, usize)]) -> Tree {
        let mut tree = Tree::default();
        for (path, size) in files {
            tree.insert(path, Content::from(alloc::vec![b'x'; *size])).unwrap();
        }
        tree
    }

    fn image(layout: &Layout<'_>) -> Vec<u8> {
        let mut image = Vec::new();
        layout.write(&mut image);
        image
    }

    #[test]
    fn areas_follow_each_other_without_gaps() {
        let tree = tree(&[("a/b", 1), ("c", 2049), (&"日".repeat(64), 2)]);
        let layout = Layout::new(&tree, 0).unwrap();
        assert_eq!(
            (layout.plain.l_path_table, layout.plain.m_path_table, layout.plain.root_extent().location),
            (19, 20, 21)
        );
        assert_eq!(
            (layout.joliet.l_path_table, layout.joliet.m_path_table, layout.joliet.root_extent().location),
            (24, 25, 26)
        );
        assert_eq!(layout.content_area, 28);
        assert_eq!(layout.size(), (28 + 4 + 150) * 2048);
        assert_eq!(image(&layout).len(), layout.size());
    }

    /// The readers in the test binary `images` do not use the path tables.
    #[test]
    fn path_tables_lead_to_every_directory_and_its_parent() {
        let tree = tree(&[("b/d/f", 1), ("b/c-/f", 1), ("a/z/f", 1), ("a/f", 1)]);
        let layout = Layout::new(&tree, 0).unwrap();
        let image = image(&layout);
        let number = |at: usize, length: usize| {
            image[at..at + length].iter().rev().fold(0, |high, &low| high << 8 | usize::from(low))
        };
        let path_table = |hierarchy: &Hierarchy<'_>| {
            let mut at = hierarchy.l_path_table as usize * 2048;
            let end = at + hierarchy.path_table_size as usize;
            let mut records = Vec::new();
            while at < end {
                let length = usize::from(image[at]);
                records.push((&image[at + 8..at + 8 + length], number(at + 2, 4), number(at + 6, 2)));
                at += path_table::length(length);
            }
            records
        };
        for (hierarchy, names) in [
            (&layout.plain, [&b"\0"[..], b"a", b"b", b"z", b"c_", b"d"]),
            (&layout.joliet, [b"\0", b"\0a", b"\0b", b"\0z", b"\0c\0-", b"\0d"]),
        ] {
            let records = path_table(hierarchy);
            assert!(records.iter().map(|(name, ..)| *name).eq(names));
            assert!(records.iter().map(|(.., parent)| *parent).eq([1, 1, 1, 2, 3, 3]));
            for (_, location, parent) in &records {
                let own = location * 2048;
                let parents = own + usize::from(image[own]);
                assert_eq!((number(own + 2, 4), number(parents + 2, 4)), (*location, records[parent - 1].1));
            }
        }
    }

    #[test]
    fn a_directory_has_links_for_its_name_itself_and_each_subdirectory() {
        let tree = tree(&[("a/f", 1), ("b/f", 1), ("c", 1)]);
        let layout = Layout::new(&tree, 0).unwrap();
        let root = layout.plain.root_extent().location as usize * 2048;
        // After the record's fixed part, the entry SP, and the header and mode of PX.
        let links = root + 34 + 7 + 4 + 8;
        assert_eq!(image(&layout)[links..links + 4], [4, 0, 0, 0]);
    }

    #[test]
    fn an_empty_tree_has_an_image() {
        let tree = Tree::default();
        let layout = Layout::new(&tree, 0).unwrap();
        assert_eq!(image(&layout).len(), (19 + 2 * 3 + 150) * 2048);
    }

    #[test]
    fn the_image_has_the_size_of_the_layout() {
        let mut tree = Tree::default();
        for index in 0..2000_usize {
            let path = format!("{}/{}{index}", index % 7, "é".repeat(index % 60));
            tree.insert(&path, Content::from(path.as_bytes().to_vec())).unwrap();
        }
        let layout = Layout::new(&tree, 0).unwrap();
        assert_eq!(image(&layout).len(), layout.size());
    }

    #[test]
    fn an_image_has_at_most_64_mib() {
        let room = 64 * 1024 * 1024 - (19 + 2 * 3 + 150) * 2048;
        assert_eq!(Layout::new(&tree(&[("a", room)]), 0).unwrap().size() as u64, MAX_IMAGE_SIZE);
        let tree = tree(&[("a", 10), ("b/large", room - 3), ("b/same", room - 3), ("c", 5)]);
        let error = Layout::new(&tree, 0).map(|_| ()).unwrap_err();
        assert_eq!(
            error,
            ImageError::TooLarge {
                size: MAX_IMAGE_SIZE + 4 * 2048,
                largest: [("b/large", room - 3), ("a", 10), ("c", 5)]
                    .map(|(path, size)| (path.into(), size as u64))
                    .into(),
            }
        );
        assert_eq!(
            format!("{error}"),
            format!(
                "the image would have 67117056 bytes, but Ironic's agent accepts at most 67108864; make the drive smaller, \
                 its largest files are \"b/large\" ({} bytes), \"a\" (10 bytes), \"c\" (5 bytes)",
                room - 3
            )
        );
    }

    #[test]
    fn a_tree_has_no_more_directories_than_a_path_table_can_number() {
        let mut tree = Tree::default();
        // As many directories per file as possible.
        let path = |index: usize| format!("{index}/{}f", "d/".repeat(Tree::MAX_PATH_NAMES - 2));
        let refused = (0..).find_map(|index| tree.insert(&path(index), Content::default()).err());
        assert_eq!(refused.unwrap().fault, crate::tree::PathFault::TooManyEntries);
        assert!(!matches!(Layout::new(&tree, 0), Err(ImageError::TooManyDirectories)));
    }

    /// SUSP, 5.3 and 5.5.
    #[test]
    fn only_the_roots_first_record_declares_rock_ridge() {
        let tree = tree(&[("a/b/f", 1)]);
        let layout = Layout::new(&tree, 0).unwrap();
        let image = image(&layout);
        let at =
            |needle: &[u8]| -> Vec<usize> { (0..image.len()).filter(|&at| image[at..].starts_with(needle)).collect() };
        // After the record's fixed part; after SP, PX and TF.
        let system_use = layout.plain.root_extent().location as usize * 2048 + 34;
        assert_eq!(at(b"SP\x07\x01\xbe\xef\0"), [system_use]);
        assert_eq!(at(b"ER\x12\x01"), [system_use + 7 + 36 + 26]);
        // Three directories have records of themselves, their parents and their entries; Joliet's records have no PX.
        assert_eq!(at(b"PX\x24\x01").len(), 3 * 3);
        let joliet = layout.joliet.root_extent().location as usize * 2048;
        assert_eq!((image[joliet], image[joliet + 34], image[joliet + 68]), (34, 34, 36));
    }

    /// SUSP, 5.1. libarchive looks only directly after the records, and Linux only within one sector.
    #[test]
    fn a_name_that_does_not_fit_its_record_is_after_the_directorys_records() {
        let names: Vec<_> = ('a'..='t').map(|letter| format!("{}{letter}", "日".repeat(63))).collect();
        let tree = tree(&names.iter().map(|name| (&**name, 1)).collect::<Vec<_>>());
        let layout = Layout::new(&tree, 0).unwrap();
        let image = image(&layout);
        let root = layout.plain.root_extent();
        assert_eq!(root.size, 2 * 2048);
        let records = &image[root.location as usize * 2048..][..2 * 2048];
        let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
        let mut found: Vec<_> = (records.windows(28).filter(|entry| entry.starts_with(b"CE\x1c\x01")))
            .map(|entry| (number(&entry[4..8]), number(&entry[12..16]), number(&entry[20..24])))
            .collect();
        assert_eq!(found.len(), names.len());
        found.sort();
        // Ten entries of 195 bytes fit a sector.
        let places = (0..20).map(|index| (root.location + 2 + index / 10, index % 10 * 195, 195));
        assert!(found.iter().copied().eq(places), "{found:?}");
        let mut continued: Vec<_> = (found.into_iter())
            .map(|(block, offset, length)| &image[(block * 2048 + offset) as usize..][..length as usize])
            .map(|entry| (&entry[..5], core::str::from_utf8(&entry[5..]).unwrap()))
            .collect();
        continued.sort();
        assert!(continued.into_iter().eq(names.iter().map(|name| (&b"NM\xc3\x01\0"[..], &**name))));
    }

    /// ECMA-119, 6.9.2.
    #[test]
    fn the_type_m_table_is_the_type_l_table_in_the_other_byte_order() {
        let tree = tree(&[("a/z/f", 1), ("b/f", 1)]);
        let layout = Layout::new(&tree, 0).unwrap();
        let image = image(&layout);
        for hierarchy in [&layout.plain, &layout.joliet] {
            let table = |sector: u32| &image[sector as usize * 2048..][..hierarchy.path_table_size as usize];
            let mut l = table(hierarchy.l_path_table).to_vec();
            let mut at = 0;
            while at < l.len() {
                l[at + 2..at + 6].reverse();
                l[at + 6..at + 8].reverse();
                at += path_table::length(usize::from(l[at]));
            }
            assert_eq!(l, table(hierarchy.m_path_table));
        }
    }
}
