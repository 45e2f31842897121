//! Player sessions: seats that are reserved, taken, given back, or lapse.

use serde::{Deserialize, Serialize};

use super::{
    World,
    chronicle::{About, Level},
    game_sessions::wrong_status,
    keys::{GameSessionKey, PlayerSessionKey},
    page::{self, DEFAULT_LIMIT, Scope},
    story::SeatStory,
    timers::Timer,
};
use crate::model::{
    error::{ApiError, ErrorKind},
    player_sessions::{
        CreatePlayerSessionInput, CreatePlayerSessionOutput, CreatePlayerSessionsInput, DescribePlayerSessionsInput,
        PlayerSession as PlayerSessionModel, PlayerSessionsOutput,
    },
    status::{GameSessionStatus, PlayerSessionEvent, PlayerSessionStatus},
    timestamp::Timestamp,
};

/// Ended player sessions of one game session that are remembered.
const MAX_ENDED: usize = 1_000;

/// A seat in a game session.
#[derive(Serialize, Deserialize)]
pub(super) struct PlayerSession {
    pub(super) id: String,
    pub(super) game_session: GameSessionKey,
    pub(super) player_id: String,
    data: Option<String>,
    pub(super) status: PlayerSessionStatus,
    pub(super) created: Timestamp,
    pub(super) ended: Option<Timestamp>,
    pub(super) reserved_until: Timestamp,
    pub(super) story: SeatStory,
}

impl World {
    pub(crate) fn create_player_session(
        &mut self,
        input: CreatePlayerSessionInput,
        now: Timestamp,
    ) -> Result<CreatePlayerSessionOutput, ApiError> {
        let game_session = self.check_seats(&input.game_session_id, 1)?;
        let key = self.reserve(game_session, input.player_id, input.player_data, now)?;
        let player_session = self.player_session_model(key)?;
        Ok(CreatePlayerSessionOutput { player_session })
    }

    /// Reserves a seat for each player, or none.
    pub(crate) fn create_player_sessions(
        &mut self,
        input: CreatePlayerSessionsInput,
        now: Timestamp,
    ) -> Result<PlayerSessionsOutput, ApiError> {
        let wanted = u32::try_from(input.player_ids.len()).unwrap_or(u32::MAX);
        let game_session = self.check_seats(&input.game_session_id, wanted)?;
        let mut data = input.player_data_map.unwrap_or_default();
        let mut player_sessions = Vec::with_capacity(input.player_ids.len());
        for player_id in input.player_ids {
            let data = data.remove(&player_id);
            let key = self.reserve(game_session, player_id, data, now)?;
            player_sessions.push(self.player_session_model(key)?);
        }
        Ok(PlayerSessionsOutput {
            player_sessions,
            next_token: None,
        })
    }

    pub(crate) fn describe_player_sessions(
        &mut self,
        input: DescribePlayerSessionsInput,
        _: Timestamp,
    ) -> Result<PlayerSessionsOutput, ApiError> {
        if let Some(arn) = &input.game_session_id {
            self.game_session_key(arn)?;
        }
        if let Some(id) = &input.player_session_id
            && !self.player_session_ids.contains_key(id)
        {
            return Err(ApiError::not_found(format!("there is no player session {id}")));
        }
        self.find_player_sessions(&input, None)
    }

    /// One page of player sessions, of one fleet only if one is named. An id that nobody knows finds nothing.
    pub(super) fn find_player_sessions(
        &self,
        input: &DescribePlayerSessionsInput,
        fleet_id: Option<&str>,
    ) -> Result<PlayerSessionsOutput, ApiError> {
        let filter = input
            .player_session_status_filter
            .as_deref()
            .map(status_filter)
            .transpose()?;
        let keys: Vec<PlayerSessionKey> = match (&input.game_session_id, &input.player_id, &input.player_session_id) {
            (Some(arn), None, None) => {
                let session = self
                    .game_session_arns
                    .get(arn)
                    .and_then(|key| self.game_sessions.get(key));
                let players = session.map_or(&[][..], |session| &session.player_sessions);
                players
                    .iter()
                    .copied()
                    .filter(|key| self.has_status(*key, filter))
                    .collect()
            }
            // The status filter is for whole game sessions only.
            (None, Some(player_id), None) => self
                .player_sessions
                .iter()
                .filter(|(_, player)| player.player_id == *player_id)
                .map(|(key, _)| *key)
                .collect(),
            (None, None, Some(id)) => self.player_session_ids.get(id).copied().into_iter().collect(),
            _ => {
                return Err(ApiError::invalid(
                    "exactly one of GameSessionId, PlayerId and PlayerSessionId is needed",
                ));
            }
        };
        let of_fleet = |key: &PlayerSessionKey| {
            fleet_id.is_none_or(|fleet_id| {
                let player = self.player_sessions.get(key);
                let session = player.and_then(|player| self.game_sessions.get(&player.game_session));
                session.is_some_and(|session| session.fleet_id == fleet_id)
            })
        };
        let scope = Scope::of((
            "DescribePlayerSessions",
            &input.game_session_id,
            &input.player_id,
            &input.player_session_id,
            &input.player_session_status_filter,
        ));
        let (keys, next_token) = page::page(
            keys.into_iter().filter(of_fleet).map(|key| (key.0, key)),
            scope,
            input.limit.unwrap_or(DEFAULT_LIMIT),
            input.next_token.as_deref(),
        )?;
        let player_sessions = keys
            .into_iter()
            .map(|key| self.player_session_model(key))
            .collect::<Result<_, _>>()?;
        Ok(PlayerSessionsOutput {
            player_sessions,
            next_token,
        })
    }

    fn has_status(&self, key: PlayerSessionKey, filter: Option<PlayerSessionStatus>) -> bool {
        filter.is_none_or(|filter| {
            self.player_sessions
                .get(&key)
                .is_some_and(|player| player.status == filter)
        })
    }

    fn check_seats(&self, arn: &str, wanted: u32) -> Result<GameSessionKey, ApiError> {
        let key = self.game_session_key(arn)?;
        let session = self.game_session(key)?;
        if session.status != GameSessionStatus::Active {
            return Err(wrong_status(session.status, "it takes no player sessions"));
        }
        if !session.accepts_players {
            return Err(ApiError::new(
                ErrorKind::InvalidGameSessionStatus,
                "the game session does not accept new player sessions (DENY_ALL)",
            ));
        }
        if session.seats_taken.saturating_add(wanted) > session.maximum {
            return Err(ApiError::new(
                ErrorKind::GameSessionFull,
                format!("{} of {} seats are taken", session.seats_taken, session.maximum),
            ));
        }
        Ok(key)
    }

    fn reserve(
        &mut self,
        game_session: GameSessionKey,
        player_id: String,
        data: Option<String>,
        now: Timestamp,
    ) -> Result<PlayerSessionKey, ApiError> {
        let key = PlayerSessionKey(self.next_serial());
        let id = self.new_id("psess-");
        let Some(session) = self.game_sessions.get_unkept(&game_session) else {
            return Err(ApiError::not_found("the game session is not known any more"));
        };
        session.seats_taken += 1;
        session.player_sessions.push(key);
        self.note_for_search(game_session, now);
        let reserved_until = now + self.settings.reservation_timeout;
        self.timers.set(reserved_until, Timer::Reservation(key));
        self.player_session_ids.insert(id.clone(), key);
        let player = PlayerSession {
            id,
            game_session,
            player_id,
            data,
            status: PlayerSessionStatus::Reserved,
            created: now,
            ended: None,
            reserved_until,
            story: self.seat_story(),
        };
        let reserved = format!("{} has a seat", player.player_id);
        let id = player.id.clone();
        self.tell(now, (Level::Info, About::Player), &id, reserved);
        self.player_sessions.insert(key, player);
        Ok(key)
    }

    /// Reserves a seat for a placed player; its id.
    pub(super) fn reserve_placed(
        &mut self,
        game_session: GameSessionKey,
        player_id: String,
        data: Option<String>,
        now: Timestamp,
    ) -> Result<String, ApiError> {
        let key = self.reserve(game_session, player_id, data, now)?;
        let id = self.player_sessions.get(&key).map(|player| player.id.clone());
        Ok(id.unwrap_or_default())
    }

    pub(super) fn reservation_timed_out(&mut self, key: PlayerSessionKey, now: Timestamp) {
        let due = self
            .player_sessions
            .get(&key)
            .is_some_and(|player| player.status == PlayerSessionStatus::Reserved && player.reserved_until <= now);
        if due {
            self.free_seat(key, PlayerSessionEvent::Lapsed, now);
        }
    }

    /// Ends a player session that holds a seat; one that holds none is left as it is.
    pub(super) fn free_seat(&mut self, key: PlayerSessionKey, event: PlayerSessionEvent, now: Timestamp) {
        let Some(player) = self.player_sessions.get_mut(&key) else {
            return;
        };
        if !player.status.holds_a_seat() {
            return;
        }
        let Some(status) = player.status.after(event) else {
            return;
        };
        player.status = status;
        player.ended = Some(now);
        let (id, gone) = (player.id.clone(), format!("{} is {}", player.player_id, status.word()));
        let game_session = player.game_session;
        if let Some(session) = self.game_sessions.get_unkept(&game_session) {
            session.seats_taken = session.seats_taken.saturating_sub(1);
        }
        self.note_for_search(game_session, now);
        self.tell(now, (Level::Info, About::Player), &id, gone);
        self.forget_oldest_player(game_session);
    }

    /// Of the players who left a game session only the last are remembered.
    fn forget_oldest_player(&mut self, game_session: GameSessionKey) {
        let Some(session) = self.game_sessions.get_unkept(&game_session) else {
            return;
        };
        let taken = usize::try_from(session.seats_taken).unwrap_or(usize::MAX);
        if session.player_sessions.len().saturating_sub(taken) <= MAX_ENDED {
            return;
        }
        let known = &self.player_sessions;
        let has_left = |key: &PlayerSessionKey| known.get(key).is_none_or(|player| !player.status.holds_a_seat());
        if let Some(place) = session.player_sessions.iter().position(has_left) {
            let oldest = session.player_sessions.remove(place);
            if let Some(player) = self.player_sessions.remove(&oldest) {
                self.player_session_ids.remove(&player.id);
            }
        }
    }

    fn player_session_model(&self, key: PlayerSessionKey) -> Result<PlayerSessionModel, ApiError> {
        let found = self.player_sessions.get(&key).and_then(|player| {
            let session = self.game_sessions.get(&player.game_session)?;
            Some((player, session))
        });
        let Some((player, session)) = found else {
            return Err(ApiError::not_found("the player session is not known any more"));
        };
        Ok(PlayerSessionModel {
            player_session_id: player.id.clone(),
            player_id: player.player_id.clone(),
            game_session_id: session.arn.clone(),
            fleet_id: session.fleet_id.clone(),
            fleet_arn: self.arn(&format!("fleet/{}", session.fleet_id)),
            creation_time: player.created,
            termination_time: player.ended,
            status: player.status,
            ip_address: session.ip_address.clone(),
            dns_name: session.dns_name.clone(),
            port: session.port,
            player_data: player.data.clone(),
        })
    }
}

fn status_filter(word: &str) -> Result<PlayerSessionStatus, ApiError> {
    match word {
        "RESERVED" => Ok(PlayerSessionStatus::Reserved),
        "ACTIVE" => Ok(PlayerSessionStatus::Active),
        "COMPLETED" => Ok(PlayerSessionStatus::Completed),
        "TIMEDOUT" => Ok(PlayerSessionStatus::TimedOut),
        _ => Err(ApiError::invalid(
            "PlayerSessionStatusFilter must be RESERVED, ACTIVE, COMPLETED or TIMEDOUT",
        )),
    }
}
