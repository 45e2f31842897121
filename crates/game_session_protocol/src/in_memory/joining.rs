//! Placing, finding and joining game sessions in memory: what clients ask for, judged.

use sha2::{Digest, Sha256};

use super::snapshot::{GameSessionStatus, ProcessNumber, ProcessStatus};
use super::world::{Draft, Session, World};
use crate::error::{ErrorCode, ServiceError};
use crate::game_session::{
    GameSession, GameSessionPage, MAX_PLAYERS, MAX_PROPERTIES, PlayerSessionPolicy, Privacy, Seat, SeatTimings,
};
use crate::host::{HostEvent, SecretText};
use crate::ids::{BuildId, GameSessionId, IdempotencyKey, PlayerId, PlayerSessionId, hex};
use crate::keys::{SessionKey, random_bytes};
use crate::requests::{FindGameSessions, GameSessionOrder, UpdateGameSession};
use crate::session_data::{GameSessionData, VERSION};
use crate::ticket::TicketClaims;

const PAGE: u16 = 20;

impl World {
    /// Places a game session on a ready process, or returns the one of the same click.
    pub(super) fn place(
        &mut self,
        player: &PlayerId,
        key: &IdempotencyKey,
        draft: Draft,
    ) -> Result<GameSessionId, ServiceError> {
        check(&draft)?;
        if let Some((before, id)) = self.clicks.get(&(player.clone(), key.clone())) {
            return if *before == draft {
                Ok(id.clone())
            } else {
                Err(refused(ErrorCode::IdempotencyMismatch))
            };
        }
        let index = self
            .processes
            .iter()
            .position(|process| process.status == ProcessStatus::Ready);
        let index = index.ok_or_else(|| refused(ErrorCode::NoCapacity))?;
        let process = ProcessNumber(u32::try_from(index + 1).expect("memory ends before the numbers do"));
        let id: GameSessionId = format!("memory-{}", self.sessions.len() + 1)
            .parse()
            .expect("letters, a dash and digits are a valid id");
        let data = session_data(player, &draft);
        let text = self.faults.session_data.pop_front().unwrap_or_else(|| data.to_json());
        self.clicks
            .insert((player.clone(), key.clone()), (draft.clone(), id.clone()));
        self.sessions.push(Session {
            id: id.clone(),
            draft,
            owner: player.clone(),
            status: GameSessionStatus::Activating,
            policy: PlayerSessionPolicy::AcceptAll,
            process,
            key: data.key,
            data: SecretText::new(text),
            placed_at_ms: self.now_ms,
            failed: false,
            seats: super::seats::Seats::default(),
        });
        self.process(process).status = ProcessStatus::Hosting;
        let hosted = self.hosted(&id).expect("the game session was just added");
        self.tell(process, HostEvent::GameSessionStarted(hosted));
        Ok(id)
    }

    /// A running game session that fits a quick join, the fullest first.
    pub(super) fn fitting(&self, draft: &Draft) -> Option<GameSessionId> {
        self.sessions
            .iter()
            .filter(|session| is_listed(session) && session.draft.password.is_none())
            .filter(|session| described(session).is_joinable_by(&draft.build))
            .filter(|session| {
                draft
                    .properties
                    .iter()
                    .all(|(k, v)| session.draft.properties.get(k) == Some(v))
            })
            .max_by_key(|session| session.seats.taken())
            .map(|session| session.id.clone())
    }

    /// The caller's seat in a game session, `None` while it is not active yet. The seat the caller has already, or a
    /// new one; always a fresh ticket.
    pub(super) fn seat(
        &mut self,
        player: &PlayerId,
        id: &GameSessionId,
        build: &BuildId,
    ) -> Result<Option<Seat>, ServiceError> {
        let now = self.now_ms;
        let lapses_at_ms = now.saturating_add(self.settings.reservation_ms);
        let next_seat: PlayerSessionId = format!("psess-{}", self.seats_made + 1)
            .parse()
            .expect("letters, a dash and digits are a valid id");
        let session = self.session(id).ok_or_else(|| refused(ErrorCode::NotFound))?;
        match session.status {
            GameSessionStatus::Activating => return Ok(None),
            GameSessionStatus::Active => {}
            _ if session.failed => return Err(refused(ErrorCode::ActivationFailed)),
            GameSessionStatus::Error => return Err(refused(ErrorCode::ActivationFailed)),
            GameSessionStatus::Terminating | GameSessionStatus::Terminated => {
                return Err(refused(ErrorCode::SessionEnded));
            }
        }
        if session.draft.build != *build {
            return Err(refused(ErrorCode::VersionMismatch));
        }
        let held = session.seats.of(player).cloned();
        let player_session_id = if let Some(held) = held {
            held
        } else if session.policy == PlayerSessionPolicy::DenyAll {
            return Err(refused(ErrorCode::NotAccepting));
        } else if session.seats.taken() >= session.draft.max_players {
            return Err(refused(ErrorCode::SessionFull));
        } else {
            session.seats.reserve(next_seat.clone(), player.clone(), lapses_at_ms);
            next_seat
        };
        let claims = TicketClaims {
            player_session_id: player_session_id.clone(),
            build: build.clone(),
            issued_at_ms: now,
        };
        let (game_session, key, process) = (described(session), session.key.clone(), session.process);
        self.seats_made += 1;
        let address = self.address_of(process);
        let ticket = (self.settings.minter)(&claims, &key, address);
        Ok(Some(Seat {
            game_session,
            address,
            player_session_id,
            ticket,
            timings: SeatTimings::default(),
        }))
    }

    pub(super) fn find(&self, query: &FindGameSessions) -> Result<GameSessionPage, ServiceError> {
        let from: usize = match &query.page {
            None => 0,
            Some(page) => page.parse().map_err(|_| refused(ErrorCode::InvalidRequest))?,
        };
        let limit = usize::from(query.limit.unwrap_or(PAGE).clamp(1, PAGE));
        let fits = |session: &&Session| {
            is_listed(session)
                && query.build.as_ref().is_none_or(|build| session.draft.build == *build)
                && query
                    .properties
                    .iter()
                    .all(|(key, value)| session.draft.properties.get(key) == Some(value))
        };
        let mut game_sessions: Vec<_> = self.sessions.iter().filter(fits).map(described).collect();
        match query.sort {
            None | Some(GameSessionOrder::Newest) => game_sessions.reverse(),
            Some(GameSessionOrder::Oldest) => {}
            Some(GameSessionOrder::MostPlayers) => {
                game_sessions.sort_by_key(|found| std::cmp::Reverse(found.current_players));
            }
            Some(GameSessionOrder::FewestPlayers) => game_sessions.sort_by_key(|found| found.current_players),
            Some(GameSessionOrder::Name) => game_sessions.sort_by(|one, other| one.name.cmp(&other.name)),
        }
        game_sessions.drain(..from.min(game_sessions.len()));
        let next_page = (game_sessions.len() > limit).then(|| (from + limit).to_string());
        game_sessions.truncate(limit);
        Ok(GameSessionPage {
            game_sessions,
            next_page,
        })
    }

    pub(super) fn update(&mut self, player: &PlayerId, change: UpdateGameSession) -> Result<GameSession, ServiceError> {
        let session = self.owned(player, &change.id)?;
        let mut draft = session.draft.clone();
        draft.name = change.name.unwrap_or(draft.name);
        draft.max_players = change.max_players.unwrap_or(draft.max_players);
        draft.properties.extend(change.properties);
        check(&draft)?;
        if draft.max_players < session.seats.taken() {
            return Err(ServiceError::refused(
                ErrorCode::InvalidRequest,
                "more players are in than that",
            ));
        }
        session.draft = draft;
        session.policy = change.policy.unwrap_or(session.policy);
        let (described, process) = (described(session), session.process);
        let hosted = self.hosted(&change.id).expect("the game session was found above");
        self.tell(process, HostEvent::GameSessionUpdated(hosted));
        Ok(described)
    }

    pub(super) fn end(&mut self, player: &PlayerId, id: &GameSessionId) -> Result<(), ServiceError> {
        self.owned(player, id)?;
        self.terminate(id);
        Ok(())
    }

    /// Gives up a reserved seat. One that is taken up is freed by the server, when the connection ends.
    pub(super) fn leave(&mut self, player: &PlayerId, id: &GameSessionId) -> Result<(), ServiceError> {
        let session = self.session(id).ok_or_else(|| refused(ErrorCode::NotFound))?;
        session.seats.give_up(player);
        Ok(())
    }

    /// A game session that is not over, for its owner.
    fn owned(&mut self, player: &PlayerId, id: &GameSessionId) -> Result<&mut Session, ServiceError> {
        let session = self.session(id).ok_or_else(|| refused(ErrorCode::NotFound))?;
        if session.owner != *player {
            Err(refused(ErrorCode::Forbidden))
        } else if session.is_over() {
            Err(refused(ErrorCode::SessionEnded))
        } else {
            Ok(session)
        }
    }
}

fn session_data(owner: &PlayerId, draft: &Draft) -> GameSessionData {
    GameSessionData {
        version: VERSION,
        key_id: "memory".into(),
        token: hex(&random_bytes::<16>()),
        key: SessionKey::random(),
        owner: owner.clone(),
        build: draft.build.clone(),
        privacy: draft.privacy,
        trace_id: hex(&random_bytes::<8>()),
    }
}

fn is_listed(session: &Session) -> bool {
    session.status == GameSessionStatus::Active && session.draft.privacy == Privacy::Listed
}

fn described(session: &Session) -> GameSession {
    let pseudonym = Sha256::digest(session.owner.as_str().as_bytes());
    GameSession {
        id: session.id.clone(),
        name: session.draft.name.clone(),
        build: session.draft.build.clone(),
        max_players: session.draft.max_players,
        current_players: session.seats.taken(),
        policy: session.policy,
        properties: session.draft.properties.clone(),
        owner: Some(hex(&pseudonym[..8])),
        locked: session.draft.password.is_some(),
        ping_beacon: None,
    }
}

fn check(draft: &Draft) -> Result<(), ServiceError> {
    let no = |what: &str| Err(ServiceError::refused(ErrorCode::InvalidRequest, what));
    let (name, properties) = (&draft.name, &draft.properties);
    if !(1..=64).contains(&name.chars().count()) || name.trim().is_empty() || name.chars().any(char::is_control) {
        no("the name must be 1 to 64 characters, not only spaces, without control characters")
    } else if !(1..=MAX_PLAYERS).contains(&draft.max_players) {
        no("the seats must be 1 to 200")
    } else if properties.len() > MAX_PROPERTIES {
        no("at most 14 properties are allowed")
    } else if !properties.keys().all(|key| is_key(key)) {
        no("a property's key must be 1 to 32 letters, digits, `_` and `-`, and not start with `gs_`")
    } else if !properties.values().all(|value| is_value(value)) {
        no("a property's value must be 1 to 96 characters without control characters")
    } else {
        Ok(())
    }
}

fn is_key(key: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=32).contains(&key.len()) && key.bytes().all(fits) && !key.starts_with("gs_")
}

fn is_value(value: &str) -> bool {
    (1..=96).contains(&value.chars().count()) && !value.chars().any(char::is_control)
}

pub(super) fn refused(code: ErrorCode) -> ServiceError {
    let message = match code {
        ErrorCode::NotFound => "there is no such game session",
        ErrorCode::SessionFull => "all seats are taken",
        ErrorCode::NotAccepting => "the game session takes no new players",
        ErrorCode::VersionMismatch => "the game session runs another build",
        ErrorCode::SessionEnded => "the game session is over",
        ErrorCode::Forbidden => "only the owner may do this",
        ErrorCode::WrongPassword => "the game session needs a password, and this is not it",
        ErrorCode::NoCapacity => "no server process is ready",
        ErrorCode::ActivationFailed => "the server process did not get the game session going",
        ErrorCode::IdempotencyMismatch => "the idempotency key was used with another request",
        _ => "the request is not valid",
    };
    ServiceError::refused(code, message)
}
