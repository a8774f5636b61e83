//! The instance: those members of `nova.objects.Instance` that affect its drive.

use alloc::vec::Vec;

use super::{
    devices::{Device, devices},
    error::{DocumentError, Problem},
    json::{Integer, Json, Object},
    read::{Members, Result, all, base64, boolean, both, every, integer, object, one_of, text},
};
use crate::{Policy, tree::Content};

/// The instance.
#[derive(Debug)]
pub struct Instance<'a> {
    /// The instance's id in Nova.
    pub uuid: &'a str,
    /// The host name without a domain.
    pub hostname: &'a str,
    /// The name that the user gave the instance.
    pub display_name: Option<&'a str>,
    /// The id of the project that owns the instance.
    pub project_id: Option<&'a str>,
    /// The availability zone of the instance.
    pub availability_zone: Option<&'a str>,
    /// The id of the request that created the instance.
    pub reservation_id: Option<&'a str>,
    /// The number of the instance within its reservation.
    pub launch_index: Option<&'a Integer>,
    /// The name of the key pair. Never empty: an empty name counts as absent.
    pub key_name: Option<&'a str>,
    /// The public key, for EC2 metadata.
    pub key_data: Option<&'a str>,
    /// The first key pair, which is the only one that Nova writes.
    pub keypair: Option<KeyPair<'a>>,
    /// The user's own metadata, whose values are strings.
    pub metadata: Option<&'a Object<'a>>,
    /// The decoded user data.
    pub user_data: Option<Content>,
    /// The flavor's name.
    pub flavor_name: Option<&'a str>,
    /// Ids in EC2's form.
    pub ec2_ids: Ec2Ids<'a>,
    /// The names of the security groups.
    pub security_groups: Vec<&'a str>,
    /// The block devices, for EC2 metadata.
    pub block_devices: BlockDevices<'a>,
    /// The devices with their tags.
    pub devices: Vec<Device<'a>>,
    /// The CPUs dedicated to each cell of the NUMA topology.
    pub pcpusets: Vec<Vec<i64>>,
}

/// A key pair (`nova.objects.KeyPair`).
#[derive(Debug)]
pub struct KeyPair<'a> {
    /// The key pair's name.
    pub name: &'a str,
    /// The type, `ssh` or `x509`.
    pub key_type: &'a str,
    /// The public key.
    pub public_key: Option<&'a str>,
}

/// Ids in EC2's form (`nova.objects.EC2Ids`).
#[derive(Debug)]
pub struct Ec2Ids<'a> {
    /// The instance's id, such as `i-0000002a`.
    pub instance_id: &'a str,
    /// The image's id.
    pub ami_id: Option<&'a str>,
    /// The kernel's id.
    pub kernel_id: Option<&'a str>,
    /// The RAM disk's id.
    pub ramdisk_id: Option<&'a str>,
}

/// The instance's block devices, for EC2 metadata.
#[derive(Debug)]
pub struct BlockDevices<'a> {
    /// The root device's name. Without it Nova writes a default mapping and ignores the other members.
    pub root: Option<&'a str>,
    /// The name of the first ephemeral disk.
    pub default_ephemeral: Option<&'a str>,
    /// The name of the swap disk.
    pub default_swap: Option<&'a str>,
    /// The other block devices.
    pub mappings: Vec<BlockDeviceMapping<'a>>,
}

/// A block device (`nova.objects.BlockDeviceMapping`).
#[derive(Debug)]
pub struct BlockDeviceMapping<'a> {
    /// The device's name in the instance.
    pub device_name: Option<&'a str>,
    /// The device's role in EC2 metadata.
    pub role: BlockDeviceRole,
}

/// The role of a block device in EC2 metadata.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BlockDeviceRole {
    /// A Cinder volume (`destination_type` is `volume`).
    Ebs,
    /// An empty local disk (`source_type` is `blank`).
    Ephemeral,
    /// An empty local disk for swap (`guest_format` is `swap`).
    Swap,
    /// A device that EC2 metadata leaves out.
    Hidden,
}

impl<'a> Instance<'a> {
    pub(super) fn parse(value: &'a Json<'a>) -> Result<Self> {
        let members = Members::of(value)?;
        all!(Self {
            uuid: members.required("uuid", text),
            hostname: members.required("hostname", text),
            display_name: members.optional("display_name", text),
            project_id: members.optional("project_id", text),
            availability_zone: members.optional("availability_zone", text),
            reservation_id: members.optional("reservation_id", text),
            launch_index: members.optional("launch_index", integer),
            key_name: members.optional("key_name", text).map(|found| found.filter(|name| !name.is_empty())),
            key_data: members.optional("key_data", text),
            keypair: members.list("keypairs", KeyPair::parse).map(|pairs| pairs.into_iter().next()),
            metadata: members.optional("metadata", metadata),
            user_data: members.optional("user_data", base64).map(|found| found.map(Content::from)),
            flavor_name: members
                .optional("flavor", |value| Members::of(value)?.optional("name", text))
                .map(Option::flatten),
            ec2_ids: members.required("ec2_ids", Ec2Ids::parse),
            security_groups: members.list("security_groups", |value| Members::of(value)?.required("name", text)),
            block_devices: BlockDevices::parse(members),
            devices: members.optional("device_metadata", devices).map(Option::unwrap_or_default),
            pcpusets: members.optional("numa_topology", pcpusets).map(Option::unwrap_or_default),
        })
    }
}

impl<'a> KeyPair<'a> {
    fn parse(value: &'a Json<'a>) -> Result<Self> {
        let members = Members::of(value)?;
        all!(Self {
            name: members.required("name", text),
            key_type: members.optional("type", text).map(|found| found.unwrap_or("ssh")),
            public_key: members.optional("public_key", text),
        })
    }
}

impl<'a> Ec2Ids<'a> {
    fn parse(value: &'a Json<'a>) -> Result<Self> {
        let members = Members::of(value)?;
        all!(Self {
            instance_id: members.required("instance_id", text),
            ami_id: members.optional("ami_id", text),
            kernel_id: members.optional("kernel_id", text),
            ramdisk_id: members.optional("ramdisk_id", text),
        })
    }
}

impl<'a> BlockDevices<'a> {
    fn parse(instance: Members<'a>) -> Result<Self> {
        all!(Self {
            root: instance.optional("root_device_name", text),
            default_ephemeral: instance.optional("default_ephemeral_device", text),
            default_swap: instance.optional("default_swap_device", text),
            mappings: instance.list("block_device_mappings", BlockDeviceMapping::parse),
        })
    }
}

impl<'a> BlockDeviceMapping<'a> {
    fn parse(value: &'a Json<'a>) -> Result<Self> {
        let members = Members::of(value)?;
        let is_volume = members.optional("destination_type", |value| {
            one_of(value, &[("local", false), ("volume", true)], "\"local\" or \"volume\"")
        });
        let is_blank = members.optional("source_type", |value| {
            let choices = [("blank", true), ("image", false), ("snapshot", false), ("volume", false)];
            one_of(value, &choices, "\"blank\", \"image\", \"snapshot\" or \"volume\"")
        });
        let guest_format = members.optional("guest_format", text);
        let role = both(is_volume, both(is_blank, guest_format)).map(|(is_volume, (is_blank, guest_format))| {
            match (is_volume, is_blank, guest_format) {
                (Some(true), ..) => BlockDeviceRole::Ebs,
                (_, Some(true), Some("swap")) => BlockDeviceRole::Swap,
                (_, Some(true), _) => BlockDeviceRole::Ephemeral,
                _ => BlockDeviceRole::Hidden,
            }
        });
        all!(Self { role: role, device_name: members.optional("device_name", text) })
    }
}

fn metadata<'a>(value: &'a Json<'a>) -> Result<&'a Object<'a>> {
    let metadata = object(value)?;
    every(metadata.iter().map(|(name, value)| text(value).map(drop).map_err(|error| error.below(name))))?;
    Ok(metadata)
}

/// Reads the dedicated CPUs of each cell. They are a set, so a number repeated within a cell counts once.
fn pcpusets(value: &Json<'_>) -> Result<Vec<Vec<i64>>> {
    let cpu = |value| {
        let expected = "the number of a CPU";
        integer(value)?.to_i64().ok_or_else(|| DocumentError::from(Problem::Invalid { expected }))
    };
    let cell = |value| {
        let mut cpus = Members::of(value)?.list("pcpuset", cpu)?;
        cpus.sort_unstable();
        cpus.dedup();
        Ok(cpus)
    };
    Members::of(value)?.list("cells", cell)
}

/// The members of a document that decide whether the instance needs a drive (`nova.virt.configdrive.required_by`).
#[derive(Debug)]
pub struct DrivePolicy {
    /// Whether the user asked for a drive.
    pub config_drive: bool,
    /// Whether the instance has been launched before.
    pub launched: bool,
    /// Whether the image requires a drive.
    pub mandatory: bool,
}

impl DrivePolicy {
    /// Returns whether the instance needs a drive.
    pub fn required(&self, policy: Policy) -> bool {
        self.config_drive || policy.force_config_drive && !self.launched || self.mandatory
    }

    pub(super) fn parse(instance: &Json<'_>) -> Result<Self> {
        let members = Members::of(instance)?;
        let property = |value| {
            let choices = [("mandatory", true), ("optional", false)];
            one_of(value, &choices, "\"mandatory\" or \"optional\"")
        };
        let image = |value| {
            let properties = |value| Members::of(value)?.optional("img_config_drive", property);
            Ok(Members::of(value)?.optional("properties", properties)?.flatten())
        };
        all!(Self {
            config_drive: members.optional("config_drive", strict_bool).map(Option::unwrap_or_default),
            launched: members.optional("launched_at", timestamp).map(|found| found.is_some()),
            mandatory: members.optional("image_meta", image).map(|found| found.flatten().unwrap_or_default()),
        })
    }
}

/// Reads a boolean as `oslo_utils.strutils.bool_from_string` does in strict mode. The empty string is false, because Nova
/// stores false that way.
fn strict_bool(value: &Json<'_>) -> Result<bool> {
    let expected = "a boolean, or a string such as \"True\" or \"no\"";
    let Json::Text(text) = value else { return boolean(value).map_err(|_| Problem::kind(value, expected).into()) };
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "on" | "y" | "yes" => Ok(true),
        "" | "0" | "f" | "false" | "off" | "n" | "no" => Ok(false),
        _ => Err(Problem::Invalid { expected }.into()),
    }
}

/// Checks a date and time in ISO 8601's extended format. Only its presence matters.
fn timestamp(value: &Json<'_>) -> Result<()> {
    let text = text(value)?;
    let pattern = "dddd-dd-ddTdd:dd:dd";
    let valid = text.len() >= pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, pattern)| match pattern {
            b'd' => byte.is_ascii_digit(),
            b'T' => byte == b'T' || byte == b' ',
            literal => byte == literal,
        })
        && text.bytes().skip(pattern.len()).all(|byte| byte.is_ascii_digit() || b".,Z+-:".contains(&byte));
    if valid { Ok(()) } else { Err(Problem::Invalid { expected: "a time such as 2026-01-01T00:00:00Z" }.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_date_and_a_time_of_day_and_perhaps_a_fraction_and_a_zone() {
        for text in [
            "2026-01-01T00:00:00",
            "2026-12-31 23:59:59",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.123456+01:00",
            "2026-01-01T00:00:00,5-0100",
        ] {
            assert!(timestamp(&text.into()).is_ok(), "{text}");
        }
        for text in [
            "",
            "2026",
            "2026-01-01T00:00:0",
            "2026-01-01T00:00:0x",
            "2026-01-01t00:00:00",
            "2026-01-01T00.00.00",
            "2026-01-01T00:00:00 UTC",
            "the first of January 2026",
        ] {
            assert!(timestamp(&text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_boolean_may_be_a_string_that_oslo_accepts() {
        for (text, found) in [
            (" True ", Some(true)),
            ("1", Some(true)),
            ("on", Some(true)),
            ("Y", Some(true)),
            ("", Some(false)),
            ("0", Some(false)),
            ("FALSE", Some(false)),
            ("no", Some(false)),
            ("2", None),
            ("mandatory", None),
        ] {
            assert_eq!(strict_bool(&text.into()).ok(), found, "{text}");
        }
        assert_eq!(strict_bool(&Json::Bool(true)).ok(), Some(true));
        assert_eq!(strict_bool(&Json::Integer(1.into())).ok(), None);
    }

    #[test]
    fn the_operator_forces_a_drive_only_before_the_first_launch() {
        for (config_drive, launched, mandatory, unforced, forced) in [
            (false, false, false, false, true),
            (false, true, false, false, false),
            (true, true, false, true, true),
            (false, true, true, true, true),
        ] {
            let drive = DrivePolicy { config_drive, launched, mandatory };
            for (force_config_drive, required) in [(false, unforced), (true, forced)] {
                assert_eq!(drive.required(Policy { force_config_drive }), required, "{drive:?} {force_config_drive}");
            }
        }
    }
}
