//! Finding, joining, quick joining, changing and ending game sessions.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::client::{NOW_MS, body};
use crate::support::{Activation, Fake, Harness, LOCATION};
use axum::http::StatusCode;
use game_session_backend::gamelift::{GameLiftErrorKind, GameSessionStatus, PlayerSessionStatus};
use game_session_backend::{Keyring, Limits};
use game_session_protocol::{ErrorCode, GameSession, PlayerSessionPolicy};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn another_player_finds_a_game_session_and_joins_it_once() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let made = ann.create("click-1", "20").await.seat();
    let page = bob.page("?build=v1&property.map=x").await;
    assert_eq!(page.game_sessions.len(), 1);
    let found = &page.game_sessions[0];
    assert_eq!(
        found.id, made.game_session.id,
        "the same game session always has the same id"
    );
    assert_eq!(found.current_players, 1);
    harness.fake.forget_calls();
    let answer = bob.join(&found.id).await;
    assert_eq!(answer.status, StatusCode::OK);
    let seat = answer.seat();
    assert_eq!(seat.game_session.current_players, 2);
    assert_eq!(
        harness.fake.calls(),
        ["DescribeGameSessions", "DescribePlayerSessions", "CreatePlayerSession"]
    );
    assert_eq!(
        bob.join(&found.id).await.seat().player_session_id,
        seat.player_session_id
    );
    assert_eq!(harness.fake.seats().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn parallel_joins_of_one_player_come_to_one_seat() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    let joins: Vec<_> = (0..8)
        .map(|_| {
            let (bob, id) = (bob.clone(), id.clone());
            tokio::spawn(async move { bob.join(&id).await.seat().player_session_id })
        })
        .collect();
    let mut seats = BTreeSet::new();
    for join in joins {
        seats.insert(join.await.unwrap());
    }
    assert_eq!(seats.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_player_who_is_in_gets_a_ticket_for_the_same_seat_and_one_who_left_a_new_seat() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    let first = bob.join(&id).await.seat();
    harness.fake.set_seats(PlayerSessionStatus::Active);
    let takeover = bob.join(&id).await.seat();
    assert_eq!(takeover.player_session_id, first.player_session_id);
    assert!(takeover.ticket != first.ticket);
    harness.fake.set_seats(PlayerSessionStatus::Completed);
    assert_ne!(bob.join(&id).await.seat().player_session_id, first.player_session_id);
}

#[tokio::test(start_paused = true)]
async fn a_closed_game_session_still_lets_its_players_back_in() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    harness
        .fake
        .change(|record| record.policy = PlayerSessionPolicy::DenyAll);
    assert_eq!(bob.join(&id).await.code(), ErrorCode::NotAccepting);
    assert!(ann.join(&id).await.status.is_success());
}

#[tokio::test(start_paused = true)]
async fn joining_what_cannot_be_joined_says_why() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let mut small = body();
    small["max_players"] = json!(1);
    let id = ann.create_with("click-1", "20", small).await.seat().game_session.id;
    assert_eq!(bob.join(&id).await.code(), ErrorCode::SessionFull);
    let path = format!("/v1/game-sessions/{id}/player-sessions");
    let other_build = bob.send("POST", &path, None, Some(json!({"build": "v2"}))).await;
    assert_eq!(other_build.code(), ErrorCode::VersionMismatch);
    // It closes or ends between the look and the reservation.
    harness
        .fake
        .fail_next("CreatePlayerSession", GameLiftErrorKind::WrongSessionStatus);
    assert_eq!(bob.join(&id).await.code(), ErrorCode::NotAccepting);
    harness
        .fake
        .change(|record| record.status = GameSessionStatus::Terminated);
    assert_eq!(bob.join(&id).await.code(), ErrorCode::SessionEnded);
    assert_eq!(bob.seat(&id, "0").await.code(), ErrorCode::SessionEnded);
    assert_eq!(
        ann.seat(&id, "0").await.code(),
        ErrorCode::SessionEnded,
        "she was in it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_game_session_that_still_starts_cannot_be_joined_yet() {
    let harness = Harness::new();
    harness.fake.activation(Activation::Never);
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "0").await.placing().id;
    let answer = bob.join(&id).await;
    assert_eq!(answer.code(), ErrorCode::NotAccepting);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(bob.seat(&id, "0").await.code(), ErrorCode::NotAccepting);
}

#[tokio::test(start_paused = true)]
async fn who_never_had_a_seat_gets_none_from_the_seat_route() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    assert_eq!(bob.seat(&id, "0").await.code(), ErrorCode::NotFound);
    assert_eq!(harness.fake.seats().len(), 1);
    bob.join(&id).await.seat();
    harness.fake.set_seats(PlayerSessionStatus::TimedOut);
    assert!(
        bob.seat(&id, "0").await.status.is_success(),
        "a seat that lapsed is reserved anew"
    );
}

#[tokio::test(start_paused = true)]
async fn a_private_game_session_is_found_by_nobody_and_joined_by_its_id() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let mut private = body();
    private["privacy"] = json!("private");
    let id = ann.create_with("click-1", "20", private).await.seat().game_session.id;
    // Also when its public property says otherwise.
    harness
        .fake
        .change(|record| drop(record.properties.insert("gs_listed".into(), "1".into())));
    assert!(bob.page("").await.game_sessions.is_empty());
    assert!(bob.join(&id).await.status.is_success());
}

#[tokio::test(start_paused = true)]
async fn a_game_session_that_no_backend_of_this_keyring_made_does_not_exist() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    let forged = harness.fake.requests()[0]
        .session_data
        .expose()
        .replace("\"key\":\"", "\"key\":\"AAAA");
    for data in ["", "{}", forged.as_str()] {
        harness
            .fake
            .change(|record| record.session_data = game_session_protocol::host::SecretText::new(data));
        assert_eq!(bob.join(&id).await.code(), ErrorCode::NotFound);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(bob.page("").await.game_sessions.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_game_session_outlives_a_rotation_of_the_keyring_and_is_unknown_without_its_key() {
    let (old, new) = (Keyring::new_key_text("k1"), Keyring::new_key_text("k2"));
    let fake = Fake::new(NOW_MS);
    let over = |ring: &str| Harness::over(fake.clone(), ring.parse().unwrap(), Limits::default());
    let (before, rotated, gone) = (over(&old), over(&format!("{new},{old}")), over(&new));
    let (ann, bob) = (before.guest().await, rotated.guest().await);
    let made = ann.create("click-1", "20").await.seat();
    let id = made.game_session.id;
    let ann = ann.at(&rotated);
    assert_eq!(
        ann.seat(&id, "0").await.seat().player_session_id,
        made.player_session_id
    );
    assert_eq!(bob.join(&id).await.seat().game_session.id, id);
    assert_eq!(bob.page("").await.game_sessions[0].id, id);
    assert_eq!(ann.update(&id, json!({"name": "x"})).await.status, StatusCode::OK);
    let later = ann.create("click-2", "20").await.seat().game_session.id;
    assert!(later.as_str().starts_with("k2."), "new ones are made with the new key");
    let stranger = gone.guest().await;
    assert_eq!(stranger.join(&id).await.code(), ErrorCode::NotFound);
    assert_eq!(stranger.join(&later).await.status, StatusCode::OK);
    assert_eq!(ann.end(&id).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test(start_paused = true)]
async fn a_click_that_is_repeated_across_a_rotation_of_the_keyring_makes_one_game_session() {
    let (old, new) = (Keyring::new_key_text("k1"), Keyring::new_key_text("k2"));
    let fake = Fake::new(NOW_MS);
    let over = |ring: &str| Harness::over(fake.clone(), ring.parse().unwrap(), Limits::default());
    // first every instance learns of the new key, then it becomes the active one
    let known = over(&format!("{old},{new}"));
    let active = over(&format!("{new},{old}"));
    let ann = known.guest().await;
    for (click, first, second) in [("click-1", &known, &active), ("click-2", &active, &known)] {
        let made = ann.at(first).create(click, "20").await.seat();
        let again = ann.at(second).create(click, "20").await.seat();
        assert_eq!(again.game_session.id, made.game_session.id);
        assert_eq!(again.player_session_id, made.player_session_id);
    }
    let other = ann.at(&active).create("click-3", "20").await.seat().game_session.id;
    assert!(other.as_str().starts_with("k2."), "new ones are made with the new key");
}

#[tokio::test(start_paused = true)]
async fn a_listing_is_read_page_by_page() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    for click in 0..5 {
        ann.create(&format!("click-{click}"), "20").await.seat();
    }
    let mut seen = BTreeSet::new();
    let mut query = "?limit=2".to_owned();
    for pages in 1.. {
        let page = ann.page(&query).await;
        assert!(page.game_sessions.len() <= 2);
        seen.extend(page.game_sessions.into_iter().map(|it| it.id));
        let Some(next) = page.next_page else {
            assert_eq!(pages, 3);
            break;
        };
        query = format!("?limit=2&page={next}");
    }
    assert_eq!(seen.len(), 5);
    assert_eq!(ann.browse("?page=k1.forged").await.code(), ErrorCode::InvalidRequest);
}

#[tokio::test(start_paused = true)]
async fn the_same_question_is_asked_once_a_second_and_after_a_change() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    harness.fake.forget_calls();
    let asks: Vec<_> = (0..10)
        .map(|_| {
            let bob = bob.clone();
            tokio::spawn(async move { bob.page("?build=v1").await })
        })
        .collect();
    for ask in asks {
        ask.await.unwrap();
    }
    assert_eq!(harness.fake.calls(), ["SearchGameSessions", "ListLocations"]);
    ann.create("click-1", "20").await.seat();
    assert_eq!(
        bob.page("?build=v1").await.game_sessions.len(),
        1,
        "a new game session is seen at once"
    );
    harness.fake.change(|record| record.name = "renamed elsewhere".into());
    assert_eq!(bob.page("?build=v1").await.game_sessions[0].name, "Ann's game");
    tokio::time::advance(Duration::from_millis(1001)).await;
    assert_eq!(bob.page("?build=v1").await.game_sessions[0].name, "renamed elsewhere");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_search_is_answered_from_memory_for_ten_seconds() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    ann.create("click-1", "20").await.seat();
    assert_eq!(ann.page("").await.game_sessions.len(), 1);
    harness
        .fake
        .fail_always("SearchGameSessions", Some(GameLiftErrorKind::Throttled));
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(ann.page("").await.game_sessions.len(), 1);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(ann.browse("").await.code(), ErrorCode::Throttled);
}

#[tokio::test(start_paused = true)]
async fn values_to_search_for_stay_in_their_quotes() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    ann.page("?property.map=x%27+OR+%27a%27%3D%27a").await;
    let filters = harness.fake.filters();
    assert!(
        filters[0].ends_with(r"gameSessionProperties.map = 'x\' OR \'a\'=\'a'"),
        "{filters:?}"
    );
    for key in ["a.b", "a%20b", "gs_listed", "", "a%27"] {
        let answer = ann.browse(&format!("?property.{key}=1")).await;
        assert_eq!(answer.code(), ErrorCode::InvalidRequest, "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_quick_joins_at_once_fill_game_sessions_and_make_no_more() {
    let harness = Harness::new();
    let mut joins = Vec::new();
    for click in 0..50 {
        let player = harness.guest().await;
        joins.push(tokio::spawn(async move {
            player.quick_join(&format!("click-{click}")).await.seat()
        }));
    }
    let mut ids = BTreeSet::new();
    for join in joins {
        ids.insert(join.await.unwrap().game_session.id);
    }
    assert_eq!(ids.len(), 50usize.div_ceil(4));
    assert_eq!(harness.fake.seats().len(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_quick_join_prefers_a_running_game_session_that_fits() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    harness.fake.set_seats(PlayerSessionStatus::Completed);
    let answer = bob.quick_join("click-2").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.seat().game_session.id,
        id,
        "an empty one is better than a new one"
    );
    let other = json!({"name": "quick", "max_players": 4, "build": "v2"});
    let made = bob
        .send("POST", "/v1/quick-join?wait=20", Some("click-3"), Some(other))
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_ne!(made.seat().game_session.id, id);
}

#[tokio::test(start_paused = true)]
async fn a_quick_join_that_is_repeated_makes_one_game_session() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let first = ann.quick_join("click-1").await.seat();
    let again = ann.quick_join("click-1").await.seat();
    assert_eq!(again.player_session_id, first.player_session_id);
    assert_eq!(harness.fake.statuses().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_the_owner_changes_a_game_session() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    let change = json!({"name": "new name", "max_players": 3, "policy": "deny_all", "properties": {"mode": "coop"}});
    assert_eq!(bob.update(&id, change.clone()).await.code(), ErrorCode::Forbidden);
    let answer = ann.update(&id, change).await;
    assert_eq!(answer.status, StatusCode::OK);
    let changed: GameSession = answer.json();
    assert_eq!((changed.name.as_str(), changed.max_players), ("new name", 3));
    assert_eq!(changed.policy, PlayerSessionPolicy::DenyAll);
    assert_eq!(changed.properties.len(), 2);
    for wrong in [
        json!({}),
        json!({"name": ""}),
        json!({"properties": {"gs_build": "v2"}}),
        json!({"owner": "me"}),
    ] {
        assert_eq!(ann.update(&id, wrong).await.code(), ErrorCode::InvalidRequest);
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_owner_ends_a_game_session_and_ending_it_twice_is_fine() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    assert_eq!(bob.end(&id).await.code(), ErrorCode::Forbidden);
    assert_eq!(harness.fake.statuses(), [GameSessionStatus::Active]);
    for _ in 0..2 {
        let answer = ann.end(&id).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
    }
    assert_eq!(
        harness
            .fake
            .calls()
            .iter()
            .filter(|call| **call == "TerminateGameSession")
            .count(),
        1
    );
    assert!(bob.page("").await.game_sessions.is_empty());
    assert_eq!(
        ann.update(&id, json!({"name": "x"})).await.code(),
        ErrorCode::SessionEnded
    );
}

#[tokio::test(start_paused = true)]
async fn who_browses_is_told_the_ping_beacon_of_each_location_which_is_asked_for_once() {
    let harness = Harness::new();
    harness.fake.set_beacon(LOCATION, "192.0.2.8:7770");
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let made = ann.create("click-1", "20").await.seat();
    assert_eq!(made.game_session.ping_beacon, None, "a create asks for no beacon");
    assert!(!harness.fake.calls().contains(&"ListLocations"));
    for hour in 0..6 {
        tokio::time::advance(Duration::from_hours(u64::from(hour > 0))).await;
        let found = bob.page("").await.game_sessions.remove(0);
        assert_eq!(found.ping_beacon.as_deref(), Some("192.0.2.8:7770"));
    }
    let joined = bob.join(&made.game_session.id).await.seat();
    assert_eq!(joined.game_session.ping_beacon.as_deref(), Some("192.0.2.8:7770"));
    let asked = |calls: Vec<&str>| calls.iter().filter(|call| **call == "ListLocations").count();
    assert_eq!(asked(harness.fake.calls()), 1);
}

#[tokio::test(start_paused = true)]
async fn beacons_that_cannot_be_had_are_left_out_and_asked_for_again_a_minute_later() {
    let harness = Harness::new();
    harness.fake.set_beacon(LOCATION, "192.0.2.8:7770");
    harness.fake.fail_next("ListLocations", GameLiftErrorKind::Unauthorized);
    let ann = harness.guest().await;
    ann.create("click-1", "20").await.seat();
    for (second, known) in [(0, false), (58, false), (2, true)] {
        tokio::time::advance(Duration::from_secs(second)).await;
        let found = ann.page("").await.game_sessions.remove(0);
        assert_eq!(found.ping_beacon.is_some(), known, "after {second} s more");
    }
}

#[tokio::test(start_paused = true)]
async fn every_answer_says_whether_a_password_is_needed() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let mut locked = body();
    locked["password"] = json!("sesame");
    let made = ann.create_with("click-1", "20", locked).await.seat().game_session;
    assert!(made.locked);
    assert!(!ann.create("click-2", "20").await.seat().game_session.locked);
    let mut listed = Vec::new();
    for found in bob.page("").await.game_sessions {
        listed.push((found.id == made.id, found.locked));
    }
    listed.sort_unstable();
    assert_eq!(listed, [(false, false), (true, true)]);
    assert!(bob.join_with(&made.id, "sesame").await.seat().game_session.locked);
    let changed: GameSession = ann.update(&made.id, json!({"name": "x"})).await.json();
    assert!(changed.locked);
}
