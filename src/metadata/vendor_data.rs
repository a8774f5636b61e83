//! Vendor data: static from the operator's file, and dynamic from services (`nova.api.metadata.vendordata*`).

use alloc::{borrow::Cow, vec::Vec};

use crate::{
    Options, VendordataProvider,
    document::{InstanceDocument, Json, Object},
};

use super::MetadataError;

/// The providers, in order. They include `StaticJSON`: vendor_data.json has no other source, and Nova fails without it.
pub struct Providers<'a>(&'a [VendordataProvider]);

impl<'a> Providers<'a> {
    /// nova.conf's default is only `StaticJSON`. Ours adds `DynamicJSON`, because dynamic data that a document contains is
    /// meant to be written.
    const DEFAULT: &'static [VendordataProvider] = &[VendordataProvider::StaticJson, VendordataProvider::DynamicJson];

    pub fn of(options: &'a Options) -> Result<Self, MetadataError> {
        let providers = options.vendordata_providers.as_deref().unwrap_or(Self::DEFAULT);
        if providers.contains(&VendordataProvider::StaticJson) {
            Ok(Self(providers))
        } else {
            Err(MetadataError::NoStaticJson)
        }
    }
}

/// Returns vendor_data.json, which has only the static data.
pub fn vendor_data<'a>(document: &InstanceDocument<'a>) -> Object<'a> {
    document.vendor_data.cloned().unwrap_or_default()
}

/// Returns vendor_data2.json, which has the data of each provider, in order. Dynamic data cannot replace the static data
/// of an earlier provider (`_vendor_data2`).
pub fn vendor_data2<'a>(document: &InstanceDocument<'a>, providers: &Providers<'_>) -> Object<'a> {
    let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
    let mut has_static = false;
    for provider in providers.0 {
        match provider {
            VendordataProvider::StaticJson => {
                members.push((Cow::Borrowed("static"), vendor_data(document).into()));
                has_static = true;
            }
            VendordataProvider::DynamicJson => {
                let dynamic = document.vendor_data2.into_iter().flat_map(Object::iter);
                let dynamic = dynamic.filter(|(name, _)| !(has_static && *name == "static"));
                members.extend(dynamic.map(|(name, value)| (Cow::Borrowed(name), value.clone())));
            }
        }
    }
    members.into_iter().collect()
}
