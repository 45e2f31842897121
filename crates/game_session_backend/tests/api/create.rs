//! Creating a game session: one per click, its maker's seat in it, and the number of calls it takes.

use std::time::Duration;

use crate::support::client::body;
use crate::support::{Activation, Fake, Harness};
use axum::http::StatusCode;
use game_session_backend::Limits;
use game_session_backend::gamelift::{
    GameLift as _, GameLiftErrorKind, GameSessionStatus, NewGameSession, PlayerSessionStatus,
};
use game_session_protocol::host::SecretText;
use game_session_protocol::{ErrorCode, GameProperties, GameSessionData, ProgressStep};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn a_create_takes_three_calls_when_activation_is_immediate() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let answer = ann.create("click-1", "20").await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let seat = answer.seat();
    assert_eq!(
        harness.fake.calls(),
        ["CreateGameSession", "DescribeGameSessions", "CreatePlayerSession"]
    );
    assert_eq!(seat.address.to_string(), "127.0.0.1:7000");
    assert_eq!(seat.player_session_id.as_str(), "psess-1");
    assert_eq!(
        (seat.game_session.name.as_str(), seat.game_session.build.as_str()),
        ("Ann's game", "v1")
    );
    assert_eq!(
        (seat.game_session.max_players, seat.game_session.current_players),
        (4, 1)
    );
    assert_eq!(
        seat.game_session.properties,
        [("map".to_owned(), "x".to_owned())].into()
    );
    assert_eq!(
        seat.timings.activation_us, 500_000,
        "AWS is asked after half a second first"
    );
    let location = format!("/v1/game-sessions/{}", seat.game_session.id);
    assert_eq!(answer.header("location"), Some(location.as_str()));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test(start_paused = true)]
async fn a_create_is_logged_under_its_trace_id() {
    let harness = Harness::new();
    let answer = harness.guest().await.create("click-1", "20").await;
    let data = GameSessionData::parse(harness.fake.requests()[0].session_data.expose()).unwrap();
    let request_id = answer.header("x-request-id").unwrap();
    assert!(
        crate::support::log::holds_together(&data.trace_id, request_id),
        "and the server is told the trace id"
    );
    assert_eq!(
        answer.header("x-trace-id"),
        Some(data.trace_id.as_str()),
        "and the player"
    );
}

#[tokio::test(start_paused = true)]
async fn a_game_session_that_is_active_at_once_takes_three_calls_too() {
    let harness = Harness::new();
    harness.fake.activation(Activation::AtOnce);
    harness.guest().await.create("click-1", "20").await.seat();
    assert_eq!(
        harness.fake.calls(),
        ["CreateGameSession", "DescribePlayerSessions", "CreatePlayerSession"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_server_is_told_the_owner_the_build_and_the_key_and_the_searchable_rest_is_public() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    ann.create("click-1", "20").await.seat();
    let [request] = harness.fake.requests().try_into().unwrap();
    let data = GameSessionData::parse(request.session_data.expose()).unwrap();
    assert_eq!(data.owner.as_str(), ann.player_id());
    assert_eq!((data.build.as_str(), data.key_id.as_str()), ("v1", "k1"));
    assert_eq!(data.token, request.token);
    let properties: Vec<_> = request
        .properties
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(properties, [("gs_build", "v1"), ("gs_listed", "1"), ("map", "x")]);
    assert!(
        request
            .creator
            .as_deref()
            .is_some_and(|it| it.starts_with("player-") && it != ann.player_id())
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_finds_the_same_game_session_and_the_same_seat() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let first = ann.create("click-1", "20").await.seat();
    let again = ann.create("click-1", "20").await.seat();
    let elsewhere = ann.at(&harness.another_instance()).create("click-1", "20").await.seat();
    for other in [&again, &elsewhere] {
        assert_eq!(other.game_session.id, first.game_session.id);
        assert_eq!(other.player_session_id, first.player_session_id);
    }
    assert!(again.ticket != first.ticket, "each answer has a fresh ticket");
    assert_eq!((harness.fake.statuses().len(), harness.fake.seats().len()), (1, 1));
    let [a, b, c] = harness.fake.requests().try_into().unwrap();
    assert!(
        a == b && b == c,
        "every argument is a pure function of player, click and body"
    );
}

#[tokio::test(start_paused = true)]
async fn parallel_retries_come_to_one_game_session_and_one_seat() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let requests: Vec<_> = (0..8)
        .map(|_| {
            let ann = ann.clone();
            tokio::spawn(async move { ann.create("click-1", "20").await.seat() })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap().player_session_id.as_str(), "psess-1");
    }
    assert_eq!((harness.fake.statuses().len(), harness.fake.seats().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn two_players_with_the_same_key_get_two_game_sessions() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let (a, b) = (
        ann.create("click-1", "20").await.seat(),
        bob.create("click-1", "20").await.seat(),
    );
    assert_ne!(a.game_session.id, b.game_session.id);
    assert_ne!(a.game_session.owner, b.game_session.owner);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_used_with_another_body_is_refused() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    ann.create("click-1", "20").await.seat();
    let mut other = body();
    other["max_players"] = json!(5);
    let answer = ann.create_with("click-1", "20", other).await;
    assert_eq!(answer.code(), ErrorCode::IdempotencyMismatch);
    assert_eq!(harness.fake.statuses().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_mismatch_by_what_the_backend_adds_is_answered_with_the_game_session_of_the_click() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let seat = ann.create("click-1", "20").await.seat();
    harness
        .fake
        .fail_next("CreateGameSession", GameLiftErrorKind::ParameterMismatch);
    let again = ann.create("click-1", "20").await.seat();
    assert_eq!(again.player_session_id, seat.player_session_id);
}

#[tokio::test(start_paused = true)]
async fn a_slow_activation_is_a_202_with_the_place_of_the_seat() {
    let harness = Harness::new();
    harness.fake.activation(Activation::AfterPolls(3));
    let ann = harness.guest().await;
    let answer = ann.create("click-1", "1").await;
    let placing = answer.placing();
    assert_eq!(placing.step, ProgressStep::Activating);
    let seat_path = format!("/v1/game-sessions/{}/seat", placing.id);
    assert_eq!(answer.header("location"), Some(seat_path.as_str()));
    assert_eq!(answer.header("retry-after"), Some("1"));
    let answer = ann.seat(&placing.id, "20").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.seat().game_session.id, placing.id);
}

#[tokio::test(start_paused = true)]
async fn without_a_wait_the_answer_comes_at_once() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let started = tokio::time::Instant::now();
    let placing = ann.create("click-1", "0").await.placing();
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(harness.fake.calls(), ["CreateGameSession"]);
    ann.seat(&placing.id, "20").await.seat();
}

#[tokio::test(start_paused = true)]
async fn a_create_that_does_not_wait_and_its_seat_take_three_calls_and_no_look_for_seats() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let id = ann.create("click-1", "0").await.placing().id;
    tokio::time::advance(Duration::from_secs(3)).await;
    let started = tokio::time::Instant::now();
    let seat = ann.seat(&id, "20").await.seat();
    assert!(
        started.elapsed() < Duration::from_millis(10),
        "its first poll was due long ago"
    );
    assert_eq!(seat.game_session.current_players, 1);
    assert_eq!(
        harness.fake.calls(),
        ["CreateGameSession", "DescribeGameSessions", "CreatePlayerSession"]
    );
}

#[tokio::test(start_paused = true)]
async fn parallel_and_repeated_questions_for_a_seat_come_to_one_seat() {
    for wait in ["0", "20"] {
        let harness = Harness::new();
        let ann = harness.guest().await;
        let id = ann.create("click-1", "0").await.placing().id;
        let asks: Vec<_> = (0..8)
            .map(|_| {
                let (ann, id) = (ann.clone(), id.clone());
                tokio::spawn(async move { ann.seat(&id, wait).await.seat().player_session_id })
            })
            .collect();
        for ask in asks {
            assert_eq!(ask.await.unwrap().as_str(), "psess-1");
        }
        assert_eq!(ann.seat(&id, wait).await.seat().player_session_id.as_str(), "psess-1");
        let elsewhere = ann.at(&harness.another_instance());
        assert_eq!(
            elsewhere.seat(&id, wait).await.seat().player_session_id.as_str(),
            "psess-1"
        );
        assert_eq!(harness.fake.seats().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_for_their_seats_share_the_polls() {
    let harness = Harness::new();
    let mut asks = Vec::new();
    for click in 0..20 {
        let player = harness.guest().await;
        let id = player.create(&format!("click-{click}"), "0").await.placing().id;
        asks.push((player, id));
    }
    let asks: Vec<_> = asks
        .into_iter()
        .map(|(player, id)| tokio::spawn(async move { player.seat(&id, "20").await.seat() }))
        .collect();
    for ask in asks {
        ask.await.unwrap();
    }
    let calls = harness.fake.calls();
    let count = |name| calls.iter().filter(|call| **call == name).count();
    assert_eq!((count("CreateGameSession"), count("CreatePlayerSession")), (20, 20));
    assert_eq!((count("DescribeGameSessions"), count("DescribePlayerSessions")), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_did_not_see_a_game_session_activating_looks_before_it_reserves() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let id = ann.create("click-1", "0").await.placing().id;
    let elsewhere = ann.at(&harness.another_instance());
    elsewhere.seat(&id, "20").await.seat();
    assert_eq!(
        harness.fake.calls(),
        [
            "CreateGameSession",
            "DescribeGameSessions",
            "DescribePlayerSessions",
            "CreatePlayerSession"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_game_session_that_ends_before_it_is_active_is_an_activation_failure_never_a_seat() {
    for status in [
        GameSessionStatus::Error,
        GameSessionStatus::Terminated,
        GameSessionStatus::Terminating,
    ] {
        let harness = Harness::new();
        harness.fake.activation(Activation::Ends(status));
        let ann = harness.guest().await;
        let answer = ann.create("click-1", "20").await;
        assert_eq!(answer.code(), ErrorCode::ActivationFailed, "{status:?}");
        assert_eq!(ann.create("click-1", "20").await.code(), ErrorCode::ActivationFailed);
        assert!(harness.fake.seats().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_activates_is_reported_within_the_deadline_and_its_game_session_ended() {
    let limits = Limits::default().placement_deadline(Duration::from_secs(10));
    let harness = Harness::with_limits(limits);
    harness.fake.activation(Activation::Never);
    let ann = harness.guest().await;
    let started = tokio::time::Instant::now();
    let answer = ann.create("click-1", "20").await;
    assert_eq!(answer.code(), ErrorCode::ActivationFailed);
    assert_eq!(started.elapsed(), Duration::from_secs(10));
    assert_eq!(harness.fake.statuses(), [GameSessionStatus::Terminated]);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_counts_from_the_first_sight_also_over_several_requests() {
    let limits = Limits::default().placement_deadline(Duration::from_secs(30));
    let harness = Harness::with_limits(limits);
    harness.fake.activation(Activation::Never);
    let ann = harness.guest().await;
    let placing = ann.create("click-1", "20").await.placing();
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(ann.seat(&placing.id, "20").await.code(), ErrorCode::ActivationFailed);
    assert_eq!(harness.fake.statuses(), [GameSessionStatus::Terminated]);
}

#[tokio::test(start_paused = true)]
async fn a_game_session_whose_maker_cannot_enter_for_good_is_ended() {
    let harness = Harness::new();
    harness
        .fake
        .fail_always("CreatePlayerSession", Some(GameLiftErrorKind::InvalidRequest));
    let answer = harness.guest().await.create("click-1", "20").await;
    assert_eq!(answer.code(), ErrorCode::Internal);
    assert_eq!(harness.fake.statuses(), [GameSessionStatus::Terminated]);
}

#[tokio::test(start_paused = true)]
async fn a_reservation_whose_answer_was_lost_is_found_again_and_not_made_twice() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    harness
        .fake
        .fail_next("CreatePlayerSession", GameLiftErrorKind::TimedOut);
    assert_eq!(ann.create("click-1", "20").await.code(), ErrorCode::TimedOut);
    harness.fake.forget_calls();
    ann.create("click-1", "20").await.seat();
    assert_eq!(
        harness.fake.calls(),
        ["CreateGameSession", "DescribePlayerSessions", "CreatePlayerSession"]
    );
    assert_eq!(harness.fake.statuses(), [GameSessionStatus::Active]);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_calls_does_not_grow_with_the_number_of_waiters() {
    let polls_with = async |waiters: u32| {
        let harness = Harness::new();
        harness.fake.activation(Activation::Never);
        let mut waiting = Vec::new();
        for click in 0..waiters {
            let player = harness.guest().await;
            waiting.push(tokio::spawn(async move {
                player.create(&format!("click-{click}"), "20").await.placing()
            }));
        }
        for one in waiting {
            one.await.unwrap();
        }
        harness
            .fake
            .calls()
            .iter()
            .filter(|call| **call == "DescribeGameSessions")
            .count()
    };
    let (few, many) = (polls_with(3).await, polls_with(60).await);
    assert_eq!(few, many);
    assert!(
        many <= 12,
        "one list at 0.5 s, 1.5 s and then every 2 s for 20 s, but {many} calls"
    );
}

/// A game session that somebody else made.
async fn run(fake: &Fake, token: String) {
    let made = fake.create_game_session(NewGameSession {
        token,
        name: "running".to_owned(),
        max_players: 4,
        properties: GameProperties::new(),
        session_data: SecretText::new(""),
        creator: None,
    });
    made.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_number_of_calls_does_not_grow_with_the_number_of_game_sessions_that_run() {
    let polls_beside = async |running: usize| {
        let harness = Harness::new();
        harness.fake.activation(Activation::AtOnce);
        for one in 0..running {
            run(&harness.fake, format!("running-{one}")).await;
        }
        harness.fake.activation(Activation::Never);
        let mut waiting = Vec::new();
        for _ in 0..3 {
            let player = harness.guest().await;
            waiting.push(tokio::spawn(
                async move { player.create("click-1", "20").await.placing() },
            ));
        }
        for one in waiting {
            one.await.unwrap();
        }
        let calls = harness.fake.calls();
        calls.into_iter().filter(|call| *call == "DescribeGameSessions").count()
    };
    assert_eq!(polls_beside(0).await, polls_beside(1_000).await);
}

#[tokio::test(start_paused = true)]
async fn many_who_wait_together_all_get_their_own_seat() {
    let harness = Harness::new();
    let mut waiting = Vec::new();
    for click in 0..20 {
        let player = harness.guest().await;
        waiting.push(tokio::spawn(async move {
            player.create(&format!("click-{click}"), "20").await.seat()
        }));
    }
    let mut ids = std::collections::BTreeSet::new();
    for one in waiting {
        ids.insert(one.await.unwrap().game_session.id);
    }
    assert_eq!(ids.len(), 20);
    let polls = harness
        .fake
        .calls()
        .iter()
        .filter(|call| **call == "DescribeGameSessions")
        .count();
    assert_eq!(polls, 2, "a list of what activates and one of what is active serve all");
}

#[tokio::test(start_paused = true)]
async fn throttled_polls_are_waited_out() {
    let harness = Harness::new();
    harness
        .fake
        .fail_next("DescribeGameSessions", GameLiftErrorKind::Throttled);
    harness
        .fake
        .fail_next("DescribeGameSessions", GameLiftErrorKind::Unreachable);
    assert_eq!(
        harness.guest().await.create("click-1", "20").await.status,
        StatusCode::CREATED
    );
}

#[tokio::test(start_paused = true)]
async fn a_seat_that_lapsed_is_reserved_anew_and_one_that_is_live_is_kept() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let first = ann.create("click-1", "20").await.seat();
    let id = first.game_session.id;
    harness.fake.set_seats(PlayerSessionStatus::Active);
    let takeover = ann.seat(&id, "0").await.seat();
    assert_eq!(takeover.player_session_id, first.player_session_id);
    for over in [PlayerSessionStatus::TimedOut, PlayerSessionStatus::Completed] {
        harness.fake.set_seats(over);
        let anew = ann.seat(&id, "0").await.seat();
        assert_ne!(anew.player_session_id, first.player_session_id);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_running_when_nobody_waits_any_more() {
    let harness = Harness::new();
    harness.fake.activation(Activation::Never);
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let ann = harness.guest().await;
    let waiting = tokio::spawn(async move { ann.create("click-1", "20").await });
    while tasks() < 2 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(tasks(), 0, "the shared poll ends with its last waiter");
}
