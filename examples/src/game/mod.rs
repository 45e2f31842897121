//! What clients and server share: components, messages, and how a ship moves.

mod arena;
#[cfg(feature = "server")]
mod rules;

use bevy::prelude::*;
use bevy_replicon::prelude::*;
use serde::{Deserialize, Serialize};

pub use arena::{ARENA_RADIUS, SHIP_RADIUS, STAR_RADIUS, fly};
#[cfg(feature = "server")]
pub use rules::RulesPlugin;

/// How often the server's world moves, and how often it is sent, per second.
pub const TICKS_PER_SECOND: f64 = 30.0;

/// The build of this game: players meet only where it is equal.
pub const BUILD: &str = concat!("stars-", env!("CARGO_PKG_VERSION"));

/// Registers what travels between clients and server, in the same order on both.
pub struct SharedGamePlugin;

impl Plugin for SharedGamePlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Time::<Fixed>::from_hz(TICKS_PER_SECOND))
            .replicate::<Ship>()
            .replicate::<Star>()
            .replicate::<Place>()
            .replicate::<Score>()
            .add_client_message::<Steer>(Channel::Ordered)
            .add_server_message::<Welcome>(Channel::Ordered);
    }
}

/// A player's ship; its number tells the ships of a session apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Component, Serialize, Deserialize)]
pub struct Ship {
    /// Counts up from 1.
    pub number: u32,
}

/// A star to gather.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Component, Serialize, Deserialize)]
pub struct Star;

/// Where a thing is, in units from the middle of the arena.
#[derive(Debug, Clone, Copy, PartialEq, Default, Component, Serialize, Deserialize)]
pub struct Place {
    /// To the right.
    pub x: f32,
    /// Up.
    pub y: f32,
}

impl Place {
    /// As a vector.
    pub fn to_vec(self) -> Vec2 {
        Vec2::new(self.x, self.y)
    }
}

impl From<Vec2> for Place {
    fn from(v: Vec2) -> Self {
        Self { x: v.x, y: v.y }
    }
}

/// How many stars a ship has gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Component, Serialize, Deserialize)]
pub struct Score(pub u32);

/// A client says where its ship shall fly; sent when that changes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Message, Serialize, Deserialize)]
pub struct Steer {
    /// To the right, -1 to 1.
    pub x: f32,
    /// Up, -1 to 1.
    pub y: f32,
}

/// The server tells a client which ship is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message, Serialize, Deserialize)]
pub struct Welcome {
    /// The number of the client's ship.
    pub ship: u32,
}
