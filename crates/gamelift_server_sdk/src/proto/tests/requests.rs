//! Requests, replies, and frames that are neither.

use std::collections::BTreeMap;

use super::{limits::invalid, *};
use crate::{
    ServiceErrorKind,
    proto::message::{AttributeValue, BackfillPlayer, DescribePlayerSessions, PlayerSessions, StartMatchBackfill},
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

const ACCEPTED: &str = r#"{"Action":"AcceptPlayerSession","RequestId":"ID","StatusCode":200}"#;

#[test]
fn late_reply_dropped() {
    let mut world = World::hosting();
    let call = world.call(accept("psess-1"));
    world.advance(secs(20));
    world.answer_last(ACCEPTED);
    assert!(matches!(world.result(call), Err(Error::Timeout { .. })));
    assert_eq!(world.core.ignored_frames(), 1);
}

#[test]
fn duplicate_reply_dropped() {
    let mut world = World::hosting();
    let call = world.call(accept("psess-1"));
    for _ in 0..3 {
        world.answer_last(ACCEPTED);
    }
    assert!(world.result(call).is_ok());
    assert_eq!(world.core.ignored_frames(), 2);
}

#[test]
fn unknown_request_id_dropped() {
    let mut world = World::hosting();
    let call = world.call(accept("psess-1"));
    world.text(&ACCEPTED.replace("ID", "nobody's"));
    assert!(world.results(call).is_empty());
    assert_eq!(world.core.ignored_frames(), 1);
}

#[test]
fn unknown_action_ignored() {
    let mut world = World::ready();
    world.text(r#"{"Action":"Dance"}"#);
    world.text(r#"{"Action":7}"#);
    assert!(world.events().is_empty() && world.closed.is_empty());
    assert_eq!(world.core.ignored_frames(), 2);
}

#[test]
fn broken_json_ignored() {
    let mut world = World::ready();
    for text in ["{", "", "[]", "null", "7", "\u{0}"] {
        world.text(text);
    }
    assert!(world.events().is_empty() && world.closed.is_empty());
    assert_eq!(world.core.ignored_frames(), 6);
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
fn missing_status_is_internal_error() {
    for status in [
        "",
        r#","StatusCode":200.0"#,
        r#","StatusCode":"200""#,
        r#","StatusCode":null"#,
    ] {
        let mut world = World::hosting();
        let call = world.call(accept("psess-1"));
        world.answer_last(&format!(r#"{{"RequestId":"ID"{status}}}"#));
        let Err(Error::Service { status: None, kind, .. }) = world.result(call) else {
            panic!("{status}")
        };
        assert_eq!(kind, ServiceErrorKind::InternalService);
    }
}

#[test]
fn missing_error_message_has_default() {
    for text in [
        "",
        r#","ErrorMessage":null"#,
        r#","ErrorMessage":"""#,
        r#","ErrorMessage":7"#,
    ] {
        let mut world = World::hosting();
        let call = world.call(accept("psess-1"));
        world.answer_last(&format!(r#"{{"RequestId":"ID","StatusCode":404{text}}}"#));
        let Err(Error::Service { message, .. }) = world.result(call) else {
            panic!("{text}")
        };
        assert_eq!(message, "the service does not know what was asked for");
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
fn all_100_concurrent_requests_are_answered() {
    let mut world = World::hosting();
    let calls: Vec<CallId> = (0..100)
        .map(|seat| world.call(accept(&format!("psess-{seat}"))))
        .collect();
    let mut requests = world.requests();
    requests.reverse();
    for (at, frame) in requests.iter().enumerate() {
        let reply = if at % 2 == 0 {
            Reply::success("AcceptPlayerSession", &frame.request_id)
        } else {
            Reply::failure("AcceptPlayerSession", &frame.request_id, 404, "no")
        };
        world.reply(&reply);
    }
    for (seat, call) in calls.iter().enumerate() {
        // The last call was answered first.
        assert_eq!(world.result(*call).is_ok(), (99 - seat) % 2 == 0, "{seat}");
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

pub(super) fn backfill() -> StartMatchBackfill {
    StartMatchBackfill {
        game_session_arn: GAME.into(),
        matchmaking_configuration_arn: "arn:aws:gamelift:us-west-2:123456789012:matchmakingconfiguration/mm".into(),
        ticket_id: String::new(),
        players: vec![BackfillPlayer::default()],
    }
}

#[test]
fn backfill_attribute_kinds() {
    let attributes = [
        (
            "skill",
            AttributeValue::Double(1.5),
            r#""skill":{"AttrType":"DOUBLE","N":1.5}"#,
        ),
        (
            "mode",
            AttributeValue::String("dm".into()),
            r#""mode":{"AttrType":"STRING","S":"dm"}"#,
        ),
        (
            "maps",
            AttributeValue::StringList(vec!["a".into(), "b".into()]),
            r#""maps":{"AttrType":"STRING_LIST","SL":["a","b"]}"#,
        ),
        (
            "w",
            AttributeValue::StringDoubleMap(BTreeMap::from([("k".to_owned(), 2.0)])),
            r#""w":{"AttrType":"STRING_DOUBLE_MAP","SDM":{"k":2.0}}"#,
        ),
    ];
    for (name, value, expected) in attributes {
        let mut world = World::hosting();
        let player = BackfillPlayer {
            player_id: "p1".into(),
            player_attributes: BTreeMap::from([(name.to_owned(), value)]),
            ..BackfillPlayer::default()
        };
        let start = StartMatchBackfill {
            players: vec![player],
            ..backfill()
        };
        world.call(Call::StartMatchBackfill(start));
        assert!(world.sent[0].2.contains(expected), "{}", world.sent[0].2);
    }
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
