//! Hosts that have several addresses, of both families of IP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use bevy_game_session_lan::{Lan, LanDoor};
use game_session_protocol::*;

use super::common::*;

/// Whether this machine speaks IPv6 with itself; where it does not, there is nothing to be shown.
fn has_ipv6() -> bool {
    let has_it = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if !has_it {
        println!("no IPv6 on this machine");
    }
    has_it
}

/// A player who asks at these addresses alone.
fn asking_at<const N: usize>(network: Network, doors: [SocketAddr; N]) -> Lan {
    Lan::new(network.config(LanDoor::Open).without_group().direct(doors)).unwrap()
}

/// The one entry of a host, when it was heard from so many of its addresses.
async fn found_at(guest: &Lan, addresses: usize) -> GameSession {
    within(async {
        loop {
            let mut found = find(guest, 1).await;
            assert_eq!(found.len(), 1, "one host is one entry: {found:?}");
            if guest.heard_from().len() == addresses {
                return found.remove(0);
            }
        }
    })
    .await
}

#[tokio::test]
async fn lan_a_host_is_found_and_joined_over_ipv6() {
    if !has_ipv6() {
        return;
    }
    let network = Network::new();
    let host = network.host(LanDoor::JoinCode).await;
    let own = host.start(named("six", 4)).await;
    let door = (Ipv6Addr::LOCALHOST, host.door().port()).into();
    let guest = asking_at(network, [door]);
    found_at(&guest, 1).await;
    assert_eq!(guest.heard_from(), [door]);
    let request = JoinByCode {
        join_code: host.code(&own).await,
        build: build(),
        password: None,
    };
    let seat = within(guest.service().join_by_code(request, Progress::ignored()))
        .await
        .unwrap();
    assert_eq!(seat.address, own.address, "the game is where its transport listens");
}

#[tokio::test]
async fn lan_a_host_on_both_families_is_one_entry_and_ipv4_is_tried_first() {
    if !has_ipv6() {
        return;
    }
    let network = Network::new();
    let host = network.host(LanDoor::Open).await;
    host.start(named("both", 4)).await;
    let at = |ip: IpAddr| SocketAddr::new(ip, host.door().port());
    let doors = [at(Ipv6Addr::LOCALHOST.into()), at(Ipv4Addr::LOCALHOST.into())];
    let guest = asking_at(network, doors);
    let found = found_at(&guest, 2).await;
    assert_eq!(guest.heard_from(), [doors[1], doors[0]]);
    join(&guest, &found).await.unwrap();
}

/// An address that answers for the host, and at which nobody can come in: a forwarder of datagrams.
#[cfg(target_os = "linux")] // other systems have one address of loopback
async fn unreachable_address_of(host: SocketAddr) -> SocketAddr {
    let socket = tokio::net::UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), 0))
        .await
        .unwrap();
    let own = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut player, mut datagram) = (own, [0; 2048]);
        while let Ok((length, from)) = socket.recv_from(&mut datagram).await {
            let to = if from == host { player } else { host };
            if from != host {
                player = from;
            }
            socket.send_to(&datagram[..length], to).await.unwrap();
        }
    });
    own
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn lan_the_reachable_address_of_a_host_wins() {
    let network = Network::new();
    let host = network.host(LanDoor::Open).await;
    host.start(named("one", 4)).await;
    let ways: Vec<IpAddr> = if has_ipv6() {
        vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()]
    } else {
        vec![Ipv4Addr::LOCALHOST.into()]
    };
    for way in ways {
        let closed = unreachable_address_of(host.door()).await;
        let guest = asking_at(network, [closed, SocketAddr::new(way, host.door().port())]);
        let found = found_at(&guest, 2).await;
        assert!(guest.heard_from().iter().any(|door| door.ip() == closed.ip()));
        join(&guest, &found).await.unwrap();
    }
}
