//! The loop of a dedicated server: parked while there is nothing to do, at the game's rate while there is.

use std::time::{Duration, Instant};

use bevy_app::{App, AppExit, Plugin, PluginsState};

use crate::drive::HostLink;
use crate::wakeup::ServerWaker;

/// The longest park: so often does an idle server still say that it lives.
const LONGEST_PARK: Duration = Duration::from_secs(1);

/// Runs a dedicated server, in place of Bevy's own runner, which sleeps a fixed time whatever happens. Without a game
/// session the loop is parked and costs nothing; with one it turns at the game's rate, and at once when the
/// orchestrator has news.
#[derive(Debug, Clone, Copy)]
pub struct SessionServerRunnerPlugin {
    period: Duration,
}

impl SessionServerRunnerPlugin {
    /// So many turns a second, 1 to 1000, while there is a game session.
    pub fn at_hz(rate: f64) -> Self {
        let rate = if rate.is_finite() {
            rate.clamp(1.0, 1000.0)
        } else {
            60.0
        };
        Self {
            period: Duration::from_secs_f64(1.0 / rate),
        }
    }
}

impl Default for SessionServerRunnerPlugin {
    /// 60 turns a second.
    fn default() -> Self {
        Self::at_hz(60.0)
    }
}

impl Plugin for SessionServerRunnerPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<ServerWaker>();
        let period = self.period;
        app.set_runner(move |app| run(app, period));
    }
}

fn run(mut app: App, period: Duration) -> AppExit {
    while app.plugins_state() == PluginsState::Adding {
        std::thread::sleep(Duration::from_millis(1));
    }
    if app.plugins_state() != PluginsState::Cleaned {
        app.finish();
        app.cleanup();
    }
    let waker = app.world_mut().get_resource_or_init::<ServerWaker>().clone();
    let mut next = Instant::now() + period;
    loop {
        app.update();
        if let Some(exit) = app.should_exit() {
            return exit;
        }
        if app.world().get_resource::<HostLink>().is_some_and(HostLink::is_idle) {
            waker.park(LONGEST_PARK);
            next = Instant::now() + period;
        } else {
            let now = Instant::now();
            if next <= now {
                next = now + period; // too slow: do not try to catch up
            } else {
                waker.park(next - now);
                if Instant::now() >= next {
                    next += period;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bevy_state::app::StatesPlugin;
    use bevy_state::state::NextState;
    use bevy_time::TimePlugin;
    use game_session_protocol::InMemoryOrchestrator;

    use super::*;
    use crate::{ListenPort, ServerSessionState, SessionServerPlugin};

    #[test]
    fn a_server_that_became_ready_turns_once_more_to_show_it_before_it_parks() {
        let mut app = App::new();
        app.add_plugins((TimePlugin, StatesPlugin, SessionServerRunnerPlugin::default()))
            .add_plugins(SessionServerPlugin::new(InMemoryOrchestrator::new().host()))
            .insert_resource(ListenPort(7777));
        let waker = app.world().resource::<ServerWaker>().clone();
        let becomes_ready = |app: &App| matches!(app.world().resource(), NextState::Pending(ServerSessionState::Ready));
        for _ in 0..100 {
            app.update();
            if becomes_ready(&app) {
                break;
            }
        }
        assert!(becomes_ready(&app));
        let parked = Instant::now();
        waker.park(Duration::from_mins(1));
        assert!(parked.elapsed() < Duration::from_secs(30), "nobody woke it");
    }
}
