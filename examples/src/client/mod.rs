//! The client: its way into a session, its window, its headless twin.

mod headless;
mod journey;
mod keys;
mod panel;
mod timeline;
mod view;
mod window;

pub(crate) use journey::explain;
pub use journey::{Aim, JourneyPlugin, Report};
pub use timeline::{Timeline, milliseconds};
pub use window::NoWindow;

use std::env;

use bevy::prelude::AppExit;

/// How a client shows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// In a window.
    Window,
    /// On the terminal only.
    Headless,
}

impl Display {
    /// A window where there is a display to show it on, decided before any plugin is built.
    pub fn detect() -> Self {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let needs_server = cfg!(all(unix, not(target_vendor = "apple")));
        if needs_server && !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") {
            Self::Headless
        } else {
            Self::Window
        }
    }
}

/// Plays.
///
/// # Errors
/// [`NoWindow`] when there is a display but no window could be shown on it.
pub fn run(display: Display, journey: JourneyPlugin) -> Result<AppExit, NoWindow> {
    match display {
        Display::Window => window::run(journey),
        Display::Headless => Ok(headless::run(journey)),
    }
}
