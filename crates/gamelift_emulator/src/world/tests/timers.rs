//! What happens when nothing happens.

use std::time::Duration;

use gamelift_server_sdk::proto::message::Push;

use super::rig::Rig;
use crate::model::status::{GameSessionStatus, PlayerSessionStatus, ProcessStatus};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_reservation_lapses_after_60_seconds_and_frees_its_seat() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let seat = rig.reserve(&arn).unwrap().player_session_id;
    rig.pass(59 * SECOND);
    assert_eq!(rig.player_status(&seat), PlayerSessionStatus::Reserved);
    rig.pass(SECOND);
    assert_eq!(rig.player_status(&seat), PlayerSessionStatus::TimedOut);
    assert_eq!(rig.world.snapshot().game_sessions[0].seats_taken, 0);
    assert_eq!(rig.accept(socket, &arn, &seat), 400);
}

#[test]
fn an_accepted_player_does_not_lapse() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let seat = rig.reserve(&arn).unwrap().player_session_id;
    assert_eq!(rig.accept(socket, &arn, &seat), 200);
    rig.pass(100 * SECOND);
    assert_eq!(rig.player_status(&seat), PlayerSessionStatus::Active);
}

#[test]
fn a_game_session_that_is_not_activated_in_time_ends_and_its_process_is_told_to() {
    let mut rig = Rig::new();
    let socket = rig.process("process-1");
    let arn = rig.create(None).unwrap().game_session_id;
    rig.pushes(socket);
    rig.pass(60 * SECOND);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Terminated);
    assert_eq!(rig.events(), ["GAME_SESSION_ACTIVATION_TIMEOUT"]);
    assert!(matches!(rig.pushes(socket)[..], [Push::TerminateProcess(_)]));
    assert_eq!(rig.activate(socket, &arn), 400, "too late");
    assert!(rig.create(None).is_err(), "the process is not used again");
}

#[test]
fn a_process_that_was_told_to_end_and_does_not_counts_as_gone_after_the_grace_time() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let told = rig.now;
    rig.terminate(&arn).unwrap();
    let pushes = rig.pushes(socket);
    let [Push::TerminateProcess(push)] = &pushes[..] else {
        panic!("{pushes:?}");
    };
    assert_eq!(
        push.termination_time,
        Some(i64::try_from((told + 60 * SECOND).as_millis()).unwrap())
    );
    rig.terminate(&arn).unwrap();
    assert!(rig.pushes(socket).is_empty(), "told once");
    rig.pass(59 * SECOND);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Terminating);
    rig.pass(SECOND);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Terminated);
    assert_eq!(rig.events(), ["SERVER_PROCESS_PROCESS_EXIT_TIMEOUT"]);
}

#[test]
fn three_silent_minutes_or_three_unhealthy_heartbeats_end_a_process() {
    let mut rig = Rig::new();
    let silent = rig.process("silent");
    rig.pass(179 * SECOND);
    rig.heartbeat(silent, true);
    rig.pass(179 * SECOND);
    assert_eq!(rig.process_status(0), ProcessStatus::Active);
    rig.pass(SECOND);
    assert_eq!(rig.process_status(0), ProcessStatus::Ended);

    let ill = rig.process("ill");
    rig.heartbeat(ill, false);
    rig.heartbeat(ill, false);
    rig.heartbeat(ill, true);
    rig.heartbeat(ill, false);
    rig.heartbeat(ill, false);
    assert_eq!(rig.process_status(1), ProcessStatus::Active);
    rig.heartbeat(ill, false);
    assert_eq!(rig.process_status(1), ProcessStatus::Ended);
    assert!(matches!(rig.pushes(ill)[..], [Push::TerminateProcess(_)]));
    assert_eq!(rig.events(), ["SERVER_PROCESS_TERMINATED_UNHEALTHY"; 2]);
}

#[test]
fn losing_the_last_socket_starts_a_grace_time_and_then_ends_game_and_players() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let inside = rig.reserve(&arn).unwrap().player_session_id;
    let outside = rig.reserve(&arn).unwrap().player_session_id;
    rig.accept(socket, &arn, &inside);
    rig.world.disconnect(socket, rig.now);
    rig.pass(2 * SECOND);
    let again = rig.connect("process-1");
    rig.pass(10 * SECOND);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Active, "back in time");

    rig.world.disconnect(again, rig.now);
    rig.pass(3 * SECOND);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Terminated);
    assert_eq!(rig.player_status(&inside), PlayerSessionStatus::Completed);
    assert_eq!(rig.player_status(&outside), PlayerSessionStatus::Completed);
    assert_eq!(rig.events(), ["SERVER_PROCESS_CRASHED"]);
}

#[test]
fn a_process_without_a_socket_gets_no_game_session() {
    let mut rig = Rig::new();
    let socket = rig.process("process-1");
    rig.world.disconnect(socket, rig.now);
    assert!(rig.create(None).is_err());
    let again = rig.connect("process-1");
    rig.heartbeat(again, true);
    assert!(rig.create(None).is_ok());
}

#[test]
fn what_a_process_missed_while_it_had_no_socket_is_told_when_it_comes_back() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    rig.world.disconnect(socket, rig.now);
    rig.terminate(&arn).unwrap();
    let again = rig.connect("process-1");
    rig.heartbeat(again, true);
    assert!(matches!(rig.pushes(again)[..], [Push::TerminateProcess(_)]));
}

#[test]
fn a_survivor_of_an_outage_that_counted_as_a_crash_is_told_to_end() {
    let mut rig = Rig::new();
    let (socket, _) = rig.playing();
    rig.world.disconnect(socket, rig.now);
    rig.pass(10 * SECOND);
    let again = rig.connect("process-1");
    assert!(rig.pushes(again).is_empty(), "it may as well be a new process");
    assert_eq!(rig.heartbeat(again, true), 200);
    assert!(matches!(rig.pushes(again)[..], [Push::TerminateProcess(_)]));
    assert!(rig.create(None).is_err());
}

#[test]
fn a_process_that_is_started_again_under_its_old_id_is_a_new_one() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    rig.world.disconnect(socket, rig.now);
    let again = rig.connect("process-1");
    assert_eq!(rig.ready(again), 200);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Terminated);
    assert_eq!(rig.heartbeat(again, true), 200);
    assert!(rig.create(None).is_ok());
}

#[test]
fn a_token_is_good_until_it_expires_and_renewed_before_that() {
    let mut rig = Rig::new();
    let socket = rig.connect("process-1");
    rig.ready(socket);
    let token = rig.world.local_token("local", rig.now).unwrap();
    assert_eq!(
        rig.world.local_token("local", rig.now).unwrap(),
        token,
        "the same while it is fresh"
    );
    for _ in 0..180 {
        rig.pass(60 * SECOND);
        rig.heartbeat(socket, true);
    }
    let refreshed = rig.pushes(socket).into_iter().find_map(|push| match push {
        Push::RefreshConnection(refresh) => Some(refresh.auth_token.expose().to_owned()),
        _ => None,
    });
    assert_ne!(refreshed.unwrap(), token);
    let expired = rig.world.token_expiry(&token, "fleet-local", "local", rig.now);
    assert_eq!(expired, None);
}

#[test]
fn a_process_that_is_not_ready_in_time_is_on_record_and_may_still_become_it() {
    let mut rig = Rig::new();
    let prompt = rig.process("prompt");
    let late = rig.connect("late");
    rig.pass(59 * SECOND);
    assert!(rig.events().is_empty());
    rig.pass(SECOND);
    assert_eq!(rig.events(), ["SERVER_PROCESS_PROCESS_READY_TIMEOUT"]);
    assert!(rig.pushes(late).is_empty());
    rig.pass(60 * SECOND);
    rig.heartbeat(prompt, true);
    assert_eq!(rig.ready(late), 200);
    assert_eq!(rig.heartbeat(late, true), 200);
    rig.pass(60 * SECOND);
    assert_eq!(rig.events().len(), 1, "once, and only the late one");
    let gone = rig.connect("gone");
    rig.world.disconnect(gone, rig.now);
    rig.pass(60 * SECOND);
    assert_eq!(rig.events().len(), 1, "it is not there any more");
}

#[test]
fn processes_that_slept_with_the_machine_are_not_taken_for_dead() {
    let mut rig = Rig::new();
    let (_, arn) = rig.playing();
    let lost = rig.process("process-2");
    rig.world.disconnect(lost, rig.now);
    rig.now = rig.now + Duration::from_hours(1);
    rig.world.slept(rig.now);
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.events(), [""; 0]);
    assert_eq!(rig.game_status(&arn), GameSessionStatus::Active);
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.events(), ["SERVER_PROCESS_CRASHED"], "it did not come back");
    rig.pass(Duration::from_mins(3));
    assert_eq!(
        rig.game_status(&arn),
        GameSessionStatus::Terminated,
        "nor is this heard of"
    );
}
