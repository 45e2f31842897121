//! Game sessions: describing, changing and ending them. Creating one is in `placement`.

use serde::{Deserialize, Serialize};

use std::collections::HashMap;

use super::{
    World,
    chronicle::{About, Level},
    keys::{GameSessionKey, PlayerSessionKey, ProcessKey},
    page::{self, DEFAULT_LIMIT, Scope},
    story::Story,
    words::Word,
};
use crate::model::{
    error::{ApiError, ErrorKind},
    game_sessions::{
        CreateGameSessionInput, DescribeGameSessionDetailsOutput, DescribeGameSessionsInput, GameProperty,
        GameSession as GameSessionModel, GameSessionDetail, GameSessionOutput, GameSessionsOutput,
        TerminateGameSessionInput, UpdateGameSessionInput,
    },
    status::{GameSessionEvent, GameSessionStatus, PlayerSessionEvent},
    timestamp::Timestamp,
};

/// The quota of player sessions in a game session.
pub(super) const MAX_PLAYER_SESSIONS: u32 = 200;
/// Game properties of one game session.
const MAX_PROPERTIES: usize = 16;
/// Ended game sessions that are remembered.
const MAX_ENDED: usize = 20_000;

/// A game session.
#[derive(Serialize, Deserialize)]
pub(super) struct GameSession {
    pub(super) arn: String,
    pub(super) fleet_id: String,
    pub(super) location: String,
    /// The call that created it, to recognise a repetition.
    pub(super) created_by: CreateGameSessionInput,
    pub(super) name: Option<String>,
    pub(super) maximum: u32,
    pub(super) properties: Vec<GameProperty>,
    pub(super) accepts_players: bool,
    pub(super) protection: String,
    pub(super) status: GameSessionStatus,
    pub(super) status_reason: Option<Word>,
    pub(super) created: Timestamp,
    pub(super) ended: Option<Timestamp>,
    pub(super) activate_until: Timestamp,
    pub(super) process: ProcessKey,
    pub(super) compute_name: String,
    pub(super) ip_address: Option<String>,
    pub(super) dns_name: Option<String>,
    pub(super) port: u16,
    /// Seats that are reserved or active. No row tells of them: they are counted anew from the player sessions.
    #[serde(skip)]
    pub(super) seats_taken: u32,
    #[serde(skip)]
    pub(super) player_sessions: Vec<PlayerSessionKey>,
    pub(super) story: Story,
}

impl World {
    pub(crate) fn describe_game_sessions(
        &mut self,
        input: DescribeGameSessionsInput,
        _: Timestamp,
    ) -> Result<GameSessionsOutput, ApiError> {
        let (keys, next_token) = self.select_game_sessions("DescribeGameSessions", &input)?;
        let sessions = keys.iter().filter_map(|key| self.game_sessions.get(key));
        Ok(GameSessionsOutput {
            game_sessions: sessions.map(|session| self.game_session_model(session)).collect(),
            next_token,
        })
    }

    pub(crate) fn describe_game_session_details(
        &mut self,
        input: DescribeGameSessionsInput,
        _: Timestamp,
    ) -> Result<DescribeGameSessionDetailsOutput, ApiError> {
        let (keys, next_token) = self.select_game_sessions("DescribeGameSessionDetails", &input)?;
        let sessions = keys.iter().filter_map(|key| self.game_sessions.get(key));
        let details = sessions.map(|session| GameSessionDetail {
            game_session: self.game_session_model(session),
            protection_policy: session.protection.clone(),
        });
        Ok(DescribeGameSessionDetailsOutput {
            game_session_details: details.collect(),
            next_token,
        })
    }

    fn select_game_sessions(
        &self,
        operation: &str,
        input: &DescribeGameSessionsInput,
    ) -> Result<(Vec<GameSessionKey>, Option<String>), ApiError> {
        let filter = input.status_filter.as_deref().map(status_filter).transpose()?;
        if let Some(arn) = &input.game_session_id {
            if input.fleet_id.is_some() || input.alias_id.is_some() {
                return Err(ApiError::invalid(
                    "exactly one of FleetId, AliasId and GameSessionId is needed",
                ));
            }
            let key = self.game_session_key(arn)?;
            let fits = filter.is_none_or(|filter| self.game_sessions[&key].status == filter);
            return Ok((if fits { vec![key] } else { Vec::new() }, None));
        }
        let fleet = self.fleet_or_alias(input.fleet_id.as_deref(), input.alias_id.as_deref())?;
        Self::check_location(fleet, input.location.as_deref())?;
        let sessions = self
            .game_sessions
            .iter()
            .filter(|(_, session)| session.fleet_id == fleet.id)
            .filter(|(_, session)| input.location.as_ref().is_none_or(|wanted| *wanted == session.location))
            .filter(|(_, session)| filter.is_none_or(|filter| session.status == filter))
            .map(|(key, _)| (key.0, *key));
        page::page(
            sessions,
            Scope::of((operation, &fleet.id, &input.location, &input.status_filter)),
            input.limit.unwrap_or(DEFAULT_LIMIT),
            input.next_token.as_deref(),
        )
    }

    /// Changes what the API shows. The server process is not told.
    pub(crate) fn update_game_session(
        &mut self,
        input: UpdateGameSessionInput,
        now: Timestamp,
    ) -> Result<GameSessionOutput, ApiError> {
        let key = self.game_session_key(&input.game_session_id)?;
        let session = self.game_session(key)?;
        if matches!(
            session.status,
            GameSessionStatus::Terminating | GameSessionStatus::Terminated
        ) {
            return Err(wrong_status(session.status, "it cannot be updated"));
        }
        if let Some(maximum) = input.maximum_player_session_count {
            check_maximum(maximum)?;
            if maximum < session.seats_taken {
                return Err(ApiError::invalid(
                    "MaximumPlayerSessionCount is below the number of taken seats",
                ));
            }
        }
        let properties = merged(&session.properties, input.game_properties)?;
        let session = self.game_session_mut(key)?;
        session.properties = properties;
        session.maximum = input.maximum_player_session_count.unwrap_or(session.maximum);
        session.name = input.name.or(session.name.take());
        if let Some(policy) = input.player_session_creation_policy {
            session.accepts_players = policy == "ACCEPT_ALL";
        }
        if let Some(protection) = input.protection_policy {
            session.protection = protection;
        }
        self.note_for_search(key, now);
        self.game_session_output(key)
    }

    pub(crate) fn terminate_game_session(
        &mut self,
        input: TerminateGameSessionInput,
        now: Timestamp,
    ) -> Result<GameSessionOutput, ApiError> {
        if input.termination_mode == "FORCE_TERMINATE" {
            return Err(ApiError::invalid(
                "FORCE_TERMINATE needs the GameLift Agent on the compute: use TRIGGER_ON_PROCESS_TERMINATE",
            ));
        }
        let key = self.game_session_key(&input.game_session_id)?;
        let status = self.game_session(key)?.status;
        if !self.ask_game_session_to_end(key, Some("TRIGGERED_ON_PROCESS_TERMINATE"), now) {
            return Err(wrong_status(status, "it cannot be terminated"));
        }
        self.game_session_output(key)
    }

    /// No player comes any more, and its process is told to end; whether there was anything to end.
    pub(super) fn ask_game_session_to_end(
        &mut self,
        key: GameSessionKey,
        reason: Option<&'static str>,
        now: Timestamp,
    ) -> bool {
        let session = self.game_sessions.get(&key);
        let Some(status) = session.and_then(|session| session.status.after(GameSessionEvent::AskedToEnd)) else {
            return false;
        };
        let Some(session) = self.game_sessions.get_mut(&key) else {
            return false;
        };
        session.status = status;
        session.status_reason = reason.map(Word).or(session.status_reason);
        session.story.asked_to_end = Some(now);
        let process = session.process;
        self.note_for_search(key, now);
        self.ask_to_end(process, now);
        true
    }

    pub(super) fn activation_timed_out(&mut self, key: GameSessionKey, now: Timestamp) {
        let Some(session) = self.game_sessions.get(&key) else {
            return;
        };
        if session.status != GameSessionStatus::Activating || session.activate_until > now {
            return;
        }
        let (process, fleet_id) = (session.process, session.fleet_id.clone());
        let message = "a game session was not activated in time";
        let arn = session.arn.clone();
        self.tell(now, (Level::Error, About::Session), &arn, message);
        self.record_event(&fleet_id, "GAME_SESSION_ACTIVATION_TIMEOUT", message, now);
        self.end_game_session(key, None, now);
        self.ask_to_end(process, now);
    }

    /// Closes the book of a game session: all who had a seat are completed.
    pub(super) fn end_game_session(&mut self, key: GameSessionKey, reason: Option<&'static str>, now: Timestamp) {
        let Some(session) = self.game_sessions.get_mut(&key) else {
            return;
        };
        let Some(status) = session.status.after(GameSessionEvent::Ended) else {
            return;
        };
        session.status = status;
        session.status_reason = session.status_reason.or(reason.map(Word));
        session.ended = Some(now);
        tracing::info!(game_session = %session.arn, "game session terminated");
        self.search.forget(&session.fleet_id, key);
        let (arn, players) = (session.arn.clone(), session.player_sessions.clone());
        for player in players {
            self.free_seat(player, PlayerSessionEvent::Removed, now);
        }
        self.tell(now, (Level::Info, About::Session), &arn, "terminated");
        self.placement_lost(key);
        self.ended_game_sessions.push_back(key);
        if self.ended_game_sessions.len() > MAX_ENDED
            && let Some(oldest) = self.ended_game_sessions.pop_front()
        {
            self.forget_game_session(oldest);
        }
    }

    fn forget_game_session(&mut self, key: GameSessionKey) {
        let Some(session) = self.game_sessions.remove(&key) else {
            return;
        };
        self.game_session_arns.remove(&session.arn);
        for player in session.player_sessions {
            if let Some(player) = self.player_sessions.remove(&player) {
                self.player_session_ids.remove(&player.id);
            }
        }
    }

    pub(super) fn game_session_key(&self, arn: &str) -> Result<GameSessionKey, ApiError> {
        self.game_session_arns
            .get(arn)
            .copied()
            .ok_or_else(|| ApiError::not_found(format!("there is no game session {arn}")))
    }

    pub(super) fn game_session(&self, key: GameSessionKey) -> Result<&GameSession, ApiError> {
        self.game_sessions
            .get(&key)
            .ok_or_else(|| ApiError::not_found("the game session is not known any more"))
    }

    fn game_session_mut(&mut self, key: GameSessionKey) -> Result<&mut GameSession, ApiError> {
        self.game_sessions
            .get_mut(&key)
            .ok_or_else(|| ApiError::not_found("the game session is not known any more"))
    }

    pub(super) fn game_session_output(&self, key: GameSessionKey) -> Result<GameSessionOutput, ApiError> {
        let session = self.game_session(key)?;
        Ok(GameSessionOutput {
            game_session: self.game_session_model(session),
        })
    }

    pub(super) fn game_session_model(&self, session: &GameSession) -> GameSessionModel {
        GameSessionModel {
            game_session_id: session.arn.clone(),
            name: session.name.clone(),
            fleet_id: session.fleet_id.clone(),
            fleet_arn: self.arn(&format!("fleet/{}", session.fleet_id)),
            creation_time: session.created,
            termination_time: session.ended,
            current_player_session_count: session.seats_taken,
            maximum_player_session_count: session.maximum,
            status: session.status,
            status_reason: session.status_reason.map(|word| word.0),
            game_properties: session.properties.clone(),
            ip_address: session.ip_address.clone(),
            dns_name: session.dns_name.clone(),
            port: session.port,
            player_session_creation_policy: if session.accepts_players {
                "ACCEPT_ALL"
            } else {
                "DENY_ALL"
            },
            creator_id: session.created_by.creator_id.clone(),
            game_session_data: session.created_by.game_session_data.clone(),
            matchmaker_data: None,
            location: session.location.clone(),
            compute_name: session.compute_name.clone(),
        }
    }
}

pub(super) fn check_maximum(maximum: u32) -> Result<(), ApiError> {
    if maximum > MAX_PLAYER_SESSIONS {
        return Err(ApiError::invalid(format!(
            "MaximumPlayerSessionCount must not be above {MAX_PLAYER_SESSIONS}"
        )));
    }
    Ok(())
}

pub(super) fn wrong_status(status: GameSessionStatus, consequence: &str) -> ApiError {
    let message = format!("the game session is {}, {consequence}", status.word());
    ApiError::new(ErrorKind::InvalidGameSessionStatus, message)
}

/// Properties are added or changed, never removed.
fn merged(old: &[GameProperty], new: Option<Vec<GameProperty>>) -> Result<Vec<GameProperty>, ApiError> {
    let mut properties = old.to_vec();
    let mut places: HashMap<String, usize> = properties
        .iter()
        .enumerate()
        .map(|(place, property)| (property.key.clone(), place))
        .collect();
    for property in new.unwrap_or_default() {
        if let Some(place) = places.get(&property.key) {
            properties[*place].value = property.value;
        } else {
            places.insert(property.key.clone(), properties.len());
            properties.push(property);
        }
    }
    if properties.len() > MAX_PROPERTIES {
        return Err(ApiError::invalid(format!(
            "a game session has at most {MAX_PROPERTIES} game properties"
        )));
    }
    Ok(properties)
}

fn status_filter(word: &str) -> Result<GameSessionStatus, ApiError> {
    match word {
        "ACTIVE" => Ok(GameSessionStatus::Active),
        "ACTIVATING" => Ok(GameSessionStatus::Activating),
        "TERMINATING" => Ok(GameSessionStatus::Terminating),
        "TERMINATED" => Ok(GameSessionStatus::Terminated),
        _ => Err(ApiError::invalid(
            "StatusFilter must be ACTIVE, ACTIVATING, TERMINATING or TERMINATED",
        )),
    }
}
