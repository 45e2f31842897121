//! Several instances over one GameLift and the same rows: a player has one seat, whoever answers.

use std::collections::BTreeSet;
use std::time::Duration;

use game_session_backend::gamelift::{GameLiftErrorKind, PlayerSessionStatus};
use game_session_protocol::ErrorCode;

use crate::support::{Activation, Harness};

#[tokio::test(start_paused = true)]
async fn parallel_retries_of_one_click_over_two_instances_come_to_one_seat() {
    for activation in [Activation::AtFirstPoll, Activation::AfterPolls(4), Activation::AtOnce] {
        let instances = Harness::pair(|config| config);
        instances[0].fake.activation(activation);
        let ann = instances[0].guest().await;
        let requests: Vec<_> = (0..8)
            .map(|request| {
                let ann = ann.at(&instances[request % 2]);
                tokio::spawn(async move { ann.create("click-1", "20").await.seat().player_session_id })
            })
            .collect();
        for request in requests {
            assert_eq!(request.await.unwrap().as_str(), "psess-1");
        }
        assert_eq!(instances[0].fake.seats().len(), 1, "{activation:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn parallel_joins_of_one_player_over_two_instances_come_to_one_seat_also_when_the_last_one_is_over() {
    let instances = Harness::pair(|config| config);
    let (ann, bob) = (instances[0].guest().await, instances[0].guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    for seats in 2..5 {
        let joins: Vec<_> = (0..8)
            .map(|join| {
                let (bob, id) = (bob.at(&instances[join % 2]), id.clone());
                tokio::spawn(async move { bob.join(&id).await.seat().player_session_id })
            })
            .collect();
        let mut given = BTreeSet::new();
        for join in joins {
            given.insert(join.await.unwrap());
        }
        assert_eq!((given.len(), instances[0].fake.seats().len()), (1, seats));
        instances[0].fake.set_seats(PlayerSessionStatus::Completed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_seat_that_was_refused_at_one_instance_is_reserved_at_another_at_once() {
    let [here, there] = Harness::pair(|config| config);
    let (ann, bob) = (here.guest().await, here.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    here.fake.fail_next("CreatePlayerSession", GameLiftErrorKind::Full);
    assert_eq!(bob.join(&id).await.code(), ErrorCode::SessionFull);
    let started = tokio::time::Instant::now();
    bob.at(&there).join(&id).await.seat();
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_reservation_that_may_come_late_is_not_made_again_elsewhere_before_it_must_have_come() {
    let [here, there] = Harness::pair(|config| config);
    let (ann, bob) = (here.guest().await, here.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    here.fake.fail_next("CreatePlayerSession", GameLiftErrorKind::TimedOut);
    assert_eq!(bob.join(&id).await.code(), ErrorCode::TimedOut);
    let refused = bob.at(&there).join(&id).await;
    assert_eq!(
        (refused.code(), refused.header("retry-after")),
        (ErrorCode::Unavailable, Some("1"))
    );
    tokio::time::advance(Duration::from_secs(40)).await;
    bob.at(&there).join(&id).await.seat();
    assert_eq!(here.fake.seats().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_gamelift_that_does_not_count_reserved_seats_leads_to_no_second_seat() {
    let [here, there] = Harness::pair(|config| config);
    here.fake.count_only_who_is_in();
    let (ann, bob) = (here.guest().await, here.guest().await);
    let id = ann.create("click-1", "0").await.placing().id;
    let first = ann.seat(&id, "20").await.seat();
    assert_eq!(first.game_session.current_players, 1);
    // Long enough that no claim is left.
    let later = async || tokio::time::advance(Duration::from_secs(50)).await;
    later().await;
    let again = ann.at(&there).seat(&id, "20").await.seat();
    assert_eq!(again.player_session_id, first.player_session_id);
    let joined = bob.join(&id).await.seat();
    later().await;
    assert_eq!(
        bob.at(&there).join(&id).await.seat().player_session_id,
        joined.player_session_id
    );
    assert_eq!(here.fake.seats().len(), 2);
}
