//! The metadata document: what openstacksdk takes.

use super::{
    error::Problem,
    json::{Json, Object},
    overrides::Overrides,
    read::{Members, Result, object},
};

/// What Ironic's API and `openstack.baremetal.configdrive.build` take.
#[derive(Debug)]
pub struct MetaDataDocument<'a> {
    /// meta_data.json.
    pub meta_data: &'a Object<'a>,
    /// User data.
    pub user_data: Option<UserData<'a>>,
    /// network_data.json.
    pub network_data: Option<&'a Object<'a>>,
    /// vendor_data2.json.
    pub vendor_data: Option<&'a Object<'a>>,
}

/// User data as Ironic's API takes it.
#[derive(Debug)]
pub enum UserData<'a> {
    /// The text itself, not base64.
    Text(&'a str),
    /// Something that is written as JSON.
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
            other => Err(Problem::kind(other, "text, an object or a list").into()),
        }
    }
}
