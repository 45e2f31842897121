//! The client in a window.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::window::{PresentMode, WindowResolution};

use super::journey::JourneyPlugin;
use super::{keys::KeysPlugin, panel::PanelPlugin, view::ViewPlugin};

/// No window could be shown at all; the text says why.
pub struct NoWindow(pub String);

/// Plays in a window until it is closed.
pub(super) fn run(journey: JourneyPlugin) -> Result<AppExit, NoWindow> {
    let shown = Arc::new(AtomicBool::new(false));
    let first_frame = shown.clone();
    let reason = keep_quiet_until(shown.clone());
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
        Ok(exit) => Ok(exit),
        Err(panic) if shown.load(Ordering::Relaxed) => std::panic::resume_unwind(panic),
        Err(_) => {
            let reason = reason.lock().unwrap_or_else(PoisonError::into_inner);
            Err(NoWindow(
                reason.lines().next().unwrap_or("of a panic without a word").to_owned(),
            ))
        }
    }
}

/// Until the first frame is shown, a panic means that there is no window: its first word is kept and not printed.
fn keep_quiet_until(shown: Arc<AtomicBool>) -> Arc<Mutex<String>> {
    let reason = Arc::<Mutex<String>>::default();
    let kept = reason.clone();
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if shown.load(Ordering::Relaxed) {
            return loud(panic);
        }
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_empty() {
            panic.payload_as_str().unwrap_or_default().clone_into(&mut kept);
        }
    }));
    reason
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
