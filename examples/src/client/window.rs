//! The client in a window.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::window::{PresentMode, WindowResolution};

use super::journey::JourneyPlugin;
use super::{keys::KeysPlugin, panel::PanelPlugin, view::ViewPlugin};

/// Plays in a window until it is closed. `None` when no window could be shown at all.
pub(super) fn run(journey: JourneyPlugin) -> Option<AppExit> {
    let shown = Arc::new(AtomicBool::new(false));
    let first_frame = shown.clone();
    let played = catch_unwind(AssertUnwindSafe(|| {
        App::new()
            .add_plugins(DefaultPlugins.set(window()).set(LogPlugin {
                filter: FILTER.into(),
                ..default()
            }))
            .add_plugins((journey, ViewPlugin, PanelPlugin, KeysPlugin))
            .add_systems(Last, move || first_frame.store(true, Ordering::Relaxed))
            .run()
    }));
    match played {
        Ok(exit) => Some(exit),
        Err(panic) if shown.load(Ordering::Relaxed) => std::panic::resume_unwind(panic),
        Err(_) => None,
    }
}

/// Software rendering and netcode's notes about single packets are nobody's problem here.
const FILTER: &str =
    "info,wgpu=error,naga=warn,bevy_render=error,bevy_winit=error,netcode=off,bevy_replicon::shared::message=error";

fn window() -> WindowPlugin {
    WindowPlugin {
        primary_window: Some(Window {
            title: "Star Gatherers - bevy_game_session".into(),
            resolution: WindowResolution::new(960, 540),
            present_mode: PresentMode::AutoVsync,
            ..default()
        }),
        ..default()
    }
}
