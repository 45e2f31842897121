//! Requests, replies, and frames that are neither.

use super::*;
use crate::{
    ServiceErrorKind,
    proto::message::{
        BackfillPlayer, DescribePlayerSessions, GetFleetRoleCredentials, PlayerSessionCreationPolicy, PlayerSessions,
        StartMatchBackfill, StopMatchBackfill,
    },
};

#[test]
fn reply_matched_by_request_id() {
    let mut world = World::hosting();
    let first = world.call(accept("psess-1"));
    let second = world.call(accept("psess-2"));
    let id = world.requests()[0].request_id.clone();
    world.answer_last(r#"{"RequestId":"ID","StatusCode":200}"#);
    assert!(world.results(first).is_empty());
    assert!(world.result(second).is_ok());
    world.text(&format!(
        r#"{{"requestid":"{id}","statuscode":200,"Action":"SomethingElse"}}"#
    ));
    assert!(world.result(first).is_ok());
}

#[test]
fn late_duplicate_and_unknown_replies_dropped() {
    let mut world = World::hosting();
    let call = world.call(accept("psess-1"));
    world.advance(secs(20));
    for _ in 0..2 {
        world.answer_last(r#"{"Action":"AcceptPlayerSession","RequestId":"ID","StatusCode":200}"#);
    }
    world.text(r#"{"Action":"AcceptPlayerSession","RequestId":"nobody's","StatusCode":200}"#);
    assert!(matches!(world.result(call), Err(Error::Timeout { .. })));
    assert_eq!(world.core.ignored_frames(), 3);
}

#[test]
fn unknown_action_and_broken_json_ignored() {
    let mut world = World::ready();
    for text in [r#"{"Action":"Dance"}"#, "{", "", "[]", "null", "7", r#"{"Action":7}"#] {
        world.text(text);
    }
    assert!(world.events().is_empty());
    assert_eq!(world.core.ignored_frames(), 7);
}

#[test]
fn pushes_with_wrong_types_are_dropped_and_counted() {
    let mut world = World::ready();
    for port in ["7777.0", "\"7777\"", "-1", "65536", "[]"] {
        world.text(&format!(
            r#"{{"Action":"CreateGameSession","GameSessionId":"{GAME}","Port":{port}}}"#
        ));
    }
    world.text(r#"{"Action":"CreateGameSession","GameSessionId":"g","GameProperties":[{"Key":"a","Value":"b"}]}"#);
    world.text(r#"{"Action":"TerminateProcess","TerminationTime":1.7e12}"#);
    assert!(world.events().is_empty());
    assert_eq!(world.core.ignored_frames(), 7);
}

#[test]
fn status_table_400_401_403_404_409_418_429_500_503() {
    let table = [
        (400, ServiceErrorKind::BadRequest, false),
        (401, ServiceErrorKind::Unauthorized, false),
        (403, ServiceErrorKind::Forbidden, false),
        (404, ServiceErrorKind::NotFound, false),
        (409, ServiceErrorKind::Conflict, false),
        (418, ServiceErrorKind::BadRequest, false),
        (429, ServiceErrorKind::TooManyRequests, true),
        (500, ServiceErrorKind::InternalService, true),
        (503, ServiceErrorKind::InternalService, true),
    ];
    for (code, expected, retryable) in table {
        let mut world = World::hosting();
        let call = world.call(accept("psess-1"));
        world.answer_last(&format!(
            r#"{{"RequestId":"ID","StatusCode":{code},"ErrorMessage":"words"}}"#
        ));
        let error = world.result(call).unwrap_err();
        assert_eq!(error.is_retryable(), retryable, "{code}");
        let Error::Service {
            status, kind, message, ..
        } = error
        else {
            panic!("{error:?}")
        };
        assert_eq!((status, kind, message.as_str()), (Some(code), expected, "words"));
    }
}

#[test]
fn missing_status_is_internal_error_and_missing_error_message_has_default() {
    for status in [
        "",
        r#","StatusCode":200.0"#,
        r#","StatusCode":"200""#,
        r#","StatusCode":null"#,
    ] {
        let mut world = World::hosting();
        let call = world.call(accept("psess-1"));
        world.answer_last(&format!(r#"{{"RequestId":"ID"{status}}}"#));
        let Err(Error::Service {
            status: None,
            kind,
            message,
            ..
        }) = world.result(call)
        else {
            panic!("{status}")
        };
        assert_eq!(kind, ServiceErrorKind::InternalService);
        assert!(!message.is_empty());
    }
}

#[test]
fn timeout_is_20s_and_configurable() {
    for seconds in [20, 3] {
        let mut world = World::with(|config| config.call_timeout = secs(seconds), 7);
        world.accept();
        let call = world.call(ready(7777));
        world.advance(secs(seconds).checked_sub(Duration::from_millis(1)).unwrap());
        assert!(world.results(call).is_empty());
        world.advance(Duration::from_millis(1));
        assert!(matches!(world.result(call), Err(Error::Timeout { after, .. }) if after == secs(seconds)));
    }
}

#[test]
fn a_thousand_concurrent_requests_and_not_one_more() {
    let mut world = World::hosting();
    let calls: Vec<CallId> = (0..1024)
        .map(|seat| world.call(accept(&format!("psess-{seat}"))))
        .collect();
    let over = world.call(accept("psess-over"));
    assert_eq!(world.result(over), Err(Error::Busy));
    let mut requests = world.requests();
    requests.reverse();
    for frame in requests {
        world.reply(&Reply::success("AcceptPlayerSession", &frame.request_id));
    }
    assert!(calls.iter().all(|call| world.result(*call).is_ok()));
}

#[test]
fn describe_reads_a_page() {
    let mut world = World::hosting();
    let call = world.call(Call::DescribePlayerSessions(DescribePlayerSessions {
        game_session_id: Some(GAME.into()),
        ..DescribePlayerSessions::default()
    }));
    world.answer_last(
        r#"{"RequestId":"ID","StatusCode":200,"NextToken":"more","PlayerSessions":[{"PlayerId":"p","Status":"ACTIVE","TerminationTime":null}]}"#,
    );
    let Ok(Answer::Reply(reply)) = world.result(call) else {
        panic!("no reply")
    };
    let page: PlayerSessions = reply.result().unwrap();
    assert_eq!(
        (page.next_token.as_str(), page.player_sessions[0].player_id.as_str()),
        ("more", "p")
    );
}

#[test]
fn describe_exactly_one_id() {
    let some = |text: &str| Some(text.to_owned());
    let all = DescribePlayerSessions::default();
    let bad = [
        (all.clone(), "id"),
        (
            DescribePlayerSessions {
                player_id: some("p"),
                player_session_id: some("s"),
                ..all.clone()
            },
            "id",
        ),
        (
            DescribePlayerSessions {
                player_id: some(""),
                ..all.clone()
            },
            "player_id",
        ),
        (
            DescribePlayerSessions {
                player_id: Some("p".repeat(1025)),
                ..all.clone()
            },
            "player_id",
        ),
        (
            DescribePlayerSessions {
                game_session_id: some("a b"),
                ..all.clone()
            },
            "game_session_id",
        ),
        (
            DescribePlayerSessions {
                player_id: some("p"),
                limit: Some(1025),
                ..all.clone()
            },
            "limit",
        ),
        (
            DescribePlayerSessions {
                player_id: some("p"),
                player_session_status_filter: some("LOST"),
                ..all
            },
            "player_session_status_filter",
        ),
    ];
    for (describe, field) in bad {
        invalid(Call::DescribePlayerSessions(describe), field);
    }
}

/// The call fails for this field, and nothing is sent.
fn invalid(call: Call, field: &str) {
    let mut world = World::hosting();
    let id = world.call(call);
    let error = world.result(id).unwrap_err();
    assert!(
        matches!(&error, Error::Validation { field: named, .. } if *named == field),
        "{error}, not {field}"
    );
    assert!(world.sent.is_empty());
}

#[test]
fn limits_table_at_and_over_each_limit() {
    let mut world = World::hosting();
    world.call(accept(&"p".repeat(256)));
    assert_eq!(world.sent.len(), 1, "256 characters are allowed");
    for seat in ["", "a b", "psess-\u{e9}", &"p".repeat(257)] {
        invalid(accept(seat), "player_session_id");
    }
    invalid(
        Call::UpdatePlayerSessionCreationPolicy(PlayerSessionCreationPolicy::from("MAYBE")),
        "policy",
    );
    let role = |arn: &str, name: &str| {
        Call::GetFleetRoleCredentials(GetFleetRoleCredentials {
            role_arn: arn.into(),
            role_session_name: name.into(),
        })
    };
    invalid(role("", "me"), "role_arn");
    invalid(role("role", "me"), "role_arn");
    invalid(role("arn:aws:iam::123456789012:role/x_y+z", "m"), "role_session_name");
    invalid(
        role("arn:aws:iam::123456789012:role/x", &"m".repeat(65)),
        "role_session_name",
    );
}

fn backfill() -> StartMatchBackfill {
    StartMatchBackfill {
        game_session_arn: GAME.into(),
        matchmaking_configuration_arn: "arn:aws:gamelift:us-west-2:123456789012:matchmakingconfiguration/mm".into(),
        ticket_id: String::new(),
        players: vec![BackfillPlayer::default()],
    }
}

#[test]
fn backfill_empty_players_rejected() {
    invalid(
        Call::StartMatchBackfill(StartMatchBackfill {
            players: Vec::new(),
            ..backfill()
        }),
        "players",
    );
    let arn = StartMatchBackfill {
        matchmaking_configuration_arn: "arn:x".into(),
        ..backfill()
    };
    invalid(Call::StartMatchBackfill(arn), "matchmaking_configuration_arn");
    invalid(
        Call::StartMatchBackfill(StartMatchBackfill {
            ticket_id: "a_b".into(),
            ..backfill()
        }),
        "ticket_id",
    );
    let stop = StopMatchBackfill {
        game_session_arn: GAME.into(),
        matchmaking_configuration_arn: backfill().matchmaking_configuration_arn,
        ticket_id: String::new(),
    };
    invalid(Call::StopMatchBackfill(stop), "ticket_id");
}

#[test]
fn a_backfill_without_a_ticket_id_is_not_repeated_after_a_lost_connection() {
    let mut world = World::hosting();
    let blind = world.call(Call::StartMatchBackfill(backfill()));
    let named = world.call(Call::StartMatchBackfill(StartMatchBackfill {
        ticket_id: "t-1".into(),
        ..backfill()
    }));
    let socket = world.socket();
    world.close(socket, None);
    assert_eq!(
        world.result(blind),
        Err(Error::Disconnected {
            action: "StartMatchBackfill"
        })
    );
    world.accept();
    assert!(world.results(named).is_empty());
    assert_eq!(world.sent.len(), 3, "the one with a ticket id goes again");
}

#[test]
fn a_request_over_the_size_limit_is_not_sent() {
    let player = BackfillPlayer {
        player_id: "p".repeat(600 * 1024),
        ..BackfillPlayer::default()
    };
    invalid(
        Call::StartMatchBackfill(StartMatchBackfill {
            players: vec![player],
            ..backfill()
        }),
        "request",
    );
}
