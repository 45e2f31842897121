//! Neighbours that lie, flood and guess, over sockets.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use bevy_game_session_lan::{Lan, LanDoor};
use game_session_protocol::*;

use super::common::*;

/// Reads until the host closes the connection.
fn until_closed(mut stream: TcpStream) {
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut buffer = [0; 1024];
    while !matches!(stream.read(&mut buffer), Ok(0) | Err(_)) {}
}

async fn count(lan: &Lan, enough: impl Fn(bevy_game_session_lan::LanCounters) -> bool) {
    within(async {
        while !enough(lan.counters()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn lan_garbage_on_every_port_is_dropped_and_counted_and_others_are_served() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    host.start(named("target", 4)).await;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for length in 0..100_usize {
        let garbage = vec![0x42; length * 14];
        socket.send_to(&garbage, host.door()).unwrap();
        let mut stream = TcpStream::connect(host.door()).unwrap();
        let _closed_already = stream.write_all(&garbage);
    }
    count(&host.lan, |counters| {
        counters.datagrams_malformed > 0 && counters.door_malformed > 0
    })
    .await;
    let found = find(&guest, 1).await.remove(0);
    within(async { while join(&guest, &found).await.is_err() {} }).await;
}

#[tokio::test]
async fn lan_a_neighbour_that_says_nothing_at_the_door_is_sent_away_and_others_are_served() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    host.start(named("target", 4)).await;
    let silent = tokio::task::spawn_blocking({
        let door = host.door();
        move || {
            let streams: Vec<_> = (0..4).map(|_| TcpStream::connect(door).unwrap()).collect();
            streams.into_iter().for_each(until_closed);
        }
    });
    let found = find(&guest, 1).await.remove(0);
    join(&guest, &found).await.unwrap();
    within(silent).await.unwrap();
    count(&host.lan, |counters| counters.door_busy >= 4).await;
}

#[tokio::test]
async fn lan_no_reply_to_a_neighbour_is_larger_than_its_query() {
    let network = Network::new();
    let host = network.host(LanDoor::Open).await;
    let mut request = named(&"n".repeat(64), 4);
    request.properties = (0..14).map(|n| (format!("{n:032}"), "v".repeat(96))).collect();
    host.start(request).await;
    // A forwarder between a player and the host sees every datagram's size.
    let socket = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let middle: SocketAddr = socket.local_addr().unwrap();
    let guest = Lan::new(network.config(LanDoor::Open).without_group().direct([middle])).unwrap();
    let door = host.door();
    let forward = async {
        let (mut player, mut query, mut replies) = (door, 0, 0);
        let mut buffer = [0; 2048];
        while replies < 6 {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            if from == door {
                assert!(length <= query, "{length} bytes for {query}");
                replies += 1;
                socket.send_to(&buffer[..length], player).await.unwrap();
            } else {
                (player, query) = (from, length);
                socket.send_to(&buffer[..length], door).await.unwrap();
            }
        }
    };
    let search = async {
        loop {
            let _page = guest.service().find(FindGameSessions::default()).await;
        }
    };
    within(async {
        tokio::select! {
            () = forward => {}
            () = search => {}
        }
    })
    .await;
}

#[tokio::test]
async fn lan_guesses_of_a_code_are_slowed() {
    let network = Network::new();
    let (host, thief) = (network.host(LanDoor::JoinCode).await, network.player());
    host.start(named("target", 4)).await;
    let found = find(&thief, 1).await.remove(0);
    // The waits double up to a minute: however slow the machine is, one of these comes too early.
    let mut slowed = None;
    for guess in "ABCDEFGHJKLMNPQR".chars() {
        let request = JoinGameSession {
            password: Some(Password::new(guess.to_string().repeat(8))),
            ..JoinGameSession::new(found.id.clone(), build())
        };
        let answer = within(thief.service().join(request, Progress::ignored())).await;
        match answer.unwrap_err() {
            ServiceError::Refused {
                code: ErrorCode::Throttled,
                retry_after,
                ..
            } => {
                slowed = retry_after;
                break;
            }
            error => assert_eq!(error.code(), Some(&ErrorCode::WrongPassword), "{error}"),
        }
    }
    assert!(slowed.is_some_and(|wait| !wait.is_zero()), "{slowed:?}");
    let counters = host.lan.counters();
    assert!(counters.door_slowed > 0 && counters.door_wrong_key >= 5, "{counters:?}");
}
