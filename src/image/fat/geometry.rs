//! The division of a volume: the type of FAT, the size of a cluster, and the number of clusters.

use alloc::vec::Vec;
use core::num::NonZero;

use super::{
    super::MAX_IMAGE_SIZE,
    bios_parameter_block::{BiosParameterBlock, FatType, NUMBER_OF_FATS},
    directory_entry,
};

/// The operator's choices about the size of a volume.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Geometry {
    /// Size of a logical sector, which must be no smaller than the disk's.
    pub sector_size: SectorSize,
    /// Size of the image, in bytes, a multiple of the sector size. If absent, the image is as small as the files allow.
    pub size: Option<u64>,
}

/// Size of a logical sector: BPB_BytsPerSec.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SectorSize {
    /// 512 bytes, as on most disks.
    #[default]
    Bytes512 = 512,
    /// 2048 bytes, as on a CD.
    Bytes2048 = 2048,
    /// 4096 bytes, as on 4Kn disks; works on all other disks too.
    Bytes4096 = 4096,
}

impl SectorSize {
    /// Returns the sector size of `bytes`, if it is one of the three.
    pub fn new(bytes: u32) -> Option<Self> {
        [Self::Bytes512, Self::Bytes2048, Self::Bytes4096]
            .into_iter()
            .find(|size| u32::from(size.bytes().get()) == bytes)
    }

    /// Returns the size in bytes.
    pub fn bytes(self) -> NonZero<u16> {
        NonZero::new(self as u16).unwrap_or(NonZero::<u16>::MIN)
    }
}

/// The space that a volume must have.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    /// Number of entries in the root directory, 32 bytes each.
    pub root_entries: u32,
    /// Sizes of each directory except the root, and of each file, in bytes.
    pub sizes: Vec<u64>,
}

impl Demand {
    /// Returns the smallest volume that is large enough. Its size may exceed the image limit.
    pub fn smallest(&self, sector: SectorSize) -> Option<BiosParameterBlock> {
        let candidates = candidates(sector).filter_map(|candidate| candidate.smallest(self));
        candidates.min_by_key(|volume| volume.total_sectors)
    }

    /// Returns a volume of `total_sectors`, divided so that the most space is left free. There is one unless `total_sectors` is
    /// below that of the smallest volume.
    pub fn within(&self, sector: SectorSize, total_sectors: u64) -> Option<BiosParameterBlock> {
        let candidates = candidates(sector).filter_map(|candidate| candidate.within(self, total_sectors));
        candidates.min_by_key(|(_, used)| *used).map(|(volume, _)| volume)
    }

    /// Returns the number of clusters of `size` bytes that are needed, including the root directory's if it is in clusters.
    fn clusters(&self, fat_type: FatType, size: NonZero<u64>) -> u64 {
        let root = match fat_type {
            FatType::Fat12 | FatType::Fat16 => 0,
            FatType::Fat32 => (u64::from(self.root_entries) * directory_entry::SIZE as u64).div_ceil(size.get()),
        };
        self.sizes.iter().fold(root, |sum, bytes| sum.saturating_add(bytes.div_ceil(size.get())))
    }
}

/// One way to divide a volume, whatever its size.
#[derive(Clone, Copy)]
struct Candidate {
    sector: SectorSize,
    sectors_per_cluster: NonZero<u8>,
    fat_type: FatType,
}

/// Returns all ways to divide a volume, small clusters first.
fn candidates(sector: SectorSize) -> impl Iterator<Item = Candidate> {
    let sizes = (0..8).filter_map(|power| NonZero::new(1_u8 << power));
    let fitting =
        move |count: &NonZero<u8>| u32::from(count.get()) * u32::from(sector.bytes().get()) <= MAX_CLUSTER_SIZE;
    sizes.take_while(fitting).flat_map(move |sectors_per_cluster| {
        [FatType::Fat12, FatType::Fat16, FatType::Fat32].map(|fat_type| Candidate {
            sector,
            sectors_per_cluster,
            fat_type,
        })
    })
}

impl Candidate {
    fn smallest(self, demand: &Demand) -> Option<BiosParameterBlock> {
        let (least, most) = self.fat_type.clusters();
        let needed = demand.clusters(self.fat_type, self.cluster_size());
        let clusters = u32::try_from(needed).ok().filter(|needed| *needed <= most)?.max(least);
        let mut volume = self.empty(demand)?;
        volume.fat_sectors = self.fat_sectors(clusters);
        let data = u64::from(clusters) * u64::from(self.sectors_per_cluster.get());
        volume.total_sectors = volume.first_data_sector() + data;
        Some(volume)
    }

    /// Returns the volume, and how many of its sectors are in use.
    fn within(self, demand: &Demand, total_sectors: u64) -> Option<(BiosParameterBlock, u64)> {
        let (least, most) = self.fat_type.clusters();
        let mut volume = self.empty(demand)?;
        let left = total_sectors.checked_sub(volume.first_data_sector())?;
        let needed_for = |clusters: u32| {
            u64::from(NUMBER_OF_FATS) * u64::from(self.fat_sectors(clusters))
                + u64::from(clusters) * u64::from(self.sectors_per_cluster.get())
        };
        // Search for the largest number of clusters that fit together with a FAT that is long enough for them.
        let (mut clusters, mut beyond) = (0, most + 1);
        while clusters + 1 < beyond {
            let middle = clusters + (beyond - clusters) / 2;
            *if needed_for(middle) <= left { &mut clusters } else { &mut beyond } = middle;
        }
        let needed = demand.clusters(self.fat_type, self.cluster_size());
        if clusters < least || u64::from(clusters) < needed {
            return None;
        }
        volume.total_sectors = total_sectors;
        volume.fat_sectors = self.fat_sectors(clusters);
        // Readers would count spare sectors as clusters, so they become reserved sectors.
        let spare = left - needed_for(clusters);
        let spare = spare - spare % NonZero::<u64>::from(self.sectors_per_cluster);
        volume.reserved_sectors = volume.reserved_sectors.checked_add(u16::try_from(spare).ok()?)?;
        let used = volume.first_data_sector() + needed * u64::from(self.sectors_per_cluster.get());
        Some((volume, used))
    }

    /// Returns a volume without FAT and clusters, if the root directory fits.
    fn empty(self, demand: &Demand) -> Option<BiosParameterBlock> {
        let Self { sector, sectors_per_cluster, fat_type } = self;
        let (reserved_sectors, root_entries) = match fat_type {
            // The root directory fills whole sectors (FATGEN, BPB_RootEntCnt).
            FatType::Fat12 | FatType::Fat16 => (
                1,
                demand.root_entries.next_multiple_of(u32::from(sector.bytes().get()) / directory_entry::SIZE as u32),
            ),
            FatType::Fat32 => (32, 0),
        };
        Some(BiosParameterBlock {
            bytes_per_sector: sector.bytes(),
            sectors_per_cluster,
            reserved_sectors,
            root_entries: u16::try_from(root_entries).ok()?,
            total_sectors: 0,
            fat_sectors: 0,
            fat_type,
        })
    }

    /// Returns the length of one FAT, in sectors.
    fn fat_sectors(self, clusters: u32) -> u32 {
        let bytes = self.fat_type.table_size(clusters).div_ceil(u64::from(self.sector.bytes().get()));
        // Fits: at most 2^28 entries of four bytes, in sectors of 512 bytes or more.
        bytes as u32
    }

    fn cluster_size(self) -> NonZero<u64> {
        NonZero::<u64>::from(self.sectors_per_cluster).saturating_mul(self.sector.bytes().into())
    }
}

impl FatType {
    /// Returns the minimum and maximum number of clusters. FAT16 starts at 4085 clusters, and FAT32 at 65,525. Some readers are off
    /// by up to 16 there, so FATGEN recommends keeping that distance.
    fn clusters(self) -> (u32, u32) {
        match self {
            Self::Fat12 => (1, 4_084 - 16),
            Self::Fat16 => (4_085 + 16, 65_524 - 16),
            Self::Fat32 => (65_525 + 16, 0x0fff_fff5 - 16),
        }
    }

    /// Returns the size of a FAT for `clusters` and the two entries before them, in bytes.
    pub fn table_size(self, clusters: u32) -> u64 {
        let entries = u64::from(clusters) + 2;
        match self {
            Self::Fat12 => (entries * 3).div_ceil(2),
            Self::Fat16 => entries * 2,
            Self::Fat32 => entries * 4,
        }
    }
}

/// Maximum size of a cluster, in bytes (FATGEN, BPB_SecPerClus): larger ones do not work everywhere.
const MAX_CLUSTER_SIZE: u32 = 32 << 10;

const _: () = assert!(MAX_IMAGE_SIZE / 512 <= u32::MAX as u64);

#[cfg(test)]
mod tests {
    use super::*;

    const SECTORS: [SectorSize; 3] = [SectorSize::Bytes512, SectorSize::Bytes2048, SectorSize::Bytes4096];

    fn files(count: usize, size: u64) -> Demand {
        Demand { root_entries: 1, sizes: alloc::vec![size; count] }
    }

    /// Checks a volume as a reader sees it.
    fn check(volume: &BiosParameterBlock, demand: &Demand) {
        let fat_type = match volume.clusters() {
            ..4085 => FatType::Fat12,
            4085..65_525 => FatType::Fat16,
            _ => FatType::Fat32,
        };
        assert_eq!(volume.fat_type, fat_type, "{volume:?}");
        let sector = u64::from(volume.bytes_per_sector.get());
        assert!(fat_type.table_size(volume.clusters()) <= u64::from(volume.fat_sectors) * sector, "{volume:?}");
        assert!(u64::from(volume.clusters()) >= demand.clusters(fat_type, volume.cluster_size().into()), "{volume:?}");
        assert!(volume.first_data_sector() < volume.total_sectors, "{volume:?}");
        assert!(u32::from(volume.root_entries) >= demand.root_entries || fat_type == FatType::Fat32, "{volume:?}");
        assert_eq!(u64::from(volume.root_entries) * 32 % sector, 0, "{volume:?}");
    }

    #[test]
    fn the_smallest_volume_has_the_type_of_its_number_of_clusters() {
        for (count, size, fat_type, sectors_per_cluster) in [
            (1, 1, FatType::Fat12, 1),
            (4068, 1, FatType::Fat12, 1),
            (4069, 1, FatType::Fat16, 1),
            (65_508, 512, FatType::Fat16, 1),
            (65_509, 512, FatType::Fat32, 1),
            (1, 16 << 20, FatType::Fat12, 64),
            (2000, 1024, FatType::Fat12, 2),
        ] {
            let demand = files(count, size);
            let volume = demand.smallest(SectorSize::Bytes512).unwrap();
            check(&volume, &demand);
            assert_eq!(
                (volume.fat_type, volume.sectors_per_cluster.get()),
                (fat_type, sectors_per_cluster),
                "{count}, {size}"
            );
        }
    }

    #[test]
    fn every_size_from_the_smallest_up_has_a_volume() {
        let demands = [(0, 0), (1, 1), (50, 5000), (4000, 1), (4068, 512), (4069, 512), (9000, 3000), (65_508, 512)];
        for sector in SECTORS {
            for demand in demands.map(|(count, size)| files(count, size)) {
                let volume = demand.smallest(sector).unwrap();
                check(&volume, &demand);
                let (smallest, largest) = (volume.total_sectors, MAX_IMAGE_SIZE / u64::from(sector.bytes().get()));
                let beyond =
                    (smallest..).take(70).chain((smallest..).step_by(4999)).take_while(|total| *total <= largest);
                for total in beyond {
                    let volume = demand.within(sector, total).unwrap();
                    assert_eq!(volume.total_sectors, total);
                    check(&volume, &demand);
                }
                assert_eq!(demand.within(sector, smallest - 1), None, "{volume:?}");
            }
        }
    }

    #[test]
    fn an_enormous_demand_has_no_volume() {
        assert_eq!(files(2, u64::MAX).smallest(SectorSize::Bytes512), None);
        assert!(files(1, 1 << 36).smallest(SectorSize::Bytes4096).is_some());
    }

    #[test]
    fn a_root_directory_with_more_entries_than_the_field_can_hold_is_on_fat32() {
        let demand = Demand { root_entries: 65_536, sizes: Vec::new() };
        let volume = demand.smallest(SectorSize::Bytes512).unwrap();
        check(&volume, &demand);
        assert_eq!(volume.fat_type, FatType::Fat32);
    }

    #[test]
    fn a_volume_has_as_many_clusters_as_it_needs_and_its_type_allows() {
        // Clusters of 32 KiB: as many as the root directory leaves.
        let most = (0x0fff_fff5 - 16 - 1) << 15;
        for (root_entries, sizes, fat_type, clusters) in [
            (1, alloc::vec![1; 4068], FatType::Fat12, 4068),
            (1, alloc::vec![1; 4069], FatType::Fat16, 4085 + 16),
            (1, alloc::vec![1; 65_508], FatType::Fat16, 65_508),
            (1, alloc::vec![1; 65_509], FatType::Fat32, 65_525 + 16),
            // Its root directory has 4096 clusters.
            (65_536, alloc::vec![1; 65_000], FatType::Fat32, 69_096),
            (1, alloc::vec![most], FatType::Fat32, 0x0fff_fff5 - 16),
        ] {
            let demand = Demand { root_entries, sizes };
            let volume = demand.smallest(SectorSize::Bytes512).unwrap();
            assert_eq!((volume.fat_type, volume.clusters()), (fat_type, clusters));
        }
        assert_eq!(files(1, most + 1).smallest(SectorSize::Bytes512), None);
    }

    #[test]
    fn a_volume_of_a_given_size_is_divided_to_leave_most_space_free() {
        for (count, fat_type, sectors_per_cluster) in
            [(1, FatType::Fat12, 64), (3, FatType::Fat16, 16), (20, FatType::Fat16, 8), (2000, FatType::Fat32, 1)]
        {
            let volume = files(count, 1).within(SectorSize::Bytes512, 131_072).unwrap();
            assert_eq!((volume.fat_type, volume.sectors_per_cluster.get()), (fat_type, sectors_per_cluster), "{count}");
        }
    }

    /// FATGEN, "FAT Data Structure": entries of 12, 16 and 32 bits, the first two of which belong to no cluster.
    #[test]
    fn a_fat_has_an_entry_for_each_cluster_and_two_more() {
        for (fat_type, clusters, size) in [
            (FatType::Fat12, 1, 5),
            (FatType::Fat12, 2, 6),
            (FatType::Fat12, 4068, 6105),
            (FatType::Fat16, 4101, 8206),
            (FatType::Fat32, 65_541, 262_172),
        ] {
            assert_eq!(fat_type.table_size(clusters), size, "{clusters}");
        }
    }

    #[test]
    fn sectors_that_do_not_fill_a_cluster_are_reserved() {
        for (count, total, reserved_sectors, fat_sectors, clusters) in [
            // 48 sectors are left, of the 64 in a cluster: no reader counts them as one.
            (1, 131_072, 1, 7, 2047),
            // A FAT of one sector has entries for 339 clusters; the next one costs three sectors.
            (3, 343, 1, 1, 339),
            (3, 344, 2, 1, 339),
            (3, 345, 3, 1, 339),
            (3, 346, 1, 2, 340),
        ] {
            let volume = files(count, 1).within(SectorSize::Bytes512, total).unwrap();
            let found = (volume.reserved_sectors, volume.fat_sectors, volume.clusters());
            assert_eq!(found, (reserved_sectors, fat_sectors, clusters), "{total}");
        }
    }
}
