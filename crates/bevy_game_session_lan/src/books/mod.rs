//! The books of a host: the orchestrator's role for the one process that it is. No sockets, no clock, no threads.
//!
//! Rules: one game session at a time, one after another. It goes from activating to active to ending and is then past.
//! Seats have their rules in `seats.rs`. The player of this process is the owner of all its game sessions; only it changes
//! and ends them. Every change that others can see makes a new revision.

mod draft;
mod hosting;
mod past;
mod seats;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::IpAddr;

use game_session_protocol::host::SecretText;
use game_session_protocol::{
    BuildId, ErrorCode, GameSession, GameSessionData, HostEvent, HostedGameSession, IdempotencyKey, Password, PlayerId,
    PlayerSessionId, PlayerSessionPolicy, Privacy, Seat, SeatTimings, ServiceError, SessionKey, TicketClaims,
    UpdateGameSession, netcode_ticket,
};
use subtle::ConstantTimeEq as _;

pub(crate) use draft::Draft;
use hosting::Process;
pub(crate) use hosting::{Handle, Place, Readiness, Standing};
use past::Past;
pub(crate) use past::refused;
use seats::Seats;

use crate::id::{HostId, digest, hex, random};
use crate::query::description::Description;
use crate::secret::{CodeKeys, Lock};

/// How long a seat stays reserved without being taken up.
pub(crate) const RESERVATION_MS: u64 = 60_000;
/// How long the game may take to load.
pub(crate) const ACTIVATION_MS: u64 = 60_000;

/// What opens a game session.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    pub(crate) lock: Lock,
    /// The pre-shared key of who knows the password, where the lock is one.
    pub(crate) password_key: Option<SessionKey>,
    pub(crate) code: String,
    /// The tag that finds the game session by its code, and the pre-shared key of who knows it; there when the code was
    /// stretched.
    pub(crate) code_keys: Option<CodeKeys>,
}

/// The books.
pub(crate) struct Books {
    host: HostId,
    owner: PlayerId,
    process: Process,
    session: Option<Session>,
    newest: u32,
    past: Past,
    click: Option<(IdempotencyKey, Draft, u32)>,
    seats_made: u64,
    events: VecDeque<HostEvent>,
    revision: u32,
}

struct Session {
    number: u32,
    draft: Draft,
    status: Status,
    policy: PlayerSessionPolicy,
    key: SessionKey,
    data: SecretText,
    secrets: Secrets,
    place: Place,
    placed_at_ms: u64,
    failed: bool,
    seats: Seats,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Activating,
    Active,
    Ending,
}

/// Who asks for a seat.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) player: PlayerId,
    pub(crate) build: BuildId,
    pub(crate) password: Option<Password>,
    /// Whether it came in by the password's key.
    pub(crate) proved_password: bool,
    /// The address it came from; `None` for the player of this process.
    pub(crate) from: Option<IpAddr>,
    /// The address of ours that it came in by: where it can send.
    pub(crate) came_by: IpAddr,
}

/// A seat, and whether it was made for this request.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) seat: Seat,
    pub(crate) is_new: bool,
}

/// What the door needs to know before it speaks.
#[derive(Debug, Clone)]
pub(crate) struct Doorplate {
    pub(crate) number: u32,
    pub(crate) secrets: Secrets,
}

impl Books {
    pub(crate) fn new(host: HostId, owner: PlayerId) -> Self {
        Self {
            host,
            owner,
            process: Process::default(),
            session: None,
            newest: 0,
            past: Past::default(),
            click: None,
            seats_made: 0,
            events: VecDeque::new(),
            revision: 0,
        }
    }

    /// Grows with every change that others can see.
    pub(crate) fn revision(&self) -> u32 {
        self.revision
    }

    fn changed(&mut self) {
        self.revision = self.revision.wrapping_add(1);
    }

    /// The number that the next game session gets.
    pub(crate) fn next_number(&self) -> u32 {
        self.newest + 1
    }

    /// The game session of the same click, if it was made before.
    pub(crate) fn of_click(&self, key: &IdempotencyKey, draft: &Draft) -> Result<Option<u32>, ServiceError> {
        match &self.click {
            Some((before, same, number)) if before == key && same == draft => Ok(Some(*number)),
            Some((before, ..)) if before == key => Err(refused(ErrorCode::IdempotencyMismatch)),
            _ => Ok(None),
        }
    }

    /// Places a game session on this process. The answer is its number, and whether this click made it.
    pub(crate) fn place(
        &mut self,
        now_ms: u64,
        key: &IdempotencyKey,
        draft: Draft,
        secrets: Secrets,
    ) -> Result<(u32, bool), ServiceError> {
        draft.check()?;
        if let Some(number) = self.of_click(key, &draft)? {
            return Ok((number, false));
        }
        let place = self.process.place().ok_or_else(|| refused(ErrorCode::NoCapacity))?;
        if self.session.is_some() {
            return Err(ServiceError::refused(
                ErrorCode::NoCapacity,
                "this process hosts a game session already: end it first",
            ));
        }
        self.newest += 1;
        let session_key = SessionKey::random();
        let data = GameSessionData {
            version: game_session_protocol::session_data::VERSION,
            key_id: "lan".into(),
            token: hex(&random::<16>()),
            key: session_key.clone(),
            owner: self.owner.clone(),
            build: draft.build.clone(),
            privacy: draft.privacy,
            trace_id: hex(&random::<8>()),
        };
        self.click = Some((key.clone(), draft.clone(), self.newest));
        let session = Session {
            number: self.newest,
            draft,
            status: Status::Activating,
            policy: PlayerSessionPolicy::AcceptAll,
            key: session_key,
            data: SecretText::new(data.to_json()),
            secrets,
            place,
            placed_at_ms: now_ms,
            failed: false,
            seats: Seats::default(),
        };
        let hosted = session.hosted(self.host);
        self.session = Some(session);
        self.tell(HostEvent::GameSessionStarted(hosted));
        Ok((self.newest, true))
    }

    /// Notes what was stretched from the game session's code.
    pub(crate) fn set_code_keys(&mut self, number: u32, keys: CodeKeys) {
        if let Some(session) = self.session.as_mut().filter(|session| session.number == number) {
            session.secrets.code_keys = Some(keys);
            self.changed();
        }
    }

    /// A game session that is here, or why not.
    fn session(&mut self, number: u32) -> Result<&mut Session, ServiceError> {
        match &mut self.session {
            Some(session) if session.number == number => Ok(session),
            _ => Err(self.past.why(number, self.newest)),
        }
    }

    /// What is written at the door of a game session; `None` means the one that is here.
    pub(crate) fn doorplate(&mut self, number: Option<u32>) -> Result<Doorplate, ServiceError> {
        let session = self.session(number.unwrap_or(self.newest))?;
        match session.status {
            Status::Active => Ok(Doorplate {
                number: session.number,
                secrets: session.secrets.clone(),
            }),
            Status::Activating => Err(refused(ErrorCode::NotFound)),
            Status::Ending => Err(refused(ErrorCode::SessionEnded)),
        }
    }

    /// The caller's seat, the one it has or a new one, always with a fresh ticket. `None` while the game loads.
    pub(crate) fn seat(&mut self, now_ms: u64, number: u32, caller: &Caller) -> Result<Option<Given>, ServiceError> {
        let (host, owner) = (self.host, self.owner.clone());
        let made = self.seats_made + 1;
        let session = self.session(number)?;
        match session.status {
            Status::Activating => return Ok(None),
            Status::Active => {}
            Status::Ending if session.failed => return Err(refused(ErrorCode::ActivationFailed)),
            Status::Ending => return Err(refused(ErrorCode::SessionEnded)),
        }
        if caller.from.is_some() && !session.knows(caller) {
            return Err(refused(ErrorCode::WrongPassword));
        }
        if session.draft.build != caller.build {
            return Err(refused(ErrorCode::VersionMismatch));
        }
        let internal = session.place.game;
        let address = session.place.reached_by(caller.came_by).ok_or_else(no_way)?;
        let lapses_at_ms = now_ms.saturating_add(RESERVATION_MS);
        let held = session.seats.of(&caller.player).cloned();
        let is_new = held.is_none();
        let player_session_id: PlayerSessionId = if let Some(held) = held {
            session.seats.prolong(&caller.player, lapses_at_ms);
            held
        } else if session.policy == PlayerSessionPolicy::DenyAll {
            return Err(refused(ErrorCode::NotAccepting));
        } else if session.seats.taken() >= session.draft.max_players {
            return Err(refused(ErrorCode::SessionFull));
        } else if session.seats.has_enough(caller.from) {
            return Err(refused(ErrorCode::Throttled));
        } else {
            let id: PlayerSessionId = format!("psess-{made}-{}", hex(&random::<6>()))
                .parse()
                .expect("letters, digits and dashes are a valid id");
            session
                .seats
                .reserve(id.clone(), caller.player.clone(), caller.from, lapses_at_ms);
            id
        };
        let claims = TicketClaims {
            player_session_id: player_session_id.clone(),
            build: caller.build.clone(),
            issued_at_ms: now_ms,
        };
        let ticket = netcode_ticket::mint(&claims, &session.key, address, internal)
            .map_err(|error| ServiceError::refused(ErrorCode::Internal, error.to_string()))?;
        let game_session = session.described(host, &owner);
        self.seats_made = made;
        if is_new {
            self.changed();
        }
        let seat = Seat {
            game_session,
            address,
            player_session_id,
            ticket,
            timings: SeatTimings::default(),
        };
        Ok(Some(Given { seat, is_new }))
    }

    /// The game session with the code of this tag.
    pub(crate) fn behind(&self, tag: [u8; 8]) -> Option<u32> {
        let session = self.session.as_ref()?;
        let own = session.secrets.code_keys.as_ref()?;
        (own.tag == tag).then_some(session.number)
    }

    /// Gives up the seat that a player has reserved. One that is taken up is freed by the server when the connection ends.
    pub(crate) fn give_up(&mut self, player: &PlayerId, number: u32) -> Result<(), ServiceError> {
        if self.session(number)?.seats.give_up(player) {
            self.changed();
        }
        Ok(())
    }

    /// The join code, for the owner and for who has a seat.
    pub(crate) fn code(&mut self, player: &PlayerId, number: u32) -> Result<String, ServiceError> {
        let is_owner = *player == self.owner;
        let session = self.session(number)?;
        if is_owner || session.seats.of(player).is_some() {
            Ok(session.secrets.code.clone())
        } else {
            Err(refused(ErrorCode::Forbidden))
        }
    }

    /// Changes what others find. The owner asks.
    pub(crate) fn update(&mut self, number: u32, change: UpdateGameSession) -> Result<GameSession, ServiceError> {
        let (host, owner) = (self.host, self.owner.clone());
        let session = self.session(number)?;
        if session.status == Status::Ending {
            return Err(refused(ErrorCode::SessionEnded));
        }
        let mut draft = session.draft.clone();
        draft.name = change.name.unwrap_or(draft.name);
        draft.max_players = change.max_players.unwrap_or(draft.max_players);
        draft.properties.extend(change.properties);
        draft.check()?;
        if draft.max_players < session.seats.taken() {
            return Err(ServiceError::refused(
                ErrorCode::InvalidRequest,
                "more players are in than that",
            ));
        }
        session.draft = draft;
        session.policy = change.policy.unwrap_or(session.policy);
        let (described, hosted) = (session.described(host, &owner), session.hosted(host));
        self.changed();
        self.tell(HostEvent::GameSessionUpdated(hosted));
        Ok(described)
    }

    /// The owner's end, or a start that was called off or failed: the game is asked to finish.
    pub(crate) fn end(&mut self, number: u32) -> Result<(), ServiceError> {
        let session = self.session(number)?;
        if session.status == Status::Ending {
            return Err(refused(ErrorCode::SessionEnded));
        }
        session.status = Status::Ending;
        self.changed();
        self.tell(HostEvent::GameSessionEndRequested);
        Ok(())
    }

    /// Lets time pass: seats lapse, and a game session that nobody activated fails.
    pub(crate) fn advance(&mut self, now_ms: u64) {
        let Some(session) = &mut self.session else { return };
        let lapsed = session.seats.lapse(now_ms);
        let waited = now_ms.saturating_sub(session.placed_at_ms);
        let too_slow = session.status == Status::Activating && waited >= ACTIVATION_MS;
        session.failed |= too_slow;
        let number = session.number;
        if lapsed {
            self.changed();
        }
        if too_slow {
            let _ended = self.end(number);
        }
    }

    /// When [`Self::advance`] has something to do, milliseconds since the Unix epoch.
    pub(crate) fn next_deadline_ms(&self) -> Option<u64> {
        let session = self.session.as_ref()?;
        let loading = session.status == Status::Activating;
        let activation = loading.then(|| session.placed_at_ms + ACTIVATION_MS);
        activation.into_iter().chain(session.seats.next_lapse_ms()).min()
    }

    /// What others may see, with the tag of the code: `None` unless a game session is active.
    pub(crate) fn description(&self) -> Option<(Description, Option<[u8; 8]>)> {
        let session = self
            .session
            .as_ref()
            .filter(|session| session.status == Status::Active)?;
        let description = Description {
            number: session.number,
            name: session.draft.name.clone(),
            build: session.draft.build.clone(),
            max_players: session.draft.max_players,
            current_players: session.seats.taken(),
            policy: session.policy,
            privacy: session.draft.privacy,
            properties: session.draft.properties.clone(),
            owner: pseudonym(&self.owner),
            lock: session.secrets.lock,
            password: session.draft.password.is_some(),
            door: session.place.door,
        };
        Some((description, session.secrets.code_keys.as_ref().map(|keys| keys.tag)))
    }
}

impl Session {
    fn hosted(&self, host: HostId) -> HostedGameSession {
        HostedGameSession {
            id: host.session(self.number),
            name: self.draft.name.clone(),
            max_players: self.draft.max_players,
            properties: self.draft.properties.clone(),
            public_address: Some(self.place.game),
            matchmaker_data: None,
            session_data: self.data.clone(),
        }
    }

    fn described(&self, host: HostId, owner: &PlayerId) -> GameSession {
        GameSession {
            id: host.session(self.number),
            name: self.draft.name.clone(),
            build: self.draft.build.clone(),
            max_players: self.draft.max_players,
            current_players: self.seats.taken(),
            policy: self.policy,
            properties: self.draft.properties.clone(),
            owner: Some(pseudonym(owner)),
            locked: self.secrets.lock != Lock::Open,
            ping_beacon: None,
        }
    }

    /// Whether the password is right, where there is one.
    fn knows(&self, caller: &Caller) -> bool {
        let Some(wanted) = &self.draft.password else {
            return true;
        };
        let is_it = |given: &Password| -> bool {
            let (wanted, given): ([u8; 32], [u8; 32]) = (
                digest(&[wanted.expose().as_bytes()]),
                digest(&[given.expose().as_bytes()]),
            );
            wanted.ct_eq(&given).into()
        };
        caller.proved_password || caller.password.as_ref().is_some_and(is_it)
    }
}

/// There is no address of this machine that the game's traffic could take from where the player is.
fn no_way() -> ServiceError {
    // A player is shown no more than 64 characters of it.
    let message = "the host has no address for the game here: only link-local IPv6";
    ServiceError::refused(ErrorCode::Unavailable, message)
}

/// What others know an owner by.
fn pseudonym(owner: &PlayerId) -> String {
    let short: [u8; 8] = digest(&[b"lan owner v1", owner.as_str().as_bytes()]);
    hex(&short)
}

/// Whether others find it without being told.
pub(crate) fn is_listed(description: &Description) -> bool {
    description.privacy == Privacy::Listed
}
