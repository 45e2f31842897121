//! Two regions, each with an emulator of its own: one list, and calls that go to the region of the game session.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use game_session_backend::shared_state::InMemoryState;
use game_session_backend::{Clock, Keyring, QueueTarget};
use game_session_protocol::{ErrorCode, GameSessionId};
use gamelift_emulator::{Emulator, EmulatorConfig, Fault};
use serde_json::json;
use tokio::time::sleep;

use super::super::aws::Pipe;
use super::super::process::Processes;
use super::super::{LIMIT, now_ms};
use super::{QUEUE, Told, fleet_arn, instance, make_queue};
use crate::support::Harness;
use crate::support::client::body;

/// One region: its emulator, its processes, and an instance at home there.
struct Region {
    emulator: Arc<Emulator>,
    processes: Processes,
    harness: Harness,
}

impl Region {
    async fn have_free_processes(&mut self, count: usize) {
        for _ in 0..count {
            self.processes.start();
        }
        let free = |world: &gamelift_emulator::Snapshot| world.processes.iter().filter(|it| it.placeable).count();
        self.emulator
            .wait_until(|world| free(world) >= count, LIMIT)
            .await
            .unwrap();
    }

    fn calls(&self, operation: &str) -> usize {
        self.emulator.calls().iter().filter(|call| *call == operation).count()
    }
}

/// Two regions whose queues have the fleets of both as their destinations, and shared rows.
async fn regions() -> [Region; 2] {
    let (ring, clock): (Keyring, _) = (
        Keyring::new_key_text("k1").parse().unwrap(),
        Clock::with_tokio(now_ms()),
    );
    let rows = Arc::new(InMemoryState::default());
    let mut homes = Vec::new();
    for region in ["us-west-2", "eu-west-1"] {
        let config = EmulatorConfig::default()
            .region(region)
            .location(format!("custom-{region}"))
            .fleet_id(format!("fleet-of-{region}"));
        let emulator = Arc::new(Emulator::start(config).await.unwrap());
        let pipe = Pipe::new(Arc::clone(&emulator));
        make_queue(&pipe, &emulator, 600).await;
        homes.push((emulator, pipe));
    }
    let mut queue = QueueTarget::new(QUEUE);
    for (emulator, pipe) in &homes {
        queue = queue.destination(&fleet_arn(pipe, emulator).await);
        for (other, _) in &homes {
            pipe.add_region(Arc::clone(other));
        }
    }
    let mut regions = homes.into_iter().map(|(emulator, pipe)| Region {
        harness: instance(&pipe, &queue, &ring, &clock, &rows, Told::Never),
        processes: Processes::new(Arc::clone(&emulator)),
        emulator,
    });
    [regions.next().unwrap(), regions.next().unwrap()]
}

#[tokio::test(start_paused = true)]
async fn two_regions_are_one_list_and_each_call_goes_to_the_region_of_its_game_session() {
    let [mut west, mut east] = regions().await;
    west.have_free_processes(4).await;
    east.have_free_processes(4).await;
    let (ann, bob, carl) = (
        west.harness.guest().await,
        east.harness.guest().await,
        west.harness.guest().await,
    );
    let mut made: Vec<GameSessionId> = Vec::new();
    for click in ["1", "2", "3", "4"] {
        for client in [&ann, &bob] {
            let mut body = body();
            body["name"] = json!(format!("game {}", made.len()));
            made.push(client.create_with(click, "20", body).await.seat().game_session.id);
            sleep(Duration::from_secs(2)).await;
        }
    }
    // In pages of three, over both regions, the newest first.
    let (mut listed, mut page) = (Vec::new(), String::new());
    loop {
        let answer = carl.page(&format!("?limit=3{page}")).await;
        assert!(answer.game_sessions.len() <= 3);
        listed.extend(answer.game_sessions.into_iter().map(|it| it.id));
        let Some(next) = answer.next_page else { break };
        page = format!("&page={next}");
    }
    made.reverse();
    assert_eq!(listed, made);

    let (here, there) = (made[1].clone(), made[0].clone());
    west.emulator.reset_calls();
    east.emulator.reset_calls();
    carl.join(&there).await.seat();
    assert_eq!(
        (west.calls("CreatePlayerSession"), east.calls("CreatePlayerSession")),
        (0, 1)
    );
    carl.join(&here).await.seat();
    assert_eq!(
        (west.calls("CreatePlayerSession"), east.calls("CreatePlayerSession")),
        (1, 1)
    );
    // Bob at the other region's instance.
    let bob = bob.at(&west.harness);
    assert_eq!(bob.update(&there, json!({"name": "east"})).await.status, StatusCode::OK);
    bob.seat(&there, "0").await.seat();
    assert_eq!(bob.end(&there).await.status, StatusCode::NO_CONTENT);
    assert_eq!(bob.end(&here).await.code(), ErrorCode::Forbidden);
    assert_eq!(
        (west.calls("UpdateGameSession"), east.calls("UpdateGameSession")),
        (0, 1)
    );
    assert_eq!(
        (west.calls("TerminateGameSession"), east.calls("TerminateGameSession")),
        (0, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_region_that_cannot_be_asked_is_left_out_of_lists_and_two_are_an_error() {
    let [mut west, mut east] = regions().await;
    west.have_free_processes(1).await;
    east.have_free_processes(1).await;
    let (ann, bob) = (west.harness.guest().await, east.harness.guest().await);
    let here = ann.create("1", "20").await.seat().game_session.id;
    bob.create("1", "20").await.seat();
    assert_eq!(ann.page("").await.game_sessions.len(), 2);
    let down = |region: &Region| {
        let fault = Fault::FailCalls {
            operation: Some("SearchGameSessions".to_owned()),
            error: "InternalServiceException".to_owned(),
            times: 100,
        };
        region.emulator.inject(fault).unwrap();
    };
    down(&east);
    sleep(Duration::from_secs(20)).await;
    let left: Vec<_> = ann.page("").await.game_sessions.into_iter().map(|it| it.id).collect();
    assert_eq!(left, [here]);
    down(&west);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(ann.browse("").await.code(), ErrorCode::Unavailable);
}
