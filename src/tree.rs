//! The files of a drive: paths and contents, and the rules for names.
//!
//! A [`Tree`] can be written in every format and read by every reader, so the image writers need not check names again.

use alloc::{borrow::ToOwned, collections::BTreeMap, rc::Rc, string::String, vec::Vec};
use core::{fmt, iter};

/// The content of a file. It is shared because many paths may have the same content: user data is in every version's
/// directory. It is a vector, so that decoded base64 is moved in, not copied.
pub type Content = Rc<Vec<u8>>;

/// The files of a drive.
#[derive(Debug, Default)]
pub struct Tree {
    root: Directory,
    entries: usize,
    paths_length: usize,
}

impl Tree {
    /// Maximum number of names in a path. ECMA-119 (6.8.2.1) allows eight levels, but readers accept any depth; genisoimage
    /// relocates deep directories only to comply. With sixteen names, the longest path is shorter than Linux's limit of 4096 bytes.
    pub const MAX_PATH_NAMES: usize = 16;

    /// Maximum number of files and directories, which is our reader's limit. Nova's drives have about fifty.
    pub const MAX_ENTRIES: usize = 65_536;

    /// Maximum length of all paths together, in bytes, which is our reader's limit.
    pub const MAX_PATHS_LENGTH: usize = 16 << 20;

    /// Inserts a file at `path`, whose names are separated by `/`, and creates its directories.
    ///
    /// Refuses a path that any format or reader would have trouble with, and then leaves the tree unchanged.
    pub fn insert(&mut self, path: &str, content: Content) -> Result<(), PathError> {
        insert(self, path, content).map_err(|fault| PathError { path: path.to_owned(), fault })
    }

    /// Returns the root directory.
    pub fn root(&self) -> &Directory {
        &self.root
    }

    /// Returns all files with their paths, in depth-first order.
    pub fn files(&self) -> impl Iterator<Item = (String, &Content)> {
        let mut stack = alloc::vec![(String::new(), self.root.entries.values())];
        iter::from_fn(move || {
            loop {
                let (prefix, entries) = stack.last_mut()?;
                match entries.next() {
                    None => {
                        stack.pop();
                    }
                    Some((name, Entry::File(content))) => {
                        return Some((alloc::format!("{prefix}{name}"), content));
                    }
                    Some((name, Entry::Directory(directory))) => {
                        let prefix = alloc::format!("{prefix}{name}/");
                        stack.push((prefix, directory.entries.values()));
                    }
                }
            }
        })
    }
}

/// A directory of a drive.
#[derive(Debug, Default)]
pub struct Directory {
    /// Keyed by folded name, so that two names cannot differ only in case.
    entries: BTreeMap<FoldedName, (Name, Entry)>,
}

impl Directory {
    /// Returns the entries with their names, sorted by name ignoring case.
    pub fn entries(&self) -> impl Iterator<Item = (&Name, &Entry)> {
        self.entries.values().map(|(name, entry)| (name, entry))
    }
}

/// An entry of a directory.
#[derive(Debug)]
pub enum Entry {
    /// A regular file.
    File(Content),
    /// A directory.
    Directory(Directory),
}

/// A name in a directory: one to [`Name::MAX_LENGTH`] characters of the Basic Multilingual Plane that every reader accepts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Name(String);

impl Name {
    /// Maximum number of characters in a name, each of which is one UTF-16 unit. It is the limit of Joliet, and of Ironic when it
    /// reads a drive.
    pub const MAX_LENGTH: usize = 64;

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(name: &str) -> Result<Self, PathFault> {
        if name.is_empty() {
            return Err(PathFault::EmptyName);
        }
        if name == "." || name == ".." {
            return Err(PathFault::Relative);
        }
        // A fast path: nearly all names have only these characters, and all of these are valid.
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
            if name.chars().any(char::is_control) {
                return Err(PathFault::ControlCharacter);
            }
            if let Some(character) = name.chars().find(|&c| REFUSED.contains(c) || c > '\u{ffff}') {
                return Err(PathFault::Character(character));
            }
        }
        if name.ends_with(['.', ' ']) {
            return Err(PathFault::LastCharacter);
        }
        if name.chars().count() > Self::MAX_LENGTH {
            return Err(PathFault::NameTooLong);
        }
        Ok(Self(name.to_owned()))
    }

    fn folded(&self) -> FoldedName {
        if self.0.is_ascii() {
            return FoldedName(self.0.to_ascii_lowercase());
        }
        FoldedName(self.0.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a path is not allowed on a drive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PathError {
    /// The path as the tenant wrote it: untrusted text. `Display` escapes and truncates it.
    pub path: String,
    /// What is wrong with it.
    pub fault: PathFault,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 160;
        f.write_str("path \"")?;
        for character in self.path.chars().take(SHOWN) {
            write!(f, "{}", character.escape_debug())?;
        }
        if self.path.chars().nth(SHOWN).is_some() {
            f.write_str("…")?;
        }
        write!(f, "\" {}", self.fault)
    }
}

impl core::error::Error for PathError {}

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PathFault {
    /// The path is empty.
    Empty,
    /// The path starts with a slash.
    Absolute,
    /// The path has two adjacent slashes, or one at the end.
    EmptyName,
    /// A name is `.` or `..`.
    Relative,
    /// A name has a control character, such as NUL or a line break.
    ControlCharacter,
    /// A name has a character that a format cannot store or a reader rejects.
    Character(char),
    /// A name ends with a dot or a space.
    LastCharacter,
    /// A name has more than [`Name::MAX_LENGTH`] characters.
    NameTooLong,
    /// The path has more than [`Tree::MAX_PATH_NAMES`] names.
    TooDeep,
    /// The tree already has a file with that path.
    Duplicate,
    /// A name differs only in case from another one in the same directory.
    CaseOnly,
    /// One of the path's directories is already a file.
    FileAsDirectory,
    /// The path is already a directory.
    DirectoryExists,
    /// There would be more than [`Tree::MAX_ENTRIES`] files and directories.
    TooManyEntries,
    /// All paths together would have more than [`Tree::MAX_PATHS_LENGTH`] bytes.
    PathsTooLong,
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty; name a file",
            Self::Absolute => "starts with a slash; remove it, paths are relative to the drive's root",
            Self::EmptyName => "has an empty name; remove the extra slash",
            Self::Relative => "has a name \".\" or \"..\"; write the path without it",
            Self::ControlCharacter => "has a control character; remove it",
            Self::Character(character) => {
                return write!(
                    f,
                    "has the character '{}', which some readers of drives reject (as they do {REFUSED} and all \
                     characters above U+FFFF); remove it",
                    character.escape_debug()
                );
            }
            Self::LastCharacter => "has a name that ends with a dot or a space, which Windows drops; rename it",
            Self::NameTooLong => {
                return write!(f, "has a name of more than {} characters; shorten it", Name::MAX_LENGTH);
            }
            Self::TooDeep => return write!(f, "has more than {} names; use fewer directories", Tree::MAX_PATH_NAMES),
            Self::Duplicate => "appears twice; remove one",
            Self::CaseOnly => "differs from another path only in case; rename one of them",
            Self::FileAsDirectory => "uses a file as a directory; rename one of them",
            Self::DirectoryExists => "is already a directory; rename one of them",
            Self::TooManyEntries => {
                return write!(f, "exceeds the drive's limit of {} files and directories", Tree::MAX_ENTRIES);
            }
            Self::PathsTooLong => {
                return write!(f, "exceeds the drive's limit of {} bytes for all paths", Tree::MAX_PATHS_LENGTH);
            }
        })
    }
}

fn insert(tree: &mut Tree, path: &str, content: Content) -> Result<(), PathFault> {
    if path.is_empty() {
        return Err(PathFault::Empty);
    }
    if path.starts_with('/') {
        return Err(PathFault::Absolute);
    }
    // Check everything before changing anything, so that a refused path leaves no empty directories.
    let names = path.split('/').map(Name::parse).collect::<Result<alloc::vec::Vec<_>, _>>()?;
    if names.len() > Tree::MAX_PATH_NAMES {
        return Err(PathFault::TooDeep);
    }
    let new = count_new_names(&tree.root, &names)?;
    let entries = tree.entries.saturating_add(new);
    if entries > Tree::MAX_ENTRIES {
        return Err(PathFault::TooManyEntries);
    }
    let mut paths_length = tree.paths_length;
    let mut end = path.len();
    for name in names.iter().rev().take(new) {
        paths_length = paths_length.saturating_add(end);
        end = end.saturating_sub("/".len() + name.as_str().len());
    }
    if paths_length > Tree::MAX_PATHS_LENGTH {
        return Err(PathFault::PathsTooLong);
    }
    (tree.entries, tree.paths_length) = (entries, paths_length);
    let mut names = names.into_iter().peekable();
    let mut directory = &mut tree.root;
    while let Some(name) = names.next() {
        if names.peek().is_none() {
            directory.entries.insert(name.folded(), (name, Entry::File(content)));
            break;
        }
        let entry = directory.entries.entry(name.folded());
        match &mut entry.or_insert_with(|| (name, Entry::Directory(Directory::default()))).1 {
            Entry::Directory(next) => directory = next,
            Entry::File(_) => return Err(PathFault::FileAsDirectory),
        }
    }
    Ok(())
}

/// Returns how many of the names are new, or how they clash with existing ones.
fn count_new_names(root: &Directory, names: &[Name]) -> Result<usize, PathFault> {
    let mut directory = root;
    let mut names = names.iter().peekable();
    while let Some(name) = names.next() {
        match directory.entries.get(&name.folded()) {
            None => return Ok(names.len() + 1),
            Some((existing, _)) if existing != name => return Err(PathFault::CaseOnly),
            Some((_, Entry::File(_))) if names.peek().is_some() => {
                return Err(PathFault::FileAsDirectory);
            }
            Some((_, Entry::File(_))) => return Err(PathFault::Duplicate),
            Some((_, Entry::Directory(_))) if names.peek().is_none() => {
                return Err(PathFault::DirectoryExists);
            }
            Some((_, Entry::Directory(next))) => directory = next,
        }
    }
    Ok(0)
}

/// A name with its case folded, to compare names as readers that ignore case do.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct FoldedName(String);

/// Joliet does not allow `* : ; ? \`, and Ironic cannot read a drive with them; FAT's long names do not allow `" < > |`.
/// Joliet is UCS-2: readers accept characters above U+FFFF, but genisoimage fails on them, and so does Ironic when it has to
/// rebuild a drive.
const REFUSED: &str = "\"*:;<>?\\|";

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString, vec::Vec};

    fn content(text: &str) -> Content {
        Content::from(text.as_bytes().to_vec())
    }

    fn tree(paths: &[&str]) -> Result<Tree, PathError> {
        let mut tree = Tree::default();
        for path in paths {
            tree.insert(path, content(path))?;
        }
        Ok(tree)
    }

    fn fault(paths: &[&str]) -> PathFault {
        let error = tree(paths).unwrap_err();
        assert!(!error.to_string().contains(char::is_control));
        error.fault
    }

    #[test]
    fn files_are_listed_depth_first() {
        let tree =
            tree(&["openstack/latest/user_data", "ec2/latest/meta-data.json", "a", "openstack/content/0000"]).unwrap();
        let paths: Vec<_> = tree.files().map(|(path, _)| path).collect();
        assert_eq!(paths, ["a", "ec2/latest/meta-data.json", "openstack/content/0000", "openstack/latest/user_data"]);
        assert!(tree.files().all(|(path, content)| path.as_bytes() == **content));
    }

    #[test]
    fn a_path_is_relative_to_the_root_and_plain() {
        assert_eq!(fault(&[""]), PathFault::Empty);
        assert_eq!(fault(&["/a"]), PathFault::Absolute);
        assert_eq!(fault(&["a//b"]), PathFault::EmptyName);
        assert_eq!(fault(&["a/"]), PathFault::EmptyName);
        assert_eq!(fault(&["a/../b"]), PathFault::Relative);
        assert_eq!(fault(&["."]), PathFault::Relative);
    }

    #[test]
    fn a_name_is_one_that_every_format_and_reader_accepts() {
        for name in ["a\0", "a\nb", "a\u{85}"] {
            assert_eq!(fault(&[name]), PathFault::ControlCharacter);
        }
        for character in REFUSED.chars().chain(['\u{1f600}']) {
            assert_eq!(fault(&[&format!("a{character}b")]), PathFault::Character(character));
        }
        assert_eq!(fault(&["a."]), PathFault::LastCharacter);
        assert_eq!(fault(&["a /b"]), PathFault::LastCharacter);
        assert_eq!(fault(&[&"é".repeat(65)]), PathFault::NameTooLong);
        tree(&[&"é".repeat(64), ".hidden", "..two", "with space", "日本語.txt"]).unwrap();
    }

    #[test]
    fn a_path_has_at_most_sixteen_names() {
        tree(&["1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/file"]).unwrap();
        assert_eq!(fault(&["1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/file"]), PathFault::TooDeep);
    }

    #[test]
    fn a_name_is_unique_in_its_directory() {
        assert_eq!(fault(&["a", "a"]), PathFault::Duplicate);
        assert_eq!(fault(&["a", "a/b"]), PathFault::FileAsDirectory);
        assert_eq!(fault(&["a/b", "a"]), PathFault::DirectoryExists);
        assert_eq!(fault(&["a", "A"]), PathFault::CaseOnly);
        assert_eq!(fault(&["Σ/a", "ς/b"]), PathFault::CaseOnly);
        tree(&["a/b", "b/B"]).unwrap();
    }

    #[test]
    fn a_tree_has_no_more_entries_than_can_be_read_back() {
        let mut tree = Tree::default();
        for number in 0..Tree::MAX_ENTRIES - 1 {
            tree.insert(&format!("{number}"), content("")).unwrap();
        }
        assert_eq!(tree.insert("folder/file", content("")).unwrap_err().fault, PathFault::TooManyEntries);
        tree.insert("last", content("")).unwrap();
        let error = tree.insert("more", content("")).unwrap_err().to_string();
        assert_eq!(error, "path \"more\" exceeds the drive's limit of 65536 files and directories");

        let directory = format!("{}/", "\u{ffff}".repeat(64)).repeat(15);
        let mut tree = Tree::default();
        // The path of each directory counts too.
        let mut left = Tree::MAX_PATHS_LENGTH - (1..=15).map(|count| 193 * count - 1).sum::<usize>();
        while left > 0 {
            // The last files are in the root, to use up exactly what is left.
            let prefix = if left > 3000 { &directory } else { "" };
            let path = format!("{prefix}{left:0>length$}", length = left.min(64));
            tree.insert(&path, content("")).unwrap();
            left -= path.len();
        }
        assert_eq!(tree.insert("z", content("")).unwrap_err().fault, PathFault::PathsTooLong);
    }

    #[test]
    fn a_refused_path_leaves_the_tree_unchanged() {
        let mut tree = tree(&["a/b"]).unwrap();
        tree.insert("c/d/..", content("")).unwrap_err();
        tree.insert("A/x/y", content("")).unwrap_err();
        assert_eq!(tree.root().entries().count(), 1);
    }

    #[test]
    fn an_error_shows_the_path_escaped_and_truncated() {
        let message = tree(&["a\x1b[31m\n"]).unwrap_err().to_string();
        assert_eq!(message, r#"path "a\u{1b}[31m\n" has a control character; remove it"#);
        let message = tree(&[&"x".repeat(100_000)]).unwrap_err().to_string();
        assert!(message.len() < 300 && message.contains('…'), "{message}");
    }

    #[test]
    fn a_name_is_shown_unescaped() {
        let tree = tree(&["it's é"]).unwrap();
        assert!(tree.root().entries().map(|(name, _)| name.to_string()).eq(["it's é"]));
    }
}
