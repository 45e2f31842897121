//! Client or server killed at every step of the life: the other side ends in a defined state, the seat is free in time.
//!
//! Killed means: not a word more, over a line that is cut.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::time::Duration;

use bevy_game_session_client::SessionPhase;
use bevy_game_session_server::{Goodbyes, ServerSessionState, SessionServerCommands as _};
use bevy_renet::RenetClient;
use game_session_protocol::in_memory::{ProcessStatus, SeatStatus};
use stage::Stage;
use stage::relay::{SharedRelay, orchestrator_with_relay};

const GRACE: Duration = Duration::from_millis(200);
/// Long enough to begin to come back in.
const LONG_GRACE: Duration = Duration::from_secs(3);

fn stage() -> (Stage, SharedRelay) {
    stage_with_grace(GRACE)
}

fn stage_with_grace(grace: Duration) -> (Stage, SharedRelay) {
    let (orchestrator, relay) = orchestrator_with_relay();
    (Stage::with_grace(orchestrator, grace), relay)
}

fn cut(relay: &SharedRelay) {
    if let Some(relay) = relay.lock().unwrap().as_ref() {
        relay.cut();
    }
}

/// Cuts the line until both sides have noticed.
fn lose(stage: &mut Stage, client: usize, relay: &SharedRelay) {
    cut(relay);
    stage.hear_from(client, "disconnected: TimedOut");
    stage.pump("the loss is noticed", |stage| stage.count_on_server("lost") == 1);
}

/// The client does this, and so many of its datagrams reach the server.
fn call_over_a_line_that_breaks(
    stage: &mut Stage,
    client: usize,
    relay: &SharedRelay,
    datagrams: usize,
    call: fn(bevy_game_session_client::Sessions),
) {
    relay.lock().unwrap().as_ref().unwrap().cut_after(datagrams);
    stage.call(client, call);
    stage.pump("the line is broken", |_| {
        relay.lock().unwrap().as_ref().unwrap().is_cut()
    });
}

/// The client's process is gone, without a word to anybody.
fn kill_client(stage: &mut Stage, relay: &SharedRelay) {
    cut(relay);
    stage.orchestrator.hold();
    drop(stage.clients.pop());
    stage.orchestrator.release();
}

/// The server's process is gone, and the line with it.
fn kill_server(stage: &mut Stage, relay: &SharedRelay) {
    cut(relay);
    let process = stage.orchestrator.snapshot().processes[0].number;
    stage.orchestrator.crash_host(process);
    stage.server = bevy_app::App::new();
    stage.server.init_resource::<stage::Heard>();
}

fn phase(stage: &mut Stage, client: usize) -> Option<SessionPhase> {
    let world = stage.clients[client].world_mut();
    world.query::<&SessionPhase>().iter(world).next().copied()
}

fn heard(stage: &Stage, client: usize, start: &str) -> bool {
    stage.heard(client).iter().any(|heard| heard.starts_with(start))
}

fn no_seat_is_taken(stage: &Stage) -> bool {
    stage.seats(SeatStatus::Active) == 0 && stage.seats(SeatStatus::Reserved) == 0
}

#[test]
fn a_client_killed_while_reserved() {
    let (mut stage, relay) = stage();
    stage.host_without_travel();
    cut(&relay);
    // it never says anything again
    std::mem::forget(stage.clients.pop());
    stage.orchestrator.advance(Duration::from_mins(1));
    assert!(no_seat_is_taken(&stage));
    assert!(stage.players().is_empty());
}

#[test]
fn a_client_killed_while_its_session_starts() {
    let (mut stage, relay) = stage();
    stage.pump("the server is ready", |stage| {
        stage.server_is(ServerSessionState::Ready)
    });
    stage.orchestrator.hold_hosts();
    stage.host();
    stage.pump("the server is asked", |stage| {
        !stage.orchestrator.snapshot().game_sessions.is_empty()
    });
    cut(&relay);
    // it never says anything again
    std::mem::forget(stage.clients.pop());
    stage.orchestrator.release_hosts();
    stage.pump("the game session is active", |stage| {
        stage.server_is(ServerSessionState::Active)
    });
    stage.orchestrator.advance(Duration::from_mins(1));
    assert!(no_seat_is_taken(&stage));
    assert!(stage.players().is_empty());
}

#[test]
fn a_client_killed_during_the_handshake() {
    // its request is heard; so is its answer to the challenge, and it never learns of that
    for datagrams in [1, 2] {
        let (mut stage, relay) = stage();
        let client = stage.host_without_travel();
        call_over_a_line_that_breaks(&mut stage, client, &relay, datagrams, |mut sessions| {
            sessions.travel("game");
        });
        kill_client(&mut stage, &relay);
        stage.orchestrator.advance(Duration::from_mins(1));
        stage.pump("the seat is free", |stage| {
            no_seat_is_taken(stage) && stage.players().is_empty()
        });
        assert!(stage.server_is(ServerSessionState::Active));
    }
}

#[test]
fn a_client_killed_while_it_is_absent() {
    let (mut stage, relay) = stage();
    let client = stage.host_and_arrive();
    lose(&mut stage, client, &relay);
    kill_client(&mut stage, &relay);
    stage.pump("the seat is free", |stage| {
        no_seat_is_taken(stage) && stage.players().is_empty()
    });
    assert_eq!(stage.seats(SeatStatus::Completed), 1, "freed once");
}

#[test]
fn a_client_killed_while_it_comes_back() {
    let (mut stage, relay) = stage_with_grace(LONG_GRACE);
    let client = stage.host_and_arrive();
    lose(&mut stage, client, &relay);
    call_over_a_line_that_breaks(&mut stage, client, &relay, 1, |mut sessions| sessions.rejoin("game"));
    kill_client(&mut stage, &relay);
    stage.orchestrator.advance(Duration::from_mins(1));
    stage.pump("the seat is free", |stage| {
        no_seat_is_taken(stage) && stage.players().is_empty()
    });
    assert_eq!(stage.server_heard(), ["lost"]);
}

#[test]
fn a_client_killed_while_the_orchestrator_is_asked() {
    let (mut stage, relay) = stage();
    let client = stage.host_without_travel();
    stage.orchestrator.hold_hosts();
    stage.call(client, |mut sessions| sessions.travel("game"));
    stage.pump("the seat is asked for", |stage| stage.seats(SeatStatus::Active) == 1);
    kill_client(&mut stage, &relay);
    stage.orchestrator.release_hosts();
    stage.pump("the seat is free", |stage| {
        no_seat_is_taken(stage) && stage.players().is_empty()
    });
    assert!(stage.server_is(ServerSessionState::Active));
}

#[test]
fn a_client_killed_while_active() {
    let (mut stage, relay) = stage();
    stage.host_and_arrive();
    kill_client(&mut stage, &relay);
    stage.pump("the seat is free", |stage| {
        no_seat_is_taken(stage) && stage.players().is_empty()
    });
    assert_eq!(stage.server_heard(), ["lost"], "it was waited for");
    assert_eq!(stage.seats(SeatStatus::Completed), 1, "freed once");
}

#[test]
fn a_client_killed_while_the_session_ends() {
    let (mut stage, relay) = stage();
    stage.host_and_arrive();
    stage.command(|commands| commands.end_session());
    kill_client(&mut stage, &relay);
    stage.pump("the process has left", |stage| {
        stage.orchestrator.snapshot().processes[0].status == ProcessStatus::Ended
    });
    assert!(no_seat_is_taken(&stage));
}

#[test]
fn a_server_killed_before_active() {
    let (mut stage, relay) = stage();
    stage.orchestrator.hold_hosts();
    let client = stage.add_client();
    stage.pump("the server is asked", |stage| {
        !stage.orchestrator.snapshot().processes.is_empty()
    });
    stage.orchestrator.release_hosts();
    stage.pump("the server is ready", |stage| {
        stage.server_is(ServerSessionState::Ready)
    });
    stage.call(client, |mut sessions| {
        sessions
            .create("game", bevy_game_session_client::SessionSettings::new(4))
            .unwrap();
        sessions.start("game");
    });
    kill_server(&mut stage, &relay);
    stage.pump("the start has failed", |stage| heard(stage, client, "failed"));
    assert_eq!(phase(&mut stage, client), Some(SessionPhase::Pending));
}

#[test]
fn a_server_killed_before_the_travel() {
    let (mut stage, relay) = stage();
    let client = stage.host_without_travel();
    kill_server(&mut stage, &relay);
    stage.call(client, |mut sessions| sessions.travel("game"));
    stage.pump("the travel has failed", |stage| heard(stage, client, "travel failed"));
    assert!(!stage.clients[client].world().contains_resource::<RenetClient>());
    assert!(no_seat_is_taken(&stage));
}

#[test]
fn a_server_killed_while_the_player_is_at_the_door() {
    let (mut stage, relay) = stage();
    let client = stage.host_without_travel();
    stage.orchestrator.hold_hosts();
    stage.call(client, |mut sessions| sessions.travel("game"));
    stage.pump("the seat is asked for", |stage| stage.seats(SeatStatus::Active) == 1);
    kill_server(&mut stage, &relay);
    stage.pump("the travel has failed", |stage| heard(stage, client, "travel failed"));
    assert!(!stage.clients[client].world().contains_resource::<RenetClient>());
    assert!(no_seat_is_taken(&stage));
}

#[test]
fn a_server_killed_after_active_with_players() {
    let (mut stage, relay) = stage();
    let client = stage.host_and_arrive();
    kill_server(&mut stage, &relay);
    stage.hear_from(client, "disconnected: TimedOut");
    assert_eq!(phase(&mut stage, client), Some(SessionPhase::Ended));
    assert!(!stage.clients[client].world().contains_resource::<RenetClient>());
    assert!(no_seat_is_taken(&stage));
}

#[test]
fn a_server_killed_while_the_session_ends() {
    let (mut stage, relay) = stage();
    let client = stage.host_and_arrive();
    cut(&relay);
    let _the_end_is_not_over = stage.server.world().resource::<Goodbyes>().hold();
    stage.command(|commands| commands.end_session());
    (0..2).for_each(|_| stage.server.update());
    assert!(stage.server_is(ServerSessionState::Ending));
    kill_server(&mut stage, &relay);
    stage.hear_from(client, "disconnected: TimedOut");
    assert_eq!(phase(&mut stage, client), Some(SessionPhase::Ended));
    assert!(no_seat_is_taken(&stage));
}

#[test]
fn a_server_killed_while_a_player_is_absent() {
    let (mut stage, relay) = stage_with_grace(LONG_GRACE);
    let client = stage.host_and_arrive();
    lose(&mut stage, client, &relay);
    kill_server(&mut stage, &relay);
    stage.call(client, |mut sessions| sessions.rejoin("game"));
    stage.pump("there is nothing to come back to", |stage| {
        heard(stage, client, "failed") || heard(stage, client, "travel failed")
    });
    assert!(!stage.clients[client].world().contains_resource::<RenetClient>());
    assert!(no_seat_is_taken(&stage));
}

#[test]
fn a_server_killed_while_a_player_comes_back() {
    let (mut stage, relay) = stage_with_grace(LONG_GRACE);
    let client = stage.host_and_arrive();
    lose(&mut stage, client, &relay);
    call_over_a_line_that_breaks(&mut stage, client, &relay, 1, |mut sessions| sessions.rejoin("game"));
    kill_server(&mut stage, &relay);
    stage.pump("the travel has failed", |stage| heard(stage, client, "travel failed"));
    assert!(!stage.clients[client].world().contains_resource::<RenetClient>());
    assert!(no_seat_is_taken(&stage));
}
