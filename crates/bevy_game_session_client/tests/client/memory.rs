//! Whole apps on the in-memory orchestrator: owner and guests, from the start to the end.

use bevy_app::prelude::*;
use bevy_game_session_client::*;
use futures_lite::future::{block_on, poll_once};
use game_session_protocol::in_memory::{GameSessionStatus, InMemoryHost};
use game_session_protocol::*;

use super::common::*;

fn host(orchestrator: &InMemoryOrchestrator) -> InMemoryHost {
    let host = orchestrator.host();
    block_on(host.ready(ReadyProcess {
        port: 7777,
        log_paths: vec![],
    }))
    .unwrap();
    host
}

fn player(orchestrator: &InMemoryOrchestrator, name: &str) -> App {
    app(orchestrator.service(name.parse().unwrap()), TravelPolicy::Manual)
}

fn activate(host: &InMemoryHost) {
    let event = block_on(poll_once(std::future::poll_fn(|cx| host.poll_event(cx))));
    let Some(HostEvent::GameSessionStarted(session)) = event else {
        panic!("{event:?}")
    };
    block_on(host.activate(session.id)).unwrap();
}

/// Whether the only game session is over, or its server process was told to end it.
fn is_over(orchestrator: &InMemoryOrchestrator) -> bool {
    let sessions = orchestrator.snapshot().game_sessions;
    assert_eq!(sessions.len(), 1);
    matches!(
        sessions[0].status,
        GameSessionStatus::Terminating | GameSessionStatus::Terminated
    )
}

fn start(app: &mut App, seats: u16) {
    with_sessions(app, move |sessions| {
        sessions.create("game", SessionSettings::new(seats)).unwrap();
        sessions.start("game");
    });
    app.update();
}

/// Finds the only game session and joins it.
fn join(app: &mut App) {
    with_sessions(app, |sessions| sessions.find(FindGameSessions::default()));
    app.update();
    let found = app
        .world_mut()
        .query::<&SearchResults>()
        .single(app.world())
        .unwrap()
        .sessions[0]
        .clone();
    heard(app);
    with_sessions(app, move |sessions| sessions.join("game", &found));
    app.update();
}

#[test]
fn a_session_is_started_found_joined_and_ended_by_its_owner() {
    let orchestrator = InMemoryOrchestrator::new();
    let (host, mut owner, mut guest) = (
        host(&orchestrator),
        player(&orchestrator, "owner"),
        player(&orchestrator, "guest"),
    );
    start(&mut owner, 4);
    assert_eq!(heard(&mut owner), ["game created"]);
    activate(&host);
    assert_eq!(heard(&mut owner), ["game started"]);
    join(&mut guest);
    assert_eq!(heard(&mut guest), ["game joined"]);
    with_sessions(&mut guest, |sessions| sessions.end("game"));
    let heard_by_guest = heard(&mut guest);
    assert!(heard_by_guest[0].starts_with("game failed end"), "{heard_by_guest:?}");
    with_sessions(&mut owner, |sessions| sessions.end("game"));
    assert_eq!(heard(&mut owner), ["game ended"]);
    assert!(is_over(&orchestrator));
}

#[test]
fn a_full_session_is_refused_as_full() {
    let orchestrator = InMemoryOrchestrator::new();
    let (host, mut owner, mut guest) = (
        host(&orchestrator),
        player(&orchestrator, "owner"),
        player(&orchestrator, "guest"),
    );
    start(&mut owner, 2);
    activate(&host);
    owner.update();
    let mut third = player(&orchestrator, "third");
    with_sessions(&mut third, |sessions| sessions.find(FindGameSessions::default()));
    third.update();
    let found = third
        .world_mut()
        .query::<&SearchResults>()
        .single(third.world())
        .unwrap()
        .sessions[0]
        .clone();
    heard(&mut third);
    join(&mut guest);
    assert_eq!(heard(&mut guest), ["game joined"]);
    with_sessions(&mut third, move |sessions| sessions.join("game", &found));
    assert_eq!(heard(&mut third), ["game failed join: the game session is full"]);
}

#[test]
fn a_cancelled_start_leaves_no_game_session() {
    let orchestrator = InMemoryOrchestrator::new();
    let (_host, mut owner) = (host(&orchestrator), player(&orchestrator, "owner"));
    start(&mut owner, 2);
    with_sessions(&mut owner, |sessions| sessions.cancel("game"));
    assert_eq!(heard(&mut owner), ["game created", "game cancelled start"]);
    assert!(is_over(&orchestrator));
}

#[test]
fn no_free_server_process_is_said_and_the_next_start_works() {
    let orchestrator = InMemoryOrchestrator::new();
    let mut owner = player(&orchestrator, "owner");
    start(&mut owner, 2);
    assert_eq!(
        heard(&mut owner),
        ["game created", "game failed start: no server process is free"]
    );
    let host = host(&orchestrator);
    with_sessions(&mut owner, |sessions| sessions.start("game"));
    owner.update();
    activate(&host);
    assert_eq!(heard(&mut owner), ["game started"]);
}

#[test]
fn a_hundred_sessions_one_after_another_leave_no_entity_behind() {
    let orchestrator = InMemoryOrchestrator::new().with_host_lifetime(HostLifetime::ManySessions);
    let (host, mut owner) = (host(&orchestrator), player(&orchestrator, "owner"));
    let mut baseline = None;
    for _ in 0..100 {
        start(&mut owner, 2);
        activate(&host);
        owner.update();
        with_sessions(&mut owner, |sessions| sessions.end("game"));
        with_sessions(&mut owner, |sessions| sessions.destroy("game"));
        assert_eq!(
            heard(&mut owner),
            ["game created", "game started", "game ended", "game destroyed"]
        );
        while let Some(_event) = block_on(poll_once(std::future::poll_fn(|cx| host.poll_event(cx)))) {}
        block_on(host.end_session()).unwrap();
        // The first round leaves the entities of the systems that this test itself runs.
        let entities = owner.world().entities().count_spawned();
        assert_eq!(*baseline.get_or_insert(entities), entities);
    }
}
