//! The joint to the transport: what it is asked for, and what it answers.
//!
//! A transport observes [`TravelRequested`] and [`TravelStopped`] and answers with [`TravelCommands`]. Any transport
//! can; the one over renet is a crate of its own.

use std::net::SocketAddr;

use bevy_ecs::prelude::*;
use game_session_protocol::{GoodbyeCode, RefusalCode, Ticket};

use crate::components::SessionName;
use crate::error::SessionError;
use crate::travelling::{self, Place};

/// Who starts the travel when a seat is there.
#[derive(Resource, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TravelPolicy {
    /// The plugin, at once.
    #[default]
    Automatic,
    /// The game, by [`Sessions::travel`](crate::Sessions::travel) or with the means of its own.
    Manual,
}

/// The transport shall connect and show the ticket. It answers with [`TravelCommands::session_arrived`] or
/// [`TravelCommands::session_travel_failed`].
#[derive(EntityEvent, Debug, Clone)]
pub struct TravelRequested {
    /// The entity of the session.
    pub entity: Entity,
    /// Its name.
    pub name: SessionName,
    /// Where the server listens.
    pub address: SocketAddr,
    /// What proves the seat.
    pub ticket: Ticket,
}

/// The transport shall drop its connection politely, and answer nothing. The entity may be gone.
#[derive(EntityEvent, Debug, Clone, Copy, PartialEq, Eq)]
pub struct TravelStopped {
    /// The entity of the session.
    pub entity: Entity,
}

/// Why a travel failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TravelError {
    /// The server refused the player at the door.
    #[error("the server refused the player: {0}")]
    Refused(RefusalCode),
    /// The server did not answer in time.
    #[error("the server did not answer in time: is it running, and does UDP reach it?")]
    TimedOut,
    /// The ticket is not one that this transport understands.
    #[error("the ticket cannot be used by this transport")]
    BadTicket,
    /// The server has no place for another connection.
    #[error("the server takes no more connections")]
    Denied,
    /// A fresh ticket was needed and could not be had.
    #[error("no fresh ticket could be had")]
    NoSeat(#[source] Box<SessionError>),
    /// The transport failed.
    #[error("the transport failed: {0}")]
    Transport(String),
}

impl TravelError {
    /// One sentence that a player understands.
    pub fn player_message(&self) -> String {
        match self {
            Self::Refused(RefusalCode::WrongBuild) => "The server runs another version of the game.".into(),
            Self::Refused(RefusalCode::Closed) => "This session is closed.".into(),
            Self::Refused(RefusalCode::Expired | RefusalCode::NotReserved | RefusalCode::Used) => {
                "Your seat was given away. Please join again.".into()
            }
            Self::Refused(_) | Self::BadTicket => "The server did not let you in.".into(),
            Self::TimedOut => "The server did not answer. Check your connection.".into(),
            Self::Denied => "The server is full.".into(),
            Self::NoSeat(error) => error.player_message(),
            Self::Transport(_) => "The connection to the server failed.".into(),
        }
    }
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The server said goodbye.
    #[error("the server said goodbye: {0}")]
    Goodbye(GoodbyeCode),
    /// Nothing was heard from the server for too long.
    #[error("nothing was heard from the server for too long")]
    TimedOut,
    /// The game closed the connection itself.
    #[error("the game closed the connection")]
    ByUser,
    /// The transport failed.
    #[error("the transport failed: {0}")]
    Transport(String),
}

impl DisconnectReason {
    /// One sentence that a player understands.
    pub fn player_message(&self) -> String {
        match self {
            Self::Goodbye(GoodbyeCode::SessionEnded) => "The session has ended.".into(),
            Self::Goodbye(GoodbyeCode::ShuttingDown) => "The server is shutting down.".into(),
            Self::Goodbye(GoodbyeCode::Kicked) => "You were removed from the session.".into(),
            Self::Goodbye(GoodbyeCode::TakenOver) => "You came back over another connection.".into(),
            Self::ByUser => "You left.".into(),
            _ => "The connection to the server was lost.".into(),
        }
    }
}

/// What a transport answers. A call about a session that is not travelling, or is gone, is ignored.
pub trait TravelCommands {
    /// The server has admitted the player.
    fn session_arrived(&mut self, entity: Entity);

    /// This app itself is the server, and it has admitted its own player. There is no connection.
    fn session_arrived_locally(&mut self, entity: Entity);

    /// The travel failed, and the transport has dropped its connection.
    fn session_travel_failed(&mut self, entity: Entity, error: TravelError);

    /// A connection that had arrived is gone.
    fn session_disconnected(&mut self, entity: Entity, reason: DisconnectReason);
}

impl TravelCommands for Commands<'_, '_> {
    fn session_arrived(&mut self, entity: Entity) {
        self.queue(move |world: &mut World| travelling::arrived(world, entity, Place::Server));
    }

    fn session_arrived_locally(&mut self, entity: Entity) {
        self.queue(move |world: &mut World| travelling::arrived(world, entity, Place::Here));
    }

    fn session_travel_failed(&mut self, entity: Entity, error: TravelError) {
        self.queue(move |world: &mut World| travelling::travel_failed(world, entity, error));
    }

    fn session_disconnected(&mut self, entity: Entity, reason: DisconnectReason) {
        self.queue(move |world: &mut World| travelling::disconnected(world, entity, reason));
    }
}

#[cfg(test)]
mod tests {
    use game_session_protocol::{GoodbyeCode, RefusalCode};

    use super::*;

    #[test]
    fn every_way_a_travel_or_a_connection_ends_has_a_sentence_for_the_player() {
        let refusals = (0..=255).map(|byte| TravelError::Refused(RefusalCode::from_byte(byte)));
        let others = [
            TravelError::TimedOut,
            TravelError::BadTicket,
            TravelError::Denied,
            TravelError::NoSeat(Box::new(SessionError::VersionMismatch { source: None })),
            TravelError::Transport("x".into()),
        ];
        let goodbyes = (0..=255).map(|byte| DisconnectReason::Goodbye(GoodbyeCode::from_byte(byte)));
        let reasons = [
            DisconnectReason::TimedOut,
            DisconnectReason::ByUser,
            DisconnectReason::Transport("x".into()),
        ];
        let travels = refusals.chain(others).map(|error| error.player_message());
        let losses = goodbyes.chain(reasons).map(|reason| reason.player_message());
        for sentence in travels.chain(losses) {
            assert!(
                sentence.ends_with('.') && sentence.starts_with(char::is_uppercase),
                "{sentence}"
            );
        }
    }
}
