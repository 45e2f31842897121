//! The keyboard: arrow keys or WASD steer, Escape leaves.

use bevy::prelude::*;
use bevy_game_session::prelude::*;

use crate::game::Steer;

/// Reads the keyboard while connected.
pub(super) struct KeysPlugin;

impl Plugin for KeysPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Update, (steer.run_if(in_state(ClientSessionState::InSession)), quit));
    }
}

fn steer(keys: Res<ButtonInput<KeyCode>>, mut last: Local<Steer>, mut out: MessageWriter<Steer>) {
    let axis = |plus: [KeyCode; 2], minus: [KeyCode; 2]| {
        f32::from(i8::from(keys.any_pressed(plus)) - i8::from(keys.any_pressed(minus)))
    };
    let wish = Steer {
        x: axis(
            [KeyCode::ArrowRight, KeyCode::KeyD],
            [KeyCode::ArrowLeft, KeyCode::KeyA],
        ),
        y: axis([KeyCode::ArrowUp, KeyCode::KeyW], [KeyCode::ArrowDown, KeyCode::KeyS]),
    };
    if wish != *last {
        *last = wish;
        out.write(wish);
    }
}

fn quit(keys: Res<ButtonInput<KeyCode>>, mut exit: MessageWriter<AppExit>) {
    if keys.just_pressed(KeyCode::Escape) {
        exit.write(AppExit::Success);
    }
}
