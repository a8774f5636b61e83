//! The names of files and directories in the plain and the Joliet tree.

use alloc::{collections::BTreeMap, collections::BTreeSet, vec::Vec};

use super::super::ImageError;
use crate::tree::{Directory, Entry, Name};

/// One of the two trees of an image, which differ in their names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Naming {
    /// The primary volume's tree, which has Rock Ridge's names alongside the plain ones.
    Plain,
    /// The supplementary volume's tree, with names in UCS-2.
    Joliet,
}

impl Naming {
    /// Returns the entries of `directory` with their identifiers, in the order of directory records (ECMA-119, 9.3).
    pub fn identify(self, directory: &Directory) -> Result<Vec<Identified<'_>>, ImageError> {
        let mut identified = match self {
            Self::Plain => plain(directory)?,
            // Without a version, like genisoimage's.
            Self::Joliet => {
                directory.entries().map(|(name, entry)| (ucs2(name.as_str()).collect(), name, entry)).collect()
            }
        };
        identified.sort_unstable_by(|(a, ..), (b, ..)| without_version(a).cmp(without_version(b)).then(a.cmp(b)));
        Ok(identified)
    }
}

/// An entry of a directory, preceded by its identifier in one of the trees.
pub type Identified<'t> = (Vec<u8>, &'t Name, &'t Entry);

/// Encodes big-endian UCS-2 (Joliet, "Unicode character set"). A [`Name`] contains no characters outside UCS-2.
pub fn ucs2(text: &str) -> impl Iterator<Item = u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes)
}

/// Length of the longest identifier that [`Naming::identify`] returns, in bytes: a Joliet one.
pub const MAX_IDENTIFIER: usize = 2 * Name::MAX_LENGTH;

fn plain(directory: &Directory) -> Result<Vec<Identified<'_>>, ImageError> {
    let mut taken = BTreeSet::new();
    // The next number to try, so that many names that start alike do not need quadratic time.
    let mut numbers = BTreeMap::new();
    let mut identified = Vec::new();
    for (name, entry) in directory.entries() {
        let version: &[u8] = if matches!(entry, Entry::File(_)) { b";1" } else { b"" };
        let mut identifier = [&*short_name(name.as_str(), entry), version].concat();
        if taken.contains(&identifier) {
            let (stem, extension) = around_number(without_version(&identifier));
            let number = numbers.entry([stem, b"*", extension].concat()).or_insert(0);
            identifier = loop {
                let digits =
                    three_digits(*number).ok_or_else(|| ImageError::NameClash { name: name.as_str().into() })?;
                *number += 1;
                let numbered = [stem, &digits, extension, version].concat();
                if !taken.contains(&numbered) {
                    break numbered;
                }
            };
        }
        taken.insert(identifier.clone());
        identified.push((identifier, name, entry));
    }
    Ok(identified)
}

/// Returns the name that genisoimage assigns with `-ldots -allow-lowercase -allow-multidot -l`, without the version: at most
/// [`PLAIN_LENGTH`] bytes, and with a dot in a file's name. Its rule for editors' backup files (`a.c.~1~`) is left out.
fn short_name(name: &str, entry: &Entry) -> Vec<u8> {
    let mapped: Vec<u8> = name.bytes().map(|byte| if is_kept(byte) { byte } else { b'_' }).collect();
    if let Entry::Directory(_) = entry {
        return mapped.into_iter().take(PLAIN_LENGTH).collect();
    }
    let dot = mapped.iter().rposition(|&byte| byte == b'.').unwrap_or(mapped.len());
    let (stem, extension) = mapped.split_at_checked(dot).unwrap_or((&mapped, &[]));
    let room = if extension.len() > PLAIN_LENGTH / 2 + 1 { PLAIN_LENGTH / 2 } else { PLAIN_LENGTH - extension.len() };
    let (kept, lost) = stem.split_at_checked(room).unwrap_or((stem, &[]));
    // genisoimage counts dots that do not fit, although it drops them.
    let lost_dots = lost.iter().filter(|&&byte| byte == b'.').count();
    let room = PLAIN_LENGTH.saturating_sub(kept.len()).saturating_sub(lost_dots);
    let mut short = kept.to_vec();
    short.extend(extension.iter().take(room));
    if extension.is_empty() || room == 0 {
        // A name of 30 bytes would leave room for the dot, but loses its last byte as longer ones do.
        short.truncate(if short.len() < PLAIN_LENGTH { PLAIN_LENGTH - 2 } else { PLAIN_LENGTH - 1 });
        short.push(b'.');
    }
    short
}

/// Splits a name that is already in use, at the place where genisoimage inserts a number: before the first dot, or before the last
/// one if the name starts with a dot.
fn around_number(name: &[u8]) -> (&[u8], &[u8]) {
    let first = name.iter().position(|&byte| byte == b'.');
    let dot = if first == Some(0) { name.iter().rposition(|&byte| byte == b'.') } else { first };
    let (stem, extension) = name.split_at_checked(dot.unwrap_or(name.len())).unwrap_or((name, &[]));
    let extension = extension.get(..PLAIN_LENGTH - 3).unwrap_or(extension);
    (stem.get(..PLAIN_LENGTH - 3 - extension.len()).unwrap_or(stem), extension)
}

/// Returns a number as `000` to `ZZZ`.
fn three_digits(number: u32) -> Option<[u8; 3]> {
    let digit = |value: u32| char::from_digit(value, 36).map(|digit| digit.to_ascii_uppercase() as u8);
    Some([digit(number / 1296)?, digit(number / 36 % 36)?, digit(number % 36)?])
}

fn without_version(identifier: &[u8]) -> &[u8] {
    identifier.strip_suffix(b";1").unwrap_or(identifier)
}

fn is_kept(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.".contains(&byte)
}

/// Maximum length of a plain name, in bytes, at ECMA-119's levels 2 and 3 (7.5.1 and 7.6.3).
const PLAIN_LENGTH: usize = 31;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Content, Tree};
    use alloc::{format, string::String};

    fn plain_names(paths: &[&str]) -> Vec<String> {
        let mut tree = Tree::default();
        for path in paths {
            tree.insert(path, Content::default()).unwrap();
        }
        let identified = Naming::Plain.identify(tree.root()).unwrap();
        identified.into_iter().map(|(identifier, ..)| String::from_utf8(identifier).unwrap()).collect()
    }

    #[test]
    fn plain_names_are_those_of_genisoimage() {
        let a = |count| "a".repeat(count);
        for (name, plain) in [
            ("network_data.json", "network_data.json;1"),
            ("user_data", "user_data.;1"),
            ("2018-08-27/f", "2018_08_27"),
            ("1.0/f", "1.0"),
            (".hidden", ".hidden;1"),
            ("a.b.c.json", "a.b.c.json;1"),
            ("é b+c.txt", "___b_c.txt;1"),
            (&a(40), &format!("{}.;1", a(30))),
            (&a(30), &format!("{}.;1", a(29))),
            (&a(29), &format!("{}.;1", a(29))),
            (&format!("{}/f", a(40)), &a(31)),
            (&format!("{}.json", a(40)), &format!("{}.json;1", a(26))),
            (&format!("{}.{}", a(40), a(20)), &format!("{}.{};1", a(15), a(15))),
            (&format!("{}.b.json", a(28)), &format!("{}.jso;1", a(26))),
        ] {
            assert_eq!(plain_names(&[name]), [plain], "{name}");
        }
    }

    #[test]
    fn colliding_plain_names_get_numbers() {
        assert_eq!(
            plain_names(&["a-b", "a+b", "a_b", "a-b.c/f", "a b.c/f"]),
            ["a_b.;1", "a_b.c", "a_b000.;1", "a_b000.c", "a_b001.;1"]
        );
        let long = |end| format!("{}{end}", "q".repeat(40));
        assert_eq!(
            plain_names(&[&long("1.txt"), &long("2.txt")]),
            [format!("{}000.txt;1", "q".repeat(24)), format!("{}.txt;1", "q".repeat(27))]
        );
    }

    #[test]
    fn numbers_end_at_zzz() {
        assert_eq!(three_digits(36 * 36 * 36 - 1), Some(*b"ZZZ"));
        assert_eq!(three_digits(36 * 36 * 36), None);
    }

    #[test]
    fn joliet_names_are_ucs2_and_sorted_by_their_bytes() {
        let mut tree = Tree::default();
        for path in ["b", "B2", "é", "a"] {
            tree.insert(path, Content::default()).unwrap();
        }
        let identifiers: Vec<_> =
            Naming::Joliet.identify(tree.root()).unwrap().into_iter().map(|(identifier, ..)| identifier).collect();
        assert_eq!(identifiers, [&b"\0B\x002"[..], b"\0a", b"\0b", b"\0\xe9"]);
    }

    #[test]
    fn an_extension_leaves_half_of_the_length_to_the_stem() {
        let a = |count| "a".repeat(count);
        for (stem, extension, plain) in [
            (a(40), a(14), format!("{}.{};1", a(16), a(14))),
            (a(40), a(15), format!("{}.{};1", a(15), a(15))),
            (a(40), a(16), format!("{}.{};1", a(15), a(15))),
            // Dropped dots use up the extension's bytes.
            (format!("{}.....", a(26)), "json".into(), format!("{}.;1", a(26))),
        ] {
            assert_eq!(plain_names(&[&format!("{stem}.{extension}")]), [plain], "{stem}.{extension}");
        }
    }

    #[test]
    fn a_number_is_before_the_last_dot_if_the_name_starts_with_a_dot() {
        assert_eq!(plain_names(&[".a+b.c", ".a-b.c"]), [".a_b.c;1", ".a_b000.c;1"]);
        assert_eq!(plain_names(&[".a+b", ".a-b"]), [".a_b;1", "000.a_b;1"]);
        assert_eq!(plain_names(&["a+b.c.d", "a-b.c.d"]), ["a_b.c.d;1", "a_b000.c.d;1"]);
        // In a directory's name, the part from the dot on is cut to 28 characters.
        let b = |count| "b".repeat(count);
        assert_eq!(
            plain_names(&[&format!("a.{}+/f", b(28)), &format!("a.{}-/f", b(28))]),
            [format!("000.{}", b(27)), format!("a.{}_", b(28))]
        );
    }

    #[test]
    fn numbers_are_in_base_36() {
        for (number, digits) in [(0, b"000"), (35, b"00Z"), (36, b"010"), (1371, b"123"), (13_368, b"ABC")] {
            assert_eq!(three_digits(number), Some(*digits));
        }
    }

    #[test]
    fn the_longest_identifier_is_joliets() {
        let mut tree = Tree::default();
        tree.insert(&"日".repeat(Name::MAX_LENGTH), Content::default()).unwrap();
        let length = |naming: Naming| naming.identify(tree.root()).unwrap()[0].0.len();
        assert_eq!((length(Naming::Plain), length(Naming::Joliet)), (33, MAX_IDENTIFIER));
    }
}
