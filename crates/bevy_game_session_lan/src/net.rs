//! Sockets and network interfaces: the one file that opens and knows them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::ops::RangeInclusive;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

/// Searches go to this group of IPv4, which routers keep inside a site.
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 255, 71, 83);
/// And to this one of IPv6, which stays on the link.
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff12, 0, 0, 0, 0, 0, 0x4247, 0x534c);
/// The most addresses of interfaces that are used.
const MOST_INTERFACES: usize = 16;

/// An address of an interface of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interface {
    ip: IpAddr,
    broadcast: Option<Ipv4Addr>,
    index: u32,
}

/// The addresses of this machine; only loopback's if so wanted. Loopback is always among them, so that programs on one
/// machine without a network find each other.
pub(crate) fn interfaces(scope: Scope) -> Vec<Interface> {
    let mut all: Vec<_> = if_addrs::get_if_addrs()
        .unwrap_or_default()
        .into_iter()
        .map(|found| Interface {
            ip: found.ip(),
            broadcast: match &found.addr {
                if_addrs::IfAddr::V4(v4) => v4.broadcast,
                if_addrs::IfAddr::V6(_) => None,
            },
            index: found.index.unwrap_or(0),
        })
        .filter(|found| scope == Scope::Network || found.ip == IpAddr::V4(Ipv4Addr::LOCALHOST))
        .collect();
    // The addresses that matter most come first: a machine may have hundreds.
    all.sort_by_key(|found| (found.ip.is_loopback(), found.ip.is_ipv6()));
    if all.len() > MOST_INTERFACES {
        all.drain(MOST_INTERFACES - 1..all.len() - 1);
    }
    all
}

/// How far a LAN reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All networks of this machine.
    Network,
    /// Loopback: IPv4, and where the machine has it IPv6 too, which has no group there.
    Loopback,
}

/// The address of this machine that its transport takes itself to have: IPv4 if there is any.
pub(crate) fn own_address(scope: Scope) -> IpAddr {
    let all = interfaces(scope);
    let usable = |found: &&Interface| match found.ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local(),
    };
    let by_preference = all.iter().filter(usable).min_by_key(|found| found.ip.is_ipv6());
    by_preference.map_or(Ipv4Addr::LOCALHOST.into(), |found| found.ip)
}

fn udp(domain: Domain) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

/// Sockets that hear searches of the whole network, shared with other hosts on this machine.
pub(crate) struct GroupEars {
    pub(crate) v4: Option<UdpSocket>,
    pub(crate) v6: Option<UdpSocket>,
}

impl GroupEars {
    /// Opens what can be opened.
    ///
    /// # Errors
    /// What the system says when not even IPv4 works.
    pub(crate) fn open(port: u16, scope: Scope) -> io::Result<Self> {
        let open = |domain, at: SocketAddr| {
            let socket = udp(domain)?;
            socket.set_reuse_address(true)?;
            #[cfg(unix)]
            socket.set_reuse_port(true)?;
            socket.bind(&at.into())?;
            UdpSocket::from_std(socket.into())
        };
        let v4 = open(Domain::IPV4, (Ipv4Addr::UNSPECIFIED, port).into())?;
        let v6 = match scope {
            Scope::Network => open(Domain::IPV6, (Ipv6Addr::UNSPECIFIED, port).into()).ok(),
            Scope::Loopback => None,
        };
        let ears = Self { v4: Some(v4), v6 };
        ears.join(scope);
        Ok(ears)
    }

    /// Joins the groups on all interfaces; on those where it is joined already nothing happens.
    pub(crate) fn join(&self, scope: Scope) {
        for interface in interfaces(scope) {
            match (interface.ip, &self.v4, &self.v6) {
                (IpAddr::V4(ip), Some(v4), _) => {
                    let _joined_before = SockRef::from(v4).join_multicast_v4(&GROUP_V4, &ip);
                }
                (IpAddr::V6(_), _, Some(v6)) => {
                    let _joined_before = SockRef::from(v6).join_multicast_v6(&GROUP_V6, interface.index);
                }
                _ => {}
            }
        }
    }
}

/// The sockets that a client asks from.
pub(crate) struct Mouth {
    pub(crate) v4: UdpSocket,
    pub(crate) v6: Option<UdpSocket>,
}

impl Mouth {
    pub(crate) fn open() -> io::Result<Self> {
        let open = |domain, at: SocketAddr| {
            let socket = udp(domain)?;
            socket.bind(&at.into())?;
            UdpSocket::from_std(socket.into())
        };
        let v4 = open(Domain::IPV4, (Ipv4Addr::UNSPECIFIED, 0).into())?;
        SockRef::from(&v4).set_broadcast(true)?;
        SockRef::from(&v4).set_multicast_loop_v4(true)?;
        let v6 = open(Domain::IPV6, (Ipv6Addr::UNSPECIFIED, 0).into()).ok();
        Ok(Self { v4, v6 })
    }

    /// Sends to one address. What cannot be sent is lost, as anything may be on a network.
    pub(crate) async fn send(&self, to: SocketAddr, bytes: &[u8]) {
        let _lost = match (to, &self.v6) {
            (SocketAddr::V4(_), _) => self.v4.send_to(bytes, to).await,
            (SocketAddr::V6(_), Some(v6)) => v6.send_to(bytes, to).await,
            (SocketAddr::V6(_), None) => return,
        };
    }

    /// Sends over every interface, by multicast and, on IPv4, by broadcast.
    pub(crate) async fn send_to_group(&self, port: u16, over: &[Interface], bytes: &[u8]) {
        for interface in over {
            match (interface.ip, &self.v6) {
                (IpAddr::V4(ip), _) => {
                    if SockRef::from(&self.v4).set_multicast_if_v4(&ip).is_ok() {
                        self.send((GROUP_V4, port).into(), bytes).await;
                    }
                    if let Some(broadcast) = interface.broadcast.filter(|_| !ip.is_loopback()) {
                        self.send((broadcast, port).into(), bytes).await;
                    }
                }
                (IpAddr::V6(_), Some(v6))
                    if interface.index != 0 && SockRef::from(v6).set_multicast_if_v6(interface.index).is_ok() =>
                {
                    let group = SocketAddrV6::new(GROUP_V6, port, 0, interface.index);
                    self.send(group.into(), bytes).await;
                }
                _ => {}
            }
        }
    }
}

/// A host's door: one port number, for TCP and UDP, on IPv4 and where possible on IPv6.
pub(crate) struct DoorSockets {
    pub(crate) port: u16,
    pub(crate) tcp: Vec<TcpListener>,
    pub(crate) udp: Vec<UdpSocket>,
}

impl DoorSockets {
    /// Takes the first port of the range that is free for all, or else one that the system chooses.
    ///
    /// # Errors
    /// What the system says of the last try.
    pub(crate) fn open(ports: RangeInclusive<u16>, scope: Scope) -> io::Result<Self> {
        let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
        for port in ports.chain(std::iter::repeat_n(0, 8)) {
            match Self::open_at(port, scope) {
                Ok(door) => return Ok(door),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    fn open_at(port: u16, scope: Scope) -> io::Result<Self> {
        let (v4, v6) = match scope {
            Scope::Network => (Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED),
            Scope::Loopback => (Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST),
        };
        let tcp = listen((v4, port).into())?;
        let port = tcp.local_addr()?.port();
        let mut door = Self {
            port,
            tcp: vec![tcp],
            udp: vec![bind((v4, port).into())?],
        };
        let v6: SocketAddr = (v6, port).into();
        if let (Ok(tcp), Ok(udp)) = (listen(v6), bind(v6)) {
            door.tcp.push(tcp);
            door.udp.push(udp);
        }
        Ok(door)
    }
}

fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // On Unix: past connections that linger do not block the port. Elsewhere the option would mean sharing it.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&at.into())?;
    socket.listen(64)?;
    TcpListener::from_std(socket.into())
}

fn bind(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = udp(Domain::for_address(at))?;
    socket.bind(&at.into())?;
    UdpSocket::from_std(socket.into())
}
