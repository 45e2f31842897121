//! Travel with `bevy_replicon`: its client entities are the players.

mod stage;

use std::sync::Arc;

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_game_session_renet::{PlayerConnection, TravelPlugin};
use bevy_game_session_server::AcceptedPlayer;
use bevy_replicon::prelude::*;
use bevy_replicon_renet::RepliconRenetPlugins;
use bevy_state::prelude::State;
use game_session_protocol::InMemoryOrchestrator;
use game_session_protocol::in_memory::SeatStatus;
use serde::{Deserialize, Serialize};
use stage::{Stage, mint};

#[derive(Component, Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Score(u32);

fn replicon(app: &mut App) {
    app.add_plugins((RepliconPlugins, RepliconRenetPlugins, TravelPlugin::replicon()))
        .replicate::<Score>();
}

fn stage() -> Stage {
    Stage::with(InMemoryOrchestrator::new().with_ticket_minter(Arc::new(mint)), replicon)
}

fn state(stage: &Stage, client: usize) -> ClientState {
    *stage.clients[client].world().resource::<State<ClientState>>().get()
}

#[test]
fn an_admitted_player_is_replicons_client_entity_and_the_world_is_replicated() {
    let mut stage = stage();
    stage.server.world_mut().spawn((Replicated, Score(7)));
    let client = stage.host_and_arrive();
    let world = stage.server.world_mut();
    let mut clients = world.query_filtered::<Has<AcceptedPlayer>, (With<ConnectedClient>, With<PlayerConnection>)>();
    assert_eq!(clients.iter(world).collect::<Vec<_>>(), [true]);
    stage.pump("the world is replicated", |stage| {
        let world = stage.clients[client].world_mut();
        world.query::<&Score>().iter(world).eq([&Score(7)])
    });
    assert_eq!(state(&stage, client), ClientState::Connected);
}

#[test]
fn replicons_client_is_connecting_during_travel_and_connected_in_the_frame_of_arrival() {
    let mut stage = stage();
    let client = stage.host_without_travel();
    assert_eq!(state(&stage, client), ClientState::Disconnected);
    // the orchestrator's answer is held, so that the travel takes more than a frame
    stage.orchestrator.hold_hosts();
    stage.call(client, |mut sessions| sessions.travel("game"));
    stage.pump("the seat is asked for", |stage| stage.seats(SeatStatus::Active) == 1);
    assert_eq!(state(&stage, client), ClientState::Connecting);
    stage.orchestrator.release_hosts();
    stage.pump("it has arrived", |stage| {
        let arrived = stage.heard(client).iter().any(|heard| heard == "arrived");
        assert_eq!(arrived, state(stage, client) == ClientState::Connected);
        arrived
    });
}

#[test]
fn a_player_kicked_by_despawn_or_by_request_hears_it_and_frees_the_seat() {
    let mut stage = stage();
    let one = stage.host_and_arrive();
    let first = stage.players()[0];
    let other = stage.join();
    stage.hear_from(other, "arrived");
    stage.server.world_mut().despawn(first);
    stage.hear_from(one, "disconnected: Goodbye(Kicked)");
    let second = stage.players()[0];
    stage
        .server
        .world_mut()
        .write_message(DisconnectRequest { client: second });
    stage.hear_from(other, "disconnected: Goodbye(Kicked)");
    stage.pump("both seats are free", |stage| stage.seats(SeatStatus::Completed) == 2);
    for client in [one, other] {
        assert_eq!(state(&stage, client), ClientState::Disconnected);
    }
}

#[test]
fn a_player_who_leaves_takes_its_entity_along() {
    let mut stage = stage();
    let client = stage.host_and_arrive();
    let player = stage.players()[0];
    stage.call(client, |mut sessions| sessions.leave("game"));
    stage.pump("the entity is gone", |stage| {
        stage.server.world().get_entity(player).is_err()
    });
    stage.pump("the seat is free", |stage| stage.seats(SeatStatus::Completed) == 1);
    stage.pump("replicon has noticed", |stage| {
        state(stage, client) == ClientState::Disconnected
    });
}
