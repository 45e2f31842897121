//! Placements that are to end: cancelled by their makers, or overdue. A placement may be fulfilled in the same moment; then
//! its game session is given to its maker or ended, and never forgotten.

use std::time::Duration;

use game_session_protocol::PlayerId;

use super::Queue;
use super::ledger::{Ledger, Look};
use super::outcome::{Fate, LedgerError, Outcome};
use crate::gamelift::{GameLiftErrorKind, GameSessionArn};
use crate::keyring::SessionToken;
use crate::problem::Problem;
use crate::sealing::PlacementName;
use crate::state::Shared;

/// What is there to end.
pub(crate) enum Cancelled {
    /// Nothing more: the placement was stopped, or came to nothing.
    Over,
    /// A game session that runs.
    Running(GameSessionArn),
}

/// Ends a placement for its maker. One that is over already leads to its game session.
pub(crate) async fn cancel(
    shared: &Shared,
    queue: &Queue,
    caller: &PlayerId,
    name: &PlacementName,
) -> Result<Cancelled, Problem> {
    let (ledger, token) = (&queue.ledger, name.token());
    match ledger.known(token).await? {
        Some(Outcome::Placed(spot)) => return Ok(Cancelled::Running(spot.arn)),
        Some(_) if name.is_of(&shared.ring, caller) => return Ok(Cancelled::Over),
        _ => {}
    }
    if !name.is_of(&shared.ring, caller) {
        return Err(Problem::new(
            game_session_protocol::ErrorCode::Forbidden,
            "only its owner may do this to a game session",
        ));
    }
    // First: whoever hears that it was placed after all, on whatever instance, ends it.
    let fate = ledger.decide(token, Fate::Cancelled).await?;
    tracing::info!(
        trace_id = shared.ring.trace_id(token),
        "a placement is cancelled by its maker"
    );
    match stop(ledger, token).await? {
        Stopped::Over(outcome) => match queue.settle(token, outcome).await? {
            Outcome::Placed(spot) if fate == Fate::Delivered => Ok(Cancelled::Running(spot.arn)),
            _ => Ok(Cancelled::Over),
        },
        // Its end is told, or found by the reconciler.
        Stopped::Ending => Ok(Cancelled::Over),
        Stopped::Unknown => Err(Problem::not_found()),
    }
}

/// Stops a placement whose time is up; what it came to instead.
pub(super) async fn give_up(queue: &Queue, token: &SessionToken) -> Result<Outcome, Problem> {
    match stop_for(&queue.ledger, token, Fate::Overdue).await? {
        Stopped::Over(outcome) => {
            queue.watch.tell(token, &Ok(outcome.clone()));
            Ok(outcome)
        }
        Stopped::Ending => Err(Problem::unavailable(Duration::from_secs(1))),
        Stopped::Unknown => Err(Problem::not_found()),
    }
}

/// What stopping a placement comes to.
pub(super) enum Stopped {
    Over(Outcome),
    /// It will be over.
    Ending,
    /// There is none.
    Unknown,
}

/// Stops a placement and writes down why. One that was fulfilled meanwhile is not touched: it can still be delivered.
pub(super) async fn stop_for(ledger: &Ledger, token: &SessionToken, why: Fate) -> Result<Stopped, LedgerError> {
    let stopped = stop(ledger, token).await?;
    if let Stopped::Over(outcome) = &stopped {
        if *outcome == Outcome::Cancelled {
            ledger.decide(token, why).await?;
            let trace_id = ledger.ring.trace_id(token);
            tracing::warn!(trace_id, why = why.word(), "a placement was stopped");
        }
        ledger.settle(token, outcome.clone()).await?;
    }
    Ok(stopped)
}

async fn stop(ledger: &Ledger, token: &SessionToken) -> Result<Stopped, LedgerError> {
    match ledger.gamelift.stop_placement(token.as_str()).await {
        Ok(record) => Ok(Outcome::of(&record, ledger.clock.now_ms()).map_or(Stopped::Ending, Stopped::Over)),
        // It is over already, or there is none.
        Err(error)
            if matches!(
                error.kind,
                GameLiftErrorKind::InvalidRequest | GameLiftErrorKind::NotFound
            ) =>
        {
            Ok(match ledger.look(token).await? {
                Look::Over(outcome) => Stopped::Over(outcome),
                Look::Pending { .. } => Stopped::Ending,
                Look::Unknown => Stopped::Unknown,
            })
        }
        Err(error) => Err(error.into()),
    }
}
