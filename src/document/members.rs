//! The members of documents by name: which ones are unknown, and which known one somebody meant.

use alloc::{format, string::String, vec, vec::Vec};

use super::{
    error::{DocumentError, Problem, pointer_step},
    json::{Json, Object},
    read::{Result, every},
};

/// The members that decide the kind of a document.
pub(super) const KINDS: [&str; 3] = ["instance", "meta_data", "files"];

/// The members of a metadata document.
pub(super) const META_DATA_DOCUMENT: &[&str] =
    &["meta_data", "user_data", "user_data_base64", "network_data", "vendor_data", "injected_files"];

/// The members of changes to a document.
pub(super) const CHANGES: &[&str] = &[
    "uuid",
    "hostname",
    "user_data",
    "public_keys",
    "metadata",
    "network_data",
    "vendor_data",
    "injected_files",
    "admin_pass",
];

/// The members of a files document.
pub(super) const FILES_DOCUMENT: &[&str] = &["files"];

/// The members of a file.
pub(super) const FILE: &[&str] = &["path", "contents"];

/// Refuses members that are not `known`. Members that decide another kind of document are known, since they may be null.
pub(super) fn closed(object: &Object<'_>, known: &'static [&'static str]) -> Result<()> {
    let is_known = |name: &str| known.contains(&name) || ![FILE, CHANGES].contains(&known) && KINDS.contains(&name);
    let unknown = object.iter().filter(|(name, _)| !is_known(name)).take(MAX_UNKNOWN);
    every(unknown.map(|(name, _)| Err::<(), _>(unknown_member(name, known)))).map(drop)
}

/// Returns the error about an unknown member.
pub(super) fn unknown_member(name: &str, known: &'static [&'static str]) -> DocumentError {
    const SHOWN: usize = 100;
    Problem::Unknown { name: name.chars().take(SHOWN).collect(), meant: meant(name, known), known }.into()
}

/// Returns the known name that `name` looks like a misspelling of.
pub(super) fn meant(name: &str, known: &[&'static str]) -> Option<&'static str> {
    const LONG: usize = 40;
    if name.len() > LONG {
        return None;
    }
    let plain =
        |name: &str| -> String { name.chars().filter(|c| !"_- ".contains(*c)).flat_map(char::to_lowercase).collect() };
    let name = plain(name);
    let allowed = if name.len() < 9 { 1 } else { 2 };
    let candidates = known.iter().map(|known| (distance(&name, &plain(known)), *known));
    candidates
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Returns how many characters must be inserted, removed, replaced or swapped with their neighbour to turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, from) in a.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, to) in b.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&last, column) + usize::from(from != to);
            let mut best = replaced.min(at(&last, column + 1) + 1).min(at(&current, column) + 1);
            let is_swapped = row > 0 && column > 0 && a.get(row - 1) == Some(to) && b.get(column - 1) == Some(from);
            if is_swapped {
                best = best.min(at(&before_last, column - 1) + 1);
            }
            current.push(best);
        }
        before_last = core::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or_default()
}

/// An unknown member of an instance document that looks like a misspelt one.
pub struct Misspelling {
    /// The place of the member as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// The name that is probably meant.
    pub meant: &'static str,
}

/// Returns the members of an instance document that look like misspelt ones. Other unknown members are common, because Nova's
/// objects have many that do not affect the drive.
pub fn misspellings(document: &Json<'_>) -> Vec<Misspelling> {
    let mut found = Vec::new();
    let Json::Object(members) = document else { return found };
    let Some(Json::Object(instance)) = members.get("instance") else { return found };
    collect(members, "", DOCUMENT, &mut found);
    collect(instance, "/instance", INSTANCE, &mut found);
    for (name, known) in [("ec2_ids", EC2_IDS), ("image_meta", IMAGE_META)] {
        if let Some(Json::Object(object)) = instance.get(name) {
            collect(object, &format!("/instance/{name}"), known, &mut found);
        }
    }
    for (name, known) in [("keypairs", KEY_PAIR), ("block_device_mappings", BLOCK_DEVICE_MAPPING)] {
        for (object, pointer) in objects(instance, "/instance", name) {
            collect(object, &pointer, known, &mut found);
        }
    }
    for (file, pointer) in objects(members, "", "injected_files") {
        collect(file, &pointer, FILE, &mut found);
    }
    for (vif, pointer) in objects(members, "", "network_info") {
        collect(vif, &pointer, VIF, &mut found);
        let Some(Json::Object(network)) = vif.get("network") else { continue };
        let pointer = format!("{pointer}/network");
        collect(network, &pointer, NETWORK, &mut found);
        for (subnet, pointer) in objects(network, &pointer, "subnets") {
            collect(subnet, &pointer, SUBNET, &mut found);
        }
    }
    found
}

/// Returns the objects in the list `name`, with their places.
fn objects<'o, 'a>(object: &'o Object<'a>, pointer: &str, name: &str) -> Vec<(&'o Object<'a>, String)> {
    let Some(Json::List(items)) = object.get(name) else { return Vec::new() };
    let items = items.iter().zip(0usize..);
    let place = |(item, index): (&'o Json<'a>, usize)| match item {
        Json::Object(item) => Some((item, format!("{pointer}/{name}/{index}"))),
        _ => None,
    };
    items.take(MAX_UNKNOWN).filter_map(place).collect()
}

fn collect(object: &Object<'_>, pointer: &str, known: &[&'static str], found: &mut Vec<Misspelling>) {
    let unknown = object.iter().map(|(name, _)| name).filter(|name| !known.contains(name) && !NOVAS.contains(name));
    for name in unknown.take(MAX_UNKNOWN) {
        // A member that is there as well is not missing.
        if let Some(meant) = meant(name, known).filter(|meant| object.get(meant).is_none()) {
            found.push(Misspelling { pointer: format!("{pointer}/{}", pointer_step(name)), meant });
        }
    }
}

/// Maximum number of members or items that are compared: a tenant must not cause hours of work.
const MAX_UNKNOWN: usize = 1000;

/// Members of Nova's objects that are similar to others.
const NOVAS: [&str; 3] = ["launched_on", "device_type", "qbh_params"];

const DOCUMENT: &[&str] = &[
    "instance",
    "network_info",
    "network_data",
    "ports",
    "portgroups",
    "injected_files",
    "admin_pass",
    "vendor_data",
    "vendor_data2",
    "random_seed",
    "meta_data",
    "files",
];

const INSTANCE: &[&str] = &[
    "uuid",
    "hostname",
    "ec2_ids",
    "display_name",
    "project_id",
    "availability_zone",
    "reservation_id",
    "launch_index",
    "config_drive",
    "launched_at",
    "image_meta",
    "key_name",
    "key_data",
    "keypairs",
    "metadata",
    "user_data",
    "flavor",
    "security_groups",
    "root_device_name",
    "default_ephemeral_device",
    "default_swap_device",
    "block_device_mappings",
    "device_metadata",
    "numa_topology",
];

const EC2_IDS: &[&str] = &["instance_id", "ami_id", "kernel_id", "ramdisk_id"];
const IMAGE_META: &[&str] = &["properties"];
const KEY_PAIR: &[&str] = &["name", "type", "public_key"];
const BLOCK_DEVICE_MAPPING: &[&str] = &["device_name", "source_type", "destination_type", "guest_format"];
const VIF: &[&str] = &["id", "address", "network", "type", "devname", "meta", "details", "profile", "active"];
const NETWORK: &[&str] = &["id", "subnets", "meta", "label", "bridge"];
const SUBNET: &[&str] = &["cidr", "dns", "gateway", "ips", "routes", "version", "meta"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_near_the_right_one() {
        for (name, expected) in [
            ("userdata", Some("user_data")),
            ("user-data", Some("user_data")),
            ("userData", Some("user_data")),
            ("User_Data", Some("user_data")),
            ("user_dta", Some("user_data")),
            ("hostnmae", Some("hostname")),
            ("flavour", Some("flavor")),
            ("avaliability_zome", Some("availability_zone")),
            ("security_group", Some("security_groups")),
            ("display_description", None),
            ("user_id", None),
            ("host", None),
            ("vm_state", None),
            ("", None),
        ] {
            assert_eq!(meant(name, INSTANCE), expected, "{name}");
        }
    }

    #[test]
    fn a_distance_counts_edits_and_swaps() {
        for (a, b, edits) in
            [("", "", 0), ("", "ab", 2), ("ab", "ba", 1), ("abc", "abd", 1), ("abc", "c", 2), ("ca", "abc", 3)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (edits, edits), "{a} {b}");
        }
    }

    #[test]
    fn no_name_of_novas_objects_looks_misspelt() {
        // The fields of nova.objects.Instance and BlockDeviceMapping in Nova 34 that a document does not use.
        for name in "id user_id image_ref kernel_id ramdisk_id power_state vm_state task_state services memory_mb vcpus root_gb \
                     ephemeral_gb ephemeral_key_uuid host node compute_id instance_type_id terminated_at display_description \
                     launched_on locked locked_by os_type architecture vm_mode access_ip_v4 access_ip_v6 auto_disk_config progress \
                     shutdown_terminate disable_terminate cell_name system_metadata info_cache fault cleaned pci_devices \
                     pci_requests tags old_flavor new_flavor vcpu_model migration_context deleted hidden trusted_certs resources \
                     created_at updated_at deleted_at share_mappings"
            .split_whitespace()
            .filter(|name| !NOVAS.contains(name))
        {
            assert_eq!(meant(name, INSTANCE), None, "{name}");
        }
        for name in
            "id uuid instance_uuid instance delete_on_termination snapshot_id volume_id volume_size image_id no_device \
                     disk_bus boot_index connection_info tag attachment_id volume_type encrypted encryption_format"
                .split_whitespace()
        {
            assert_eq!(meant(name, BLOCK_DEVICE_MAPPING), None, "{name}");
        }
    }
}
