//! The files of a metadata document's drive, as openstacksdk makes them (`openstack.baremetal.configdrive.build`).

use alloc::format;

use super::json;
use crate::{
    Error,
    document::{MetaDataDocument, Object, UserData},
    tree::{Content, Tree},
};

/// openstacksdk's versions where the caller names none.
const VERSIONS: [&str; 2] = ["2012-08-10", "latest"];

/// The drive's files. What is empty has no file, but for the metadata.
pub fn tree(document: &MetaDataDocument<'_>) -> Result<Tree, Error> {
    let filled = |object: Option<&Object<'_>>| object.filter(|object| !object.is_empty()).cloned().map(json);
    let user_data = document.user_data.as_ref().and_then(|user_data| match user_data {
        UserData::Text("") => None,
        UserData::Text(text) => Some(Content::from(text.as_bytes().to_vec())),
        UserData::Json(value) => Some(json((*value).clone())),
    });
    let files = [
        ("meta_data.json", Some(json(document.meta_data.clone()))),
        ("network_data.json", filled(document.network_data)),
        ("vendor_data2.json", filled(document.vendor_data)),
        ("user_data", user_data),
    ];
    let mut tree = Tree::default();
    for version in VERSIONS {
        for (name, content) in &files {
            if let Some(content) = content {
                tree.insert(&format!("openstack/{version}/{name}"), content.clone())?;
            }
        }
    }
    Ok(tree)
}
