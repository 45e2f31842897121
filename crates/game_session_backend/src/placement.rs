//! Placing a game session: one per click, its maker's seat in it, and an end for what cannot be delivered.

use std::time::Duration;

use game_session_protocol::host::SecretText;
use game_session_protocol::requests::Password;
use game_session_protocol::{
    CreateGameSession, ErrorCode, GameSessionData, IdempotencyKey, Placing, PlayerId, ProgressStep, Seat, session_data,
};
use tokio::time::Instant;

use crate::checks::{with_ours, without_ours};
use crate::claims::ALL_CLAIMS_HOLD;
use crate::config::CreatorLimit;
use crate::gamelift::{GameLiftErrorKind, GameSessionArn, GameSessionRecord, GameSessionStatus, NewGameSession};
use crate::keyring::SessionToken;
use crate::passwords::PasswordHash;
use crate::problem::{During, Problem};
use crate::queue;
use crate::sealing::SessionName;
use crate::seats::{Facts, Lapsed, Newness, id_of, micros, private_json, take};
use crate::state::Shared;
use crate::watch::Waited;

/// What a placement comes to within the wait.
#[derive(Debug)]
pub(crate) enum Placed {
    /// The seat.
    Seated(Box<Seat>),
    /// Not yet.
    Placing(Placing),
}

/// What a create request comes down to; the arguments of the create call are a pure function of it.
pub(crate) struct Click<'a> {
    pub(crate) caller: &'a PlayerId,
    pub(crate) request: &'a CreateGameSession,
    pub(crate) password: Option<PasswordHash>,
    pub(crate) token: &'a SessionToken,
}

/// Makes the game session of this click, or finds the one it made before, and takes the caller's seat in it.
pub(crate) async fn create(
    shared: &Shared,
    caller: &PlayerId,
    request: &CreateGameSession,
    password: Option<&Password>,
    wait: Duration,
) -> Result<Placed, Problem> {
    let started = Instant::now();
    let token = token_of_click(shared, caller, &request.idempotency_key).await?;
    let password = match password {
        Some(password) => Some(shared.passwords.hash(&shared.ring, &token, password).await?),
        None => None,
    };
    let click = Click {
        caller,
        request,
        password,
        token: &token,
    };
    if let Some(queue) = &shared.queue {
        return queue::create(shared, queue, &click, started, wait).await;
    }
    let made = place(shared, &click).await?;
    let seen = Instant::now();
    let newness = match made.status {
        GameSessionStatus::Activating => Newness::JustMade(seen),
        _ => Newness::MayHaveSeat,
    };
    tracing::info!(trace_id = shared.ring.trace_id(&token), status = ?made.status, "a game session was placed");
    deliver(shared, caller, made, newness, seen, started, wait).await
}

/// The token of a click. While the keyring is rotated, the click may have come before, to an instance with another active
/// key: then its token of that time is the one, and the click makes no second game session.
async fn token_of_click(shared: &Shared, caller: &PlayerId, click: &IdempotencyKey) -> Result<SessionToken, Problem> {
    for token in shared.ring.other_session_tokens(caller, click) {
        let came_before = if let Some(queue) = &shared.queue {
            queue.ledger.has(&token).await?
        } else {
            let found = shared.gamelift.describe_token(token.as_str()).await;
            found.map_err(|error| Problem::of(&error, During::Create))?.is_some()
        };
        if came_before {
            return Ok(token);
        }
    }
    Ok(shared.ring.session_token(caller, click))
}

/// The caller's seat in a game session that the caller named; waits while it is placed or activates.
pub(crate) async fn seat(
    shared: &Shared,
    caller: &PlayerId,
    name: &SessionName,
    wait: Duration,
) -> Result<Placed, Problem> {
    match (name, &shared.queue) {
        (SessionName::Arn(arn), _) => seat_at(shared, caller, arn, wait).await,
        (SessionName::Placement(name), Some(queue)) => queue::seat(shared, queue, caller, name, wait).await,
        (SessionName::Placement(_), None) => Err(Problem::not_found()),
    }
}

/// The game session that a client named; a refusal while it is still placed.
pub(crate) async fn arn_of(shared: &Shared, name: SessionName) -> Result<GameSessionArn, Problem> {
    match (name, &shared.queue) {
        (SessionName::Arn(arn), _) => Ok(arn),
        (SessionName::Placement(name), Some(queue)) => queue::arn_of(shared, queue, &name).await,
        (SessionName::Placement(_), None) => Err(Problem::not_found()),
    }
}

async fn seat_at(shared: &Shared, caller: &PlayerId, arn: &GameSessionArn, wait: Duration) -> Result<Placed, Problem> {
    let started = Instant::now();
    if wait > Duration::ZERO
        && let Some((seen, record)) = just_seen(shared, caller, arn)
    {
        // The shared polls tell how far it is by now.
        return deliver(shared, caller, record, Newness::MayHaveSeat, seen, started, wait).await;
    }
    let record = describe(shared, arn).await?;
    let facts = Facts::of(&shared.ring, &record).ok_or_else(Problem::not_found)?;
    if record.status == GameSessionStatus::Active || facts.owner == *caller {
        return deliver(shared, caller, record, Newness::MayHaveSeat, started, started, wait).await;
    }
    Err(if record.status.is_over() {
        Problem::session_ended()
    } else {
        Problem::not_accepting("the game session is still starting").retry_after(Duration::from_secs(1))
    })
}

/// The caller's game session that was activating here a moment ago. One that was longer ago may be active by now, and
/// its seat given elsewhere: it is looked at.
fn just_seen(shared: &Shared, caller: &PlayerId, arn: &GameSessionArn) -> Option<(Instant, GameSessionRecord)> {
    let (seen, record) = shared.activating.within(ALL_CLAIMS_HOLD, arn)?;
    let facts = Facts::of(&shared.ring, &record)?;
    (facts.owner == *caller).then_some((seen, record))
}

/// One game session by its ARN.
pub(crate) async fn describe(shared: &Shared, arn: &GameSessionArn) -> Result<GameSessionRecord, Problem> {
    let found = shared
        .gamelift
        .describe(arn)
        .await
        .map_err(|error| Problem::of(&error, During::Session))?;
    found.ok_or_else(Problem::not_found)
}

/// What GameLift is told of a new game session: a pure function of player, click and body.
pub(crate) fn arguments(shared: &Shared, click: &Click<'_>) -> Result<NewGameSession, Problem> {
    let Click {
        caller,
        request,
        password,
        token,
    } = click;
    let key = shared
        .ring
        .session_key(token)
        .ok_or(Problem::internal("the session key could not be made"))?;
    let data = GameSessionData {
        version: session_data::VERSION,
        key_id: token.key_id().to_owned(),
        token: token.as_str().to_owned(),
        key,
        owner: PlayerId::clone(caller),
        build: request.build.clone(),
        privacy: request.privacy,
        trace_id: shared.ring.trace_id(token),
    };
    Ok(NewGameSession {
        token: token.as_str().to_owned(),
        name: request.name.clone(),
        max_players: request.max_players,
        properties: with_ours(request.properties.clone(), &request.build, request.privacy),
        session_data: SecretText::new(private_json(data, password.clone())),
        creator: match shared.creator_limit {
            CreatorLimit::Fleet => Some(shared.ring.pseudonym(caller)),
            CreatorLimit::Off => None,
        },
    })
}

async fn place(shared: &Shared, click: &Click<'_>) -> Result<GameSessionRecord, Problem> {
    let arguments = arguments(shared, click)?;
    let _alone = shared
        .clicks
        .lock(click.token.as_str().to_owned())
        .await
        .ok_or_else(Problem::busy)?;
    match shared.gamelift.create_game_session(arguments).await {
        Ok(record) => Ok(record),
        Err(error) if error.kind == GameLiftErrorKind::ParameterMismatch => same_click(shared, click).await,
        Err(error) => Err(Problem::of(&error, During::Create)),
    }
}

/// GameLift says that the click came before with other arguments. They may differ by what the backend adds, after an
/// update of it; then the game session of the click is the answer, if it is the caller's and was asked for alike.
async fn same_click(shared: &Shared, click: &Click<'_>) -> Result<GameSessionRecord, Problem> {
    let request = click.request;
    let found = shared
        .gamelift
        .describe_token(click.token.as_str())
        .await
        .map_err(|error| Problem::of(&error, During::Session))?;
    let record = found.ok_or_else(Problem::idempotency_mismatch)?;
    let facts = Facts::of(&shared.ring, &record).ok_or_else(Problem::idempotency_mismatch)?;
    let alike = facts.owner == *click.caller
        && facts.password == click.password
        && facts.build == request.build
        && facts.privacy == request.privacy
        && record.name == request.name
        && record.max_players == request.max_players
        && without_ours(&record.properties) == request.properties;
    if alike {
        Ok(record)
    } else {
        Err(Problem::idempotency_mismatch())
    }
}

/// Waits until the game session, which was as `record` says when it was `seen`, is active, and takes the caller's seat
/// in it.
pub(crate) async fn deliver(
    shared: &Shared,
    caller: &PlayerId,
    record: GameSessionRecord,
    newness: Newness,
    seen: Instant,
    started: Instant,
    wait: Duration,
) -> Result<Placed, Problem> {
    let (record, newness) = if record.status == GameSessionStatus::Active || record.status.is_over() {
        (record, newness)
    } else {
        let left = time_left(shared, &record);
        let wait = wait.saturating_sub(started.elapsed()).min(left);
        let now = match shared.watch.settled(&record.arn, seen, wait).await {
            Waited::Settled(now) => now,
            Waited::StillActivating if wait == left => last_look(shared, &record.arn).await?,
            Waited::Gone => return Err(Problem::activation_failed()),
            Waited::Failed(error) => return Err(Problem::of(&error, During::Session)),
            Waited::TooMany => return Err(Problem::busy()),
            Waited::StillActivating | Waited::Stopped => {
                let id = match Facts::of(&shared.ring, &record) {
                    Some(facts) => id_of(shared, &record, &facts)?,
                    None => return Err(Problem::not_found()),
                };
                return Ok(Placed::Placing(Placing {
                    id,
                    step: ProgressStep::Activating,
                }));
            }
        };
        let newness = match newness {
            Newness::Placed(_) => newness,
            // Someone who was quicker has a seat: it may be the caller, over another instance.
            _ if now.current_players > 0 => Newness::MayHaveSeat,
            Newness::JustMade(_) => newness,
            Newness::Starting(_) | Newness::MayHaveSeat => Newness::Starting(seen),
        };
        (now, newness)
    };
    shared.activating.forget(&record.arn);
    let activation = started.elapsed();
    let facts = Facts::of(&shared.ring, &record).ok_or_else(Problem::not_found)?;
    if record.status.is_over() {
        return Err(match newness {
            Newness::JustMade(_) => Problem::activation_failed(),
            Newness::Placed(_) => Problem::session_ended(),
            Newness::Starting(_) | Newness::MayHaveSeat => why_over(shared, caller, &record).await,
        });
    }
    let lapsed = if facts.owner == *caller {
        Lapsed::Reserve
    } else {
        Lapsed::ReserveAnew
    };
    let is_new = matches!(newness, Newness::JustMade(_));
    match take(shared, caller, &record, &facts, newness, lapsed).await {
        Ok(mut seat) => {
            seat.timings.activation_us = micros(activation);
            tracing::info!(trace_id = facts.trace_id, "a seat was given");
            Ok(Placed::Seated(Box::new(seat)))
        }
        // Nobody else knows of a game session that was just made, and its maker cannot enter.
        Err(problem) if is_new && !may_pass(&problem) => {
            end_quietly(shared, &record.arn).await;
            Err(problem)
        }
        Err(problem) => Err(problem),
    }
}

/// Whether the same request may succeed later.
fn may_pass(problem: &Problem) -> bool {
    problem.retry_after.is_some() || problem.code == ErrorCode::TimedOut
}

/// What is left of the time a game session may take to become active, since this instance first saw it.
pub(crate) fn time_left(shared: &Shared, record: &GameSessionRecord) -> Duration {
    let age = shared.activating.first_seen(&record.arn, record).elapsed();
    shared.limits.placement_deadline.saturating_sub(age)
}

/// Looks once more at a game session whose time is up, and ends it if it is still activating.
pub(crate) async fn last_look(shared: &Shared, arn: &GameSessionArn) -> Result<GameSessionRecord, Problem> {
    let found = shared.gamelift.describe(arn).await;
    let now = found.map_err(|error| Problem::of(&error, During::Session))?;
    let now = now.ok_or_else(Problem::activation_failed)?;
    if now.status == GameSessionStatus::Active || now.status.is_over() {
        return Ok(now);
    }
    tracing::warn!(
        trace_id = shared.trace_id(arn),
        "a game session did not become active in time and is ended"
    );
    end_quietly(shared, arn).await;
    Err(Problem::activation_failed())
}

async fn end_quietly(shared: &Shared, arn: &GameSessionArn) {
    if let Err(error) = shared.gamelift.terminate(arn).await {
        tracing::warn!(trace_id = shared.trace_id(arn), kind = ?error.kind, "a game session that nobody can use was not ended");
    }
    shared.listings_changed();
}

/// A game session that is over was active if its maker ever had a seat in it.
async fn why_over(shared: &Shared, caller: &PlayerId, record: &GameSessionRecord) -> Problem {
    match shared.gamelift.seats_of(caller.as_str(), &record.arn).await {
        Ok(seats) if seats.iter().any(|seat| seat.arn == record.arn) => Problem::session_ended(),
        Ok(_) => Problem::activation_failed(),
        Err(error) => Problem::of(&error, During::Session),
    }
}
