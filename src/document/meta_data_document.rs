//! The metadata document, as openstacksdk accepts it.

use alloc::vec::Vec;

use super::{
    error::{DocumentError, Problem},
    file::File,
    json::{Json, Object},
    overrides::Overrides,
    read::{Members, Result, all, base64, both, object},
};
use crate::tree::Content;

/// Metadata, as Ironic's API and `openstack.baremetal.configdrive.build` accept it.
#[derive(Debug)]
pub struct MetaDataDocument<'a> {
    /// The content of meta_data.json.
    pub meta_data: &'a Object<'a>,
    /// The content of user_data.
    pub user_data: Option<UserData<'a>>,
    /// Files for cloud-init to write into the instance.
    pub injected_files: Vec<File<'a>>,
    /// The content of network_data.json.
    pub network_data: Option<&'a Object<'a>>,
    /// The content of vendor_data2.json.
    pub vendor_data: Option<&'a Object<'a>>,
}

/// User data, as Ironic's API accepts it.
#[derive(Debug)]
pub enum UserData<'a> {
    /// The text itself, not in base64.
    Text(&'a str),
    /// An object or an array, which is written as JSON.
    Json(&'a Json<'a>),
    /// Any bytes, from base64. Ironic's API does not have this form.
    Bytes(Content),
}

impl<'a> MetaDataDocument<'a> {
    pub(super) fn parse(members: Members<'a>, overrides: &'a Overrides<'a>) -> Result<Self> {
        let meta_data = members.required("meta_data", object);
        let text = members.optional("user_data", UserData::parse);
        let mut bytes = members.optional("user_data_base64", |value| Ok(UserData::Bytes(base64(value)?.into())));
        if let (Ok(Some(_)), Ok(Some(_))) = (&text, &bytes) {
            let problem = "contradicts user_data; remove one of them";
            bytes = Err(DocumentError::from(Problem::Conflict(problem)).below("user_data_base64"));
        }
        let mut injected_files = members.list("injected_files", File::parse);
        if let (Ok([_, ..]), Ok(true)) =
            (injected_files.as_deref(), meta_data.as_ref().map(|data| data.get("files").is_some()))
        {
            let problem = "contradicts injected_files, which makes this list; remove one of them";
            injected_files = Err(DocumentError::from(Problem::Conflict(problem)).below("files").below("meta_data"));
        }
        all!(Self {
            meta_data: meta_data,
            user_data: both(text, bytes).map(|(text, bytes)| text.or(bytes)),
            injected_files: injected_files,
            network_data: members.optional("network_data", object),
            vendor_data: overrides.vendor_data.or(members, object),
        })
    }
}

impl<'a> UserData<'a> {
    fn parse(value: &'a Json<'a>) -> Result<Self> {
        match value {
            Json::Text(text) => Ok(Self::Text(text)),
            Json::Object(_) | Json::List(_) => Ok(Self::Json(value)),
            other => Err(Problem::kind(other, "a string, an object or an array").into()),
        }
    }
}
