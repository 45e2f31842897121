//! Random histories: whatever happens in whatever order, the promises hold after every step.

use std::{collections::HashMap, time::Duration};

use proptest::{prelude::*, test_runner::RngSeed};
use serde_json::{Value, json};

use super::rig::Rig;
use crate::{
    model::status::{GameSessionStatus, PlacementStatus, PlayerSessionStatus},
    snapshot::Snapshot,
    world::SocketId,
};

/// One thing that may happen. The numbers pick one of what there is.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Connect(usize, u8),
    Disconnect(usize),
    Ready(usize),
    Heartbeat(usize, bool),
    Create(Option<u8>),
    Activate(usize, usize),
    Reserve(usize),
    Accept(usize, usize),
    Remove(usize, usize),
    Terminate(usize),
    Ending(usize),
    Pass(u64),
    Queue(u8, bool),
    DeleteQueue(u8),
    Place(u8, u8, usize),
    StopPlacement(u8),
    Alias(bool),
    UpdateAlias(usize, bool),
    DeleteAlias(usize),
    CreateThroughAlias(usize),
    Interrupt(usize, Option<u64>),
    InterruptAll,
    Crash(usize),
    Refresh,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let any = 0..8_usize;
    prop_oneof![
        3 => (0..4_usize, 0..3_u8).prop_map(|(process, instance)| Step::Connect(process, instance)),
        1 => any.clone().prop_map(Step::Disconnect),
        3 => any.clone().prop_map(Step::Ready),
        3 => (any.clone(), prop::bool::weighted(0.8)).prop_map(|(socket, healthy)| Step::Heartbeat(socket, healthy)),
        3 => prop::option::of(0..3_u8).prop_map(Step::Create),
        4 => (any.clone(), any.clone()).prop_map(|(socket, session)| Step::Activate(socket, session)),
        4 => any.clone().prop_map(Step::Reserve),
        4 => (any.clone(), any.clone()).prop_map(|(socket, player)| Step::Accept(socket, player)),
        2 => (any.clone(), any.clone()).prop_map(|(socket, player)| Step::Remove(socket, player)),
        1 => any.clone().prop_map(Step::Terminate),
        1 => any.clone().prop_map(Step::Ending),
        2 => (0..90_u64).prop_map(Step::Pass),
        2 => (0..2_u8, prop::bool::ANY).prop_map(|(queue, through_alias)| Step::Queue(queue, through_alias)),
        1 => (0..2_u8).prop_map(Step::DeleteQueue),
        3 => (0..6_u8, 0..2_u8, 0..4_usize).prop_map(|(id, queue, players)| Step::Place(id, queue, players)),
        1 => (0..6_u8).prop_map(Step::StopPlacement),
        1 => prop::bool::weighted(0.8).prop_map(Step::Alias),
        1 => (any.clone(), prop::bool::ANY).prop_map(|(alias, simple)| Step::UpdateAlias(alias, simple)),
        1 => any.clone().prop_map(Step::DeleteAlias),
        1 => any.clone().prop_map(Step::CreateThroughAlias),
        1 => (0..4_usize, prop::option::of(0..100_000_u64)).prop_map(|(process, within)| Step::Interrupt(process, within)),
        1 => Just(Step::InterruptAll),
        1 => (0..4_usize).prop_map(Step::Crash),
        1 => Just(Step::Refresh),
    ]
}

/// The ids of all aliases.
fn aliases(rig: &mut Rig) -> Vec<String> {
    let listed = rig.call("ListAliases", json!({})).unwrap();
    let aliases = listed["Aliases"].as_array().unwrap().iter();
    aliases
        .map(|alias| alias["AliasId"].as_str().unwrap().to_owned())
        .collect()
}

fn routing(simple: bool) -> Value {
    if simple {
        json!({"Type": "SIMPLE", "FleetId": "fleet-local"})
    } else {
        json!({"Type": "TERMINAL", "Message": "gone"})
    }
}

/// The steps that have to do with queues and aliases. Refusals are as good as answers: the promises hold after both.
fn route(rig: &mut Rig, step: &Step) -> Option<(&'static str, Value)> {
    Some(match *step {
        Step::Queue(number, through_alias) => {
            let alias = aliases(rig).pop().filter(|_| through_alias);
            let arn = match alias {
                Some(alias) => format!("arn:aws:gamelift:us-west-2:123456789012:alias/{alias}"),
                None => rig.world.fleet_arn("fleet-local"),
            };
            let queue = json!({"Name": format!("queue-{number}"), "TimeoutInSeconds": 10 + 60 * u32::from(number),
                "Destinations": [{"DestinationArn": arn}]});
            ("CreateGameSessionQueue", queue)
        }
        Step::DeleteQueue(number) => ("DeleteGameSessionQueue", json!({"Name": format!("queue-{number}")})),
        Step::Place(id, queue, players) => {
            let players: Vec<Value> = (0..players)
                .map(|player| json!({"PlayerId": format!("p{player}")}))
                .collect();
            let placement = json!({"PlacementId": format!("placement-{id}"), "GameSessionQueueName": format!("queue-{queue}"),
                "MaximumPlayerSessionCount": 2, "DesiredPlayerSessions": players});
            ("StartGameSessionPlacement", placement)
        }
        Step::StopPlacement(id) => (
            "StopGameSessionPlacement",
            json!({"PlacementId": format!("placement-{id}")}),
        ),
        Step::Alias(simple) => (
            "CreateAlias",
            json!({"Name": "alias", "RoutingStrategy": routing(simple)}),
        ),
        Step::UpdateAlias(which, simple) => {
            let alias = pick(&aliases(rig), which)?;
            (
                "UpdateAlias",
                json!({"AliasId": alias, "RoutingStrategy": routing(simple)}),
            )
        }
        Step::DeleteAlias(which) => ("DeleteAlias", json!({"AliasId": pick(&aliases(rig), which)?})),
        Step::CreateThroughAlias(which) => {
            let alias = pick(&aliases(rig), which)?;
            let create = json!({"AliasId": alias, "Location": "custom-local", "MaximumPlayerSessionCount": 2});
            ("CreateGameSession", create)
        }
        _ => return None,
    })
}

fn pick<T: Clone>(of: &[T], number: usize) -> Option<T> {
    // The newest are the interesting ones.
    (!of.is_empty()).then(|| of[of.len() - 1 - number % of.len()].clone())
}

pub(super) fn take(rig: &mut Rig, sockets: &mut Vec<SocketId>, step: &Step) {
    // what was said before is on its way
    while rig.world.poll_outgoing().is_some() {}
    let before = rig.world.snapshot();
    let session = |number| pick(&before.game_sessions, number).map(|session| session.game_session_id);
    let player = |number| pick(&before.player_sessions, number);
    match *step {
        Step::Connect(number, instance) => {
            let token = ["", "instance-1", "instance-2"][usize::from(instance)];
            sockets.push(rig.connect_with(&format!("process-{number}"), token));
        }
        Step::Disconnect(number) => {
            if let Some(socket) = pick(sockets, number) {
                sockets.retain(|open| *open != socket);
                rig.world.disconnect(socket, rig.now);
            }
        }
        Step::Ready(number) => drop(pick(sockets, number).map(|socket| rig.ready(socket))),
        Step::Heartbeat(number, healthy) => drop(pick(sockets, number).map(|socket| rig.heartbeat(socket, healthy))),
        Step::Create(token) => drop(rig.create(token.map(|token| format!("token-{token}")).as_deref())),
        Step::Activate(number, which) => {
            if let (Some(socket), Some(arn)) = (pick(sockets, number), session(which)) {
                rig.activate(socket, &arn);
            }
        }
        Step::Reserve(which) => drop(session(which).map(|arn| rig.reserve(&arn).is_ok())),
        Step::Accept(number, which) => {
            if let (Some(socket), Some(player)) = (pick(sockets, number), player(which)) {
                rig.accept(socket, &player.game_session_id, &player.player_session_id);
            }
        }
        Step::Remove(number, which) => {
            if let (Some(socket), Some(player)) = (pick(sockets, number), player(which)) {
                rig.remove(socket, &player.game_session_id, &player.player_session_id);
            }
        }
        Step::Terminate(which) => drop(session(which).map(|arn| rig.terminate(&arn).is_ok())),
        Step::Ending(number) => drop(pick(sockets, number).map(|socket| rig.ending(socket))),
        Step::Pass(seconds) => rig.pass(Duration::from_secs(seconds)),
        Step::Interrupt(number, within) => {
            let process = format!("process-{number}");
            match within {
                Some(millis) => rig
                    .world
                    .interrupt_within(Some(&process), Duration::from_millis(millis), rig.now),
                None => rig.world.interrupt(Some(&process), rig.now),
            }
        }
        Step::InterruptAll => rig.world.interrupt(None, rig.now),
        Step::Crash(number) => rig.world.crash(Some(&format!("process-{number}")), rig.now),
        Step::Refresh => rig.world.refresh_connections(None, rig.now),
        _ => {
            if let Some((operation, call)) = route(rig, step) {
                drop(rig.call(operation, call));
                // what a call set off happens before the next one
                rig.pass(Duration::ZERO);
            }
        }
    }
}

/// I4, and the same for game sessions: nothing goes back.
fn forbidden_change(before: &Snapshot, after: &Snapshot) -> Option<String> {
    use PlayerSessionStatus::{Active, Completed, Reserved, TimedOut};
    let players: HashMap<&str, PlayerSessionStatus> = after
        .player_sessions
        .iter()
        .map(|player| (player.player_session_id.as_str(), player.status))
        .collect();
    for player in &before.player_sessions {
        let now = players[player.player_session_id.as_str()];
        // One step of the test may be many of the world: time passing accepts nobody, though.
        let allowed = matches!(
            (player.status, now),
            (Reserved, Reserved | Active | Completed | TimedOut)
                | (Active, Active | Completed)
                | (Completed, Completed)
                | (TimedOut, TimedOut)
        );
        if !allowed {
            return Some(format!("I4: a player session went from {:?} to {now:?}", player.status));
        }
    }
    for (old, new) in before.game_sessions.iter().zip(&after.game_sessions) {
        if new.status < old.status || (new.status == GameSessionStatus::Active && new.process_id.is_empty()) {
            return Some(format!("a game session went from {:?} to {:?}", old.status, new.status));
        }
    }
    let after: HashMap<&str, PlacementStatus> = after
        .placements
        .iter()
        .map(|placement| (placement.placement_id.as_str(), placement.status))
        .collect();
    for placement in &before.placements {
        let now = after[placement.placement_id.as_str()];
        if placement.status != PlacementStatus::Pending && now != placement.status {
            return Some(format!("a placement went from {:?} to {now:?}", placement.status));
        }
    }
    None
}

/// Everything ends when everyone goes away.
fn rest(rig: &mut Rig, sockets: &[SocketId]) -> Option<String> {
    for socket in sockets {
        rig.world.disconnect(*socket, rig.now);
    }
    rig.pass(Duration::from_hours(1));
    let snapshot = rig.world.snapshot();
    let alive = snapshot
        .game_sessions
        .iter()
        .any(|session| session.status != GameSessionStatus::Terminated);
    let seated = snapshot
        .player_sessions
        .iter()
        .any(|player| player.status <= PlayerSessionStatus::Active);
    let waiting = snapshot
        .placements
        .iter()
        .any(|placement| placement.status == PlacementStatus::Pending);
    (alive || seated || waiting || snapshot.open_sockets > 0).then(|| "I7: something is left at rest".to_owned())
}

/// `EMULATOR_HISTORIES` asks for more than the ordinary number.
pub(super) fn histories() -> u32 {
    from_environment("EMULATOR_HISTORIES").unwrap_or(1_000)
}

/// `EMULATOR_SEED` asks for other histories than the ordinary ones.
fn seed() -> u64 {
    from_environment("EMULATOR_SEED").unwrap_or(1)
}

fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    let number = std::env::var(name).ok()?;
    Some(
        number
            .parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {number}")),
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed()),
        ..ProptestConfig::with_cases(histories())
    })]

    #[test]
    fn the_invariants_hold_after_every_step_of_any_history(steps in prop::collection::vec(step(), 1..60)) {
        let mut rig = Rig::new();
        let mut sockets = Vec::new();
        for step in &steps {
            let before = rig.world.snapshot();
            take(&mut rig, &mut sockets, step);
            prop_assert_eq!(rig.world.broken_invariant(), None, "after {:?}", step);
            prop_assert_eq!(forbidden_change(&before, &rig.world.snapshot()), None, "after {:?}", step);
        }
        prop_assert_eq!(rest(&mut rig, &sockets), None);
        prop_assert_eq!(rig.world.broken_invariant(), None, "at rest");
    }
}
