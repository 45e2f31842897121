//! What `up`, `down` and `status` are told.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use super::aws::{Account, Cloud};
use super::error::AnywhereError;
use super::names::{ComputeName, LocationName};
use super::setup::FleetChoice;
use super::state::StateDir;
use crate::supervisor::SupervisorSettings;

/// Which account and location are meant, and where the state is kept: all that `down` and `status` need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub(crate) account: Account,
    pub(crate) location: LocationName,
    pub(crate) state: StateDir,
}

impl Place {
    /// This location of this account.
    pub fn new(account: Account, location: LocationName, state: StateDir) -> Self {
        Self {
            account,
            location,
            state,
        }
    }
}

/// What [`up`](super::up) is told, by value.
#[derive(Debug, Clone)]
pub struct UpSettings {
    pub(crate) place: Place,
    pub(crate) servers: SupervisorSettings,
    pub(crate) fleet: FleetChoice,
    pub(crate) compute: ComputeName,
    pub(crate) address: Option<IpAddr>,
    pub(crate) backend: Option<SocketAddr>,
}

impl UpSettings {
    /// These servers at this place, in the fleet that is found there, and a backend on any free port of the loopback
    /// interface.
    pub fn new(place: Place, servers: SupervisorSettings) -> Self {
        Self {
            place,
            servers,
            fleet: FleetChoice::default(),
            compute: ComputeName::of_this_machine(),
            address: None,
            backend: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        }
    }

    /// Which fleet the machine joins.
    #[must_use]
    pub fn fleet(mut self, choice: FleetChoice) -> Self {
        self.fleet = choice;
        self
    }

    /// The name of this machine in the fleet; its host name unless told.
    #[must_use]
    pub fn compute(mut self, name: ComputeName) -> Self {
        self.compute = name;
        self
    }

    /// The address at which players reach this machine; unless told, the one that it uses itself towards the network,
    /// or loopback with an emulator on this machine.
    #[must_use]
    pub fn address(mut self, address: IpAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// Where the backend listens.
    #[must_use]
    pub fn backend(mut self, address: SocketAddr) -> Self {
        self.backend = Some(address);
        self
    }

    /// No backend: one runs elsewhere.
    #[must_use]
    pub fn without_backend(mut self) -> Self {
        self.backend = None;
        self
    }

    /// The address to register.
    pub(crate) fn address_here(&self, cloud: &Cloud) -> Result<IpAddr, AnywhereError> {
        match self.address {
            Some(address) => Ok(address),
            None => own_address(cloud.endpoint()),
        }
    }
}

/// The address that this machine uses itself: towards an emulator on it loopback, else the one of its way out. Nothing
/// is sent.
pub(crate) fn own_address(endpoint: Option<&str>) -> Result<IpAddr, AnywhereError> {
    if endpoint.is_some_and(is_loopback) {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    // an address for documentation: only the way to it is looked up
    let way_out = || -> std::io::Result<IpAddr> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        Ok(socket.local_addr()?.ip())
    };
    match way_out() {
        Ok(address) if !address.is_unspecified() && !address.is_loopback() => Ok(address),
        Ok(_) | Err(_) => Err(AnywhereError::NoAddress),
    }
}

/// Whether players outside the own network cannot reach an address.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    host_and_port(url).is_some_and(|(host, _)| {
        host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

/// Host and port of a URL; the port of its scheme if it names none.
pub(crate) fn host_and_port(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let usual = match scheme {
        "https" | "wss" => 443,
        "http" | "ws" => 80,
        _ => return None,
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, usual),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_of_a_url_are_read() {
        let read = |url: &str| host_and_port(url).map(|(host, port)| format!("{host} {port}"));
        assert_eq!(
            read("wss://eu-west-1.api.amazongamelift.com").as_deref(),
            Some("eu-west-1.api.amazongamelift.com 443")
        );
        assert_eq!(read("http://127.0.0.1:9870/x?y").as_deref(), Some("127.0.0.1 9870"));
        assert_eq!(read("ws://[::1]:80").as_deref(), Some("::1 80"));
        for odd in ["", "127.0.0.1:80", "ftp://x", "http://:80", "http://a:b"] {
            assert_eq!(host_and_port(odd), None, "{odd}");
        }
        assert!(is_loopback("http://localhost:1") && !is_loopback("https://gamelift.us-west-2.amazonaws.com"));
    }
}
