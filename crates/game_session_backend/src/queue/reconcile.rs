//! Looking after open placements: those whose events were lost are finished, those that nobody asks for any more are
//! stopped, and game sessions that nobody wants are ended.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::Queue;
use super::ends::{Stopped, stop_for};
use super::ledger::{Ledger, Look, OPEN, Open};
use super::outcome::{Fate, LedgerError, Outcome};
use crate::keyring::SessionToken;
use crate::state::AppState;

/// Placements that are taken from the list at once.
const MOST_AT_ONCE: u16 = 100;
/// A run looks after no further one after so long.
const LONGEST_RUN: Duration = Duration::from_secs(20);
/// A placement that GameLift does not know was never made, if it is so old.
const NEVER_MADE: Duration = Duration::from_mins(2);

/// What one run of the reconciler did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Reconciled {
    /// Placements that were due.
    pub due: usize,
    /// Of these, closed: nothing is to be done about them any more.
    pub closed: usize,
    /// Of these, stopped because they were overdue or nobody asked for them.
    pub stopped: usize,
    /// Of these, left for the next run because something failed.
    pub failed: usize,
}

/// What became of one.
enum Tidied {
    Open,
    Closed,
    Stopped,
}

/// Looks after all open placements that are due, each once, for about 20 seconds: a plain server does it every ten
/// seconds by itself, a function has it done on a schedule. Several at the same time do no harm. Without a queue there is
/// nothing to do.
pub async fn reconcile(state: &AppState) -> Reconciled {
    let mut done = Reconciled::default();
    let Some(queue) = &state.0.queue else { return done };
    let started = Instant::now();
    let mut seen = HashSet::new();
    while started.elapsed() < LONGEST_RUN && one_page(queue, started, &mut seen, &mut done).await {}
    if done != Reconciled::default() {
        state.0.listings_changed();
        tracing::info!(?done, "open placements were looked after");
    }
    done
}

/// Looks after the next of them; whether there may be more.
async fn one_page(queue: &Queue, started: Instant, seen: &mut HashSet<String>, done: &mut Reconciled) -> bool {
    let entries = match queue.ledger.rows.due(OPEN, MOST_AT_ONCE).await {
        Ok(entries) => entries,
        Err(error) => {
            tracing::error!(%error, "the list of open placements cannot be read");
            done.failed += 1;
            return false;
        }
    };
    let mut is_new = false;
    for entry in entries {
        if started.elapsed() >= LONGEST_RUN {
            return false;
        }
        // The list may show for a moment what was just looked after.
        if !seen.insert(entry.key.clone()) {
            continue;
        }
        is_new = true;
        done.due += 1;
        let Some((token, open)) = queue.ledger.entry(&entry) else {
            // Its key is not on the ring any more.
            let struck = queue.ledger.rows.strike(entry.key).await;
            done.closed += usize::from(struck.is_ok());
            continue;
        };
        match tidy(queue, &token, &open).await {
            Ok(Tidied::Open) => {}
            Ok(Tidied::Closed) => done.closed += 1,
            Ok(Tidied::Stopped) => done.stopped += 1,
            Err(error) => {
                tracing::warn!(trace_id = queue.ledger.ring.trace_id(&token), %error, "a placement is looked after later");
                done.failed += 1;
                // It must not stand before the others on the list.
                drop(later(&queue.ledger, &open).await);
            }
        }
    }
    is_new
}

async fn tidy(queue: &Queue, token: &SessionToken, open: &Open) -> Result<Tidied, LedgerError> {
    let ledger = &queue.ledger;
    let look = match ledger.known(token).await? {
        Some(outcome) => Look::Over(outcome),
        None => ledger.look(token).await?,
    };
    match look {
        Look::Over(outcome) => {
            queue.watch.tell(token, &Ok(outcome.clone()));
            over(ledger, token, open, &outcome).await
        }
        Look::Pending { .. } => {
            let why = if ledger.fate(token).await?.is_some() {
                Some(Fate::Cancelled)
            } else if age(ledger, open.started_at_ms) >= ledger.deadline {
                Some(Fate::Overdue)
            } else if age(ledger, open.asked_at_ms) >= ledger.abandoned {
                Some(Fate::Abandoned)
            } else {
                None
            };
            let Some(why) = why else {
                return later(ledger, open).await;
            };
            match stop_for(ledger, token, why).await? {
                Stopped::Over(outcome) => {
                    queue.watch.tell(token, &Ok(outcome));
                    Ok(Tidied::Stopped)
                }
                Stopped::Ending | Stopped::Unknown => later(ledger, open).await,
            }
        }
        Look::Unknown if age(ledger, open.started_at_ms) >= NEVER_MADE => {
            ledger.close(token).await?;
            Ok(Tidied::Closed)
        }
        Look::Unknown => later(ledger, open).await,
    }
}

/// Closes what is over, unless it is a game session that its maker may still ask for.
async fn over(ledger: &Ledger, token: &SessionToken, open: &Open, outcome: &Outcome) -> Result<Tidied, LedgerError> {
    if let Outcome::Placed(spot) = outcome
        && ledger.fate(token).await?.is_none()
    {
        if age(ledger, open.asked_at_ms) < ledger.abandoned {
            return later(ledger, open).await;
        }
        if ledger.may_be_in_use(&spot.arn).await? {
            ledger.close(token).await?;
            return Ok(Tidied::Closed);
        }
        ledger.decide(token, Fate::Abandoned).await?;
    }
    ledger.follow_up(token, outcome).await?;
    Ok(Tidied::Closed)
}

/// It stays on the list, and is due a round later.
async fn later(ledger: &Ledger, open: &Open) -> Result<Tidied, LedgerError> {
    ledger.open(open).await?;
    Ok(Tidied::Open)
}

fn age(ledger: &Ledger, since_ms: u64) -> Duration {
    Duration::from_millis(ledger.clock.now_ms().saturating_sub(since_ms))
}
