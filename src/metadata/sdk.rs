//! The files of a metadata document's drive, as openstacksdk writes them (`openstack.baremetal.configdrive.build`).

use alloc::{format, vec::Vec};

use super::json;
use crate::{
    Error,
    document::{Json, MetaDataDocument, Object, UserData},
    tree::{Content, Tree},
};

/// openstacksdk's default versions.
const VERSIONS: [&str; 2] = ["2012-08-10", "latest"];

/// Builds the drive's files. Empty data gets no file, except for the metadata.
pub fn tree(document: &MetaDataDocument<'_>) -> Result<Tree, Error> {
    let non_empty = |object: Option<&Object<'_>>| object.filter(|object| !object.is_empty()).cloned().map(json);
    let user_data = document.user_data.as_ref().and_then(|user_data| match user_data {
        UserData::Text("") => None,
        UserData::Text(text) => Some(Content::from(text.as_bytes().to_vec())),
        UserData::Json(value) => Some(json((*value).clone())),
        UserData::Bytes(bytes) => Some(bytes.clone()),
    });
    let mut tree = Tree::default();
    let mut meta_data = document.meta_data.clone();
    if !document.injected_files.is_empty() {
        // As Nova lists them.
        let mut listed = Vec::new();
        for (file, index) in document.injected_files.iter().zip(0usize..) {
            let content_path = format!("/content/{index:04}");
            tree.insert(&format!("openstack{content_path}"), file.contents.clone())?;
            let members = [("path", file.path.into()), ("content_path", content_path.into())];
            listed.push(Json::from(Object::from(members)));
        }
        meta_data.set("files", listed.into_iter().collect());
    }
    let files = [
        ("meta_data.json", Some(json(meta_data))),
        ("network_data.json", non_empty(document.network_data)),
        ("vendor_data2.json", non_empty(document.vendor_data)),
        ("user_data", user_data),
    ];
    for version in VERSIONS {
        for (name, content) in &files {
            if let Some(content) = content {
                tree.insert(&format!("openstack/{version}/{name}"), content.clone())?;
            }
        }
    }
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use crate::{Options, files};
    use alloc::{format, string::String, vec::Vec};

    fn written(document: &str) -> Vec<(String, String)> {
        let tree = files(document, &Options::default()).unwrap();
        tree.files().map(|(path, content)| (path, String::from_utf8(content.to_vec()).unwrap())).collect()
    }

    #[test]
    fn empty_data_has_no_file_except_for_the_metadata() {
        for document in
            [r#"{"meta_data": {}}"#, r#"{"meta_data": {}, "user_data": "", "network_data": {}, "vendor_data": {}}"#]
        {
            let expected = ["2012-08-10", "latest"].map(|version| format!("openstack/{version}/meta_data.json"));
            assert_eq!(written(document), expected.map(|path| (path, "{}".into())), "{document}");
        }
    }

    #[test]
    fn both_versions_have_all_data_of_the_document() {
        let document =
            r##"{"meta_data": {"a": 1}, "network_data": {"b": 2}, "vendor_data": {"c": 3}, "user_data": "#!"}"##;
        let names = [
            ("meta_data.json", r#"{"a": 1}"#),
            ("network_data.json", r#"{"b": 2}"#),
            ("user_data", "#!"),
            ("vendor_data2.json", r#"{"c": 3}"#),
        ];
        let expected = ["2012-08-10", "latest"]
            .iter()
            .flat_map(|version| names.map(|(name, content)| (format!("openstack/{version}/{name}"), content.into())));
        assert_eq!(written(document), expected.collect::<Vec<_>>());
    }

    #[test]
    fn user_data_other_than_a_string_is_written_as_json() {
        for (user_data, text) in [(r#"{"a":[1]}"#, r#"{"a": [1]}"#), ("[]", "[]"), ("{}", "{}")] {
            let drive = written(&format!(r#"{{"meta_data": {{}}, "user_data": {user_data}}}"#));
            let found: Vec<_> = drive.iter().filter(|(path, _)| path.ends_with("/user_data")).collect();
            assert!(matches!(found[..], [(_, one), (_, other)] if one == text && other == text), "{found:?}");
        }
        assert!(files(r#"{"meta_data": {}, "user_data": 5}"#, &Options::default()).is_err());
    }
}
