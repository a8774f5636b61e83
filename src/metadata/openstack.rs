//! OpenStack metadata (`_metadata_as_json`).

use alloc::{borrow::Cow, format, vec::Vec};

use super::{devices, or_null, or_zero, shared::Shared, version::OpenStackVersion};
use crate::document::{InstanceDocument, Integer, Json, Object};

/// Builds the meta_data.json of one version.
pub fn meta_data<'a>(document: &'a InstanceDocument<'a>, shared: &'a Shared, version: OpenStackVersion) -> Object<'a> {
    let instance = &document.instance;
    let mut members: Vec<(&'a str, Json<'a>)> = alloc::vec![("uuid", instance.uuid.into())];
    if let Some(metadata) = instance.metadata.filter(|metadata| !metadata.is_empty()) {
        members.push(("meta", metadata.clone().into()));
    }
    if !document.injected_files.is_empty() {
        members.push(("files", files(document, shared)));
    }
    if let Some(password) = document.admin_pass {
        members.push(("admin_pass", password.into()));
    }
    if shared.interfaces.is_some() {
        let config = [("name", "network_config".into()), ("content_path", "/content/0000".into())];
        members.push(("network_config", Object::from(config).into()));
    }
    if instance.key_name.is_some()
        && let Some(pair) = &instance.keypair
    {
        let (name, public_key) = (Json::from(pair.name), or_null(pair.public_key));
        members.push(("public_keys", Object::from([(pair.name, public_key.clone())]).into()));
        let key = Object::from([("name", name), ("type", pair.key_type.into()), ("data", public_key)]);
        members.push(("keys", [Json::from(key)].into_iter().collect()));
    }
    members.push(("hostname", shared.hostname.as_str().into()));
    members.push(("name", or_null(instance.display_name)));
    members.push(("launch_index", or_zero(instance.launch_index)));
    members.push(("availability_zone", or_null(instance.availability_zone)));
    if version >= OpenStackVersion::Grizzly
        && let Some(seed) = document.random_seed
    {
        members.push(("random_seed", seed.into()));
    }
    if version >= OpenStackVersion::Liberty {
        members.push(("project_id", or_null(instance.project_id)));
    }
    if version >= OpenStackVersion::NewtonOne {
        members.push(("devices", devices::devices(&instance.devices, version)));
    }
    if version >= OpenStackVersion::Victoria {
        members.push(("dedicated_cpus", dedicated_cpus(&instance.pcpusets)));
    }
    members.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect()
}

/// Returns each injected file's path and where its content is, relative to the directory `openstack`.
fn files<'a>(document: &InstanceDocument<'a>, shared: &Shared) -> Json<'a> {
    let files = document.injected_files.iter().zip(0..).map(|(file, index)| {
        let content_path = format!("/content/{}", shared.content_name(index));
        Json::from(Object::from([("path", file.path.into()), ("content_path", content_path.into())]))
    });
    files.collect()
}

/// `_get_instance_dedicated_cpus`.
fn dedicated_cpus(pcpusets: &[Vec<i64>]) -> Json<'static> {
    let mut cpus: Vec<i64> = pcpusets.iter().flatten().copied().collect();
    cpus.sort_unstable();
    cpus.into_iter().map(|cpu| Json::Integer(Integer::from(cpu))).collect()
}
