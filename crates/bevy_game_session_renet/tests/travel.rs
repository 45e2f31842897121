//! From a seat to a player in the world, and out again, on both sides.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::time::Duration;

use bevy_app::AppExit;
use bevy_ecs::prelude::*;
use bevy_ecs::system::RunSystemOnce as _;
use bevy_game_session_client::SessionPhase;
use bevy_game_session_renet::PlayerConnection;
use bevy_game_session_server::{
    AcceptedPlayer, HostFailed, ListenPort, ServerSessionState, SessionServerCommands as _,
};
use bevy_renet::renet::{ConnectionConfig, DefaultChannel};
use bevy_renet::{RenetClient, RenetServer};
use bevy_time::TimeUpdateStrategy;
use game_session_protocol::HostLifetime;
use game_session_protocol::in_memory::{ProcessStatus, SeatStatus};
use stage::Stage;

fn is_connected(stage: &Stage, client: usize) -> bool {
    stage.clients[client]
        .world()
        .get_resource::<RenetClient>()
        .is_some_and(|client| client.is_connected())
}

fn phase(stage: &mut Stage, client: usize) -> SessionPhase {
    let world = stage.clients[client].world_mut();
    *world.query::<&SessionPhase>().single(world).unwrap()
}

/// Everything is as if nobody had travelled.
fn nothing_is_left_of(stage: &mut Stage, client: usize) -> bool {
    let world = stage.clients[client].world();
    !world.contains_resource::<RenetClient>() && stage.players().is_empty() && stage.seats(SeatStatus::Active) == 0
}

#[test]
fn an_arrived_player_is_connected_has_an_entity_and_holds_the_seat() {
    let mut stage = Stage::new();
    let client = stage.host_and_arrive();
    assert!(is_connected(&stage, client));
    assert_eq!(stage.players().len(), 1);
    assert_eq!(stage.seats(SeatStatus::Active), 1);
}

#[test]
fn until_the_orchestrator_has_agreed_nobody_sees_a_player_and_the_client_is_only_connecting() {
    let mut stage = Stage::new();
    let client = stage.host_without_travel();
    stage.orchestrator.hold_hosts();
    stage.call(client, |mut sessions| sessions.travel("game"));
    stage.pump("the seat is asked for", |stage| stage.seats(SeatStatus::Active) == 1);
    assert!(stage.players().is_empty() && !is_connected(&stage, client));
    assert_eq!(stage.server.world().resource::<RenetServer>().connected_clients(), 0);
    stage.orchestrator.release_hosts();
    stage.hear_from(client, "arrived");
}

#[test]
fn messages_pass_both_ways_from_the_frame_of_arrival_on() {
    let mut stage = Stage::new();
    let client = stage.host();
    stage.pump("the player is in", |stage| !stage.players().is_empty());
    let player = stage.players()[0];
    let id = stage
        .server
        .world()
        .get::<PlayerConnection>(player)
        .unwrap()
        .client_id();
    let mut server = stage.server.world_mut().resource_mut::<RenetServer>();
    server.send_message(id, DefaultChannel::ReliableOrdered, vec![1; 3000]);
    stage.hear_from(client, "arrived");
    let mut renet = stage.clients[client].world_mut().resource_mut::<RenetClient>();
    renet.send_message(DefaultChannel::ReliableOrdered, vec![2; 3000]);
    let (mut down, mut up) = (None, None);
    stage.pump("both messages arrive", |stage| {
        let mut client = stage.clients[client].world_mut().resource_mut::<RenetClient>();
        down = down
            .take()
            .or_else(|| client.receive_message(DefaultChannel::ReliableOrdered));
        let mut server = stage.server.world_mut().resource_mut::<RenetServer>();
        up = up
            .take()
            .or_else(|| server.receive_message(id, DefaultChannel::ReliableOrdered));
        down.is_some() && up.is_some()
    });
    assert!(down.unwrap() == vec![1; 3000] && up.unwrap() == vec![2; 3000]);
}

#[test]
fn leaving_frees_the_seat_and_leaves_nothing_behind() {
    let mut stage = Stage::new();
    let client = stage.host_and_arrive();
    stage.call(client, |mut sessions| sessions.leave("game"));
    stage.pump("nothing is left", |stage| nothing_is_left_of(stage, client));
    assert!(
        !stage
            .heard(client)
            .iter()
            .any(|heard| heard.starts_with("disconnected")),
        "it was no accident"
    );
}

#[test]
fn despawning_the_session_entity_hangs_up() {
    let mut stage = Stage::new();
    let client = stage.host_and_arrive();
    let world = stage.clients[client].world_mut();
    let session = world
        .query_filtered::<Entity, With<SessionPhase>>()
        .single(world)
        .unwrap();
    world.despawn(session);
    stage.pump("nothing is left", |stage| nothing_is_left_of(stage, client));
}

#[test]
fn a_player_whose_entity_is_despawned_hears_that_it_was_kicked() {
    let mut stage = Stage::new();
    let client = stage.host_and_arrive();
    let player = stage.players()[0];
    stage.server.world_mut().despawn(player);
    stage.hear_from(client, "disconnected: Goodbye(Kicked)");
    stage.pump("nothing is left", |stage| nothing_is_left_of(stage, client));
    assert_eq!(phase(&mut stage, client), SessionPhase::Ended);
}

#[test]
fn a_player_who_loses_the_seat_is_kicked_and_loses_the_entity() {
    let mut stage = Stage::new();
    let client = stage.host_and_arrive();
    let player = stage.players()[0];
    stage.server.world_mut().entity_mut(player).remove::<AcceptedPlayer>();
    stage.hear_from(client, "disconnected: Goodbye(Kicked)");
    stage.pump("the entity is gone", |stage| {
        stage.server.world().get_entity(player).is_err()
    });
}

#[test]
fn a_player_whom_the_game_disconnects_in_renet_is_kicked() {
    let mut stage = Stage::new();
    let client = stage.host_and_arrive();
    stage.server.world_mut().resource_mut::<RenetServer>().disconnect_all();
    stage.hear_from(client, "disconnected: Goodbye(Kicked)");
    stage.pump("nothing is left", |stage| nothing_is_left_of(stage, client));
}

#[test]
fn a_client_that_disconnects_in_renet_has_left_by_itself() {
    let mut stage = Stage::new();
    let client = stage.host_and_arrive();
    stage.clients[client]
        .world_mut()
        .resource_mut::<RenetClient>()
        .disconnect();
    stage.hear_from(client, "disconnected: ByUser");
    stage.pump("nothing is left", |stage| nothing_is_left_of(stage, client));
}

#[test]
fn the_end_of_the_session_is_told_to_every_player() {
    let mut stage = Stage::new();
    let one = stage.host_and_arrive();
    let other = stage.join();
    stage.hear_from(other, "arrived");
    let world = stage.server.world_mut();
    world
        .run_system_once(|mut commands: Commands| commands.end_session())
        .unwrap();
    for client in [one, other] {
        stage.hear_from(client, "disconnected: Goodbye(SessionEnded)");
    }
    stage.pump("nothing is left", |stage| {
        nothing_is_left_of(stage, one) && nothing_is_left_of(stage, other)
    });
    stage.pump("the server is closed", |stage| {
        !stage.server.world().contains_resource::<RenetServer>()
    });
}

#[test]
fn a_shutdown_is_told_to_the_players() {
    let mut stage = Stage::new();
    let client = stage.host_and_arrive();
    let process = stage.orchestrator.snapshot().processes[0].number;
    stage.orchestrator.request_shutdown(process, None);
    stage.hear_from(client, "disconnected: Goodbye(ShuttingDown)");
    stage.pump("the process has left", |stage| {
        stage.orchestrator.snapshot().processes[0].status == ProcessStatus::Ended
    });
}

#[test]
fn an_app_that_exits_without_an_ordered_end_still_says_goodbye() {
    let mut stage = Stage::new();
    let client = stage.host_and_arrive();
    stage.server.world_mut().write_message(AppExit::Success);
    stage.hear_from(client, "disconnected: Goodbye(ShuttingDown)");
}

#[test]
fn a_server_that_is_gone_at_once_is_noticed_by_the_client() {
    let mut stage = Stage::new();
    let client = stage.host_and_arrive();
    stage.server = Stage::new().server;
    stage.pump("the client is disconnected", |stage| {
        stage
            .heard(client)
            .iter()
            .any(|heard| heard.starts_with("disconnected: Transport"))
    });
    assert!(!stage.clients[client].world().contains_resource::<RenetClient>());
}

#[test]
fn a_client_that_is_gone_at_once_frees_its_seat() {
    let mut stage = Stage::new();
    stage.host_and_arrive();
    drop(stage.clients.pop());
    stage.pump("the seat is free", |stage| {
        stage.players().is_empty() && stage.seats(SeatStatus::Completed) == 1
    });
}

#[test]
fn a_player_gone_while_the_orchestrator_is_asked_leaves_no_entity_and_no_seat() {
    let mut stage = Stage::new();
    let client = stage.host_without_travel();
    stage.orchestrator.hold_hosts();
    stage.call(client, |mut sessions| sessions.travel("game"));
    stage.pump("the seat is asked for", |stage| stage.seats(SeatStatus::Active) == 1);
    drop(stage.clients.pop());
    let mut turns = 0;
    stage.pump("the hang-up is noticed", |_| {
        turns += 1;
        turns > 200
    });
    stage.orchestrator.release_hosts();
    stage.pump("the seat is free again", |stage| {
        stage.seats(SeatStatus::Completed) == 1
    });
    assert!(stage.players().is_empty());
}

#[test]
fn one_session_after_another_is_played_on_the_same_port() {
    let mut stage = Stage::new();
    stage.orchestrator = stage
        .orchestrator
        .clone()
        .with_host_lifetime(HostLifetime::ManySessions);
    let mut stage = Stage::with(stage.orchestrator.clone(), |app| {
        app.add_plugins(bevy_game_session_renet::TravelPlugin::new(|_| {
            ConnectionConfig::default()
        }));
    });
    let mut port = None;
    for _ in 0..3 {
        let client = stage.host_and_arrive();
        assert_eq!(*port.get_or_insert(stage.port()), stage.port());
        let world = stage.server.world_mut();
        world
            .run_system_once(|mut commands: Commands| commands.end_session())
            .unwrap();
        stage.hear_from(client, "disconnected: Goodbye(SessionEnded)");
        stage.pump("the server is ready again", |stage| {
            stage.server_is(ServerSessionState::Ready)
        });
        stage.clients.clear();
    }
}

#[test]
fn a_taken_port_is_not_reported_and_is_held_once_it_is_free() {
    let holder = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let mut app = bevy_app::App::new();
    app.add_plugins((bevy_time::TimePlugin, bevy_state::app::StatesPlugin));
    let orchestrator = game_session_protocol::InMemoryOrchestrator::new();
    app.add_plugins(bevy_game_session_server::SessionServerPlugin::new(orchestrator.host()));
    app.add_plugins(bevy_game_session_renet::TravelPlugin::new(|_| ConnectionConfig::default()).port(port));
    app.update();
    assert!(!app.world().contains_resource::<ListenPort>());
    drop(holder);
    app.update();
    app.update();
    assert_eq!(app.world().get_resource::<ListenPort>(), Some(&ListenPort(port)));
}

#[test]
fn a_taken_port_means_the_next_one_of_the_range_reported_truthfully() {
    let (taken, port) = loop {
        let taken = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        if port < 59_000 {
            break (taken, port);
        }
    };
    let mut app = bevy_app::App::new();
    app.add_plugins((bevy_time::TimePlugin, bevy_state::app::StatesPlugin));
    let orchestrator = game_session_protocol::InMemoryOrchestrator::new();
    app.add_plugins(bevy_game_session_server::SessionServerPlugin::new(orchestrator.host()));
    let travel = bevy_game_session_renet::TravelPlugin::new(|_| ConnectionConfig::default());
    app.add_plugins(travel.ports(port..=port + 500));
    (0..5).for_each(|_| app.update());
    let reported = app.world().resource::<ListenPort>().0;
    assert!(reported > port && reported <= port + 500, "{reported}");
    assert_eq!(orchestrator.snapshot().processes[0].port, reported);
    assert!(std::net::UdpSocket::bind(("0.0.0.0", reported)).is_err(), "it is held");
    drop(taken);
}

#[test]
fn without_any_free_port_a_dedicated_process_leaves_with_a_failure_that_names_them() {
    let holder = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let mut app = bevy_app::App::new();
    app.add_plugins((bevy_time::TimePlugin, bevy_state::app::StatesPlugin))
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_secs(1)));
    let orchestrator = game_session_protocol::InMemoryOrchestrator::new();
    app.add_plugins(bevy_game_session_server::SessionServerPlugin::new(orchestrator.host()));
    app.add_plugins(bevy_game_session_renet::TravelPlugin::new(|_| ConnectionConfig::default()).port(port));
    for _ in 0..9 {
        app.update();
        assert_eq!(app.should_exit(), None, "it is tried for 10 s");
    }
    let mut told = Vec::new();
    let mut reader = app.world().resource::<Messages<HostFailed>>().get_cursor();
    for _ in 0..5 {
        if app.should_exit().is_some() {
            break;
        }
        app.update();
        let failures = app.world().resource::<Messages<HostFailed>>();
        told.extend(reader.read(failures).map(|failed| failed.error.to_string()));
    }
    assert_eq!(app.should_exit(), Some(AppExit::error()));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(&port.to_string()), "{told:?}");
    assert_eq!(
        orchestrator.snapshot().processes[0].status,
        ProcessStatus::Started,
        "it never was offered"
    );
    drop(holder);
}
