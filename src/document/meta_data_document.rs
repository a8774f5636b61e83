//! The metadata document, as openstacksdk accepts it.

use super::{
    error::Problem,
    json::{Json, Object},
    overrides::Overrides,
    read::{Members, Result, object},
};

/// Metadata, as Ironic's API and `openstack.baremetal.configdrive.build` accept it.
#[derive(Debug)]
pub struct MetaDataDocument<'a> {
    /// The content of meta_data.json.
    pub meta_data: &'a Object<'a>,
    /// The content of user_data.
    pub user_data: Option<UserData<'a>>,
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
}

impl<'a> MetaDataDocument<'a> {
    pub(super) fn parse(members: Members<'a>, overrides: &'a Overrides<'a>) -> Result<Self> {
        Ok(Self {
            meta_data: members.required("meta_data", object)?,
            user_data: members.optional("user_data", UserData::parse)?,
            network_data: members.optional("network_data", object)?,
            vendor_data: overrides.vendor_data.or(members, object)?,
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
