//! Golden JSON of every message, in both directions.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod replies;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Encodes to exactly this text, and reads back as the same request.
fn golden(request: impl Into<Request>, text: &str) {
    let request = request.into();
    assert_eq!(request.encode("r-1"), text);
    let frame = RequestFrame::decode(text).unwrap();
    assert_eq!(frame.request_id, "r-1");
    assert_eq!(frame.request, request);
}

fn golden_push(push: Push, text: &str) {
    assert_eq!(push.encode(), text);
    assert_eq!(FromService::decode(text).unwrap(), FromService::Push(push));
}

fn decode(text: &str) -> Request {
    RequestFrame::decode(text).unwrap().request
}

#[test]
fn requests_of_the_process_life_are_golden() {
    golden(
        ActivateServerProcess {
            sdk_version: "5.6.0".into(),
            sdk_language: "Rust".into(),
            sdk_tool_name: Some("Metrics".into()),
            sdk_tool_version: Some("1.0.0".into()),
            port: 7777,
            log_paths: vec!["/local/game/x.log".into()],
        },
        r#"{"Action":"ActivateServerProcess","RequestId":"r-1","SdkVersion":"5.6.0","SdkLanguage":"Rust","SdkToolName":"Metrics","SdkToolVersion":"1.0.0","Port":7777,"LogPaths":["/local/game/x.log"]}"#,
    );
    golden(
        HeartbeatServerProcess { health_status: true },
        r#"{"Action":"HeartbeatServerProcess","RequestId":"r-1","HealthStatus":true}"#,
    );
    golden(
        TerminateServerProcess {},
        r#"{"Action":"TerminateServerProcess","RequestId":"r-1"}"#,
    );
    golden(
        GetComputeCertificate {},
        r#"{"Action":"GetComputeCertificate","RequestId":"r-1"}"#,
    );
    golden(
        GetFleetRoleCredentials {
            role_arn: "arn:role".into(),
            role_session_name: "me".into(),
        },
        r#"{"Action":"GetFleetRoleCredentials","RequestId":"r-1","RoleArn":"arn:role","RoleSessionName":"me"}"#,
    );
}

#[test]
fn requests_of_the_game_session_are_golden() {
    golden(
        ActivateGameSession {
            game_session_id: "arn:g".into(),
        },
        r#"{"Action":"ActivateGameSession","RequestId":"r-1","GameSessionId":"arn:g"}"#,
    );
    golden(
        AcceptPlayerSession {
            game_session_id: "arn:g".into(),
            player_session_id: "psess-1".into(),
        },
        r#"{"Action":"AcceptPlayerSession","RequestId":"r-1","GameSessionId":"arn:g","PlayerSessionId":"psess-1"}"#,
    );
    golden(
        RemovePlayerSession {
            game_session_id: "arn:g".into(),
            player_session_id: "psess-1".into(),
        },
        r#"{"Action":"RemovePlayerSession","RequestId":"r-1","GameSessionId":"arn:g","PlayerSessionId":"psess-1"}"#,
    );
    golden(
        UpdatePlayerSessionCreationPolicy {
            game_session_id: "arn:g".into(),
            player_session_policy: PlayerSessionCreationPolicy::DenyAll,
        },
        r#"{"Action":"UpdatePlayerSessionCreationPolicy","RequestId":"r-1","GameSessionId":"arn:g","PlayerSessionPolicy":"DENY_ALL"}"#,
    );
    golden(
        DescribePlayerSessions {
            game_session_id: Some("arn:g".into()),
            player_session_status_filter: Some("ACTIVE".into()),
            limit: Some(10),
            ..DescribePlayerSessions::default()
        },
        r#"{"Action":"DescribePlayerSessions","RequestId":"r-1","GameSessionId":"arn:g","PlayerSessionStatusFilter":"ACTIVE","Limit":10}"#,
    );
}

#[test]
fn requests_leave_out_what_is_unset() {
    golden(
        ActivateServerProcess {
            port: 1,
            ..ActivateServerProcess::default()
        },
        r#"{"Action":"ActivateServerProcess","RequestId":"r-1","SdkVersion":"","SdkLanguage":"","Port":1,"LogPaths":[]}"#,
    );
    golden(
        DescribePlayerSessions {
            player_id: Some("p1".into()),
            next_token: Some("t".into()),
            ..DescribePlayerSessions::default()
        },
        r#"{"Action":"DescribePlayerSessions","RequestId":"r-1","PlayerId":"p1","NextToken":"t"}"#,
    );
    golden(
        DescribePlayerSessions {
            player_session_id: Some("psess-1".into()),
            ..DescribePlayerSessions::default()
        },
        r#"{"Action":"DescribePlayerSessions","RequestId":"r-1","PlayerSessionId":"psess-1"}"#,
    );
    golden_push(
        Push::TerminateProcess(TerminateProcess::default()),
        r#"{"Action":"TerminateProcess"}"#,
    );
}

#[test]
fn requests_of_the_backfill_are_golden() {
    let attributes = BTreeMap::from([
        ("maps".to_owned(), AttributeValue::StringList(vec!["a".into()])),
        ("mode".to_owned(), AttributeValue::String("dm".into())),
        ("skill".to_owned(), AttributeValue::Double(0.0)),
        (
            "w".to_owned(),
            AttributeValue::StringDoubleMap(BTreeMap::from([("k".to_owned(), 1.5)])),
        ),
    ]);
    let player = BackfillPlayer {
        player_id: "p1".into(),
        team: "red".into(),
        player_attributes: attributes,
        latency_in_ms: BTreeMap::from([("us-west-2".to_owned(), 20)]),
    };
    golden(
        StartMatchBackfill {
            game_session_arn: "arn:g".into(),
            matchmaking_configuration_arn: "arn:m".into(),
            ticket_id: String::new(),
            players: vec![player],
        },
        r#"{"Action":"StartMatchBackfill","RequestId":"r-1","GameSessionArn":"arn:g","MatchmakingConfigurationArn":"arn:m","TicketId":"","Players":[{"PlayerId":"p1","Team":"red","PlayerAttributes":{"maps":{"AttrType":"STRING_LIST","SL":["a"]},"mode":{"AttrType":"STRING","S":"dm"},"skill":{"AttrType":"DOUBLE","N":0.0},"w":{"AttrType":"STRING_DOUBLE_MAP","SDM":{"k":1.5}}},"LatencyInMs":{"us-west-2":20}}]}"#,
    );
    golden(
        StopMatchBackfill {
            game_session_arn: "arn:g".into(),
            matchmaking_configuration_arn: "arn:m".into(),
            ticket_id: "ticket-1".into(),
        },
        r#"{"Action":"StopMatchBackfill","RequestId":"r-1","GameSessionArn":"arn:g","MatchmakingConfigurationArn":"arn:m","TicketId":"ticket-1"}"#,
    );
}

#[test]
fn spellings_of_the_other_sdks_are_understood() {
    assert_eq!(
        decode(
            r#"{"action":"DescribePlayerSessions","requestid":"x","gameSessionId":"arn:g","PlayerId":null,"PlayerSessionId":"","NextToken":null,"Limit":0,"Extra":{"a":1}}"#
        ),
        Request::DescribePlayerSessions(DescribePlayerSessions {
            game_session_id: Some("arn:g".into()),
            ..DescribePlayerSessions::default()
        })
    );
    let Request::ActivateServerProcess(ready) =
        decode(r#"{"Action":"ActivateServerProcess","RequestId":"x","Port":7777,"LogPaths":null,"SdkToolName":""}"#)
    else {
        panic!("another request");
    };
    assert_eq!(
        (ready.port, ready.log_paths.len(), ready.sdk_tool_name),
        (7777, 0, None)
    );
    let Request::StartMatchBackfill(backfill) = decode(
        r#"{"Action":"StartMatchBackfill","RequestId":"x","Players":[{"PlayerId":"p1","PlayerAttributes":{"s":{"attrType":"STRING","S":"dm","N":0.0,"SL":null,"SDM":null}},"LatencyInMS":{"name":7}}]}"#,
    ) else {
        panic!("another request");
    };
    assert_eq!(
        backfill.players[0].player_attributes["s"],
        AttributeValue::String("dm".into())
    );
    assert_eq!(backfill.players[0].latency_in_ms["name"], 7);
}

#[test]
fn bad_requests_name_their_id_so_that_they_can_be_answered() {
    let unknown = RequestFrame::decode(r#"{"Action":"Dance","RequestId":"x"}"#).unwrap_err();
    assert_eq!(
        unknown,
        DecodeError::UnknownAction {
            action: "Dance".into(),
            request_id: "x".into()
        }
    );
    let bad = RequestFrame::decode(r#"{"Action":"ActivateServerProcess","RequestId":"x","Port":7777.0}"#).unwrap_err();
    assert!(matches!(bad, DecodeError::BadField { request_id, .. } if request_id == "x"));
    assert!(matches!(
        RequestFrame::decode("[]").unwrap_err(),
        DecodeError::NotAnObject { .. }
    ));
    assert!(matches!(
        RequestFrame::decode("{").unwrap_err(),
        DecodeError::NotAnObject { .. }
    ));
}

#[test]
fn pushes_are_golden() {
    let properties = BTreeMap::from([("map".to_owned(), "a".to_owned())]);
    golden_push(
        Push::CreateGameSession(CreateGameSession {
            game_session_id: "arn:g".into(),
            game_session_name: "room".into(),
            maximum_player_session_count: 4,
            port: 7777,
            ip_address: "127.0.0.1".into(),
            game_properties: properties.clone(),
            ..CreateGameSession::default()
        }),
        r#"{"Action":"CreateGameSession","GameSessionId":"arn:g","GameSessionName":"room","MaximumPlayerSessionCount":4,"Port":7777,"IpAddress":"127.0.0.1","DnsName":"","GameSessionData":"","MatchmakerData":"","GameProperties":{"map":"a"}}"#,
    );
    golden_push(
        Push::UpdateGameSession(UpdateGameSession {
            game_session: UpdatedGameSession {
                game_session_id: "arn:g".into(),
                name: "room".into(),
                fleet_id: "fleet-1".into(),
                maximum_player_session_count: 4,
                port: 7777,
                ip_address: "127.0.0.1".into(),
                matchmaker_data: r#"{"matchId":"m1"}"#.into(),
                game_properties: properties,
                ..UpdatedGameSession::default()
            },
            update_reason: UpdateReason::MatchmakingDataUpdated,
            backfill_ticket_id: "ticket-1".into(),
        }),
        r#"{"Action":"UpdateGameSession","GameSession":{"GameSessionId":"arn:g","Name":"room","FleetId":"fleet-1","MaximumPlayerSessionCount":4,"Port":7777,"IpAddress":"127.0.0.1","DnsName":"","GameSessionData":"","MatchmakerData":"{\"matchId\":\"m1\"}","GameProperties":{"map":"a"}},"UpdateReason":"MATCHMAKING_DATA_UPDATED","BackfillTicketId":"ticket-1"}"#,
    );
    golden_push(
        Push::TerminateProcess(TerminateProcess {
            termination_time: Some(1_795_342_818_136),
        }),
        r#"{"Action":"TerminateProcess","TerminationTime":1795342818136}"#,
    );
    golden_push(
        Push::RefreshConnection(RefreshConnection {
            refresh_connection_endpoint: "wss://host:1".into(),
            auth_token: "token".into(),
        }),
        r#"{"Action":"RefreshConnection","RefreshConnectionEndpoint":"wss://host:1","AuthToken":"token"}"#,
    );
}

#[test]
fn secrets_of_pushes_are_not_in_their_debug() {
    let push = RefreshConnection {
        refresh_connection_endpoint: "wss://h".into(),
        auth_token: "hush".into(),
    };
    let session = CreateGameSession {
        game_session_data: "hush".into(),
        ..CreateGameSession::default()
    };
    assert!(!format!("{push:?}{session:?}").contains("hush"));
}

#[test]
fn a_status_that_is_no_integer_is_no_status() {
    for status in ["200.0", "\"200\"", "null", "99999999", "-1", "{}"] {
        let text = format!(r#"{{"Action":"A","RequestId":"r","StatusCode":{status}}}"#);
        let FromService::Reply(reply) = FromService::decode(&text).unwrap() else {
            panic!("a push")
        };
        assert_eq!(reply.status_code, None, "{status}");
    }
}

#[test]
fn words_keep_what_they_do_not_know() {
    assert_eq!(UpdateReason::from("NEW_REASON").as_str(), "NEW_REASON");
    for word in [
        "MATCHMAKING_DATA_UPDATED",
        "BACKFILL_FAILED",
        "BACKFILL_TIMED_OUT",
        "BACKFILL_CANCELLED",
    ] {
        assert!(!matches!(UpdateReason::from(word), UpdateReason::Unknown(_)));
        assert_eq!(UpdateReason::from(word).as_str(), word);
    }
}

proptest! {
    #[test]
    fn a_decoder_never_panics(text in ".{0,200}") {
        drop(RequestFrame::decode(&text));
        drop(FromService::decode(&text));
    }

    #[test]
    fn json_of_any_shape_never_panics_and_what_is_understood_survives_the_wire(
        action in prop::sample::select(vec![
            "ActivateServerProcess", "DescribePlayerSessions", "StartMatchBackfill", "CreateGameSession", "UpdateGameSession",
            "TerminateProcess", "RefreshConnection", "GetFleetRoleCredentials", "Dance",
        ]),
        key in prop::sample::select(vec![
            "Port", "port", "LogPaths", "Players", "GameSession", "GameProperties", "Limit", "NextToken", "TerminationTime",
            "StatusCode", "PlayerSessions", "AuthToken", "Name",
        ]),
        value in prop::sample::select(vec![
            "null", "0", "-1", "7777", "7777.0", "65536", "1e400", "\"\"", "\"x\"", "[]", "[null]", "[{}]", "{}", "{\"a\":null}",
            "{\"a\":\"b\"}", "true", "[[[[[[[[[[[[[]]]]]]]]]]]]]", "18446744073709551616",
        ]),
        id in prop::sample::select(vec!["", "r-1", "\u{e9}"]),
        cut in 0_usize..200,
    ) {
        let text = format!(r#"{{"Action":"{action}","RequestId":"{id}","{key}":{value}}}"#);
        for text in [text.as_str(), text.get(..cut).unwrap_or_default()] {
            if let Ok(frame) = RequestFrame::decode(text) {
                prop_assert_eq!(RequestFrame::decode(&frame.request.encode(&frame.request_id)), Ok(frame));
            }
            match FromService::decode(text) {
                Ok(FromService::Push(push)) => {
                    prop_assert_eq!(FromService::decode(&push.encode()), Ok(FromService::Push(push)));
                }
                Ok(FromService::Reply(reply)) => {
                    drop(reply.result::<PlayerSessions>());
                    drop(reply.result::<FleetRoleCredentials>());
                    prop_assert_eq!(FromService::decode(&reply.encode()), Ok(FromService::Reply(reply)));
                }
                Err(_) => {}
            }
        }
    }

    #[test]
    fn encode_then_decode_is_identity(game in ".{0,40}", player in ".{0,40}", id in ".{1,40}") {
        let request = Request::from(AcceptPlayerSession { game_session_id: game, player_session_id: player });
        let frame = RequestFrame::decode(&request.encode(&id)).unwrap();
        prop_assert_eq!(frame, RequestFrame { request_id: id, request });
    }
}
