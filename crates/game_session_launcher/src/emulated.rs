//! The emulator as the supervisor's orchestrator.

use game_session_protocol::BoxedFuture;
use gamelift_emulator::Emulator;

use crate::orchestrator::Orchestrator;

/// An emulator that server processes are started for.
#[derive(Debug)]
pub(crate) struct Emulated(Emulator);

impl Emulated {
    pub(crate) fn new(emulator: Emulator) -> Self {
        Self(emulator)
    }

    pub(crate) fn emulator(&self) -> &Emulator {
        &self.0
    }

    /// Whether a game session could be placed now.
    pub(crate) fn has_ready_process(&self) -> bool {
        self.0.snapshot().processes.iter().any(|process| process.placeable)
    }
}

impl Orchestrator for Emulated {
    fn environment(&self, process_id: &str) -> BoxedFuture<Result<Vec<(String, String)>, String>> {
        let environment = self.0.server_environment(process_id);
        Box::pin(std::future::ready(Ok(environment)))
    }

    fn has_hosted(&self, process_id: &str) -> BoxedFuture<bool> {
        let snapshot = self.0.snapshot();
        let mut processes = snapshot.processes.iter();
        let hosted = processes.any(|process| process.process_id == process_id && process.game_session_id.is_some());
        Box::pin(std::future::ready(hosted))
    }
}
