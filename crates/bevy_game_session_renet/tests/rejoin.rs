//! Players who come back: over a cut line, and with a second app, to the same entity.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_game_session_renet::{PlayerConnection, TravelPlugin};
use bevy_game_session_server::{AcceptedPlayer, PlayerAbsent};
use bevy_renet::RenetServer;
use bevy_renet::renet::DefaultChannel;
use bevy_replicon::prelude::*;
use bevy_replicon_renet::RepliconRenetPlugins;
use game_session_protocol::InMemoryOrchestrator;
use game_session_protocol::in_memory::SeatStatus;
use serde::{Deserialize, Serialize};
use stage::relay::{SharedRelay, orchestrator_with_relay};
use stage::{Stage, mint, plain};

/// What the server's game keeps on the player's entity.
#[derive(Component, Debug, PartialEq)]
struct Lives(u32);

#[derive(Component, Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Score(u32);

/// What the server tells one player beside the replicated world.
#[derive(Message, Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Hint(u32);

fn replicon(app: &mut App) {
    app.add_plugins((RepliconPlugins, RepliconRenetPlugins, TravelPlugin::replicon()))
        .replicate::<Score>()
        .add_server_message::<Hint>(Channel::Ordered)
        .make_message_independent::<Hint>();
}

fn stage(plugins: fn(&mut App)) -> Stage {
    Stage::with(InMemoryOrchestrator::new().with_ticket_minter(Arc::new(mint)), plugins)
}

/// A player on a line that can be cut. Tickets go through the relay from the start.
fn stage_with_relay(plugins: fn(&mut App)) -> (Stage, usize, SharedRelay) {
    let (orchestrator, relay) = orchestrator_with_relay();
    let mut stage = Stage::with(orchestrator, plugins);
    let client = stage.host_and_arrive();
    (stage, client, relay)
}

/// The one player, with what the game gave it.
fn give_lives(stage: &mut Stage) -> Entity {
    let player = stage.players()[0];
    stage.server.world_mut().entity_mut(player).insert(Lives(3));
    player
}

fn is_the_same(stage: &mut Stage, player: Entity) {
    assert_eq!(stage.players(), [player]);
    assert_eq!(stage.server.world().get::<Lives>(player), Some(&Lives(3)));
    assert_eq!(stage.seats(SeatStatus::Active), 1);
}

/// Cuts the line until both sides have noticed.
fn lose(stage: &mut Stage, client: usize, relay: &SharedRelay) {
    relay.lock().unwrap().as_ref().unwrap().cut();
    stage.hear_from(client, "disconnected: TimedOut");
    stage.pump("the loss is noticed", |stage| stage.count_on_server("lost") == 1);
}

fn rejoin(stage: &mut Stage, client: usize, relay: &SharedRelay) {
    relay.lock().unwrap().as_ref().unwrap().mend();
    stage.call(client, |mut sessions| sessions.rejoin("game"));
    stage.pump("the player is back", |stage| stage.count(client, "arrived") == 2);
}

fn scores(stage: &mut Stage, client: usize) -> Vec<u32> {
    let world = stage.clients[client].world_mut();
    let mut scores: Vec<_> = world.query::<&Score>().iter(world).map(|score| score.0).collect();
    scores.sort_unstable();
    scores
}

fn see(stage: &mut Stage, client: usize, expected: &[u32]) {
    stage.pump("the world is replicated", |stage| scores(stage, client) == expected);
}

#[test]
fn a_lost_player_comes_back_to_the_same_entity_and_messages_pass_again() {
    let (mut stage, client, relay) = stage_with_relay(plain);
    let player = give_lives(&mut stage);
    let id = stage
        .server
        .world()
        .get::<PlayerConnection>(player)
        .unwrap()
        .client_id();
    lose(&mut stage, client, &relay);
    is_the_same(&mut stage, player);
    assert!(stage.server.world().get::<PlayerAbsent>(player).is_some());
    assert!(!stage.server.world().resource::<RenetServer>().is_connected(id));
    rejoin(&mut stage, client, &relay);
    is_the_same(&mut stage, player);
    assert!(stage.server.world().get::<PlayerAbsent>(player).is_none());
    assert_eq!(stage.server_heard(), ["lost", "returned"]);
    let mut server = stage.server.world_mut().resource_mut::<RenetServer>();
    server.send_message(id, DefaultChannel::ReliableOrdered, vec![7; 2000]);
    stage.pump("a message arrives", |stage| {
        let mut renet = stage.clients[client]
            .world_mut()
            .resource_mut::<bevy_renet::RenetClient>();
        renet.receive_message(DefaultChannel::ReliableOrdered).is_some()
    });
}

#[test]
fn a_lost_player_comes_back_to_the_same_replicon_client_and_gets_the_whole_world_again() {
    let (mut stage, client, relay) = stage_with_relay(replicon);
    stage.server.world_mut().spawn((Replicated, Score(7)));
    see(&mut stage, client, &[7]);
    let player = give_lives(&mut stage);
    lose(&mut stage, client, &relay);
    is_the_same(&mut stage, player);
    assert!(stage.server.world().get::<ConnectedClient>(player).is_none());
    // what was replicated belongs to the connection that is gone
    let world = stage.clients[client].world_mut();
    let remote: Vec<_> = world.query_filtered::<Entity, With<Remote>>().iter(world).collect();
    for entity in remote {
        world.despawn(entity);
    }
    stage.server.world_mut().spawn((Replicated, Score(8)));
    rejoin(&mut stage, client, &relay);
    is_the_same(&mut stage, player);
    assert!(stage.server.world().get::<ConnectedClient>(player).is_some());
    see(&mut stage, client, &[7, 8]);
    // and changes go on
    let world = stage.server.world_mut();
    world
        .query::<&mut Score>()
        .iter_mut(world)
        .for_each(|mut score| score.0 += 10);
    see(&mut stage, client, &[17, 18]);
}

#[test]
fn a_message_of_replicon_to_an_absent_player_is_lost_and_to_one_who_is_back_it_arrives() {
    let (mut stage, client, relay) = stage_with_relay(replicon);
    let player = give_lives(&mut stage);
    lose(&mut stage, client, &relay);
    let hint = |stage: &mut Stage, number| {
        stage.server.world_mut().write_message(ToClients {
            targets: SendTargets::Single(player.into()),
            message: Hint(number),
        });
        stage.server.update();
    };
    hint(&mut stage, 1);
    is_the_same(&mut stage, player);
    rejoin(&mut stage, client, &relay);
    hint(&mut stage, 2);
    let mut heard = Vec::new();
    stage.pump("the hint arrives", |stage| {
        let mut hints = stage.clients[client].world_mut().resource_mut::<Messages<Hint>>();
        heard.extend(hints.drain());
        !heard.is_empty()
    });
    assert_eq!(heard, [Hint(2)]);
}

#[test]
fn a_newer_ticket_takes_over_the_entity_and_the_older_connection_hears_it() {
    for (plugins, replicates) in [(plain as fn(&mut App), false), (replicon, true)] {
        let mut stage = stage(plugins);
        stage.server.world_mut().spawn((Replicated, Score(7)));
        let first = stage.host_and_arrive();
        let player = give_lives(&mut stage);
        let second = stage.add_client_of("player-1");
        stage.find_and_join(second);
        stage.hear_from(second, "arrived");
        stage.hear_from(first, "disconnected: Goodbye(TakenOver)");
        is_the_same(&mut stage, player);
        assert_eq!(stage.server_heard(), ["returned"]);
        if replicates {
            see(&mut stage, second, &[7]);
        }
        // the farewell of the old connection does not touch the new one
        drop(stage.clients.remove(first));
        let mut turns = 0;
        stage.pump("some turns have passed", |_| {
            turns += 1;
            turns > 100
        });
        is_the_same(&mut stage, player);
    }
}

#[test]
fn a_player_who_leaves_is_not_waited_for() {
    let mut stage = stage(plain);
    let client = stage.host_and_arrive();
    stage.call(client, |mut sessions| sessions.leave("game"));
    stage.pump("the seat is free", |stage| stage.seats(SeatStatus::Completed) == 1);
    assert!(stage.players().is_empty());
    assert!(stage.server_heard().is_empty());
}

#[test]
fn an_absent_player_whom_the_game_removes_is_gone_and_cannot_come_back_to_the_seat() {
    let (mut stage, client, relay) = stage_with_relay(replicon);
    let player = give_lives(&mut stage);
    lose(&mut stage, client, &relay);
    stage.server.world_mut().entity_mut(player).remove::<AcceptedPlayer>();
    stage.pump("the seat is free", |stage| stage.seats(SeatStatus::Completed) == 1);
    assert!(stage.server.world().get_entity(player).is_err());
    rejoin(&mut stage, client, &relay);
    assert_eq!(stage.players().len(), 1, "with a seat and an entity of its own");
    assert_eq!(stage.server_heard(), ["lost"]);
}
