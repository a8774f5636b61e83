//! Vendor data: static, which is the operator's file, and dynamic, which services gave (`nova.api.metadata.vendordata*`).

use alloc::{borrow::Cow, vec::Vec};

use crate::{
    Options, VendordataProvider,
    document::{InstanceDocument, Json, Object},
};

use super::MetadataError;

/// The providers in their order, `StaticJSON` among them: vendor_data.json has no other source, and Nova fails without.
pub struct Providers<'a>(&'a [VendordataProvider]);

impl<'a> Providers<'a> {
    /// nova.conf's default is `StaticJSON` alone; whoever hands dynamic data over wants it told.
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

/// vendor_data.json: the static part alone.
pub fn vendor_data<'a>(document: &InstanceDocument<'a>) -> Object<'a> {
    document.vendor_data.cloned().unwrap_or_default()
}

/// vendor_data2.json: what each provider gives, in their order. Dynamic data has no place for a name that is there
/// already (`_vendor_data2`).
pub fn vendor_data2<'a>(document: &InstanceDocument<'a>, providers: &Providers<'_>) -> Object<'a> {
    let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
    let mut static_is_there = false;
    for provider in providers.0 {
        match provider {
            VendordataProvider::StaticJson => {
                members.push((Cow::Borrowed("static"), vendor_data(document).into()));
                static_is_there = true;
            }
            VendordataProvider::DynamicJson => {
                let dynamic = document.vendor_data2.into_iter().flat_map(Object::iter);
                let dynamic = dynamic.filter(|(name, _)| !(static_is_there && *name == "static"));
                members.extend(dynamic.map(|(name, value)| (Cow::Borrowed(name), value.clone())));
            }
        }
    }
    members.into_iter().collect()
}
