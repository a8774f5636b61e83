//! The interfaces file of injected networks, as rendered from Nova's own template `nova/virt/interfaces.template`
//! (`nova.virt.netutils.get_injected_network_template`).

use alloc::{format, string::String, string::ToString, vec::Vec};

use crate::document::{IpVersion, Subnet, Vif, attached};

const HEAD: &str = "\
# Injected by Nova on instance boot
#
# This file describes the network interfaces available on your system
# and how to activate them. For more information, see interfaces(5).

# The loopback network interface
auto lo
iface lo inet loopback
";

/// Renders the file, or returns `None` if no network is injected.
pub fn render(network_info: &[Vif<'_>]) -> Option<String> {
    let stanzas: Vec<String> = attached(network_info)
        .filter(|(_, _, network)| network.injected)
        .filter_map(|(n, vif, network)| {
            let v4 = network.first_subnet(IpVersion::V4);
            let v6 = network.first_subnet(IpVersion::V6);
            let has_server = |subnet: Option<&Subnet<'_>>| subnet.is_some_and(|subnet| subnet.dhcp_server.is_some());
            (!has_server(v4) && !has_server(v6)).then(|| interface(n, vif, v4, v6))
        })
        .collect();
    (!stanzas.is_empty()).then(|| format!("{HEAD}{}", stanzas.concat()))
}

fn interface(n: usize, vif: &Vif<'_>, v4: Option<&Subnet<'_>>, v6: Option<&Subnet<'_>>) -> String {
    let mut text = format!("\nauto eth{n}\n");
    let mac = vif.address.map_or("None", |mac| mac.as_str());
    for (subnet, family) in [(v4, "inet"), (v6, "inet6")] {
        let Some((subnet, address)) = subnet.and_then(|subnet| Some((subnet, subnet.ips.first()?.ip.address?))) else {
            continue;
        };
        let netmask = match address.version() {
            IpVersion::V4 => subnet.cidr.netmask().to_string(),
            IpVersion::V6 => subnet.cidr.prefix().to_string(),
        };
        text += &format!(
            "iface eth{n} {family} static\n    hwaddress ether {mac}\n    address {}\n    netmask {netmask}\n",
            address.as_str()
        );
        if subnet.cidr.version() == IpVersion::V4 {
            // Python writes None for a network without a broadcast address.
            let broadcast = subnet.cidr.broadcast().map_or("None".into(), |address| address.to_string());
            text += &format!("    broadcast {broadcast}\n");
        }
        if let Some(gateway) = subnet.gateway {
            text += &format!("    gateway {}\n", gateway.as_str());
        }
        let dns: Vec<&str> = subnet.dns.iter().map(|ip| ip.as_str()).collect();
        if !dns.is_empty() {
            text += &format!("    dns-nameservers {}\n", dns.join(" "));
        }
    }
    text
}
