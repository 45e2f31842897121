//! A listen server: both plugins in one app, whose own player needs no connection.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_game_session_client::{ClientSessionState, SessionPhase, SessionSettings};
use bevy_game_session_renet::{PlayerConnection, TravelPlugin};
use bevy_game_session_server::{AcceptedPlayer, LocalPlayer, ServerSessionState, SessionServerCommands as _};
use bevy_renet::{RenetClient, RenetServer};
use bevy_replicon::prelude::*;
use bevy_replicon_renet::RepliconRenetPlugins;
use bevy_state::prelude::State;
use game_session_protocol::in_memory::{GameSessionStatus, SeatStatus};
use game_session_protocol::{HostError, InMemoryOrchestrator};
use serde::{Deserialize, Serialize};
use stage::{Stage, mint, plain};

#[derive(Component, Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Score(u32);

fn replicon(app: &mut App) {
    app.add_plugins((RepliconPlugins, RepliconRenetPlugins, TravelPlugin::replicon()))
        .replicate::<Score>();
}

fn stage(plugins: fn(&mut App)) -> Stage {
    let orchestrator = InMemoryOrchestrator::new().with_ticket_minter(Arc::new(mint));
    let mut stage = Stage::listening(orchestrator, plugins);
    stage.pump("the server is ready", |stage| {
        stage.server_is(ServerSessionState::Ready)
    });
    stage
}

/// The entity of the app's own player.
fn own_player(stage: &mut Stage) -> Option<Entity> {
    let world = stage.server.world_mut();
    let mut players = world.query_filtered::<Entity, (With<LocalPlayer>, With<AcceptedPlayer>)>();
    players.iter(world).next()
}

fn phase(stage: &mut Stage) -> SessionPhase {
    let world = stage.server.world_mut();
    *world.query::<&SessionPhase>().single(world).unwrap()
}

fn client_state(stage: &Stage) -> ClientSessionState {
    *stage.server.world().resource::<State<ClientSessionState>>().get()
}

#[test]
fn the_host_arrives_in_its_own_process_without_a_connection() {
    let mut stage = stage(plain);
    stage.host_locally();
    let player = own_player(&mut stage).unwrap();
    assert!(stage.server.world().get::<PlayerConnection>(player).is_none());
    assert!(!stage.server.world().contains_resource::<RenetClient>());
    assert!(stage.server.world().contains_resource::<RenetServer>());
    assert_eq!(stage.seats(SeatStatus::Active), 1);
    stage.pump("the game may begin", |stage| {
        client_state(stage) == ClientSessionState::InSession
    });
}

#[test]
fn others_join_the_host_over_the_network_at_the_same_time() {
    for plugins in [plain as fn(&mut App), replicon] {
        let mut stage = stage(plugins);
        stage.host_locally();
        let client = stage.join();
        stage.hear_from(client, "arrived");
        assert_eq!(stage.players().len(), 1, "one with a connection");
        assert!(own_player(&mut stage).is_some());
        assert_eq!(stage.seats(SeatStatus::Active), 2);
    }
}

#[test]
fn the_hosts_world_is_replicated_to_others_and_replicon_is_only_a_server() {
    let mut stage = stage(replicon);
    stage.host_locally();
    stage.server.world_mut().spawn((Replicated, Score(7)));
    let client = stage.join();
    stage.pump("the world is replicated", |stage| {
        let world = stage.clients[client].world_mut();
        world.query::<&Score>().iter(world).eq([&Score(7)])
    });
    let world = stage.server.world();
    assert_eq!(*world.resource::<State<ServerState>>().get(), ServerState::Running);
    assert_eq!(*world.resource::<State<ClientState>>().get(), ClientState::Disconnected);
}

#[test]
fn the_host_who_leaves_frees_its_seat_and_the_others_play_on() {
    let mut stage = stage(plain);
    stage.host_locally();
    let client = stage.join();
    stage.hear_from(client, "arrived");
    stage.call_host(|mut sessions| sessions.leave("game"));
    stage.pump("the seat is free", |stage| stage.seats(SeatStatus::Completed) == 1);
    assert_eq!(own_player(&mut stage), None);
    assert_eq!(stage.players().len(), 1);
    assert_eq!(stage.heard(client), ["arrived"]);
    assert_eq!(stage.server_heard(), ["arrived here"], "it was no accident");
    assert!(stage.server_is(ServerSessionState::Active));
}

#[test]
fn the_host_who_ends_the_session_ends_it_for_everyone() {
    let mut stage = stage(plain);
    stage.host_locally();
    let client = stage.join();
    stage.hear_from(client, "arrived");
    stage.call_host(|mut sessions| sessions.end("game"));
    stage.hear_from(client, "disconnected: Goodbye(SessionEnded)");
    stage.pump("the server is ready again", |stage| {
        stage.server_is(ServerSessionState::Ready)
    });
    assert_eq!(phase(&mut stage), SessionPhase::Ended);
    assert_eq!(own_player(&mut stage), None);
    assert_eq!(stage.seats(SeatStatus::Completed), 2);
    assert_eq!(
        stage.orchestrator.snapshot().game_sessions[0].status,
        GameSessionStatus::Terminated
    );
}

#[test]
fn the_games_own_end_is_heard_by_the_host_as_by_everyone() {
    let mut stage = stage(plain);
    stage.host_locally();
    stage.command(|commands| commands.end_session());
    stage.pump("the host has heard it", |stage| {
        stage.count_on_server("disconnected: Goodbye(SessionEnded)") == 1
    });
    assert_eq!(phase(&mut stage), SessionPhase::Ended);
}

#[test]
fn the_game_may_remove_its_own_player() {
    let mut stage = stage(plain);
    stage.host_locally();
    let player = own_player(&mut stage).unwrap();
    stage.server.world_mut().despawn(player);
    stage.pump("the host has heard it", |stage| {
        stage.count_on_server("disconnected: Goodbye(Kicked)") == 1
    });
    stage.pump("the seat is free", |stage| stage.seats(SeatStatus::Completed) == 1);
    stage.call_host(|mut sessions| sessions.rejoin("game"));
    stage.pump("the host is back", |stage| stage.count_on_server("arrived here") == 2);
}

#[test]
fn a_host_whom_the_orchestrator_refuses_stays_where_it_was_and_may_travel_again() {
    let mut stage = stage(plain);
    stage.orchestrator.refuse_next_accept(HostError::Refused {
        action: "accept",
        message: "no".into(),
    });
    stage.call_host(|mut sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
    });
    stage.pump("the refusal is heard", |stage| {
        stage.count_on_server("travel failed: Refused(NotReserved)") == 1
    });
    assert_eq!(own_player(&mut stage), None);
    stage.call_host(|mut sessions| sessions.travel("game"));
    stage.pump("the host has arrived", |stage| {
        stage.count_on_server("arrived here") == 1
    });
}

#[test]
fn a_host_who_cancels_while_the_orchestrator_is_asked_leaves_no_entity_and_no_seat() {
    let mut stage = stage(plain);
    stage.orchestrator.hold_hosts();
    stage.call_host(|mut sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
    });
    stage.pump("the activation is asked for", |stage| {
        stage.orchestrator.snapshot().game_sessions.len() == 1
    });
    stage.pump("the seat is asked for", |stage| stage.seats(SeatStatus::Active) == 1);
    stage.call_host(|mut sessions| sessions.destroy("game"));
    stage.orchestrator.release_hosts();
    stage.pump("the seat is free", |stage| stage.seats(SeatStatus::Completed) == 1);
    assert_eq!(own_player(&mut stage), None);
}

#[test]
fn one_session_after_another_is_hosted_and_another_one_is_joined_in_between() {
    for plugins in [plain as fn(&mut App), replicon] {
        let mut here = stage(plugins);
        for round in 1..=3 {
            here.host_locally();
            here.call_host(|mut sessions| sessions.end("game"));
            // at once, while the server still says goodbye
            here.pump("the session is over here", |stage| phase(stage) == SessionPhase::Ended);
            here.call_host(|mut sessions| sessions.destroy("game"));
            here.pump("the server is ready again", |stage| {
                stage.server_is(ServerSessionState::Ready)
            });
            assert_eq!(here.seats(SeatStatus::Completed), round);
            assert!(!here.server.world().contains_resource::<RenetServer>());
        }
    }
}
