//! Who asks late for a seat: a game session that runs is never ended by it, and one whose time is up is looked at first.

use std::time::Duration;

use game_session_backend::Limits;
use game_session_backend::gamelift::GameSessionStatus;

use crate::support::{Activation, Harness};

/// How the first seat was had.
#[derive(Debug, Clone, Copy)]
enum Way {
    Asked,
    RepeatedCreate,
    Joined,
    Elsewhere,
}

#[tokio::test(start_paused = true)]
async fn an_owner_who_waits_for_the_seat_of_a_running_game_session_never_ends_it() {
    for way in [Way::Asked, Way::RepeatedCreate, Way::Joined, Way::Elsewhere] {
        for later in [29_000, 119_900, 120_000, 121_000, 600_000] {
            let [harness, other] = Harness::pair(|config| config);
            let ann = harness.guest().await;
            let id = ann.create("click-1", "0").await.placing().id;
            // Now it is active.
            let first = match way {
                Way::Asked => ann.seat(&id, "0").await,
                Way::RepeatedCreate => {
                    ann.at(&other).seat(&id, "0").await.seat();
                    ann.create("click-1", "0").await
                }
                Way::Joined => {
                    ann.at(&other).seat(&id, "0").await.seat();
                    ann.join(&id).await
                }
                Way::Elsewhere => ann.at(&other).seat(&id, "20").await,
            };
            let first = first.seat();
            harness.clock.advance(Duration::from_millis(later));
            tokio::time::advance(Duration::from_millis(later)).await;
            let again = ann.seat(&id, "20").await.seat();
            assert_eq!(again.player_session_id, first.player_session_id, "{way:?} {later}");
            assert_eq!(harness.fake.statuses(), [GameSessionStatus::Active], "{way:?} {later}");
            assert!(!harness.fake.calls().contains(&"TerminateGameSession"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_game_session_that_became_active_after_the_last_poll_is_not_ended_when_its_time_is_up() {
    let limits = Limits::default().placement_deadline(Duration::from_secs(10));
    let harness = Harness::with_limits(limits);
    // The polls are at 0.5, 1.5, 3.5, 5.5, 7.5 and 9.5 s.
    harness.fake.activation(Activation::AfterPolls(7));
    harness.guest().await.create("click-1", "20").await.seat();
    assert_eq!(harness.fake.statuses(), [GameSessionStatus::Active]);
}
