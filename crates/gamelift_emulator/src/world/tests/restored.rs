//! A world that was written down row by row is the same world after it was read again.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{
    histories::{Step, histories, step, take},
    rig::Rig,
};
use crate::{
    model::status::{GameSessionStatus, PlayerSessionStatus, ProcessStatus},
    snapshot::Snapshot,
    world::{Settings, SocketId, World, beacons::NoBeacons},
};

/// What a store would hold.
#[derive(Default)]
struct Rows(BTreeMap<String, Vec<u8>>);

impl Rows {
    fn write(&mut self, rig: &mut Rig) {
        for row in rig.world.take_changes(rig.now) {
            match row.value {
                Some(value) => self.0.insert(row.name, value),
                None => self.0.remove(&row.name),
            };
        }
    }

    fn read(&self, rig: &Rig) -> World {
        let rows: Vec<(String, Vec<u8>)> = self.0.clone().into_iter().collect();
        let ids = Box::new(|| Uuid::from_u128(7));
        World::restore(Settings::default(), ids, Box::new(NoBeacons), &rows, rig.now).unwrap()
    }
}

/// All that outlives a restart: neither sockets, nor processes that never became ready.
fn lasting(mut snapshot: Snapshot) -> Snapshot {
    snapshot.open_sockets = 0;
    snapshot
        .processes
        .retain(|process| process.status != ProcessStatus::Connected);
    for process in &mut snapshot.processes {
        process.open_sockets = 0;
        process.placeable = false;
    }
    snapshot
}

fn kept(rig: &mut Rig) -> Rows {
    rig.world.watch_changes();
    let mut rows = Rows::default();
    rows.write(rig);
    rows
}

#[test]
fn a_process_that_comes_back_after_a_restart_keeps_its_game_session_and_its_players() {
    let mut rig = Rig::new();
    let mut rows = kept(&mut rig);
    let (socket, arn) = rig.playing();
    let (taken, reserved) = (rig.reserve(&arn).unwrap(), rig.reserve(&arn).unwrap());
    assert_eq!(rig.accept(socket, &arn, &taken.player_session_id), 200);
    rows.write(&mut rig);
    rig.world = rows.read(&rig);
    let back = rig.connect(&rig.world.snapshot().processes[0].process_id.clone());
    assert_eq!(rig.heartbeat(back, true), 200);
    assert_eq!(rig.accept(back, &arn, &reserved.player_session_id), 200);
    rig.pass(Duration::from_mins(1));
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Active);
    assert_eq!(rig.player_status(&taken.player_session_id), PlayerSessionStatus::Active);
    assert_eq!(rig.remove(back, &arn, &taken.player_session_id), 200);
    assert_eq!(rig.world.snapshot().processes.len(), 1, "it is the same process");
}

#[test]
fn a_free_process_is_free_again_after_a_restart_with_its_next_heartbeat_at_the_latest() {
    for (instance, at_once) in [("same", true), ("", false), ("another", false)] {
        let mut rig = Rig::new();
        let mut rows = kept(&mut rig);
        let socket = rig.connect_with("process-1", "same");
        rig.ready(socket);
        rig.heartbeat(socket, true);
        rows.write(&mut rig);
        rig.world = rows.read(&rig);
        let back = rig.connect_with("process-1", instance);
        assert_eq!(rig.world.snapshot().processes[0].placeable, at_once, "{instance:?}");
        rig.heartbeat(back, true);
        assert!(rig.create(None).is_ok(), "{instance:?}");
        assert!(rig.events().is_empty(), "it is the same process");
    }
}

#[test]
fn a_process_that_does_not_come_back_after_a_restart_has_crashed() {
    let mut rig = Rig::new();
    let mut rows = kept(&mut rig);
    let (_, arn) = rig.playing();
    rows.write(&mut rig);
    rig.world = rows.read(&rig);
    rig.pass(Duration::from_secs(29));
    assert_eq!(
        rig.game_status(&arn),
        GameSessionStatus::Active,
        "it has 30 seconds at least"
    );
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Terminated);
}

#[test]
fn a_seat_that_was_reserved_before_a_restart_lapses_after_it() {
    let mut rig = Rig::new();
    let mut rows = kept(&mut rig);
    let (_, arn) = rig.playing();
    let seat = rig.reserve(&arn).unwrap();
    rows.write(&mut rig);
    rig.world = rows.read(&rig);
    let back = rig.connect(&rig.world.snapshot().processes[0].process_id.clone());
    rig.heartbeat(back, true);
    rig.pass(Duration::from_secs(61));
    assert_eq!(
        rig.player_status(&seat.player_session_id),
        PlayerSessionStatus::TimedOut
    );
}

#[test]
fn a_restart_writes_only_what_it_changes() {
    let mut rig = Rig::new();
    let mut rows = kept(&mut rig);
    let (socket, arn) = rig.playing();
    let seat = rig.reserve(&arn).unwrap();
    rig.accept(socket, &arn, &seat.player_session_id);
    rig.ending(socket);
    let (lives, arn) = {
        let socket = rig.process("process-2");
        (socket, rig.create(None).unwrap().game_session_id)
    };
    rig.activate(lives, &arn);
    rows.write(&mut rig);
    rig.world = rows.read(&rig);
    rig.world.watch_changes();
    let written = rig.world.take_changes(rig.now);
    let written: Vec<&str> = written.iter().filter_map(|row| row.name.split('/').next()).collect();
    assert_eq!(written, ["processes", "meta"], "the one that may come back");
}

#[test]
fn the_fleet_of_the_start_stays_deleted_and_its_location_is_one() {
    let mut rig = Rig::new();
    let mut rows = kept(&mut rig);
    rig.call("DeleteFleet", json!({"FleetId": "fleet-local"})).unwrap();
    for _ in 0..2 {
        rows.write(&mut rig);
        rig.world = rows.read(&rig);
        let fleets = rig.call("ListFleets", json!({})).unwrap();
        assert_eq!(fleets["FleetIds"], json!([]));
        let locations = rig.call("ListLocations", json!({})).unwrap();
        assert_eq!(locations["Locations"].as_array().unwrap().len(), 1);
        // so that there is something to write
        rig.call(
            "CreateAlias",
            json!({"Name": "a", "RoutingStrategy": {"Type": "TERMINAL", "Message": "gone"}}),
        )
        .unwrap();
    }
    let rows: Vec<(String, Vec<u8>)> = rows.0.into_iter().collect();
    let other = Settings {
        fleet_id: "fleet-other".into(),
        ..Settings::default()
    };
    let ids = Box::new(|| Uuid::from_u128(7));
    rig.world = World::restore(other, ids, Box::new(NoBeacons), &rows, rig.now).unwrap();
    let fleets = rig.call("ListFleets", json!({})).unwrap();
    assert_eq!(fleets["FleetIds"], json!(["fleet-other"]), "another one is made");
    let locations = rig.call("ListLocations", json!({})).unwrap();
    assert_eq!(locations["Locations"].as_array().unwrap().len(), 1);
}

#[test]
fn rows_of_another_layout_are_refused() {
    let mut rig = Rig::new();
    let rows = kept(&mut rig);
    let mut rows: Vec<(String, Vec<u8>)> = rows.0.into_iter().collect();
    let meta = rows.iter_mut().find(|(name, _)| name == "meta").unwrap();
    meta.1 = br#"{"layout":999,"serial":1,"now":1.0}"#.to_vec();
    let ids = Box::new(|| Uuid::from_u128(7));
    let refused = World::restore(Settings::default(), ids, Box::new(NoBeacons), &rows, rig.now);
    let Err(error) = refused else {
        panic!("taken");
    };
    assert!(error.to_string().contains("layout 999"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(histories() / 4) })]

    #[test]
    fn any_history_survives_a_restart_at_any_step(
        steps in prop::collection::vec(step(), 1..40),
        restart in 0..40_usize,
    ) {
        let mut rig = Rig::new();
        let mut rows = kept(&mut rig);
        let mut sockets: Vec<SocketId> = Vec::new();
        let take_all = |rig: &mut Rig, rows: &mut Rows, sockets: &mut Vec<SocketId>, steps: &[Step]| {
            for step in steps {
                take(rig, sockets, step);
                rows.write(rig);
            }
        };
        let (first, second) = steps.split_at(restart.min(steps.len()));
        take_all(&mut rig, &mut rows, &mut sockets, first);
        let before = lasting(rig.world.snapshot());
        rig.world = rows.read(&rig);
        prop_assert_eq!(&lasting(rig.world.snapshot()), &before);
        prop_assert_eq!(rig.world.broken_invariant(), None, "after the restart");
        rig.world.watch_changes();
        sockets.clear();
        take_all(&mut rig, &mut rows, &mut sockets, second);
        prop_assert_eq!(rig.world.broken_invariant(), None, "after more steps");
        let again = rows.read(&rig);
        prop_assert_eq!(lasting(again.snapshot()), lasting(rig.world.snapshot()));
    }
}
