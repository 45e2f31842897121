//! The keyboard in a game: arrow keys or WASD steer, Space dashes.

use bevy::prelude::*;
use bevy_game_session::prelude::*;

use super::flight::Intent;
use super::menu::Paused;

/// Reads the keyboard while in a session.
pub(super) struct KeysPlugin;

impl Plugin for KeysPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(PreUpdate, steer.run_if(in_state(ClientSessionState::InSession)));
    }
}

fn steer(keys: Res<ButtonInput<KeyCode>>, paused: Res<Paused>, mut intent: ResMut<Intent>) {
    if paused.0 {
        intent.0 = default();
        return;
    }
    let axis = |plus: [KeyCode; 2], minus: [KeyCode; 2]| {
        f32::from(i8::from(keys.any_pressed(plus)) - i8::from(keys.any_pressed(minus)))
    };
    intent.0.steer = Vec2::new(
        axis(
            [KeyCode::ArrowRight, KeyCode::KeyD],
            [KeyCode::ArrowLeft, KeyCode::KeyA],
        ),
        axis([KeyCode::ArrowUp, KeyCode::KeyW], [KeyCode::ArrowDown, KeyCode::KeyS]),
    );
    intent.0.dash |= keys.just_pressed(KeyCode::Space);
}
