//! Whatever the order of requests, retries and faults, over two instances: one game session per click, one live seat per player and game
//! session, and every request ends.

use std::collections::BTreeMap;

use game_session_backend::QueueTarget;
use game_session_backend::gamelift::{GameLiftErrorKind as Kind, PlayerSessionStatus};
use game_session_protocol::{GameSessionId, Seat};
use proptest::prelude::*;

use crate::support::{Activation, Answer, Harness};

#[derive(Debug, Clone, Copy)]
enum Step {
    Create { player: usize, click: u8, wait: u8 },
    Join { player: usize, which: usize },
    Seat { player: usize, which: usize },
    QuickJoin { player: usize, click: u8 },
    End { player: usize, which: usize },
    Fail { call: usize, kind: usize },
    Activate { how: usize },
    Lapse { how: usize },
}

const CALLS: [&str; 4] = [
    "CreateGameSession",
    "DescribeGameSessions",
    "CreatePlayerSession",
    "DescribePlayerSessions",
];
const CALLS_OF_A_QUEUE: [&str; 4] = [
    "StartGameSessionPlacement",
    "DescribeGameSessions",
    "DescribeGameSessionPlacement",
    "DescribePlayerSessions",
];
const KINDS: [Kind; 5] = [
    Kind::Throttled,
    Kind::TimedOut,
    Kind::Internal,
    Kind::NoCapacity,
    Kind::Conflict,
];
const HOW: [Activation; 4] = [
    Activation::AtFirstPoll,
    Activation::AfterPolls(3),
    Activation::AtOnce,
    Activation::Never,
];
const LAPSES: [PlayerSessionStatus; 3] = [
    PlayerSessionStatus::Active,
    PlayerSessionStatus::Completed,
    PlayerSessionStatus::TimedOut,
];

/// Each with the instance that answers it.
fn steps() -> impl Strategy<Value = Vec<Vec<(Step, usize)>>> {
    let player = 0..3usize;
    let step = prop_oneof![
        4 => (player.clone(), 0..2u8, 0..4u8).prop_map(|(player, click, wait)| Step::Create { player, click, wait }),
        3 => (player.clone(), 0..6usize).prop_map(|(player, which)| Step::Join { player, which }),
        2 => (player.clone(), 0..6usize).prop_map(|(player, which)| Step::Seat { player, which }),
        2 => (player.clone(), 2..4u8).prop_map(|(player, click)| Step::QuickJoin { player, click }),
        1 => (player, 0..6usize).prop_map(|(player, which)| Step::End { player, which }),
        2 => (0..CALLS.len(), 0..KINDS.len()).prop_map(|(call, kind)| Step::Fail { call, kind }),
        1 => (0..HOW.len()).prop_map(|how| Step::Activate { how }),
        1 => (0..LAPSES.len()).prop_map(|how| Step::Lapse { how }),
    ];
    // Each inner list runs in parallel.
    prop::collection::vec(prop::collection::vec((step, 0..2usize), 1..5), 1..8)
}

async fn run(instances: [Harness; 2], calls: [&'static str; 4], rounds: Vec<Vec<(Step, usize)>>) {
    let harness = &instances[0];
    let players = [harness.guest().await, harness.guest().await, harness.guest().await];
    let mut known: Vec<GameSessionId> = Vec::new();
    let mut by_click: BTreeMap<(usize, u8), GameSessionId> = BTreeMap::new();
    for round in rounds {
        let mut running = Vec::new();
        for (step, instance) in round {
            let pick = |which: usize| known.get(which % known.len().max(1)).cloned();
            let (player, click) = match step {
                Step::Create { player, click, .. } | Step::QuickJoin { player, click } => (player, Some(click)),
                Step::Join { player, .. } | Step::Seat { player, .. } | Step::End { player, .. } => (player, None),
                Step::Fail { .. } | Step::Activate { .. } | Step::Lapse { .. } => (0, None),
            };
            let client = players[player].at(&instances[instance]);
            let task = match step {
                Step::Create { click, wait, .. } => {
                    tokio::spawn(async move { client.create(&format!("click-{click}"), &wait.to_string()).await })
                }
                Step::QuickJoin { click, .. } => {
                    tokio::spawn(async move { client.quick_join(&format!("quick-{click}")).await })
                }
                Step::Join { which, .. } => match pick(which) {
                    Some(id) => tokio::spawn(async move { client.join(&id).await }),
                    None => continue,
                },
                Step::Seat { which, .. } => match pick(which) {
                    Some(id) => tokio::spawn(async move { client.seat(&id, "3").await }),
                    None => continue,
                },
                Step::End { which, .. } => match pick(which) {
                    Some(id) => tokio::spawn(async move { client.end(&id).await }),
                    None => continue,
                },
                Step::Fail { call, kind } => {
                    harness.fake.fail_next(calls[call], KINDS[kind]);
                    continue;
                }
                Step::Activate { how } => {
                    harness.fake.activation(HOW[how]);
                    continue;
                }
                Step::Lapse { how } => {
                    // Seats that are over stay over.
                    harness.fake.move_on_seats(LAPSES[how]);
                    continue;
                }
            };
            running.push((click.map(|click| (player, click)), task));
        }
        for (click, task) in running {
            let answer: Answer = task.await.unwrap();
            let id = match answer.status.as_u16() {
                200 | 201 => answer.json::<Seat>().game_session.id,
                202 => answer.placing().id,
                204 => continue,
                _ => {
                    answer.code();
                    continue;
                }
            };
            if let Some(click) = click {
                assert_eq!(
                    *by_click.entry(click).or_insert_with(|| id.clone()),
                    id,
                    "one game session per click"
                );
            }
            if !known.contains(&id) {
                known.push(id);
            }
        }
        let mut live = BTreeMap::<_, u32>::new();
        for seat in harness.fake.seats() {
            if matches!(seat.status, PlayerSessionStatus::Reserved | PlayerSessionStatus::Active) {
                *live.entry((seat.arn, seat.player)).or_default() += 1;
            }
        }
        assert!(
            live.values().all(|count| *count == 1),
            "one live seat per player and game session: {live:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_requests_retries_and_faults_breaks_the_rules(rounds in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async { run(Harness::pair(|config| config), CALLS, rounds).await });
    }

    #[test]
    fn no_order_of_requests_retries_and_faults_breaks_the_rules_of_a_queue(rounds in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let instances = Harness::pair(|config| config.queue(QueueTarget::new("arena")));
            run(instances, CALLS_OF_A_QUEUE, rounds).await;
        });
    }
}
