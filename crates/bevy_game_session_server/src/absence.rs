//! Players whose connection was lost: their seats and entities are kept for the grace period.

use std::time::Duration;

use bevy_ecs::prelude::*;
use bevy_ecs::system::Commands;
use bevy_time::{Real, Time};

use crate::admission::AcceptedPlayer;
use crate::drive::HostLink;
use crate::events::{PlayerLost, PlayerReturned, say};
use crate::session::ServerSessionState;

/// The player's connection was lost. Seat and entity are kept until the player comes back or the
/// [grace period](crate::ServerPolicies::grace_period) is over; then the entity is despawned. Send nothing to such a
/// player: filter with `Without<PlayerAbsent>`.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[component(immutable)]
pub struct PlayerAbsent {
    since: Duration,
}

impl PlayerAbsent {
    /// When the connection was lost, on `Time<Real>`.
    pub fn since(&self) -> Duration {
        self.since
    }
}

/// How long a lost player's seat is kept.
#[derive(Resource)]
pub(crate) struct GracePeriod(pub(crate) Duration);

/// What a transport says about its players. The one over renet does it by itself.
pub trait PlayerCommands {
    /// The player's connection is gone without a goodbye. The entity gets [`PlayerAbsent`], or is despawned at once
    /// when there is no grace period. For a player who said goodbye, despawn the entity instead.
    fn player_lost(&mut self, player: Entity);

    /// The player is on a new connection, after [`Decision::Returned`](crate::Decision::Returned).
    fn player_returned(&mut self, player: Entity);
}

impl PlayerCommands for Commands<'_, '_> {
    fn player_lost(&mut self, player: Entity) {
        self.queue(move |world: &mut World| lose(world, player));
    }

    fn player_returned(&mut self, player: Entity) {
        self.queue(move |world: &mut World| welcome_back(world, player));
    }
}

fn lose(world: &mut World, player: Entity) {
    if world.get::<AcceptedPlayer>(player).is_none() || world.get::<PlayerAbsent>(player).is_some() {
        return;
    }
    let has_session = world
        .get_resource::<HostLink>()
        .is_some_and(|link| link.state() == ServerSessionState::Active);
    let grace = world
        .get_resource::<GracePeriod>()
        .map_or(Duration::ZERO, |grace| grace.0);
    if !has_session || grace.is_zero() {
        world.despawn(player);
        return;
    }
    let since = world.resource::<Time<Real>>().elapsed();
    world.entity_mut(player).insert(PlayerAbsent { since });
    tracing::info!(%player, "a player's connection was lost; the seat is kept");
    say(world, PlayerLost { entity: player });
}

fn welcome_back(world: &mut World, player: Entity) {
    if world.get::<AcceptedPlayer>(player).is_none() {
        return;
    }
    world.entity_mut(player).remove::<PlayerAbsent>();
    tracing::info!(%player, "a player is back over a new connection");
    say(world, PlayerReturned { entity: player });
}

/// The grace period is over: the entity goes, and with it the seat.
pub(crate) fn give_up_absent_players(
    absent: Query<(Entity, &PlayerAbsent)>,
    grace: Res<GracePeriod>,
    time: Res<Time<Real>>,
    mut commands: Commands,
) {
    for (player, absent) in &absent {
        if time.elapsed().saturating_sub(absent.since) >= grace.0 {
            tracing::info!(%player, "a lost player did not come back in time");
            commands.entity(player).try_despawn();
        }
    }
}
