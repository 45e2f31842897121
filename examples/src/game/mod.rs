//! What clients and server share: what travels between them, and how the rules reach the players' entities.
//!
//! | file | what |
//! |---|---|
//! | `wire` | components and messages, small enough for thirty a second |
//! | `rules` | on the server: the [simulation](crate::sim) runs, and entities say what it says |
//! | `pilots` | on the server: a ship for everyone who is let in, bots for empty seats, orders from the wire |

#[cfg(feature = "server")]
mod pilots;
#[cfg(feature = "server")]
mod rules;
mod wire;

use bevy::prelude::*;
use bevy_replicon::prelude::*;

#[cfg(feature = "server")]
pub use pilots::BotSeats;
#[cfg(feature = "server")]
pub use rules::RulesPlugin;
pub use wire::{Clock, Course, Hello, Order, Orders, Pilot, Score, Ship, Spot, Star, Welcome};

use crate::sim::TICKS_PER_SECOND;

/// The build of this game: players meet only where it is equal.
pub const BUILD: &str = concat!("stars-", env!("CARGO_PKG_VERSION"));

/// Registers what travels between clients and server, in the same order on both.
pub struct SharedGamePlugin;

impl Plugin for SharedGamePlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Time::<Fixed>::from_hz(TICKS_PER_SECOND.into()))
            .replicate::<Ship>()
            .replicate::<Pilot>()
            .replicate::<Course>()
            .replicate::<Score>()
            .replicate::<Star>()
            .replicate::<Spot>()
            .replicate::<Clock>()
            .add_client_message::<Hello>(Channel::Ordered)
            .add_client_message::<Orders>(Channel::Unreliable)
            .add_server_message::<Welcome>(Channel::Ordered);
    }
}
