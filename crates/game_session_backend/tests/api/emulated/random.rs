//! Whatever the order of requests, retries and faults, with the emulator as GameLift: I1 to I4, I6, I8 and I12 hold.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use game_session_protocol::requests::JoinCode;
use game_session_protocol::{GameSessionId, Seat};
use gamelift_emulator::{EmulatorConfig, Fault, PlayerSessionStatus, Snapshot};
use proptest::prelude::*;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::Stage;
use super::process::Serve;
use crate::support::Answer;
use crate::support::client::{Client, body};

const PASSWORD: &str = "canary-of-a-password";
pub(super) const PLAYERS: usize = 3;
/// The longest wait that is asked for is 3 s; the rest are calls that fail, are slow, and are made again.
pub(super) const DEADLINE: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy)]
pub(super) enum Ask {
    /// An odd click makes a locked game session.
    Create {
        click: u8,
        wait: u8,
    },
    Join {
        which: usize,
        password: bool,
    },
    Seat {
        which: usize,
    },
    QuickJoin {
        click: u8,
    },
    End {
        which: usize,
    },
    Code {
        which: usize,
    },
    ByCode {
        which: usize,
    },
    Refresh,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Happen {
    Fail { call: usize, error: usize },
    Slow { call: usize, millis: u64 },
    Lose { call: usize },
    Serve { how: usize },
    CrashAll,
    Arrive { which: usize },
    Leave { which: usize },
    OtherInstance,
    Pass { seconds: u64 },
}

/// What happens, and then what players ask for at the same time.
#[derive(Debug, Clone)]
pub(super) struct Round {
    pub(super) before: Vec<Happen>,
    pub(super) asks: Vec<(usize, Ask)>,
}

const CALLS: [&str; 6] = [
    "CreateGameSession",
    "DescribeGameSessions",
    "CreatePlayerSession",
    "DescribePlayerSessions",
    "SearchGameSessions",
    "TerminateGameSession",
];
const ERRORS: [&str; 5] = [
    "ThrottlingException",
    "InternalServiceException",
    "ConflictException",
    "FleetCapacityExceededException",
    "LimitExceededException",
];
const SERVES: [Serve; 4] = [
    Serve::ActivateAtOnce,
    Serve::ActivateAfter(Duration::from_secs(4)),
    Serve::Never,
    Serve::Crash,
];

fn ask() -> impl Strategy<Value = Ask> {
    let which = 0..6usize;
    prop_oneof![
        5 => (0..4u8, 0..4u8).prop_map(|(click, wait)| Ask::Create { click, wait }),
        3 => (which.clone(), any::<bool>()).prop_map(|(which, password)| Ask::Join { which, password }),
        2 => which.clone().prop_map(|which| Ask::Seat { which }),
        2 => (4..6u8).prop_map(|click| Ask::QuickJoin { click }),
        1 => which.clone().prop_map(|which| Ask::End { which }),
        1 => which.clone().prop_map(|which| Ask::Code { which }),
        2 => which.prop_map(|which| Ask::ByCode { which }),
        1 => Just(Ask::Refresh),
    ]
}

fn happen() -> impl Strategy<Value = Happen> {
    // As many as the longer of the two lists of calls.
    let call = 0..8usize;
    prop_oneof![
        3 => (call.clone(), 0..ERRORS.len()).prop_map(|(call, error)| Happen::Fail { call, error }),
        1 => (call.clone(), 1..12_000u64).prop_map(|(call, millis)| Happen::Slow { call, millis }),
        2 => call.prop_map(|call| Happen::Lose { call }),
        2 => (0..SERVES.len()).prop_map(|how| Happen::Serve { how }),
        1 => Just(Happen::CrashAll),
        3 => (0..8usize).prop_map(|which| Happen::Arrive { which }),
        1 => (0..8usize).prop_map(|which| Happen::Leave { which }),
        1 => Just(Happen::OtherInstance),
        1 => (1..90u64).prop_map(|seconds| Happen::Pass { seconds }),
    ]
}

pub(super) fn rounds() -> impl Strategy<Value = Vec<Round>> {
    let asks = prop::collection::vec((0..PLAYERS, ask()), 1..5);
    let round = (prop::collection::vec(happen(), 0..3), asks).prop_map(|(before, asks)| Round { before, asks });
    prop::collection::vec(round, 3..14)
}

/// What was answered so far.
#[derive(Default)]
pub(super) struct Known {
    sessions: Vec<GameSessionId>,
    by_click: BTreeMap<(usize, u8), GameSessionId>,
    pub(super) seats: Vec<String>,
    codes: Vec<String>,
    pub(super) asked: usize,
    pub(super) asked_to_create: usize,
}

impl Known {
    /// Reads an answer; gives the client that a refresh made.
    pub(super) fn learn(&mut self, player: usize, ask: Ask, answer: &Answer) {
        let id = match (answer.status.as_u16(), ask) {
            (200, Ask::Code { .. }) => {
                self.codes.push(answer.json::<JoinCode>().join_code);
                return;
            }
            (204, _) | (200, Ask::Refresh) => return,
            (200 | 201, _) => {
                let seat: Seat = answer.json();
                self.seats.push(seat.player_session_id.to_string());
                seat.game_session.id
            }
            (202, _) => answer.placing().id,
            _ => {
                answer.code();
                return;
            }
        };
        if let Ask::Create { click, .. } | Ask::QuickJoin { click } = ask {
            let first = self.by_click.entry((player, click)).or_insert_with(|| id.clone());
            assert_eq!(*first, id, "I3: one game session per click");
        }
        if !self.sessions.contains(&id) {
            self.sessions.push(id);
        }
    }

    fn session(&self, which: usize) -> Option<GameSessionId> {
        self.sessions.get(which % self.sessions.len().max(1)).cloned()
    }
}

/// Sends a request; `None` when there is nothing to send it about.
pub(super) fn send(client: &Client, ask: Ask, known: &Known) -> Option<JoinHandle<(Answer, Duration)>> {
    let client = client.clone();
    let id = match ask {
        Ask::Join { which, .. } | Ask::Seat { which } | Ask::End { which } | Ask::Code { which } => {
            Some(known.session(which)?)
        }
        _ => None,
    };
    let code = match ask {
        Ask::ByCode { which } => known.codes.get(which).cloned().unwrap_or_else(|| "AAAAAAAA".to_owned()),
        _ => String::new(),
    };
    Some(tokio::spawn(async move {
        let started = Instant::now();
        let answer = match (ask, id) {
            (Ask::Create { click, wait }, _) => {
                let mut body = body();
                if click % 2 == 1 {
                    body["password"] = json!(PASSWORD);
                }
                client
                    .create_with(&format!("click-{click}"), &wait.to_string(), body)
                    .await
            }
            (Ask::QuickJoin { click }, _) => client.quick_join(&format!("quick-{click}")).await,
            (Ask::ByCode { .. }, _) => client.join_by_code(&code).await,
            (Ask::Join { password: false, .. }, Some(id)) => client.join(&id).await,
            (Ask::Join { .. }, Some(id)) => client.join_with(&id, PASSWORD).await,
            (Ask::Seat { .. }, Some(id)) => client.seat(&id, "3").await,
            (Ask::End { .. }, Some(id)) => client.end(&id).await,
            (Ask::Code { .. }, Some(id)) => client.join_code(&id).await,
            _ => {
                let body = json!({"refresh_token": client.refresh_token()});
                client.send("POST", "/v1/guests/refresh", None, Some(body)).await
            }
        };
        (answer, started.elapsed())
    }))
}

/// Which instance answers, and what happens there.
pub(super) async fn let_happen(
    stage: &Stage,
    calls: &[&'static str],
    event: Happen,
    known: &Known,
    instance: &mut usize,
) {
    let inject = |fault| stage.emulator.inject(fault).unwrap();
    let named = |call: usize| Some(calls[call % calls.len()].to_owned());
    let seat = |which: usize| known.seats.get(which % known.seats.len().max(1));
    match event {
        Happen::Fail { call, error } => inject(Fault::FailCalls {
            operation: named(call),
            error: ERRORS[error].to_owned(),
            times: 1,
        }),
        Happen::Slow { call, millis } => inject(Fault::DelayCalls {
            operation: named(call),
            millis,
            times: 1,
        }),
        Happen::Lose { call } => stage.pipe.lose_answer(calls[call % calls.len()]),
        Happen::Serve { how } => stage.processes.serve(SERVES[how]),
        Happen::CrashAll => inject(Fault::CrashProcesses { process_id: None }),
        Happen::Arrive { which } => drop(seat(which).map(|seat| stage.processes.arrive(seat))),
        Happen::Leave { which } => drop(seat(which).map(|seat| stage.processes.leave(seat))),
        Happen::OtherInstance => *instance = 1 - *instance,
        Happen::Pass { seconds } => sleep(Duration::from_secs(seconds)).await,
    }
}

async fn run(rounds: Vec<Round>) {
    let mut stage = Stage::new(EmulatorConfig::default()).await;
    let mut players = Vec::new();
    for _ in 0..PLAYERS {
        players.push(stage.instances[0].guest().await);
    }
    let (mut known, mut instance) = (Known::default(), 0);
    let began = Instant::now();
    for round in rounds {
        stage.have_free_processes(4).await;
        let before = stage.emulator.snapshot();
        for event in round.before {
            let_happen(&stage, &CALLS, event, &known, &mut instance).await;
        }
        let mut running = Vec::new();
        for (at, (player, ask)) in round.asks.into_iter().enumerate() {
            let client = players[player].at(&stage.instances[(instance + at) % 2]);
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
        check(&stage, &before, &stage.emulator.snapshot(), &known);
    }
    check_calls(&stage, &known, began.elapsed());
    stage.emulator.inject(Fault::Clear).unwrap();
    stage.pipe.lose_no_more();
    let calls = stage.emulator.calls().len();
    sleep(Duration::from_mins(2)).await;
    assert_eq!(
        stage.emulator.calls().len(),
        calls,
        "I7: nobody waits, and GameLift is asked"
    );
}

fn check(stage: &Stage, before: &Snapshot, now: &Snapshot, known: &Known) {
    let live = |status| matches!(status, PlayerSessionStatus::Reserved | PlayerSessionStatus::Active);
    let mut holders = BTreeSet::new();
    for seat in now.player_sessions.iter().filter(|seat| live(seat.status)) {
        assert!(
            holders.insert((&seat.game_session_id, &seat.player_id)),
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
    let requests = stage.instances.iter().flat_map(|instance| instance.fake.requests());
    let tokens: BTreeSet<_> = requests.map(|request| request.token).collect();
    assert!(
        now.game_sessions.len() <= tokens.len(),
        "I3: one game session per click"
    );
    for (old, new) in before.player_sessions.iter().zip(&now.player_sessions) {
        use PlayerSessionStatus::{Active, Completed, Reserved, TimedOut};
        let allowed = matches!(
            (old.status, new.status),
            (Reserved, _) | (Active, Active | Completed) | (Completed, Completed) | (TimedOut, TimedOut)
        );
        assert!(allowed, "I4: {:?} became {:?}", old.status, new.status);
    }
}

/// I12: creates are one call each and the budget of repetitions; looks go with requests and with time, which all who
/// wait share.
fn check_calls(stage: &Stage, known: &Known, took: Duration) {
    let repeated = 2 * 20 + known.asked;
    let creates = stage.calls("CreateGameSession");
    assert!(creates <= known.asked_to_create + repeated, "{creates} creates");
    let reservations = stage.calls("CreatePlayerSession");
    assert!(reservations <= known.asked + repeated, "{reservations} reservations");
    let polls = usize::try_from(took.as_millis() / 500).unwrap() + 1;
    let looks = stage.calls("DescribeGameSessions");
    assert!(looks <= 6 * known.asked + repeated + 6 * polls, "{looks} looks");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_requests_retries_and_faults_breaks_the_rules_with_the_emulator(rounds in rounds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(run(rounds));
    }
}
