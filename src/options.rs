//! The operator's settings, mostly from nova.conf, which the embedder passes in.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::image::{
    MAX_IMAGE_SIZE,
    fat::{Geometry, SectorSize},
};

/// The operator's settings that decide whether an instance gets a drive.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// nova.conf `[DEFAULT] force_config_drive`.
    pub force_config_drive: bool,
}

/// The operator's settings for a drive. Unless stated otherwise, the default of an absent member is Nova's.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// nova.conf `[DEFAULT] config_drive_format`.
    pub format: ImageFormat,
    /// Size of a FAT image in bytes. Absent: as small as the files allow.
    pub size: Option<u64>,
    /// Logical sector size of a FAT image in bytes: 512, 2048 or 4096. Absent: 512.
    pub sector_size: Option<u32>,
    /// nova.conf `[api] config_drive_skip_versions`: EC2 versions separated by single spaces.
    pub skip_versions: Option<String>,
    /// The newest OpenStack metadata version on the drive. Absent: the newest one of all.
    pub newest_version: Option<String>,
    /// nova.conf `[api] dhcp_domain`.
    pub dhcp_domain: Option<String>,
    /// nova.conf `[api] vendordata_providers`. Absent: both, the static one first.
    pub vendordata_providers: Option<Vec<VendordataProvider>>,
    /// JSON or YAML that replaces the document's `ports`.
    pub ports: Option<String>,
    /// JSON or YAML that replaces the document's `portgroups`.
    pub portgroups: Option<String>,
    /// JSON or YAML that replaces the document's `vendor_data`.
    pub vendor_data: Option<String>,
    /// JSON or YAML that replaces the document's `vendor_data2`.
    pub vendor_data2: Option<String>,
    /// Base64 of random bytes that replaces the document's `random_seed`.
    pub random_seed: Option<String>,
    /// Base64 of random bytes for a document without `random_seed`.
    pub default_random_seed: Option<String>,
    /// Date of all files and directories in the image, in seconds since 1970-01-01T00:00:00Z. Absent: 1980-01-01.
    pub source_date_epoch: Option<u64>,
}

impl Options {
    /// The earliest date that every format can store: 1980-01-01T00:00:00Z, where FAT's calendar starts.
    const DEFAULT_SOURCE_DATE_EPOCH: u64 = 315_532_800;

    /// Returns the date of all files and directories in the image, in seconds since 1970-01-01T00:00:00Z.
    pub(crate) fn source_date_epoch(&self) -> u64 {
        self.source_date_epoch.unwrap_or(Self::DEFAULT_SOURCE_DATE_EPOCH)
    }

    /// Returns the file system with its geometry, if the options that select them are valid.
    pub(crate) fn file_system(&self) -> Result<FileSystem, OptionError> {
        match (self.format, self.size, self.sector_size) {
            (ImageFormat::Iso9660, None, None) => Ok(FileSystem::Iso9660),
            (ImageFormat::Iso9660, Some(_), _) => Err(OptionError::SizeOfIso9660),
            (ImageFormat::Iso9660, None, Some(_)) => Err(OptionError::SectorSizeOfIso9660),
            (ImageFormat::Vfat, size, sector_size) => {
                let sector_size = match sector_size {
                    None => SectorSize::default(),
                    Some(bytes) => SectorSize::new(bytes).ok_or(OptionError::SectorSize { bytes })?,
                };
                match size {
                    Some(size) if size > MAX_IMAGE_SIZE => Err(OptionError::SizeTooLarge { size }),
                    Some(size) if !size.is_multiple_of(sector_size.bytes().get().into()) => {
                        Err(OptionError::SizeInSectors { size, sector_size })
                    }
                    size => Ok(FileSystem::Fat(Geometry { sector_size, size })),
                }
            }
        }
    }
}

/// The file system of an image.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ImageFormat {
    /// ISO 9660 with Joliet and Rock Ridge.
    #[default]
    Iso9660,
    /// FAT with long names: FAT12, FAT16 or FAT32, depending on the files.
    Vfat,
}

/// An [`ImageFormat`] with the geometry that can be chosen for it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FileSystem {
    Iso9660,
    Fat(Geometry),
}

/// Why options are invalid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OptionError {
    /// A size is given for an ISO 9660 image, whose files determine its size.
    SizeOfIso9660,
    /// A sector size is given for an ISO 9660 image, which always has sectors of 2048 bytes.
    SectorSizeOfIso9660,
    /// The sector size is not supported.
    SectorSize {
        /// The given sector size in bytes.
        bytes: u32,
    },
    /// The size is larger than [`MAX_IMAGE_SIZE`].
    SizeTooLarge {
        /// The given size in bytes.
        size: u64,
    },
    /// The size is not a multiple of the sector size.
    SizeInSectors {
        /// The given size in bytes.
        size: u64,
        /// The sector size.
        sector_size: SectorSize,
    },
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SizeOfIso9660 => f.write_str(
                "option size: the files determine the size of an ISO 9660 image; omit it, or use the format vfat",
            ),
            Self::SectorSizeOfIso9660 => f.write_str(
                "option sector_size: an ISO 9660 image always has 2048-byte sectors; omit it, or use the format vfat",
            ),
            Self::SectorSize { bytes } => {
                write!(f, "option sector_size: expected 512, 2048 or 4096 bytes, found {bytes}")
            }
            Self::SizeTooLarge { size } => write!(
                f,
                "option size: expected at most {MAX_IMAGE_SIZE} bytes, the limit of Ironic's agent; found {size}"
            ),
            Self::SizeInSectors { size, sector_size } => write!(
                f,
                "option size: expected a multiple of the sector size ({} bytes), found {size}",
                sector_size.bytes()
            ),
        }
    }
}

impl core::error::Error for OptionError {}

/// A source of vendor data, named as in nova.conf's `[api] vendordata_providers`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VendordataProvider {
    /// `StaticJSON`: the document's `vendor_data`.
    StaticJson,
    /// `DynamicJSON`: the document's `vendor_data2`.
    DynamicJson,
}
