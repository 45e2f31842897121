//! What the window shows of the game. Everything is drawn with meshes and one soft dot that are made here in code.
//!
//! | file | what |
//! |---|---|
//! | `looks` | colours, meshes, the soft dot, the font |
//! | `backdrop` | the camera, the sky, the arena |
//! | `ships` | ships with their glow and name |
//! | `stars` | stars |
//! | `sparks` | trails and sparks |
//! | `demo` | a game of bots behind the menus |

mod backdrop;
mod demo;
pub(super) mod looks;
mod ships;
mod sparks;
mod stars;

use bevy::prelude::*;

/// Draws the game.
pub(super) struct ViewPlugin;

impl Plugin for ViewPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(ClearColor(looks::SPACE)).add_plugins((
            looks::build,
            backdrop::build,
            ships::build,
            stars::build,
            sparks::build,
            demo::build,
        ));
    }
}

/// How deep things lie, from the back to the front.
mod depth {
    pub(super) const SKY: f32 = -20.0;
    pub(super) const ARENA: f32 = -10.0;
    pub(super) const SPARK: f32 = 1.0;
    pub(super) const STAR: f32 = 2.0;
    pub(super) const SHIP: f32 = 3.0;
    /// Above a ship's own depth, and so above all other ships.
    pub(super) const NAME_ABOVE_SHIP: f32 = 2.0;
}
