//! Placements that end otherwise: cancelled, timed out, overdue, given up, and fulfilled in the same moment.

use std::time::Duration;

use axum::http::StatusCode;
use game_session_backend::reconcile;
use game_session_backend::shared_state::SharedState as _;
use game_session_protocol::{ErrorCode, GameSessionId};
use gamelift_emulator::{EmulatorConfig, Fault, GameSessionStatus};
use tokio::time::sleep;

use super::super::process::Serve;
use super::{Delivery, QUEUE_ARN, Queued, Told, envelope, tell};
use crate::support::client::Client;

impl Queued {
    /// A click whose placement waits for a process.
    async fn pending(&self) -> (Client, GameSessionId) {
        let ann = self.stage.instances[0].guest().await;
        let id = ann.create("click-1", "0").await.placing().id;
        (ann, id)
    }

    /// Game sessions that run or are about to.
    pub(super) fn living(&self) -> usize {
        let world = self.stage.emulator.snapshot();
        let lives = |status| matches!(status, GameSessionStatus::Activating | GameSessionStatus::Active);
        world.game_sessions.iter().filter(|it| lives(it.status)).count()
    }

    /// The words of all placements.
    fn statuses(&self) -> Vec<String> {
        let world = self.stage.emulator.snapshot();
        world.placements.iter().map(|it| format!("{:?}", it.status)).collect()
    }

    /// Lets the reconciler run every ten seconds for so long.
    pub(super) async fn reconcile_for(&self, time: Duration) {
        for _ in 0..time.as_secs() / 10 {
            sleep(Duration::from_secs(10)).await;
            reconcile(&self.stage.instances[1].state).await;
        }
    }

    /// How many placements are still looked after, in the long run.
    pub(super) async fn open(&self) -> usize {
        sleep(Duration::from_secs(30)).await;
        self.rows.due("placements", 100).await.unwrap().len()
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_placement_is_stopped_and_its_click_is_over() {
    let queued = Queued::new(Told::ByEvents).await;
    let (ann, id) = queued.pending().await;
    let bob = queued.stage.instances[0].guest().await;
    assert_eq!(bob.end(&id).await.code(), ErrorCode::Forbidden);
    assert_eq!(ann.end(&id).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        ann.end(&id).await.status,
        StatusCode::NO_CONTENT,
        "ending it twice is fine"
    );
    assert_eq!(queued.statuses(), ["Cancelled"]);
    assert_eq!(ann.seat(&id, "5").await.code(), ErrorCode::SessionEnded);
    assert_eq!(ann.create("click-1", "5").await.code(), ErrorCode::SessionEnded);
    assert_eq!(bob.join(&id).await.code(), ErrorCode::SessionEnded);
    assert_eq!(queued.open().await, 0);
}

#[tokio::test(start_paused = true)]
async fn one_who_waits_hears_at_once_that_it_was_cancelled() {
    let queued = Queued::new(Told::ByEvents).await;
    let (ann, id) = queued.pending().await;
    let waiting = {
        let (ann, id) = (ann.clone(), id.clone());
        tokio::spawn(async move {
            let started = tokio::time::Instant::now();
            (ann.seat(&id, "20").await.code(), started.elapsed())
        })
    };
    sleep(Duration::from_secs(1)).await;
    ann.end(&id).await;
    let (code, took) = waiting.await.unwrap();
    assert_eq!(code, ErrorCode::SessionEnded);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_placement_that_was_fulfilled_when_it_is_cancelled_is_ended() {
    for told in [Told::ByEvents, Told::Never] {
        let mut queued = Queued::new(told).await;
        let (ann, id) = queued.pending().await;
        queued.stage.processes.start();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(queued.living(), 1, "it was placed, and the backend was not told");
        assert_eq!(ann.end(&id).await.status, StatusCode::NO_CONTENT);
        sleep(Duration::from_secs(5)).await;
        assert_eq!(queued.living(), 0);
        assert_eq!(ann.seat(&id, "0").await.code(), ErrorCode::SessionEnded);
        // The event comes after all.
        let events = queued.stage.emulator.snapshot().placement_events;
        let event = envelope(QUEUE_ARN, &events[0].detail);
        tell(&queued.stage.instances[1].state, &event).await.unwrap();
        assert_eq!((queued.living(), queued.open().await), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_gamelift_does_not_hear_is_carried_out_when_the_placement_is_fulfilled() {
    let mut queued = Queued::new(Told::ByEvents).await;
    let (ann, id) = queued.pending().await;
    let fails = Fault::FailCalls {
        operation: Some("StopGameSessionPlacement".to_owned()),
        error: "ThrottlingException".to_owned(),
        times: 9,
    };
    queued.stage.emulator.inject(fails).unwrap();
    assert_eq!(ann.end(&id).await.code(), ErrorCode::Throttled);
    let _postman = queued.postman(vec![Delivery::Twice]);
    queued.stage.processes.start();
    queued.reconcile_for(Duration::from_mins(1)).await;
    assert_eq!(ann.seat(&id, "0").await.code(), ErrorCode::SessionEnded);
    assert_eq!((queued.living(), queued.open().await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_placement_that_times_out_is_no_capacity_and_a_failed_one_did_not_activate() {
    let queued = Queued::with(EmulatorConfig::default(), Told::ByEvents, 10).await;
    let _postman = queued.postman(vec![]);
    let ann = queued.stage.instances[0].guest().await;
    assert_eq!(ann.create("click-1", "20").await.code(), ErrorCode::NoCapacity);
    assert_eq!(queued.statuses(), ["TimedOut"]);
    let (bob, id) = queued.pending().await;
    let client = queued.stage.pipe.client();
    let token = queued.stage.emulator.snapshot().placements[1].placement_id.clone();
    let failed = format!(r#"{{"placementId": "{token}", "type": "PlacementFailed"}}"#);
    let state = &queued.stage.instances[0].state;
    tell(state, &envelope(QUEUE_ARN, &failed)).await.unwrap();
    assert_eq!(bob.seat(&id, "0").await.code(), ErrorCode::ActivationFailed);
    client
        .delete_game_session_queue()
        .name(super::QUEUE)
        .send()
        .await
        .unwrap();
    let carl = queued.stage.instances[0].guest().await;
    assert_eq!(carl.create("click-1", "0").await.code(), ErrorCode::Unavailable);
    queued.reconcile_for(Duration::from_mins(3)).await;
    assert_eq!(queued.open().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_placement_that_takes_too_long_is_stopped_by_who_waits_or_by_the_reconciler() {
    for by_waiting in [true, false] {
        let mut queued = Queued::new(Told::ByEvents).await;
        queued.stage.processes.serve(Serve::Never);
        queued.stage.have_free_processes(1).await;
        let (ann, id) = queued.pending().await;
        let mut waited = Duration::ZERO;
        while by_waiting && ann.seat(&id, "20").await.status == StatusCode::ACCEPTED {
            waited += Duration::from_secs(20);
            assert!(waited < Duration::from_mins(3));
        }
        if !by_waiting {
            queued.reconcile_for(Duration::from_mins(3)).await;
        }
        assert_eq!(queued.statuses(), ["Cancelled"]);
        let code = ann.seat(&id, "0").await.code();
        // Nobody asked in the second run: it is over sooner, for that.
        let expected = if by_waiting {
            ErrorCode::NoCapacity
        } else {
            ErrorCode::SessionEnded
        };
        assert_eq!(code, expected);
        sleep(Duration::from_secs(30)).await;
        assert_eq!((queued.living(), queued.open().await), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_event_is_made_good_by_the_reconciler_on_another_instance() {
    let mut queued = Queued::new(Told::ByEvents).await;
    let (ann, id) = queued.pending().await;
    let _postman = queued.postman(vec![Delivery::Lost]);
    queued.stage.processes.start();
    queued.reconcile_for(Duration::from_secs(30)).await;
    queued.stage.emulator.reset_calls();
    let seat = ann.seat(&id, "0").await.seat();
    assert_eq!(seat.game_session.id, id);
    assert_eq!(
        queued.stage.calls("DescribeGameSessionPlacement"),
        0,
        "the row was there"
    );
    assert_eq!(queued.open().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_game_session_whose_maker_never_comes_back_is_ended() {
    let mut queued = Queued::new(Told::ByEvents).await;
    let (ann, id) = queued.pending().await;
    let _postman = queued.postman(vec![]);
    queued.stage.processes.start();
    queued.reconcile_for(Duration::from_mins(1)).await;
    assert_eq!(queued.living(), 1, "its maker may still come");
    queued.reconcile_for(Duration::from_secs(90)).await;
    assert_eq!(queued.living(), 0);
    assert_eq!(ann.seat(&id, "0").await.code(), ErrorCode::SessionEnded);
    assert_eq!(queued.open().await, 0);
}

#[tokio::test(start_paused = true)]
async fn who_was_given_a_seat_keeps_the_game_session_however_late_and_often_events_come() {
    let mut queued = Queued::new(Told::ByEvents).await;
    queued.stage.have_free_processes(1).await;
    let _postman = queued.postman(vec![Delivery::Late(300)]);
    let ann = queued.stage.instances[0].guest().await;
    let seat = ann.create("click-1", "20").await.seat();
    let id = seat.game_session.id;
    queued.stage.processes.arrive(seat.player_session_id.as_str());
    queued.reconcile_for(Duration::from_mins(6)).await;
    let event = envelope(QUEUE_ARN, &queued.stage.emulator.snapshot().placement_events[0].detail);
    let cancelled = event.replace("PlacementFulfilled", "PlacementCancelled");
    for state in queued.stage.instances.each_ref().map(|it| &it.state) {
        tell(state, &event).await.unwrap();
        tell(state, &cancelled).await.unwrap();
    }
    assert_eq!(
        ann.seat(&id, "0").await.seat().player_session_id,
        seat.player_session_id
    );
    assert_eq!((queued.living(), queued.open().await), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn events_about_anything_else_are_not_taken() {
    let mut queued = Queued::new(Told::ByEvents).await;
    queued.stage.have_free_processes(1).await;
    let (ann, id) = queued.pending().await;
    sleep(Duration::from_secs(1)).await;
    let detail = queued.stage.emulator.snapshot().placement_events[0].detail.clone();
    let state = &queued.stage.instances[0].state;
    let other_queue = envelope(&QUEUE_ARN.replace("arena", "other"), &detail);
    tell(state, &other_queue).await.unwrap_err();
    let other_source = envelope(QUEUE_ARN, &detail).replace("aws.gamelift", "aws.ec2");
    tell(state, &other_source).await.unwrap_err();
    let token = queued.stage.emulator.snapshot().placements[0].placement_id.clone();
    let another = envelope(QUEUE_ARN, &detail.replace(&token, "k1-SOMEBODYELSES"));
    tell(state, &another).await.unwrap();
    let foreign = envelope(QUEUE_ARN, &detail.replace(&token, "match-1"));
    tell(state, &foreign).await.unwrap();
    assert_eq!(
        ann.seat(&id, "0").await.status,
        StatusCode::ACCEPTED,
        "nothing of it was believed"
    );
    // A true event with another game session: it is not the click's, so nobody is led there.
    let arn_of_another = detail.replace("/custom-", "/custom-x");
    tell(state, &envelope(QUEUE_ARN, &arn_of_another)).await.unwrap();
    assert_eq!(ann.seat(&id, "0").await.code(), ErrorCode::NotFound);
}
