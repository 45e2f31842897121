//! The life of sessions in whole apps, on the orchestrator in memory.

use std::sync::atomic::{AtomicU32, Ordering};

use bevy_app::prelude::*;
use bevy_game_session_client::*;
use game_session_protocol::in_memory::InMemoryHost;
use game_session_protocol::*;

use super::common::{app, ready};
use crate::suite::{Orchestrator, life_cycle};

struct Memory {
    orchestrator: InMemoryOrchestrator,
    guests: AtomicU32,
}

impl Memory {
    fn player(&self, name: &str) -> App {
        app(self.orchestrator.service(name.parse().unwrap()), TravelPolicy::Manual)
    }
}

impl Orchestrator for Memory {
    type Host = InMemoryHost;

    fn new() -> Self {
        Self {
            orchestrator: InMemoryOrchestrator::new().with_host_lifetime(HostLifetime::ManySessions),
            guests: AtomicU32::new(0),
        }
    }

    fn host(&self) -> InMemoryHost {
        ready(&self.orchestrator)
    }

    fn owner(&self) -> App {
        self.player("owner")
    }

    fn guest(&self) -> App {
        self.player(&format!("guest-{}", self.guests.fetch_add(1, Ordering::Relaxed)))
    }
}

life_cycle!(Memory);
