//! Ping beacons: where they are, what they answer, and when.

use std::{net::SocketAddr, time::Duration};

use gamelift_emulator::{Emulator, EmulatorConfig, Fault, Seed};
use tokio::{
    net::UdpSocket,
    time::{Instant, timeout},
};

use crate::{
    aws_sdk::client,
    process::{LIMIT, emulator},
};

async fn beacon_of(emulator: &Emulator, location: &str) -> Option<SocketAddr> {
    let listed = client(emulator).list_locations().send().await.unwrap();
    let found = listed
        .locations()
        .iter()
        .find(|known| known.location_name() == Some(location))?
        .clone();
    let endpoint = found.ping_beacon()?.udp_endpoint()?.clone();
    let address = format!("{}:{}", endpoint.domain()?, endpoint.port()?);
    Some(address.parse().unwrap())
}

/// Sends a ping and waits for its echo; the time it took.
async fn ping(beacon: SocketAddr, text: &[u8]) -> Duration {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let sent = Instant::now();
    socket.send_to(text, beacon).await.unwrap();
    let mut echo = [0; 1024];
    let (length, from) = timeout(LIMIT, socket.recv_from(&mut echo)).await.unwrap().unwrap();
    assert_eq!((from, &echo[..length]), (beacon, text));
    sent.elapsed()
}

#[tokio::test]
async fn every_location_has_a_beacon_that_echoes() {
    let emulator = emulator().await;
    let local = beacon_of(&emulator, "custom-local").await.unwrap();
    assert!(local.ip().is_loopback());
    ping(local, b"ping").await;
    let made = client(&emulator).create_location().location_name("custom-attic");
    let made = made.send().await.unwrap();
    assert!(made.location().unwrap().ping_beacon().is_some(), "told at once");
    let attic = beacon_of(&emulator, "custom-attic").await.unwrap();
    assert_ne!(attic, local);
    ping(attic, &[7; 300]).await;
    let gone = client(&emulator).delete_location().location_name("custom-attic");
    gone.send().await.unwrap();
    assert_eq!(beacon_of(&emulator, "custom-attic").await, None);
    emulator.stop().await;
}

#[tokio::test]
async fn empty_and_long_pings_are_not_answered() {
    let emulator = emulator().await;
    let beacon = beacon_of(&emulator, "custom-local").await.unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for text in [&[][..], &[1; 301][..], &[2; 1][..]] {
        socket.send_to(text, beacon).await.unwrap();
    }
    let mut echo = [0; 1024];
    let (length, _) = timeout(LIMIT, socket.recv_from(&mut echo)).await.unwrap().unwrap();
    assert_eq!(
        echo[..length],
        [2],
        "the answers come in order, and the first is to the third"
    );
}

#[tokio::test]
async fn a_beacon_answers_as_late_as_it_is_told_to() {
    let seed = Seed::from_toml("locations = ['custom-far']\nping_millis = { custom-far = 60 }").unwrap();
    let config = EmulatorConfig::default().ping_delay("custom-local", Duration::from_millis(20));
    let emulator = Emulator::start(config.seed(seed)).await.unwrap();
    let local = beacon_of(&emulator, "custom-local").await.unwrap();
    let far = beacon_of(&emulator, "custom-far").await.unwrap();
    assert!(ping(local, b"x").await >= Duration::from_millis(20));
    assert!(ping(far, b"x").await >= Duration::from_millis(60));
    let later = Fault::DelayPings {
        location: Some("custom-local".into()),
        millis: 90,
    };
    emulator.inject(later).unwrap();
    assert!(ping(local, b"x").await >= Duration::from_millis(90));
    emulator.inject(Fault::Clear).unwrap();
    assert!(ping(local, b"x").await >= Duration::from_millis(20));
}

#[tokio::test]
async fn nobody_waits_behind_a_ping_that_came_while_answers_were_late() {
    let emulator = emulator().await;
    let local = beacon_of(&emulator, "custom-local").await.unwrap();
    let hours = Fault::DelayPings {
        location: None,
        millis: 36_000_000,
    };
    emulator.inject(hours).unwrap();
    let late = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    late.send_to(b"late", local).await.unwrap();
    let mut echo = [0; 16];
    let waits = timeout(Duration::from_millis(100), late.recv_from(&mut echo)).await;
    assert!(waits.is_err(), "it is late");
    emulator.inject(Fault::Clear).unwrap();
    ping(local, b"next").await;
    let (length, _) = timeout(LIMIT, late.recv_from(&mut echo)).await.unwrap().unwrap();
    assert_eq!(&echo[..length], b"late");
}
