//! The place of everything on the volume, computed before a byte is written.

use alloc::vec::Vec;

use crc32fast::Hasher;

use super::{
    super::{ImageError, MAX_IMAGE_SIZE, Sink},
    LABEL,
    bios_parameter_block::{
        BACKUP_BOOT_SECTOR, BiosParameterBlock, FIRST_CLUSTER, FS_INFO_SECTOR, FatType, FsInfo, NUMBER_OF_FATS,
    },
    directory_entry::TimeStamp,
    file_allocation_table::FileAllocationTable,
    geometry::{Demand, Geometry},
    hierarchy::Hierarchy,
};
use crate::tree::Tree;

/// The layout of an image: reserved sectors, FATs, root directory, other directories, files, free space. On FAT32, the root
/// directory is in the clusters, before the other directories.
pub struct Layout<'t> {
    time_stamp: TimeStamp,
    volume_id: u32,
    volume: BiosParameterBlock,
    hierarchy: Hierarchy<'t>,
    table: FileAllocationTable,
}

impl<'t> Layout<'t> {
    /// Lays out `tree`, with everything dated `source_date_epoch` seconds after 1970-01-01T00:00:00Z.
    ///
    /// Returns only layouts of images of at most [`MAX_IMAGE_SIZE`] bytes.
    pub fn new(tree: &'t Tree, source_date_epoch: u64, geometry: Geometry) -> Result<Self, ImageError> {
        let time_stamp = TimeStamp::new(source_date_epoch)?;
        let mut hierarchy = Hierarchy::new(tree)?;
        let volume = volume(&hierarchy.demand(), geometry, tree)?;
        let mut table = FileAllocationTable::new(volume.cluster_size());
        hierarchy.place(volume.fat_type == FatType::Fat32, &mut table);
        Ok(Self { time_stamp, volume_id: volume_id(tree), volume, hierarchy, table })
    }

    /// Returns the size of the image, in bytes, which is a multiple of the sector size.
    pub fn size(&self) -> usize {
        self.volume.total_sectors as usize * usize::from(self.volume.bytes_per_sector.get())
    }

    /// Writes the image from its first byte to its last.
    pub fn write(&self, sink: &mut impl Sink) {
        let volume = &self.volume;
        let cluster_size = volume.cluster_size().get();
        self.write_reserved(sink);
        let table = self.table.bytes(volume.fat_type);
        for _ in 0..NUMBER_OF_FATS {
            sink.bytes(&table);
            sink.zeros((volume.fat_sectors as usize * self.sector()).saturating_sub(table.len()));
        }
        let root_unit = match volume.fat_type {
            FatType::Fat12 | FatType::Fat16 => volume.root_sectors() * u32::from(volume.bytes_per_sector.get()),
            FatType::Fat32 => cluster_size,
        };
        self.hierarchy.write_root(self.time_stamp, root_unit, sink);
        self.hierarchy.write(self.time_stamp, cluster_size, sink);
        let used =
            volume.first_data_sector() as usize * self.sector() + self.table.used() as usize * cluster_size as usize;
        sink.zeros(self.size().saturating_sub(used));
    }

    fn write_reserved(&self, sink: &mut impl Sink) {
        let (volume, sector) = (&self.volume, self.sector());
        let mut out = Vec::with_capacity(usize::from(volume.reserved_sectors) * sector);
        volume.write(self.volume_id, &mut out);
        if volume.fat_type == FatType::Fat32 {
            out.resize(usize::from(FS_INFO_SECTOR) * sector, 0);
            let used = self.table.used();
            let next_free = FIRST_CLUSTER.saturating_add(used).saturating_sub(1);
            FsInfo { free_count: volume.clusters().saturating_sub(used), next_free }.write(&mut out);
            let first = out.clone();
            out.resize(usize::from(BACKUP_BOOT_SECTOR) * sector, 0);
            out.extend(first);
        }
        sink.bytes(&out);
        sink.zeros((usize::from(volume.reserved_sectors) * sector).saturating_sub(out.len()));
    }

    fn sector(&self) -> usize {
        usize::from(self.volume.bytes_per_sector.get())
    }
}

fn volume(demand: &Demand, geometry: Geometry, tree: &Tree) -> Result<BiosParameterBlock, ImageError> {
    let Geometry { sector_size, size } = geometry;
    let sector = u64::from(sector_size.bytes().get());
    let too_large = |size| ImageError::too_large(size, tree);
    // If no volume fits, report the size of the contents instead.
    let smallest = demand
        .smallest(sector_size)
        .ok_or_else(|| too_large(demand.sizes.iter().copied().fold(0, u64::saturating_add)))?;
    let needed = smallest.total_sectors.saturating_mul(sector);
    if needed > MAX_IMAGE_SIZE {
        return Err(too_large(needed));
    }
    match size {
        None => Ok(smallest),
        Some(size) => demand.within(sector_size, size / sector).ok_or(ImageError::TooSmall { size, needed }),
    }
}

/// Returns BS_VolID, which distinguishes volumes with different contents; equal trees have equal ones.
fn volume_id(tree: &Tree) -> u32 {
    let mut checksum = Hasher::new();
    // Readers treat 0 as no serial number, so start with the label in case the tree is empty.
    checksum.update(LABEL);
    for (path, content) in tree.files() {
        checksum.update(path.as_bytes());
        checksum.update(&[0]);
        checksum.update(&(content.len() as u64).to_le_bytes());
        checksum.update(content);
    }
    checksum.finalize()
}

#[cfg(test)]
mod tests {
    use super::{super::SectorSize, *};
    use crate::tree::Content;
    use alloc::{format, string::ToString};

    const DATE: u64 = 1_000_000_001;

    fn tree(files: &[(&str, usize)]) -> Tree {
        let mut tree = Tree::default();
        for (path, size) in files {
            tree.insert(path, Content::from(alloc::vec![b'x'; *size])).unwrap();
        }
        tree
    }

    fn image(tree: &Tree, geometry: Geometry) -> Vec<u8> {
        let layout = Layout::new(tree, DATE, geometry).unwrap();
        let mut image = Vec::new();
        layout.write(&mut image);
        assert_eq!(image.len(), layout.size());
        image
    }

    fn of_size(size: u64) -> Geometry {
        Geometry { size: Some(size), ..Geometry::default() }
    }

    #[test]
    fn areas_follow_each_other_without_gaps() {
        let image = image(&tree(&[("a/b", 513), ("C", 1)]), Geometry::default());
        // Boot sector, two FATs, root directory, one subdirectory, two files.
        assert_eq!(image.len(), 512 * (1 + 2 + 1 + 1 + 2 + 1));
        let sector = |number: usize| &image[number * 512..][..512];
        assert_eq!(sector(1)[..12], [0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0x05, 0xf0, 0xff, 0, 0, 0]);
        assert_eq!(sector(1), sector(2));
        assert!(sector(3).starts_with(b"config-2   \x08"));
        assert!(sector(4).starts_with(b".          \x10"));
        assert_eq!([5, 6, 7].map(|number| &sector(number)[..2]), [b"x\0", b"xx", b"x\0"]);
    }

    #[test]
    fn the_label_is_in_the_boot_sector_and_in_the_root_directory() {
        for image in [
            image(&Tree::default(), Geometry::default()),
            image(&Tree::default(), of_size(64 << 20)),
            image(&tree(&[("a", 1)]), Geometry { sector_size: SectorSize::Bytes4096, size: None }),
        ] {
            assert_eq!(image.windows(11).filter(|window| window == b"config-2   ").count(), 2);
        }
    }

    #[test]
    fn the_serial_number_distinguishes_contents() {
        let serial = |tree: &Tree| image(tree, Geometry::default())[39..43].to_vec();
        assert_eq!(serial(&tree(&[("a", 1), ("b", 2)])), serial(&tree(&[("b", 2), ("a", 1)])));
        assert_ne!(serial(&tree(&[("a", 1)])), serial(&tree(&[("a", 2)])));
        assert_ne!(serial(&tree(&[("a", 1)])), serial(&tree(&[("b", 1)])));
        assert_ne!(serial(&Tree::default()), [0; 4]);
    }

    #[test]
    fn the_image_has_the_given_size_if_that_is_enough() {
        let tree = tree(&[("a", 100_000)]);
        let smallest = image(&tree, Geometry::default()).len() as u64;
        for size in [smallest, smallest + 512, 1 << 20, 3 << 20, 64 << 20] {
            assert_eq!(image(&tree, of_size(size)).len() as u64, size);
        }
        let error = Layout::new(&tree, DATE, of_size(smallest - 512)).map(|_| ()).unwrap_err();
        assert_eq!(error, ImageError::TooSmall { size: smallest - 512, needed: smallest });
        assert_eq!(
            error.to_string(),
            format!("option size: {} bytes are too small for the drive; it needs at least {smallest}", smallest - 512)
        );
    }

    #[test]
    fn an_image_has_at_most_64_mib() {
        // All the rest fits one cluster of 32 KiB.
        let room = (64 << 20) - (32 << 10);
        assert!(Layout::new(&tree(&[("a", room)]), DATE, Geometry::default()).is_ok());
        for geometry in [Geometry::default(), of_size(64 << 20)] {
            let error = Layout::new(&tree(&[("a", 64 << 20), ("b", 1)]), DATE, geometry).map(|_| ()).unwrap_err();
            let ImageError::TooLarge { size, largest } = error else { panic!("{error}") };
            assert!(size > MAX_IMAGE_SIZE);
            assert_eq!(largest, [("a".into(), 64 << 20), ("b".into(), 1)]);
        }
    }

    #[test]
    fn a_directory_has_at_most_as_many_entries_as_fat_allows() {
        let mut tree = Tree::default();
        for index in 0..32_767 {
            tree.insert(&format!("folder/{index:06}x"), Content::default()).unwrap();
        }
        // Two entries for itself and its parent, two for each name.
        Layout::new(&tree, DATE, Geometry::default()).unwrap();
        tree.insert("folder/one more", Content::default()).unwrap();
        let error = Layout::new(&tree, DATE, Geometry::default()).map(|_| ()).unwrap_err();
        assert_eq!(error, ImageError::TooManyNames { directory: "folder".into() });
    }

    #[test]
    fn a_date_that_fat_cannot_represent_is_refused() {
        for date in [0, 315_532_799, 4_354_819_200] {
            let error = Layout::new(&Tree::default(), date, Geometry::default()).map(|_| ()).unwrap_err();
            assert!(error.to_string().contains(&date.to_string()), "{error}");
        }
    }

    #[test]
    fn an_image_of_64_mib_is_not_too_large() {
        let mut tree = tree(&[("A", 2047 << 15)]);
        // Boot sector, FATs of seven sectors, a root directory of 49 sectors with 16 entries each.
        for index in 0..49 * 16 - 2 {
            tree.insert(&format!("{index}"), Content::default()).unwrap();
        }
        assert_eq!(Layout::new(&tree, DATE, Geometry::default()).unwrap().size() as u64, MAX_IMAGE_SIZE);
        tree.insert("B", Content::default()).unwrap();
        let error = Layout::new(&tree, DATE, Geometry::default()).map(|_| ()).unwrap_err();
        assert!(matches!(error, ImageError::TooLarge { size, .. } if size == MAX_IMAGE_SIZE + 512), "{error}");
    }

    /// Returns a volume with so many small files that small clusters leave more space free than a short FAT does.
    fn fat32() -> Vec<u8> {
        let mut tree = tree(&[("a/b/c", 513)]);
        for index in 0..2000 {
            tree.insert(&format!("{index}"), Content::from(alloc::vec![b'x'])).unwrap();
        }
        let image = image(&tree, of_size(35 << 20));
        assert_eq!((image[13], &image[82..90]), (1, &b"FAT32   "[..]));
        image
    }

    fn number(bytes: &[u8]) -> usize {
        bytes.iter().rev().fold(0, |high, &low| high << 8 | usize::from(low))
    }

    /// FATGEN, "FAT32 FSInfo Sector Structure and Backup Boot Sector".
    #[test]
    fn a_fat32_volume_declares_its_free_space_and_has_backup_sectors() {
        let image = fat32();
        let sector = |index: usize| &image[index * 512..][..512];
        let (reserved, fat_sectors) = (number(&image[14..16]), number(&image[36..40]));
        let clusters = image.len() / 512 - reserved - 2 * fat_sectors;
        let fats = &image[reserved * 512..][..2 * fat_sectors * 512];
        let (first, second) = fats.split_at(fat_sectors * 512);
        assert_eq!(first, second);
        let free = first[..(clusters + 2) * 4].chunks(4).filter(|entry| **entry == [0; 4]).count();
        // Root directory with the label, 2000 files and a directory: 126 clusters. Two directories, 2000 files, a file of two
        // clusters.
        assert_eq!(clusters - free, 126 + 2 + 2000 + 2);
        let info = sector(number(&image[48..50]));
        assert_eq!((&info[..4], &info[484..488], &info[508..]), (&b"RRaA"[..], &b"rrAa"[..], &b"\0\0\x55\xaa"[..]));
        assert_eq!((number(&info[488..492]), number(&info[492..496])), (free, clusters - free + 1));
        let copy = number(&image[50..52]);
        assert_eq!((sector(copy), sector(copy + 1)), (sector(0), info));
        assert!(image[(copy + 2) * 512..reserved * 512].iter().all(|&byte| byte == 0));
        assert!(sector(reserved + 2 * fat_sectors).starts_with(b"config-2   \x08"));
    }

    /// FATGEN, "FAT Directory Structure".
    #[test]
    fn a_directory_names_its_cluster_and_that_of_its_parent_which_is_0_for_the_root() {
        let first_cluster = |entry: &[u8]| number(&entry[26..28]) | number(&entry[20..22]) << 16;
        // On FAT32, the 126 clusters of the root directory come first.
        for (image, first) in [(image(&tree(&[("a/b/c", 513)]), Geometry::default()), 2), (fat32(), 128)] {
            let directories: Vec<_> = image
                .chunks(512)
                .filter(|sector| sector.starts_with(b".          \x10") && sector[32..].starts_with(b"..         \x10"))
                .map(|sector| [first_cluster(sector), first_cluster(&sector[32..])])
                .collect();
            assert_eq!(directories, [[first, 0], [first + 1, first]]);
        }
    }
}
