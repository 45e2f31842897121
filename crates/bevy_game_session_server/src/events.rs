//! What a game hears of its server's life. Each is an event for observers and a message for readers.

use std::time::Duration;

use bevy_ecs::entity::Entity;
use bevy_ecs::event::{EntityEvent, Event};
use bevy_ecs::message::Message;
use bevy_ecs::world::World;
use game_session_protocol::{BackfillOutcome, GameSessionId, GoodbyeCode, RefusalCode};

use crate::error::SessionServerError;

/// A game session was placed here: the [`HostedSession`](crate::HostedSession) exists, load what it needs.
#[derive(Event, Message, Debug, Clone, PartialEq, Eq)]
pub struct GameSessionStarted {
    /// The orchestrator's id of it.
    pub id: GameSessionId,
    /// The name its owner gave it.
    pub name: String,
}

/// The description of the game session changed; the [`HostedSession`](crate::HostedSession) has the new one.
#[derive(Event, Message, Debug, Clone, PartialEq, Eq)]
pub struct GameSessionUpdated {
    /// The orchestrator's id of it.
    pub id: GameSessionId,
}

/// A matchmaker that was asked to fill free seats does not do so any more. Ask it again, or play on with those who are
/// there.
#[derive(Event, Message, Debug, Clone, PartialEq, Eq)]
pub struct BackfillEnded {
    /// The request, as the matchmaker knows it.
    pub ticket_id: String,
    /// Why.
    pub outcome: BackfillOutcome,
}

/// The game session ends: say goodbye to its players now. See [`Goodbyes`](crate::Goodbyes) for more time.
#[derive(Event, Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionEnding {
    /// What to tell the players.
    pub reason: GoodbyeCode,
}

/// The process must be gone soon. The ordered end follows by itself: at once, or with
/// [`play_on_until_shutdown`](crate::ServerPolicies::play_on_until_shutdown) shortly before the time is over.
#[derive(Event, Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShutdownRequested {
    /// Time left, `None` when nobody named any.
    pub time_left: Option<Duration>,
}

/// The orchestrator could not be reached or refused something. What follows from it, follows by itself.
#[derive(Event, Message, Debug, Clone)]
pub struct HostFailed {
    /// What went wrong.
    pub error: SessionServerError,
}

/// A player was turned away at the door. There never was an entity.
#[derive(Event, Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayerRejected {
    /// Why.
    pub reason: RefusalCode,
}

/// A player's connection was lost without a goodbye. Seat and entity are kept, with
/// [`PlayerAbsent`](crate::PlayerAbsent), for the [grace period](crate::ServerPolicies::grace_period).
#[derive(EntityEvent, Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayerLost {
    /// The player's entity.
    pub entity: Entity,
}

/// A player is on a new connection, with the same seat and entity: after a loss, or because a newer ticket took the
/// seat over. What was on the way over the old connection is lost; tell the player all that it must know.
#[derive(EntityEvent, Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayerReturned {
    /// The player's entity.
    pub entity: Entity,
}

/// Tells readers and observers.
pub(crate) fn say<T>(world: &mut World, news: T)
where
    T: for<'a> Event<Trigger<'a>: Default> + Message + Clone,
{
    world.write_message(news.clone());
    world.trigger(news);
    world.flush();
}
