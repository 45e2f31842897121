//! Queue mode with the emulator's placements, in virtual time; placement events are carried by a postman who may lose
//! them, hold them back, or bring them twice.

mod calls;
mod ends;
mod random;
mod regions;
mod rows;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_gamelift::types::GameSessionQueueDestination;
use game_session_backend::events::{EventError, Heard, PlacementEvent, handle};
use game_session_backend::shared_state::InMemoryState;
use game_session_backend::{
    AppState, AwsTarget, BackendConfig, Clock, CreatorLimit, Keyring, PlacementEvents, QueueTarget,
};
use gamelift_emulator::{Emulator, EmulatorConfig};
use serde_json::json;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::aws::{Pipe, Recorded};
use super::process::Processes;
use super::{Stage, now_ms};
use crate::support::{Fake, Harness};

pub(super) const QUEUE: &str = "arena";
pub(super) const QUEUE_ARN: &str = "arn:aws:gamelift:us-west-2:123456789012:gamesessionqueue/arena";

/// Whether the instances are told of the ends of placements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    ByEvents,
    Never,
}

/// A stage whose instances place by a queue over the emulator's fleet, and their rows.
struct Queued {
    stage: Stage,
    rows: Arc<InMemoryState>,
    /// The text of their keyring.
    ring: String,
}

impl Queued {
    async fn new(told: Told) -> Self {
        Self::with(EmulatorConfig::default(), told, 600).await
    }

    async fn with(config: EmulatorConfig, told: Told, timeout: i32) -> Self {
        let emulator = Arc::new(Emulator::start(config).await.unwrap());
        let pipe = Pipe::new(Arc::clone(&emulator));
        make_queue(&pipe, &emulator, timeout).await;
        let text = Keyring::new_key_text("k1");
        let ring: Keyring = text.parse().unwrap();
        let (clock, rows) = (Clock::with_tokio(now_ms()), Arc::new(InMemoryState::default()));
        let queue = QueueTarget::new(QUEUE);
        let instances = [(); 2].map(|()| instance(&pipe, &queue, &ring, &clock, &rows, told));
        let processes = Processes::new(Arc::clone(&emulator));
        let stage = Stage {
            emulator,
            instances,
            pipe,
            processes,
        };
        Self {
            stage,
            rows,
            ring: text,
        }
    }

    /// One more instance, with another keyring.
    fn another_instance(&self, ring: &str) -> Harness {
        let (queue, clock) = (QueueTarget::new(QUEUE), Clock::with_tokio(now_ms()));
        instance(
            &self.stage.pipe,
            &queue,
            &ring.parse().unwrap(),
            &clock,
            &self.rows,
            Told::Never,
        )
    }

    /// Has all events delivered to an instance from now on, as these fates say.
    fn postman(&self, fates: Vec<Delivery>) -> Postman {
        let states = [0, 1].map(|at| self.stage.instances[at].state.clone());
        let task = tokio::spawn(carry(Arc::clone(&self.stage.emulator), states, fates));
        Postman(task.abort_handle())
    }
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    AtOnce,
    ToTheOther,
    Lost,
    Twice,
    /// So many seconds later, after later ones.
    Late(u64),
}

/// Carries events until it is dropped.
struct Postman(AbortHandle);

impl Drop for Postman {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn carry(emulator: Arc<Emulator>, states: [AppState; 2], fates: Vec<Delivery>) {
    let mut seen = 0;
    loop {
        let news = emulator.wait_until(|world| world.placement_events.len() > seen, Duration::from_hours(1));
        if news.await.is_err() {
            continue;
        }
        for event in emulator.snapshot().placement_events.into_iter().skip(seen) {
            let fate = fates
                .get(seen % fates.len().max(1))
                .copied()
                .unwrap_or(Delivery::AtOnce);
            seen += 1;
            let event = envelope(QUEUE_ARN, &event.detail);
            let states = states.clone();
            tokio::spawn(async move {
                let to = usize::from(fate == Delivery::ToTheOther);
                let times = match fate {
                    Delivery::Lost => 0,
                    Delivery::Twice => 2,
                    Delivery::Late(seconds) => {
                        sleep(Duration::from_secs(seconds)).await;
                        1
                    }
                    Delivery::AtOnce | Delivery::ToTheOther => 1,
                };
                for _ in 0..times {
                    // What GameLift refuses is left to the reconciler.
                    drop(tell(&states[to], &event).await);
                }
            });
        }
    }
}

/// Tells a backend of an event, as often as it wants it again.
async fn tell(state: &AppState, event: &str) -> Result<Heard, EventError> {
    let mut told = handle(state, PlacementEvent::parse(event)?).await;
    for _ in 0..3 {
        if !matches!(told, Err(EventError::Unavailable(_))) {
            break;
        }
        sleep(Duration::from_secs(5)).await;
        told = handle(state, PlacementEvent::parse(event)?).await;
    }
    told
}

/// An event as AWS sends it, about a placement of this queue.
fn envelope(queue: &str, detail: &str) -> String {
    let detail: serde_json::Value = serde_json::from_str(detail).unwrap();
    json!({
        "version": "0", "id": uuid::Uuid::new_v4().to_string(), "detail-type": "GameLift Queue Placement Event",
        "source": "aws.gamelift", "account": "123456789012", "time": "2026-01-01T00:00:00Z", "region": "us-west-2",
        "resources": [queue], "detail": detail,
    })
    .to_string()
}

async fn fleet_arn(pipe: &Pipe, emulator: &Emulator) -> String {
    let fleets = pipe.client().describe_fleet_attributes().fleet_ids(emulator.fleet_id());
    let fleets = fleets.send().await.unwrap().fleet_attributes.unwrap();
    fleets[0].fleet_arn().unwrap().to_owned()
}

async fn make_queue(pipe: &Pipe, emulator: &Emulator, timeout: i32) {
    let destination = GameSessionQueueDestination::builder().destination_arn(fleet_arn(pipe, emulator).await);
    let queue = pipe
        .client()
        .create_game_session_queue()
        .name(QUEUE)
        .timeout_in_seconds(timeout);
    queue.destinations(destination.build()).send().await.unwrap();
    emulator.reset_calls();
}

fn instance(
    pipe: &Pipe,
    queue: &QueueTarget,
    ring: &Keyring,
    clock: &Clock,
    rows: &Arc<InMemoryState>,
    told: Told,
) -> Harness {
    let fake = Fake::new(0);
    let gamelift = Recorded::new(pipe.queue(queue.clone()), fake.clone());
    let mut config = BackendConfig::new(AwsTarget::endpoint("http://127.0.0.1:1"))
        .keyring(ring.clone())
        .creator_limit(CreatorLimit::Off)
        .shared_state(Arc::clone(rows) as _)
        .queue(queue.clone());
    if told == Told::ByEvents {
        config = config.placement_events(PlacementEvents::invoked());
    }
    Harness::asking(Arc::new(gamelift), fake, ring.clone(), clock.clone(), &config)
}
