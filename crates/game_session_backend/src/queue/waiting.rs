//! Waiting for the ends of placements: woken by events, else by rows that another instance wrote, else by GameLift, which
//! is asked for a few at a time, whatever the number of those who wait.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::ledger::{Ledger, Look};
use super::outcome::{LedgerError, Outcome};
use crate::gamelift::GameLiftError;
use crate::keyring::SessionToken;
use crate::watch::{Source, may_pass};

/// GameLift is asked for so many placements at once; it allows 75 such calls a second to the whole account.
const MOST_LOOKS: usize = 8;

/// Where the ends of placements are known.
pub(crate) struct Placements(pub(crate) Arc<Ledger>);

impl Source for Placements {
    type Key = SessionToken;
    type Answer = Result<Outcome, GameLiftError>;

    const AT_ONCE: usize = 64;

    async fn ask(&self, due: BTreeMap<SessionToken, Duration>) -> Vec<(SessionToken, Self::Answer)> {
        let (mut answers, mut unknown) = (Vec::new(), Vec::new());
        for (token, waited) in due {
            match self.0.known(&token).await {
                Ok(Some(outcome)) => answers.push((token, Ok(outcome))),
                Ok(None) if self.0.may_look(&token, waited) => unknown.push(token),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the end of a placement is asked for again"),
            }
        }
        // Those who were not asked for yet come first, then those whose question is the oldest.
        unknown.sort_by_key(|token| self.0.looked(token));
        for token in unknown.into_iter().take(MOST_LOOKS) {
            match self.0.look(&token).await {
                Ok(Look::Over(outcome)) => answers.push((token, Ok(outcome))),
                Ok(Look::Pending { .. } | Look::Unknown) => {}
                Err(LedgerError::GameLift(error)) if !may_pass(error.kind) => answers.push((token, Err(error))),
                Err(error) => tracing::debug!(%error, "a placement is asked for again"),
            }
        }
        answers
    }
}
