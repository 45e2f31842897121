//! A flood of junk on the server's UDP port: nobody gets in, nothing is logged per packet, players play on.
//!
//! One test, alone in its process, because it reads all that is logged.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};

use bevy_ecs::prelude::*;
use bevy_game_session_renet::PlayerConnection;
use bevy_renet::renet::DefaultChannel;
use bevy_renet::{RenetClient, RenetServer};
use game_session_protocol::in_memory::SeatStatus;
use game_session_protocol::netcode_ticket::PROTOCOL_ID;
use stage::Stage;

/// So many datagrams of junk stand in the way of each message. How fast they may come is for the bench of that name.
const JUNK_BEFORE_AN_ECHO: usize = 50;
const ECHOES: u8 = 100;

/// Counts the lines that a server with an ordinary filter would write.
struct Lines(AtomicUsize);

static LINES: Lines = Lines(AtomicUsize::new(0));

impl log::Log for Lines {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Info
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self) {}
}

/// Noise of all sizes, packets of a connection that does not exist, and requests with a ticket of nobody's.
fn junk(number: usize) -> Vec<u8> {
    let noise = |length: usize| {
        let byte = move |at: usize| u8::try_from((number.wrapping_mul(31).wrapping_add(at * 7)) % 251);
        (0..length).map(move |at| byte(at).unwrap_or_default())
    };
    match number % 3 {
        0 => noise(1 + number % 1400).collect(),
        1 => [&[0x15_u8][..], &noise(60).collect::<Vec<_>>()].concat(),
        _ => {
            let mut request = vec![0];
            request.extend(b"NETCODE 1.02\0");
            request.extend(PROTOCOL_ID.to_le_bytes());
            request.extend(u64::MAX.to_le_bytes());
            request.extend(noise(24 + 1024));
            request
        }
    }
}

fn entities(stage: &mut Stage) -> usize {
    let world = stage.server.world_mut();
    world.query::<Entity>().iter(world).count()
}

#[test]
fn a_udp_flood_on_the_netcode_port_reaches_nobody_is_not_logged_and_players_go_on() {
    log::set_logger(&LINES).unwrap();
    log::set_max_level(log::LevelFilter::Info);
    let mut stage = Stage::new();
    let client = stage.host_and_arrive();
    let (player, before) = (stage.players()[0], entities(&mut stage));
    let id = stage
        .server
        .world()
        .get::<PlayerConnection>(player)
        .unwrap()
        .client_id();
    let (port, lines) = (stage.port(), LINES.0.load(Ordering::Relaxed));
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut sent = 0;
    for number in 0..ECHOES {
        for _ in 0..JUNK_BEFORE_AN_ECHO {
            // a full buffer of the system is a lost datagram, as anywhere
            let _ = socket.send(&junk(sent));
            sent += 1;
        }
        let mut renet = stage.clients[client].world_mut().resource_mut::<RenetClient>();
        renet.send_message(DefaultChannel::ReliableOrdered, vec![number; 100]);
        let mut back = None;
        stage.pump("the echo comes", |stage| {
            let mut server = stage.server.world_mut().resource_mut::<RenetServer>();
            while let Some(message) = server.receive_message(id, DefaultChannel::ReliableOrdered) {
                server.send_message(id, DefaultChannel::ReliableOrdered, message);
            }
            let mut renet = stage.clients[client].world_mut().resource_mut::<RenetClient>();
            back = back
                .take()
                .or_else(|| renet.receive_message(DefaultChannel::ReliableOrdered));
            back.is_some()
        });
        assert_eq!(back.unwrap(), vec![number; 100]);
    }
    assert_eq!((stage.players(), entities(&mut stage)), (vec![player], before));
    assert_eq!(stage.seats(SeatStatus::Active), 1);
    assert!(stage.server_heard().is_empty(), "{:?}", stage.server_heard());
    let said = LINES.0.load(Ordering::Relaxed) - lines;
    assert!(said < 5, "{said} lines for {sent} datagrams");
    // who has a ticket still gets in
    let other = stage.join();
    stage.hear_from(other, "arrived");
    assert_eq!(stage.heard(client), ["arrived"]);
}
