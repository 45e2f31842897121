//! What is remembered has a bound, and what changes nothing writes nothing.

use serde_json::json;

use super::rig::Rig;
use crate::{
    model::status::PlayerSessionStatus,
    world::{About, Level, Refused, Settings},
};

#[test]
fn of_the_players_who_left_a_game_session_only_the_last_thousand_are_remembered() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let stays = rig.reserve(&arn).unwrap().player_session_id;
    assert_eq!(rig.accept(socket, &arn, &stays), 200);
    let mut left = Vec::new();
    for _ in 0..1_002 {
        let seat = rig.reserve(&arn).unwrap().player_session_id;
        assert_eq!(rig.remove(socket, &arn, &seat), 200);
        left.push(seat);
    }
    assert_eq!(rig.world.player_sessions.len(), 1_001);
    assert_eq!(rig.world.player_session_ids.len(), 1_001);
    assert_eq!(rig.player_status(&stays), PlayerSessionStatus::Active);
    for (seat, known) in [(&left[0], false), (&left[1], false), (&left[2], true)] {
        let found = rig.call("DescribePlayerSessions", json!({"PlayerSessionId": seat}));
        assert_eq!(found.is_ok(), known);
    }
    assert_eq!(rig.world.broken_invariant(), None);
}

/// The kinds of the rows that changed since the last time.
fn changed(rig: &mut Rig) -> Vec<String> {
    let rows = rig.world.take_changes(rig.now).into_iter();
    let kinds = rows.map(|row| row.name.split('/').next().unwrap_or_default().to_owned());
    kinds.filter(|kind| kind != "meta").collect()
}

#[test]
fn a_refused_or_reading_call_writes_no_row_and_a_seat_only_its_own() {
    let mut rig = Rig::new();
    rig.world.watch_changes();
    let (socket, arn) = rig.playing();
    changed(&mut rig);
    let seat = rig.reserve(&arn).unwrap().player_session_id;
    assert_eq!(changed(&mut rig), ["player_sessions"]);
    assert_eq!(rig.accept(socket, &arn, &seat), 200);
    assert_eq!(changed(&mut rig), ["processes", "player_sessions"], "and its reply");
    rig.reserve(&arn).unwrap();
    changed(&mut rig);
    assert!(rig.reserve(&arn).is_err(), "full");
    for (operation, body, answered) in [
        (
            "GetPlayerConnectionDetails",
            json!({"GameSessionId": arn, "PlayerIds": ["ann"]}),
            true,
        ),
        ("GetGameSessionLogUrl", json!({"GameSessionId": arn}), false),
        ("DescribeGameSessions", json!({"GameSessionId": arn}), true),
        (
            "UpdateGameSession",
            json!({"GameSessionId": arn, "MaximumPlayerSessionCount": 1}),
            false,
        ),
    ] {
        assert_eq!(rig.call(operation, body).is_ok(), answered, "{operation}");
    }
    assert_eq!(changed(&mut rig), [""; 0]);
    assert_eq!(rig.remove(socket, &arn, &seat), 200);
    assert_eq!(changed(&mut rig), ["processes", "player_sessions"]);
}

#[test]
fn a_line_of_the_log_is_short_whatever_was_sent() {
    let mut rig = Rig::new();
    let long = "é".repeat(40_000);
    rig.world.tell(rig.now, (Level::Warn, About::Call), &long, long.clone());
    let told = rig.world.chronicle.since(0, 1, false);
    let line = told.last().unwrap();
    assert!(
        line.subject.len() < 1_000 && line.text.len() < 2_000,
        "{} {}",
        line.subject.len(),
        line.text.len()
    );
}

#[test]
fn there_are_no_more_sockets_than_there_may_be() {
    let mut rig = Rig::with(Settings {
        max_sockets: 2,
        ..Settings::default()
    });
    let first = rig.connect("process-1");
    rig.connect("process-1");
    assert_eq!(rig.try_connect("process-2"), Err(Refused::NoRoom));
    rig.world.disconnect(first, rig.now);
    assert!(rig.try_connect("process-2").is_ok());
}
