//! Quick join: into a running game session that fits, a new one if there is none.
//!
//! Callers of one build and mode go one after another (a lease): the one who makes a game session is followed into it
//! by the next ones, so that many who come at once fill game sessions instead of making one each.

use std::time::Duration;

use game_session_protocol::{ErrorCode, PlayerId, Privacy, QuickJoin, Seat};
use tokio::time::{Instant, timeout};

use crate::finding::candidates;
use crate::gamelift::{GameSessionArn, GameSessionStatus};
use crate::placement::{Placed, create, describe};
use crate::problem::Problem;
use crate::queue::{self, Outcome, Queue};
use crate::sealing::{PlacementName, SessionName};
use crate::seats::{Facts, Lapsed, Newness, take};
use crate::state::Shared;
use crate::watch::{Awaited, Waited};

/// So many game sessions are tried before one is made.
const MOST_TRIES: usize = 3;

/// What is remembered between two callers of one build and mode: the game session that the last one entered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lease(Option<SessionName>);

/// What a quick join comes to.
#[derive(Debug)]
pub(crate) enum Entered {
    /// A seat in a game session that was there.
    Joined(Box<Seat>),
    /// A new game session.
    Made(Placed),
}

/// Finds or makes a game session for the caller.
pub(crate) async fn quick_join(
    shared: &Shared,
    caller: &PlayerId,
    request: QuickJoin,
    wait: Duration,
) -> Result<Entered, Problem> {
    let started = Instant::now();
    let mode: Vec<_> = request.properties.iter().collect();
    let key = format!("{} {mode:?}", request.build);
    let patience = wait.max(Duration::from_secs(1));
    let turn = timeout(patience, shared.leases.lock(key)).await;
    let mut lease = turn
        .map_err(|_| Problem::unavailable(Duration::from_secs(1)))?
        .ok_or_else(Problem::busy)?;

    if let Some(name) = lease.0.clone() {
        match follow(shared, caller, &request, &name, wait.saturating_sub(started.elapsed())).await? {
            Some(seat) => return Ok(Entered::Joined(Box::new(seat))),
            None => lease.0 = None,
        }
    }
    let found = candidates(shared, &request.build, &request.properties).await?;
    for candidate in found.into_iter().take(MOST_TRIES) {
        if let Some(seat) = enter(shared, caller, &request, &candidate.arn, Duration::ZERO).await? {
            lease.0 = Some(SessionName::Arn(candidate.arn));
            return Ok(Entered::Joined(Box::new(seat)));
        }
        tracing::debug!(
            name = candidate.game_session.name,
            "a game session filled up before a quick join"
        );
    }
    let new = request.into_create();
    let placed = create(shared, caller, &new, None, wait.saturating_sub(started.elapsed())).await?;
    let id = match &placed {
        Placed::Seated(seat) => &seat.game_session.id,
        Placed::Placing(placing) => &placing.id,
    };
    lease.0 = SessionName::open(&shared.ring, id.as_str());
    Ok(Entered::Made(placed))
}

/// Takes a seat where the last caller took one; waits while it is placed.
async fn follow(
    shared: &Shared,
    caller: &PlayerId,
    request: &QuickJoin,
    name: &SessionName,
    wait: Duration,
) -> Result<Option<Seat>, Problem> {
    let started = Instant::now();
    let arn = match (name, &shared.queue) {
        (SessionName::Arn(arn), _) => Some(arn.clone()),
        (SessionName::Placement(name), Some(queue)) => placed_at(shared, queue, caller, name, wait).await?,
        (SessionName::Placement(_), None) => None,
    };
    match arn {
        Some(arn) => {
            let wait = wait.saturating_sub(started.elapsed());
            enter(shared, caller, request, &arn, wait).await
        }
        None => Ok(None),
    }
}

/// Where a placement ended; `None` when it came to nothing.
async fn placed_at(
    shared: &Shared,
    queue: &Queue,
    caller: &PlayerId,
    name: &PlacementName,
    wait: Duration,
) -> Result<Option<GameSessionArn>, Problem> {
    let outcome = match queue::arrival(shared, queue, name).await {
        Ok(None) => match queue.watch.answer(name.token(), Instant::now(), wait).await {
            Awaited::Answer(Ok(outcome)) => outcome,
            // Its maker asks again under the same click and is told how far it is.
            Awaited::NotYet if !name.is_of(&shared.ring, caller) => {
                return Err(Problem::unavailable(Duration::from_secs(1)));
            }
            _ => return Ok(None),
        },
        Ok(Some(outcome)) => outcome,
        Err(problem) if problem.code == ErrorCode::NotFound => return Ok(None),
        Err(problem) => return Err(problem),
    };
    Ok(match outcome {
        Outcome::Placed(spot) => Some(spot.arn),
        _ => None,
    })
}

/// Takes a seat; `None` when this game session has none for the caller, which is no error here.
async fn enter(
    shared: &Shared,
    caller: &PlayerId,
    request: &QuickJoin,
    arn: &GameSessionArn,
    wait: Duration,
) -> Result<Option<Seat>, Problem> {
    let entered = async {
        let mut record = describe(shared, arn).await?;
        if record.status == GameSessionStatus::Activating {
            match shared.watch.settled(arn, Instant::now(), wait).await {
                Waited::Settled(now) => record = now,
                // Its maker asks again under the same click and is told how far it is.
                Waited::StillActivating if Facts::of(&shared.ring, &record).is_some_and(|it| it.owner != *caller) => {
                    return Err(Problem::unavailable(Duration::from_secs(1)));
                }
                _ => return Ok(None),
            }
        }
        let facts = Facts::of(&shared.ring, &record).ok_or_else(Problem::not_found)?;
        let fits = record.status == GameSessionStatus::Active
            && facts.build == request.build
            && facts.privacy == Privacy::Listed
            && facts.password.is_none()
            && request
                .properties
                .iter()
                .all(|(key, value)| record.properties.get(key) == Some(value));
        if !fits {
            return Ok(None);
        }
        take(shared, caller, &record, &facts, Newness::JustDescribed, Lapsed::Reserve)
            .await
            .map(Some)
    };
    match entered.await {
        Err(problem)
            if matches!(
                problem.code,
                ErrorCode::NotFound | ErrorCode::SessionFull | ErrorCode::NotAccepting | ErrorCode::SessionEnded
            ) =>
        {
            Ok(None)
        }
        other => other,
    }
}
