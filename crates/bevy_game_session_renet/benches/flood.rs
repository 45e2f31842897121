//! The round trip of a player's messages while 50,000 datagrams of junk a second reach the server's port, beside quiet.
//!
//! Server and player turn 1000 times a second, so that hardly anything but the transport is measured.

mod common;

use std::collections::HashMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_game_session_client::{SessionSettings, Sessions};
use bevy_renet::renet::DefaultChannel;
use bevy_renet::{RenetClient, RenetServer};
use common::{LIMIT, Pace, Server, percentile, player};
use game_session_protocol::netcode_ticket::PROTOCOL_ID;

const JUNK_A_SECOND: u64 = 50_000;
const RATE: f64 = 1000.0;
/// A message is sent so often.
const MESSAGE_EVERY: Duration = Duration::from_millis(5);

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let time = if is_bench {
        Duration::from_secs(15)
    } else {
        Duration::from_millis(200)
    };
    let server = Server::start(RATE, |app| {
        app.add_systems(Update, echo.run_if(resource_exists::<RenetServer>));
    });
    let mut app = player(&server.orchestrator);
    app.add_systems(Startup, |mut sessions: Sessions| {
        sessions
            .create("game", SessionSettings::new(4))
            .expect("the name is free");
        sessions.start("game");
    });
    app.finish();
    app.cleanup();
    let end = Instant::now() + LIMIT;
    while !app
        .world()
        .get_resource::<RenetClient>()
        .is_some_and(|client| client.is_connected())
    {
        assert!(Instant::now() < end, "the player did not arrive in time");
        app.update();
        std::thread::sleep(Duration::from_millis(1));
    }
    println!(
        "{:<34}{:>12}{:>12}{:>10}",
        "round trips of a player", "p50", "p99", "lost"
    );
    let quiet = show("quiet", &mut round_trips(&mut app, time));
    let flood = Flood::begin(server.port());
    let flooded = show("under junk", &mut round_trips(&mut app, time));
    let (sent, took) = flood.end();
    println!("junk: {:.0} datagrams a second were sent", sent / took.as_secs_f64());
    println!(
        "p99 under junk is {:.2} of quiet (aim: at most 2.00 at {JUNK_A_SECOND} a second)",
        flooded.as_secs_f64() / quiet.as_secs_f64()
    );
}

fn show(what: &str, (times, lost): &mut (Vec<Duration>, usize)) -> Duration {
    times.sort_unstable();
    let millis = |share| percentile(times, share).as_secs_f64() * 1e3;
    println!("{what:<34}{:>9.2} ms{:>9.2} ms{lost:>10}", millis(0.5), millis(0.99));
    percentile(times, 0.99)
}

fn echo(mut server: ResMut<RenetServer>) {
    for client in server.clients_id() {
        while let Some(message) = server.receive_message(client, DefaultChannel::Unreliable) {
            server.send_message(client, DefaultChannel::Unreliable, message);
        }
    }
}

/// The times of all messages that came back, and how many did not.
fn round_trips(app: &mut App, time: Duration) -> (Vec<Duration>, usize) {
    let (mut pace, mut under_way, mut times) = (Pace::hertz(RATE), HashMap::new(), Vec::new());
    let (begun, mut number, mut next) = (Instant::now(), 0_u32, Instant::now());
    while begun.elapsed() < time + Duration::from_millis(500) {
        let mut renet = app.world_mut().resource_mut::<RenetClient>();
        while let Some(message) = renet.receive_message(DefaultChannel::Unreliable) {
            let back = <[u8; 4]>::try_from(&message[..]).ok().map(u32::from_le_bytes);
            times.extend(
                back.and_then(|number| under_way.remove(&number))
                    .map(|sent: Instant| sent.elapsed()),
            );
        }
        if Instant::now() >= next && begun.elapsed() < time {
            next += MESSAGE_EVERY;
            under_way.insert(number, Instant::now());
            renet.send_message(DefaultChannel::Unreliable, number.to_le_bytes().to_vec());
            number += 1;
        }
        app.update();
        pace.wait();
    }
    (times, under_way.len())
}

/// Junk from a thread of its own: noise, packets of a connection that does not exist, requests with nobody's ticket.
struct Flood {
    thread: std::thread::JoinHandle<()>,
    is_over: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    begun: Instant,
}

impl Flood {
    fn begin(port: u16) -> Self {
        let (is_over, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let thread = std::thread::spawn({
            let (is_over, sent) = (is_over.clone(), sent.clone());
            move || pour(port, &is_over, &sent)
        });
        Self {
            thread,
            is_over,
            sent,
            begun: Instant::now(),
        }
    }

    fn end(self) -> (f64, Duration) {
        self.is_over.store(true, Ordering::Relaxed);
        let took = self.begun.elapsed();
        if self.thread.join().is_err() {
            eprintln!("the flood's thread panicked");
        }
        let sent = u32::try_from(self.sent.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        (f64::from(sent), took)
    }
}

fn pour(port: u16, is_over: &AtomicBool, sent: &AtomicU64) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket is free");
    socket.connect((Ipv4Addr::LOCALHOST, port)).expect("loopback is there");
    let mut request = vec![0];
    request.extend(b"NETCODE 1.02\0");
    request.extend(PROTOCOL_ID.to_le_bytes());
    request.extend(u64::MAX.to_le_bytes());
    request.extend([7; 24 + 1024]);
    let kinds = [vec![0x15; 61], request, vec![0xA5; 300]];
    let begun = Instant::now();
    while !is_over.load(Ordering::Relaxed) {
        let due = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX) * JUNK_A_SECOND / 1_000_000;
        for (_, kind) in (sent.load(Ordering::Relaxed)..due).zip(kinds.iter().cycle()) {
            // a full buffer of the system is a lost datagram, as anywhere
            let _ = socket.send(kind);
            sent.fetch_add(1, Ordering::Relaxed);
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}
