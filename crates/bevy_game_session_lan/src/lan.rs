//! The value that a game makes: one network, both seams.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use game_session_protocol::{BoxedFuture, CreateGameSession, GameSessionId, ServiceError};

use crate::config::LanConfig;
use crate::counters::LanCounters;
use crate::creating;
use crate::error::LanError;
use crate::host::LanHost;
use crate::runtime::Runtime;
use crate::service::LanService;
use crate::shared::Shared;
use crate::tasks;

/// The local network as orchestrator: [`service`](Self::service) for the client plugin, [`host`](Self::host) for the server
/// plugin, [both](crate#a-listen-server) in a game that hosts itself. Cheap to clone.
///
/// It has one thread of its own, which ends with the last clone and handle.
#[derive(Clone)]
pub struct Lan {
    shared: Arc<Shared>,
    runtime: Arc<Runtime>,
}

impl Lan {
    /// A network with these settings. Nothing is sent or opened before somebody searches or hosts.
    ///
    /// # Errors
    /// [`LanError`] when the settings are wrong or the thread cannot be started.
    pub fn new(config: LanConfig) -> Result<Self, LanError> {
        let name = config.game.chars().count();
        if !(1..=64).contains(&name) || config.game.chars().any(char::is_control) {
            return Err(LanError::Game);
        }
        let shared = Shared::new(config);
        let at_end = shared.clone();
        let runtime = Runtime::start(async move { at_end.dns_sd.close().await }).map_err(LanError::Thread)?;
        runtime.spawn(tasks::search(shared.clone()));
        if shared.config.dns_sd {
            runtime.spawn(tasks::browse(shared.clone()));
            runtime.spawn(tasks::announce(shared.clone()));
        }
        Ok(Self { shared, runtime })
    }

    /// For the client plugin.
    pub fn service(&self) -> LanService {
        LanService::new(self.shared.clone(), self.runtime.clone())
    }

    /// For the server plugin. One at a time: another one is ready only when the one before has left.
    pub fn host(&self) -> LanHost {
        LanHost::new(self.shared.clone(), self.runtime.clone())
    }

    /// Places a game session on this process without a player: for a server without a screen. Done when the game has
    /// activated it; dropping the future before ends it.
    pub fn host_game_session(&self, request: CreateGameSession) -> BoxedFuture<Result<GameSessionId, ServiceError>> {
        let gone = || {
            Err(ServiceError::Unreachable {
                service: "the LAN".into(),
                reason: "its thread is gone".into(),
            })
        };
        self.runtime
            .ask(creating::create_empty(self.shared.clone(), request), gone)
    }

    /// The port of this host's door, once its server plugin is ready: what others give to
    /// [`LanConfig::direct`](crate::LanConfig::direct).
    pub fn door_port(&self) -> Option<u16> {
        self.shared.look_at_books(crate::books::Books::door)
    }

    /// The addresses from which hosts were heard, for people who look for a fault.
    pub fn heard_from(&self) -> Vec<SocketAddr> {
        self.shared
            .found()
            .iter()
            .flat_map(|found| found.doors.clone())
            .collect()
    }

    /// What was answered and what was dropped.
    pub fn counters(&self) -> LanCounters {
        self.shared.counters()
    }
}

impl fmt::Debug for Lan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lan")
            .field("game", &self.shared.config.game)
            .finish_non_exhaustive()
    }
}
