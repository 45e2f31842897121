//! Waiting for game sessions to become active.
//!
//! While few wait (one or two at AWS, any number at a loopback endpoint), their game sessions are asked for by id; while
//! more wait, the fleet's activating ones are listed instead. Those that are not in that list are active or over, so their wait is at its end: a few are asked for by id,
//! many are looked for among the active ones first. So the number of calls grows neither with that of waiters nor, while
//! they wait, with that of the game sessions that run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Awaited, Pace, Source, Watch};
use crate::gamelift::{
    GameLift, GameLiftError, GameLiftErrorKind, GameSessionArn, GameSessionRecord, GameSessionStatus, StatusQuery,
};

/// Calls by id that are on their way at the same time.
const AT_THE_SAME_TIME: usize = 16;
/// A list is read up to so many pages.
const MOST_PAGES: usize = 10;

/// What a wait comes to.
#[derive(Debug)]
pub(crate) enum Waited {
    /// It is active, or over.
    Settled(GameSessionRecord),
    /// There is no such game session.
    Gone,
    /// Asking fails, and asking again will not help.
    Failed(GameLiftError),
    /// The time is up, and it is still activating.
    StillActivating,
    /// Too many wait already.
    TooMany,
    /// The backend is about to stop.
    Stopped,
}

type Answer = Result<Option<GameSessionRecord>, GameLiftError>;

/// The wait of all who wait for game sessions of a backend's fleet and location. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ActivationWatch(Watch<Activations>);

struct Activations {
    gamelift: Arc<dyn GameLift>,
    /// Up to so many waiters are asked for by id.
    few: usize,
}

impl ActivationWatch {
    pub(crate) fn new(gamelift: Arc<dyn GameLift>, pace: Pace) -> Self {
        let few = match pace {
            // A call by id is cheaper there than its share of a list, and nobody's limit.
            Pace::Loopback => usize::MAX,
            Pace::Remote => 2,
        };
        Self(Watch::new(Activations { gamelift, few }, pace))
    }

    /// Waits until a game session that was activating at `seen` is active or over, for so long at most.
    pub(crate) async fn settled(&self, arn: &GameSessionArn, seen: Instant, wait: Duration) -> Waited {
        match self.0.answer(arn, seen, wait).await {
            Awaited::Answer(Ok(Some(record))) => Waited::Settled(record),
            Awaited::Answer(Ok(None)) => Waited::Gone,
            Awaited::Answer(Err(error)) => Waited::Failed(error),
            Awaited::NotYet => Waited::StillActivating,
            Awaited::TooMany => Waited::TooMany,
            Awaited::Stopped => Waited::Stopped,
        }
    }

    /// Ends all waits, also later ones, so that their requests are answered before the backend stops.
    pub(crate) fn stop(&self) {
        self.0.stop();
    }
}

impl Source for Activations {
    type Key = GameSessionArn;
    type Answer = Answer;

    const AT_ONCE: usize = usize::MAX;

    async fn ask(&self, due: BTreeMap<GameSessionArn, Duration>) -> Vec<(GameSessionArn, Answer)> {
        let due: BTreeSet<_> = due.into_keys().collect();
        let mut answers = Vec::new();
        if due.len() <= self.few {
            self.ask_by_id(due, &mut answers).await;
        } else if let Err(error) = self.ask_by_lists(&due, &mut answers).await {
            answers.extend(due.into_iter().map(|arn| (arn, Err(error.clone()))));
        }
        answers.retain(|(_, answer)| is_final(answer));
        answers
    }
}

impl Activations {
    async fn ask_by_id(&self, arns: BTreeSet<GameSessionArn>, answers: &mut Vec<(GameSessionArn, Answer)>) {
        let (mut arns, mut asked) = (arns.into_iter(), JoinSet::new());
        loop {
            for arn in arns.by_ref().take(AT_THE_SAME_TIME - asked.len()) {
                let answer = self.gamelift.describe_game_session(arn.clone());
                asked.spawn(async move { (arn, answer.await) });
            }
            match asked.join_next().await {
                Some(Ok(answer)) => answers.push(answer),
                // It panicked: its waiter is due again.
                Some(Err(error)) => tracing::error!(%error, "a game session could not be asked for"),
                None => return,
            }
        }
    }

    async fn ask_by_lists(
        &self,
        due: &BTreeSet<GameSessionArn>,
        answers: &mut Vec<(GameSessionArn, Answer)>,
    ) -> Result<(), GameLiftError> {
        let mut missing = due.clone();
        self.look_through(GameSessionStatus::Activating, &mut missing, answers)
            .await?;
        // The others are active or over. Many are found in a list with fewer calls than one by one.
        if missing.len() > MOST_PAGES {
            self.look_through(GameSessionStatus::Active, &mut missing, answers)
                .await?;
        }
        self.ask_by_id(missing, answers).await;
        Ok(())
    }

    /// Takes those that are in the list of a status out of the missing.
    async fn look_through(
        &self,
        status: GameSessionStatus,
        missing: &mut BTreeSet<GameSessionArn>,
        answers: &mut Vec<(GameSessionArn, Answer)>,
    ) -> Result<(), GameLiftError> {
        let mut next_token = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .gamelift
                .describe_game_sessions(StatusQuery { status, next_token })
                .await?;
            for record in page.records {
                if missing.remove(&record.arn) {
                    answers.push((record.arn.clone(), Ok(Some(record))));
                }
            }
            next_token = page.next_token;
            if next_token.is_none() || missing.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

/// Whether waiting longer would not change it.
fn is_final(answer: &Answer) -> bool {
    match answer {
        Ok(Some(record)) => record.status == GameSessionStatus::Active || record.status.is_over(),
        Ok(None) => true,
        Err(error) => !may_pass(error.kind),
    }
}

/// Whether the same question may be answered later.
pub(crate) fn may_pass(kind: GameLiftErrorKind) -> bool {
    matches!(
        kind,
        GameLiftErrorKind::Throttled
            | GameLiftErrorKind::Internal
            | GameLiftErrorKind::TimedOut
            | GameLiftErrorKind::Unreachable
            | GameLiftErrorKind::Conflict
    )
}
