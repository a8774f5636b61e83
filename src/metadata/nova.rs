//! The files of an instance's drive, as Nova writes them (`nova.api.metadata.base.InstanceMetadata`).

use alloc::format;

use super::{
    ec2, json, network_data, openstack,
    shared::Shared,
    vendor_data,
    version::{Ec2Version, OpenStackVersion},
};
use crate::{Error, Options, document::InstanceDocument, tree::Tree};

/// Builds the drive's files (`metadata_for_config_drive`).
pub fn tree(document: &InstanceDocument<'_>, options: &Options) -> Result<Tree, Error> {
    let instance = &document.instance;
    let providers = vendor_data::Providers::of(options)?;
    let versions = OpenStackVersion::up_to(options.newest_version.as_deref())?;
    let shared = Shared::new(document, options);
    let mut tree = Tree::default();
    // First, because only a tenant's files can exceed the limits, in which case the other files need not be built.
    for (name, content) in shared.contents(document) {
        tree.insert(&format!("openstack/content/{name}"), content)?;
    }

    for version in Ec2Version::not_skipped(options.skip_versions.as_deref()) {
        if let Some(user_data) = &instance.user_data {
            tree.insert(&format!("ec2/{version}/user-data"), user_data.clone())?;
        }
        let metadata = json(ec2::meta_data(document, &shared, version));
        tree.insert(&format!("ec2/{version}/meta-data.json"), metadata)?;
    }

    let vendor_data = json(vendor_data::vendor_data(document));
    let vendor_data2 = json(vendor_data::vendor_data2(document, &providers));
    let network_data = json(network_data::network_data(document));
    for (directory, version) in versions {
        let path = |name| format!("openstack/{directory}/{name}");
        tree.insert(&path("meta_data.json"), json(openstack::meta_data(document, &shared, version)))?;
        if let Some(user_data) = &instance.user_data {
            tree.insert(&path("user_data"), user_data.clone())?;
        }
        if version >= OpenStackVersion::Havana {
            tree.insert(&path("vendor_data.json"), vendor_data.clone())?;
        }
        if version >= OpenStackVersion::Liberty {
            tree.insert(&path("network_data.json"), network_data.clone())?;
        }
        if version >= OpenStackVersion::NewtonTwo {
            tree.insert(&path("vendor_data2.json"), vendor_data2.clone())?;
        }
    }
    Ok(tree)
}
