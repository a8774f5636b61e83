//! What comes beside the document: the texts among the options.

use alloc::string::String;

use super::{
    error::DocumentError,
    json::Json,
    read::{Members, Result, base64, text},
};
use crate::Options;

/// What the embedder hands over beside the document, in place of the document's members of these names.
#[derive(Debug)]
pub struct Beside<'a> {
    pub(super) ports: Substitute<'a>,
    pub(super) portgroups: Substitute<'a>,
    pub(super) vendor_data: Substitute<'a>,
    pub(super) vendor_data2: Substitute<'a>,
    random_seed: Substitute<'a>,
    default_random_seed: Substitute<'a>,
}

impl<'a> Beside<'a> {
    /// Parses the texts among the options.
    pub fn parse(options: &'a Options) -> Result<Self> {
        let json = |name, text: &'a Option<_>| Substitute::parse(name, text.as_deref());
        Ok(Self {
            ports: json("ports", &options.ports)?,
            portgroups: json("portgroups", &options.portgroups)?,
            vendor_data: json("vendor_data", &options.vendor_data)?,
            vendor_data2: json("vendor_data2", &options.vendor_data2)?,
            random_seed: Substitute::text("random_seed", &options.random_seed),
            default_random_seed: Substitute::text("default_random_seed", &options.default_random_seed),
        })
    }

    /// The seed from here, else the document's, else the default.
    pub(super) fn random_seed(&'a self, document: Members<'a>) -> Result<Option<&'a str>> {
        let seed = |value| base64(value).and(text(value));
        match self.random_seed.or(document, seed)? {
            None => self.default_random_seed.or(document, seed),
            found => Ok(found),
        }
    }
}

/// The value for one member of the document that an option gives, if it does.
#[derive(Debug)]
pub(super) struct Substitute<'a> {
    name: &'static str,
    value: Option<Json<'a>>,
}

impl<'a> Substitute<'a> {
    fn parse(name: &'static str, text: Option<&'a str>) -> Result<Self> {
        let value = text.map(Json::parse).transpose();
        Ok(Self { name, value: value.map_err(|error| DocumentError::from(error).in_option(name))? })
    }

    fn text(name: &'static str, text: &'a Option<String>) -> Self {
        Self { name, value: text.as_deref().map(Json::from) }
    }

    /// Reads it, or else the document's own member.
    pub(super) fn or<T>(
        &'a self,
        document: Members<'a>,
        read: impl FnOnce(&'a Json<'a>) -> Result<T>,
    ) -> Result<Option<T>> {
        match &self.value {
            Some(value) => read(value).map(Some).map_err(|error| error.in_option(self.name)),
            None => document.optional(self.name, read),
        }
    }
}
