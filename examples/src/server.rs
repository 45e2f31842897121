//! The dedicated server: headless, one game session, then it leaves and is replaced.

use std::error::Error;

use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::state::app::StatesPlugin;
use bevy_game_session::renet::TravelPlugin;
use bevy_game_session::server::{GameLiftHost, ProcessSignalsPlugin, SessionServerPlugin, SessionServerRunnerPlugin};
use bevy_replicon::prelude::*;
use bevy_replicon_renet::RepliconRenetPlugins;

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
