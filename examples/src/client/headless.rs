//! The client without a window: it prints its steps, flies in circles for a while, and leaves.

use std::time::Duration;

use bevy::app::{ScheduleRunnerPlugin, TerminalCtrlCHandlerPlugin};
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::state::app::StatesPlugin;
use bevy_game_session::prelude::*;

use crate::game::Steer;

use super::journey::JourneyPlugin;

/// The loop's pace: short, so that waiting for the next frame does not hide how long things take.
const FRAME: Duration = Duration::from_millis(2);

/// Neither netcode's notes about single packets, nor replicon's about messages that are still in the buffer when the
/// connection goes (it counts those that were sent already).
const FILTER: &str = "warn,netcode=off,bevy_replicon::shared::message=error";

/// Plays without a window and returns when it has left the session.
pub(super) fn run(journey: JourneyPlugin) -> AppExit {
    App::new()
        .add_plugins((MinimalPlugins.set(ScheduleRunnerPlugin::run_loop(FRAME)), StatesPlugin))
        .add_plugins((
            TerminalCtrlCHandlerPlugin,
            LogPlugin {
                filter: FILTER.into(),
                ..default()
            },
        ))
        .add_plugins(journey)
        .add_systems(FixedUpdate, circle.run_if(in_state(ClientSessionState::InSession)))
        .run()
}

/// Steers in a slow circle.
fn circle(time: Res<Time>, mut out: MessageWriter<Steer>) {
    let direction = Vec2::from_angle(time.elapsed_secs());
    out.write(Steer {
        x: direction.x,
        y: direction.y,
    });
}
