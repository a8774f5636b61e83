//! Malicious drives, made byte by byte, each with the fault for which it must be refused.

use configdrive::image::read::{FatWidth, Fault, MAX_ENTRIES};

/// Makes an image.
pub type Make = fn() -> Vec<u8>;

/// The start of a sentence that ends with "is refused", the drive, and the fault.
pub const DRIVES: &[(&str, Make, Fault)] = &[
    ("a_directory_that_contains_the_root", || iso(&[("A", DIRECTORY, 18, 2048)]), Fault::Reused),
    ("a_directory_that_contains_itself", contains_itself, Fault::Reused),
    (
        "a_directory_that_overlaps_another",
        || iso(&[("A", DIRECTORY, 20, 4096), ("B", DIRECTORY, 21, 2048)]),
        Fault::Overlap,
    ),
    ("a_directory_beyond_the_image", || iso(&[("A", DIRECTORY, u32::MAX, 2048)]), Fault::OutsideImage),
    ("a_directory_larger_than_the_image", || iso(&[("A", DIRECTORY, 20, u32::MAX)]), Fault::OutsideImage),
    ("a_file_beyond_the_image", || iso(&[("A.;1", FILE, u32::MAX, 1)]), Fault::OutsideImage),
    ("a_file_larger_than_the_image", || iso(&[("A.;1", FILE, 20, u32::MAX)]), Fault::OutsideImage),
    ("a_file_inside_another", || iso(&[("A.;1", FILE, 20, 4096), ("B.;1", FILE, 21, 2048)]), Fault::Overlap),
    (
        "a_file_that_starts_where_another_does",
        || iso(&[("A.;1", FILE, 20, 4096), ("B.;1", FILE, 20, 1)]),
        Fault::Overlap,
    ),
    ("a_file_inside_the_root_directory", || iso(&[("A.;1", FILE, 18, 100)]), Fault::Overlap),
    (
        "a_file_whose_two_parts_are_the_same",
        || iso(&[("A.;1", MULTI_EXTENT, 20, 9), ("A.;1", FILE, 20, 9)]),
        Fault::Overlap,
    ),
    (
        "a_file_that_continues_in_another",
        || iso(&[("A.;1", MULTI_EXTENT, 20, 2048), ("B.;1", FILE, 21, 9)]),
        Fault::Unfinished,
    ),
    ("a_file_that_continues_nowhere", || iso(&[("A.;1", MULTI_EXTENT, 20, 2048)]), Fault::Unfinished),
    (
        "a_file_that_continues_as_a_directory",
        || iso(&[("A", MULTI_EXTENT, 20, 2048), ("A", DIRECTORY, 21, 0)]),
        Fault::Unfinished,
    ),
    ("two_files_with_the_same_name", || iso(&[("A.;1", FILE, 20, 9), ("A.;1", FILE, 21, 9)]), Fault::NameTwice),
    ("a_file_named_like_a_directory", || iso(&[("A.;1", FILE, 20, 9), ("A", DIRECTORY, 21, 2048)]), Fault::NameTwice),
    ("a_plain_name_that_is_dot_dot", || iso(&[("..", FILE, 20, 9)]), Fault::NameUnsafe),
    ("a_plain_name_with_a_slash", || iso(&[("../A", FILE, 20, 9)]), Fault::NameUnsafe),
    ("a_plain_name_with_a_line_break", || iso(&[("A\nB", FILE, 20, 9)]), Fault::NameUnsafe),
    ("an_empty_plain_name", || iso(&[("", FILE, 20, 9)]), Fault::NameUnsafe),
    ("a_plain_name_that_is_only_a_version", || iso(&[(".;1", FILE, 20, 9)]), Fault::NameUnsafe),
    ("a_plain_name_that_is_not_ascii", || iso(&[("É", FILE, 20, 9)]), Fault::NameCharacters),
    (
        "a_record_that_crosses_its_sector",
        || changed(iso(&[("A", ASSOCIATED, 20, 9); 58]), ROOT + 2040, &[34]),
        Fault::Truncated,
    ),
    (
        "a_name_longer_than_its_record",
        || changed(iso(&[("A.;1", FILE, 20, 9)]), ROOT + 68 + 32, &[200]),
        Fault::Truncated,
    ),
    (
        "an_interleaved_file",
        || changed(iso(&[("A.;1", FILE, 20, 9)]), ROOT + 68 + 26, &[1, 1]),
        Fault::Field("file unit size"),
    ),
    ("a_block_size_of_zero", || changed(iso(&[]), DESCRIPTOR + 128, &[0, 0]), Fault::Field("logical block size")),
    ("a_drive_with_too_many_entries", endless_directory, Fault::TooManyEntries),
    ("a_path_that_is_too_long", deep_directories, Fault::PathTooLong),
    ("a_drive_whose_files_are_each_the_whole_image", huge_files, Fault::FilesTooLarge),
    ("a_rock_ridge_name_that_is_dot_dot", || rock_ridge(&[b"NM\x07\x01\0.."]), Fault::NameUnsafe),
    ("a_rock_ridge_name_that_is_absolute", || rock_ridge(&[b"NM\x0b\x01\0/etc/x"]), Fault::NameUnsafe),
    (
        "a_rock_ridge_name_in_two_parts_that_make_dot_dot",
        || rock_ridge(&[b"NM\x06\x01\x01.", b"NM\x06\x01\0."]),
        Fault::NameUnsafe,
    ),
    ("a_rock_ridge_name_flagged_as_the_parent_directory", || rock_ridge(&[b"NM\x05\x01\x04"]), Fault::NameUnsafe),
    ("a_rock_ridge_name_with_a_backslash", || rock_ridge(&[b"NM\x08\x01\0a\\b"]), Fault::NameUnsafe),
    ("a_rock_ridge_name_with_a_nul", || rock_ridge(&[b"NM\x08\x01\0a\0b"]), Fault::NameUnsafe),
    ("an_empty_rock_ridge_name", || rock_ridge(&[b"NM\x05\x01\0"]), Fault::NameUnsafe),
    ("a_rock_ridge_name_that_is_not_utf8", || rock_ridge(&[b"NM\x06\x01\0\xff"]), Fault::NameCharacters),
    ("a_rock_ridge_entry_that_is_too_short", || rock_ridge(&[b"NM\x03\x01"]), Fault::Field("length")),
    ("a_rock_ridge_entry_that_is_too_long", || rock_ridge(&[b"NM\xff\x01\0a"]), Fault::Truncated),
    ("a_symbolic_link", || rock_ridge(&[b"SL\x0a\x01\0\0\x03etc"]), Fault::NotAFile),
    (
        "a_device",
        || rock_ridge(&[b"PX\x24\x01\0\x60\0\0\0\0\x60\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"]),
        Fault::NotAFile,
    ),
    ("a_file_compressed_with_zisofs", || rock_ridge(&[b"ZF\x10\x01pz\x04\x0f\x10\0\0\0\0\0\0\x10"]), Fault::Compressed),
    ("a_continuation_that_leads_to_itself", || rock_ridge(&[&continuation(22, 0, 28)]), Fault::Reused),
    ("a_continuation_beyond_the_image", || rock_ridge(&[&continuation(u32::MAX, 0, 28)]), Fault::OutsideImage),
    ("an_empty_continuation", || rock_ridge(&[&continuation(22, 0, 0)]), Fault::Field("continuation area length")),
    ("a_child_link_to_the_root", || rock_ridge(&[b"CL\x0c\x01\x12\0\0\0\0\0\0\x12"]), Fault::Reused),
    (
        "a_child_link_beyond_the_image",
        || rock_ridge(&[b"CL\x0c\x01\xff\xff\xff\xff\xff\xff\xff\xff"]),
        Fault::OutsideImage,
    ),
    ("a_child_link_to_nothing", || rock_ridge(&[b"CL\x0c\x01\x17\0\0\0\0\0\0\x17"]), Fault::OutsideImage),
    ("a_chain_of_clusters_that_loops", || fat(&[(b"A          ", FILE, 2, 9000)], &[(2, 3), (3, 2)]), Fault::Reused),
    (
        "a_cluster_shared_by_two_files",
        || fat(&[(b"A          ", FILE, 2, 600), (b"B          ", FILE, 3, 9)], &[(2, 3), (3, 0xfff)]),
        Fault::Reused,
    ),
    ("a_fat_directory_that_contains_itself", fat_contains_itself, Fault::Reused),
    (
        "two_fat_directories_in_the_same_cluster",
        || fat(&[(b"A          ", 0x10, 2, 0), (b"B          ", 0x10, 2, 0)], &[(2, 0xfff)]),
        Fault::Reused,
    ),
    ("a_chain_that_ends_too_early", || fat(&[(b"A          ", FILE, 2, 1025)], &[(2, 3), (3, 0xfff)]), Fault::Chain),
    ("a_chain_into_a_free_cluster", || fat(&[(b"A          ", FILE, 2, 1025)], &[(2, 3)]), Fault::Chain),
    ("a_chain_into_a_bad_cluster", || fat(&[(b"A          ", FILE, 2, 1025)], &[(2, 0xff7)]), Fault::Chain),
    ("a_chain_out_of_the_image", || fat(&[(b"A          ", FILE, 2, 1025)], &[(2, 0xf00)]), Fault::Chain),
    ("a_fat_file_after_the_last_cluster", || fat(&[(b"A          ", FILE, 59, 1)], &[]), Fault::Chain),
    ("a_fat_file_in_half_a_cluster", || changed(fat(&[(b"A          ", FILE, 30, 1)], &[]), 13, &[2]), Fault::Chain),
    (
        "a_fat12_file_in_a_cluster_that_its_table_lacks",
        || fat_of(FatWidth::Fat12, 2, 700, &[(b"A          ", FILE, 682, 1)], &[]),
        Fault::Chain,
    ),
    (
        "a_fat12_file_after_the_last_cluster_of_an_odd_table",
        || fat_of(FatWidth::Fat12, 1, 400, &[(b"A          ", FILE, 341, 1)], &[]),
        Fault::Chain,
    ),
    (
        "a_fat16_file_in_a_cluster_that_its_table_lacks",
        || fat_of(FatWidth::Fat16, 16, 4200, &[(b"A          ", FILE, 4096, 1)], &[]),
        Fault::Chain,
    ),
    (
        "a_fat32_file_in_a_cluster_that_its_table_lacks",
        || fat_of(FatWidth::Fat32, 1, 200, &[(b"A          ", FILE, 128, 1)], &[(2, 0x0fff_ffff)]),
        Fault::Chain,
    ),
    ("a_fat_file_of_four_gibibytes", || fat(&[(b"A          ", FILE, 2, u32::MAX)], &[(2, 0xfff)]), Fault::Chain),
    ("a_fat_file_without_a_first_cluster", || fat(&[(b"A          ", FILE, 0, 1)], &[]), Fault::Chain),
    ("a_fat_directory_without_a_first_cluster", || fat(&[(b"A          ", 0x10, 0, 0)], &[]), Fault::Chain),
    ("a_short_name_with_a_slash", || fat(&[(b"/A         ", FILE, 2, 1)], &[(2, 0xfff)]), Fault::NameUnsafe),
    ("a_short_name_of_spaces", || fat(&[(b"           ", FILE, 2, 1)], &[(2, 0xfff)]), Fault::NameUnsafe),
    (
        "a_short_name_that_is_not_ascii",
        || fat(&[(b"\xe9          ", FILE, 2, 1)], &[(2, 0xfff)]),
        Fault::NameCharacters,
    ),
    (
        "two_fat_files_with_the_same_name",
        || fat(&[(b"A          ", FILE, 2, 1), (b"A          ", FILE, 3, 1)], &[(2, 0xfff), (3, 0xfff)]),
        Fault::NameTwice,
    ),
    ("a_long_name_with_dot_dot", || fat_long_name("../x"), Fault::NameUnsafe),
    (
        "a_long_name_with_half_a_surrogate_pair",
        || {
            let mut image = fat_long_name("xy");
            image[FAT_ROOT + 1..FAT_ROOT + 3].copy_from_slice(&[0, 0xd8]);
            image
        },
        Fault::NameCharacters,
    ),
    ("a_fat_without_sector_size", || changed(fat(&[], &[]), 11, &[0, 0]), Fault::Field("number of bytes per sector")),
    ("a_fat_without_clusters", || changed(fat(&[], &[]), 13, &[0]), Fault::Field("number of sectors per cluster")),
    ("a_fat_without_tables", || changed(fat(&[], &[]), 16, &[0]), Fault::Field("number of file allocation tables")),
    (
        "a_fat_without_reserved_sectors",
        || changed(fat(&[], &[]), 14, &[0, 0]),
        Fault::Field("number of reserved sectors"),
    ),
    ("a_fat_larger_than_its_image", || changed(fat(&[], &[]), 19, &[0xff, 0xff]), Fault::OutsideImage),
    ("a_fat_smaller_than_its_own_tables", || changed(fat(&[], &[]), 19, &[2, 0]), Fault::Field("number of sectors")),
    (
        "a_fat_with_an_empty_table",
        || changed(fat(&[(b"A          ", FILE, 2, 1)], &[]), 22, &[0; 18]),
        Fault::Field("number of sectors per file allocation table"),
    ),
];

// ISO 9660 by hand, with plain names.

pub const DESCRIPTOR: usize = 16 * 2048;
pub const ROOT: usize = 18 * 2048;
pub const BLOCKS: usize = 24;

pub const FILE: u8 = 0;
pub const DIRECTORY: u8 = 2;
pub const ASSOCIATED: u8 = 4;
pub const MULTI_EXTENT: u8 = 0x80;

/// A name, its flags, its location and its size.
pub type Record<'r> = (&'r str, u8, u32, u32);

pub fn iso(records: &[Record<'_>]) -> Vec<u8> {
    iso_of(BLOCKS, &directory(18, 2048, records, &[]))
}

/// An image of at least `blocks` blocks with the root directory `root` in block 18.
pub fn iso_of(blocks: usize, root: &[u8]) -> Vec<u8> {
    let mut image = vec![0; blocks.max(18 + root.len().div_ceil(2048)) * 2048];
    let descriptors = [descriptor(1, "config-2", 18, root.len() as u32), descriptor(255, "", 0, 0)].concat();
    image[DESCRIPTOR..DESCRIPTOR + descriptors.len()].copy_from_slice(&descriptors);
    image[ROOT..ROOT + root.len()].copy_from_slice(root);
    image
}

/// A volume descriptor with its type, its label, and the location and size of the root directory.
pub fn descriptor(kind: u8, label: &str, location: u32, size: u32) -> Vec<u8> {
    let mut descriptor = vec![0; 2048];
    descriptor[0] = kind;
    descriptor[1..7].copy_from_slice(b"CD001\x01");
    descriptor[40..72].copy_from_slice(format!("{label:32}").as_bytes());
    descriptor[128..132].copy_from_slice(&[0, 8, 8, 0]);
    descriptor[156..190].copy_from_slice(&record(b"\0", DIRECTORY, location, size, &[]));
    descriptor
}

/// A directory in whole sectors; `system_use` is in the directory's record for itself.
pub fn directory(location: u32, size: u32, records: &[Record<'_>], system_use: &[u8]) -> Vec<u8> {
    let own = [(&b"\0"[..], system_use), (b"\x01", &[])];
    let mut bytes = own.map(|(name, system_use)| record(name, DIRECTORY, location, size, system_use)).concat();
    for (name, flags, location, size) in records {
        let record = record(name.as_bytes(), *flags, *location, *size, &[]);
        if bytes.len() % 2048 + record.len() > 2048 {
            bytes.resize(bytes.len().next_multiple_of(2048), 0);
        }
        bytes.extend(record);
    }
    bytes.resize(bytes.len().next_multiple_of(2048), 0);
    bytes
}

pub fn record(name: &[u8], flags: u8, location: u32, size: u32, system_use: &[u8]) -> Vec<u8> {
    let mut record = vec![0, 0];
    for number in [location, size] {
        record.extend(number.to_le_bytes());
        record.extend(number.to_be_bytes());
    }
    record.extend([80, 1, 1, 0, 0, 0, 0, flags, 0, 0, 1, 0, 0, 1, name.len() as u8]);
    record.extend(name);
    record.resize(record.len().next_multiple_of(2), 0);
    record.extend(system_use);
    record.resize(record.len().next_multiple_of(2), 0);
    record[0] = record.len() as u8;
    record
}

pub fn changed(mut image: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    image[at..at + bytes.len()].copy_from_slice(bytes);
    image
}

fn contains_itself() -> Vec<u8> {
    let content = directory(20, 2048, &[("B", DIRECTORY, 20, 2048)], &[]);
    changed(iso(&[("A", DIRECTORY, 20, 2048)]), 20 * 2048, &content)
}

fn endless_directory() -> Vec<u8> {
    let names: Vec<String> = (0..=MAX_ENTRIES).map(|number| format!("F{number}.;1")).collect();
    let records: Vec<Record<'_>> = names.iter().map(|name| (name.as_str(), FILE, 0, 0)).collect();
    iso_of(0, &directory(18, 2048, &records, &[]))
}

/// Nested directories with names longer than the standard allows.
fn deep_directories() -> Vec<u8> {
    let name = "D".repeat(200);
    let blocks: Vec<_> =
        (19..40).map(|next| directory(next - 1, 2048, &[(&name, DIRECTORY, next, 2048)], &[])).collect();
    let mut image = iso_of(40, &blocks[0]);
    image[ROOT..ROOT + 2048 * blocks.len()].copy_from_slice(&blocks.concat());
    image
}

fn huge_files() -> Vec<u8> {
    let names: Vec<String> = (0..40_000).map(|number| format!("F{number}.;1")).collect();
    let records: Vec<Record<'_>> = names.iter().map(|name| (name.as_str(), FILE, 1, 60 << 20)).collect();
    iso_of(31_000, &directory(18, 2048, &records, &[]))
}

/// A file whose record has these system use entries; block 22 has them as well.
pub fn rock_ridge(entries: &[&[u8]]) -> Vec<u8> {
    const SP: &[u8] = b"SP\x07\x01\xbe\xef\0";
    let mut root = directory(18, 2048, &[], SP);
    let record = record(b"F.;1", FILE, 20, 9, &entries.concat());
    let at = usize::from(root[0]) + 34;
    root[at..at + record.len()].copy_from_slice(&record);
    changed(iso_of(BLOCKS, &root), 22 * 2048, &entries.concat())
}

/// A sound drive with a file whose name is too long for most file systems, followed by a file with a short name.
pub fn with_a_name_of_300_bytes() -> Vec<u8> {
    let name = [&b"NM\x9b\x01\x01"[..], &[b'x'; 150]].concat();
    let mut image = rock_ridge(&[&name, &continuation(22, 0, 155)]);
    let at = image.windows(4).position(|window| window == b"F.;1").expect("the file's record") - 33;
    let after = at + usize::from(image[at]);
    let sound = record(b"G.;1", FILE, 19, 9, &[]);
    image[after..after + sound.len()].copy_from_slice(&sound);
    image
}

pub fn continuation(block: u32, offset: u32, length: u32) -> Vec<u8> {
    let numbers = [block, offset, length].map(|number| [number.to_le_bytes(), number.to_be_bytes()].concat());
    [&b"CE\x1c\x01"[..], &numbers.concat()].concat()
}

// FAT by hand: a boot sector, one table, a root directory of one sector, clusters of one sector each.

pub const FAT_ROOT: usize = 2 * 512;

/// A name, its attributes, its first cluster and its size.
pub type FatEntry<'e> = (&'e [u8; 11], u8, u16, u32);

/// FAT12 with a table of one sector and 57 clusters.
pub fn fat(entries: &[FatEntry<'_>], table: &[(usize, u32)]) -> Vec<u8> {
    fat_of(FatWidth::Fat12, 1, 57, entries, table)
}

/// A FAT with these entries in the root directory, which is cluster 2 of FAT32, and these entries in the table: cluster and value.
pub fn fat_of(
    width: FatWidth,
    table_sectors: u16,
    clusters: u32,
    entries: &[FatEntry<'_>],
    table: &[(usize, u32)],
) -> Vec<u8> {
    let root = (1 + usize::from(table_sectors)) * 512;
    let is_fat32 = width == FatWidth::Fat32;
    let sectors = 1 + u32::from(table_sectors) + u32::from(!is_fat32) + clusters;
    let mut image = vec![0; sectors as usize * 512];
    image[..3].copy_from_slice(&[0xeb, 0x3c, 0x90]);
    image[11..22].copy_from_slice(&[0, 2, 1, 1, 0, 1, 16, 0, 0, 0, 0xf8]);
    let extended = if is_fat32 {
        image[17] = 0;
        image[32..36].copy_from_slice(&sectors.to_le_bytes());
        image[36..38].copy_from_slice(&table_sectors.to_le_bytes());
        image[44] = 2;
        66
    } else {
        image[19..21].copy_from_slice(&(sectors as u16).to_le_bytes());
        image[22..24].copy_from_slice(&table_sectors.to_le_bytes());
        38
    };
    image[extended] = 0x29;
    image[extended + 5..extended + 16].copy_from_slice(b"config-2   ");
    image[510..512].copy_from_slice(&[0x55, 0xaa]);
    for &(cluster, value) in table {
        let (at, bits) = match width {
            FatWidth::Fat12 => (cluster + cluster / 2, if cluster % 2 == 0 { value } else { value << 4 }),
            FatWidth::Fat16 => (cluster * 2, value),
            FatWidth::Fat32 => (cluster * 4, value),
        };
        for (byte, bits) in image[512 + at..].iter_mut().zip(bits.to_le_bytes()) {
            *byte |= bits;
        }
    }
    for (slot, &(name, attributes, cluster, size)) in image[root..].chunks_mut(32).zip(entries) {
        slot.copy_from_slice(&entry(name, attributes, cluster, size));
    }
    image
}

pub fn entry(name: &[u8; 11], attributes: u8, cluster: u16, size: u32) -> [u8; 32] {
    let mut entry = [0; 32];
    entry[..11].copy_from_slice(name);
    entry[11] = attributes;
    entry[26..28].copy_from_slice(&cluster.to_le_bytes());
    entry[28..].copy_from_slice(&size.to_le_bytes());
    entry
}

fn fat_contains_itself() -> Vec<u8> {
    let image = fat(&[(b"A          ", 0x10, 2, 0)], &[(2, 0xfff)]);
    changed(image, 3 * 512, &entry(b"B          ", 0x10, 2, 0))
}

/// A file with a long name of up to 13 characters.
fn fat_long_name(name: &str) -> Vec<u8> {
    let short = b"A          ";
    let image = fat(&[(short, FILE, 2, 1), (short, FILE, 2, 1)], &[(2, 0xfff)]);
    changed(image, FAT_ROOT, &long_entry(0x41, checksum(short), name))
}

/// A part of a long name.
pub fn long_entry(order: u8, checksum: u8, part: &str) -> [u8; 32] {
    let mut entry = [0xff; 32];
    [entry[0], entry[11], entry[12], entry[13], entry[26], entry[27]] = [order, 0x0f, 0, checksum, 0, 0];
    let places = (1..11).chain(14..26).chain(28..32).step_by(2);
    for (unit, at) in part.encode_utf16().chain([0]).zip(places) {
        entry[at..at + 2].copy_from_slice(&unit.to_le_bytes());
    }
    entry
}

/// The checksum of a short name, as the parts of its long name contain it.
pub fn checksum(short: &[u8; 11]) -> u8 {
    short.iter().fold(0, |sum: u8, byte| sum.rotate_right(1).wrapping_add(*byte))
}
