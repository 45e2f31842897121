//! The promises of the in-memory orchestrator, each one test.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::poll_fn;
use std::time::Duration;

use futures_lite::future::{block_on, poll_once};

use super::*;
use crate::*;

pub(super) fn create_named(name: &str, max_players: u16) -> CreateGameSession {
    CreateGameSession {
        idempotency_key: IdempotencyKey::random(),
        name: name.into(),
        max_players,
        build: "dev".parse().unwrap(),
        properties: GameProperties::new(),
        privacy: Privacy::Listed,
        password: None,
        latencies: crate::Latencies::default(),
    }
}

pub(super) fn join(id: &GameSessionId) -> JoinGameSession {
    JoinGameSession {
        id: id.clone(),
        build: "dev".parse().unwrap(),
        password: None,
    }
}

fn player(name: &str) -> PlayerId {
    name.parse().unwrap()
}

pub(super) fn ready(orchestrator: &InMemoryOrchestrator) -> InMemoryHost {
    let host = orchestrator.host();
    block_on(host.ready(ReadyProcess {
        port: 7000,
        log_paths: vec![],
    }))
    .unwrap();
    host
}

pub(super) fn next_event(host: &InMemoryHost) -> Option<HostEvent> {
    block_on(poll_once(poll_fn(|cx| host.poll_event(cx))))
}

fn started(host: &InMemoryHost) -> HostedGameSession {
    match next_event(host) {
        Some(HostEvent::GameSessionStarted(session)) => session,
        other => panic!("expected a game session, got {other:?}"),
    }
}

/// A game session with its owner `alice` in a reserved seat.
fn running(orchestrator: &InMemoryOrchestrator, max_players: u16) -> (InMemoryHost, Seat) {
    let host = ready(orchestrator);
    let alice = orchestrator.service(player("alice"));
    let mut seat = alice.create(create_named("Friday", max_players), Progress::ignored());
    assert!(block_on(poll_once(&mut seat)).is_none());
    block_on(host.activate(started(&host).id)).unwrap();
    (host, block_on(seat).unwrap())
}

fn code(error: &ServiceError) -> ErrorCode {
    error.code().unwrap().clone()
}

#[test]
fn without_a_ready_process_there_is_no_capacity() {
    let orchestrator = InMemoryOrchestrator::new();
    let _not_ready = orchestrator.host();
    let alice = orchestrator.service(player("alice"));
    let error = block_on(alice.create(create_named("Friday", 2), Progress::ignored())).unwrap_err();
    assert_eq!(code(&error), ErrorCode::NoCapacity);
}

#[test]
fn the_ticket_opens_with_the_key_that_the_server_was_given() {
    let orchestrator = InMemoryOrchestrator::new();
    let host = ready(&orchestrator);
    let mut seat = orchestrator
        .service(player("alice"))
        .create(create_named("Friday", 2), Progress::ignored());
    assert!(block_on(poll_once(&mut seat)).is_none());
    let session = started(&host);
    let data = GameSessionData::parse(session.session_data.expose()).unwrap();
    assert_eq!(data.owner, player("alice"));
    block_on(host.activate(session.id)).unwrap();
    let seat = block_on(seat).unwrap();
    let claims = TicketClaims::open(&data.key, &read_ticket(&seat.ticket).unwrap()).unwrap();
    assert_eq!(claims.player_session_id, seat.player_session_id);
    assert_eq!(claims.issued_at_ms, orchestrator.now_ms());
}

#[test]
fn progress_is_reported_in_order() {
    let orchestrator = InMemoryOrchestrator::new();
    let host = ready(&orchestrator);
    let steps = Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = steps.clone();
    let progress = Progress::new(move |step| told.lock().unwrap().push(step));
    let mut seat = orchestrator
        .service(player("alice"))
        .create(create_named("Friday", 2), progress);
    assert!(block_on(poll_once(&mut seat)).is_none());
    block_on(host.activate(started(&host).id)).unwrap();
    block_on(seat).unwrap();
    assert_eq!(
        *steps.lock().unwrap(),
        [ProgressStep::Placing, ProgressStep::Activating, ProgressStep::Ticket]
    );
}

#[test]
fn the_same_click_is_the_same_game_session() {
    let orchestrator = InMemoryOrchestrator::new();
    let host = ready(&orchestrator);
    let _second = ready(&orchestrator);
    let alice = orchestrator.service(player("alice"));
    let request = create_named("Friday", 2);
    let mut first = alice.create(request.clone(), Progress::ignored());
    assert!(block_on(poll_once(&mut first)).is_none());
    block_on(host.activate(started(&host).id)).unwrap();
    let first = block_on(first).unwrap();
    let again = block_on(alice.create(request.clone(), Progress::ignored())).unwrap();
    assert_eq!(again.player_session_id, first.player_session_id);
    assert_ne!(again.ticket, first.ticket);
    assert_eq!(orchestrator.snapshot().game_sessions.len(), 1);
    let other = CreateGameSession {
        name: "Saturday".into(),
        ..request
    };
    assert_eq!(
        code(&block_on(alice.create(other, Progress::ignored())).unwrap_err()),
        ErrorCode::IdempotencyMismatch
    );
}

#[test]
fn a_dropped_create_ends_what_it_made() {
    let orchestrator = InMemoryOrchestrator::new();
    let host = ready(&orchestrator);
    let mut seat = orchestrator
        .service(player("alice"))
        .create(create_named("Friday", 2), Progress::ignored());
    assert!(block_on(poll_once(&mut seat)).is_none());
    started(&host);
    drop(seat);
    assert_eq!(
        orchestrator.snapshot().game_sessions[0].status,
        GameSessionStatus::Terminating
    );
    assert!(matches!(next_event(&host), Some(HostEvent::ShutdownRequested { .. })));
}

#[test]
fn a_seat_is_accepted_once_and_freed_any_number_of_times() {
    let orchestrator = InMemoryOrchestrator::new();
    let (host, seat) = running(&orchestrator, 2);
    let id = seat.player_session_id;
    block_on(host.accept_player(id.clone())).unwrap();
    assert!(matches!(
        block_on(host.accept_player(id.clone())),
        Err(HostError::Refused { .. })
    ));
    block_on(host.remove_player(id.clone())).unwrap();
    block_on(host.remove_player(id.clone())).unwrap();
    assert_eq!(orchestrator.snapshot().seat(&id).unwrap().status, SeatStatus::Completed);
}

#[test]
fn a_seat_that_nobody_takes_up_lapses() {
    let orchestrator = InMemoryOrchestrator::new().with_reservation_time(Duration::from_mins(1));
    let (host, seat) = running(&orchestrator, 1);
    orchestrator.advance(Duration::from_millis(59_999));
    assert_eq!(orchestrator.snapshot().seats_that_are(SeatStatus::Reserved), 1);
    orchestrator.advance(Duration::from_millis(1));
    assert_eq!(orchestrator.snapshot().seats_that_are(SeatStatus::TimedOut), 1);
    assert!(matches!(
        block_on(host.accept_player(seat.player_session_id)),
        Err(HostError::Refused { .. })
    ));
    let bob = orchestrator.service(player("bob"));
    block_on(bob.join(join(&seat.game_session.id), Progress::ignored())).unwrap();
}

#[test]
fn a_full_game_session_takes_nobody_else() {
    let orchestrator = InMemoryOrchestrator::new();
    let (_host, seat) = running(&orchestrator, 1);
    let join = |name| {
        block_on(
            orchestrator
                .service(player(name))
                .join(join(&seat.game_session.id), Progress::ignored()),
        )
    };
    assert_eq!(code(&join("bob").unwrap_err()), ErrorCode::SessionFull);
    assert_eq!(join("alice").unwrap().player_session_id, seat.player_session_id);
}

#[test]
fn another_build_and_a_closed_game_session_are_refused() {
    let orchestrator = InMemoryOrchestrator::new();
    let (host, seat) = running(&orchestrator, 4);
    let bob = orchestrator.service(player("bob"));
    let other = JoinGameSession {
        build: "old".parse().unwrap(),
        ..join(&seat.game_session.id)
    };
    assert_eq!(
        code(&block_on(bob.join(other, Progress::ignored())).unwrap_err()),
        ErrorCode::VersionMismatch
    );
    block_on(host.set_policy(PlayerSessionPolicy::DenyAll)).unwrap();
    let closed = block_on(bob.join(join(&seat.game_session.id), Progress::ignored())).unwrap_err();
    assert_eq!(code(&closed), ErrorCode::NotAccepting);
}

#[test]
fn a_quick_join_prefers_a_running_game_session() {
    let orchestrator = InMemoryOrchestrator::new();
    let (_host, seat) = running(&orchestrator, 4);
    let _idle = ready(&orchestrator);
    let request = QuickJoin {
        idempotency_key: IdempotencyKey::random(),
        name: "Any".into(),
        max_players: 4,
        build: "dev".parse().unwrap(),
        properties: GameProperties::new(),
        latencies: crate::Latencies::default(),
    };
    let found = block_on(
        orchestrator
            .service(player("bob"))
            .quick_join(request, Progress::ignored()),
    )
    .unwrap();
    assert_eq!(found.game_session.id, seat.game_session.id);
}

#[test]
fn only_the_owner_changes_and_ends() {
    let orchestrator = InMemoryOrchestrator::new().with_host_lifetime(HostLifetime::ManySessions);
    let (host, seat) = running(&orchestrator, 4);
    let id = seat.game_session.id;
    let change = UpdateGameSession {
        id: id.clone(),
        name: Some("Sunday".into()),
        max_players: None,
        policy: None,
        properties: GameProperties::new(),
    };
    let (alice, bob) = (
        orchestrator.service(player("alice")),
        orchestrator.service(player("bob")),
    );
    assert_eq!(
        code(&block_on(bob.update(change.clone())).unwrap_err()),
        ErrorCode::Forbidden
    );
    assert_eq!(
        code(&block_on(bob.end(EndGameSession { id: id.clone() })).unwrap_err()),
        ErrorCode::Forbidden
    );
    assert_eq!(block_on(alice.update(change)).unwrap().name, "Sunday");
    assert!(matches!(next_event(&host), Some(HostEvent::GameSessionUpdated(session)) if session.name == "Sunday"));
    block_on(alice.end(EndGameSession { id })).unwrap();
    assert_eq!(next_event(&host), Some(HostEvent::GameSessionEndRequested));
    block_on(host.end_session()).unwrap();
    assert_eq!(
        orchestrator.snapshot().process(host.process()).unwrap().status,
        ProcessStatus::Ready
    );
}

#[test]
fn held_answers_wait_and_failures_are_used_once() {
    let orchestrator = InMemoryOrchestrator::new();
    let alice = orchestrator.service(player("alice"));
    orchestrator.fail_next(ServiceError::TimedOut {
        after: Duration::from_secs(1),
    });
    orchestrator.hold();
    let mut find = alice.find(FindGameSessions::default());
    assert!(block_on(poll_once(&mut find)).is_none());
    orchestrator.release();
    assert!(matches!(block_on(find), Err(ServiceError::TimedOut { .. })));
    assert_eq!(
        block_on(alice.find(FindGameSessions::default())),
        Ok(GameSessionPage::default())
    );
}

#[test]
fn a_crash_ends_the_wait_for_activation() {
    let orchestrator = InMemoryOrchestrator::new();
    let host = ready(&orchestrator);
    let mut seat = orchestrator
        .service(player("alice"))
        .create(create_named("Friday", 2), Progress::ignored());
    assert!(block_on(poll_once(&mut seat)).is_none());
    drop(host);
    assert_eq!(code(&block_on(seat).unwrap_err()), ErrorCode::ActivationFailed);
}

#[test]
fn an_activation_that_takes_too_long_fails() {
    let orchestrator = InMemoryOrchestrator::new().with_activation_time(Duration::from_secs(10));
    let host = ready(&orchestrator);
    let mut seat = orchestrator
        .service(player("alice"))
        .create(create_named("Friday", 2), Progress::ignored());
    assert!(block_on(poll_once(&mut seat)).is_none());
    let id = started(&host).id;
    orchestrator.advance(Duration::from_secs(10));
    assert_eq!(code(&block_on(seat).unwrap_err()), ErrorCode::ActivationFailed);
    assert!(matches!(block_on(host.activate(id)), Err(HostError::WrongState { .. })));
}

#[test]
fn a_lost_process_hears_of_it_and_counts_as_crashed_later() {
    let orchestrator = InMemoryOrchestrator::new();
    let (host, seat) = running(&orchestrator, 2);
    orchestrator.lose_connection(host.process());
    assert!(matches!(next_event(&host), Some(HostEvent::Lost(_))));
    assert!(
        block_on(host.accept_player(seat.player_session_id))
            .unwrap_err()
            .is_retryable()
    );
    orchestrator.advance(Duration::from_mins(1));
    assert_eq!(
        orchestrator.snapshot().game_sessions[0].status,
        GameSessionStatus::Error
    );
    assert_eq!(next_event(&host), None);
}

#[test]
fn a_code_leads_to_one_game_session_for_who_has_it_and_no_longer_than_it_runs() {
    let orchestrator = InMemoryOrchestrator::new();
    let (_host, seat) = running(&orchestrator, 4);
    let (alice, bob) = (
        orchestrator.service(player("alice")),
        orchestrator.service(player("bob")),
    );
    let id = seat.game_session.id;
    let refused = block_on(bob.join_code(id.clone())).unwrap_err();
    assert_eq!(code(&refused), ErrorCode::Forbidden, "bob has no seat");
    let told = block_on(alice.join_code(id.clone())).unwrap();
    assert_eq!(block_on(alice.join_code(id.clone())).unwrap(), told);
    let by = |join_code: &str| JoinByCode {
        join_code: join_code.into(),
        build: "dev".parse().unwrap(),
        password: None,
    };
    let spoken = told.join_code.to_lowercase();
    let joined = block_on(bob.join_by_code(by(&spoken), Progress::ignored())).unwrap();
    assert_eq!(joined.game_session.id, id);
    assert_eq!(
        block_on(bob.join_code(id.clone())).unwrap(),
        told,
        "who is in may tell it on"
    );
    block_on(alice.end(EndGameSession { id })).unwrap();
    for join_code in [told.join_code.as_str(), "NONSENSE", ""] {
        let refused = block_on(bob.join_by_code(by(join_code), Progress::ignored())).unwrap_err();
        assert_eq!(code(&refused), ErrorCode::NotFound, "{join_code}");
    }
}

#[test]
fn names_and_properties_that_a_backend_refuses_are_refused() {
    let orchestrator = InMemoryOrchestrator::new();
    let _host = ready(&orchestrator);
    let alice = orchestrator.service(player("alice"));
    let named = |name: &str| create_named(name, 4);
    let with = |key: &str, value: &str| CreateGameSession {
        properties: [(key.to_owned(), value.to_owned())].into(),
        ..named("Friday")
    };
    for request in [
        named("   "),
        with("map", ""),
        with("map", "a\nb"),
        with("map", &"x".repeat(97)),
        with("the map", "x"),
        with("gs_build", "x"),
        with("", "x"),
    ] {
        let refused = block_on(alice.create(request, Progress::ignored())).unwrap_err();
        assert_eq!(code(&refused), ErrorCode::InvalidRequest);
    }
    let mut fine = alice.create(with("map_1-a", &"\u{e9}".repeat(96)), Progress::ignored());
    assert!(block_on(poll_once(&mut fine)).is_none(), "it is placed");
}

#[test]
fn a_password_is_asked_of_everyone_but_its_owner_and_who_is_in() {
    let orchestrator = InMemoryOrchestrator::new();
    let host = ready(&orchestrator);
    let (alice, bob) = (
        orchestrator.service(player("alice")),
        orchestrator.service(player("bob")),
    );
    let request = CreateGameSession {
        password: Some(Password::new("xyzzy")),
        ..create_named("Friday", 4)
    };
    let mut seat = alice.create(request, Progress::ignored());
    assert!(block_on(poll_once(&mut seat)).is_none());
    block_on(host.activate(started(&host).id)).unwrap();
    let id = block_on(seat).unwrap().game_session.id;
    assert!(block_on(bob.find(FindGameSessions::default())).unwrap().game_sessions[0].locked);
    let with = |password: Option<&str>| JoinGameSession {
        password: password.map(Password::new),
        ..join(&id)
    };
    for wrong in [None, Some("plugh")] {
        let refused = block_on(bob.join(with(wrong), Progress::ignored())).unwrap_err();
        assert_eq!(code(&refused), ErrorCode::WrongPassword);
    }
    let open = block_on(bob.quick_join(
        QuickJoin {
            idempotency_key: IdempotencyKey::random(),
            name: "any".into(),
            max_players: 4,
            build: "dev".parse().unwrap(),
            properties: GameProperties::new(),
            latencies: crate::Latencies::default(),
        },
        Progress::ignored(),
    ));
    assert_eq!(
        code(&open.unwrap_err()),
        ErrorCode::NoCapacity,
        "a quick join knows no password"
    );
    assert!(block_on(bob.join(with(Some("xyzzy")), Progress::ignored())).is_ok());
    assert!(
        block_on(bob.rejoin(with(None), Progress::ignored())).is_ok(),
        "bob is in"
    );
    assert!(block_on(alice.join(with(None), Progress::ignored())).is_ok());
}

#[test]
fn game_sessions_are_listed_in_the_order_that_is_asked_for() {
    let orchestrator = InMemoryOrchestrator::new();
    let hosts: Vec<_> = ["b", "c", "a"]
        .map(|name| {
            let host = ready(&orchestrator);
            let service = orchestrator.service(player("alice"));
            let mut seat = service.create(create_named(name, 4), Progress::ignored());
            assert!(block_on(poll_once(&mut seat)).is_none());
            let id = started(&host).id;
            block_on(host.activate(id.clone())).unwrap();
            block_on(seat).unwrap();
            (host, id)
        })
        .into();
    let bob = orchestrator.service(player("bob"));
    block_on(bob.join(join(&hosts[1].1), Progress::ignored())).unwrap();
    let listed = |sort| {
        let query = FindGameSessions {
            sort: Some(sort),
            ..FindGameSessions::default()
        };
        let page = block_on(bob.find(query)).unwrap();
        page.game_sessions
            .into_iter()
            .map(|found| found.name)
            .collect::<String>()
    };
    assert_eq!(listed(GameSessionOrder::Oldest), "bca");
    assert_eq!(listed(GameSessionOrder::Newest), "acb");
    assert_eq!(listed(GameSessionOrder::Name), "abc");
    assert!(listed(GameSessionOrder::MostPlayers).starts_with('c'));
    assert!(listed(GameSessionOrder::FewestPlayers).ends_with('c'));
}
