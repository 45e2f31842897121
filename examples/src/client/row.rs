//! A session in the words of a table: the same in the window and on the terminal.

use bevy_game_session::client::{FoundSession, Reach};

/// The heads of the columns.
pub(super) const HEADS: [&str; 5] = ["Name", "Players", "Ping", "Where", "Version"];

/// What stands in the columns for a session.
pub(super) fn cells(found: &FoundSession) -> [String; 5] {
    let session = &found.game_session;
    let name = match found.obstacle {
        Some(obstacle) => format!("{}  ({})", session.name, obstacle.player_message().to_lowercase()),
        None => session.name.clone(),
    };
    let ping = found
        .ping
        .map_or("-".into(), |ping| format!("{} ms", ping.as_millis().max(1)));
    [
        name,
        format!("{} / {}", session.current_players, session.max_players),
        ping,
        place(found).into(),
        session.build.to_string(),
    ]
}

/// Where a session is.
pub(super) fn place(found: &FoundSession) -> &'static str {
    if found.reach == Reach::Lan {
        "Local network"
    } else {
        "Online"
    }
}
