//! EC2 metadata (`get_ec2_metadata`).

use alloc::{borrow::Cow, format, vec::Vec};

use super::{or_null, or_zero, shared::Shared, version::Ec2Version};
use crate::document::{BlockDeviceRole, BlockDevices, InstanceDocument, IpVersion, Json, Object};

/// Builds the meta-data.json of one version.
pub fn meta_data<'a>(document: &InstanceDocument<'a>, shared: &'a Shared, version: Ec2Version) -> Object<'a> {
    let instance = &document.instance;
    let hostname = || Json::from(shared.hostname.as_str());
    let fixed_ips = || document.network_info.iter().flat_map(|vif| vif.fixed_ips());
    let fixed_ip = fixed_ips().find(|ip| ip.ip.version == Some(IpVersion::V4)).and_then(|ip| ip.ip.address);
    let floating_ip = fixed_ips().flat_map(|ip| &ip.floating_ips).next().and_then(|ip| ip.address);

    let mut members: Vec<(&'a str, Json<'a>)> = alloc::vec![
        ("ami-id", or_null(instance.ec2_ids.ami_id)),
        ("ami-launch-index", or_zero(instance.launch_index)),
        ("ami-manifest-path", "FIXME".into()),
        ("instance-id", instance.ec2_ids.instance_id.into()),
        ("hostname", hostname()),
        ("local-ipv4", or_null(fixed_ip.map(|ip| ip.as_str()))),
        ("reservation-id", or_null(instance.reservation_id)),
        ("security-groups", instance.security_groups.iter().copied().map(Json::from).collect()),
    ];
    if let Some(key_name) = instance.key_name {
        let key =
            Object::from([("_name", format!("0={key_name}").into()), ("openssh-key", or_null(instance.key_data))]);
        members.push(("public-keys", Object::from([("0", key.into())]).into()));
    }
    if version >= Ec2Version::V2007_01_19 {
        members.push(("local-hostname", hostname()));
        members.push(("public-hostname", hostname()));
        members.push(("public-ipv4", floating_ip.map_or("", |ip| ip.as_str()).into()));
    }
    if version >= Ec2Version::V2007_08_29 {
        members.push(("instance-type", or_null(instance.flavor_name)));
    }
    if version >= Ec2Version::V2007_12_15 {
        members.push(("block-device-mapping", block_device_mapping(&instance.block_devices).into()));
        for (name, id) in [("kernel-id", instance.ec2_ids.kernel_id), ("ramdisk-id", instance.ec2_ids.ramdisk_id)] {
            if let Some(id) = id.filter(|id| !id.is_empty()) {
                members.push((name, id.into()));
            }
        }
    }
    if version >= Ec2Version::V2008_02_01 {
        let placement = Object::from([("availability-zone", or_null(instance.availability_zone))]);
        members.push(("placement", placement.into()));
    }
    if version >= Ec2Version::V2008_09_01 {
        members.push(("instance-action", "none".into()));
    }
    members.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect()
}

/// `nova.block_device.instance_block_mapping`.
fn block_device_mapping<'a>(devices: &BlockDevices<'a>) -> Object<'a> {
    let Some(root) = devices.root else {
        return Object::from([
            ("ami", "sda1".into()),
            ("ephemeral0", "sda2".into()),
            ("root", "/dev/sda1".into()),
            ("swap", "sda3".into()),
        ]);
    };
    let mut mapping: Vec<(Cow<'a, str>, Json<'a>)> =
        alloc::vec![("ami".into(), root.strip_prefix("/dev/").unwrap_or(root).into()), ("root".into(), root.into()),];
    for (name, device) in [("ephemeral0", devices.default_ephemeral), ("swap", devices.default_swap)] {
        if let Some(device) = device.filter(|device| !device.is_empty()) {
            mapping.push((name.into(), device.into()));
        }
    }

    let of_role =
        |role| devices.mappings.iter().filter(move |mapping| mapping.role == role).map(|mapping| mapping.device_name);
    let mut ebs: Vec<_> = of_role(BlockDeviceRole::Ebs).collect();
    ebs.sort_unstable(); // None first, as in Nova
    mapping.extend(ebs.into_iter().zip(0..).map(|(device, n)| (format!("ebs{n}").into(), or_null(device))));
    mapping.extend(of_role(BlockDeviceRole::Swap).next_back().map(|device| ("swap".into(), or_null(device))));
    let ephemerals = of_role(BlockDeviceRole::Ephemeral).zip(0..);
    mapping.extend(ephemerals.map(|(device, n)| (format!("ephemeral{n}").into(), or_null(device))));
    mapping.into_iter().collect()
}
