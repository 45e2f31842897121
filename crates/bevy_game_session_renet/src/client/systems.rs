//! The client's systems: they start a line when travel is asked for, and stand between it and renet.

use std::collections::VecDeque;

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_game_session_client::{DisconnectReason, TravelCommands as _, TravelError, TravelRequested, TravelStopped};
use bevy_renet::renet::DisconnectReason as RenetReason;
use bevy_renet::{RenetClient, RenetClientPlugin, RenetReceive, RenetSend, client_connected};
use bevy_time::{Real, Time};
use game_session_protocol::RefusalCode;

use super::line::{self, CallError, ClientCommand, ClientLine, ClientReport, Ending};
use crate::channels::{connection_config, memory_of};
use crate::untrusted::Guard;

pub(crate) fn build(app: &mut App) {
    app.add_observer(depart)
        .add_observer(turn_back)
        .add_systems(
            PreUpdate,
            depart_at_last.run_if(resource_exists::<Waiting>.and_then(not(server_is_in_the_way))),
        )
        .add_systems(
            PreUpdate,
            receive_from_server
                .in_set(RenetReceive)
                .after(RenetClientPlugin::update_system)
                .run_if(resource_exists::<Travel>),
        )
        .add_systems(
            PostUpdate,
            (
                send_to_server.in_set(RenetSend).run_if(client_connected),
                finish_ended_travel.after(RenetSend),
            )
                .run_if(resource_exists::<Travel>),
        )
        .add_systems(
            Last,
            say_farewell
                .run_if(resource_exists::<Travel>)
                .run_if(on_message::<AppExit>),
        );
}

/// The journey of this app's player, from the ticket to the disconnect. Dropping it hangs up politely.
#[derive(Resource)]
struct Travel {
    entity: Entity,
    line: ClientLine,
    guard: Guard,
    arrived: bool,
    ending: Option<Ending>,
    reports: VecDeque<ClientReport>,
    /// Packets for which there was no room between game and thread.
    dropped: u64,
}

impl Drop for Travel {
    fn drop(&mut self) {
        if self.dropped > 0 {
            tracing::debug!(packets = self.dropped, "the transport did not keep up with the game");
        }
    }
}

/// A journey that waits for the end of this app's own server: with replicon an app is client or server, never both.
#[derive(Resource)]
#[cfg_attr(
    not(all(feature = "server", feature = "replicon")),
    allow(dead_code, reason = "only an app that is both may have to wait")
)]
struct Waiting(TravelRequested);

#[cfg(all(feature = "server", feature = "replicon"))]
fn server_is_in_the_way(own: crate::local::OwnServer) -> bool {
    own.is_in_the_way()
}

#[cfg(not(all(feature = "server", feature = "replicon")))]
fn server_is_in_the_way() -> bool {
    false
}

fn depart_at_last(waiting: Res<Waiting>, mut commands: Commands) {
    call(&waiting.0, &mut commands);
    commands.remove_resource::<Waiting>();
}

/// Starts the line at once: the handshake does not wait for the end of the frame.
fn depart(
    requested: On<TravelRequested>,
    #[cfg(feature = "server")] own: crate::local::OwnServer,
    mut commands: Commands,
) {
    #[cfg(feature = "server")]
    if own.hosts(requested.entity) {
        return;
    }
    #[cfg(all(feature = "server", feature = "replicon"))]
    if own.is_in_the_way() {
        return commands.insert_resource(Waiting(requested.event().clone()));
    }
    call(&requested, &mut commands);
}

fn call(requested: &TravelRequested, commands: &mut Commands) {
    let entity = requested.entity;
    match line::call(requested.address, &requested.ticket) {
        Ok(line) => commands.queue(move |world: &mut World| {
            // Removed first, so that everybody sees a new client where one was left over.
            world.remove_resource::<Travel>();
            world.remove_resource::<RenetClient>();
            let config = connection_config(world);
            let guard = Guard::new(memory_of(&config.server_channels_config));
            let client = RenetClient::new(config);
            world.insert_resource(client);
            world.insert_resource(Travel {
                entity,
                line,
                guard,
                arrived: false,
                ending: None,
                reports: VecDeque::new(),
                dropped: 0,
            });
        }),
        Err(error) => commands.session_travel_failed(
            entity,
            match error {
                CallError::NotAConnectToken => TravelError::BadTicket,
                CallError::NoThread(reason) => TravelError::Transport(reason.to_string()),
            },
        ),
    }
}

fn turn_back(
    stopped: On<TravelStopped>,
    travel: Option<Res<Travel>>,
    waiting: Option<Res<Waiting>>,
    mut commands: Commands,
) {
    if waiting.is_some_and(|waiting| waiting.0.entity == stopped.entity) {
        commands.remove_resource::<Waiting>();
    }
    if travel.is_some_and(|travel| travel.entity == stopped.entity) {
        commands.remove_resource::<Travel>();
        commands.remove_resource::<RenetClient>();
    }
}

fn receive_from_server(
    mut travel: ResMut<Travel>,
    client: Option<ResMut<RenetClient>>,
    time: Res<Time<Real>>,
    mut commands: Commands,
) {
    let Some(mut client) = client else { return };
    let travel = &mut *travel;
    travel.line.reports().take(&mut travel.reports);
    for report in travel.reports.drain(..) {
        match report {
            ClientReport::Admitted => {
                client.set_connected();
                travel.arrived = true;
                commands.session_arrived(travel.entity);
            }
            ClientReport::Packet(packet) => {
                let read = travel
                    .guard
                    .read(time.elapsed(), &packet, |packet| client.process_packet(packet));
                if read.is_err() {
                    client.disconnect_due_to_transport();
                }
            }
            ClientReport::Ended(ending) => travel.ending = Some(ending),
        }
    }
}

fn send_to_server(mut travel: ResMut<Travel>, mut client: ResMut<RenetClient>) {
    let packets = client.get_packets_to_send();
    if !packets.is_empty() {
        travel.dropped += travel
            .line
            .commands()
            .offer(packets.into_iter().map(ClientCommand::Packet));
    }
}

/// Ends the travel at the end of the frame, so that the last packets before the end are read first.
fn finish_ended_travel(travel: Res<Travel>, client: Option<Res<RenetClient>>, mut commands: Commands) {
    let by_renet = match client {
        None => Some(DisconnectReason::ByUser),
        Some(client) => client.disconnect_reason().map(|reason| match reason {
            RenetReason::DisconnectedByClient => DisconnectReason::ByUser,
            reason => DisconnectReason::Transport(reason.to_string()),
        }),
    };
    let by_line = || {
        travel
            .ending
            .or_else(|| (travel.line.is_finished() && travel.line.reports().len() == 0).then_some(Ending::Closed))
    };
    let reason = match (by_renet, travel.ending) {
        (Some(reason), None) => reason,
        _ => match by_line() {
            Some(ending) if travel.arrived => disconnect_reason(ending),
            Some(ending) => {
                commands.session_travel_failed(travel.entity, travel_error(ending));
                return leave(commands);
            }
            None => return,
        },
    };
    if travel.arrived {
        commands.session_disconnected(travel.entity, reason);
    } else {
        commands.session_travel_failed(
            travel.entity,
            TravelError::Transport("renet gave up while connecting".into()),
        );
    }
    leave(commands);
}

fn leave(mut commands: Commands) {
    commands.remove_resource::<Travel>();
    commands.remove_resource::<RenetClient>();
}

fn say_farewell(mut commands: Commands) {
    commands.remove_resource::<Travel>();
}

fn travel_error(ending: Ending) -> TravelError {
    match ending {
        Ending::Refused(code) => TravelError::Refused(code),
        Ending::Goodbye(_) => TravelError::Refused(RefusalCode::Closed),
        Ending::TimedOut => TravelError::TimedOut,
        Ending::Denied => TravelError::Denied,
        Ending::BadTicket => TravelError::BadTicket,
        Ending::Closed | Ending::NoSocket => TravelError::Transport(ending.to_string()),
    }
}

fn disconnect_reason(ending: Ending) -> DisconnectReason {
    match ending {
        Ending::Goodbye(code) => DisconnectReason::Goodbye(code),
        Ending::TimedOut => DisconnectReason::TimedOut,
        _ => DisconnectReason::Transport(ending.to_string()),
    }
}
