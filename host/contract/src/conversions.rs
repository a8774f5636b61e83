//! Conversions between these types and generated ones.

/// Converts between this crate's types and those that a bindings generator makes from `wit/configdrive.wit`.
///
/// The argument is the generated module of the interface `drive`, whose parameters borrow (`ownership: Borrowing`). The macro
/// implements `From` for what components return, and defines `lower_options`, `lower_providers`, `lower_policy` and `lower_drive` for
/// their arguments. If either side lacks a field, the code does not compile.
#[macro_export]
macro_rules! conversions {
    ($($drive:ident)::+) => {
        use $($drive)::+ as generated;

        /// Converts options. `providers` is the result of [`lower_providers`], which the generated type borrows.
        pub fn lower_options<'a>(
            options: &'a $crate::Options,
            providers: Option<&'a [generated::VendordataProvider]>,
        ) -> generated::Options<'a> {
            generated::Options {
                format: match options.format {
                    $crate::ImageFormat::Iso9660 => generated::ImageFormat::Iso9660,
                    $crate::ImageFormat::Vfat => generated::ImageFormat::Vfat,
                },
                size: options.size,
                sector_size: options.sector_size,
                skip_versions: options.skip_versions.as_deref(),
                newest_version: options.newest_version.as_deref(),
                dhcp_domain: options.dhcp_domain.as_deref(),
                vendordata_providers: providers,
                ports: options.ports.as_deref(),
                portgroups: options.portgroups.as_deref(),
                vendor_data: options.vendor_data.as_deref(),
                vendor_data2: options.vendor_data2.as_deref(),
                random_seed: options.random_seed.as_deref(),
                default_random_seed: options.default_random_seed.as_deref(),
                source_date_epoch: options.source_date_epoch,
            }
        }

        /// Converts the providers of the options.
        pub fn lower_providers(options: &$crate::Options) -> Option<Vec<generated::VendordataProvider>> {
            let lower = |provider: &$crate::VendordataProvider| match provider {
                $crate::VendordataProvider::StaticJson => generated::VendordataProvider::StaticJson,
                $crate::VendordataProvider::DynamicJson => generated::VendordataProvider::DynamicJson,
            };
            Some(options.vendordata_providers.as_ref()?.iter().map(lower).collect())
        }

        /// Converts a policy.
        pub fn lower_policy(policy: $crate::Policy) -> generated::Policy {
            generated::Policy { force_config_drive: policy.force_config_drive }
        }

        /// Converts a drive.
        pub fn lower_drive(drive: $crate::DriveSource<'_>) -> generated::DriveSource<'_> {
            match drive {
                $crate::DriveSource::Bytes(bytes) => generated::DriveSource::Bytes(bytes),
                $crate::DriveSource::Text(text) => generated::DriveSource::Text(text),
            }
        }

        impl From<generated::Error> for $crate::Error {
            fn from(error: generated::Error) -> Self {
                let generated::Error { code, message, pointer, further } = error;
                let code = match code {
                    generated::ErrorCode::InvalidDocument => $crate::ErrorCode::InvalidDocument,
                    generated::ErrorCode::InvalidOption => $crate::ErrorCode::InvalidOption,
                    generated::ErrorCode::TooLarge => $crate::ErrorCode::TooLarge,
                    generated::ErrorCode::InvalidDrive => $crate::ErrorCode::InvalidDrive,
                };
                let further = further.iter();
                further.fold(Self::refused(code, &message, pointer.as_deref()), |error, further| {
                    let generated::FurtherError { message, pointer } = further;
                    error.and(message, pointer.as_deref())
                })
            }
        }

        impl From<generated::Inspection> for $crate::Inspection {
            fn from(inspection: generated::Inspection) -> Self {
                let generated::Inspection { file_system, sector_size, label, image_size, files } = inspection;
                let file_system = match file_system {
                    generated::FileSystem::Iso9660 => $crate::FileSystem::Iso9660,
                    generated::FileSystem::Iso9660Joliet => $crate::FileSystem::Iso9660Joliet,
                    generated::FileSystem::Iso9660RockRidge => $crate::FileSystem::Iso9660RockRidge,
                    generated::FileSystem::Fat12 => $crate::FileSystem::Fat12,
                    generated::FileSystem::Fat16 => $crate::FileSystem::Fat16,
                    generated::FileSystem::Fat32 => $crate::FileSystem::Fat32,
                };
                let file = |generated::DriveFile { path, size, sha256 }| $crate::DriveFile { path, size, sha256 };
                let files = files.into_iter().map(file).collect();
                Self { file_system, sector_size, label, image_size, files }
            }
        }

        impl From<generated::ExtractedFile> for $crate::ExtractedFile {
            fn from(generated::ExtractedFile { paths, content }: generated::ExtractedFile) -> Self {
                Self { paths, content }
            }
        }

        impl From<generated::Finding> for $crate::Finding {
            fn from(finding: generated::Finding) -> Self {
                let generated::Finding { severity, code, scope, readers, place, message, remedy } = finding;
                let severity = match severity {
                    generated::Severity::Error => $crate::Severity::Error,
                    generated::Severity::Warning => $crate::Severity::Warning,
                };
                let scope = match scope {
                    generated::Scope::Everywhere => $crate::Scope::Everywhere,
                    generated::Scope::FlatOrNeutron => $crate::Scope::FlatOrNeutron,
                    generated::Scope::FourKDisks => $crate::Scope::FourKDisks,
                };
                Self { severity, code, scope, readers, place, message, remedy }
            }
        }
    };
}

/// Implements [`ConfigDrive`](crate::ConfigDrive) with the functions that a component imports.
///
/// The arguments are the type to implement it for, and the module that `wit_bindgen::generate!` generates for the interface `drive`,
/// as for [`conversions!`](crate::conversions).
#[macro_export]
macro_rules! imported {
    ($component:ty, $($drive:ident)::+) => {
        $crate::conversions!($($drive)::+);

        impl $crate::ConfigDrive for $component {
            fn required_by(&self, document: &[u8], policy: $crate::Policy) -> Result<bool, $crate::Error> {
                Ok(generated::required_by($crate::document_text(document)?, lower_policy(policy))?)
            }

            fn amend(&self, document: &[u8], changes: &str, conceal: bool) -> Result<String, $crate::Error> {
                Ok(generated::amend($crate::document_text(document)?, changes, conceal)?)
            }

            fn build_drive(&self, document: &[u8], options: &$crate::Options) -> Result<Vec<u8>, $crate::Error> {
                let providers = lower_providers(options);
                let options = lower_options(options, providers.as_deref());
                Ok(generated::build_drive($crate::document_text(document)?, options)?)
            }

            fn encode(&self, image: &[u8]) -> Result<String, $crate::Error> {
                Ok(generated::encode(image)?)
            }

            fn pack(&self, document: &[u8], options: &$crate::Options) -> Result<String, $crate::Error> {
                let providers = lower_providers(options);
                let options = lower_options(options, providers.as_deref());
                Ok(generated::pack($crate::document_text(document)?, options)?)
            }

            fn inspect(&self, drive: $crate::DriveSource<'_>) -> Result<$crate::Inspection, $crate::Error> {
                Ok(generated::inspect(lower_drive(drive))?.into())
            }

            fn read_file(&self, drive: $crate::DriveSource<'_>, path: &str) -> Result<Vec<u8>, $crate::Error> {
                Ok(generated::read_file(lower_drive(drive), path)?)
            }

            fn extract(&self, drive: $crate::DriveSource<'_>) -> Result<Vec<$crate::ExtractedFile>, $crate::Error> {
                Ok(generated::extract(lower_drive(drive))?.into_iter().map(Into::into).collect())
            }

            fn check_document(
                &self,
                document: &[u8],
                options: &$crate::Options,
            ) -> Result<Vec<$crate::Finding>, $crate::Error> {
                let providers = lower_providers(options);
                let options = lower_options(options, providers.as_deref());
                let findings = generated::check_document($crate::document_text(document)?, options)?;
                Ok(findings.into_iter().map(Into::into).collect())
            }

            fn check_drive(&self, drive: $crate::DriveSource<'_>) -> Result<Vec<$crate::Finding>, $crate::Error> {
                Ok(generated::check_drive(lower_drive(drive))?.into_iter().map(Into::into).collect())
            }
        }
    };
}
