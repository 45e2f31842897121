//! Nobody enters without a good ticket, and everybody who does not hears why.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bevy_game_session_renet::ServerTraffic;
use bevy_game_session_server::ServerSessionState;
use bevy_renet::RenetClient;
use bevy_renet::renet::ConnectionConfig;
use game_session_protocol::in_memory::SeatStatus;
use game_session_protocol::{HostError, InMemoryOrchestrator, RefusalCode, SessionKey, Ticket, netcode_ticket};
use stage::{Stage, mint};

/// The failed traveller is where it was, and somebody else plays on.
fn only_the_first_is_in(stage: &mut Stage, failed: usize) {
    assert_eq!(stage.players().len(), 1);
    assert!(!stage.clients[failed].world().contains_resource::<RenetClient>());
}

#[test]
fn a_ticket_under_another_key_gets_no_answer_and_the_traveller_gives_up_in_time() {
    let (mut stage, slot) = Stage::with_slot();
    stage.host_and_arrive();
    *slot.lock().unwrap() = Arc::new(|claims, _, address| mint(claims, &SessionKey::random(), address));
    let client = stage.join();
    stage.hear_from(client, "travel failed: TimedOut");
    only_the_first_is_in(&mut stage, client);
}

#[test]
fn a_token_with_a_stamp_of_another_key_is_refused_as_wrong() {
    let (mut stage, slot) = Stage::with_slot();
    stage.host_and_arrive();
    *slot.lock().unwrap() = Arc::new(|claims, key, address| {
        let stamp = claims.seal(&SessionKey::random(), [7; 16]);
        let token = netcode::generate_connect_token(
            &[address],
            &[address],
            60,
            5,
            stamp.client_id,
            netcode_ticket::PROTOCOL_ID,
            key.expose(),
            &stamp.user_data,
        );
        Ticket::new(token.unwrap().to_vec()).unwrap()
    });
    let client = stage.join();
    stage.hear_from(client, "travel failed: Refused(WrongTicket)");
    assert_eq!(stage.server_heard(), ["rejected: WrongTicket"]);
    only_the_first_is_in(&mut stage, client);
}

#[test]
fn a_ticket_older_than_45_seconds_is_refused_as_expired() {
    let (mut stage, slot) = Stage::with_slot();
    stage.host_and_arrive();
    *slot.lock().unwrap() = Arc::new(|claims, key, address| {
        let mut old = claims.clone();
        old.issued_at_ms -= 46_000;
        mint(&old, key, address)
    });
    let client = stage.join();
    stage.hear_from(client, "travel failed: Refused(Expired)");
    only_the_first_is_in(&mut stage, client);
}

#[test]
fn a_player_of_another_build_is_refused_by_the_server_too() {
    let (mut stage, slot) = Stage::with_slot();
    stage.host_and_arrive();
    *slot.lock().unwrap() = Arc::new(|claims, key, address| {
        let mut other = claims.clone();
        other.build = "other".parse().unwrap();
        mint(&other, key, address)
    });
    let client = stage.join();
    stage.hear_from(client, "travel failed: Refused(WrongBuild)");
    only_the_first_is_in(&mut stage, client);
}

#[test]
fn a_seat_that_was_taken_up_is_refused_to_an_older_ticket_of_it() {
    let (mut stage, slot) = Stage::with_slot();
    let first = Arc::new(Mutex::new(None));
    let remembered = Arc::clone(&first);
    *slot.lock().unwrap() = Arc::new(move |claims, key, address| {
        let mut first = remembered.lock().unwrap();
        let older = first.is_some();
        let mut claims = first.get_or_insert_with(|| claims.clone()).clone();
        claims.issued_at_ms -= u64::from(older);
        mint(&claims, key, address)
    });
    stage.host_and_arrive();
    let client = stage.join();
    stage.hear_from(client, "travel failed: Refused(Used)");
    only_the_first_is_in(&mut stage, client);
}

#[test]
fn a_ticket_copied_to_another_machine_gets_no_answer() {
    let (mut stage, slot) = Stage::with_slot();
    let first = Arc::new(Mutex::new(None));
    let remembered = Arc::clone(&first);
    *slot.lock().unwrap() = Arc::new(move |claims, key, address| {
        remembered
            .lock()
            .unwrap()
            .get_or_insert_with(|| mint(claims, key, address))
            .clone()
    });
    let owner = stage.host_and_arrive();
    let thief = stage.join();
    stage.hear_from(thief, "travel failed: TimedOut");
    only_the_first_is_in(&mut stage, thief);
    // nor once its owner has gone
    stage.call(owner, |mut sessions| sessions.leave("game"));
    stage.pump("the owner is gone", |stage| stage.players().is_empty());
    stage.call(thief, |mut sessions| sessions.travel("game"));
    stage.pump("the thief fails again", |stage| {
        stage
            .heard(thief)
            .iter()
            .filter(|heard| *heard == "travel failed: TimedOut")
            .count()
            == 2
    });
    assert!(stage.players().is_empty());
}

/// netcode itself, on a port of the test's choice, until it has got a payload or has given up.
fn first_payload(stage: &mut Stage, port: u16, ticket: &Ticket) -> (u16, Vec<u8>) {
    let start = Instant::now();
    let token: [u8; 2048] = ticket.expose().try_into().unwrap();
    let mut client = netcode::Client::new(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), 0.0).unwrap();
    client.connect(&token).unwrap();
    let mut payload = None;
    stage.pump("netcode got a payload", |_| {
        client.update(start.elapsed().as_secs_f64());
        payload = client.receive_packet();
        payload.is_some()
    });
    (client.port(), payload.unwrap().0)
}

#[test]
fn a_ticket_used_again_from_the_same_address_is_refused_by_the_door() {
    let (mut stage, slot) = Stage::with_slot();
    stage.host_and_arrive();
    let copied = Arc::new(Mutex::new(None));
    let copy = Arc::clone(&copied);
    *slot.lock().unwrap() = Arc::new(move |claims, key, address| {
        *copy.lock().unwrap() = Some(mint(claims, key, address));
        // what its owner gets is of no use
        Ticket::new(vec![1; 100]).unwrap()
    });
    let client = stage.join();
    stage.hear_from(client, "travel failed: BadTicket");
    let ticket = copied.lock().unwrap().clone().unwrap();
    let (port, payload) = first_payload(&mut stage, 0, &ticket);
    assert_eq!(payload, [3], "admitted");
    stage.pump("it is gone again", |stage| stage.seats(SeatStatus::Completed) == 1);
    let (_, payload) = first_payload(&mut stage, port, &ticket);
    assert_eq!(payload, [4, RefusalCode::Used.to_byte()]);
    only_the_first_is_in(&mut stage, client);
}

#[test]
fn a_ticket_that_is_no_connect_token_fails_at_once_and_the_session_stays_in_progress() {
    let mut stage = Stage::with(InMemoryOrchestrator::new(), |app| {
        app.add_plugins(bevy_game_session_renet::TravelPlugin::new(|_| {
            ConnectionConfig::default()
        }));
    });
    let client = stage.host();
    stage.hear_from(client, "travel failed: BadTicket");
    assert!(!stage.clients[client].world().contains_resource::<RenetClient>());
}

#[test]
fn a_player_whom_the_orchestrator_refuses_may_travel_again() {
    let mut stage = Stage::new();
    stage.orchestrator.refuse_next_accept(HostError::Refused {
        action: "accept",
        message: "no".into(),
    });
    let client = stage.host();
    stage.hear_from(client, "travel failed: Refused(NotReserved)");
    assert!(stage.players().is_empty());
    assert_eq!(stage.server_heard(), ["rejected: NotReserved"]);
    stage.call(client, |mut sessions| sessions.travel("game"));
    stage.hear_from(client, "arrived");
}

#[test]
fn payloads_of_an_admitted_player_that_are_no_frames_are_counted_and_nothing_else() {
    let (mut stage, slot) = Stage::with_slot();
    stage.host_and_arrive();
    let copied = Arc::new(Mutex::new(None));
    let copy = Arc::clone(&copied);
    *slot.lock().unwrap() = Arc::new(move |claims, key, address| {
        *copy.lock().unwrap() = Some(mint(claims, key, address));
        Ticket::new(vec![1; 100]).unwrap()
    });
    let client = stage.join();
    stage.hear_from(client, "travel failed: BadTicket");
    let ticket = copied.lock().unwrap().clone().unwrap();
    let token: [u8; 2048] = ticket.expose().try_into().unwrap();
    let start = Instant::now();
    let mut cheater = netcode::Client::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 0.0).unwrap();
    cheater.connect(&token).unwrap();
    stage.pump("the cheater is in", |stage| {
        cheater.update(start.elapsed().as_secs_f64());
        stage.players().len() == 2
    });
    for payload in [&[0][..], &[9, 9, 9], &[2, 0, 0, 7, 1], &[4, 1], &[5, 1], &[1]] {
        cheater.send_packet(payload).unwrap();
    }
    stage.pump("it is counted", |stage| {
        let traffic = stage.server.world().resource::<ServerTraffic>();
        traffic.malformed() == 4 && traffic.out_of_place() == 2
    });
    assert_eq!(stage.players().len(), 2, "nobody is cut off for noise");
    // what would make renet panic ends the connection: slice 5 of 3
    cheater.send_packet(&[1, 2, 0, 1, 0, 5, 3, 1, 7]).unwrap();
    stage.pump("the cheater is out", |stage| stage.players().len() == 1);
    assert!(stage.server_is(ServerSessionState::Active));
}
