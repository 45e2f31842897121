//! What is refused before anything is sent.

use super::{requests::backfill, *};
use crate::proto::message::{
    DescribePlayerSessions, GetFleetRoleCredentials, PlayerSessionCreationPolicy, StartMatchBackfill, StopMatchBackfill,
};

/// The call fails for this field, and nothing is sent.
pub(super) fn invalid(call: Call, field: &str) {
    let mut world = World::hosting();
    let id = world.call(call);
    let error = world.result(id).unwrap_err();
    assert!(
        matches!(&error, Error::Validation { field: named, .. } if *named == field),
        "{error}, not {field}"
    );
    assert!(world.sent.is_empty());
}

/// The call is sent.
fn valid(call: Call) {
    let mut world = World::hosting();
    let id = world.call(call);
    assert_eq!(world.sent.len(), 1, "{:?}", world.results(id));
}

fn by_game(id: String) -> DescribePlayerSessions {
    DescribePlayerSessions {
        game_session_id: Some(id),
        ..DescribePlayerSessions::default()
    }
}

fn role(arn: &str, name: &str) -> Call {
    Call::GetFleetRoleCredentials(GetFleetRoleCredentials {
        role_arn: arn.into(),
        role_session_name: name.into(),
    })
}

/// `text`, filled up to this many characters.
fn filled(text: &str, length: usize) -> String {
    format!("{text}{}", "x".repeat(length - text.len()))
}

#[test]
fn limits_table_at_and_over_each_limit() {
    let role_arn = "arn:aws:iam::123456789012:role/";
    let configuration = backfill().matchmaking_configuration_arn;
    let describe = |describe: DescribePlayerSessions| Call::DescribePlayerSessions(describe);
    let player = |length: usize| DescribePlayerSessions {
        player_id: Some("p".repeat(length)),
        ..DescribePlayerSessions::default()
    };
    let start = |change: &dyn Fn(&mut StartMatchBackfill)| {
        let mut start = backfill();
        change(&mut start);
        Call::StartMatchBackfill(start)
    };
    let stop = |game: String, ticket: String| {
        Call::StopMatchBackfill(StopMatchBackfill {
            game_session_arn: game,
            matchmaking_configuration_arn: configuration.clone(),
            ticket_id: ticket,
        })
    };
    let table = [
        (accept(&"p".repeat(256)), accept(&"p".repeat(257)), "player_session_id"),
        (
            Call::RemovePlayerSession("p".repeat(256)),
            Call::RemovePlayerSession("p".repeat(257)),
            "player_session_id",
        ),
        (
            describe(by_game("g".repeat(256))),
            describe(by_game("g".repeat(257))),
            "game_session_id",
        ),
        (describe(player(1024)), describe(player(1025)), "player_id"),
        (
            describe(DescribePlayerSessions {
                limit: Some(1024),
                ..player(1)
            }),
            describe(DescribePlayerSessions {
                limit: Some(1025),
                ..player(1)
            }),
            "limit",
        ),
        (
            start(&|start| start.game_session_arn = filled(GAME, 256)),
            start(&|start| start.game_session_arn = filled(GAME, 257)),
            "game_session_arn",
        ),
        (
            start(&|start| start.matchmaking_configuration_arn = filled(&configuration, 256)),
            start(&|start| start.matchmaking_configuration_arn = filled(&configuration, 257)),
            "matchmaking_configuration_arn",
        ),
        (
            start(&|start| start.ticket_id = "t".repeat(128)),
            start(&|start| start.ticket_id = "t".repeat(129)),
            "ticket_id",
        ),
        (
            stop(filled(GAME, 256), "t".into()),
            stop(filled(GAME, 257), "t".into()),
            "game_session_arn",
        ),
        (
            stop(GAME.into(), "t".repeat(128)),
            stop(GAME.into(), "t".repeat(129)),
            "ticket_id",
        ),
        (
            stop(GAME.into(), "t".into()),
            stop(GAME.into(), String::new()),
            "ticket_id",
        ),
        (
            role(&filled(role_arn, 256), "me"),
            role(&filled(role_arn, 257), "me"),
            "role_arn",
        ),
        (
            role(role_arn, &"m".repeat(64)),
            role(role_arn, &"m".repeat(65)),
            "role_session_name",
        ),
        (role(role_arn, "me"), role(role_arn, "m"), "role_session_name"),
        (
            Call::UpdatePlayerSessionCreationPolicy(PlayerSessionCreationPolicy::DenyAll),
            Call::UpdatePlayerSessionCreationPolicy(PlayerSessionCreationPolicy::from("MAYBE")),
            "policy",
        ),
    ];
    for (at, over, field) in table {
        valid(at);
        invalid(over, field);
    }
    for seat in ["", "a b", "psess-\u{e9}"] {
        invalid(accept(seat), "player_session_id");
    }
}

#[test]
fn role_arn_validation() {
    for good in [
        "arn:aws:iam::123456789012:role/x_y+z=,.@w",
        "arn:aws-cn:iam::123456789012:role/path/x",
    ] {
        valid(role(good, "me"));
    }
    for bad in ["", "role", "arn:aws:iam::123456789012:role/a b", "arn:\u{e9}"] {
        invalid(role(bad, "me"), "role_arn");
    }
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
