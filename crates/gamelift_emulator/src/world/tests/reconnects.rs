//! Processes that come back: the same ones, or others under their name.

use std::time::Duration;

use gamelift_server_sdk::proto::message::Push;
use serde_json::json;

use super::rig::Rig;
use crate::{
    model::status::{GameSessionStatus, ProcessStatus},
    world::{Handshake, Settings, SocketId},
};

const SECOND: Duration = Duration::from_secs(1);

/// A queue with one waiting placement.
fn place(rig: &mut Rig) {
    let arn = rig.world.fleet_arn("fleet-local");
    let queue = json!({"Name": "queue", "Destinations": [{"DestinationArn": arn}]});
    rig.call("CreateGameSessionQueue", queue).unwrap();
    let placement = json!({"PlacementId": "p", "GameSessionQueueName": "queue", "MaximumPlayerSessionCount": 2});
    rig.call("StartGameSessionPlacement", placement).unwrap();
    rig.pass(Duration::ZERO);
}

#[test]
fn a_process_started_anew_is_told_nothing_before_its_first_heartbeat() {
    let mut rig = Rig::new();
    let socket = rig.process("process-1");
    rig.world.disconnect(socket, rig.now);
    place(&mut rig);
    let anew = rig.connect_with("process-1", "another");
    rig.pass(SECOND);
    assert!(!rig.world.snapshot().processes[0].placeable);
    assert!(rig.create(None).is_err());
    assert!(rig.pushes(anew).is_empty(), "it is not ready");
    assert_eq!(rig.ready(anew), 200);
    rig.pass(SECOND);
    assert!(rig.pushes(anew).is_empty(), "it is not healthy");
    assert_eq!(rig.heartbeat(anew, true), 200);
    rig.pass(SECOND);
    assert!(matches!(rig.pushes(anew)[..], [Push::CreateGameSession(_)]));
}

#[test]
fn a_process_started_anew_is_not_told_to_end_in_place_of_its_old_self() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    rig.world.disconnect(socket, rig.now);
    rig.terminate(&arn).unwrap();
    let anew = rig.connect_with("process-1", "another");
    assert_eq!(rig.ready(anew), 200);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Terminated);
    assert_eq!(rig.heartbeat(anew, true), 200);
    assert!(rig.pushes(anew).is_empty());
    assert!(rig.create(None).is_ok());
}

#[test]
fn a_process_that_comes_back_as_itself_is_free_and_told_at_once() {
    let mut rig = Rig::new();
    let socket = rig.connect_with("process-1", "same");
    rig.ready(socket);
    rig.heartbeat(socket, true);
    rig.world.disconnect(socket, rig.now);
    let back = rig.connect_with("process-1", "same");
    let arn = rig.create(None).unwrap().game_session_id;
    assert!(matches!(rig.pushes(back)[..], [Push::CreateGameSession(_)]));
    assert_eq!(rig.activate(back, &arn), 200);
    rig.world.disconnect(back, rig.now);
    rig.terminate(&arn).unwrap();
    let back = rig.connect_with("process-1", "same");
    assert!(matches!(rig.pushes(back)[..], [Push::TerminateProcess(_)]));
}

#[test]
fn whatever_only_a_ready_process_sends_proves_one_that_came_back() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let seat = rig.reserve(&arn).unwrap().player_session_id;
    rig.world.disconnect(socket, rig.now);
    rig.terminate(&arn).unwrap();
    let back = rig.connect("process-1");
    assert!(rig.pushes(back).is_empty());
    rig.remove(back, &arn, &seat);
    assert!(matches!(rig.pushes(back)[..], [Push::TerminateProcess(_)]));
}

#[test]
fn what_counts_as_ended_before_it_proved_itself_is_told_so_or_starts_anew() {
    for anew in [false, true] {
        let mut rig = Rig::new();
        let (socket, arn) = rig.playing();
        rig.world.disconnect(socket, rig.now);
        rig.terminate(&arn).unwrap();
        let back = rig.connect_with("process-1", "another");
        rig.pass(61 * SECOND);
        assert_eq!(rig.process_status(0), ProcessStatus::Ended);
        if anew {
            assert_eq!(rig.ready(back), 200);
            assert_eq!(rig.heartbeat(back, true), 200);
            assert!(rig.pushes(back).is_empty());
            assert!(rig.create(None).is_ok());
        } else {
            rig.heartbeat(back, true);
            assert!(matches!(rig.pushes(back)[..], [Push::TerminateProcess(_)]));
        }
    }
}

#[test]
fn interruptions_and_refreshes_wait_for_the_first_heartbeat() {
    let mut rig = Rig::new();
    let socket = rig.connect("process-1");
    rig.ready(socket);
    rig.world.refresh_connections(None, rig.now);
    rig.world.interrupt(None, rig.now);
    assert!(
        rig.pushes(socket).is_empty(),
        "SDKs lose what follows the reply at once"
    );
    rig.heartbeat(socket, true);
    let pushes = rig.pushes(socket);
    assert!(
        matches!(pushes[..], [Push::RefreshConnection(_), Push::TerminateProcess(_)]),
        "{pushes:?}"
    );
}

#[test]
fn a_second_ready_after_a_refresh_is_no_restart() {
    let mut rig = Rig::new();
    let (old, arn) = rig.playing();
    rig.world.refresh_connections(None, rig.now);
    let new = rig.connect_with("process-1", "refreshed");
    rig.world.disconnect(old, rig.now);
    rig.heartbeat(new, true);
    assert_eq!(rig.ready(new), 200);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Active);
    assert!(rig.events().is_empty());
}

#[test]
fn a_second_ready_straight_after_a_refresh_is_no_restart_either() {
    let mut rig = Rig::new();
    let (old, arn) = rig.playing();
    rig.world.refresh_connections(None, rig.now);
    let new = rig.connect_with("process-1", "refreshed");
    rig.world.disconnect(old, rig.now);
    assert_eq!(rig.ready(new), 200);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Active);
}

#[test]
fn a_second_ready_on_the_old_socket_after_a_refresh_that_failed_is_no_restart() {
    let mut rig = Rig::new();
    let (old, arn) = rig.playing();
    rig.world.refresh_connections(None, rig.now);
    let new = rig.connect_with("process-1", "refreshed");
    rig.world.disconnect(new, rig.now);
    assert_eq!(rig.ready(old), 200);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Active);
}

/// Lets minutes pass with a heartbeat in each; the tokens of the refreshes that were asked for.
fn minutes(rig: &mut Rig, socket: SocketId, count: u32) -> Vec<String> {
    for _ in 0..count {
        rig.heartbeat(socket, true);
        rig.pass(60 * SECOND);
    }
    let pushes = rig.pushes(socket).into_iter();
    pushes
        .map(|push| match push {
            Push::RefreshConnection(refresh) => refresh.auth_token.expose().to_owned(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_refresh_on_demand_has_a_new_token_and_the_old_one_stays_good() {
    let mut rig = Rig::new();
    let socket = rig.process("process-1");
    let old = rig.world.local_token("local", rig.now).unwrap();
    rig.pass(SECOND);
    rig.world.refresh_connections(None, rig.now);
    let asked = minutes(&mut rig, socket, 0);
    assert_eq!(asked.len(), 1);
    assert_ne!(asked[0], old);
    assert_eq!(rig.world.local_token("local", rig.now).unwrap(), asked[0], "the newest");
    assert!(rig.world.token_expiry(&old, "fleet-local", "local", rig.now).is_some());
    rig.world.refresh_connections(None, rig.now);
    assert_ne!(minutes(&mut rig, socket, 0), asked, "each time");
    rig.pass(Duration::from_secs(3 * 3_600 - 2));
    assert!(rig.world.token_expiry(&old, "fleet-local", "local", rig.now).is_some());
    rig.pass(SECOND);
    assert_eq!(rig.world.token_expiry(&old, "fleet-local", "local", rig.now), None);
}

#[test]
fn tokens_of_a_compute_are_bounded() {
    let mut rig = Rig::new();
    let socket = rig.process("process-1");
    let first = rig.world.local_token("local", rig.now).unwrap();
    for _ in 0..100 {
        rig.pass(SECOND);
        assert!(
            rig.world
                .token_expiry(&first, "fleet-local", "local", rig.now)
                .is_some()
        );
        rig.world.refresh_connections(None, rig.now);
    }
    assert_eq!(rig.world.token_expiry(&first, "fleet-local", "local", rig.now), None);
    let last = minutes(&mut rig, socket, 0).pop().unwrap();
    assert!(rig.world.token_expiry(&last, "fleet-local", "local", rig.now).is_some());
}

#[test]
fn a_refresh_is_asked_for_each_minute_until_the_new_socket_is_there() {
    let mut rig = Rig::new();
    let old = rig.process("process-1");
    rig.pass(SECOND);
    rig.world.refresh_connections(None, rig.now);
    let asked = minutes(&mut rig, old, 3);
    assert_eq!(asked.len(), 4, "at once and three times more");
    assert!(asked.iter().all(|token| *token == asked[0]), "the token is still fresh");
    let new = rig.connect_with("process-1", "refreshed");
    rig.world.disconnect(old, rig.now);
    let asked = minutes(&mut rig, new, 161);
    assert!(asked.is_empty(), "{asked:?}");
    assert!(
        !minutes(&mut rig, new, 2).is_empty(),
        "the token is renewed in time all the same"
    );
}

#[test]
fn a_renewal_that_falls_due_before_a_process_is_ready_is_made_up_for() {
    let mut rig = Rig::new();
    let socket = rig.connect("process-1");
    rig.pass(Duration::from_hours(3));
    rig.ready(socket);
    assert!(rig.pushes(socket).is_empty());
    assert!(!minutes(&mut rig, socket, 1).is_empty());
}

#[test]
fn a_renewal_that_falls_due_while_a_process_has_no_socket_is_made_up_for() {
    let settings = Settings {
        socket_loss_grace: Duration::from_hours(4),
        tokenless_reconnects: true,
        unhealthy_after: Duration::from_hours(9),
        ..Settings::default()
    };
    let mut rig = Rig::with(settings);
    let socket = rig.process("process-1");
    rig.world.disconnect(socket, rig.now);
    rig.pass(Duration::from_hours(3));
    let tokenless = Handshake {
        process_id: "process-1".into(),
        fleet_id: "fleet-local".into(),
        compute_name: "local".into(),
        tokens: vec![String::new()],
        ..Handshake::default()
    };
    let back = rig.world.connect(tokenless.clone(), rig.now).unwrap();
    assert!(!minutes(&mut rig, back, 1).is_empty());
    let stranger = Handshake {
        process_id: "process-2".into(),
        ..tokenless
    };
    assert!(rig.world.connect(stranger, rig.now).is_err(), "nobody knows it");
}
