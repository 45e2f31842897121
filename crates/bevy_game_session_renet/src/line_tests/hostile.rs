//! Garbage from strangers and from a player's own address, and lines that are cut.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::{Caller, House};
use crate::client::line::{self as client, ClientCommand, ClientReport, Ending};
use crate::server::line::{ConnectionKey, Departure, ServerCommand, ServerReport};

/// Datagrams that have crashed other implementations of netcode, and plain noise.
fn garbage() -> Vec<Vec<u8>> {
    let mut datagrams: Vec<Vec<u8>> = (0..=255u8).map(|first| vec![first; 18]).collect();
    for first in [0xF5, 0x95, 0x85, 0x84, 0x15, 0x05, 0x00, 0xFF] {
        for length in [1, 2, 9, 17, 18, 25, 26, 300, 1078, 1200, 1300, 1400] {
            datagrams.push([&[first][..], &vec![0xFF; length - 1]].concat());
            datagrams.push([&[first][..], &vec![0x00; length - 1]].concat());
        }
    }
    datagrams
}

#[test]
fn garbage_from_strangers_reaches_nobody_and_players_go_on() {
    let mut house = House::open(4);
    let (key, mut caller) = house.admit();
    let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for datagram in garbage() {
        stranger.send_to(&datagram, house.address).unwrap();
    }
    caller
        .line
        .commands()
        .insist(ClientCommand::Packet(b"still here".to_vec()));
    assert!(matches!(house.next(), ServerReport::Packet(from, packet) if from == key && packet == b"still here"));
    house.send(ServerCommand::Packet(key, b"me too".to_vec()));
    assert_eq!(caller.next(), ClientReport::Packet(b"me too".to_vec()));
}

/// Passes datagrams on between a client and a server, so that garbage can come from the client's own address.
struct Relay {
    socket: UdpSocket,
    server: SocketAddr,
    client: Option<SocketAddr>,
}

impl Relay {
    fn to(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        Self {
            socket,
            server,
            client: None,
        }
    }

    fn pass_on(&mut self) {
        let mut datagram = [0; 2048];
        while let Ok((length, from)) = self.socket.recv_from(&mut datagram) {
            let to = if from == self.server {
                self.client
            } else {
                self.client = Some(from);
                Some(self.server)
            };
            if let Some(to) = to {
                self.socket.send_to(&datagram[..length], to).unwrap();
            }
        }
    }
}

/// A caller who was let in through a relay.
fn admit_through_relay(house: &mut House) -> (Relay, ConnectionKey, Caller) {
    let mut relay = Relay::to(house.address);
    let outside = relay.socket.local_addr().unwrap();
    let ticket = house.ticket_for(&house.key, outside);
    let mut caller = Caller {
        line: client::call(outside, &ticket).unwrap(),
        reports: VecDeque::new(),
    };
    let end = Instant::now() + Duration::from_secs(20);
    let mut key = None;
    while caller.reports.is_empty() {
        assert!(Instant::now() < end, "the caller was not admitted in time");
        relay.pass_on();
        house.line.reports().take(&mut house.reports);
        if let Some(ServerReport::Opened(opened, _)) = house.reports.pop_front() {
            house.send(ServerCommand::Admit(opened));
            key = Some(opened);
        }
        caller.line.reports().take(&mut caller.reports);
    }
    assert_eq!(caller.next(), ClientReport::Admitted);
    (relay, key.unwrap(), caller)
}

#[test]
fn a_line_that_is_cut_times_out_on_both_sides() {
    let mut house = House::open(4);
    let (relay, key, mut caller) = admit_through_relay(&mut house);
    drop(relay);
    assert_eq!(caller.next(), ClientReport::Ended(Ending::TimedOut));
    assert!(matches!(house.next(), ServerReport::Closed(gone, Departure::Lost) if gone == key));
}

#[test]
fn garbage_from_a_connected_clients_address_is_dropped_on_both_sides() {
    let mut house = House::open(4);
    let (mut relay, key, mut caller) = admit_through_relay(&mut house);
    let client_address = relay.client.unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    for datagram in garbage() {
        relay.socket.send_to(&datagram, house.address).unwrap();
        relay.socket.send_to(&datagram, client_address).unwrap();
    }
    caller
        .line
        .commands()
        .insist(ClientCommand::Packet(b"still here".to_vec()));
    while house.reports.is_empty() {
        assert!(Instant::now() < end, "the packet did not arrive in time");
        relay.pass_on();
        house.line.reports().take(&mut house.reports);
    }
    assert!(matches!(house.next(), ServerReport::Packet(from, packet) if from == key && packet == b"still here"));
    assert!(caller.has_nothing_to_say_for(Duration::from_millis(20)));
    assert_eq!(
        house.traffic.malformed(),
        0,
        "nothing of it was taken for a player's payload"
    );
}
