//! Placing a new game session on a free server process.

use std::{collections::BTreeSet, time::Duration};

use gamelift_server_sdk::proto::message::{CreateGameSession, Push};

use super::{
    World,
    chronicle::{About, Level},
    game_sessions::{GameSession, check_maximum},
    keys::{GameSessionKey, ProcessKey},
    place_order::Place,
    story::Story,
    timers::Timer,
};
use crate::model::{
    error::{ApiError, ErrorKind},
    game_sessions::{CreateGameSessionInput, GameProperty, GameSessionOutput},
    placements::StartPlacementInput,
    status::GameSessionStatus,
    timestamp::Timestamp,
};

/// What a valid call comes down to.
struct Wish {
    call: CreateGameSessionInput,
    fleet_id: String,
    location: String,
    protection: String,
    activation_timeout: Duration,
}

impl World {
    pub(crate) fn create_game_session(
        &mut self,
        input: CreateGameSessionInput,
        now: Timestamp,
    ) -> Result<GameSessionOutput, ApiError> {
        let wish = self.understood(input)?;
        let id = wish
            .call
            .idempotency_token
            .clone()
            .or_else(|| wish.call.game_session_id.clone());
        let arn = id.map(|id| self.game_session_arn(&wish, &id));
        if let Some(key) = arn.as_ref().and_then(|arn| self.game_session_arns.get(arn)).copied() {
            return self.repeated(&wish, key);
        }
        self.check_creator(&wish, now)?;
        let place = (wish.fleet_id.clone(), wish.location.clone());
        let Some(process) = self.idle.get(&place).and_then(|idle| idle.first()).copied() else {
            return Err(ApiError::new(
                ErrorKind::FleetCapacityExceeded,
                format!(
                    "no process on fleet {} in {} could be reserved: is a server process ready and healthy there?",
                    wish.fleet_id, wish.location
                ),
            ));
        };
        let arn = arn.unwrap_or_else(|| {
            let id = self.new_id("gsess-");
            self.game_session_arn(&wish, &id)
        });
        let key = self.place(wish, arn, process, now)?;
        self.game_session_output(key)
    }

    fn understood(&self, mut call: CreateGameSessionInput) -> Result<Wish, ApiError> {
        let fleet = self.fleet_or_alias(call.fleet_id.as_deref(), call.alias_id.as_deref())?;
        let Some(location) = call.location.clone() else {
            return Err(ApiError::invalid(
                "an Anywhere fleet needs a Location: one of ListCompute's",
            ));
        };
        Self::check_location(fleet, Some(&location))?;
        check_maximum(call.maximum_player_session_count)?;
        if call.idempotency_token.is_some() && call.game_session_id.is_some() {
            return Err(ApiError::invalid(
                "only one of IdempotencyToken and GameSessionId can be given",
            ));
        }
        let properties = call.game_properties.as_deref().unwrap_or_default();
        let keys: BTreeSet<&str> = properties.iter().map(|property| property.key.as_str()).collect();
        if keys.len() != properties.len() {
            return Err(ApiError::invalid("two GameProperties have the same Key"));
        }
        call.fleet_id = Some(fleet.id.clone());
        Ok(Wish {
            call,
            fleet_id: fleet.id.clone(),
            location,
            protection: fleet.protection.clone(),
            activation_timeout: fleet.activation_timeout,
        })
    }

    fn game_session_arn(&self, wish: &Wish, id: &str) -> String {
        format!(
            "arn:aws:gamelift:{}::gamesession/{}/{}/{id}",
            self.settings.region, wish.fleet_id, wish.location
        )
    }

    /// The same token again: the same game session as it is now, provided that the rest of the call is the same too.
    fn repeated(&self, wish: &Wish, key: GameSessionKey) -> Result<GameSessionOutput, ApiError> {
        let same = self
            .game_sessions
            .get(&key)
            .is_some_and(|session| session.created_by == wish.call);
        if wish.call.idempotency_token.is_none() {
            Err(ApiError::new(
                ErrorKind::Conflict,
                "there is already a game session with this GameSessionId",
            ))
        } else if same {
            self.game_session_output(key)
        } else {
            Err(ApiError::new(
                ErrorKind::IdempotentParameterMismatch,
                "the IdempotencyToken was used with other parameters",
            ))
        }
    }

    fn check_creator(&mut self, wish: &Wish, now: Timestamp) -> Result<(), ApiError> {
        let policy = self.fleet(&wish.fleet_id)?.limit_policy;
        let Some((policy, most)) = policy.and_then(|policy| Some((policy, policy.new_game_sessions_per_creator?)))
        else {
            let creator = wish.call.creator_id.as_deref().filter(|_| self.settings.throttled);
            return match creator {
                Some(creator) if !self.turns.allows_creator(&wish.fleet_id, creator, now) => {
                    Err(ApiError::new(ErrorKind::Throttling, "Rate exceeded"))
                }
                _ => Ok(()),
            };
        };
        let Some(creator) = &wish.call.creator_id else {
            return Err(ApiError::invalid(
                "the fleet limits game sessions per creator: CreatorId is needed",
            ));
        };
        let period = Duration::from_secs(60 * u64::from(policy.policy_period_in_minutes.unwrap_or(60)));
        let recent = self
            .game_sessions
            .values()
            .rev()
            .take_while(|session| now.since(session.created) < period)
            .filter(|session| session.fleet_id == wish.fleet_id)
            .filter(|session| session.created_by.creator_id.as_ref() == Some(creator));
        if recent.count() >= usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(ApiError::new(
                ErrorKind::LimitExceeded,
                "the creator has made as many game sessions as the fleet's policy allows",
            ));
        }
        Ok(())
    }

    /// Places what a queue was asked for; the placement's id is the game session's, unless that is taken.
    pub(super) fn place_for_queue(
        &mut self,
        call: StartPlacementInput,
        place: &Place,
        process: ProcessKey,
        now: Timestamp,
    ) -> Result<GameSessionKey, ApiError> {
        let fleet = self.fleet(&place.fleet_id)?;
        let wish = Wish {
            fleet_id: place.fleet_id.clone(),
            location: place.location.clone(),
            protection: fleet.protection.clone(),
            activation_timeout: fleet.activation_timeout,
            call: CreateGameSessionInput {
                fleet_id: Some(place.fleet_id.clone()),
                alias_id: None,
                maximum_player_session_count: call.maximum_player_session_count,
                name: call.game_session_name,
                game_properties: call.game_properties,
                creator_id: None,
                game_session_id: None,
                idempotency_token: None,
                game_session_data: call.game_session_data,
                location: Some(place.location.clone()),
            },
        };
        let mut arn = self.game_session_arn(&wish, &call.placement_id);
        if self.game_session_arns.contains_key(&arn) {
            let id = self.new_id("gsess-");
            arn = self.game_session_arn(&wish, &id);
        }
        self.place(wish, arn, process, now)
    }

    fn place(
        &mut self,
        wish: Wish,
        arn: String,
        process_key: ProcessKey,
        now: Timestamp,
    ) -> Result<GameSessionKey, ApiError> {
        let key = GameSessionKey(self.next_serial());
        let Some(process) = self.processes.get_mut(&process_key) else {
            return Err(ApiError::new(ErrorKind::InternalService, "the free process is gone"));
        };
        process.game_session = Some(key);
        let session = GameSession {
            arn: arn.clone(),
            fleet_id: wish.fleet_id,
            location: wish.location,
            name: wish.call.name.clone(),
            maximum: wish.call.maximum_player_session_count,
            properties: wish.call.game_properties.clone().unwrap_or_default(),
            accepts_players: true,
            protection: wish.protection,
            status: GameSessionStatus::Activating,
            status_reason: None,
            created: now,
            ended: None,
            activate_until: now + wish.activation_timeout,
            process: process_key,
            compute_name: process.name.compute_name.clone(),
            ip_address: process.ip_address.clone(),
            dns_name: process.dns_name.clone(),
            port: process.port,
            seats_taken: 0,
            player_sessions: Vec::new(),
            story: Story::begin(&self.caller, wish.call.game_session_data.as_deref()),
            created_by: wish.call,
        };
        tracing::info!(game_session = %arn, "game session placed");
        let placed = format!("placed on process {}", process.name.process_id);
        self.tell(now, (Level::Info, About::Session), &arn, placed);
        self.push(process_key, Push::CreateGameSession(start_message(&session)));
        self.timers.set(session.activate_until, Timer::Activation(key));
        self.game_session_arns.insert(arn, key);
        self.game_sessions.insert(key, session);
        self.refresh_idle(process_key);
        Ok(key)
    }
}

fn start_message(session: &GameSession) -> CreateGameSession {
    let call = &session.created_by;
    CreateGameSession {
        game_session_id: session.arn.clone(),
        game_session_name: session.name.clone().unwrap_or_default(),
        maximum_player_session_count: session.maximum,
        port: session.port,
        ip_address: session.ip_address.clone().unwrap_or_default(),
        dns_name: session.dns_name.clone().unwrap_or_default(),
        game_session_data: call.game_session_data.clone().unwrap_or_default().into(),
        matchmaker_data: String::new(),
        game_properties: session
            .properties
            .iter()
            .map(|GameProperty { key, value }| (key.clone(), value.clone()))
            .collect(),
    }
}
