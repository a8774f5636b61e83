//! The component: glue between `wit/` and this crate, for wasm only.
//!
//! It imports nothing. A panic, which no input should cause, becomes a trap: there is nowhere to print to, and the embedder
//! discards the instance.

#![expect(unsafe_code, reason = "the canonical ABI passes raw pointers; each block says why it is sound")]

use alloc::{
    alloc::{alloc, realloc},
    string::{String, ToString},
    vec::Vec,
};
use core::alloc::Layout;

use dlmalloc::GlobalDlmalloc;

use self::bindings::exports::ironic::configdrive::drive as wit;
use crate::{
    check::{Finding, Scope, Severity},
    image::read::{FatWidth, FileSystem, IsoNames},
    inspect::{ExtractedFile, InspectedFile, Inspection},
};

mod bindings {
    #![allow(missing_docs, reason = "the docs are in wit/")]

    wit_bindgen::generate!({ path: "wit", world: "configdrive" });

    // SAFETY: the exported symbols are those of the canonical ABI for this world, and no other code defines them.
    export!(Component with_types_in self);

    use super::Component;
}

struct Component;

impl wit::Guest for Component {
    fn required_by(document: String, policy: wit::Policy) -> Result<bool, wit::Error> {
        Ok(crate::required_by(&document, policy.into())?)
    }

    fn amend(document: String, changes: String, conceal: bool) -> Result<String, wit::Error> {
        Ok(crate::amend(&document, &changes, conceal)?)
    }

    fn build_drive(document: String, options: wit::Options) -> Result<Vec<u8>, wit::Error> {
        Ok(crate::build_drive(document, &options.into())?)
    }

    fn encode(image: Vec<u8>) -> Result<String, wit::Error> {
        Ok(crate::encode(&image)?)
    }

    fn pack(document: String, options: wit::Options) -> Result<String, wit::Error> {
        Ok(crate::pack(document, &options.into())?)
    }

    fn inspect(drive: wit::DriveSource) -> Result<wit::Inspection, wit::Error> {
        Ok(crate::inspect(drive.borrow())?.into())
    }

    fn read_file(drive: wit::DriveSource, path: String) -> Result<Vec<u8>, wit::Error> {
        Ok(crate::read_file(drive.borrow(), &path)?)
    }

    fn extract(drive: wit::DriveSource) -> Result<Vec<wit::ExtractedFile>, wit::Error> {
        Ok(crate::extract(drive.borrow())?.into_iter().map(Into::into).collect())
    }

    fn check_document(document: String, options: wit::Options) -> Result<Vec<wit::Finding>, wit::Error> {
        Ok(crate::check_document(&document, &options.into())?.into_iter().map(Into::into).collect())
    }

    fn check_drive(drive: wit::DriveSource) -> Result<Vec<wit::Finding>, wit::Error> {
        Ok(crate::check_drive(drive.borrow())?.into_iter().map(Into::into).collect())
    }
}

impl From<wit::Policy> for crate::Policy {
    fn from(policy: wit::Policy) -> Self {
        let wit::Policy { force_config_drive } = policy;
        Self { force_config_drive }
    }
}

impl From<wit::Options> for crate::Options {
    fn from(options: wit::Options) -> Self {
        let wit::Options {
            format,
            size,
            sector_size,
            skip_versions,
            newest_version,
            dhcp_domain,
            vendordata_providers,
            ports,
            portgroups,
            vendor_data,
            vendor_data2,
            random_seed,
            default_random_seed,
            source_date_epoch,
        } = options;
        Self {
            format: format.into(),
            size,
            sector_size,
            skip_versions,
            newest_version,
            dhcp_domain,
            vendordata_providers: vendordata_providers.map(|names| names.into_iter().map(Into::into).collect()),
            ports,
            portgroups,
            vendor_data,
            vendor_data2,
            random_seed,
            default_random_seed,
            source_date_epoch,
        }
    }
}

impl From<wit::ImageFormat> for crate::ImageFormat {
    fn from(format: wit::ImageFormat) -> Self {
        match format {
            wit::ImageFormat::Iso9660 => Self::Iso9660,
            wit::ImageFormat::Vfat => Self::Vfat,
        }
    }
}

impl From<wit::VendordataProvider> for crate::VendordataProvider {
    fn from(provider: wit::VendordataProvider) -> Self {
        match provider {
            wit::VendordataProvider::StaticJson => Self::StaticJson,
            wit::VendordataProvider::DynamicJson => Self::DynamicJson,
        }
    }
}

impl wit::DriveSource {
    fn borrow(&self) -> crate::DriveSource<'_> {
        match self {
            Self::Bytes(bytes) => crate::DriveSource::Bytes(bytes),
            Self::Text(text) => crate::DriveSource::Text(text),
        }
    }
}

impl From<Inspection> for wit::Inspection {
    fn from(inspection: Inspection) -> Self {
        let Inspection { file_system, label, image_size, files } = inspection;
        Self {
            file_system: file_system.into(),
            sector_size: file_system.sector_size(),
            label,
            image_size,
            files: files.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<FileSystem> for wit::FileSystem {
    fn from(file_system: FileSystem) -> Self {
        match file_system {
            FileSystem::Iso9660 { names: IsoNames::Plain, .. } => Self::Iso9660,
            FileSystem::Iso9660 { names: IsoNames::Joliet, .. } => Self::Iso9660Joliet,
            FileSystem::Iso9660 { names: IsoNames::RockRidge, .. } => Self::Iso9660RockRidge,
            FileSystem::Fat { width: FatWidth::Fat12, .. } => Self::Fat12,
            FileSystem::Fat { width: FatWidth::Fat16, .. } => Self::Fat16,
            FileSystem::Fat { width: FatWidth::Fat32, .. } => Self::Fat32,
        }
    }
}

impl From<InspectedFile> for wit::DriveFile {
    fn from(file: InspectedFile) -> Self {
        let InspectedFile { path, size, sha256 } = file;
        Self { path, size, sha256 }
    }
}

impl From<ExtractedFile> for wit::ExtractedFile {
    fn from(file: ExtractedFile) -> Self {
        let ExtractedFile { paths, content } = file;
        Self { paths, content }
    }
}

impl From<Finding> for wit::Finding {
    fn from(finding: Finding) -> Self {
        let Finding { code, readers, place, message } = finding;
        Self {
            severity: match code.severity() {
                Severity::Error => wit::Severity::Error,
                Severity::Warning => wit::Severity::Warning,
            },
            code: code.as_str().into(),
            scope: match code.scope() {
                Scope::Everywhere => wit::Scope::Everywhere,
                Scope::FlatOrNeutron => wit::Scope::FlatOrNeutron,
                Scope::FourKDisks => wit::Scope::FourKDisks,
            },
            readers: readers.names().map(String::from).collect(),
            place,
            message,
            remedy: code.remedy().into(),
        }
    }
}

impl From<crate::Error> for wit::Error {
    fn from(error: crate::Error) -> Self {
        Self {
            code: match error.code() {
                crate::ErrorCode::InvalidDocument => wit::ErrorCode::InvalidDocument,
                crate::ErrorCode::InvalidOption => wit::ErrorCode::InvalidOption,
                crate::ErrorCode::TooLarge => wit::ErrorCode::TooLarge,
                crate::ErrorCode::InvalidDrive => wit::ErrorCode::InvalidDrive,
            },
            message: error.to_string(),
            pointer: error.pointer().map(String::from),
            further: error.further().iter().map(Into::into).collect(),
        }
    }
}

impl From<&crate::document::DocumentError> for wit::FurtherError {
    fn from(error: &crate::document::DocumentError) -> Self {
        let pointer = error.option().is_none().then(|| error.pointer().into());
        Self { message: error.to_string(), pointer }
    }
}

#[global_allocator]
static ALLOCATOR: GlobalDlmalloc = GlobalDlmalloc;

/// Allocates memory for arguments, as the canonical ABI requires. By default wasip2's libc provides this function, but its
/// allocator is not ours.
///
/// # Safety
/// As the canonical ABI guarantees: `align` is a power of two, and `old` is null or a block of `old_size` bytes that this
/// function allocated.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_size: usize, align: usize, new_size: usize) -> *mut u8 {
    if new_size == 0 {
        return core::ptr::without_provenance_mut(align);
    }
    let (Ok(old_layout), Ok(new_layout)) =
        (Layout::from_size_align(old_size, align), Layout::from_size_align(new_size, align))
    else {
        core::arch::wasm32::unreachable()
    };
    let new = if old_size == 0 {
        // SAFETY: the size is not 0.
        unsafe { alloc(new_layout) }
    } else {
        // SAFETY: `old` was allocated here with this layout, and the new layout is valid and not empty.
        unsafe { realloc(old, old_layout, new_size) }
    };
    if new.is_null() {
        core::arch::wasm32::unreachable()
    }
    new
}

#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

// The compiler emits calls to `memcpy` and the like, which the target's libc provides.
#[link(name = "c")]
// SAFETY: nothing is declared, so nothing can be declared wrongly.
unsafe extern "C" {}
