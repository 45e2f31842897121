//! From init to destroy.

use super::*;
use crate::proto::message::{Request, TerminateProcess, UpdateGameSession, UpdateReason};

#[test]
fn init_succeeds_with_the_first_connection() {
    let world = World::connected();
    assert_eq!(world.outputs, [Output::Initialized(Ok(()))]);
    assert!(world.sent.is_empty(), "nothing is said before process_ready");
}

#[test]
fn connect_refused_retries_then_error_with_attempts() {
    let mut world = World::new();
    world.refuse_again(8, None);
    let [
        Output::Initialized(Err(Error::Connect {
            attempts: 8,
            next_wait: None,
            endpoint,
            ..
        })),
    ] = &world.outputs[..]
    else {
        panic!("{:?}", world.outputs);
    };
    assert_eq!(endpoint, "ws://service:1/");
    assert_eq!(world.connects.len(), 8);
    assert!(world.core.is_finished());
}

#[test]
fn http_403_is_forbidden() {
    let mut world = World::new();
    world.refuse(Some(403));
    let [
        Output::Initialized(Err(
            error @ Error::Connect {
                http_status: Some(403), ..
            },
        )),
    ] = &world.outputs[..]
    else {
        panic!("{:?}", world.outputs);
    };
    assert!(!error.is_retryable());
    assert!(!format!("{error} {error:?}").contains("token"));
}

#[test]
fn ready_sends_port_and_log_paths() {
    let mut world = World::connected();
    let call = world.call(Call::ProcessReady(ActivateServerProcess {
        port: 7777,
        log_paths: vec!["a.log".into()],
        ..ActivateServerProcess::default()
    }));
    let Request::ActivateServerProcess(ready) = &world.requests()[0].request else {
        panic!("another request")
    };
    assert_eq!((ready.port, &ready.log_paths[..]), (7777, &["a.log".to_owned()][..]));
    assert!(world.results(call).is_empty());
    world.answer_all();
    assert_eq!(world.result(call), Ok(Answer::Done));
    assert_eq!(world.actions(), ["ActivateServerProcess", "HeartbeatServerProcess"]);
}

#[test]
fn ready_without_logs() {
    let mut world = World::connected();
    let call = world.call(ready(7777));
    assert!(
        world.sent[0].2.contains(r#""Port":7777,"LogPaths":[]"#),
        "{:?}",
        world.sent
    );
    world.answer_all();
    assert_eq!(world.result(call), Ok(Answer::Done));
}

#[test]
fn port_0_and_60001_rejected() {
    for port in [0, 60_001, u16::MAX] {
        let mut world = World::connected();
        let call = world.call(ready(port));
        assert!(matches!(
            world.result(call),
            Err(Error::Validation { field: "port", .. })
        ));
        assert!(world.sent.is_empty());
        let again = world.call(ready(7777));
        world.answer_all();
        assert_eq!(
            world.result(again),
            Ok(Answer::Done),
            "a rejected port does not use up process_ready"
        );
    }
}

#[test]
fn ready_error_reply_reports_cause() {
    let mut world = World::connected();
    let call = world.call(ready(7777));
    world.answer_last(r#"{"Action":"ActivateServerProcess","RequestId":"ID","StatusCode":409,"ErrorMessage":"taken"}"#);
    let error = world.result(call).unwrap_err();
    assert_eq!(error.to_string(), "ActivateServerProcess failed: taken (conflict)");
    let again = world.call(ready(7777));
    world.answer_all();
    assert_eq!(world.result(again), Ok(Answer::Done));
}

#[test]
fn ready_timeout() {
    let mut world = World::connected();
    let call = world.call(ready(7777));
    world.advance(secs(20));
    assert!(matches!(
        world.result(call),
        Err(Error::Timeout {
            action: "ActivateServerProcess",
            ..
        })
    ));
}

#[test]
fn ready_twice() {
    let mut world = World::connected();
    world.call(ready(7777));
    let early = world.call(ready(7777));
    assert_eq!(world.result(early), Err(Error::AlreadyReady));
    world.answer_all();
    let late = world.call(ready(7777));
    assert_eq!(world.result(late), Err(Error::AlreadyReady));
}

#[test]
fn calls_before_ready_rejected_without_traffic() {
    let mut world = World::connected();
    for call in [
        Call::ActivateGameSession,
        accept("psess-1"),
        Call::GetComputeCertificate,
    ] {
        let id = world.call(call);
        assert!(matches!(world.result(id), Err(Error::NotReady { .. })));
    }
    assert!(world.sent.is_empty());
}

#[test]
fn push_before_ready_ignored() {
    let mut world = World::connected();
    world.push(&game_session(GAME));
    world.push(&Push::TerminateProcess(TerminateProcess::default()));
    assert!(world.events().is_empty());
    assert_eq!(world.core.ignored_frames(), 2);
}

#[test]
fn a_game_session_right_behind_the_ready_reply_is_not_lost() {
    let mut world = World::connected();
    world.call(ready(7777));
    let id = world.requests()[0].request_id.clone();
    world.reply(&Reply::success("ActivateServerProcess", &id));
    world.push(&game_session(GAME));
    assert!(matches!(&world.events()[..], [Event::StartGameSession(session)] if session.id() == GAME));
}

#[test]
fn start_game_session_injects_fleet() {
    let mut world = World::ready();
    world.push(&game_session(GAME));
    let [Event::StartGameSession(session)] = &world.events()[..] else {
        panic!("no event")
    };
    assert_eq!(session.fleet_id(), "fleet-1");
}

#[test]
fn game_session_id_kept() {
    let mut world = World::hosting();
    world.call(accept("psess-1"));
    let Request::AcceptPlayerSession(sent) = world.requests()[0].request.clone() else {
        panic!("another request")
    };
    assert_eq!(
        (sent.game_session_id.as_str(), sent.player_session_id.as_str()),
        (GAME, "psess-1")
    );
}

#[test]
fn a_second_game_session_is_not_told() {
    let mut world = World::hosting();
    world.push(&game_session(GAME));
    world.push(&game_session("arn:other"));
    assert!(world.events().is_empty());
}

#[test]
fn accept_without_session_is_error() {
    let mut world = World::ready();
    for call in [
        accept("psess-1"),
        Call::ActivateGameSession,
        Call::RemovePlayerSession("psess-1".into()),
    ] {
        let id = world.call(call);
        assert!(matches!(world.result(id), Err(Error::NoGameSession { .. })));
    }
    assert!(world.sent.is_empty());
}

#[test]
fn update_reason_all_words_and_unknown_word() {
    let mut world = World::hosting();
    let words = [
        ("MATCHMAKING_DATA_UPDATED", UpdateReason::MatchmakingDataUpdated),
        ("BACKFILL_FAILED", UpdateReason::BackfillFailed),
        ("BACKFILL_TIMED_OUT", UpdateReason::BackfillTimedOut),
        ("BACKFILL_CANCELLED", UpdateReason::BackfillCancelled),
        ("SOMETHING_NEW", UpdateReason::Unknown("SOMETHING_NEW".into())),
    ];
    for (word, expected) in words {
        world.forget();
        world.text(&format!(r#"{{"Action":"UpdateGameSession","UpdateReason":"{word}"}}"#));
        let [Event::UpdateGameSession(update)] = &world.events()[..] else {
            panic!("{word}: {:?}", world.events())
        };
        assert_eq!(update.reason(), &expected);
        assert_eq!(update.game_session().fleet_id(), "fleet-1");
    }
}

#[test]
fn pushes_in_order() {
    let mut world = World::hosting();
    let update = |ticket: usize| {
        Push::UpdateGameSession(UpdateGameSession {
            backfill_ticket_id: ticket.to_string(),
            update_reason: UpdateReason::from("SOMETHING_NEW"),
            ..UpdateGameSession::default()
        })
    };
    for ticket in 0..100 {
        world.push(&update(ticket));
    }
    world.push(&Push::TerminateProcess(TerminateProcess {
        termination_time: Some(1_700_000_000_999),
    }));
    let events = world.events();
    for (ticket, event) in events[..100].iter().enumerate() {
        let Event::UpdateGameSession(update) = event else {
            panic!("{event:?}")
        };
        assert_eq!(update.backfill_ticket_id(), ticket.to_string());
        assert_eq!(update.reason().as_str(), "SOMETHING_NEW");
    }
    let Event::ProcessTerminate {
        termination_time: Some(time),
    } = &events[100]
    else {
        panic!("no time")
    };
    let since = time.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(since, Duration::from_millis(1_700_000_000_999));
}

#[test]
fn terminate_callback_and_time_ms() {
    let mut world = World::ready();
    world.text(r#"{"Action":"TerminateProcess","TerminationTime":1795342818136}"#);
    let expected = std::time::SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_342_818_136);
    let event = Event::ProcessTerminate {
        termination_time: Some(expected),
    };
    assert_eq!(world.events(), [event]);
}

#[test]
fn a_termination_without_a_sensible_time_has_none() {
    for text in [
        "",
        r#","TerminationTime":null"#,
        r#","TerminationTime":0"#,
        r#","TerminationTime":-5"#,
    ] {
        let mut world = World::ready();
        world.text(&format!(r#"{{"Action":"TerminateProcess"{text}}}"#));
        assert_eq!(world.events(), [Event::ProcessTerminate { termination_time: None }]);
    }
}

#[test]
fn ending_twice_ok() {
    let mut world = World::ready();
    let first = world.call(Call::ProcessEnding);
    let second = world.call(Call::ProcessEnding);
    world.answer_all();
    let third = world.call(Call::ProcessEnding);
    for call in [first, second, third] {
        assert!(world.result(call).is_ok());
    }
    assert_eq!(world.actions(), ["TerminateServerProcess", "TerminateServerProcess"]);
}

#[test]
fn calls_after_ending_are_rejected() {
    let mut world = World::hosting();
    world.call(Call::ProcessEnding);
    let call = world.call(accept("psess-1"));
    assert_eq!(world.result(call), Err(Error::Ended));
}

#[test]
fn ending_is_possible_without_ready() {
    let mut world = World::connected();
    let call = world.call(Call::ProcessEnding);
    world.answer_all();
    assert!(world.result(call).is_ok());
}

#[test]
fn a_connection_lost_after_ending_stays_closed() {
    let mut world = World::ready();
    world.call(Call::ProcessEnding);
    world.answer_all();
    world.forget();
    world.close(SocketId(1), None);
    world.advance(secs(600));
    assert!(world.connects.is_empty());
    assert_eq!(world.core.poll_timeout(), None);
}

#[test]
fn destroy_sends_close_frame() {
    let mut world = World::hosting();
    let waiting = world.call(accept("psess-1"));
    let destroy = world.call(Call::Destroy);
    assert_eq!(world.result(waiting), Err(Error::Ended));
    assert_eq!(world.result(destroy), Ok(Answer::Done));
    assert_eq!(world.closed, [SocketId(1)]);
    assert!(world.core.is_finished());
    assert_eq!(world.core.poll_timeout(), None);
}

#[test]
fn destroy_twice_ok() {
    let mut world = World::ready();
    for _ in 0..2 {
        let call = world.call(Call::Destroy);
        assert_eq!(world.result(call), Ok(Answer::Done));
    }
}
