//! The files of a drive: paths and contents, and the rules for names.
//!
//! What stands in a [`Tree`] can be written into every format and be read by every reader: the image writers ask nothing
//! about names any more.

use alloc::{borrow::ToOwned, collections::BTreeMap, rc::Rc, string::String, vec::Vec};
use core::{fmt, iter};

/// What a file holds. The same content may stand under many paths: user data stands in every version's folder. What was
/// decoded comes as a vector and is not copied.
pub type Content = Rc<Vec<u8>>;

/// The files of a drive.
#[derive(Debug, Default)]
pub struct Tree {
    root: Directory,
    entries: usize,
    paths_length: usize,
}

impl Tree {
    /// The most names in a path. ECMA-119 (6.8.2.1) would have eight levels; readers take any depth, and genisoimage
    /// moves deep folders elsewhere only to keep to the letter. With sixteen the longest path is below Linux's 4096 bytes.
    pub const MAX_PATH_NAMES: usize = 16;

    /// The most files and folders: as many as are read back. Nova's drives have some fifty.
    pub const MAX_ENTRIES: usize = 65_536;

    /// The most bytes of all their paths together: as many as are read back.
    pub const MAX_PATHS_LENGTH: usize = 16 << 20;

    /// Puts a file under `path`, whose names are separated by `/`; folders come into being as needed.
    ///
    /// A path that any format or reader would stumble over is refused, and the tree is as it was.
    pub fn insert(&mut self, path: &str, content: Content) -> Result<(), PathError> {
        insert(self, path, content).map_err(|fault| PathError { path: path.to_owned(), fault })
    }

    /// The folder that holds everything.
    pub fn root(&self) -> &Directory {
        &self.root
    }

    /// All files with their paths, a folder's before those of the next.
    pub fn files(&self) -> impl Iterator<Item = (String, &Content)> {
        let mut open = alloc::vec![(String::new(), self.root.entries.values())];
        iter::from_fn(move || {
            loop {
                let (folder, entries) = open.last_mut()?;
                match entries.next() {
                    None => {
                        open.pop();
                    }
                    Some((name, Entry::File(content))) => {
                        return Some((alloc::format!("{folder}{name}"), content));
                    }
                    Some((name, Entry::Directory(directory))) => {
                        let folder = alloc::format!("{folder}{name}/");
                        open.push((folder, directory.entries.values()));
                    }
                }
            }
        })
    }
}

/// A folder of a drive.
#[derive(Debug, Default)]
pub struct Directory {
    /// By folded name, so that two names that differ by case only cannot stand here.
    entries: BTreeMap<FoldedName, (Name, Entry)>,
}

impl Directory {
    /// What the folder holds, each under its name, in the order of the names without regard to case.
    pub fn entries(&self) -> impl Iterator<Item = (&Name, &Entry)> {
        self.entries.values().map(|(name, entry)| (name, entry))
    }
}

/// What a name in a folder stands for.
#[derive(Debug)]
pub enum Entry {
    /// A regular file.
    File(Content),
    /// A folder.
    Directory(Directory),
}

/// A name in a folder: one to [`Name::MAX_LENGTH`] characters of the Basic Multilingual Plane, none of which stops a reader.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Name(String);

impl Name {
    /// In characters, each of which is one UTF-16 unit: Joliet's limit, and that of Ironic's look at a drive.
    pub const MAX_LENGTH: usize = 64;

    /// The name as text.
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
        // Nearly all names are made of these, and nothing is wrong with any of them.
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

/// Why a path cannot stand on a drive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PathError {
    /// The path as it came, from a tenant: untrusted text. `Display` shows it escaped and cut.
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
        write!(f, "\": {}", self.fault)
    }
}

impl core::error::Error for PathError {}

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PathFault {
    /// Nothing at all.
    Empty,
    /// Begins with a slash.
    Absolute,
    /// Two slashes side by side, or one at the end.
    EmptyName,
    /// A name is `.` or `..`.
    Relative,
    /// NUL, a line break or the like.
    ControlCharacter,
    /// A character that a format has no room for, or that stops a reader.
    Character(char),
    /// A dot or a space ends a name.
    LastCharacter,
    /// A name has more than [`Name::MAX_LENGTH`] characters.
    NameTooLong,
    /// There are more than [`Tree::MAX_PATH_NAMES`] names.
    TooDeep,
    /// There is a file of that path already.
    Duplicate,
    /// A name stands in the same folder in another spelling of upper and lower case.
    CaseOnly,
    /// One of the path's folders is a file.
    FileIsFolder,
    /// The path's file is a folder.
    FolderIsFile,
    /// There would be more than [`Tree::MAX_ENTRIES`] files and folders.
    TooManyEntries,
    /// All paths together would have more than [`Tree::MAX_PATHS_LENGTH`] bytes.
    PathsTooLong,
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty; name a file",
            Self::Absolute => "begins with a slash; paths start at the drive's root without one",
            Self::EmptyName => "has an empty name; leave out the extra slash",
            Self::Relative => "has a name \".\" or \"..\"; write the path without them",
            Self::ControlCharacter => "has a control character; leave it out",
            Self::Character(character) => {
                return write!(
                    f,
                    "has the character '{}', which not every reader of drives takes (neither {REFUSED} nor any beyond \
                     U+FFFF); leave it out",
                    character.escape_debug()
                );
            }
            Self::LastCharacter => "has a name that ends in a dot or a space, which Windows drops; take another name",
            Self::NameTooLong => {
                return write!(f, "has a name of more than {} characters; shorten it", Name::MAX_LENGTH);
            }
            Self::TooDeep => return write!(f, "has more than {} names; take fewer folders", Tree::MAX_PATH_NAMES),
            Self::Duplicate => "is there twice; keep one",
            Self::CaseOnly => "differs from another path by upper and lower case only; rename one of them",
            Self::FileIsFolder => "runs through a file as if it were a folder; rename one of them",
            Self::FolderIsFile => "is a folder already; rename one of them",
            Self::TooManyEntries => {
                return write!(f, "is one too many: a drive has at most {} files and folders", Tree::MAX_ENTRIES);
            }
            Self::PathsTooLong => {
                return write!(f, "is one too many: a drive has at most {} bytes of paths", Tree::MAX_PATHS_LENGTH);
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
    // Everything is looked at before anything is changed: a path refused halfway leaves no empty folders.
    let names = path.split('/').map(Name::parse).collect::<Result<alloc::vec::Vec<_>, _>>()?;
    if names.len() > Tree::MAX_PATH_NAMES {
        return Err(PathFault::TooDeep);
    }
    let new = look_for_a_clash(&tree.root, &names)?;
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
            Entry::File(_) => return Err(PathFault::FileIsFolder),
        }
    }
    Ok(())
}

/// How many of the names are new.
fn look_for_a_clash(root: &Directory, names: &[Name]) -> Result<usize, PathFault> {
    let mut directory = root;
    let mut names = names.iter().peekable();
    while let Some(name) = names.next() {
        match directory.entries.get(&name.folded()) {
            None => return Ok(names.len() + 1),
            Some((there, _)) if there != name => return Err(PathFault::CaseOnly),
            Some((_, Entry::File(_))) if names.peek().is_some() => {
                return Err(PathFault::FileIsFolder);
            }
            Some((_, Entry::File(_))) => return Err(PathFault::Duplicate),
            Some((_, Entry::Directory(_))) if names.peek().is_none() => {
                return Err(PathFault::FolderIsFile);
            }
            Some((_, Entry::Directory(next))) => directory = next,
        }
    }
    Ok(0)
}

/// A name as readers that ignore case compare it.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct FoldedName(String);

/// `* : ; ? \` have no place in Joliet and stop Ironic's look at a drive; `" < > |` have none in FAT's long names. Joliet
/// is UCS-2: readers take characters beyond U+FFFF, but genisoimage gives up at them, and with it Ironic where it has to
/// master a drive anew.
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
    fn files_come_folder_by_folder() {
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
    fn a_name_is_one_that_every_format_and_reader_takes() {
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
    fn a_name_stands_for_one_thing_in_its_folder() {
        assert_eq!(fault(&["a", "a"]), PathFault::Duplicate);
        assert_eq!(fault(&["a", "a/b"]), PathFault::FileIsFolder);
        assert_eq!(fault(&["a/b", "a"]), PathFault::FolderIsFile);
        assert_eq!(fault(&["a", "A"]), PathFault::CaseOnly);
        assert_eq!(fault(&["Σ/a", "ς/b"]), PathFault::CaseOnly);
        tree(&["a/b", "b/B"]).unwrap();
    }

    #[test]
    fn a_tree_has_no_more_than_is_read_back() {
        let mut tree = Tree::default();
        for number in 0..Tree::MAX_ENTRIES - 1 {
            tree.insert(&format!("{number}"), content("")).unwrap();
        }
        assert_eq!(tree.insert("folder/file", content("")).unwrap_err().fault, PathFault::TooManyEntries);
        tree.insert("last", content("")).unwrap();
        let error = tree.insert("more", content("")).unwrap_err().to_string();
        assert_eq!(error, "path \"more\": is one too many: a drive has at most 65536 files and folders");

        let folder = format!("{}/", "\u{ffff}".repeat(64)).repeat(15);
        let mut tree = Tree::default();
        // Each of the folders has a path of its own.
        let mut left = Tree::MAX_PATHS_LENGTH - (1..=15).map(|count| 193 * count - 1).sum::<usize>();
        while left > 0 {
            // The last files lie in the root, so that nothing is left.
            let folder = if left > 3000 { &folder } else { "" };
            let path = format!("{folder}{left:0>length$}", length = left.min(64));
            tree.insert(&path, content("")).unwrap();
            left -= path.len();
        }
        assert_eq!(tree.insert("z", content("")).unwrap_err().fault, PathFault::PathsTooLong);
    }

    #[test]
    fn a_refused_path_leaves_the_tree_as_it_was() {
        let mut tree = tree(&["a/b"]).unwrap();
        tree.insert("c/d/..", content("")).unwrap_err();
        tree.insert("A/x/y", content("")).unwrap_err();
        assert_eq!(tree.root().entries().count(), 1);
    }

    #[test]
    fn an_error_shows_the_path_without_its_control_characters_and_cut() {
        let message = tree(&["a\x1b[31m\n"]).unwrap_err().to_string();
        assert_eq!(message, r#"path "a\u{1b}[31m\n": has a control character; leave it out"#);
        let message = tree(&[&"x".repeat(100_000)]).unwrap_err().to_string();
        assert!(message.len() < 300 && message.contains('…'), "{message}");
    }

    #[test]
    fn a_name_is_shown_as_it_is() {
        let tree = tree(&["it's é"]).unwrap();
        assert!(tree.root().entries().map(|(name, _)| name.to_string()).eq(["it's é"]));
    }
}
