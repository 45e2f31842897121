//! Client or server killed at every step of the life: the other side ends in a defined state, the seat is free in time.
//!
//! Killed means: not a word more, over a line that is cut.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::time::Duration;

use bevy_game_session_client::SessionPhase;
use bevy_game_session_server::{ServerSessionState, SessionServerCommands as _};
use bevy_renet::RenetClient;
use game_session_protocol::in_memory::{ProcessStatus, SeatStatus};
use stage::Stage;
use stage::relay::{SharedRelay, orchestrator_with_relay};

const GRACE: Duration = Duration::from_millis(200);

fn stage() -> (Stage, SharedRelay) {
    let (orchestrator, relay) = orchestrator_with_relay();
    (Stage::with_grace(orchestrator, GRACE), relay)
}

fn cut(relay: &SharedRelay) {
    if let Some(relay) = relay.lock().unwrap().as_ref() {
        relay.cut();
    }
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
