//! A listen server: this app's own player on its own server, without a connection.
//!
//! When the game session to travel to is the one that this app hosts, nothing is sent to anybody: the orchestrator is
//! asked for the seat as for every player's, the player gets an entity of its own, and the arrival is a local one.

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use bevy_game_session_client::{
    DisconnectReason, SessionConnection, TravelCommands as _, TravelError, TravelRequested, TravelStopped,
};
use bevy_game_session_server::{
    AcceptedPlayer, AdmissionId, Admissions, Decision, HostedSession, LocalPlayer, SessionEnding, SessionServerSystems,
};
use game_session_protocol::{GoodbyeCode, RefusalCode};

use crate::server::LetIn;

pub(crate) fn build(app: &mut App) {
    app.add_observer(enter_own_server)
        .add_observer(leave_own_server)
        .add_observer(hear_the_end)
        .add_observer(hear_removal)
        .add_systems(
            PreUpdate,
            let_own_player_in
                .after(SessionServerSystems::Poll)
                .before(LetIn)
                .run_if(resource_exists::<LocalTravel>),
        );
}

/// Which game session this app hosts, and to which one it travels.
#[derive(SystemParam)]
pub(crate) struct OwnServer<'w, 's> {
    hosted: Option<Res<'w, HostedSession>>,
    sessions: Query<'w, 's, &'static SessionConnection>,
    #[cfg(feature = "replicon")]
    server: Option<Res<'w, bevy_renet::RenetServer>>,
    #[cfg(feature = "replicon")]
    replicon: Option<Res<'w, bevy_replicon::shared::backend::connected_client::NetworkIdMap>>,
}

impl OwnServer<'_, '_> {
    /// Whether this app hosts the game session behind this session.
    pub(crate) fn hosts(&self, session: Entity) -> bool {
        let Ok(connection) = self.sessions.get(session) else {
            return false;
        };
        self.hosted
            .as_ref()
            .is_some_and(|hosted| *hosted.id() == connection.game_session().id)
    }

    /// Whether replicon still serves a game session, so that nothing else can be joined yet.
    #[cfg(feature = "replicon")]
    pub(crate) fn is_in_the_way(&self) -> bool {
        self.server.is_some() && self.replicon.is_some()
    }
}

/// The journey of this app's player to this app's server.
#[derive(Resource)]
struct LocalTravel {
    session: Entity,
    stage: Stage,
}

enum Stage {
    /// The orchestrator is asked for the seat.
    Asking(AdmissionId),
    /// The player has an entity.
    Inside(Entity),
}

fn enter_own_server(
    requested: On<TravelRequested>,
    own: OwnServer,
    admissions: Option<ResMut<Admissions>>,
    mut commands: Commands,
) {
    let Some(mut admissions) = admissions.filter(|_| own.hosts(requested.entity)) else {
        return;
    };
    let Ok(connection) = own.sessions.get(requested.entity) else {
        return;
    };
    let admission = admissions.request_local(connection.player_session_id().clone());
    commands.insert_resource(LocalTravel {
        session: requested.entity,
        stage: Stage::Asking(admission),
    });
}

fn let_own_player_in(mut travel: ResMut<LocalTravel>, mut admissions: ResMut<Admissions>, mut commands: Commands) {
    let Stage::Asking(admission) = travel.stage else { return };
    let refusal = match admissions.take_decision(admission) {
        None => return,
        Some(Decision::Admitted(player)) => {
            travel.stage = Stage::Inside(commands.spawn((LocalPlayer, player)).id());
            return commands.session_arrived_locally(travel.session);
        }
        Some(Decision::Refused(code)) => code,
        // somebody holds this seat over a connection
        Some(Decision::Returned(_)) => RefusalCode::Used,
    };
    commands.session_travel_failed(travel.session, TravelError::Refused(refusal));
    commands.remove_resource::<LocalTravel>();
}

/// The player leaves its own server, which goes on.
fn leave_own_server(
    stopped: On<TravelStopped>,
    travel: Option<Res<LocalTravel>>,
    admissions: Option<ResMut<Admissions>>,
    mut commands: Commands,
) {
    let Some(travel) = travel.filter(|travel| travel.session == stopped.entity) else {
        return;
    };
    commands.remove_resource::<LocalTravel>();
    match (&travel.stage, admissions) {
        (Stage::Asking(admission), Some(mut admissions)) => admissions.cancel(*admission),
        (Stage::Inside(player), _) => commands.entity(*player).try_despawn(),
        (Stage::Asking(_), None) => {}
    }
}

/// The game session ends for this app's own player as for everyone.
fn hear_the_end(ending: On<SessionEnding>, travel: Option<Res<LocalTravel>>, mut commands: Commands) {
    if let Some(travel) = travel
        && let Stage::Inside(_) = travel.stage
    {
        commands.remove_resource::<LocalTravel>();
        commands.session_disconnected(travel.session, DisconnectReason::Goodbye(ending.reason));
    }
}

/// The seat was freed, or the game removed its own player.
fn hear_removal(
    removed: On<Remove, AcceptedPlayer>,
    local: Query<(), With<LocalPlayer>>,
    travel: Option<Res<LocalTravel>>,
    mut commands: Commands,
) {
    if !local.contains(removed.entity) {
        return;
    }
    commands.entity(removed.entity).try_despawn();
    if let Some(travel) = travel
        && let Stage::Inside(player) = travel.stage
        && player == removed.entity
    {
        commands.remove_resource::<LocalTravel>();
        commands.session_disconnected(travel.session, DisconnectReason::Goodbye(GoodbyeCode::Kicked));
    }
}
