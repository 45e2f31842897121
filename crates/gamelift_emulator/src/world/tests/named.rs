//! The behaviours that the protocol page names, those that time decides, with the times of the service.

use std::time::Duration;

use gamelift_server_sdk::proto::message::Push;

use super::rig::Rig;
use crate::model::status::{GameSessionStatus, PlayerSessionStatus, ProcessStatus};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn two_sockets_one_pid_push_to_newest() {
    let mut rig = Rig::new();
    let old = rig.process("process-1");
    let new = rig.connect("process-1");
    rig.create(None).unwrap();
    assert!(matches!(rig.pushes(new)[..], [Push::CreateGameSession(_)]));
    assert!(rig.pushes(old).is_empty());
}

#[test]
fn no_push_before_first_heartbeat() {
    let mut rig = Rig::new();
    let socket = rig.connect("process-1");
    rig.ready(socket);
    assert!(rig.create(None).is_err());
    assert!(rig.pushes(socket).is_empty());
    rig.heartbeat(socket, true);
    assert!(rig.create(None).is_ok());
    assert_eq!(rig.pushes(socket).len(), 1);
}

#[test]
fn reservation_expires() {
    let mut rig = Rig::new();
    let (_, arn) = rig.playing();
    let seat = rig.reserve(&arn).unwrap().player_session_id;
    rig.pass(59 * SECOND);
    assert_eq!(rig.player_status(&seat), PlayerSessionStatus::Reserved);
    rig.pass(SECOND);
    assert_eq!(rig.player_status(&seat), PlayerSessionStatus::TimedOut);
}

#[test]
fn activation_timeout() {
    let mut rig = Rig::new();
    rig.process("process-1");
    let arn = rig.create(None).unwrap().game_session_id;
    rig.pass(59 * SECOND);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Activating);
    rig.pass(SECOND);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Terminated);
    assert_eq!(rig.events(), ["GAME_SESSION_ACTIVATION_TIMEOUT"]);
}

#[test]
fn unhealthy_after_3_min() {
    let mut rig = Rig::new();
    let socket = rig.process("process-1");
    rig.pushes(socket);
    rig.pass(179 * SECOND);
    assert_eq!(rig.process_status(0), ProcessStatus::Active);
    rig.pass(SECOND);
    assert_eq!(rig.process_status(0), ProcessStatus::Ended);
    assert!(matches!(rig.pushes(socket)[..], [Push::TerminateProcess(_)]));
    assert_eq!(rig.events(), ["SERVER_PROCESS_TERMINATED_UNHEALTHY"]);
}

#[test]
fn socket_loss_grace() {
    let mut rig = Rig::new();
    let socket = rig.process("process-1");
    let now = rig.now;
    rig.world.disconnect(socket, now);
    rig.pass(2 * SECOND);
    let socket = rig.connect("process-1");
    rig.pass(10 * SECOND);
    assert_eq!(rig.process_status(0), ProcessStatus::Active, "it came back in time");
    let now = rig.now;
    rig.world.disconnect(socket, now);
    rig.pass(3 * SECOND);
    assert_eq!(rig.process_status(0), ProcessStatus::Ended);
    assert_eq!(rig.events(), ["SERVER_PROCESS_CRASHED"]);
}

#[test]
fn row_no_terminate_handler() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    rig.terminate(&arn).unwrap();
    assert!(matches!(rig.pushes(socket)[..], [Push::TerminateProcess(_)]));
    // C++ without a handler says that it ends only after 42 s.
    rig.pass(42 * SECOND);
    assert_eq!(rig.process_status(0), ProcessStatus::Ending);
    assert_eq!(rig.ending(socket), 200);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Terminated);
    assert!(rig.events().is_empty(), "an orderly end");
}
