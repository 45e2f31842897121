//! What an address says of itself.

use std::net::IpAddr;

/// Whether an address is of a local network.
pub(crate) fn is_local(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.is_unique_local() || ip.is_loopback(),
    }
}

/// Whether an address leads nowhere without the interface, which a ticket cannot name.
pub(crate) fn needs_interface(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}
