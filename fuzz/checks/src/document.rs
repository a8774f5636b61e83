//! Any document is refused with a one-line error, or built into a drive whose files are read back equal, and are the same if the
//! document is JSON and is read as YAML.

use configdrive::{Policy, image::read, tree::Tree};

use super::{
    assert_one_line,
    case::{case, native},
};

pub fn check(input: &[u8]) {
    let (document, options) = case(input);
    let options = native(&options);
    if let Err(error) = configdrive::required_by(&document, Policy { force_config_drive: true }) {
        assert_one_line(&error);
    }
    if let Err(error) = configdrive::check_document(&document, &options) {
        assert_one_line(&error);
    }
    let image = match configdrive::build_drive(&document, &options) {
        Ok(image) => image,
        Err(error) => return assert_one_line(&error),
    };

    let tree = configdrive::files(&document, &options).expect("the files of the drive that was built");
    assert_same_in_yaml(&document, &options, &tree);
    let mut files: Vec<_> = tree.files().map(|(path, content)| (path, content.as_slice())).collect();
    files.sort();
    let drive = read::read(&image).expect("a drive");
    assert_eq!(drive.label, "config-2");
    assert_eq!(drive.files.len(), files.len());
    for (read, (path, content)) in drive.files.iter().zip(&files) {
        assert!(read.path == *path && *read.content.bytes() == **content, "{path:?} is read as {:?}", read.path);
    }
}

/// YAML refuses some JSON, but must not read it differently. It folds more line breaks than JSON has.
fn assert_same_in_yaml(document: &str, options: &configdrive::Options, tree: &Tree) {
    if !document.trim_start().starts_with('{') || document.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        return;
    }
    match configdrive::files(&format!("---\n{document}"), options) {
        Ok(yaml) => assert!(yaml.files().eq(tree.files()), "the files differ in YAML"),
        Err(error) => assert_one_line(&error),
    }
}
