//! The server's systems, in the order of a frame: reports of the line, decisions of `Admissions`, packets of renet.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_game_session_server::{
    AcceptedPlayer, Admissions, Decision, GameSessionStarted, Goodbyes, HostedSession, PlayerCommands as _,
    ServerWaker, SessionEnding, SessionServerCommands as _, SessionServerSystems,
};
use bevy_renet::{RenetReceive, RenetSend, RenetServer, RenetServerPlugin};
use bevy_time::{Real, Time};
use game_session_protocol::{GoodbyeCode, HostError, RefusalCode, TicketStamp};

use super::guest::Word;
use super::line::{self, ConnectionKey, Departure, Door, ServerCommand, ServerReport};
use super::players::{Remains, Transport};
use super::port::{ServerPort, hold_port, hold_port_again};
use super::rejoin::{lose_connection, renew_connection};
use super::traffic::ServerTraffic;
use crate::channels::{connection_config, memory_of};

/// When the app exits, goodbyes may take so long.
const FAREWELL_LIMIT: Duration = Duration::from_millis(250);

/// In `PreUpdate`: players are let in.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LetIn;

pub(crate) fn build(app: &mut App, ports: RangeInclusive<u16>) {
    app.insert_resource(ServerPort::wanted(ports))
        .init_resource::<ServerTraffic>()
        .add_observer(open_for_session)
        .add_observer(say_goodbye_to_all)
        .add_observer(send_removed_player_away)
        .add_systems(Startup, hold_port.run_if(resource_exists::<Admissions>))
        .add_systems(
            PreUpdate,
            (
                receive_from_clients
                    .after(RenetServerPlugin::update_system)
                    .before(SessionServerSystems::Poll),
                (let_decided_players_in, drop_disconnected_clients)
                    .chain()
                    .after(SessionServerSystems::Poll)
                    .before(RenetServerPlugin::emit_server_events_system)
                    .in_set(LetIn)
                    .in_set(RenetReceive),
            )
                .run_if(resource_exists::<Transport>),
        )
        .add_systems(
            PostUpdate,
            (
                send_to_clients.in_set(RenetSend).run_if(resource_exists::<RenetServer>),
                close_after_session
                    .after(RenetSend)
                    .run_if(not(resource_exists::<HostedSession>)),
            )
                .run_if(resource_exists::<Transport>),
        )
        .add_systems(
            Last,
            (
                hold_port_again.run_if(port_is_free),
                say_farewell
                    .run_if(resource_exists::<Transport>)
                    .run_if(on_message::<AppExit>),
            ),
        );
    #[cfg(feature = "replicon")]
    super::replicon::build(app);
}

/// Binds the port with the key of the session that was placed here.
fn open_for_session(_: On<GameSessionStarted>, mut commands: Commands) {
    commands.queue(|world: &mut World| {
        let Some(session) = world.get_resource::<HostedSession>() else {
            return;
        };
        let key = session.key().clone();
        let (slots, public) = (line::slots_for(session.max_players()), session.public_address());
        let traffic = world.resource::<ServerTraffic>().clone();
        let waker = world.get_resource::<ServerWaker>().cloned();
        // The line of a session before must be off the port.
        world.remove_resource::<Transport>();
        let mut port = world.resource_mut::<ServerPort>();
        port.let_go();
        let ip = public.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip());
        let address = SocketAddr::new(ip, port.port());
        let wake = move || waker.iter().for_each(ServerWaker::wake);
        match line::listen(Door { address, key, slots }, traffic, wake) {
            Ok(line) => {
                world.remove_resource::<RenetServer>();
                let config = connection_config(world);
                let memory = memory_of(&config.client_channels_config);
                let server = RenetServer::new(config);
                world.insert_resource(server);
                let by_replicon = replicon_spawns_clients(world);
                world.insert_resource(Transport::new(line, memory, by_replicon));
            }
            Err(error) => give_up(&mut world.commands(), &error.to_string()),
        }
    });
}

#[cfg(feature = "replicon")]
use super::replicon::spawns_clients as replicon_spawns_clients;

#[cfg(not(feature = "replicon"))]
fn replicon_spawns_clients(_: &World) -> bool {
    false
}

fn receive_from_clients(
    mut transport: ResMut<Transport>,
    mut admissions: ResMut<Admissions>,
    session: Option<Res<HostedSession>>,
    mut server: Option<ResMut<RenetServer>>,
    time: Res<Time<Real>>,
    mut commands: Commands,
) {
    let mut reports = std::mem::take(&mut transport.reports);
    transport.line.reports().take(&mut reports);
    for report in reports.drain(..) {
        match report {
            ServerReport::Opened(key, stamp) => {
                ask_for_admission(&mut transport, &mut admissions, session.as_deref(), key, &stamp);
            }
            ServerReport::Packet(key, packet) => {
                if let (Some((client_id, guard)), Some(server)) = (transport.client(key), &mut server) {
                    let read = guard.read(time.elapsed(), &packet, |packet| {
                        // A client that renet has dropped meanwhile has nothing more to say.
                        let _ = server.process_packet_from(packet, client_id);
                    });
                    if read.is_err() {
                        server.disconnect(client_id);
                    }
                }
            }
            ServerReport::Closed(key, departure) => match (transport.remove(key), departure) {
                (Remains::Asked(admission), _) => admissions.cancel(admission),
                (Remains::Client(client_id, Some(player)), Departure::Lost) => {
                    transport.keep_place(player, client_id);
                    commands.queue(move |world: &mut World| lose_connection(world, player, client_id));
                    commands.player_lost(player);
                }
                (Remains::Client(client_id, entity), _) => {
                    clear_away(client_id, entity, server.as_deref_mut(), &mut commands);
                }
                (Remains::Nothing, _) => {}
            },
            ServerReport::Deserted => transport.goodbye = None,
            ServerReport::NoPort(reason) => {
                transport.is_dead = true;
                give_up(&mut commands, &reason);
            }
        }
    }
    transport.reports = reports;
    if !transport.is_dead && transport.line.is_finished() && transport.line.reports().len() == 0 {
        transport.is_dead = true;
        give_up(&mut commands, "the transport's thread has ended");
    }
}

fn ask_for_admission(
    transport: &mut Transport,
    admissions: &mut Admissions,
    session: Option<&HostedSession>,
    key: ConnectionKey,
    stamp: &TicketStamp,
) {
    if let Some(session) = session {
        let admission = admissions.request(stamp, session);
        transport.ask(key, stamp.client_id, admission);
    } else {
        transport.send_away(key, Word::Refused(RefusalCode::Closed));
    }
}

fn let_decided_players_in(
    mut transport: ResMut<Transport>,
    mut admissions: ResMut<Admissions>,
    mut server: ResMut<RenetServer>,
    mut commands: Commands,
) {
    if !admissions.has_decided() {
        return;
    }
    for decided in admissions.take_decided() {
        let Some((key, client_id)) = transport.asked(decided.id) else {
            continue;
        };
        match decided.decision {
            Decision::Admitted(player) => {
                server.add_connection(client_id);
                transport.let_in(key, player, &mut commands);
            }
            Decision::Returned(player) => {
                if let Some(client_id) = transport.take_place(key, player) {
                    commands.queue(move |world: &mut World| renew_connection(world, player, client_id));
                    commands.player_returned(player);
                } else {
                    transport.send_away(key, Word::Refused(RefusalCode::Used));
                }
            }
            Decision::Refused(code) => {
                transport.send_away(key, Word::Refused(code));
            }
        }
    }
}

/// Sends away whom renet disconnected, for packets that no client of this game sends or at the game's wish.
fn drop_disconnected_clients(
    mut transport: ResMut<Transport>,
    mut server: ResMut<RenetServer>,
    mut commands: Commands,
) {
    loop {
        let disconnected = server.disconnections_id_iter().next();
        let Some(client_id) = disconnected else { return };
        server.remove_connection(client_id);
        let Some(key) = transport.of_client(client_id) else {
            continue;
        };
        if let Remains::Client(_, Some(entity)) = transport.send_away(key, Word::Goodbye(GoodbyeCode::Kicked)) {
            commands.entity(entity).try_despawn();
        }
    }
}

/// The game removed a player: despawned the entity, or took the seat from it.
fn send_removed_player_away(
    removed: On<Remove, AcceptedPlayer>,
    transport: Option<ResMut<Transport>>,
    server: Option<ResMut<RenetServer>>,
    mut commands: Commands,
) {
    let (Some(mut transport), Some(mut server)) = (transport, server) else {
        return;
    };
    if transport.forget_place(removed.entity) {
        commands.entity(removed.entity).try_despawn();
    } else if let Some((key, client_id)) = transport.on_entity(removed.entity) {
        transport.send_away(key, Word::Goodbye(GoodbyeCode::Kicked));
        server.disconnect(client_id);
        // replicon hears of it from renet
        if !transport.is_by_replicon() {
            commands.entity(removed.entity).try_despawn();
        }
    }
}

fn say_goodbye_to_all(ending: On<SessionEnding>, transport: Option<ResMut<Transport>>, goodbyes: Res<Goodbyes>) {
    if let Some(mut transport) = transport {
        transport.goodbye = Some(goodbyes.hold());
        transport.close(ending.reason);
    }
}

fn send_to_clients(transport: Res<Transport>, mut server: ResMut<RenetServer>, traffic: Res<ServerTraffic>) {
    for (key, client_id) in transport.admitted() {
        let packets = server.get_packets_to_send(client_id).unwrap_or_default();
        if !packets.is_empty() {
            let packets = packets.into_iter().map(|packet| ServerCommand::Packet(key, packet));
            traffic.count_dropped(transport.line.commands().offer(packets));
        }
    }
}

/// The session is over: the line goes, and with it who is still on it.
fn close_after_session(transport: Res<Transport>, mut commands: Commands) {
    transport.line.stop();
    for entity in transport.entities() {
        commands.entity(entity).try_despawn();
    }
    commands.remove_resource::<RenetServer>();
    commands.remove_resource::<Transport>();
}

fn port_is_free(port: Res<ServerPort>, transport: Option<Res<Transport>>, admissions: Option<Res<Admissions>>) -> bool {
    !port.is_held() && transport.is_none() && admissions.is_some()
}

/// The app exits without the ordered end of its session: the players hear it all the same.
fn say_farewell(mut transport: ResMut<Transport>, mut commands: Commands) {
    if !transport.closing {
        transport.close(GoodbyeCode::ShuttingDown);
        let end = Instant::now() + FAREWELL_LIMIT;
        let mut reports = VecDeque::new();
        while Instant::now() < end && !reports.iter().any(|report| matches!(report, ServerReport::Deserted)) {
            reports.clear();
            transport.line.reports().wait(FAREWELL_LIMIT, &mut reports);
        }
    }
    commands.remove_resource::<RenetServer>();
    commands.remove_resource::<Transport>();
}

fn clear_away(client_id: u64, entity: Option<Entity>, server: Option<&mut RenetServer>, commands: &mut Commands) {
    if let Some(server) = server {
        server.remove_connection(client_id);
    }
    if let Some(entity) = entity {
        commands.entity(entity).try_despawn();
    }
}

/// Without a port nobody can come.
fn give_up(commands: &mut Commands, reason: &str) {
    let message = format!("the UDP port does not serve the game session: {reason}");
    commands.fail_server(HostError::Settings { message });
}
