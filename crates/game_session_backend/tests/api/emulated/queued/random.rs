//! Whatever the order of requests, retries, faults and events - lost, late, doubled, or about others - in queue mode: I1 to
//! I4, I6, I8 and I12 hold, and what nobody was given is over in the end.

use std::collections::BTreeSet;
use std::time::Duration;

use game_session_backend::reconcile;
use game_session_backend::shared_state::SharedState as _;
use game_session_protocol::GameSessionData;
use gamelift_emulator::{Fault, GameSessionStatus, PlacementStatus, PlayerSessionStatus, Snapshot};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use super::super::process::Serve;
use super::super::random::{Ask, DEADLINE, Known, PLAYERS, Round, let_happen, rounds, send};
use super::{Delivery, QUEUE_ARN, Queued, Told, envelope, tell};

const CALLS: [&str; 8] = [
    "StartGameSessionPlacement",
    "DescribeGameSessionPlacement",
    "StopGameSessionPlacement",
    "DescribeGameSessions",
    "CreatePlayerSession",
    "DescribePlayerSessions",
    "SearchGameSessions",
    "TerminateGameSession",
];

fn deliveries() -> impl Strategy<Value = Vec<Delivery>> {
    let delivery = prop_oneof![
        3 => Just(Delivery::AtOnce),
        2 => Just(Delivery::Lost),
        1 => Just(Delivery::Twice),
        1 => Just(Delivery::ToTheOther),
        2 => (1..120u64).prop_map(Delivery::Late),
    ];
    prop::collection::vec(delivery, 1..8)
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![3 => Just(Told::ByEvents), 1 => Just(Told::Never)]
}

impl Queued {
    /// Processes for what is waiting and a few more; those may be taken at once.
    async fn feed(&mut self) {
        let free = |world: &Snapshot| world.processes.iter().filter(|process| process.placeable).count();
        for _ in free(&self.stage.emulator.snapshot())..4 {
            self.stage.processes.start();
        }
        sleep(Duration::from_millis(200)).await;
    }

    /// Events that are not AWS's, or about something else.
    async fn forge(&self, known: usize) {
        let world = self.stage.emulator.snapshot();
        let Some(placement) = world.placements.get(known % world.placements.len().max(1)) else {
            return;
        };
        let token = &placement.placement_id;
        let detail = format!(r#"{{"placementId": "{token}", "type": "PlacementCancelled"}}"#);
        let state = &self.stage.instances[0].state;
        let other = envelope(&QUEUE_ARN.replace("arena", "other"), &detail);
        assert!(tell(state, &other).await.is_err());
        let source = envelope(QUEUE_ARN, &detail).replace("aws.gamelift", "aws.elsewhere");
        assert!(tell(state, &source).await.is_err());
    }
}

async fn run(rounds: Vec<Round>, fates: Vec<Delivery>, told: Told) {
    let mut queued = Queued::new(told).await;
    let _postman = (told == Told::ByEvents).then(|| queued.postman(fates));
    let mut players = Vec::new();
    for _ in 0..PLAYERS {
        players.push(queued.stage.instances[0].guest().await);
    }
    let (mut known, mut instance) = (Known::default(), 0);
    let began = Instant::now();
    for (number, round) in rounds.into_iter().enumerate() {
        queued.feed().await;
        let before = queued.stage.emulator.snapshot();
        for event in round.before {
            let_happen(&queued.stage, &CALLS, event, &known, &mut instance).await;
        }
        queued.forge(number).await;
        let mut running = Vec::new();
        for (at, (player, ask)) in round.asks.into_iter().enumerate() {
            let client = players[player].at(&queued.stage.instances[(instance + at) % 2]);
            if let Some(task) = send(&client, ask, &known) {
                known.asked += 1;
                known.asked_to_create += usize::from(matches!(ask, Ask::Create { .. } | Ask::QuickJoin { .. }));
                running.push((player, ask, task));
            }
        }
        for (player, ask, task) in running {
            let (answer, took) = task.await.unwrap();
            assert!(took <= DEADLINE, "I6: {ask:?} took {took:?}");
            known.learn(player, ask, &answer);
        }
        check(&queued, &before, &queued.stage.emulator.snapshot(), &known);
        if number % 3 == 0 {
            reconcile(&queued.stage.instances[number % 2].state).await;
        }
    }
    check_calls(&queued, &known, began.elapsed());
    queued.stage.emulator.inject(Fault::Clear).unwrap();
    queued.stage.pipe.lose_no_more();
    queued.stage.processes.serve(Serve::ActivateAtOnce);
    for _ in 0..30 {
        reconcile(&queued.stage.instances[1].state).await;
        sleep(Duration::from_secs(10)).await;
    }
    check_end(&queued).await;
    let calls = queued.stage.emulator.calls().len();
    sleep(Duration::from_mins(2)).await;
    assert_eq!(
        queued.stage.emulator.calls().len(),
        calls,
        "I7: nobody waits, and GameLift is asked"
    );
}

fn check(queued: &Queued, before: &Snapshot, now: &Snapshot, known: &Known) {
    let live = |status| matches!(status, PlayerSessionStatus::Reserved | PlayerSessionStatus::Active);
    let over = |arn: &str| {
        let session = now.game_sessions.iter().find(|it| it.game_session_id == arn);
        session.is_none_or(|it| !matches!(it.status, GameSessionStatus::Active | GameSessionStatus::Activating))
    };
    let mut holders = BTreeSet::new();
    for seat in now.player_sessions.iter().filter(|seat| live(seat.status)) {
        assert!(
            holders.insert((&seat.game_session_id, &seat.player_id)) || over(&seat.game_session_id),
            "I1: a player has two live seats in one game session"
        );
    }
    for given in &known.seats {
        assert!(
            now.player_sessions.iter().any(|seat| seat.player_session_id == *given),
            "I1: a seat was given that GameLift does not know"
        );
    }
    for session in &now.game_sessions {
        assert!(session.seats_taken <= session.maximum_player_session_count, "I2");
    }
    // A placement whose process dies before it is active is placed anew: the old game session is over then.
    let requests = queued
        .stage
        .instances
        .iter()
        .flat_map(|instance| instance.fake.requests());
    let tokens: BTreeSet<_> = requests.map(|request| request.token).collect();
    let running = now.game_sessions.iter().filter(|it| !over(&it.game_session_id)).count();
    assert!(now.placements.len() <= tokens.len(), "I3: one placement per click");
    assert!(running <= now.placements.len(), "I3: one game session per placement");
    for (old, new) in before.player_sessions.iter().zip(&now.player_sessions) {
        use PlayerSessionStatus::{Active, Completed, Reserved, TimedOut};
        let allowed = matches!(
            (old.status, new.status),
            (Reserved, _) | (Active, Active | Completed) | (Completed, Completed) | (TimedOut, TimedOut)
        );
        assert!(allowed, "I4: {:?} became {:?}", old.status, new.status);
    }
}

/// I12: a placement is asked for once for each click and repetition; looks go with requests, and with time for all who wait
/// together.
fn check_calls(queued: &Queued, known: &Known, took: Duration) {
    let repeated = 2 * 20 + known.asked;
    let starts = queued.stage.calls("StartGameSessionPlacement");
    assert!(starts <= known.asked_to_create + repeated, "{starts} starts");
    let reservations = queued.stage.calls("CreatePlayerSession");
    assert!(reservations <= known.asked + repeated, "{reservations} reservations");
    let polls = usize::try_from(took.as_millis() / 500).unwrap() + 1;
    let looks = queued.stage.calls("DescribeGameSessionPlacement");
    assert!(looks <= 4 * known.asked + repeated + 4 * polls, "{looks} looks");
}

/// Nothing is left over: no placement waits, and each game session that runs was given to its maker.
async fn check_end(queued: &Queued) {
    let world = queued.stage.emulator.snapshot();
    for placement in &world.placements {
        assert_ne!(placement.status, PlacementStatus::Pending, "{placement:?}");
    }
    let requests = queued
        .stage
        .instances
        .iter()
        .flat_map(|instance| instance.fake.requests());
    let clicks: Vec<_> = requests
        .map(|request| GameSessionData::parse(request.session_data.expose()).unwrap())
        .collect();
    for session in world
        .game_sessions
        .iter()
        .filter(|it| it.status == GameSessionStatus::Active)
    {
        let placement = world.placements.iter().find(|it| {
            it.game_session_id.as_ref() == Some(&session.game_session_id) && it.status == PlacementStatus::Fulfilled
        });
        let placement = placement.expect("a game session runs that no placement knows");
        let click = clicks.iter().find(|data| data.token == placement.placement_id).unwrap();
        let fate = queued.rows.get(format!("fate/{}", click.trace_id)).await.unwrap();
        assert!(
            fate.as_ref().is_some_and(|fate| fate.starts_with("delivered")),
            "a game session runs that nobody was given: {fate:?}"
        );
    }
    let open = queued.rows.due("placements", 100).await.unwrap();
    assert!(open.is_empty(), "{} placements are still looked after", open.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_requests_retries_faults_and_events_breaks_the_rules_of_a_queue(
        rounds in rounds(), fates in deliveries(), told in told(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(run(rounds, fates, told));
    }
}
