//! A mutator of JSON text that keeps it JSON, and usually a document.

use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Map, Value};

pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Random(u64::from(seed) << 1 | 1);
    let parsed = data.get(..size).and_then(|text| serde_json::from_slice::<Value>(text).ok());
    if let Some(mut value) = parsed.filter(|_| !random.one_in(50)) {
        for _ in 0..=random.below(3) {
            change(&mut value, &mut random);
        }
        let text = value.to_string();
        if let Some(place) = data.get_mut(..text.len()).filter(|_| text.len() <= max_size) {
            place.copy_from_slice(text.as_bytes());
            return text.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
}

/// Changes one value somewhere in `value`.
fn change(value: &mut Value, random: &mut Random) {
    let count = count(value);
    let donor = nth(value, random.below(count)).map(|donor| donor.clone()).unwrap_or_default();
    let Some(chosen) = nth(value, random.below(count)) else { return };
    match chosen {
        // JSON within JSON.
        Value::String(text) if text.starts_with(['{', '[']) && !random.one_in(4) => {
            if let Ok(mut inner) = serde_json::from_str(text) {
                change(&mut inner, random);
                *text = inner.to_string();
            }
        }
        Value::Object(members) if !random.one_in(8) => change_object(members, donor, random),
        Value::Array(items) if !random.one_in(8) => {
            let place = random.below(items.len());
            match random.below(4) {
                0 if !items.is_empty() => drop(items.remove(place)),
                1 if !items.is_empty() => items.insert(place, items[place].clone()),
                2 if !items.is_empty() => {
                    let last = items.len() - 1;
                    items.swap(place, last);
                }
                _ => items.insert(place, if random.one_in(2) { donor } else { leaf(random) }),
            }
        }
        Value::String(text) if !random.one_in(4) => change_text(text, random),
        other => *other = if random.one_in(2) { donor } else { leaf(random) },
    }
}

fn change_object(members: &mut Map<String, Value>, donor: Value, random: &mut Random) {
    let names: Vec<String> = members.keys().cloned().collect();
    let known = names.get(random.below(names.len())).cloned();
    match (random.below(5), known) {
        (0, Some(name)) => drop(members.remove(&name)),
        (1, Some(name)) => {
            let value = members.remove(&name).unwrap_or_default();
            members.insert(random.pick(NAMES).to_owned(), value);
        }
        (2, Some(name)) => drop(members.insert(name, donor)),
        (3, Some(name)) => drop(members.insert(name, leaf(random))),
        _ => drop(members.insert(random.pick(NAMES).to_owned(), if random.one_in(2) { donor } else { leaf(random) })),
    }
}

fn change_text(text: &mut String, random: &mut Random) {
    match random.below(4) {
        0 => *text = random.pick(TEXTS).to_owned(),
        1 => {
            let place = text.char_indices().map(|(index, _)| index).nth(random.below(text.chars().count()));
            text.insert_str(place.unwrap_or(0), random.pick(TEXTS));
        }
        2 if text.len() < 400 => *text = text.repeat(1 + random.below(4)),
        _ => {
            let mut bytes = text.clone().into_bytes();
            let (length, room) = (bytes.len(), bytes.len() + 16);
            bytes.resize(room, 0);
            let length = fuzzer_mutate(&mut bytes, length, room);
            bytes.truncate(length);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
    }
}

fn leaf(random: &mut Random) -> Value {
    match random.below(6) {
        0 => serde_json::from_str(random.pick(VALUES)).unwrap_or_default(),
        1 => Value::Array(Vec::new()),
        2 => Value::Object(Map::new()),
        // Base64 of content whose size is near that of a sector.
        3 => "QUJD".repeat([0, 1, 170, 171, 682, 683, 1365][random.below(7)]).into(),
        _ => random.pick(TEXTS).into(),
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Returns the value after `left` others, in depth-first order.
fn nth(value: &mut Value, mut left: usize) -> Option<&mut Value> {
    if left == 0 {
        return Some(value);
    }
    left -= 1;
    let children: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => return None,
    };
    for child in children {
        let count = count(child);
        if left < count {
            return nth(child, left);
        }
        left -= count;
    }
    None
}

/// xorshift64*
struct Random(u64);

impl Random {
    /// Returns a number below `limit`, or 0 if `limit` is 0.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as usize % limit.max(1)
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// Returns an item of a list whose items are separated by `|`.
    fn pick<'a>(&mut self, list: &'a str) -> &'a str {
        let count = list.split('|').count();
        list.split('|').nth(self.below(count)).unwrap_or_default()
    }
}

/// Boundary numbers and other plain values.
const VALUES: &str = "null|true|false|0|1|-1|4|6|64|512|2048|4096|1.5|1e400|315532800|4354819199|9223372036854775807|\
    9223372036854775808|18446744073709551616|1000000|2097152";

/// Names of members in documents, options and Ironic's answers.
const NAMES: &str = "\
    address|admin_pass|ami_id|availability_zone|block_device_mappings|bus|cells|cidr|config_drive|contents|data|\
    default_ephemeral_device|default_random_seed|default_swap_device|deploy|deploy_step|destination_type|\
    device_metadata|device_name|devices|devname|description|dhcp_domain|dhcp_server|display_name|dns|document|\
    driver|ec2_ids|enable_dhcp|error|error_message|extra|faultstring|files|flavor|floating_ips|format|gateway|\
    guest_format|hostname|id|image_meta|img_config_drive|injected|injected_files|instance|instance_id|interface|\
    internal_info|ips|ipv6_address_mode|kernel_id|key_data|key_name|keypairs|last_error|launch_index|launched_at|\
    links|maintenance|maintenance_reason|message|meta|meta_data|metadata|mode|mtu|name|network|network_data|\
    network_info|network_interface|networks|next|numa_topology|options|path|pcpuset|portgroup_uuid|portgroups|ports|\
    power|project_id|properties|provision_state|provision_updated_at|public_key|ramdisk_id|random_seed|reason|\
    reservation|reservation_id|result|root_device_name|routes|sector_size|security_groups|serial|services|share_id|\
    size|skip_versions|source_date_epoch|source_type|step|storage|subnets|tag|tags|target_provision_state|\
    tenant_vif_port_id|title|type|user_data|uuid|vendor_data|vendor_data2|vendordata_providers|version|vf_trusted|\
    vif_port_id|vlan";

/// Strings that have a meaning in some member.
const TEXTS: &str = "\
    |a|A|lost|timeout|unreachable|unauthenticated|vfat|iso9660|StaticJSON|DynamicJSON|mandatory|volume|blank|swap|\
    local|nic|disk|share|pci|usb|scsi|ide|xen|0000:00:1f.2|1:2|0:0:1:0|0:1|51712|ssh|x509|52:54:00:12:34:56|\
    192.0.2.7|192.0.2.0/24|0.0.0.0/0|2001:db8::7|2001:db8::/64|::/0|slaac|dhcpv6-stateless|bridge|ovs|active-backup|\
    802.3ad|2009-04-04|latest|1.0|2026-01-01T00:00:00Z|novalocal|QUJD|QUI=|openstack/latest/meta_data.json|\
    openstack/latest/network_data.json|openstack/latest/user_data|ec2/latest/meta-data.json|/|..|.|\\|:|\
    ../../etc/passwd|/etc/motd|CON|a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p|NETWOR~1.JSO|.hidden|trailing.|trailing |\u{0}|\
    \u{1b}[31m|\u{202e}|\u{feff}|\u{fffd}|\u{1f600}|é|日|ß|İ|ſ|ǆ|#!/bin/sh\n|#cloud-config\n|\
    Content-Type: multipart/mixed; boundary=x\n\n--x\n|available|active|deploying|wait call-back|deploy failed|\
    error|rebuild|noop|neutron|{}|[]|{\"faultstring\": \"no\"}|<html>|/dev/sda|/dev/sda1|ami|root";
