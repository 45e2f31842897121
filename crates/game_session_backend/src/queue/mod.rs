//! Queue mode: a queue places game sessions, on any of its fleets, in any of its regions.
//!
//! A click is a placement, whose id is the session token: the id that a client is given names it, from the first answer on
//! and for the whole life of the game session. The end of a placement comes by an event, or is asked for; the maker's seat
//! is reserved with it. Everything that must be right is in rows that all instances share (`ledger`).
//!
//! | file | what |
//! |---|---|
//! | this | a click, a seat, where a game session is |
//! | `outcome` | what placements come to |
//! | `ledger` | what is known of them |
//! | `waiting` | waiting for their ends |
//! | `ends` | cancelled and overdue ones |
//! | `reconcile` | those whose events were lost, and those that nobody wants |

mod ends;
mod ledger;
mod outcome;
pub(crate) mod reconcile;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use game_session_protocol::{Placing, PlayerId, ProgressStep};
use tokio::time::Instant;

use crate::checks::without_ours;
use crate::config::{Creates, CreatorLimit};
use crate::gamelift::{GameLiftErrorKind, GameSessionArn, NewPlacement, PlacementRecord};
use crate::keyring::SessionToken;
use crate::placement::{Click, Placed, arguments, deliver as deliver_seat, describe};
use crate::placing::QueueTarget;
use crate::problem::{During, Problem};
use crate::sealing::PlacementName;
use crate::seats::{Facts, Newness};
use crate::shared_state::SharedStateError;
use crate::state::Shared;
use crate::watch::{Awaited, Pace, Watch, may_pass};

pub(crate) use ends::{Cancelled, cancel};
pub(crate) use ledger::{Books, Events};
pub(crate) use outcome::{LedgerError, Outcome, Spot};

use ledger::{Delivery, Ledger, Look, Open};
use outcome::why_nothing;
use waiting::Placements;

/// A seat that was reserved with its placement is given without a look at it for so long; GameLift keeps it for 60 s.
const SEAT_IS_FRESH: Duration = Duration::from_secs(40);
/// GameLift's clock may be so much ahead.
const CLOCKS_AGREE_MS: u64 = 5_000;
/// That a maker asks is written down at most so often.
const ASKED_IS_FRESH: Duration = Duration::from_secs(10);

/// What a backend in queue mode has besides.
pub(crate) struct Queue {
    pub(crate) target: QueueTarget,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) watch: Watch<Placements>,
}

/// Who waits for which placement, and since when.
struct Asker<'a> {
    caller: &'a PlayerId,
    name: &'a PlacementName,
    started: Instant,
    wait: Duration,
}

impl Queue {
    pub(crate) fn new(target: QueueTarget, books: Books, pace: Pace) -> Self {
        let ledger = Arc::new(Ledger::new(books));
        Self {
            target,
            watch: Watch::new(Placements(Arc::clone(&ledger)), pace),
            ledger,
        }
    }

    /// Writes the end of a placement down, and wakes those who wait for it.
    pub(crate) async fn settle(&self, token: &SessionToken, outcome: Outcome) -> Result<Outcome, LedgerError> {
        let settled = self.ledger.settle(token, outcome).await;
        // Also when something is left to do: the row is there.
        if let Ok(Some(outcome)) = self.ledger.known(token).await {
            self.watch.tell(token, &Ok(outcome));
        }
        settled
    }
}

/// Places the game session of this click, or finds what it placed before, and takes the caller's seat in it.
pub(crate) async fn create(
    shared: &Shared,
    queue: &Queue,
    click: &Click<'_>,
    started: Instant,
    wait: Duration,
) -> Result<Placed, Problem> {
    let asker = Asker {
        caller: click.caller,
        name: &PlacementName::new(&shared.ring, click.token, click.caller),
        started,
        wait,
    };
    let (record, since) = start(shared, queue, click).await?;
    let seen = Instant::now();
    let trace_id = shared.ring.trace_id(click.token);
    tracing::info!(trace_id, status = ?record.status, "a placement was asked for");
    let now = shared.clock.now_ms();
    let outcome = match Outcome::of(&record, now) {
        None => None,
        Some(outcome) => Some(queue.settle(click.token, outcome).await?),
    };
    wait_and_deliver(shared, queue, &asker, outcome, seen, since).await
}

/// The caller's seat in what a placement came to; waits while its maker must.
pub(crate) async fn seat(
    shared: &Shared,
    queue: &Queue,
    caller: &PlayerId,
    name: &PlacementName,
    wait: Duration,
) -> Result<Placed, Problem> {
    let asker = Asker {
        caller,
        name,
        started: Instant::now(),
        wait,
    };
    let known = queue.ledger.known(name.token()).await?;
    if known.is_some() {
        return wait_and_deliver(shared, queue, &asker, known, asker.started, 0).await;
    }
    if !name.is_of(&shared.ring, caller) {
        return Err(still_starting());
    }
    match asked(shared, queue, name.token(), wait).await? {
        Asked::Over(outcome) => wait_and_deliver(shared, queue, &asker, Some(outcome), asker.started, 0).await,
        Asked::Since(since) => wait_and_deliver(shared, queue, &asker, None, asker.started, since).await,
    }
}

/// The game session that a placement came to; a refusal while there is none.
pub(crate) async fn arn_of(shared: &Shared, queue: &Queue, name: &PlacementName) -> Result<GameSessionArn, Problem> {
    match arrival(shared, queue, name).await? {
        Some(Outcome::Placed(spot)) => Ok(spot.arn),
        Some(_) => Err(Problem::session_ended()),
        None => Err(still_starting()),
    }
}

/// What a placement came to, as far as that is known; one that is not on the list of open ones is looked for at GameLift,
/// because its rows have ended or were lost.
pub(crate) async fn arrival(shared: &Shared, queue: &Queue, name: &PlacementName) -> Result<Option<Outcome>, Problem> {
    let (ledger, token) = (&queue.ledger, name.token());
    if let Some(outcome) = ledger.known(token).await? {
        return Ok(Some(outcome));
    }
    let opened = ledger.opened(token).await?;
    let waited = opened.map_or(Duration::MAX, |open| age(shared, open.started_at_ms));
    if !ledger.may_look(token, waited) {
        return Ok(None);
    }
    match ledger.look(token).await? {
        Look::Over(outcome) => Ok(Some(outcome)),
        Look::Pending { .. } => Ok(None),
        Look::Unknown => Err(Problem::not_found()),
    }
}

/// Asks the queue; tells since when too. A click that came before is found again, if it asked for the same.
async fn start(shared: &Shared, queue: &Queue, click: &Click<'_>) -> Result<(PlacementRecord, u64), Problem> {
    let placement = NewPlacement {
        game_session: arguments(shared, click)?,
        player: click.caller.to_string(),
        latencies: click.request.latencies.clone(),
    };
    let _alone = shared
        .clicks
        .lock(click.token.as_str().to_owned())
        .await
        .ok_or_else(Problem::busy)?;
    check_creates(shared, queue, click).await?;
    let now = shared.clock.now_ms();
    let opened = queue.ledger.opened(click.token).await?;
    let since = opened.map_or(now, |open| open.started_at_ms);
    // Before the call: if its answer is lost, there may be a placement.
    let open = Open {
        token: click.token.as_str().to_owned(),
        started_at_ms: since,
        asked_at_ms: now,
    };
    queue.ledger.open(&open).await?;
    let error = match shared.gamelift.start_placement(placement).await {
        Ok(record) => return Ok((record, since)),
        Err(error) => error,
    };
    if may_pass(error.kind) && error.kind != GameLiftErrorKind::Conflict {
        return Err(Problem::of(&error, During::Create));
    }
    let before = shared.gamelift.describe_placement(click.token.as_str()).await;
    match before.map_err(|error| Problem::of(&error, During::Session))? {
        None => {
            if let Err(error) = queue.ledger.close(click.token).await {
                tracing::warn!(%error, "the row of a placement that was refused stays until it is looked after");
            }
            Err(Problem::of(&error, During::Create))
        }
        Some(record) if asks_alike(shared, click, &record) => Ok((record, since)),
        Some(_) => Err(Problem::idempotency_mismatch()),
    }
}

/// Counts what a player creates, for all instances together: a queue does not know who makes a game session. A click that
/// came before is let through.
async fn check_creates(shared: &Shared, queue: &Queue, click: &Click<'_>) -> Result<(), Problem> {
    let Creates { most, period } = shared.limits.creates_per_player;
    if shared.creator_limit == CreatorLimit::Off {
        return Ok(());
    }
    let now = shared.clock.now_seconds();
    let period = period.as_secs().max(1);
    let key = format!("creates/{}/{}", shared.ring.pseudonym(click.caller), now / period);
    let made = shared.rows.count(key, 1, Duration::from_secs(period)).await?;
    if made <= most || queue.ledger.has(click.token).await? {
        return Ok(());
    }
    Err(Problem::too_many_creates(Duration::from_secs(period - now % period)))
}

/// Whether a placement is what the click asks for. Latencies may differ: they are measured anew.
fn asks_alike(shared: &Shared, click: &Click<'_>, record: &PlacementRecord) -> bool {
    let request = click.request;
    Facts::read(&shared.ring, &record.session_data).is_some_and(|facts| {
        facts.owner == *click.caller
            && facts.password == click.password
            && facts.build == request.build
            && facts.privacy == request.privacy
            && record.name == request.name
            && record.max_players == request.max_players
            && without_ours(&record.properties) == request.properties
    })
}

enum Asked {
    Over(Outcome),
    /// Still open, since then by the backend's clock where its row is there: GameLift's may differ.
    Since(u64),
}

/// Writes down that the maker asks, and asks GameLift where that is due and nobody else does.
async fn asked(shared: &Shared, queue: &Queue, token: &SessionToken, wait: Duration) -> Result<Asked, Problem> {
    let ledger = &queue.ledger;
    let opened = ledger.opened(token).await?;
    let mut since = opened.as_ref().map(|open| open.started_at_ms);
    let waited = since.map_or(Duration::MAX, |since| age(shared, since));
    // Who waits is told by the shared polls.
    if (wait.is_zero() || opened.is_none()) && ledger.may_look(token, waited) {
        match ledger.look(token).await? {
            Look::Over(outcome) => return Ok(Asked::Over(outcome)),
            Look::Unknown if opened.is_none() => return Err(Problem::not_found()),
            Look::Pending { started_at_ms } => since = since.or(started_at_ms),
            Look::Unknown => {}
        }
    }
    let since = since.unwrap_or_else(|| shared.clock.now_ms());
    let is_fresh = opened.is_some_and(|open| age(shared, open.asked_at_ms) < ASKED_IS_FRESH);
    if !is_fresh {
        let open = Open {
            token: token.as_str().to_owned(),
            started_at_ms: since,
            asked_at_ms: shared.clock.now_ms(),
        };
        ledger.open(&open).await?;
    }
    Ok(Asked::Since(since))
}

/// Waits for the end of a placement that was open at `seen`, and gives the caller the seat.
async fn wait_and_deliver(
    shared: &Shared,
    queue: &Queue,
    asker: &Asker<'_>,
    outcome: Option<Outcome>,
    seen: Instant,
    since_ms: u64,
) -> Result<Placed, Problem> {
    let token = asker.name.token();
    let outcome = if let Some(outcome) = outcome {
        outcome
    } else {
        let left = shared.limits.placement_deadline.saturating_sub(age(shared, since_ms));
        let wait = asker.wait.saturating_sub(asker.started.elapsed()).min(left);
        match queue.watch.answer(token, seen, wait).await {
            Awaited::Answer(Ok(outcome)) => outcome,
            Awaited::Answer(Err(error)) => return Err(Problem::of(&error, During::Session)),
            Awaited::TooMany => return Err(Problem::busy()),
            Awaited::NotYet if wait == left => ends::give_up(queue, token).await?,
            Awaited::NotYet | Awaited::Stopped => return placing(shared, asker.name),
        }
    };
    let spot = match outcome {
        Outcome::Placed(spot) => spot,
        nothing => {
            let fate = queue.ledger.fate(token).await?;
            return Err(why_nothing(&nothing, fate));
        }
    };
    deliver(shared, queue, asker, &spot).await
}

/// Gives the caller the seat in what was placed. To its maker that is a decision: from then on it is wanted.
async fn deliver(shared: &Shared, queue: &Queue, asker: &Asker<'_>, spot: &Spot) -> Result<Placed, Problem> {
    let token = asker.name.token();
    let mut newness = Newness::MayHaveSeat;
    if asker.name.is_of(&shared.ring, asker.caller) {
        match queue.ledger.deliver(token).await? {
            Delivery::First if is_fresh(shared, spot) => {
                let seat = spot.seats.iter().find(|seat| seat.player == asker.caller.as_str());
                if let Some(seat) = seat {
                    newness = Newness::Placed(seat.id.clone());
                }
            }
            Delivery::First | Delivery::Again => {}
            Delivery::Refused(fate) => return Err(why_nothing(&Outcome::Cancelled, Some(fate))),
        }
    }
    let record = describe(shared, &spot.arn).await?;
    let facts = Facts::of(&shared.ring, &record).filter(|facts| facts.token == *token);
    let facts = facts.ok_or_else(Problem::not_found)?;
    if facts.owner != *asker.caller && record.status == crate::gamelift::GameSessionStatus::Activating {
        return Err(still_starting());
    }
    shared.listings_changed();
    let now = Instant::now();
    deliver_seat(shared, asker.caller, record, newness, now, asker.started, asker.wait).await
}

fn placing(shared: &Shared, name: &PlacementName) -> Result<Placed, Problem> {
    let id = name.sealed(&shared.ring);
    Ok(Placed::Placing(Placing {
        id: id.ok_or(Problem::internal("the game session's id is too long"))?,
        step: ProgressStep::Placing,
    }))
}

fn still_starting() -> Problem {
    Problem::not_accepting("the game session is still starting").retry_after(Duration::from_secs(1))
}

/// Whether the seats that were reserved with a placement are still kept. A time of GameLift's that is yet to come here
/// says nothing: one of the clocks is wrong.
fn is_fresh(shared: &Shared, spot: &Spot) -> bool {
    let clocks_agree = spot.at_ms <= shared.clock.now_ms() + CLOCKS_AGREE_MS;
    clocks_agree && age(shared, spot.at_ms) < SEAT_IS_FRESH
}

fn age(shared: &Shared, since_ms: u64) -> Duration {
    Duration::from_millis(shared.clock.now_ms().saturating_sub(since_ms))
}

impl From<SharedStateError> for Problem {
    fn from(error: SharedStateError) -> Self {
        LedgerError::from(error).into()
    }
}
