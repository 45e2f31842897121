//! The dedicated server: headless, one game session, then it leaves and is replaced.

use std::error::Error;

use bevy::log::{BoxedFmtLayer, LogPlugin, tracing_subscriber};
use bevy::prelude::*;
use bevy::state::app::StatesPlugin;
use bevy_game_session::renet::TravelPlugin;
use bevy_game_session::server::{GameLiftHost, ProcessSignalsPlugin, SessionServerPlugin, SessionServerRunnerPlugin};
use bevy_replicon::prelude::*;
use bevy_replicon_renet::RepliconRenetPlugins;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};

use crate::cli::ServerArgs;
use crate::game::{RulesPlugin, SharedGamePlugin};
use crate::sim::TICKS_PER_SECOND;

/// netcode tells every player's address at `info`, and notes about single packets at any level.
const FILTER: &str = "info,netcode=off";

/// Serves until the game session is over or the process is asked to leave.
///
/// # Errors
/// When the settings of the orchestrator are missing or wrong.
pub fn run(args: ServerArgs) -> Result<AppExit, Box<dyn Error>> {
    let host = GameLiftHost::from_env()?;
    let exit = App::new()
        .add_plugins((
            MinimalPlugins,
            StatesPlugin,
            LogPlugin {
                filter: FILTER.into(),
                fmt_layer: log_beside_the_game,
                ..default()
            },
        ))
        .add_plugins((RepliconPlugins, RepliconRenetPlugins))
        .add_plugins((SessionServerPlugin::new(host), ProcessSignalsPlugin::from_env()))
        .add_plugins(SessionServerRunnerPlugin::at_hz(TICKS_PER_SECOND.into()))
        .add_plugins(TravelPlugin::replicon().port(args.port))
        .add_plugins((SharedGamePlugin, RulesPlugin))
        .run();
    Ok(exit)
}

/// Writes what is still to be written when the app goes.
#[derive(Resource)]
struct LastLines(#[expect(dead_code, reason = "it works when it is dropped")] WorkerGuard);

/// The log is written on a thread of its own. When nobody reads it any more, or its disk is full, lines are lost, and the
/// game goes on.
#[expect(clippy::unnecessary_wraps, reason = "it is what `LogPlugin` asks for")]
fn log_beside_the_game(app: &mut App) -> Option<BoxedFmtLayer> {
    let (writer, guard) = NonBlocking::new(std::io::stderr());
    app.insert_resource(LastLines(guard));
    let layer = tracing_subscriber::fmt::Layer::default().with_writer(writer);
    Some(Box::new(layer))
}
