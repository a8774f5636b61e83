//! Drives that are odd but sound, made byte by byte, each with what a reader should find.

use configdrive::image::read::FatWidth;

use crate::malicious::{
    ASSOCIATED, BLOCKS, DESCRIPTOR, DIRECTORY, FAT_ROOT, FILE, MULTI_EXTENT, Make, ROOT, changed, checksum,
    continuation, descriptor, directory, entry, fat, fat_of, iso, long_entry, record, rock_ridge,
};

/// A file's path, and the offsets and sizes of its pieces in bytes.
pub type File = (&'static str, &'static [(usize, usize)]);

/// The start of a sentence that ends with "is read", the drive, its file system and label, and its files.
pub const DRIVES: &[(&str, Make, &str, &[File])] = &[
    (
        "a_file_in_two_extents",
        || iso(&[("A.;1", MULTI_EXTENT, 20, 2048), ("A.;1", FILE, 22, 9)]),
        "ISO 9660: config-2",
        &[("a", &[(block(20), 2048), (block(22), 9)])],
    ),
    (
        "a_file_with_an_associated_file",
        || iso(&[("A.;1", ASSOCIATED, 20, 9), ("A.;1", FILE, 21, 9)]),
        "ISO 9660: config-2",
        &[("a", &[(block(21), 9)])],
    ),
    ("an_empty_file_outside_the_image", || iso(&[("A.;1", FILE, u32::MAX, 0)]), "ISO 9660: config-2", &[("a", &[])]),
    (
        "a_file_after_its_extended_attribute_record",
        || changed(iso(&[("A.;1", FILE, 20, 9)]), ROOT + 68 + 1, &[2]),
        "ISO 9660: config-2",
        &[("a", &[(block(22), 9)])],
    ),
    (
        "a_record_without_padding",
        || changed(iso(&[("AB", FILE, 20, 9)]), ROOT + 68, &[35]),
        "ISO 9660: config-2",
        &[("ab", &[(block(20), 9)])],
    ),
    ("a_record_that_ends_with_its_block", full_block, "ISO 9660: config-2", FULL_BLOCK),
    ("a_drive_in_blocks_of_512_bytes", small_blocks, "ISO 9660: config-2", &[("a", &[(80 * 512, 9)])]),
    ("a_label_with_a_nul", || changed(iso(&[]), DESCRIPTOR + 40, b"config\0drive"), "ISO 9660: config", &[]),
    ("a_drive_with_joliet_names", || volumes(&[PRIMARY, JOLIET, END]), "ISO 9660 with Joliet: config-2", JOLIET_FILES),
    (
        "a_drive_without_a_descriptor_set_terminator",
        || volumes(&[PRIMARY, JOLIET]),
        "ISO 9660 with Joliet: config-2",
        JOLIET_FILES,
    ),
    ("a_descriptor_after_the_terminator", || volumes(&[PRIMARY, END, JOLIET]), "ISO 9660: config-2", PLAIN_FILES),
    ("a_boot_record_before_the_primary_volume", || volumes(&[BOOT, PRIMARY, END]), "ISO 9660: config-2", PLAIN_FILES),
    ("a_second_primary_volume", || volumes(&[PRIMARY, (1, "other", "", 21), END]), "ISO 9660: config-2", PLAIN_FILES),
    (
        "a_second_joliet_volume",
        || volumes(&[PRIMARY, JOLIET, (2, "other", "%/E", 20), END]),
        "ISO 9660 with Joliet: config-2",
        JOLIET_FILES,
    ),
    (
        "a_supplementary_volume_that_is_not_joliet",
        || volumes(&[PRIMARY, (2, "other", "", 21), END]),
        "ISO 9660: config-2",
        PLAIN_FILES,
    ),
    (
        "a_rock_ridge_name_in_two_parts",
        || rock_ridge(&[b"NM\x07\x01\x01ab", b"NM\x06\x01\0c"]),
        ROCK_RIDGE,
        &[("abc", FILE_IN_20)],
    ),
    (
        "a_rock_ridge_name_among_other_entries",
        || rock_ridge(&[b"XX\x06\x01ab", b"NM\x06\x01\0c", PX, b"TF\x04\x01"]),
        ROCK_RIDGE,
        &[("c", FILE_IN_20)],
    ),
    (
        "a_rock_ridge_name_after_the_terminator",
        || rock_ridge(&[b"ST\x04\x01", b"NM\x06\x01\0c"]),
        ROCK_RIDGE,
        &[("f", FILE_IN_20)],
    ),
    ("a_rock_ridge_name_after_padding", || rock_ridge(&[b"\0\0", b"NM\x06\x01\0c"]), ROCK_RIDGE, &[("f", FILE_IN_20)]),
    (
        "a_rock_ridge_name_in_a_continuation_area",
        || rock_ridge(&[&continuation(22, 32, 6), b"ST\x04\x01", b"NM\x06\x01\0c"]),
        ROCK_RIDGE,
        &[("c", FILE_IN_20)],
    ),
    (
        "a_rock_ridge_name_after_skipped_bytes",
        || skipping(2, &[b"??", b"NM\x06\x01\0c"]),
        ROCK_RIDGE,
        &[("c", FILE_IN_20)],
    ),
    (
        "a_record_with_fewer_bytes_than_are_skipped",
        || skipping(7, &[b"NM\x06\x01\0c"]),
        ROCK_RIDGE,
        &[("f", FILE_IN_20)],
    ),
    ("a_directory_that_was_moved_here", || rock_ridge(&[b"RE\x04\x01"]), ROCK_RIDGE, &[]),
    (
        "a_directory_that_was_moved_elsewhere",
        || changed(rock_ridge(&[b"CL\x0c\x01\x15\0\0\0\0\0\0\x15"]), block(21), &plain_directory(21)),
        ROCK_RIDGE,
        &[("f/a", &[(block(22), 9)])],
    ),
    (
        "a_fat_file_in_adjacent_clusters",
        || fat(&[(A, FILE, 3, 1100)], &[(3, 4), (4, 5)]),
        FAT12,
        &[("A", &[(cluster(3), 1100)])],
    ),
    (
        "a_fat_file_in_separate_clusters",
        || fat(&[(A, FILE, 3, 1100)], &[(3, 6), (6, 8)]),
        FAT12,
        &[("A", &[(cluster(3), 512), (cluster(6), 512), (cluster(8), 76)])],
    ),
    (
        "a_fat_file_in_clusters_in_reverse_order",
        || fat(&[(A, FILE, 4, 1536)], &[(4, 3), (3, 2), (2, 0xff8)]),
        FAT12,
        &[("A", &[(cluster(4), 512), (cluster(3), 512), (cluster(2), 512)])],
    ),
    (
        "a_chain_that_is_longer_than_its_file",
        || fat(&[(A, FILE, 2, 513)], &[(2, 3), (3, 4), (4, 0xfff)]),
        FAT12,
        &[("A", &[(cluster(2), 513)])],
    ),
    (
        "two_fat_files_in_alternating_clusters",
        || fat(&[(A, FILE, 2, 1024), (B, FILE, 3, 1024)], &[(2, 4), (3, 5), (4, 0xfff), (5, 0xff8)]),
        FAT12,
        &[("A", &[(cluster(2), 512), (cluster(4), 512)]), ("B", &[(cluster(3), 512), (cluster(5), 512)])],
    ),
    (
        "an_empty_fat_file_with_a_cluster",
        || fat(&[(A, FILE, 2, 0), (B, FILE, 2, 9)], &[(2, 0xfff)]),
        FAT12,
        &[("A", &[]), ("B", &[(cluster(2), 9)])],
    ),
    ("a_fat_file_in_the_last_cluster", || fat(&[(A, FILE, 58, 512)], &[]), FAT12, &[("A", &[(cluster(58), 512)])]),
    (
        "a_fat_file_in_the_last_whole_cluster",
        || changed(fat(&[(A, FILE, 28, 2000)], &[(28, 29)]), 13, &[2]),
        FAT12,
        &[("A", &[(cluster(2) + 26 * 1024, 2000)])],
    ),
    (
        "a_fat12_file_whose_cluster_number_has_a_high_half",
        || changed(fat(&[(A, FILE, 2, 9)], &[]), FAT_ROOT + 20, &[1, 2]),
        FAT12,
        &[("A", &[(cluster(2), 9)])],
    ),
    (
        "a_fat12_file_in_the_last_cluster_of_its_table",
        || fat_of(FatWidth::Fat12, 2, 700, &[(A, FILE, 681, 9)], &[]),
        FAT12,
        &[("A", &[((4 + 679) * 512, 9)])],
    ),
    (
        "a_fat12_file_in_the_last_cluster_of_an_odd_table",
        || fat_of(FatWidth::Fat12, 1, 400, &[(A, FILE, 340, 9)], &[]),
        FAT12,
        &[("A", &[((3 + 338) * 512, 9)])],
    ),
    (
        "a_fat16_file_in_the_last_cluster_of_its_table",
        || fat_of(FatWidth::Fat16, 16, 4200, &[(A, FILE, 7, 1030)], &[(7, 4095), (4095, 9), (9, 0xfff8)]),
        "FAT16: ",
        &[("A", &[((18 + 5) * 512, 512), ((18 + 4093) * 512, 512), ((18 + 7) * 512, 6)])],
    ),
    (
        "a_fat32_file_in_the_last_cluster_of_its_table",
        || fat_of(FatWidth::Fat32, 1, 200, &[(A, FILE, 127, 513)], &[(2, 0x0fff_fff8), (127, 0xf000_0003)]),
        "FAT32: ",
        &[("A", &[((2 + 125) * 512, 512), ((2 + 1) * 512, 1)])],
    ),
    (
        "a_fat32_file_after_cluster_65535",
        || changed(fat_of(FatWidth::Fat32, 513, 65_600, &[(A, FILE, 4, 9)], &[(2, 0xffff_ffff)]), 514 * 512 + 20, &[1]),
        "FAT32: ",
        &[("A", &[((514 + 65_538) * 512, 9)])],
    ),
    ("a_fat32_root_in_two_clusters", fat32_root, "FAT32: ", &[("A", &[((2 + 2) * 512, 9)])]),
    (
        "a_fat_directory_in_two_clusters",
        fat_directory,
        FAT12,
        &[("A/A", &[(cluster(5), 9)]), ("A/B", &[(cluster(6), 9)])],
    ),
    (
        "a_deleted_entry",
        || fat(&[(b"\xe5          ", FILE, 2, 9), (B, FILE, 2, 9)], &[]),
        FAT12,
        &[("B", &[(cluster(2), 9)])],
    ),
    (
        "an_entry_after_the_last_one",
        || fat(&[(A, FILE, 2, 9), (&[0; 11], 0, 0, 0), (B, FILE, 3, 9)], &[]),
        FAT12,
        &[("A", &[(cluster(2), 9)])],
    ),
    ("a_short_name_in_lower_case", lower_case, FAT12, LOWER_CASE),
    ("a_fat_with_a_label_in_its_root", || fat(&[(b"ROOT LABEL ", LABEL, 0, 0)], &[]), "FAT12: ROOT LABEL", &[]),
    (
        "a_fat_with_two_labels_in_its_root",
        || fat(&[(b"FIRST      ", LABEL, 0, 0), (b"SECOND     ", LABEL, 0, 0)], &[]),
        "FAT12: FIRST",
        &[],
    ),
    (
        "a_fat_with_a_label_in_a_directory",
        || changed(fat(&[(A, FAT_DIRECTORY, 2, 0)], &[(2, 0xfff)]), cluster(2), &entry(b"FOLDER     ", LABEL, 0, 0)),
        FAT12,
        &[],
    ),
    ("a_fat_labelled_no_name", || changed(fat(&[], &[]), 43, b"NO NAME    "), "FAT12: ", &[]),
    ("a_fat_without_an_extended_boot_signature", || changed(fat(&[], &[]), 38, &[0]), "FAT12: ", &[]),
    ("a_long_name_of_one_part", || long(&[(0x41, 0, "name")]), FAT12, &[("name", FILE_IN_2)]),
    ("a_long_name_that_fills_its_part", || long(&[(0x41, 0, "thirteenunits")]), FAT12, &[("thirteenunits", FILE_IN_2)]),
    (
        "a_long_name_of_two_parts",
        || long(&[(0x42, 0, "end"), (1, 0, "the beginning")]),
        FAT12,
        &[("the beginningend", FILE_IN_2)],
    ),
    (
        "a_long_name_after_an_incomplete_one",
        || long(&[(0x43, 0, "half"), (2, 0, "half"), (0x41, 0, "name")]),
        FAT12,
        &[("name", FILE_IN_2)],
    ),
    ("a_long_name_of_20_parts", || directory_of_long_name(20), FAT12, LONGEST_NAME),
    ("a_long_name_of_21_parts_is_ignored_and_its_file", || directory_of_long_name(21), FAT12, &[("A/B", FILE_IN_2)]),
    ("a_long_name_of_no_parts_is_ignored_and_its_file", || long(&[(0x40, 0, "name")]), FAT12, SHORT_NAME),
    ("a_long_name_without_its_first_part_is_ignored_and_its_file", || long(&[(0x42, 0, "end")]), FAT12, SHORT_NAME),
    (
        "a_long_name_without_its_last_part_is_ignored_and_its_file",
        || long(&[(1, 0, "the beginning")]),
        FAT12,
        SHORT_NAME,
    ),
    (
        "a_long_name_without_its_middle_part_is_ignored_and_its_file",
        || long(&[(0x43, 0, "end"), (1, 0, "the beginning")]),
        FAT12,
        SHORT_NAME,
    ),
    (
        "a_long_name_with_parts_of_two_names_is_ignored_and_its_file",
        || long(&[(0x42, 0, "end"), (1, 1, "the beginning")]),
        FAT12,
        SHORT_NAME,
    ),
    ("a_long_name_for_another_short_name_is_ignored_and_its_file", || long(&[(0x41, 1, "name")]), FAT12, SHORT_NAME),
    (
        "a_long_name_before_a_deleted_entry_is_ignored_and_its_file",
        || long_before(entry(b"\xe5          ", FILE, 0, 0)),
        FAT12,
        SHORT_NAME,
    ),
    (
        "a_long_name_before_a_label_is_ignored_and_its_file",
        || long_before(entry(b"config-2   ", LABEL, 0, 0)),
        "FAT12: config-2",
        SHORT_NAME,
    ),
];

const ROCK_RIDGE: &str = "ISO 9660 with Rock Ridge: config-2";
// The label in the boot sector does not count.
const FAT12: &str = "FAT12: ";

// ISO 9660.

const fn block(number: usize) -> usize {
    number * 2048
}

const FILE_IN_20: &[(usize, usize)] = &[(block(20), 9)];

/// POSIX file attributes of a regular file.
const PX: &[u8] = b"PX\x24\x01\xa4\x81\0\0\0\0\x81\xa4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The directory's own two records, 57 of associated files, one that fills the block, and one more.
fn full_block() -> Vec<u8> {
    let last = [("ABCDEF.;1", FILE, 22, 9), ("B.;1", FILE, 23, 9)];
    iso(&[&[("A", ASSOCIATED, 20, 9); 57][..], &last].concat())
}

const FULL_BLOCK: &[File] = &[("abcdef", &[(block(22), 9)]), ("b", &[(block(23), 9)])];

fn small_blocks() -> Vec<u8> {
    let image = changed(iso(&[("A.;1", FILE, 80, 9)]), DESCRIPTOR + 128, &[0, 2, 2, 0]);
    changed(image, DESCRIPTOR + 156, &record(b"\0", DIRECTORY, 72, 2048, &[]))
}

/// Type, label, escape sequence and the root's block of a volume descriptor.
type Volume = (u8, &'static str, &'static str, u32);

const BOOT: Volume = (0, "other", "", 21);
const PRIMARY: Volume = (1, "config-2", "", 20);
const JOLIET: Volume = (2, "other", "%/@", 21);
const END: Volume = (255, "", "", 0);

/// A root directory with plain names in block 20, and one with Joliet's in block 21.
fn volumes(volumes: &[Volume]) -> Vec<u8> {
    let mut image = vec![0; block(BLOCKS)];
    for (place, &(kind, label, escape, root)) in image[DESCRIPTOR..].chunks_mut(2048).zip(volumes) {
        place.copy_from_slice(&changed(descriptor(kind, label, root, 2048), 88, escape.as_bytes()));
    }
    let image = changed(image, block(20), &plain_directory(20));
    changed(image, block(21), &directory(21, 2048, &[("\0B", FILE, 23, 9)], &[]))
}

fn plain_directory(location: u32) -> Vec<u8> {
    directory(location, 2048, &[("A.;1", FILE, 22, 9)], &[])
}

const PLAIN_FILES: &[File] = &[("a", &[(block(22), 9)])];
const JOLIET_FILES: &[File] = &[("B", &[(block(23), 9)])];

/// Skips this many bytes before the entries (SUSP, 5.3), in every record except the first.
fn skipping(bytes: u8, entries: &[&[u8]]) -> Vec<u8> {
    changed(rock_ridge(entries), ROOT + 34 + 6, &[bytes])
}

// FAT.

const LABEL: u8 = 0x08;
const FAT_DIRECTORY: u8 = 0x10;

const A: &[u8; 11] = b"A          ";
const B: &[u8; 11] = b"B          ";

/// The offset of a cluster in an image that `fat` made.
const fn cluster(number: usize) -> usize {
    (number + 1) * 512
}

const FILE_IN_2: &[(usize, usize)] = &[(cluster(2), 9)];

/// The first cluster is full of deleted entries, and the reserved bits of the table's entries are not zero.
fn fat32_root() -> Vec<u8> {
    let image =
        fat_of(FatWidth::Fat32, 1, 200, &[(b"\xe5          ", FILE, 0, 0); 16], &[(2, 0xf000_0003), (3, u32::MAX)]);
    changed(image, (2 + 1) * 512, &entry(A, FILE, 4, 9))
}

fn fat_directory() -> Vec<u8> {
    let image = fat(&[(A, FAT_DIRECTORY, 2, 0)], &[(2, 4), (4, 0xfff)]);
    let full = [[entry(A, FILE, 5, 9)].as_slice(), &[entry(b"\xe5          ", FILE, 0, 0); 15]].concat();
    changed(changed(image, cluster(2), &full.concat()), cluster(4), &entry(B, FILE, 6, 9))
}

/// Windows NT's bits for names or extensions in lower case.
fn lower_case() -> Vec<u8> {
    let names = [(b"ONE     TXT", 0), (b"TWO     TXT", 0x08), (b"THREE   TXT", 0x10), (b"FOUR    TXT", 0x18)];
    let entries = names.map(|(name, case)| {
        let mut entry = entry(name, FILE, 0, 0);
        entry[12] = case;
        entry
    });
    changed(fat(&[], &[]), FAT_ROOT, &entries.concat())
}

const LOWER_CASE: &[File] = &[("ONE.TXT", &[]), ("THREE.txt", &[]), ("four.txt", &[]), ("two.TXT", &[])];

const SHORT: &[u8; 11] = b"SHORT~1 TXT";
const SHORT_NAME: &[File] = &[("SHORT~1.TXT", FILE_IN_2)];

/// Parts of a long name before a short one: each with its order, the error in its checksum, and its characters.
fn long(parts: &[(u8, u8, &str)]) -> Vec<u8> {
    let parts = parts.iter().map(|&(order, wrong, part)| long_entry(order, checksum(SHORT).wrapping_add(wrong), part));
    let entries: Vec<_> = parts.chain([entry(SHORT, FILE, 2, 9)]).collect();
    changed(fat(&[], &[]), FAT_ROOT, &entries.concat())
}

/// A long name, with this entry between it and the short one.
fn long_before(between: [u8; 32]) -> Vec<u8> {
    let entries = [long_entry(0x41, checksum(SHORT), "name"), between, entry(SHORT, FILE, 2, 9)];
    changed(fat(&[], &[]), FAT_ROOT, &entries.concat())
}

/// A directory in clusters 3 and 4 with a long name of this many parts.
fn directory_of_long_name(parts: u8) -> Vec<u8> {
    let order = |number| if number == parts { number | 0x40 } else { number };
    let long = (1..=parts).rev().map(|number| long_entry(order(number), checksum(B), "thirteenunits"));
    let entries: Vec<_> = long.chain([entry(B, FILE, 2, 9)]).collect();
    changed(fat(&[(A, FAT_DIRECTORY, 3, 0)], &[(3, 4), (4, 0xfff)]), cluster(3), &entries.concat())
}

const LONGEST_NAME: &[File] = &[(
    "A/thirteenunitsthirteenunitsthirteenunitsthirteenunitsthirteenunitsthirteenunitsthirteenunitsthirteenunits\
     thirteenunitsthirteenunitsthirteenunitsthirteenunitsthirteenunitsthirteenunitsthirteenunitsthirteenunits\
     thirteenunitsthirteenunitsthirteenunitsthirteenunits",
    FILE_IN_2,
)];
