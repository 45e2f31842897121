//! What counts as one client where addresses are counted.

use std::net::{IpAddr, Ipv6Addr};

/// The part of an IPv6 address that one client has to itself: it may use any address behind it.
const NETWORK: u128 = u128::MAX << 64;

/// The client behind an address: of IPv6 the /64 network; an IPv4 address, also one that is written as IPv6, is itself.
pub(crate) fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn all_addresses_of_a_64_network_are_one_client_and_mapped_ones_are_ipv4() {
        let client = |address: &str| client_of(address.parse().unwrap()).to_string();
        assert_eq!(client("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(client("2001:db8:1:2::ffff"), client("2001:db8:1:2::"));
        assert_ne!(client("2001:db8:1:3::1"), client("2001:db8:1:2::1"));
        assert_eq!(client("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(client("192.0.2.1"), "192.0.2.1");
        assert_eq!(
            (client("::1"), client("::ffff:127.0.0.1")),
            ("::1".into(), "127.0.0.1".into())
        );
    }
}
