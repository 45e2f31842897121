//! A player's seat in a game session: found or reserved, and proven by a fresh ticket.
//!
//! GameLift does not notice when one player reserves twice, so the backend looks first, and then claims what it reserves
//! before other instances. It need not look in a game session that was activating a moment ago: whoever reserved a seat
//! since has a claim that still holds.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use game_session_protocol::host::SecretText;
use game_session_protocol::netcode_ticket::mint;
use game_session_protocol::{
    BuildId, GameSession, GameSessionData, GameSessionId, PlayerId, PlayerSessionId, PlayerSessionPolicy, Privacy,
    Seat, SeatTimings, SessionKey, TicketClaims,
};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::checks::without_ours;
use crate::claims::{ALL_CLAIMS_HOLD, Claim, PAUSES};
use crate::gamelift::{GameLiftErrorKind, GameSessionRecord, GameSessionStatus, PlayerSessionStatus};
use crate::keyring::{Keyring, SessionToken};
use crate::passwords::PasswordHash;
use crate::problem::{During, Problem};
use crate::sealing::{PlacementName, seal_id};
use crate::state::{SeatMemory, Shared};

/// What the private data of a game session says, once it is known to be of this backend.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) owner: PlayerId,
    pub(crate) build: BuildId,
    pub(crate) privacy: Privacy,
    pub(crate) trace_id: String,
    pub(crate) password: Option<PasswordHash>,
    pub(crate) token: SessionToken,
    key: SessionKey,
}

/// The private data with what only backends read of it; servers skip it.
#[derive(Serialize)]
struct Private {
    #[serde(flatten)]
    data: GameSessionData,
    #[serde(flatten)]
    ours: Ours,
}

#[derive(Serialize, Deserialize)]
struct Ours {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password_hash: Option<PasswordHash>,
}

/// The private data as JSON, the same bytes for the same values.
pub(crate) fn private_json(data: GameSessionData, password_hash: Option<PasswordHash>) -> String {
    let ours = Ours { password_hash };
    serde_json::to_string(&Private { data, ours }).expect("structs of strings always serialise")
}

impl Facts {
    /// Reads the private data; `None` when no backend with this keyring made the game session.
    pub(crate) fn of(ring: &Keyring, record: &GameSessionRecord) -> Option<Self> {
        Self::read(ring, &record.session_data)
    }

    /// The same from the private data alone.
    pub(crate) fn read(ring: &Keyring, private: &SecretText) -> Option<Self> {
        let data = GameSessionData::parse(private.expose()).ok()?;
        let token = SessionToken::parse(&data.token)?;
        let key = ring.session_key(&token)?;
        let ours: Ours = serde_json::from_str(private.expose()).ok()?;
        (key == data.key).then_some(Self {
            owner: data.owner,
            build: data.build,
            privacy: data.privacy,
            trace_id: data.trace_id,
            password: ours.password_hash,
            token,
            key,
        })
    }
}

/// Whether the caller may have a seat already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Newness {
    /// This seat was reserved for the caller with the placement, a moment ago.
    Placed(PlayerSessionId),
    /// The game session was activating when this request made it, at this time: nobody had a seat.
    JustMade(Instant),
    /// The game session was activating at this time: nobody had a seat.
    Starting(Instant),
    /// The caller may have a seat.
    MayHaveSeat,
}

/// What to do when the caller has no live seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lapsed {
    /// Reserve one.
    Reserve,
    /// Reserve one if the caller had one before or owns the game session; else there is none to give.
    ReserveAnew,
}

/// The game session as other players see it.
pub(crate) fn view(shared: &Shared, record: &GameSessionRecord, facts: &Facts) -> Result<GameSession, Problem> {
    let ring = &shared.ring;
    Ok(GameSession {
        id: id_of(shared, record, facts)?,
        name: record.name.clone(),
        build: facts.build.clone(),
        max_players: record.max_players,
        current_players: record.current_players,
        policy: record.policy,
        properties: without_ours(&record.properties),
        owner: Some(ring.pseudonym(&facts.owner)),
        locked: facts.password.is_some(),
        ping_beacon: shared.beacons.of(record.location.as_deref()),
    })
}

/// The id of a game session as clients see it, the same for its whole life: that of its placement where a queue places.
pub(crate) fn id_of(shared: &Shared, record: &GameSessionRecord, facts: &Facts) -> Result<GameSessionId, Problem> {
    let id = match &shared.queue {
        None => seal_id(&shared.ring, &record.arn),
        Some(queue) => {
            queue.ledger.found(&facts.token, &record.arn);
            PlacementName::new(&shared.ring, &facts.token, &facts.owner).sealed(&shared.ring)
        }
    };
    id.ok_or(Problem::internal("the game session's id is too long"))
}

/// The caller's seat in an active game session, with a fresh ticket.
pub(crate) async fn take(
    shared: &Shared,
    caller: &PlayerId,
    record: &GameSessionRecord,
    facts: &Facts,
    newness: Newness,
    lapsed: Lapsed,
) -> Result<Seat, Problem> {
    let started = Instant::now();
    let mut memory = shared
        .seats
        .lock((record.arn.clone(), caller.clone()))
        .await
        .ok_or_else(Problem::busy)?;
    let found = match (*memory, newness) {
        (SeatMemory::NeverAsked, Newness::Placed(seat)) => Found::Live(seat),
        (SeatMemory::NeverAsked, Newness::JustMade(at) | Newness::Starting(at)) if at.elapsed() < ALL_CLAIMS_HOLD => {
            Found::Over(0)
        }
        _ => look_up(shared, caller, record).await?,
    };
    // Before the call: if its answer is lost, there may be a seat.
    *memory = SeatMemory::Asked;
    let mut taken_before = record.current_players;
    let seat = match found {
        Found::Live(id) => id,
        Found::Over(0) if lapsed == Lapsed::ReserveAnew && facts.owner != *caller => {
            return Err(Problem::new(
                game_session_protocol::ErrorCode::NotFound,
                "the caller has no seat in this game session: join it first",
            ));
        }
        Found::Over(before) => {
            taken_before = taken_before.saturating_add(1);
            reserve(shared, caller, record, facts, before).await?
        }
    };
    drop(memory);
    let (ticket, address) = ticket(shared, record, facts, &seat)?;
    let mut game_session = view(shared, record, facts)?;
    game_session.current_players = taken_before.min(record.max_players);
    let timings = SeatTimings {
        activation_us: 0,
        ticket_us: micros(started.elapsed()),
    };
    Ok(Seat {
        game_session,
        address,
        player_session_id: seat,
        ticket,
        timings,
    })
}

/// Whether the caller holds a seat in this game session.
pub(crate) async fn holds_seat(
    shared: &Shared,
    caller: &PlayerId,
    record: &GameSessionRecord,
) -> Result<bool, Problem> {
    Ok(matches!(look_up(shared, caller, record).await?, Found::Live(_)))
}

enum Found {
    Live(PlayerSessionId),
    /// So many seats, all of them over.
    Over(usize),
}

async fn look_up(shared: &Shared, caller: &PlayerId, record: &GameSessionRecord) -> Result<Found, Problem> {
    let seats = shared
        .gamelift
        .seats_of(caller.as_str(), &record.arn)
        .await
        .map_err(|error| Problem::of(&error, During::Session))?;
    let mut here: Vec<_> = seats
        .into_iter()
        .filter(|seat| seat.arn == record.arn && seat.player == caller.as_str())
        .collect();
    // Should there be two, every backend picks the same: the one whose player is in, then the first by id.
    here.sort_by(|a, b| rank(a.status).cmp(&rank(b.status)).then_with(|| a.id.cmp(&b.id)));
    let count = here.len();
    let first = here.into_iter().next().filter(|seat| rank(seat.status) < 2);
    Ok(first.map_or(Found::Over(count), |seat| Found::Live(seat.id)))
}

fn rank(status: PlayerSessionStatus) -> u8 {
    match status {
        PlayerSessionStatus::Active => 0,
        PlayerSessionStatus::Reserved => 1,
        PlayerSessionStatus::Completed | PlayerSessionStatus::TimedOut | PlayerSessionStatus::Unknown => 2,
    }
}

/// Reserves a seat where `before` were found and are over, unless another instance does: then that one is the caller's.
async fn reserve(
    shared: &Shared,
    caller: &PlayerId,
    record: &GameSessionRecord,
    facts: &Facts,
    mut before: usize,
) -> Result<PlayerSessionId, Problem> {
    if record.policy == PlayerSessionPolicy::DenyAll {
        return Err(Problem::not_accepting("the game session takes no new players"));
    }
    for pause in PAUSES {
        if let Some(claim) = Claim::lay(shared, caller, facts, before).await? {
            return reserve_claimed(shared, caller, record, claim).await;
        }
        sleep(pause).await;
        match look_up(shared, caller, record).await? {
            Found::Live(id) => return Ok(id),
            Found::Over(count) => before = count,
        }
    }
    Err(Problem::unavailable(Duration::from_secs(1)))
}

async fn reserve_claimed(
    shared: &Shared,
    caller: &PlayerId,
    record: &GameSessionRecord,
    claim: Claim,
) -> Result<PlayerSessionId, Problem> {
    let error = match shared.gamelift.reserve(&record.arn, caller.as_str()).await {
        Ok(seat) => {
            shared.listings_changed();
            return Ok(seat.id);
        }
        Err(error) => error,
    };
    // After these there may be a seat.
    if !matches!(error.kind, GameLiftErrorKind::Internal | GameLiftErrorKind::TimedOut) {
        claim.take_back(shared).await;
    }
    let why = match error.kind {
        GameLiftErrorKind::WrongSessionStatus => why_not(shared, record).await,
        _ => None,
    };
    Err(why.unwrap_or_else(|| Problem::of(&error, During::Session)))
}

/// Tells a game session that ended since from one that closed its door.
async fn why_not(shared: &Shared, record: &GameSessionRecord) -> Option<Problem> {
    match shared.gamelift.describe(&record.arn).await.ok()? {
        Some(now) if now.status == GameSessionStatus::Active => {
            Some(Problem::not_accepting("the game session takes no new players"))
        }
        Some(now) if now.status.is_over() => Some(Problem::session_ended()),
        None => Some(Problem::session_ended()),
        Some(_) => None,
    }
}

fn ticket(
    shared: &Shared,
    record: &GameSessionRecord,
    facts: &Facts,
    seat: &PlayerSessionId,
) -> Result<(game_session_protocol::Ticket, SocketAddr), Problem> {
    let ip = record.ip_address.as_deref().and_then(|ip| ip.parse::<IpAddr>().ok());
    let (Some(ip), Some(port)) = (ip, record.port) else {
        tracing::error!(
            trace_id = facts.trace_id,
            "an active game session has no usable address"
        );
        return Err(Problem::internal("the game session has no usable address"));
    };
    let public = SocketAddr::new(ip, port);
    let internal = SocketAddr::new(ip, shared.server_port.unwrap_or(port));
    let claims = TicketClaims {
        player_session_id: seat.clone(),
        build: facts.build.clone(),
        issued_at_ms: shared.clock.now_ms(),
    };
    let ticket = mint(&claims, &facts.key, public, internal).map_err(|error| {
        tracing::error!(%error, "a ticket could not be made");
        Problem::internal("the ticket could not be made")
    })?;
    Ok((ticket, public))
}

pub(crate) fn micros(time: Duration) -> u64 {
    time.as_micros().try_into().unwrap_or(u64::MAX)
}
