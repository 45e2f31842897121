//! The life of sessions in whole apps, owner and guests, from the start to the end, on any orchestrator: [`life_cycle!`]
//! makes the tests. An orchestrator may take its time; what must be heard is waited for.

use std::time::{Duration, Instant};

use bevy_app::prelude::*;
use bevy_game_session_client::*;
use futures_lite::future::{block_on, poll_once};
use game_session_protocol::*;

use super::common::*;

/// Longer than anything takes on the slowest machine.
const LIMIT: Duration = Duration::from_mins(1);

/// What the suite runs on. Its processes host one game session after another.
pub(crate) trait Orchestrator {
    /// A server process as the orchestrator knows it.
    type Host: SessionHost;

    fn new() -> Self;

    /// A process that is ready.
    fn host(&self) -> Self::Host;

    /// The app of the player who starts game sessions.
    fn owner(&self) -> App;

    /// The app of another player, another one each time.
    fn guest(&self) -> App;
}

/// Turns the app until it is done.
#[track_caller]
fn until<T>(app: &mut App, mut done: impl FnMut(&mut App) -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        app.update();
        if let Some(done) = done(app) {
            return done;
        }
        assert!(Instant::now() < end, "not in time");
        std::thread::yield_now();
    }
}

/// Turns the app until it heard as much as is expected.
#[track_caller]
fn hears(app: &mut App, expected: &[&str]) {
    let mut all = Vec::new();
    until(app, |app| {
        all.extend(heard(app));
        (all.len() >= expected.len()).then_some(())
    });
    assert_eq!(all, expected);
}

fn event(host: &impl SessionHost) -> HostEvent {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(event) = block_on(poll_once(std::future::poll_fn(|cx| host.poll_event(cx)))) {
            return event;
        }
        assert!(Instant::now() < end, "no event in time");
        std::thread::yield_now();
    }
}

fn activate(host: &impl SessionHost) {
    let HostEvent::GameSessionStarted(session) = event(host) else {
        panic!("no game session started")
    };
    block_on(host.activate(session.id)).unwrap();
}

/// The process was told to end its game session.
fn is_told_to_end(host: &impl SessionHost) {
    let told = event(host);
    assert!(matches!(told, HostEvent::GameSessionEndRequested), "{told:?}");
}

fn start(app: &mut App, seats: u16) {
    with_sessions(app, move |sessions| {
        sessions.create("game", SessionSettings::new(seats)).unwrap();
        sessions.start("game");
    });
}

/// Finds the only game session.
fn find(app: &mut App) -> FoundSession {
    let end = Instant::now() + LIMIT;
    loop {
        let search = with_sessions(app, |sessions| sessions.find(FindGameSessions::default()));
        let found = until(app, |app| {
            app.world()
                .get::<SearchResults>(search)
                .map(|results| results.sessions.first().cloned())
        });
        app.world_mut().despawn(search);
        heard(app);
        if let Some(found) = found {
            return found;
        }
        assert!(Instant::now() < end, "nothing was found in time");
    }
}

fn join(app: &mut App, found: FoundSession) {
    with_sessions(app, move |sessions| sessions.join("game", &found));
}

pub(crate) fn a_session_is_started_found_joined_and_ended_by_its_owner<O: Orchestrator>() {
    let orchestrator = O::new();
    let (host, mut owner, mut guest) = (orchestrator.host(), orchestrator.owner(), orchestrator.guest());
    start(&mut owner, 4);
    hears(&mut owner, &["game created"]);
    activate(&host);
    hears(&mut owner, &["game started"]);
    let found = find(&mut guest);
    join(&mut guest, found);
    hears(&mut guest, &["game joined"]);
    with_sessions(&mut guest, |sessions| sessions.end("game"));
    let refused = until(&mut guest, |guest| heard(guest).pop());
    assert!(refused.starts_with("game failed end"), "{refused:?}");
    with_sessions(&mut owner, |sessions| sessions.end("game"));
    hears(&mut owner, &["game ended"]);
    is_told_to_end(&host);
}

pub(crate) fn a_full_session_is_refused_as_full<O: Orchestrator>() {
    let orchestrator = O::new();
    let (host, mut owner, mut guest) = (orchestrator.host(), orchestrator.owner(), orchestrator.guest());
    start(&mut owner, 2);
    activate(&host);
    hears(&mut owner, &["game created", "game started"]);
    let mut third = orchestrator.guest();
    let found = find(&mut third);
    let found_by_guest = find(&mut guest);
    join(&mut guest, found_by_guest);
    hears(&mut guest, &["game joined"]);
    join(&mut third, found);
    hears(&mut third, &["game failed join: the game session is full"]);
}

pub(crate) fn a_cancelled_start_leaves_no_game_session<O: Orchestrator>() {
    let orchestrator = O::new();
    let (host, mut owner) = (orchestrator.host(), orchestrator.owner());
    start(&mut owner, 2);
    let placed = event(&host);
    assert!(matches!(placed, HostEvent::GameSessionStarted(_)));
    with_sessions(&mut owner, |sessions| sessions.cancel("game"));
    hears(&mut owner, &["game created", "game cancelled start"]);
    is_told_to_end(&host);
}

pub(crate) fn no_free_server_process_is_said_and_the_next_start_works<O: Orchestrator>() {
    let orchestrator = O::new();
    let mut owner = orchestrator.owner();
    start(&mut owner, 2);
    hears(
        &mut owner,
        &["game created", "game failed start: no server process is free"],
    );
    let host = orchestrator.host();
    with_sessions(&mut owner, |sessions| sessions.start("game"));
    activate(&host);
    hears(&mut owner, &["game started"]);
}

pub(crate) fn a_hundred_sessions_one_after_another_leave_no_entity_behind<O: Orchestrator>() {
    let orchestrator = O::new();
    let (host, mut owner) = (orchestrator.host(), orchestrator.owner());
    let mut baseline = None;
    for _ in 0..100 {
        start(&mut owner, 2);
        activate(&host);
        hears(&mut owner, &["game created", "game started"]);
        with_sessions(&mut owner, |sessions| sessions.end("game"));
        with_sessions(&mut owner, |sessions| sessions.destroy("game"));
        hears(&mut owner, &["game ended", "game destroyed"]);
        is_told_to_end(&host);
        block_on(host.end_session()).unwrap();
        // The first round leaves the entities of the systems that this test itself runs.
        let entities = owner.world().entities().count_spawned();
        assert_eq!(*baseline.get_or_insert(entities), entities);
    }
}

/// The tests of the suite on an orchestrator.
macro_rules! life_cycle {
    ($orchestrator:ty: $($test:ident)*) => {
        $(
            #[test]
            fn $test() {
                crate::suite::$test::<$orchestrator>();
            }
        )*
    };
    ($orchestrator:ty) => {
        life_cycle! { $orchestrator:
            a_session_is_started_found_joined_and_ended_by_its_owner
            a_full_session_is_refused_as_full
            a_cancelled_start_leaves_no_game_session
            no_free_server_process_is_said_and_the_next_start_works
            a_hundred_sessions_one_after_another_leave_no_entity_behind
        }
    };
}

pub(crate) use life_cycle;
