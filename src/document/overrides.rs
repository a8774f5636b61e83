//! Options that replace members of the document.

use alloc::string::String;

use super::{
    json::Json,
    read::{Members, Result, all, base64, text},
};
use crate::Options;

/// Values from the options. Each replaces the document's member with the same name; the default seed only replaces a missing one.
#[derive(Debug)]
pub struct Overrides<'a> {
    pub(super) ports: Override<'a>,
    pub(super) portgroups: Override<'a>,
    pub(super) vendor_data: Override<'a>,
    pub(super) vendor_data2: Override<'a>,
    random_seed: Override<'a>,
    default_random_seed: Override<'a>,
}

impl<'a> Overrides<'a> {
    /// Parses the options that contain JSON, YAML or base64.
    pub fn parse(options: &'a Options) -> Result<Self> {
        let json = |name, text: &'a Option<_>| Override::parse(name, text.as_deref());
        all!(Self {
            ports: json("ports", &options.ports),
            portgroups: json("portgroups", &options.portgroups),
            vendor_data: json("vendor_data", &options.vendor_data),
            vendor_data2: json("vendor_data2", &options.vendor_data2),
            random_seed: Ok(Override::text("random_seed", &options.random_seed)),
            default_random_seed: Ok(Override::text("default_random_seed", &options.default_random_seed)),
        })
    }

    /// Returns the seed from the options, or else the document's, or else the default from the options.
    pub(super) fn random_seed(&'a self, document: Members<'a>) -> Result<Option<&'a str>> {
        let seed = |value| base64(value).and(text(value));
        match self.random_seed.or(document, seed)? {
            None => self.default_random_seed.or(document, seed),
            found => Ok(found),
        }
    }
}

/// An option that, if given, replaces one member of the document.
#[derive(Debug)]
pub(super) struct Override<'a> {
    name: &'static str,
    value: Option<Json<'a>>,
}

impl<'a> Override<'a> {
    fn parse(name: &'static str, text: Option<&'a str>) -> Result<Self> {
        let value = text.map(super::parse).transpose().map_err(|error| error.in_option(name))?;
        Ok(Self { name, value })
    }

    fn text(name: &'static str, text: &'a Option<String>) -> Self {
        Self { name, value: text.as_deref().map(Json::from) }
    }

    /// Reads the option's value if it is given, or else the document's member.
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
