//! One game session in detail: its properties, and its time line from the call that wanted it to the last player's end.

use serde::Serialize;

use crate::{
    model::{
        game_sessions::GameProperty,
        status::{GameSessionStatus, PlayerSessionStatus},
        timestamp::Timestamp,
    },
    world::{World, game_sessions::GameSession},
};

/// Player sessions whose moments are told, the newest ones.
const MAX_PLAYERS: usize = 200;

/// A game session in detail.
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    id: String,
    name: Option<String>,
    status: &'static str,
    reason: Option<&'static str>,
    fleet: String,
    location: String,
    compute: String,
    process: String,
    address: Option<String>,
    port: u16,
    taken: u32,
    maximum: u32,
    open: bool,
    over: bool,
    creator: Option<String>,
    properties: Vec<GameProperty>,
    /// The trace id in the session data.
    data_trace: Option<String>,
    /// The trace id of the request that led to it.
    request_trace: Option<String>,
    moments: Vec<Moment>,
    /// Player sessions that are not on the time line.
    older_players: usize,
}

/// Something that happened to a game session.
#[derive(Debug, Serialize)]
struct Moment {
    /// Milliseconds since the Unix epoch.
    at: u64,
    kind: &'static str,
    /// Which player, or what else there is to say.
    who: Option<String>,
    trace: Option<String>,
}

impl World {
    pub(super) fn detail(&self, arn: &str) -> Option<Detail> {
        let session = self.game_sessions.get(self.game_session_arns.get(arn)?)?;
        let process = self.processes.get(&session.process);
        let process = process.map_or_else(String::new, |process| process.name.process_id.clone());
        let mut moments = moments_of(session, &process);
        let older = session.player_sessions.len().saturating_sub(MAX_PLAYERS);
        for player in session.player_sessions.iter().skip(older) {
            let Some(player) = self.player_sessions.get(player) else {
                continue;
            };
            let mut add = |at: Option<Timestamp>, kind, trace: Option<&String>| {
                moments.extend(at.map(|at| Moment {
                    at: at.as_millis(),
                    kind,
                    who: Some(player.player_id.clone()),
                    trace: trace.cloned(),
                }));
            };
            let end = match player.status {
                PlayerSessionStatus::TimedOut => "lapsed",
                _ => "removed",
            };
            add(Some(player.created), "reserved", player.story.request_trace.as_ref());
            add(player.story.accepted, "accepted", None);
            add(player.ended, end, None);
        }
        // a stable sort: what happened in the same millisecond stays in the order of life
        moments.sort_by_key(|moment| moment.at);
        Some(Detail {
            id: session.arn.clone(),
            name: session.name.clone(),
            status: session.status.word(),
            reason: session.status_reason.map(|word| word.0),
            fleet: session.fleet_id.clone(),
            location: session.location.clone(),
            compute: session.compute_name.clone(),
            process,
            address: session.ip_address.clone().or_else(|| session.dns_name.clone()),
            port: session.port,
            taken: session.seats_taken,
            maximum: session.maximum,
            open: session.accepts_players,
            over: session.status == GameSessionStatus::Terminated,
            creator: session.created_by.creator_id.clone(),
            properties: session.properties.clone(),
            data_trace: session.story.data_trace.clone(),
            request_trace: session.story.request_trace.clone(),
            moments,
            older_players: older,
        })
    }
}

fn moments_of(session: &GameSession, process: &str) -> Vec<Moment> {
    let story = &session.story;
    let moment = |at: Option<Timestamp>, kind, who: Option<&str>| {
        at.map(|at| Moment {
            at: at.as_millis(),
            kind,
            who: who.filter(|who| !who.is_empty()).map(ToOwned::to_owned),
            trace: None,
        })
    };
    let mut called = moment(story.called, "called", None);
    if let Some(called) = &mut called {
        called.trace.clone_from(&story.request_trace);
    }
    called
        .into_iter()
        .chain(moment(Some(session.created), "pushed", Some(process)))
        .chain(moment(story.activated, "activated", None))
        .chain(moment(story.asked_to_end, "asked_to_end", None))
        .chain(moment(session.ended, "ended", session.status_reason.map(|word| word.0)))
        .collect()
}
