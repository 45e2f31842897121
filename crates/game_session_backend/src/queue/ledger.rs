//! What is known of placements: rows that all instances share, and this instance's memory before them.
//!
//! | row | what it says | who writes it |
//! |---|---|---|
//! | `placement/T` | it is open: since when, and when its maker last asked; on the list of open placements | its maker's requests, the reconciler |
//! | `placed/T` | its end | whoever hears of it first: an event, a look, the reconciler |
//! | `fate/T` | what becomes of its game session | whoever decides first: a delivery, a cancellation, the reconciler |
//!
//! The last two are written once and never changed, so nothing goes backwards, in whatever order events come. `T` is the
//! trace id; the values are sealed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::outcome::{Fate, LedgerError, Outcome, Spot};
use crate::clock::Clock;
use crate::gamelift::{GameLiftErrorKind, GameSessionArn, Patient};
use crate::keyring::{Keyring, Purpose, SessionToken};
use crate::locks::locked;
use crate::sealing::{open, seal};
use crate::seats::Facts;
use crate::shared_state::{Entry, Listed, SharedState, SharedStateError};

/// The list of open placements.
pub(crate) const OPEN: &str = "placements";
/// Rows end by then; GameLift remembers placements for longer.
const LIFE: Duration = Duration::from_hours(2);
/// The rows of what was delivered end sooner, for there are many: two for each placement. Where it is can be asked for
/// again, and a game session with players in it is not taken for an abandoned one.
const SETTLED: Duration = Duration::from_mins(30);
/// An open placement is looked after again so much later.
pub(crate) const ROUND: Duration = Duration::from_secs(20);
/// With events GameLift is asked for a placement only when none came for so long, and then no sooner again.
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_REMEMBERED: usize = 16_384;

/// Whether the ends of placements are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Events {
    Told,
    /// GameLift is asked for them.
    Asked,
}

/// What is known of placements.
pub(crate) struct Ledger {
    pub(super) ring: Keyring,
    pub(super) rows: Arc<dyn SharedState>,
    pub(super) gamelift: Patient,
    pub(super) clock: Clock,
    /// A placement may take so long.
    pub(super) deadline: Duration,
    /// A placement whose maker has not asked for so long is not wanted any more.
    pub(super) abandoned: Duration,
    pub(super) events: Events,
    memory: Mutex<HashMap<SessionToken, Outcome>>,
    looked: Mutex<HashMap<SessionToken, Instant>>,
}

/// What the row of an open placement says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Open {
    pub(crate) token: String,
    pub(crate) started_at_ms: u64,
    pub(crate) asked_at_ms: u64,
}

/// What GameLift says of a placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Look {
    Over(Outcome),
    Pending {
        started_at_ms: Option<u64>,
    },
    /// There is none.
    Unknown,
}

/// Whether a seat may be given, and whether for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    First,
    Again,
    Refused(Fate),
}

/// What a ledger is made with.
pub(crate) struct Books {
    pub(crate) ring: Keyring,
    pub(crate) rows: Arc<dyn SharedState>,
    pub(crate) gamelift: Patient,
    pub(crate) clock: Clock,
    pub(crate) deadline: Duration,
    pub(crate) max_wait: Duration,
    pub(crate) events: Events,
}

impl Ledger {
    pub(crate) fn new(books: Books) -> Self {
        Self {
            ring: books.ring,
            rows: books.rows,
            gamelift: books.gamelift,
            clock: books.clock,
            deadline: books.deadline,
            abandoned: books.max_wait + Duration::from_mins(1),
            events: books.events,
            memory: Mutex::default(),
            looked: Mutex::default(),
        }
    }

    /// The end of a placement, as far as it is known without asking GameLift.
    pub(crate) async fn known(&self, token: &SessionToken) -> Result<Option<Outcome>, SharedStateError> {
        if let Some(outcome) = locked(&self.memory).get(token) {
            return Ok(Some(outcome.clone()));
        }
        let row = self.rows.get(self.key("placed", token)).await?;
        let outcome = row.and_then(|row| self.unsealed::<Outcome>(&row));
        if let Some(outcome) = &outcome {
            self.remember(token, outcome);
        }
        Ok(outcome)
    }

    /// Asks GameLift; what is over is written down.
    pub(crate) async fn look(&self, token: &SessionToken) -> Result<Look, LedgerError> {
        {
            let mut looked = locked(&self.looked);
            if looked.len() >= MOST_REMEMBERED {
                looked.retain(|_, at| at.elapsed() < PATIENCE);
            }
            looked.insert(token.clone(), Instant::now());
        }
        let Some(record) = self.gamelift.describe_placement(token.as_str()).await? else {
            return Ok(Look::Unknown);
        };
        match Outcome::of(&record, self.clock.now_ms()) {
            None => Ok(Look::Pending {
                started_at_ms: record.started_at_ms,
            }),
            Some(outcome) => {
                let outcome = self.write(token, outcome).await?;
                // What fails here stays on the list of open placements.
                if let Err(error) = self.follow_up(token, &outcome).await {
                    tracing::warn!(trace_id = self.ring.trace_id(token), %error, "the end of a placement is followed up later");
                }
                Ok(Look::Over(outcome))
            }
        }
    }

    /// Whether it is time to ask GameLift for a placement that has been waited for so long.
    pub(crate) fn may_look(&self, token: &SessionToken, waited: Duration) -> bool {
        match self.events {
            Events::Asked => true,
            Events::Told => waited >= PATIENCE && self.looked(token).is_none_or(|at| at.elapsed() >= PATIENCE),
        }
    }

    /// When this instance last asked GameLift for a placement.
    pub(super) fn looked(&self, token: &SessionToken) -> Option<Instant> {
        locked(&self.looked).get(token).copied()
    }

    /// Writes the end of a placement down, and does what has to be done then. The end that was written first counts.
    pub(crate) async fn settle(&self, token: &SessionToken, outcome: Outcome) -> Result<Outcome, LedgerError> {
        let outcome = self.write(token, outcome).await?;
        self.follow_up(token, &outcome).await?;
        Ok(outcome)
    }

    async fn write(&self, token: &SessionToken, outcome: Outcome) -> Result<Outcome, LedgerError> {
        let row = self.sealed(&outcome);
        let agreed = self.rows.put_if_absent(self.key("placed", token), row, SETTLED).await?;
        // A row that this ring cannot read any more says nothing.
        let outcome = self.unsealed(&agreed).unwrap_or(outcome);
        self.remember(token, &outcome);
        Ok(outcome)
    }

    /// Ends a game session that nobody wants, and closes the placement when there is nothing more to do.
    pub(crate) async fn follow_up(&self, token: &SessionToken, outcome: &Outcome) -> Result<(), LedgerError> {
        if let Outcome::Placed(spot) = outcome {
            match self.fate(token).await? {
                None => return Ok(()),
                Some(Fate::Delivered) => {}
                Some(fate) => {
                    tracing::info!(
                        trace_id = self.ring.trace_id(token),
                        why = fate.word(),
                        "a game session that nobody wants is ended"
                    );
                    self.end(token, &spot.arn).await?;
                }
            }
        }
        Ok(self.close(token).await?)
    }

    /// Whether players are in a game session that is so old that the row which said it was delivered may have ended.
    pub(super) async fn may_be_in_use(&self, arn: &GameSessionArn) -> Result<bool, LedgerError> {
        let is_old = |since_ms| Duration::from_millis(self.clock.now_ms().saturating_sub(since_ms)) >= SETTLED;
        let record = self.gamelift.describe(arn).await?;
        Ok(record.is_some_and(|it| it.current_players > 0 && it.created_at_ms.is_none_or(is_old)))
    }

    /// Ends the game session of a placement, unless it is over.
    pub(crate) async fn end(&self, token: &SessionToken, arn: &GameSessionArn) -> Result<(), LedgerError> {
        let record = match self.gamelift.describe(arn).await? {
            Some(record) if !record.status.is_over() => record,
            _ => return Ok(()),
        };
        if Facts::of(&self.ring, &record).is_none_or(|facts| facts.token != *token) {
            tracing::error!("a placement led to a game session that is not its own, which is left alone");
            return Ok(());
        }
        match self.gamelift.terminate(arn).await {
            Err(error) if error.kind != GameLiftErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// What was decided, if anything was.
    pub(crate) async fn fate(&self, token: &SessionToken) -> Result<Option<Fate>, SharedStateError> {
        let row = self.rows.get(self.key("fate", token)).await?;
        Ok(row.as_deref().map(Fate::read))
    }

    /// Decides, unless that was done before, and gives what counts.
    pub(crate) async fn decide(&self, token: &SessionToken, fate: Fate) -> Result<Fate, SharedStateError> {
        let word = fate.word().to_owned();
        let row = self.rows.put_if_absent(self.key("fate", token), word, LIFE).await?;
        Ok(Fate::read(&row))
    }

    /// Whether the maker may be given the seat.
    pub(crate) async fn deliver(&self, token: &SessionToken) -> Result<Delivery, SharedStateError> {
        let own = format!("{} {}", Fate::Delivered.word(), uuid::Uuid::new_v4().simple());
        let row = self
            .rows
            .put_if_absent(self.key("fate", token), own.clone(), SETTLED)
            .await?;
        Ok(match Fate::read(&row) {
            Fate::Delivered if row == own => {
                self.close(token).await?;
                Delivery::First
            }
            Fate::Delivered => Delivery::Again,
            fate => Delivery::Refused(fate),
        })
    }

    /// Puts a placement on the list of open ones, or writes down that its maker has asked.
    pub(crate) async fn open(&self, open: &Open) -> Result<(), SharedStateError> {
        let Some(token) = SessionToken::parse(&open.token) else {
            return Ok(());
        };
        let row = Listed {
            list: OPEN,
            key: self.key("placement", &token),
            value: self.sealed(open),
            due_in: ROUND,
            life: LIFE,
        };
        self.rows.enlist(row).await
    }

    /// What is known of an open placement.
    pub(crate) async fn opened(&self, token: &SessionToken) -> Result<Option<Open>, SharedStateError> {
        let row = self.rows.get(self.key("placement", token)).await?;
        Ok(row.and_then(|row| self.unsealed(&row)))
    }

    /// Whether the placement was ever asked for, as far as the rows still tell.
    pub(crate) async fn has(&self, token: &SessionToken) -> Result<bool, SharedStateError> {
        Ok(self.opened(token).await?.is_some() || self.known(token).await?.is_some())
    }

    pub(crate) async fn close(&self, token: &SessionToken) -> Result<(), SharedStateError> {
        self.rows.strike(self.key("placement", token)).await
    }

    /// The placement of a row of the list; `None` when this ring cannot read it.
    pub(super) fn entry(&self, entry: &Entry) -> Option<(SessionToken, Open)> {
        let open: Open = self.unsealed(&entry.value)?;
        Some((SessionToken::parse(&open.token)?, open))
    }

    /// A game session that was found by a search: where it is needs no row then.
    pub(crate) fn found(&self, token: &SessionToken, arn: &GameSessionArn) {
        let known = locked(&self.memory).contains_key(token);
        if !known {
            let spot = Spot {
                arn: arn.clone(),
                seats: Vec::new(),
                at_ms: 0,
            };
            self.remember(token, &Outcome::Placed(spot));
        }
    }

    fn remember(&self, token: &SessionToken, outcome: &Outcome) {
        let mut memory = locked(&self.memory);
        if memory.len() >= MOST_REMEMBERED {
            // The rows know it all.
            memory.clear();
        }
        memory.insert(token.clone(), outcome.clone());
    }

    fn key(&self, what: &str, token: &SessionToken) -> String {
        format!("{what}/{}", self.ring.trace_id(token))
    }

    fn sealed<T: Serialize>(&self, value: &T) -> String {
        let text = serde_json::to_string(value).expect("structs of strings and numbers always serialise");
        seal(self.ring.active(), Purpose::Rows, &text)
    }

    fn unsealed<T: DeserializeOwned>(&self, row: &str) -> Option<T> {
        serde_json::from_str(&open(&self.ring, Purpose::Rows, row)?).ok()
    }
}
