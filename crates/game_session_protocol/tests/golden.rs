//! Every wire message as JSON on file: what a client and a backend of different ages must agree on.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;

use game_session_protocol::*;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The value is written as the file says, and the file is read as the value.
fn is_golden<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, file: &str) {
    assert_eq!(serde_json::to_string_pretty(value).unwrap(), file.trim_end());
    assert_eq!(serde_json::from_str::<T>(file).unwrap(), *value);
}

/// Like [`is_golden`] for a request, part of which travels in the header or the path.
fn body_is_golden<T: Serialize + DeserializeOwned>(value: &T, file: &str) {
    assert_eq!(serde_json::to_string_pretty(value).unwrap(), file.trim_end());
    let read: T = serde_json::from_str(file).unwrap();
    assert_eq!(serde_json::to_string_pretty(&read).unwrap(), file.trim_end());
}

fn properties() -> GameProperties {
    GameProperties::from([("mode".to_owned(), "arena".to_owned())])
}

fn near() -> Latencies {
    Latencies::default().with("us-west-2", 41).unwrap()
}

fn game_session() -> GameSession {
    GameSession {
        id: "gs-1".parse().unwrap(),
        name: "Friday".into(),
        build: "dev".parse().unwrap(),
        max_players: 8,
        current_players: 1,
        policy: PlayerSessionPolicy::AcceptAll,
        properties: properties(),
        owner: Some("p-7f".into()),
        locked: true,
        ping_beacon: Some("ping.example.com:7770".into()),
    }
}

fn create() -> CreateGameSession {
    CreateGameSession {
        idempotency_key: "click-1".parse().unwrap(),
        name: "Friday".into(),
        max_players: 8,
        build: "dev".parse().unwrap(),
        properties: properties(),
        privacy: Privacy::Private,
        password: Some(Password::new("xyzzy")),
        latencies: near(),
    }
}

#[test]
fn create_game_session_is_written_as_ever() {
    body_is_golden(&create(), include_str!("golden/create_game_session.json"));
    let least = CreateGameSession {
        properties: GameProperties::new(),
        privacy: Privacy::Listed,
        password: None,
        latencies: Latencies::default(),
        ..create()
    };
    body_is_golden(&least, include_str!("golden/create_game_session_least.json"));
}

#[test]
fn a_body_without_its_optional_parts_is_read() {
    let read: CreateGameSession = serde_json::from_str(r#"{"name":"a","max_players":2,"build":"dev"}"#).unwrap();
    assert_eq!(read.privacy, Privacy::Listed);
    assert!(read.properties.is_empty());
}

#[test]
fn a_body_with_an_unknown_part_is_refused() {
    let with = r#"{"name":"a","max_players":2,"build":"dev","player_id":"mallory"}"#;
    assert!(serde_json::from_str::<CreateGameSession>(with).is_err());
    assert!(serde_json::from_str::<JoinGameSession>(r#"{"build":"dev","id":"gs-1"}"#).is_err());
}

#[test]
fn quick_join_is_written_as_ever() {
    let value = QuickJoin {
        idempotency_key: "click-1".parse().unwrap(),
        name: "Friday".into(),
        max_players: 8,
        build: "dev".parse().unwrap(),
        properties: properties(),
        latencies: near(),
    };
    body_is_golden(&value, include_str!("golden/quick_join.json"));
}

#[test]
fn find_game_sessions_is_written_as_ever() {
    let value = FindGameSessions {
        build: Some("dev".parse().unwrap()),
        properties: properties(),
        limit: Some(5),
        page: Some("2".into()),
        sort: Some(GameSessionOrder::MostPlayers),
    };
    is_golden(&value, include_str!("golden/find_game_sessions.json"));
    is_golden(
        &FindGameSessions::default(),
        include_str!("golden/find_game_sessions_all.json"),
    );
}

#[test]
fn join_game_session_is_written_as_ever() {
    let value = JoinGameSession {
        id: "gs-1".parse().unwrap(),
        build: "dev".parse().unwrap(),
        password: Some(Password::new("xyzzy")),
    };
    body_is_golden(&value, include_str!("golden/join_game_session.json"));
    assert!(!format!("{value:?}").contains("xyzzy"), "the password is not shown");
    let open = JoinGameSession {
        password: None,
        ..value
    };
    body_is_golden(&open, include_str!("golden/join_game_session_open.json"));
}

#[test]
fn update_game_session_is_written_as_ever() {
    let value = UpdateGameSession {
        id: "gs-1".parse().unwrap(),
        name: Some("Sunday".into()),
        max_players: Some(4),
        policy: Some(PlayerSessionPolicy::DenyAll),
        properties: properties(),
    };
    body_is_golden(&value, include_str!("golden/update_game_session.json"));
}

#[test]
fn a_game_session_of_an_older_backend_is_read() {
    let old = r#"{"id":"a","name":"a","build":"dev","max_players":2,"current_players":1,"policy":"accept_all"}"#;
    let read: GameSession = serde_json::from_str(old).unwrap();
    assert!(!read.locked && read.ping_beacon.is_none() && read.owner.is_none());
}

#[test]
fn every_order_is_read_as_it_is_written() {
    for order in GameSessionOrder::ALL {
        assert_eq!(order.to_string().parse(), Ok(order));
        assert_eq!(serde_json::to_value(order).unwrap(), order.as_str());
    }
    assert!("biggest".parse::<GameSessionOrder>().is_err());
}

#[test]
fn game_session_is_written_as_ever() {
    is_golden(&game_session(), include_str!("golden/game_session.json"));
    let page = GameSessionPage {
        game_sessions: vec![game_session()],
        next_page: Some("20".into()),
    };
    is_golden(&page, include_str!("golden/game_session_page.json"));
}

#[test]
fn seat_is_written_as_ever() {
    let value = Seat {
        game_session: game_session(),
        address: "203.0.113.7:7777".parse().unwrap(),
        player_session_id: "psess-1".parse().unwrap(),
        ticket: Ticket::new(vec![1, 2, 255]).unwrap(),
        timings: SeatTimings {
            activation_us: 1200,
            ticket_us: 300,
        },
    };
    is_golden(&value, include_str!("golden/seat.json"));
}

#[test]
fn guest_identity_is_written_as_ever() {
    let value = GuestIdentity {
        player_id: "guest-1".parse().unwrap(),
        access_token: AccessToken::new("aaa.bbb"),
        expires_at: 1_700_000_000,
        refresh_token: None,
    };
    is_golden(&value, include_str!("golden/guest_identity.json"));
    let refreshable = GuestIdentity {
        refresh_token: Some(RefreshToken::new("k1.ccc")),
        ..value
    };
    is_golden(&refreshable, include_str!("golden/guest_identity_refreshable.json"));
    let shown = format!("{refreshable:?}");
    assert!(
        !shown.contains("aaa.bbb") && !shown.contains("k1.ccc"),
        "no token is shown"
    );
}

#[test]
fn refresh_guest_is_written_as_ever() {
    let value = RefreshGuest {
        refresh_token: RefreshToken::new("k1.ccc"),
    };
    is_golden(&value, include_str!("golden/refresh_guest.json"));
    assert!(!format!("{value:?}").contains("k1.ccc"), "the token is not shown");
}

#[test]
fn join_code_and_join_by_code_are_written_as_ever() {
    let code = JoinCode {
        join_code: "ABCD2345".into(),
        expires_at: 1_700_000_000,
    };
    is_golden(&code, include_str!("golden/join_code.json"));
    let join = JoinByCode {
        join_code: "ABCD2345".into(),
        build: "dev".parse().unwrap(),
        password: Some(Password::new("xyzzy")),
    };
    is_golden(&join, include_str!("golden/join_by_code.json"));
    assert!(!format!("{join:?}").contains("xyzzy"), "the password is not shown");
}

#[test]
fn placing_is_written_as_ever() {
    let value = Placing {
        id: "gs-1".parse().unwrap(),
        step: ProgressStep::Activating,
    };
    is_golden(&value, include_str!("golden/placing.json"));
}

#[test]
fn error_body_is_written_as_ever() {
    let value = ErrorBody {
        code: ErrorCode::SessionFull,
        message: "all seats are taken".into(),
        request_id: "r-1".into(),
    };
    is_golden(&value, include_str!("golden/error_body.json"));
}

#[test]
fn error_codes_are_written_as_ever() {
    let known: Vec<_> = ErrorCode::KNOWN
        .iter()
        .map(|code| format!("{} {}", code.http_status(), code.as_str()))
        .collect();
    let expected = [
        "400 invalid_request",
        "401 unauthorized",
        "403 forbidden",
        "403 wrong_password",
        "404 not_found",
        "405 method_not_allowed",
        "409 session_full",
        "409 not_accepting",
        "409 version_mismatch",
        "410 session_ended",
        "413 too_large",
        "422 idempotency_mismatch",
        "429 throttled",
        "500 internal",
        "503 no_capacity",
        "503 activation_failed",
        "503 unavailable",
        "504 timed_out",
    ];
    assert_eq!(known, expected);
    let newer: ErrorCode = serde_json::from_str("\"from_the_future\"").unwrap();
    assert_eq!(serde_json::to_string(&newer).unwrap(), "\"from_the_future\"");
}

#[test]
fn game_session_data_is_written_as_ever() {
    let value = GameSessionData {
        version: 1,
        key_id: "k1".into(),
        token: "t-1".into(),
        key: SessionKey::new([7; 32]).unwrap(),
        owner: "guest-1".parse().unwrap(),
        build: "dev".parse().unwrap(),
        privacy: Privacy::Listed,
        trace_id: "trace-1".into(),
    };
    let file = include_str!("golden/game_session_data.json");
    is_golden(&value, file);
    assert_eq!(GameSessionData::parse(&value.to_json()).unwrap(), value);
    assert!(!format!("{value:?}").contains("Bwc"), "the key is not shown");
    assert!(GameSessionData::parse(&file.replace("\"version\": 1", "\"version\": 2")).is_err());
    assert!(GameSessionData::parse("").is_err());
}

proptest! {
    #[test]
    fn encoding_then_decoding_a_seat_is_identity(
        ticket in prop::collection::vec(any::<u8>(), 1..1300),
        name in "\\PC{1,64}",
        port in any::<u16>(),
        properties in prop::collection::btree_map("[a-z]{1,32}", "\\PC{0,96}", 0..16),
        owner in prop::option::of("[a-z0-9]{1,16}"),
        next_page in prop::option::of("[0-9]{1,3}"),
    ) {
        let seat = Seat {
            game_session: GameSession { name, properties, owner, ..game_session() },
            address: ([127, 0, 0, 1], port).into(),
            player_session_id: "psess-1".parse().unwrap(),
            ticket: Ticket::new(ticket).unwrap(),
            timings: SeatTimings::default(),
        };
        let json = serde_json::to_string(&seat).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Seat>(&json).unwrap(), &seat);
        let page = GameSessionPage { game_sessions: vec![seat.game_session], next_page };
        let json = serde_json::to_string(&page).unwrap();
        prop_assert_eq!(serde_json::from_str::<GameSessionPage>(&json).unwrap(), page);
    }

    #[test]
    fn reading_any_text_never_panics(text in ".{0,200}") {
        let _ = GameSessionData::parse(&text);
        let _ = serde_json::from_str::<Seat>(&text);
        let _ = serde_json::from_str::<CreateGameSession>(&text);
        let _ = serde_json::from_str::<ErrorBody>(&text);
    }
}
