//! What a server process may do with its own game session and its player sessions.

use gamelift_server_sdk::proto::message::{
    DescribePlayerSessions, PlayerSession as WirePlayerSession, PlayerSessionCreationPolicy,
    PlayerSessionStatus as WireStatus, PlayerSessions,
};

use super::{
    World,
    chronicle::{About, Level},
    game_sessions::GameSession,
    keys::{GameSessionKey, PlayerSessionKey, ProcessKey},
    requests::{Answer, Answered, Failure},
};
use crate::model::{
    player_sessions::{DescribePlayerSessionsInput, PlayerSession},
    status::{GameSessionEvent, GameSessionStatus, PlayerSessionEvent, ProcessStatus},
    timestamp::Timestamp,
};

/// The most player sessions that a native SDK reads from one page.
const MAX_PAGE: u32 = 50;

impl World {
    pub(super) fn activate_game_session(&mut self, process: ProcessKey, arn: &str, now: Timestamp) -> Answered {
        if self.refused_activations > 0 {
            self.refused_activations -= 1;
            let why = "its activation was refused on purpose";
            self.tell(now, (Level::Warn, About::Fault), arn, why);
            return Err(Failure::bad_request("the activation was refused on purpose"));
        }
        let (key, session) = self.own_game_session(process, arn)?;
        let before = session.status;
        match before.after(GameSessionEvent::Activated) {
            Some(status) => {
                if before == GameSessionStatus::Activating
                    && let Some(session) = self.game_sessions.get_mut(&key)
                {
                    session.story.activated = Some(now);
                    session.status = status;
                }
                tracing::info!(game_session = %arn, "game session active");
                self.tell(now, (Level::Info, About::Session), arn, "active");
                self.note_for_search(key, now);
                self.placement_activated(key, now);
                Ok(Answer::Done)
            }
            None => Err(Failure::bad_request(format!(
                "the game session is {}, it cannot be activated",
                before.word()
            ))),
        }
    }

    pub(super) fn update_creation_policy(
        &mut self,
        process: ProcessKey,
        arn: &str,
        policy: &PlayerSessionCreationPolicy,
    ) -> Answered {
        let (key, _) = self.own_game_session(process, arn)?;
        let accepts_players = match policy {
            PlayerSessionCreationPolicy::AcceptAll => true,
            PlayerSessionCreationPolicy::DenyAll => false,
            _ => {
                return Err(Failure::bad_request(
                    "PlayerSessionPolicy must be ACCEPT_ALL or DENY_ALL",
                ));
            }
        };
        if let Some(session) = self.game_sessions.get_mut(&key) {
            session.accepts_players = accepts_players;
        }
        Ok(Answer::Done)
    }

    pub(super) fn accept_player_session(
        &mut self,
        process: ProcessKey,
        arn: &str,
        id: &str,
        now: Timestamp,
    ) -> Answered {
        let (game_session, session) = self.own_game_session(process, arn)?;
        if session.status != GameSessionStatus::Active {
            return Err(Failure::bad_request(format!(
                "the game session is {}, it takes no players",
                session.status.word()
            )));
        }
        let key = self.player_session_of(game_session, id)?;
        let before = self.player_sessions.get(&key).ok_or_else(gone)?.status;
        let Some(status) = before.after(PlayerSessionEvent::Accepted) else {
            return Err(Failure::bad_request(format!(
                "the player session is {}, expected RESERVED",
                before.word()
            )));
        };
        let player = self.player_sessions.get_mut(&key).ok_or_else(gone)?;
        player.status = status;
        player.story.accepted = Some(now);
        let accepted = format!("{} accepted", player.player_id);
        self.tell(now, (Level::Info, About::Player), id, accepted);
        Ok(Answer::Done)
    }

    pub(super) fn remove_player_session(
        &mut self,
        process: ProcessKey,
        arn: &str,
        id: &str,
        now: Timestamp,
    ) -> Answered {
        let (game_session, _) = self.own_game_session(process, arn)?;
        let key = self.player_session_of(game_session, id)?;
        let player = self.player_sessions.get(&key).ok_or_else(gone)?;
        if player.status.after(PlayerSessionEvent::Removed).is_none() {
            return Err(Failure::bad_request(format!(
                "the player session is {}, it holds no seat",
                player.status.word()
            )));
        }
        self.free_seat(key, PlayerSessionEvent::Removed, now);
        Ok(Answer::Done)
    }

    pub(super) fn describe_player_sessions_of_process(
        &mut self,
        process: ProcessKey,
        request: DescribePlayerSessions,
    ) -> Answered {
        let fleet_id = self.process(process)?.name.fleet_id.clone();
        let input = DescribePlayerSessionsInput {
            game_session_id: request.game_session_id,
            player_id: request.player_id,
            player_session_id: request.player_session_id,
            player_session_status_filter: request.player_session_status_filter,
            limit: Some(request.limit.unwrap_or(MAX_PAGE).min(MAX_PAGE)),
            next_token: request.next_token,
        };
        let page = self
            .find_player_sessions(&input, Some(&fleet_id))
            .map_err(|error| Failure::bad_request(error.message))?;
        Ok(Answer::PlayerSessions(PlayerSessions {
            next_token: page.next_token.unwrap_or_default(),
            player_sessions: page.player_sessions.into_iter().map(on_the_wire).collect(),
        }))
    }

    /// The process's game session, which it must name rightly.
    fn own_game_session(&self, process: ProcessKey, arn: &str) -> Result<(GameSessionKey, &GameSession), Failure> {
        let Some(process) = self.processes.get(&process) else {
            return Err(Failure::bad_request("the process is not known any more"));
        };
        if process.status == ProcessStatus::Ended {
            return Err(Failure::bad_request("the process has ended"));
        }
        let Some(key) = process.game_session else {
            return Err(Failure::bad_request("the process has no game session"));
        };
        match self.game_sessions.get(&key) {
            Some(session) if session.arn == arn => Ok((key, session)),
            _ => Err(Failure::bad_request(
                "GameSessionId is not the game session of this process",
            )),
        }
    }

    fn player_session_of(&self, game_session: GameSessionKey, id: &str) -> Result<PlayerSessionKey, Failure> {
        let Some(key) = self.player_session_ids.get(id).copied() else {
            return Err(Failure::not_found("there is no such player session"));
        };
        match self.player_sessions.get(&key) {
            Some(player) if player.game_session == game_session => Ok(key),
            _ => Err(Failure::bad_request(
                "the player session belongs to another game session",
            )),
        }
    }
}

fn gone() -> Failure {
    Failure::not_found("there is no such player session any more")
}

fn on_the_wire(player: PlayerSession) -> WirePlayerSession {
    let millis = |moment: Timestamp| i64::try_from(moment.as_millis()).unwrap_or(i64::MAX);
    WirePlayerSession {
        player_id: player.player_id,
        player_session_id: player.player_session_id,
        game_session_id: player.game_session_id,
        fleet_id: player.fleet_id,
        player_data: player.player_data.unwrap_or_default(),
        ip_address: player.ip_address.unwrap_or_default(),
        port: player.port,
        creation_time: millis(player.creation_time),
        termination_time: player.termination_time.map_or(0, millis),
        dns_name: player.dns_name.unwrap_or_default(),
        status: WireStatus::from(player.status.word()),
    }
}
