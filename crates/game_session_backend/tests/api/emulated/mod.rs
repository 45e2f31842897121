//! The backend with the AWS SDK against the emulator, in virtual time: no socket is between them, so nothing real is
//! waited for, and a fault of ten seconds takes none.

mod aws;
mod fleet;
mod process;
mod queued;
mod random;
mod together;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use game_session_backend::shared_state::InMemoryState;
use game_session_backend::{AwsTarget, BackendConfig, Clock, CreatorLimit, FleetTarget, Keyring};
use gamelift_emulator::{Emulator, EmulatorConfig, Snapshot};

use crate::support::{Fake, Harness};
use aws::{Pipe, Recorded};
use process::Processes;

const LIMIT: Duration = Duration::from_mins(1);

/// Two instances of a backend over one emulator, and its server processes.
struct Stage {
    emulator: Arc<Emulator>,
    instances: [Harness; 2],
    pipe: Pipe,
    processes: Processes,
}

impl Stage {
    async fn new(config: EmulatorConfig) -> Self {
        let emulator = Arc::new(Emulator::start(config).await.unwrap());
        let fleet = FleetTarget::new(emulator.fleet_id()).location(emulator.location());
        let pipe = Pipe::new(Arc::clone(&emulator));
        let ring: Keyring = Keyring::new_key_text("k1").parse().unwrap();
        let clock = Clock::with_tokio(now_ms());
        let rows = Arc::new(InMemoryState::default());
        let instances = [(); 2].map(|()| instance(&pipe, &fleet, &ring, &clock, &rows));
        let processes = Processes::new(Arc::clone(&emulator));
        Self {
            emulator,
            instances,
            pipe,
            processes,
        }
    }

    /// Starts processes until so many are free.
    async fn have_free_processes(&mut self, count: usize) {
        let free = |world: &Snapshot| world.processes.iter().filter(|process| process.placeable).count();
        for _ in free(&self.emulator.snapshot())..count {
            self.processes.start();
        }
        self.emulator
            .wait_until(|world| free(world) >= count, LIMIT)
            .await
            .unwrap();
    }

    /// How often an operation was called.
    fn calls(&self, operation: &str) -> usize {
        self.emulator.calls().iter().filter(|call| *call == operation).count()
    }
}

/// One instance, over a client of its own.
fn instance(pipe: &Pipe, fleet: &FleetTarget, ring: &Keyring, clock: &Clock, rows: &Arc<InMemoryState>) -> Harness {
    let fake = Fake::new(0);
    let gamelift = Recorded::new(pipe.gamelift(fleet.clone()), fake.clone());
    let config = BackendConfig::new(AwsTarget::endpoint("http://127.0.0.1:1"))
        .keyring(ring.clone())
        .shared_state(Arc::clone(rows) as _)
        .creator_limit(CreatorLimit::Off);
    Harness::asking(Arc::new(gamelift), fake, ring.clone(), clock.clone(), &config)
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis().try_into().unwrap()
}
