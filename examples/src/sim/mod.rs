//! The game itself, without Bevy's app, network or window: ships on a round arena gather stars and steal them from
//! each other. Everything moves in [`Arena::step`], one tick at a time, and the same seed and input always give the same
//! game.
//!
//! | file | what |
//! |---|---|
//! | `motion` | how a ship flies; the same on the server and in a client's prediction |
//! | `arena` | the whole game: who flies, what is gathered, who rams whom |
//! | `stars` | where stars appear, drift and are drawn to ships |
//! | `round` | the clock of a round |
//! | `mind` | what a bot wants |

mod arena;
mod mind;
mod motion;
mod round;
mod stars;
#[cfg(test)]
mod tests;

pub use arena::{Arena, Craft, berth};
pub use mind::{Mind, Rival};
pub use motion::{Input, Motion, fly};
pub use round::{Phase, Round};
pub use stars::{DriftingStar, GREAT_WORTH};

/// How often the game moves, and how often the server sends it, per second.
pub const TICKS_PER_SECOND: u32 = 30;
/// The length of a tick in seconds.
#[expect(clippy::cast_precision_loss, reason = "a small number")]
pub const TICK: f32 = 1.0 / TICKS_PER_SECOND as f32;

/// The radius of the arena, in the units of all places.
pub const ARENA_RADIUS: f32 = 300.0;
/// The radius of a ship.
pub const SHIP_RADIUS: f32 = 14.0;
/// The radius of a star.
pub const STAR_RADIUS: f32 = 8.0;

/// The most ships in a game.
pub const MAX_SHIPS: u16 = 8;

/// So many ticks are so many seconds.
pub(crate) const fn seconds(seconds: u32) -> u32 {
    seconds * TICKS_PER_SECOND
}
