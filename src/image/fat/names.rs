//! Short names: eight characters, a dot, three characters.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    vec::Vec,
};

use super::super::ImageError;
use crate::tree::{Directory, Entry, Name};

/// DIR_Name: eight bytes and three bytes, padded with spaces.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ShortName(pub [u8; 11]);

impl ShortName {
    /// Name of the entry `.`.
    pub const SELF: Self = Self(*b".          ");

    /// Name of the entry `..`.
    pub const PARENT: Self = Self(*b"..         ");

    /// Returns `name` as a short name, if it is one or differs only in case.
    fn of(name: &str) -> Option<Self> {
        let (base, extension) = name.split_once('.').unwrap_or((name, ""));
        let is_short = (1..=BASE).contains(&base.len())
            && extension.len() <= EXTENSION
            && (base.bytes().chain(extension.bytes())).all(is_kept)
            && extension.is_empty() != name.contains('.');
        is_short.then(|| Self::new(base.bytes(), extension.bytes()))
    }

    fn new(base: impl IntoIterator<Item = u8>, extension: impl IntoIterator<Item = u8>) -> Self {
        let mut name = [b' '; BASE + EXTENSION];
        let (base_field, extension_field) = name.split_at_mut(BASE);
        for (place, byte) in base_field.iter_mut().zip(base).chain(extension_field.iter_mut().zip(extension)) {
            *place = byte.to_ascii_uppercase();
        }
        Self(name)
    }

    /// Returns the checksum by which long entries refer to the name (FATGEN, "Organization and Association of Short & Long Directory
    /// Entries").
    pub fn checksum(&self) -> u8 {
        self.0.iter().fold(0, |sum: u8, byte| sum.rotate_right(1).wrapping_add(*byte))
    }
}

/// An entry of a directory, preceded by its short name.
pub type Shortened<'t> = (ShortName, &'t Name, &'t Entry);

/// Assigns a unique short name to everything in `directory`.
pub fn shorten(directory: &Directory) -> Result<Vec<Shortened<'_>>, ImageError> {
    // Names that are already short come first. No two of them collide, because a tree's names differ in more than case.
    let mut taken: BTreeSet<_> = directory.entries().filter_map(|(name, _)| ShortName::of(name.as_str())).collect();
    let mut numbers = BTreeMap::new();
    let mut shortened = Vec::new();
    for (name, entry) in directory.entries() {
        let short = match ShortName::of(name.as_str()) {
            Some(short) => short,
            None => numbered(name.as_str(), &mut taken, &mut numbers)
                .ok_or_else(|| ImageError::NameClash { name: name.as_str().into() })?,
        };
        shortened.push((short, name, entry));
    }
    Ok(shortened)
}

/// Returns whether `name` needs no long entry because it is a short name in upper case.
pub fn is_short(name: &str) -> bool {
    ShortName::of(name).is_some() && !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// Returns the basis name with a numeric tail (FATGEN, "The Basis-Name Generation Algorithm" and "The Numeric-Tail Generation
/// Algorithm").
///
/// `numbers` maps a number of digits, and the name around them, to the next number to try, so that each number is tried once.
fn numbered(
    name: &str,
    taken: &mut BTreeSet<ShortName>,
    numbers: &mut BTreeMap<(usize, ShortName), u32>,
) -> Option<ShortName> {
    let name = name.trim_start_matches(['.', ' ']);
    let (base, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let mapped = |text: &str| -> Vec<u8> {
        let kept = |character: char| u8::try_from(character).ok().filter(|byte| is_kept(*byte)).unwrap_or(b'_');
        text.chars().filter(|character| !" .".contains(*character)).map(kept).take(BASE).collect()
    };
    let (base, extension) = (mapped(base), mapped(extension));
    for digits in 1..BASE - 1 {
        let stem = base.iter().copied().take(BASE - 1 - digits);
        let first = 10_u32.pow(digits as u32 - 1);
        let next = numbers.entry((digits, ShortName::new(stem.clone(), extension.iter().copied()))).or_insert(first);
        while *next < first * 10 {
            let tail = format!("~{next}");
            *next += 1;
            let short = ShortName::new(stem.clone().chain(tail.bytes()), extension.iter().copied());
            if taken.insert(short) {
                return Some(short);
            }
        }
    }
    None
}

/// Returns whether a short name may contain `byte` (FATGEN, "Name Limits and Character Sets"), in either case.
fn is_kept(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"$%'-_@~`!(){}^#&".contains(&byte)
}

const BASE: usize = 8;
const EXTENSION: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Content, Tree};
    use alloc::string::String;

    fn short_names(names: &[&str]) -> Vec<String> {
        let mut tree = Tree::default();
        for name in names {
            tree.insert(name, Content::default()).unwrap();
        }
        let mut shortened = shorten(tree.root()).unwrap();
        shortened.sort_by_key(|(_, name, _)| names.iter().position(|given| *given == name.as_str()));
        shortened.into_iter().map(|(short, ..)| String::from_utf8(short.0.into()).unwrap()).collect()
    }

    #[test]
    fn a_short_name_is_kept_except_for_its_case() {
        for (name, short) in [
            ("README.TXT", "README  TXT"),
            ("latest", "LATEST     "),
            ("a.b", "A       B  "),
            ("12345678.123", "12345678123"),
            ("x~1", "X~1        "),
        ] {
            assert_eq!(short_names(&[name]), [short], "{name}");
            assert_eq!(is_short(name), !name.contains(char::is_lowercase));
        }
    }

    #[test]
    fn other_names_get_a_number() {
        for (name, short) in [
            ("meta_data.json", "META_D~1JSO"),
            ("2018-08-27", "2018-0~1   "),
            (".hidden", "HIDDEN~1   "),
            ("..two", "TWO~1      "),
            ("a.b.c", "AB~1    C  "),
            ("with space", "WITHSP~1   "),
            ("plus+eq=.x", "PLUS_E~1X  "),
            ("é日", "__~1       "),
            ("ab.é", "AB~1    _  "),
            ("123456789", "123456~1   "),
        ] {
            assert_eq!(short_names(&[name]), [short], "{name}");
            assert!(!is_short(name));
        }
    }

    #[test]
    fn a_number_is_chosen_that_is_free() {
        assert_eq!(
            short_names(&["meta_data", "META_D~1", "meta_d~3", "meta_dat1", "meta_dat2", "meta_dat2.x"]),
            ["META_D~5   ", "META_D~1   ", "META_D~3   ", "META_D~2   ", "META_D~4   ", "META_D~1X  "]
        );
    }

    #[test]
    fn many_names_that_start_alike_all_get_a_short_name() {
        let names: Vec<String> =
            (0..20_000).map(|index| format!("{}-{index:05}", ["alike", "alien", "al"][index % 3])).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let short: BTreeSet<String> = short_names(&names[..3000]).into_iter().collect();
        assert_eq!(short.len(), 3000);
        let mut tree = Tree::default();
        for name in names {
            tree.insert(name, Content::default()).unwrap();
        }
        let short: BTreeSet<_> = shorten(tree.root()).unwrap().into_iter().map(|(short, ..)| short).collect();
        assert_eq!(short.len(), 20_000);
    }

    /// FATGEN's example is in the tests of directory entries; this is its algorithm, written out.
    #[test]
    fn the_checksum_rotates_and_adds() {
        assert_eq!(ShortName(*b"\x80          ").checksum(), {
            let mut sum: u8 = 0x80;
            for _ in 0..10 {
                sum = (if sum & 1 == 1 { 0x80_u8 } else { 0 }).wrapping_add(sum >> 1).wrapping_add(b' ');
            }
            sum
        });
    }

    /// FATGEN, "The Numeric-Tail Generation Algorithm": `~1` to `~999999`.
    #[test]
    fn a_number_has_at_most_six_digits() {
        let stem = |digits: usize| ShortName::new("alike-".bytes().take(7 - digits), []);
        let mut numbers: BTreeMap<_, _> =
            (1..=6).map(|digits| ((digits, stem(digits)), 10_u32.pow(digits as u32))).collect();
        numbers.insert((6, stem(6)), 999_999);
        let mut taken = BTreeSet::new();
        assert_eq!(numbered("alike-99", &mut taken, &mut numbers), Some(ShortName(*b"A~999999   ")));
        assert_eq!(numbered("alike-99", &mut taken, &mut numbers), None);
    }
}
