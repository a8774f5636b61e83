//! The start of a volume: the boot sector and, on FAT32, the sectors after it.

use alloc::vec::Vec;
use core::num::NonZero;

use super::LABEL;

/// The type of a FAT, which depends only on the number of clusters (FATGEN, "FAT Type Determination").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FatType {
    Fat12,
    Fat16,
    Fat32,
}

/// Boot sector and BPB (FATGEN, "Boot Sector and BPB"), without the fields that are the same on all our volumes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BiosParameterBlock {
    pub bytes_per_sector: NonZero<u16>,
    pub sectors_per_cluster: NonZero<u8>,
    pub reserved_sectors: u16,
    /// 0 on FAT32, where the root directory is in clusters.
    pub root_entries: u16,
    /// Number of sectors. In a layout, it fits 32 bits because of the image limit.
    pub total_sectors: u64,
    /// Number of sectors of each of the [`NUMBER_OF_FATS`].
    pub fat_sectors: u32,
    pub fat_type: FatType,
}

impl BiosParameterBlock {
    /// Writes the first 512 bytes of the boot sector, whatever its size.
    pub fn write(&self, volume_id: u32, out: &mut Vec<u8>) {
        let start = out.len();
        let total_sectors = self.total_sectors as u32;
        let boot_code = match self.fat_type {
            FatType::Fat12 | FatType::Fat16 => 0x3e,
            FatType::Fat32 => 0x5a,
        };
        out.extend([0xeb, boot_code - 2, 0x90]); // BS_jmpBoot
        out.extend(b"MSWIN4.1"); // BS_OEMName: what FATGEN recommends
        out.extend(self.bytes_per_sector.get().to_le_bytes());
        out.push(self.sectors_per_cluster.get());
        out.extend(self.reserved_sectors.to_le_bytes());
        out.push(NUMBER_OF_FATS);
        out.extend(self.root_entries.to_le_bytes());
        // On FAT32, BPB_TotSec16 and BPB_FATSz16 are 0.
        let is_short = self.fat_type != FatType::Fat32;
        let total_sectors_16 = u16::try_from(total_sectors).ok().filter(|_| is_short);
        out.extend(total_sectors_16.unwrap_or(0).to_le_bytes());
        out.push(MEDIA);
        out.extend(u16::try_from(self.fat_sectors).ok().filter(|_| is_short).unwrap_or(0).to_le_bytes());
        // A drive has no heads or tracks. mtools requires values that fit the number of sectors, and these fit any.
        out.extend(1_u16.to_le_bytes()); // BPB_SecPerTrk
        out.extend(1_u16.to_le_bytes()); // BPB_NumHeads
        out.extend(0_u32.to_le_bytes()); // BPB_HiddSec
        out.extend(if total_sectors_16.is_some() { 0 } else { total_sectors }.to_le_bytes());
        if self.fat_type == FatType::Fat32 {
            out.extend(self.fat_sectors.to_le_bytes());
            out.extend(0_u16.to_le_bytes()); // BPB_ExtFlags: all FATs are in use
            out.extend(0_u16.to_le_bytes()); // BPB_FSVer
            out.extend(FIRST_CLUSTER.to_le_bytes()); // BPB_RootClus
            out.extend(FS_INFO_SECTOR.to_le_bytes());
            out.extend(BACKUP_BOOT_SECTOR.to_le_bytes());
            out.extend([0; 12]);
        }
        out.push(0x80); // BS_DrvNum
        out.push(0);
        out.push(0x29); // BS_BootSig: the next three fields are present
        out.extend(volume_id.to_le_bytes());
        out.extend(LABEL);
        out.extend(match self.fat_type {
            FatType::Fat12 => b"FAT12   ",
            FatType::Fat16 => b"FAT16   ",
            FatType::Fat32 => b"FAT32   ",
        });
        // If firmware boots the drive, int 18h makes it try the next device. If int 18h returns, hlt runs in a loop.
        out.extend([0xcd, 0x18, 0xf4, 0xeb, 0xfd]);
        out.resize(start + 510, 0);
        out.extend([0x55, 0xaa]);
    }

    /// Returns the number of clusters as readers compute it (FATGEN, "FAT Type Determination").
    pub fn clusters(&self) -> u32 {
        let sectors = self.total_sectors.saturating_sub(self.first_data_sector());
        u32::try_from(sectors / NonZero::<u64>::from(self.sectors_per_cluster)).unwrap_or(u32::MAX)
    }

    /// Returns the number of sectors before the first cluster.
    pub fn first_data_sector(&self) -> u64 {
        u64::from(self.reserved_sectors)
            + u64::from(NUMBER_OF_FATS) * u64::from(self.fat_sectors)
            + u64::from(self.root_sectors())
    }

    /// Returns the number of sectors of the root directory before the first cluster; 0 on FAT32.
    pub fn root_sectors(&self) -> u32 {
        (u32::from(self.root_entries) * 32).div_ceil(u32::from(self.bytes_per_sector.get()))
    }

    /// Returns the size of a cluster, in bytes.
    pub fn cluster_size(&self) -> NonZero<u32> {
        NonZero::<u32>::from(self.bytes_per_sector).saturating_mul(self.sectors_per_cluster.into())
    }
}

/// FSInfo (FATGEN, "FAT32 FSInfo Sector Structure and Backup Boot Sector").
pub struct FsInfo {
    pub free_count: u32,
    /// Where a search for a free cluster may start: the last cluster in use.
    pub next_free: u32,
}

impl FsInfo {
    /// Writes the first 512 bytes of the FSInfo sector, whatever its size.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend(b"RRaA"); // FSI_LeadSig
        out.extend([0; 480]);
        out.extend(b"rrAa"); // FSI_StrucSig
        out.extend(self.free_count.to_le_bytes());
        out.extend(self.next_free.to_le_bytes());
        out.extend([0; 12]);
        out.extend([0, 0, 0x55, 0xaa]); // FSI_TrailSig
    }
}

/// BPB_NumFATs: two, as FATGEN recommends for every volume.
pub const NUMBER_OF_FATS: u8 = 2;

/// BPB_Media: not removable. FAT\[0\] starts with it.
pub const MEDIA: u8 = 0xf8;

/// Number of the first cluster.
pub const FIRST_CLUSTER: u32 = 2;

/// BPB_FSInfo, on FAT32: the sector number of FSInfo.
pub const FS_INFO_SECTOR: u16 = 1;

/// BPB_BkBootSec, on FAT32: the sector number of the backup boot sector, which the copy of FSInfo follows. FATGEN recommends no
/// other number.
pub const BACKUP_BOOT_SECTOR: u16 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    const VOLUME: BiosParameterBlock = BiosParameterBlock {
        bytes_per_sector: NonZero::new(512).unwrap(),
        sectors_per_cluster: NonZero::new(4).unwrap(),
        reserved_sectors: 0x0105,
        root_entries: 0x0210,
        total_sectors: 0x0001_0203,
        fat_sectors: 0x0304,
        fat_type: FatType::Fat16,
    };

    /// FATGEN, "Boot Sector and BPB".
    #[test]
    fn a_boot_sector_has_the_fields_of_fatgen() {
        let code = b"\xcd\x18\xf4\xeb\xfd\0";
        let short = |jump: u8, total: &[u8; 2], long_total: &[u8; 4], name: &[u8; 8]| {
            let start = [b"\xeb", &[jump][..], b"\x90MSWIN4.1\0\x02\x04\x05\x01\x02\x10\x02", total].concat();
            let middle = [b"\xf8\x04\x03\x01\0\x01\0\0\0\0\0", &long_total[..]].concat();
            [&start[..], &middle, b"\x80\0\x29\x0d\x0c\x0b\x0aconfig-2   ", name, code].concat()
        };
        let fat32 = [
            &b"\xeb\x58\x90MSWIN4.1\0\x02\x04\x05\x01\x02\0\0\0\0\xf8\0\0\x01\0\x01\0\0\0\0\0\xff\xff\0\0"[..],
            b"\x04\x03\0\0\0\0\0\0\x02\0\0\0\x01\0\x06\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"\x80\0\x29\x0d\x0c\x0b\x0aconfig-2   FAT32   ",
            code,
        ]
        .concat();
        // The 16-bit number of sectors is 0 if the 32-bit number is not, and always on FAT32.
        for (volume, expected) in [
            (VOLUME, short(0x3c, b"\0\0", b"\x03\x02\x01\0", b"FAT16   ")),
            (
                BiosParameterBlock { total_sectors: 0xffff, fat_type: FatType::Fat12, ..VOLUME },
                short(0x3c, b"\xff\xff", b"\0\0\0\0", b"FAT12   "),
            ),
            (BiosParameterBlock { total_sectors: 0xffff, root_entries: 0, fat_type: FatType::Fat32, ..VOLUME }, fat32),
        ] {
            let mut out = b"before".to_vec();
            volume.write(0x0a0b_0c0d, &mut out);
            let sector = out.split_off(6);
            assert_eq!((out, sector.len()), (b"before".to_vec(), 512));
            assert_eq!(sector[..expected.len()], expected, "{volume:?}");
            assert!(sector[expected.len()..510].iter().all(|&byte| byte == 0));
            assert_eq!(sector[510..], [0x55, 0xaa]);
        }
    }

    /// FATGEN, "FAT Type Determination".
    #[test]
    fn clusters_follow_the_fats_and_the_root_directory() {
        let volume = BiosParameterBlock { reserved_sectors: 3, root_entries: 33, fat_sectors: 5, ..VOLUME };
        assert_eq!((volume.root_sectors(), volume.first_data_sector()), (3, 3 + 2 * 5 + 3));
        for (total_sectors, clusters) in [(0, 0), (16, 0), (19, 0), (20, 1), (16 + 4 * 10 + 3, 10)] {
            assert_eq!(BiosParameterBlock { total_sectors, ..volume }.clusters(), clusters, "{total_sectors}");
        }
        assert_eq!(volume.cluster_size().get(), 2048);
    }

    /// FATGEN, "FAT32 FSInfo Sector Structure and Backup Boot Sector".
    #[test]
    fn fs_info_has_the_fields_of_fatgen() {
        let mut out = Vec::new();
        FsInfo { free_count: 0x0102_0304, next_free: 0x0506_0708 }.write(&mut out);
        let expected = [&b"RRaA"[..], &[0; 480], b"rrAa\x04\x03\x02\x01\x08\x07\x06\x05", &[0; 12], b"\0\0\x55\xaa"];
        assert_eq!(out, expected.concat());
    }
}
