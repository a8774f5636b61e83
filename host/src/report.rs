//! What programs read about drives: inspections and findings as JSON.

use serde_json::{Value, json};

use crate::sandbox::{DriveFile, FileSystem, Finding, Inspection, Scope, Severity};

/// An inspection: an object.
pub fn inspection(inspection: &Inspection) -> Value {
    let file = |file: &DriveFile| json!({"path": file.path, "size": file.size, "sha256": file.sha256});
    json!({
        "file_system": match inspection.file_system {
            FileSystem::Iso9660 | FileSystem::Iso9660Joliet | FileSystem::Iso9660RockRidge => "iso9660",
            FileSystem::Fat12 | FileSystem::Fat16 | FileSystem::Fat32 => "vfat",
        },
        "description": file_system(inspection.file_system),
        "sector_size": inspection.sector_size,
        "label": inspection.label,
        "image_size": inspection.image_size,
        "files": inspection.files.iter().map(file).collect::<Vec<_>>(),
    })
}

/// Findings: a list of objects.
pub fn findings(findings: &[Finding]) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "severity": severity(finding.severity),
            "code": finding.code,
            "scope": match finding.scope {
                Scope::Everywhere => "everywhere",
                Scope::FlatOrNeutron => "flat-or-neutron",
                Scope::FourKDisks => "four-k-disks",
            },
            "place": finding.place,
            "message": finding.message,
            "remedy": finding.remedy,
        })
    };
    findings.iter().map(finding).collect()
}

/// A file system's name, for people.
pub fn file_system(file_system: FileSystem) -> &'static str {
    match file_system {
        FileSystem::Iso9660 => "ISO 9660",
        FileSystem::Iso9660Joliet => "ISO 9660 with Joliet",
        FileSystem::Iso9660RockRidge => "ISO 9660 with Rock Ridge",
        FileSystem::Fat12 => "FAT12",
        FileSystem::Fat16 => "FAT16",
        FileSystem::Fat32 => "FAT32",
    }
}

/// A severity's name.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
