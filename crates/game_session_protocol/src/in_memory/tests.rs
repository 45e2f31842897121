//! The promises of the in-memory orchestrator, each one test, and its invariants under random use.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::poll_fn;
use std::time::Duration;

use futures_lite::future::{block_on, poll_once};
use proptest::prelude::*;

use super::*;
use crate::*;

fn create_named(name: &str, max_players: u16) -> CreateGameSession {
    CreateGameSession {
        idempotency_key: IdempotencyKey::random(),
        name: name.into(),
        max_players,
        build: "dev".parse().unwrap(),
        properties: GameProperties::new(),
        privacy: Privacy::Listed,
        password: None,
    }
}

fn join(id: &GameSessionId) -> JoinGameSession {
    JoinGameSession {
        id: id.clone(),
        build: "dev".parse().unwrap(),
        password: None,
    }
}

fn player(name: &str) -> PlayerId {
    name.parse().unwrap()
}

fn ready(orchestrator: &InMemoryOrchestrator) -> InMemoryHost {
    let host = orchestrator.host();
    block_on(host.ready(ReadyProcess {
        port: 7000,
        log_paths: vec![],
    }))
    .unwrap();
    host
}

fn next_event(host: &InMemoryHost) -> Option<HostEvent> {
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

/// One random thing that a client, a server process or time does.
#[derive(Debug, Clone)]
enum Step {
    Create { player: u8, max: u16 },
    Join { player: u8, session: usize },
    Leave { player: u8, session: usize },
    End { session: usize },
    Activate { host: usize },
    Accept { host: usize, seat: usize },
    Remove { host: usize, seat: usize },
    EndSession { host: usize },
    ShutDown { host: usize },
    NewHost,
    Advance { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4u8, 1..4u16).prop_map(|(player, max)| Step::Create { player, max }),
        (0..4u8, 0..4usize).prop_map(|(player, session)| Step::Join { player, session }),
        (0..4u8, 0..4usize).prop_map(|(player, session)| Step::Leave { player, session }),
        (0..4usize).prop_map(|session| Step::End { session }),
        (0..4usize).prop_map(|host| Step::Activate { host }),
        (0..4usize, 0..8usize).prop_map(|(host, seat)| Step::Accept { host, seat }),
        (0..4usize, 0..8usize).prop_map(|(host, seat)| Step::Remove { host, seat }),
        (0..4usize).prop_map(|host| Step::EndSession { host }),
        (0..4usize).prop_map(|host| Step::ShutDown { host }),
        Just(Step::NewHost),
        (1..70u64).prop_map(|seconds| Step::Advance { seconds }),
    ]
}

/// A client, its hosts and what is on its way.
struct Play {
    orchestrator: InMemoryOrchestrator,
    hosts: Vec<InMemoryHost>,
    creating: Vec<BoxedFuture<Result<Seat, ServiceError>>>,
}

impl Play {
    fn act(&mut self, step: &Step) {
        let now = self.orchestrator.snapshot();
        let service = |number: u8| self.orchestrator.service(format!("player-{number}").parse().unwrap());
        let session = |index: usize| now.game_sessions.get(index).map(|session| session.id.clone());
        let seat = |index: usize| {
            now.game_sessions
                .iter()
                .flat_map(|s| &s.seats)
                .nth(index)
                .map(|s| s.id.clone())
        };
        let host = |index: usize| self.hosts.get(index);
        match step {
            Step::Create { player, max } => {
                let mut seat = service(*player).create(create_named("Any", *max), Progress::ignored());
                if block_on(poll_once(&mut seat)).is_none() {
                    self.creating.push(seat);
                }
            }
            Step::Join { player, session: index } => {
                let Some(id) = session(*index) else { return };
                let _ = block_on(poll_once(service(*player).join(join(&id), Progress::ignored())));
            }
            Step::Leave { player, session: index } => {
                let Some(id) = session(*index) else { return };
                block_on(service(*player).leave(LeaveGameSession { id })).unwrap();
            }
            Step::End { session: index } => {
                let Some(found) = now.game_sessions.get(*index) else {
                    return;
                };
                let owner = self.orchestrator.service(found.owner.clone());
                let _ = block_on(owner.end(EndGameSession { id: found.id.clone() }));
            }
            Step::Activate { host: index } => {
                let Some(host) = host(*index) else { return };
                while let Some(event) = next_event(host) {
                    if let HostEvent::GameSessionStarted(session) = event {
                        let _ = block_on(host.activate(session.id));
                    }
                }
            }
            Step::Accept { host: index, seat: at } => {
                let (Some(host), Some(id)) = (host(*index), seat(*at)) else {
                    return;
                };
                let _ = block_on(host.accept_player(id));
            }
            Step::Remove { host: index, seat: at } => {
                let (Some(host), Some(id)) = (host(*index), seat(*at)) else {
                    return;
                };
                let _ = block_on(host.remove_player(id));
            }
            Step::EndSession { host: index } => {
                let Some(host) = host(*index) else { return };
                let _ = block_on(host.end_session());
            }
            Step::ShutDown { host: index } => {
                let Some(host) = host(*index) else { return };
                block_on(host.shut_down()).unwrap();
            }
            Step::NewHost => self.hosts.push(ready(&self.orchestrator)),
            Step::Advance { seconds } => self.orchestrator.advance(Duration::from_secs(*seconds)),
        }
        self.creating.retain_mut(|seat| block_on(poll_once(seat)).is_none());
    }
}

fn check_rules(before: &Snapshot, after: &Snapshot, lifetime: HostLifetime) -> Result<(), TestCaseError> {
    let over = |status| matches!(status, GameSessionStatus::Terminated | GameSessionStatus::Error);
    for session in &after.game_sessions {
        let taken = session
            .seats
            .iter()
            .filter(|s| matches!(s.status, SeatStatus::Reserved | SeatStatus::Active));
        prop_assert!(
            taken.clone().count() <= usize::from(session.max_players),
            "too many seats"
        );
        prop_assert!(
            !over(session.status) || taken.count() == 0,
            "a seat outlived its game session"
        );
    }
    for process in &after.processes {
        let here = after
            .game_sessions
            .iter()
            .filter(|session| session.process == process.number);
        prop_assert!(
            here.clone().filter(|session| !over(session.status)).count() <= 1,
            "two at a time"
        );
        prop_assert!(
            lifetime == HostLifetime::ManySessions || here.count() <= 1,
            "two in one life"
        );
    }
    for seat in before.game_sessions.iter().flat_map(|session| &session.seats) {
        use SeatStatus::{Active, Completed, Reserved, TimedOut};
        let now = after.seat(&seat.id).unwrap().status;
        let legal = matches!(
            (seat.status, now),
            (Reserved, Reserved | Active | TimedOut)
                | (Active, Active | Completed)
                | (Completed, Completed)
                | (TimedOut, TimedOut)
        );
        prop_assert!(legal, "{:?} became {:?}", seat.status, now);
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_rules_hold_whatever_happens(steps in prop::collection::vec(step(), 1..60), many: bool) {
        let lifetime = if many { HostLifetime::ManySessions } else { HostLifetime::OneSession };
        let orchestrator = InMemoryOrchestrator::new().with_host_lifetime(lifetime);
        let mut play = Play { hosts: vec![ready(&orchestrator)], creating: vec![], orchestrator };
        for step in &steps {
            let before = play.orchestrator.snapshot();
            play.act(step);
            check_rules(&before, &play.orchestrator.snapshot(), lifetime)?;
        }
    }

    #[test]
    fn reading_a_foreign_ticket_never_panics(bytes in prop::collection::vec(any::<u8>(), 1..400)) {
        prop_assert!(read_ticket(&Ticket::new(bytes).unwrap()).is_err());
    }
}
