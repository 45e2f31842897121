//! Quick join: into a running game session that fits, a new one if there is none.
//!
//! Callers of one build and mode go one after another (a lease): the one who makes a game session is followed into it
//! by the next ones, so that many who come at once fill game sessions instead of making one each.
//!
//! Where a click led is written down before its seat is taken, in a row that all instances share: who repeats it, at
//! whatever instance, is led there again.

use std::time::Duration;

use game_session_protocol::{ErrorCode, GameSessionId, IdempotencyKey, PlayerId, Privacy, QuickJoin, Seat};
use tokio::time::{Instant, timeout};

use crate::finding::candidates;
use crate::gamelift::{GameSessionArn, GameSessionStatus};
use crate::keyring::SessionToken;
use crate::placement::{Placed, create, describe, last_look, time_left};
use crate::problem::Problem;
use crate::queue::{self, Outcome, Queue};
use crate::sealing::{PlacementName, SessionName};
use crate::seats::{Facts, Lapsed, Newness, take};
use crate::state::Shared;
use crate::watch::{Awaited, Waited};

/// So many game sessions are tried before one is made.
const MOST_TRIES: usize = 3;

/// Where a click led is known for so long.
const LIFE: Duration = Duration::from_mins(10);
/// In place of a game session's id: the click makes its own.
const ITS_OWN: &str = "new";
/// A game session that is activating is followed for so long; then the next caller looks for another.
const FOLLOWED: Duration = Duration::from_secs(30);

/// What is remembered between two callers of one build and mode: the game session that the last one entered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lease(Option<GameSessionId>);

/// What a quick join comes to.
#[derive(Debug)]
pub(crate) enum Entered {
    /// A seat in a game session that was there.
    Joined(Box<Seat>),
    /// A new game session.
    Made(Placed),
}

/// One caller's click, and the row that says where it led.
struct Click<'a> {
    shared: &'a Shared,
    caller: &'a PlayerId,
    request: QuickJoin,
    row: String,
    until: Instant,
}

/// Finds or makes a game session for the caller.
pub(crate) async fn quick_join(
    shared: &Shared,
    caller: &PlayerId,
    request: QuickJoin,
    wait: Duration,
) -> Result<Entered, Problem> {
    let mode: Vec<_> = request.properties.iter().collect();
    let key = format!("{} {mode:?}", request.build);
    let (row, led) = known(shared, caller, &request.idempotency_key).await?;
    let click = Click {
        shared,
        caller,
        request,
        row,
        until: Instant::now() + wait,
    };
    if let Some(led) = led
        && let Some(entered) = click.again(&led).await?
    {
        return Ok(entered);
    }
    let patience = wait.max(Duration::from_secs(1));
    let turn = timeout(patience, shared.leases.lock(key)).await;
    let mut lease = turn
        .map_err(|_| Problem::unavailable(Duration::from_secs(1)))?
        .ok_or_else(Problem::busy)?;
    click.first(&mut lease).await
}

/// The row of a click, and what it says. While the keyring is rotated the click may have come to an instance with another
/// active key: then it is the row of that one.
async fn known(
    shared: &Shared,
    caller: &PlayerId,
    click: &IdempotencyKey,
) -> Result<(String, Option<String>), Problem> {
    let row = |token: &SessionToken| format!("quick/{}", shared.ring.trace_id(token));
    for token in shared.ring.other_session_tokens(caller, click) {
        if let Some(led) = shared.rows.get(row(&token)).await? {
            return Ok((row(&token), Some(led)));
        }
    }
    let row = row(&shared.ring.session_token(caller, click));
    let led = shared.rows.get(row.clone()).await?;
    Ok((row, led))
}

impl Click<'_> {
    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// For the first time: where the last caller went, into another game session that fits, or into a new one.
    async fn first(&self, lease: &mut Lease) -> Result<Entered, Problem> {
        let shared = self.shared;
        if let Some(id) = lease.0.clone() {
            match self.lead(&id, true).await? {
                Some(entered) => return Ok(entered),
                None => lease.0 = None,
            }
        }
        let found = candidates(shared, &self.request.build, &self.request.properties).await?;
        for game_session in found.into_iter().take(MOST_TRIES) {
            if let Some(entered) = self.lead(&game_session.id, false).await? {
                lease.0 = Some(game_session.id);
                return Ok(entered);
            }
            tracing::debug!(name = game_session.name, "a game session filled up before a quick join");
        }
        let led = self.agree(ITS_OWN).await?;
        if led != ITS_OWN
            && let Some(entered) = self.again(&led).await?
        {
            return Ok(entered);
        }
        let placed = self.make().await?;
        lease.0 = Some(match &placed {
            Placed::Seated(seat) => seat.game_session.id.clone(),
            Placed::Placing(placing) => placing.id.clone(),
        });
        Ok(Entered::Made(placed))
    }

    /// Where it led before. `None` when there is no seat any more and the caller has none.
    async fn again(&self, led: &str) -> Result<Option<Entered>, Problem> {
        if led == ITS_OWN {
            return self.make().await.map(|placed| Some(Entered::Made(placed)));
        }
        let id = led
            .parse()
            .map_err(|_| Problem::internal("a click's row cannot be read"))?;
        match self.follow(&id, Fit::Known, self.left()).await {
            Err(problem) if matches!(problem.code, ErrorCode::SessionFull | ErrorCode::NotAccepting) => {
                self.forget().await?;
                Ok(None)
            }
            Ok(None) => {
                self.forget().await?;
                Ok(None)
            }
            Ok(Some(seat)) => Ok(Some(joined(seat))),
            Err(problem) => Err(problem),
        }
    }

    /// Leads the click into a game session, unless it was led elsewhere meanwhile; `None` when there is no seat for it.
    async fn lead(&self, id: &GameSessionId, waits: bool) -> Result<Option<Entered>, Problem> {
        let led = self.agree(id.as_str()).await?;
        if led != id.as_str() {
            return self.again(&led).await;
        }
        let wait = if waits { self.left() } else { Duration::ZERO };
        let seat = match self.follow(id, Fit::Asked, wait).await {
            Err(problem)
                if matches!(
                    problem.code,
                    ErrorCode::NotFound | ErrorCode::SessionFull | ErrorCode::NotAccepting | ErrorCode::SessionEnded
                ) =>
            {
                None
            }
            other => other?,
        };
        if seat.is_none() {
            self.forget().await?;
        }
        Ok(seat.map(joined))
    }

    /// Makes the click's own game session, or finds the one it made.
    async fn make(&self) -> Result<Placed, Problem> {
        let new = self.request.clone().into_create();
        let placed = create(self.shared, self.caller, &new, None, self.left()).await;
        match &placed {
            // Nothing was made: next time there may be a seat elsewhere. A placement that came to nothing stays its own.
            Err(problem) if problem.code == ErrorCode::NoCapacity && self.shared.queue.is_none() => {
                self.forget().await?;
            }
            // Another instance may have found no capacity meanwhile.
            Ok(_) => drop(self.agree(ITS_OWN).await?),
            Err(_) => {}
        }
        placed
    }

    /// Writes down where the click leads, and gives what was written first.
    async fn agree(&self, led: &str) -> Result<String, Problem> {
        let row = self.shared.rows.put_if_absent(self.row.clone(), led.to_owned(), LIFE);
        Ok(row.await?)
    }

    async fn forget(&self) -> Result<(), Problem> {
        Ok(self.shared.rows.strike(self.row.clone()).await?)
    }

    /// Takes a seat in the game session of this id; waits while it is placed and activates. `None` when it came to nothing.
    async fn follow(&self, id: &GameSessionId, fit: Fit, wait: Duration) -> Result<Option<Seat>, Problem> {
        let started = Instant::now();
        let shared = self.shared;
        let arn = match (SessionName::open(&shared.ring, id.as_str()), &shared.queue) {
            (Some(SessionName::Arn(arn)), _) => Some(arn),
            (Some(SessionName::Placement(name)), Some(queue)) => {
                placed_at(shared, queue, self.caller, &name, wait).await?
            }
            (Some(SessionName::Placement(_)) | None, _) => None,
        };
        match arn {
            Some(arn) => self.enter(&arn, fit, wait.saturating_sub(started.elapsed())).await,
            None => Ok(None),
        }
    }

    /// Takes a seat; `None` when the game session does not fit, or takes too long to activate.
    async fn enter(&self, arn: &GameSessionArn, fit: Fit, wait: Duration) -> Result<Option<Seat>, Problem> {
        let (shared, caller, request) = (self.shared, self.caller, &self.request);
        let mut record = describe(shared, arn).await?;
        if record.status == GameSessionStatus::Activating {
            let owns = Facts::of(&shared.ring, &record).is_some_and(|it| it.owner == *caller);
            let left = time_left(shared, &record);
            let age = shared.limits.placement_deadline.saturating_sub(left);
            let patience = FOLLOWED.saturating_sub(age).min(left);
            record = match shared.watch.settled(arn, Instant::now(), wait.min(patience)).await {
                Waited::Settled(now) => now,
                // Its maker asks again under the same click and is told how far it is.
                Waited::StillActivating if !owns && wait < patience => {
                    return Err(Problem::unavailable(Duration::from_secs(1)));
                }
                Waited::StillActivating if wait >= patience && patience == left => match last_look(shared, arn).await {
                    Ok(now) => now,
                    Err(problem) if problem.code == ErrorCode::ActivationFailed => return Ok(None),
                    Err(problem) => return Err(problem),
                },
                _ => return Ok(None),
            };
        }
        let facts = Facts::of(&shared.ring, &record).ok_or_else(Problem::not_found)?;
        if record.status.is_over() {
            return Err(Problem::session_ended());
        }
        if fit == Fit::Known && facts.build != request.build {
            return Err(Problem::idempotency_mismatch());
        }
        let fits = record.status == GameSessionStatus::Active
            && facts.build == request.build
            && facts.privacy == Privacy::Listed
            && facts.password.is_none()
            && request
                .properties
                .iter()
                .all(|(key, value)| record.properties.get(key) == Some(value));
        if !fits && fit == Fit::Asked {
            return Ok(None);
        }
        take(shared, caller, &record, &facts, Newness::MayHaveSeat, Lapsed::Reserve)
            .await
            .map(Some)
    }
}

/// Whether a game session must be what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Asked,
    /// It was when the click led there.
    Known,
}

fn joined(seat: Seat) -> Entered {
    Entered::Joined(Box::new(seat))
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
