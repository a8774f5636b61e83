//! The devices in meta_data.json (`_get_device_metadata`).

use alloc::{borrow::Cow, vec::Vec};

use super::{or_null, version::OpenStackVersion};
use crate::document::{Device, DeviceKind, Json, Object};

/// Returns the devices that a version includes, each with the members that the version includes.
pub fn devices<'a>(devices: &'a [Device<'a>], version: OpenStackVersion) -> Json<'a> {
    devices.iter().filter_map(|device| entry(device, version)).map(Json::from).collect()
}

fn entry<'a>(device: &'a Device<'a>, version: OpenStackVersion) -> Option<Object<'a>> {
    let mut members: Vec<(&'a str, Json<'a>)> = Vec::new();
    match &device.kind {
        DeviceKind::Nic { mac, vlan, vf_trusted } => {
            if version >= OpenStackVersion::Ocata
                && let Some(vlan) = vlan
            {
                members.push(("vlan", Json::Integer((*vlan).clone())));
            }
            if version >= OpenStackVersion::Rocky {
                members.push(("vf_trusted", Json::Bool(*vf_trusted)));
            }
            if device.tags.is_none() && members.is_empty() {
                return None;
            }
            members.push(("type", "nic".into()));
            members.push(("mac", mac.as_str().into()));
        }
        DeviceKind::Disk { serial, path } => {
            members.push(("type", "disk".into()));
            members.extend(serial.map(|serial| ("serial", serial.into())));
            members.extend(path.map(|path| ("path", path.into())));
        }
        DeviceKind::Share { share_id, tag } => {
            if version < OpenStackVersion::Epoxy {
                return None;
            }
            members.push(("type", "share".into()));
            members.push(("share_id", or_null(*share_id)));
            members.push(("tag", or_null(*tag)));
        }
    }
    let bus = device.bus.as_ref();
    members.push(("bus", bus.map_or("none", |bus| bus.name).into()));
    members.push(("address", bus.and_then(|bus| bus.address.as_deref()).unwrap_or("none").into()));
    if let Some(tags) = &device.tags {
        members.push(("tags", tags.iter().copied().map(Json::from).collect()));
    }
    Some(members.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
}
