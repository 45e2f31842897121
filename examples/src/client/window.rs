//! The client in a window.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::window::{PresentMode, WindowResolution};

use crate::cli::ClientArgs;

use super::flight::PlayerName;
use super::flow::{FlowPlugin, Wish};
use super::keys::KeysPlugin;
use super::menu::MenuPlugin;
use super::saved::Saved;
use super::service::Services;
use super::start::way_in;
use super::view::ViewPlugin;

/// No window could be shown at all; the text says why.
pub(super) struct NoWindow(pub(super) String);

/// Whether there is a display to show a window on, known before any plugin is built.
pub(super) fn has_display() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let needs_server = cfg!(all(unix, not(target_vendor = "apple")));
    !needs_server || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// Plays in a window until it is closed.
pub(super) fn run(args: &ClientArgs, saved: Saved, services: Services) -> Result<AppExit, NoWindow> {
    let shown = Arc::new(AtomicBool::new(false));
    let first_frame = shown.clone();
    let reason = keep_quiet_until(shown.clone());
    let flow = FlowPlugin::new(services);
    let menu = || MenuPlugin {
        browse_first: args.browse,
        filter: args.session.clone().filter(|_| args.browse),
        log_state: args.log_state,
    };
    let at_once = way_in(args);
    let played = catch_unwind(AssertUnwindSafe(|| {
        App::new()
            .add_plugins(DefaultPlugins.set(window(args.window)).set(LogPlugin {
                filter: FILTER.into(),
                ..default()
            }))
            .insert_resource(PlayerName(saved.name.clone()))
            .insert_resource(saved)
            .add_plugins((flow, ViewPlugin, KeysPlugin, menu()))
            .add_systems(PostStartup, move |mut wishes: MessageWriter<Wish>| {
                wishes.write_batch(at_once.clone());
            })
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

fn window((width, height): (u32, u32)) -> WindowPlugin {
    WindowPlugin {
        primary_window: Some(Window {
            title: "Star Gatherers".into(),
            resolution: WindowResolution::new(width, height),
            present_mode: PresentMode::AutoVsync,
            ..default()
        }),
        ..default()
    }
}
