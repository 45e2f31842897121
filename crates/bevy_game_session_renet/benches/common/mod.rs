//! A server and a player's app on an orchestrator in memory, each on a loop of its own over loopback.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bevy_app::prelude::*;
use bevy_game_session_client::SessionClientPlugin;
use bevy_game_session_renet::TravelPlugin;
use bevy_game_session_server::{ServerPolicies, SessionServerPlugin, SessionServerRunnerPlugin};
use bevy_renet::renet::ConnectionConfig;
use bevy_state::app::StatesPlugin;
use bevy_time::TimePlugin;
use game_session_protocol::in_memory::{ProcessNumber, ProcessStatus};
use game_session_protocol::{InMemoryOrchestrator, netcode_ticket};

/// Longer than anything takes that works.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A dedicated server on a thread, with its orchestrator. Dropping it ends it in order.
pub(crate) struct Server {
    pub(crate) orchestrator: InMemoryOrchestrator,
    process: ProcessNumber,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// A server that waits for a game session, and turns so many times a second while it has one.
    pub(crate) fn start(hertz: f64, game: fn(&mut App)) -> Self {
        let mint = |claims: &_, key: &_, address| {
            netcode_ticket::mint(claims, key, address, address).expect("an address is a valid one for a ticket")
        };
        let orchestrator = InMemoryOrchestrator::new().with_ticket_minter(Arc::new(mint));
        let host = orchestrator.host();
        let process = host.process();
        let thread = std::thread::spawn(move || {
            let policies = ServerPolicies::default().wait_for_players_forever();
            let mut app = App::new();
            app.add_plugins((TimePlugin, StatesPlugin, SessionServerRunnerPlugin::at_hz(hertz)))
                .add_plugins(SessionServerPlugin::new(host).policies(policies))
                .add_plugins(TravelPlugin::new(|_| ConnectionConfig::default()));
            game(&mut app);
            app.run();
        });
        let server = Self {
            orchestrator,
            process,
            thread: Some(thread),
        };
        wait_until("the server is ready", || server.status() == Some(ProcessStatus::Ready));
        server
    }

    fn status(&self) -> Option<ProcessStatus> {
        let now = self.orchestrator.snapshot();
        now.process(self.process).map(|process| process.status)
    }

    /// The port on which players come in.
    #[allow(dead_code, reason = "not every bench knocks there itself")]
    pub(crate) fn port(&self) -> u16 {
        let now = self.orchestrator.snapshot();
        now.process(self.process).map_or(0, |process| process.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.orchestrator.request_shutdown(self.process, None);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            eprintln!("the server's thread panicked");
        }
    }
}

/// The app of a player.
pub(crate) fn player(orchestrator: &InMemoryOrchestrator) -> App {
    let mut app = App::new();
    let service = orchestrator.service("anna".parse().expect("a word is a valid id"));
    app.add_plugins((TimePlugin, StatesPlugin, SessionClientPlugin::new(service)))
        .add_plugins(TravelPlugin::new(|_| ConnectionConfig::default()));
    app
}

/// A loop that turns so many times a second.
pub(crate) struct Pace {
    period: Duration,
    next: Instant,
}

impl Pace {
    pub(crate) fn hertz(hertz: f64) -> Self {
        Self {
            period: Duration::from_secs_f64(1.0 / hertz),
            next: Instant::now(),
        }
    }

    /// Sleeps until the next frame is due; a late loop does not catch up.
    pub(crate) fn wait(&mut self) {
        let now = Instant::now();
        self.next = (self.next + self.period).max(now);
        std::thread::sleep(self.next - now);
    }
}

pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < end, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The value below which this share of the sorted values lies.
pub(crate) fn percentile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index of a short list"
    )]
    let at = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}
