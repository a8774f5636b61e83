//! What the volume begins with: the boot sector and, on FAT32, the sectors beside it.

use alloc::vec::Vec;
use core::num::NonZero;

use super::LABEL;

/// Which of the three a volume is: its number of clusters alone decides (FATGEN, "FAT Type Determination").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FatType {
    Fat12,
    Fat16,
    Fat32,
}

/// Boot sector and BPB (FATGEN, "Boot Sector and BPB"), without the fields that are the same in all of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BiosParameterBlock {
    pub bytes_per_sector: NonZero<u16>,
    pub sectors_per_cluster: NonZero<u8>,
    pub reserved_sectors: u16,
    /// 0 on FAT32, where the root directory is a file like others.
    pub root_entries: u16,
    /// The limit of an image keeps it within 32 bits once there is a layout.
    pub total_sectors: u64,
    /// Of one of the [`NUMBER_OF_FATS`].
    pub fat_sectors: u32,
    pub fat_type: FatType,
}

impl BiosParameterBlock {
    /// Writes the boot sector: its first 512 bytes, however large it is.
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
        // A drive has no heads and tracks. These fit any number of sectors, which mtools asks for.
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
        out.push(0x29); // BS_BootSig: the next three are there
        out.extend(volume_id.to_le_bytes());
        out.extend(LABEL);
        out.extend(match self.fat_type {
            FatType::Fat12 => b"FAT12   ",
            FatType::Fat16 => b"FAT16   ",
            FatType::Fat32 => b"FAT32   ",
        });
        // Firmware that boots the drive is told to try the next one: int 18h; then hlt in a loop.
        out.extend([0xcd, 0x18, 0xf4, 0xeb, 0xfd]);
        out.resize(start + 510, 0);
        out.extend([0x55, 0xaa]);
    }

    /// As readers work it out (FATGEN, "FAT Type Determination").
    pub fn clusters(&self) -> u32 {
        let sectors = self.total_sectors.saturating_sub(self.first_data_sector());
        u32::try_from(sectors / NonZero::<u64>::from(self.sectors_per_cluster)).unwrap_or(u32::MAX)
    }

    /// How many sectors come before the first cluster.
    pub fn first_data_sector(&self) -> u64 {
        u64::from(self.reserved_sectors)
            + u64::from(NUMBER_OF_FATS) * u64::from(self.fat_sectors)
            + u64::from(self.root_sectors())
    }

    /// How many sectors the root directory takes before the first cluster; none on FAT32.
    pub fn root_sectors(&self) -> u32 {
        (u32::from(self.root_entries) * 32).div_ceil(u32::from(self.bytes_per_sector.get()))
    }

    /// In bytes.
    pub fn cluster_size(&self) -> NonZero<u32> {
        NonZero::<u32>::from(self.bytes_per_sector).saturating_mul(self.sectors_per_cluster.into())
    }
}

/// FSInfo (FATGEN, "FAT32 FSInfo Sector Structure and Backup Boot Sector").
pub struct FsInfo {
    pub free_count: u32,
    /// Where a search for a free cluster may begin: the last one that is in use.
    pub next_free: u32,
}

impl FsInfo {
    /// Writes the first 512 bytes of its sector, however large that is.
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

/// BPB_NumFATs; two, as FATGEN asks of every volume.
pub const NUMBER_OF_FATS: u8 = 2;

/// BPB_Media: not removable. FAT\[0\] begins with it.
pub const MEDIA: u8 = 0xf8;

/// Clusters count from 2.
pub const FIRST_CLUSTER: u32 = 2;

/// BPB_FSInfo, on FAT32.
pub const FS_INFO_SECTOR: u16 = 1;

/// BPB_BkBootSec, on FAT32; the copy of the FSInfo is behind it. FATGEN recommends no other number.
pub const BACKUP_BOOT_SECTOR: u16 = 6;
