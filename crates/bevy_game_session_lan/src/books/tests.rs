//! The books in virtual time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::Ipv4Addr;

use game_session_protocol::{GameProperties, HostError, TicketClaims};
use proptest::prelude::*;

use super::*;

fn draft(seats: u16) -> Draft {
    Draft {
        name: "game".into(),
        max_players: seats,
        build: "dev".parse().unwrap(),
        properties: GameProperties::new(),
        privacy: Privacy::Listed,
        password: None,
    }
}

fn secrets() -> Secrets {
    Secrets {
        lock: Lock::Open,
        password_key: None,
        code: "ABCDEFGH".into(),
        code_keys: None,
    }
}

fn caller(name: &str, from: u8) -> Caller {
    Caller {
        player: name.parse().unwrap(),
        build: "dev".parse().unwrap(),
        password: None,
        proved_password: false,
        from: Some(Ipv4Addr::new(10, 0, 0, from).into()),
        came_by: Ipv4Addr::new(10, 0, 0, 1).into(),
    }
}

fn books() -> Books {
    let mut books = Books::new(HostId([1; 16]), "owner".parse().unwrap());
    let handle = books.expect_process();
    books.ready(handle, place("192.168.0.1:7000")).unwrap();
    books
}

fn place(game: &str) -> Place {
    Place {
        game: game.parse().unwrap(),
        door: 24_772,
    }
}

/// With an active game session.
fn hosting(seats: u16) -> (Books, u32) {
    let mut books = books();
    let (number, _) = books
        .place(0, &IdempotencyKey::random(), draft(seats), secrets())
        .unwrap();
    books.activate(&HostId([1; 16]).session(number)).unwrap();
    (books, number)
}

fn code<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> ErrorCode {
    answer.unwrap_err().code().unwrap().clone()
}

#[test]
fn a_ticket_leads_to_the_address_by_which_the_player_came() {
    let (mut books, number) = hosting(2);
    let given = books.seat(5_000, number, &caller("a", 2)).unwrap().unwrap();
    assert_eq!(given.seat.address, (Ipv4Addr::new(10, 0, 0, 1), 7000).into());
    let by_v6 = Caller {
        came_by: std::net::Ipv6Addr::LOCALHOST.into(),
        ..caller("b", 2)
    };
    let given = books.seat(5_000, number, &by_v6).unwrap().unwrap();
    assert_eq!(
        given.seat.address,
        (Ipv4Addr::new(192, 168, 0, 1), 7000).into(),
        "where the transport listens"
    );
}

#[test]
fn no_ticket_leads_to_a_link_local_address_of_ipv6_or_back_to_the_player() {
    let reached = |game: &str, came_by: &str| {
        let reached = place(game).reached_by(came_by.parse().unwrap());
        reached.map(|address| address.to_string())
    };
    for (game, came_by, address) in [
        ("192.168.0.1:7000", "fe80::1", Some("192.168.0.1:7000")),
        ("[fd00::1]:7000", "fe80::1", Some("[fd00::1]:7000")),
        ("[2001:db8::1]:7000", "fd00::1", Some("[fd00::1]:7000")),
        ("127.0.0.1:7000", "169.254.3.4", Some("169.254.3.4:7000")),
        ("127.0.0.1:7000", "::1", Some("127.0.0.1:7000")),
        // A machine that has no other address.
        ("127.0.0.1:7000", "fe80::1", None),
        ("127.0.0.1:7000", "fd00::1", None),
    ] {
        assert_eq!(reached(game, came_by).as_deref(), address, "{game} by {came_by}");
    }
    let mut books = Books::new(HostId([1; 16]), "owner".parse().unwrap());
    let handle = books.expect_process();
    books.ready(handle, place("127.0.0.1:7000")).unwrap();
    let (number, _) = books.place(0, &IdempotencyKey::random(), draft(2), secrets()).unwrap();
    books.activate(&HostId([1; 16]).session(number)).unwrap();
    let stranded = Caller {
        came_by: "fe80::1".parse().unwrap(),
        ..caller("a", 2)
    };
    assert_eq!(code(books.seat(0, number, &stranded)), ErrorCode::Unavailable);
    assert_eq!(books.description().unwrap().0.current_players, 0, "no seat is held");
}

#[test]
fn a_host_that_leaves_takes_only_its_own_game_session_along() {
    let mut books = Books::new(HostId([1; 16]), "owner".parse().unwrap());
    let (first, second) = (books.expect_process(), books.expect_process());
    books.ready(first, place("192.168.0.1:7000")).unwrap();
    assert!(books.ready(second, place("192.168.0.1:7001")).is_err(), "one at a time");
    let (number, _) = books.place(0, &IdempotencyKey::random(), draft(2), secrets()).unwrap();
    books.leave(second);
    assert_eq!(books.standing(number), Ok(Standing::Loading));
    assert_eq!(books.next_event(second), None);
    assert!(books.next_event(first).is_some());
    let third = books.expect_process();
    books.leave(first);
    assert!(books.standing(number).is_err());
    books.ready(third, place("192.168.0.1:7002")).unwrap();
    books.leave(first);
    assert!(books.must_be_ready(third, "hosting").is_ok());
    assert!(books.must_be_ready(first, "hosting").is_err());
}

#[test]
fn the_last_seat_goes_to_one_of_two() {
    let (mut books, number) = hosting(2);
    assert!(books.seat(0, number, &caller("a", 2)).unwrap().unwrap().is_new);
    assert!(books.seat(0, number, &caller("b", 2)).unwrap().unwrap().is_new);
    assert_eq!(code(books.seat(0, number, &caller("c", 2))), ErrorCode::SessionFull);
    assert!(
        !books.seat(0, number, &caller("a", 2)).unwrap().unwrap().is_new,
        "who has one keeps it"
    );
}

#[test]
fn a_reserved_seat_lapses_after_a_minute_and_one_that_was_taken_up_does_not() {
    let (mut books, number) = hosting(2);
    let taken = books
        .seat(0, number, &caller("a", 2))
        .unwrap()
        .unwrap()
        .seat
        .player_session_id;
    let lapsing = books
        .seat(0, number, &caller("b", 2))
        .unwrap()
        .unwrap()
        .seat
        .player_session_id;
    books.accept_player(&taken).unwrap();
    books.advance(RESERVATION_MS);
    assert!(matches!(books.accept_player(&lapsing), Err(HostError::Refused { .. })));
    assert_eq!(books.description().unwrap().0.current_players, 1);
}

#[test]
fn one_neighbour_cannot_reserve_every_seat() {
    let (mut books, number) = hosting(200);
    let taken = (0..200)
        .filter(|n| books.seat(0, number, &caller(&format!("p{n}"), 9)).is_ok())
        .count();
    assert_eq!(taken, seats::MOST_RESERVED_OF_ONE);
    assert!(books.seat(0, number, &caller("friend", 2)).is_ok());
}

#[test]
fn a_game_session_that_nobody_activates_fails() {
    let mut books = books();
    let (number, _) = books.place(0, &IdempotencyKey::random(), draft(2), secrets()).unwrap();
    assert!(matches!(
        books.events.pop_front(),
        Some(HostEvent::GameSessionStarted(_))
    ));
    books.advance(ACTIVATION_MS);
    assert_eq!(books.events.pop_front(), Some(HostEvent::GameSessionEndRequested));
    assert_eq!(code(books.standing(number)), ErrorCode::ActivationFailed);
    books.end_session().unwrap();
    assert_eq!(code(books.standing(number)), ErrorCode::ActivationFailed);
}

#[test]
fn the_same_click_is_the_same_game_session() {
    let mut books = books();
    let key = IdempotencyKey::random();
    let (number, is_new) = books.place(0, &key, draft(2), secrets()).unwrap();
    assert!(is_new);
    assert_eq!(books.place(0, &key, draft(2), secrets()), Ok((number, false)));
    assert_eq!(
        code(books.place(0, &key, draft(3), secrets())),
        ErrorCode::IdempotencyMismatch
    );
}

#[test]
fn a_past_game_session_is_over_and_a_future_one_is_not_there() {
    let (mut books, number) = hosting(2);
    books.end_session().unwrap();
    assert_eq!(code(books.seat(0, number, &caller("a", 2))), ErrorCode::SessionEnded);
    assert_eq!(code(books.seat(0, number + 1, &caller("a", 2))), ErrorCode::NotFound);
    assert!(matches!(books.end_session(), Err(HostError::WrongState { .. })));
}

#[test]
fn the_key_of_every_game_session_is_new_and_opens_its_tickets() {
    let (mut books, number) = hosting(2);
    let HostEvent::GameSessionStarted(hosted) = books.events.pop_front().unwrap() else {
        panic!()
    };
    let first = GameSessionData::parse(hosted.session_data.expose()).unwrap().key;
    assert!(books.seat(0, number, &caller("a", 2)).is_ok());
    books.end_session().unwrap();
    books.place(0, &IdempotencyKey::random(), draft(2), secrets()).unwrap();
    let HostEvent::GameSessionStarted(hosted) = books.events.pop_front().unwrap() else {
        panic!()
    };
    let second = GameSessionData::parse(hosted.session_data.expose()).unwrap().key;
    assert_ne!(first, second);
    let claims = TicketClaims {
        player_session_id: "psess-1".parse().unwrap(),
        build: "dev".parse().unwrap(),
        issued_at_ms: 0,
    };
    assert!(TicketClaims::open(&second, &claims.seal(&first, [0; 16])).is_err());
}

#[derive(Debug, Clone)]
enum Step {
    Seat(u8),
    GiveUp(u8),
    Accept(u8),
    Remove(u8),
    Wait(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0u8..6).prop_map(Step::Seat),
        (0u8..6).prop_map(Step::GiveUp),
        (0u8..6).prop_map(Step::Accept),
        (0u8..6).prop_map(Step::Remove),
        any::<u16>().prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 0..80)
}

proptest! {
    #[test]
    fn there_are_never_more_players_than_seats_and_one_seat_each(steps in steps()) {
        let (mut books, number) = hosting(3);
        let (mut now, mut held) = (0_u64, std::collections::HashMap::new());
        for step in steps {
            match step {
                Step::Seat(player) => {
                    if let Ok(given) = books.seat(now, number, &caller(&format!("p{player}"), player)) {
                        held.insert(player, given.unwrap().seat.player_session_id);
                    }
                }
                Step::GiveUp(player) => books.give_up(&format!("p{player}").parse().unwrap(), number).unwrap(),
                Step::Accept(player) => drop(held.get(&player).map(|id| books.accept_player(id))),
                Step::Remove(player) => drop(held.get(&player).map(|id| books.remove_player(id))),
                Step::Wait(ms) => {
                    now += u64::from(ms);
                    books.advance(now);
                }
            }
            prop_assert!(books.description().unwrap().0.current_players <= 3);
        }
    }
}
