//! What the operator decides and the embedder hands over: nova.conf's part.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::image::{
    MAX_IMAGE_SIZE,
    fat::{Geometry, SectorSize},
};

/// The operator's part in the decision whether an instance gets a drive.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// nova.conf `[DEFAULT] force_config_drive`.
    pub force_config_drive: bool,
}

/// The operator's part in a drive. Where a member is absent, the default is Nova's.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// nova.conf `[DEFAULT] config_drive_format`.
    pub format: ImageFormat,
    /// The size of a FAT image, in bytes.
    pub size: Option<u64>,
    /// The logical sector of a FAT image, in bytes.
    pub sector_size: Option<u32>,
    /// nova.conf `[api] config_drive_skip_versions`: EC2 versions separated by single spaces.
    pub skip_versions: Option<String>,
    /// nova.conf `[api] dhcp_domain`.
    pub dhcp_domain: Option<String>,
    /// nova.conf `[api] vendordata_providers`.
    pub vendordata_providers: Option<Vec<VendordataProvider>>,
    /// JSON text that replaces the document's `ports`.
    pub ports: Option<String>,
    /// JSON text that replaces the document's `portgroups`.
    pub portgroups: Option<String>,
    /// JSON text that replaces the document's `vendor_data`.
    pub vendor_data: Option<String>,
    /// JSON text that replaces the document's `vendor_data2`.
    pub vendor_data2: Option<String>,
    /// Base64 that replaces the document's `random_seed`.
    pub random_seed: Option<String>,
    /// The same, for a document that has none.
    pub default_random_seed: Option<String>,
    /// The date of everything in the image, in seconds since 1970-01-01T00:00:00Z.
    pub source_date_epoch: Option<u64>,
}

impl Options {
    /// The earliest date that every format can tell: 1980-01-01T00:00:00Z, where FAT's calendar begins.
    const DEFAULT_SOURCE_DATE_EPOCH: u64 = 315_532_800;

    /// The date of everything in the image, in seconds since 1970-01-01T00:00:00Z.
    pub(crate) fn source_date_epoch(&self) -> u64 {
        self.source_date_epoch.unwrap_or(Self::DEFAULT_SOURCE_DATE_EPOCH)
    }

    /// The file system, with what is said about it.
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
    /// FAT with long names: FAT12, FAT16 or FAT32, as the files ask for.
    Vfat,
}

/// An [`ImageFormat`] with what can be said about it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FileSystem {
    Iso9660,
    Fat(Geometry),
}

/// Why options do not hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OptionError {
    /// An ISO 9660 image is as large as its files ask for.
    SizeOfIso9660,
    /// An ISO 9660 image has sectors of 2048 bytes.
    SectorSizeOfIso9660,
    /// There are no such sectors.
    SectorSize {
        /// As given.
        bytes: u32,
    },
    /// No image has more than [`MAX_IMAGE_SIZE`] bytes.
    SizeTooLarge {
        /// As given, in bytes.
        size: u64,
    },
    /// An image has whole sectors.
    SizeInSectors {
        /// As given, in bytes.
        size: u64,
        /// The sector that does not divide it.
        sector_size: SectorSize,
    },
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SizeOfIso9660 => f.write_str(
                "option size: an ISO 9660 image is as large as its files ask for; leave the size out, or take vfat",
            ),
            Self::SectorSizeOfIso9660 => f.write_str(
                "option sector_size: an ISO 9660 image has sectors of 2048 bytes; leave the sector size out, or take vfat",
            ),
            Self::SectorSize { bytes } => {
                write!(f, "option sector_size: found {bytes}, want 512, 2048 or 4096 bytes")
            }
            Self::SizeTooLarge { size } => {
                write!(f, "option size: Ironic's agent takes {MAX_IMAGE_SIZE} bytes, which are less than {size}")
            }
            Self::SizeInSectors { size, sector_size } => write!(
                f,
                "option size: {size} bytes are no whole number of sectors; give a multiple of {}",
                sector_size.bytes()
            ),
        }
    }
}

impl core::error::Error for OptionError {}

/// A source of vendor data, as nova.conf's `[api] vendordata_providers` names them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VendordataProvider {
    /// `StaticJSON`: the document's `vendor_data`.
    StaticJson,
    /// `DynamicJSON`: the document's `vendor_data2`.
    DynamicJson,
}
