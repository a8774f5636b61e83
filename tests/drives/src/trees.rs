//! Trees of files that are hard to read.

use configdrive::{
    image::{
        fat::{self, Geometry},
        iso9660,
    },
    tree::{Content, Tree},
};
use configdrive_support::Files;

/// Makes a tree.
pub type Make = fn() -> Files;

/// The trees. Each name completes a test's name such as `xorriso_reads_…`.
pub const TREES: &[(&str, Make)] = &[
    ("a_drive_from_nova", drive_of_nova),
    ("an_empty_tree", Files::new),
    ("deep_directories", deep),
    ("wide_directories", wide),
    ("long_and_non_ascii_names", long_and_non_ascii_names),
    ("files_of_sizes_around_a_sector", sizes),
    ("files_of_sizes_around_a_cluster", cluster_sizes),
    ("a_file_that_fills_a_fat12_to_its_last_cluster", full),
    ("files_with_equal_content", same),
    ("short_names_that_collide", alike_in_short),
    ("many_small_files_and_a_few_large_ones", many_and_large),
    ("random_tree_1", || random(1)),
    ("random_tree_2", || random(2)),
    ("random_tree_3", || random(3)),
    ("random_tree_4", || random(4)),
];

/// The kind of an image.
#[derive(Clone, Copy)]
pub enum Format {
    Iso9660,
    Fat(Geometry),
}

/// Returns our image of `files`.
pub fn image(files: &Files, format: Format) -> Vec<u8> {
    /// 2001-09-09T01:46:41Z. FAT counts in steps of two seconds, so it cannot represent this one.
    const DATE: u64 = 1_000_000_001;
    let mut tree = Tree::default();
    for (path, content) in files {
        tree.insert(path, Content::from(content.to_vec())).expect("a valid path");
    }
    match format {
        Format::Iso9660 => iso9660::write(&tree, DATE),
        Format::Fat(geometry) => fat::write(&tree, DATE, geometry),
    }
    .expect("an image")
}

pub fn drive_of_nova() -> Files {
    let mut files = Files::new();
    for version in ["2012-08-10", "2013-04-04", "2015-10-15", "2018-08-27", "2020-10-14", "latest"] {
        for name in ["meta_data.json", "network_data.json", "user_data", "vendor_data.json", "vendor_data2.json"] {
            files.insert(format!("openstack/{version}/{name}"), format!("{{\"{name}\": 1}}").into());
        }
    }
    for version in ["1.0", "2007-01-19", "2009-04-04", "latest"] {
        files.insert(format!("ec2/{version}/meta-data.json"), version.into());
    }
    files.insert("openstack/content/0000".into(), (0..=255).collect());
    files
}

fn deep() -> Files {
    let names =
        ["a", "b.c", "deep", &"d".repeat(64), &"é".repeat(64), "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"];
    (0..=names.len()).map(|depth| ([&names[..depth], &["file"]].concat().join("/"), depth.to_string().into())).collect()
}

/// Enough names that a directory takes several sectors, and the path table more than one.
fn wide() -> Files {
    let file = |index: usize| (format!("files/{index:03}-{}.txt", "n".repeat(index % 50)), index.to_string().into());
    let directory =
        |index: usize| (format!("folder-{index:03}/{}", "m".repeat(index % 64 + 1)), index.to_string().into());
    (0..500).map(file).chain((0..200).map(directory)).collect()
}

fn long_and_non_ascii_names() -> Files {
    let a = |count| "a".repeat(count);
    let names = [
        &*a(31),
        &a(64),
        &format!("b{}.json", a(58)),
        &format!("c{}.{}", a(30), a(30)),
        &format!("d.{}", a(60)),
        &format!("e.{}.{}.json", a(25), a(20)),
        &"é".repeat(64),
        &"日".repeat(64),
        &format!("{}.txt", "語".repeat(60)),
        &format!("{}/{}", "木".repeat(63), "本".repeat(64)),
        &format!("f{}/x", a(63)),
        ".hidden",
        "..two",
        ".a.b",
        "a.b.c.d",
        "-dash",
        "with space",
        "plus+eq=~!@#$%^&(){}[],.x",
        "quo'te`",
        "UPPER.TXT",
        "Mixed.Case.Txt",
        "\u{feff}x",
        "\u{e000}\u{ffee}",
        "ünï cödé.txt",
    ];
    names.iter().map(|name| (name.to_string(), name.as_bytes().to_vec())).collect()
}

fn sizes() -> Files {
    let sizes = [0, 1, 2047, 2048, 2049, 4095, 4096, 4097, 32_767, 65_536, 1_000_001];
    let mut files: Files = sizes.iter().map(|&size| (format!("size-{size}"), bytes(size as u64, size))).collect();
    files.insert("also-empty".into(), Vec::new());
    files.insert("zz-empty".into(), Vec::new());
    files
}

/// Sizes around FAT's clusters: 512 bytes and the powers of two above.
fn cluster_sizes() -> Files {
    let sizes = (9..=16).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 1]);
    sizes.map(|size: usize| (format!("size-{size}"), bytes(size as u64, size))).collect()
}

/// These do not differ in their 8.3 names, and some have the name that another would get.
fn alike_in_short() -> Files {
    let many = (0..300).map(|index| format!("network_data-{index}.json"));
    let named = ["NETWOR~1.JSO", "networ~7.jso", "NETWO~12.JSO", "README", "README.TXT", "readme.text", "Read me.txt"];
    let directories = (0..12).map(|index| format!("2018-08-{index:02}/file"));
    many.chain(named.map(String::from)).chain(directories).map(|name| (name.clone(), name.into_bytes())).collect()
}

fn many_and_large() -> Files {
    let small = (0..1500_usize).map(|index| (format!("small/{}/{index}.json", index % 9), bytes(7, index % 700)));
    let large = [1 << 20, 3_000_000, (4 << 20) + 1];
    small.chain(large.iter().map(|&size| (format!("large/{size}"), bytes(size as u64, size)))).collect()
}

/// A FAT12 table of 512 bytes has entries for 339 clusters.
fn full() -> Files {
    Files::from([("file".into(), bytes(1, 339 * 512))])
}

fn same() -> Files {
    let mut files: Files = (0..40).map(|index| (format!("{}/user_data", index), bytes(1, 5000))).collect();
    files.extend((0..10).map(|index| (format!("{index}/prefix"), bytes(1, 4999))));
    files
}

/// Names that differ, but are the same in the plain tree.
pub fn alike() -> Files {
    let q = |end| format!("{}{end}", "q".repeat(40));
    let names = [
        "a-b",
        "a+b",
        "a_b",
        "a b",
        "a-b.x",
        "a+b.x",
        &q("1"),
        &q("2"),
        &q("3.txt"),
        &q("4.txt"),
        &q("5.txt"),
        ".a-b.x.y",
        ".a+b.x.y",
        "d-1/f",
        "d_1/f",
        "d+1.x/f",
        "d-1.x/f",
        &q("6/f"),
        &q("7/f"),
    ];
    names.iter().map(|name| (name.to_string(), name.as_bytes().to_vec())).collect()
}

/// Up to 120 files in a random tree, without paths that are invalid.
fn random(seed: u64) -> Files {
    const CHARACTERS: [&str; 16] =
        ["a", "b", "c", "X", "Y", "0", "7", ".", "-", "_", "+", " ", "é", "日", "ß", "user_data"];
    let mut numbers = numbers(seed);
    let mut number = |below: u64| numbers.next().expect("endless") % below;
    let mut tree = Tree::default();
    let mut files = Files::new();
    let mut directories = vec![String::new()];
    for _ in 0..120 {
        let length = if number(4) == 0 { number(64) + 1 } else { number(12) + 1 };
        let name: String = (0..length).map(|_| CHARACTERS[number(16) as usize]).collect();
        let path = format!("{}{name}", directories[number(directories.len() as u64) as usize]);
        if number(4) == 0 {
            directories.push(format!("{path}/"));
            continue;
        }
        let size = [0, 1, number(100), number(5000), 2048 * number(4)][number(5) as usize];
        let content = bytes(number(9), size as usize);
        if tree.insert(&path, Content::from(content.clone())).is_ok() {
            files.insert(path, content);
        }
    }
    files
}

fn bytes(seed: u64, count: usize) -> Vec<u8> {
    numbers(seed).map(|number| (number >> 32) as u8).take(count).collect()
}

/// xorshift64*: the same numbers on every machine.
pub fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8
    })
}
