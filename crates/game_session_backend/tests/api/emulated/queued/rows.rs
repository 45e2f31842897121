//! The rows of placements: they go when they are not needed, and nothing is lost with them.

use std::time::Duration;

use game_session_backend::gamelift::{GameLift as _, GameLiftErrorKind, SearchQuery};
use game_session_backend::shared_state::SharedState as _;
use game_session_backend::{QueueTarget, reconcile};
use game_session_protocol::ErrorCode;
use gamelift_emulator::Fault;
use tokio::time::{Instant, sleep};

use super::{QUEUE, Queued, Told};

const QUEUES: &str = "DescribeGameSessionQueues";

fn failing(operation: &str, error: &str, times: u32) -> Fault {
    Fault::FailCalls {
        operation: Some(operation.to_owned()),
        error: error.to_owned(),
        times,
    }
}

#[tokio::test(start_paused = true)]
async fn a_placement_that_is_refused_for_good_leaves_no_row() {
    let queued = Queued::new(Told::ByEvents).await;
    let client = queued.stage.pipe.client();
    client.delete_game_session_queue().name(QUEUE).send().await.unwrap();
    let ann = queued.stage.instances[0].guest().await;
    assert_eq!(ann.create("click-1", "0").await.code(), ErrorCode::Unavailable);
    sleep(Duration::from_secs(30)).await;
    assert_eq!(queued.rows.due("placements", 100).await, Ok(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn rows_of_what_was_delivered_end_after_half_an_hour() {
    let mut queued = Queued::new(Told::Never).await;
    queued.stage.have_free_processes(1).await;
    let ann = queued.stage.instances[0].guest().await;
    let answer = ann.create("click-1", "20").await;
    let trace_id = answer.header("x-trace-id").unwrap();
    let rows = ["placed", "fate"].map(|what| format!("{what}/{trace_id}"));
    for row in &rows {
        assert!(queued.rows.get(row.clone()).await.unwrap().is_some(), "{row}");
    }
    sleep(Duration::from_mins(30)).await;
    for row in rows {
        assert_eq!(queued.rows.get(row).await, Ok(None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_click_that_is_repeated_late_and_fails_does_not_end_a_game_session_with_players_in_it() {
    let mut queued = Queued::new(Told::Never).await;
    queued.stage.have_free_processes(1).await;
    let ann = queued.stage.instances[0].guest().await;
    ann.create("click-1", "20").await.seat();
    let seats = queued.stage.emulator.snapshot().player_sessions;
    queued.stage.processes.arrive(&seats[0].player_session_id);
    sleep(Duration::from_hours(1)).await;
    queued
        .stage
        .emulator
        .inject(failing("DescribeGameSessionPlacement", "ThrottlingException", 9))
        .unwrap();
    let ann = ann.refreshed().await;
    assert_eq!(ann.create("click-1", "0").await.code(), ErrorCode::Throttled);
    queued.reconcile_for(Duration::from_mins(5)).await;
    assert_eq!((queued.living(), queued.open().await), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn one_run_of_the_reconciler_looks_after_all_that_is_due_each_once() {
    let queued = Queued::new(Told::ByEvents).await;
    for _ in 0..130 {
        let client = queued.stage.instances[0].guest().await;
        client.create("click-1", "0").await.placing();
    }
    sleep(Duration::from_mins(3)).await;
    let done = reconcile(&queued.stage.instances[1].state).await;
    assert_eq!((done.due, done.stopped, done.failed), (130, 130, 0));
}

#[tokio::test(start_paused = true)]
async fn what_fails_at_the_reconciler_does_not_stand_before_the_others() {
    let queued = Queued::new(Told::ByEvents).await;
    for _ in 0..130 {
        let client = queued.stage.instances[0].guest().await;
        client.create("click-1", "0").await.placing();
    }
    sleep(Duration::from_mins(3)).await;
    let fault = failing("DescribeGameSessionPlacement", "InvalidRequestException", 100);
    queued.stage.emulator.inject(fault).unwrap();
    let done = reconcile(&queued.stage.instances[1].state).await;
    assert_eq!((done.due, done.stopped, done.failed), (130, 30, 100));
}

/// A search that asks the queue where to look.
async fn search(gamelift: &game_session_backend::gamelift::aws::AwsQueue) -> Result<(), GameLiftErrorKind> {
    let query = SearchQuery {
        filter: "hasAvailablePlayerSessions = true".to_owned(),
        sort: "creationTimeMillis DESC".to_owned(),
        limit: 20,
        next_token: None,
    };
    let found = gamelift.search_game_sessions(query).await;
    found.map(drop).map_err(|error| error.kind)
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_does_not_tell_its_destinations_is_left_alone_for_a_while_and_the_old_ones_are_listed() {
    let queued = Queued::new(Told::Never).await;
    let gamelift = queued.stage.pipe.queue(QueueTarget::new(QUEUE));
    let emulator = &queued.stage.emulator;
    search(&gamelift).await.unwrap();
    sleep(Duration::from_mins(6)).await;
    emulator.inject(failing(QUEUES, "ThrottlingException", 1_000)).unwrap();
    emulator.reset_calls();
    for _ in 0..20 {
        search(&gamelift).await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(queued.stage.calls(QUEUES), 1);
    sleep(Duration::from_secs(30)).await;
    search(&gamelift).await.unwrap();
    assert_eq!(queued.stage.calls(QUEUES), 2, "it is asked again later");

    let fresh = queued.stage.pipe.queue(QueueTarget::new(QUEUE));
    emulator.reset_calls();
    for _ in 0..5 {
        assert_eq!(search(&fresh).await, Err(GameLiftErrorKind::Throttled));
    }
    assert_eq!(queued.stage.calls(QUEUES), 1, "nothing was ever known");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_queue_that_hangs_while_the_old_destinations_are_known() {
    let queued = Queued::new(Told::Never).await;
    let gamelift = queued.stage.pipe.queue(QueueTarget::new(QUEUE));
    search(&gamelift).await.unwrap();
    sleep(Duration::from_mins(6)).await;
    let hangs = Fault::DelayCalls {
        operation: Some(QUEUES.to_owned()),
        millis: 300_000,
        times: 1_000,
    };
    queued.stage.emulator.inject(hangs).unwrap();
    let asks = gamelift.clone();
    let first = tokio::spawn(async move { search(&asks).await });
    sleep(Duration::from_secs(1)).await;
    let started = Instant::now();
    search(&gamelift).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    first.await.unwrap().unwrap();
}
