//! Which failed calls are made again, and when.
//!
//! Throttled and unconnected calls did nothing, so any call may be repeated after them. After an internal error or a
//! lost answer only calls that are the same when made twice are: all but `CreatePlayerSession`. A creator's limit
//! (`LimitExceeded`) is an answer, not throttling, and is never repeated.
//!
//! Repetitions have a budget: one for ten calls, and a few in reserve. So what fails now and then is made good, and a
//! GameLift that refuses everybody is asked hardly more often than without repetition.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::locks::locked;

use super::{
    GameLift, GameLiftError, GameLiftErrorKind, GameSessionArn, GameSessionChange, GameSessionRecord, NewGameSession,
    NewPlacement, Outcome, PlacementRecord, PlayerSessionRecord, RecordPage, SearchQuery,
};

const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Repetitions that are in reserve when nothing failed for a while.
const RESERVE: f64 = 20.0;
/// What each first call adds to the reserve.
const EARNED: f64 = 0.1;

/// GameLift with repeated calls.
#[derive(Clone)]
pub(crate) struct Patient {
    gamelift: Arc<dyn GameLift>,
    budget: Arc<Budget>,
}

/// The repetitions that may still be made.
struct Budget(Mutex<f64>);

impl Budget {
    fn earn(&self) {
        let mut left = locked(&self.0);
        *left = (*left + EARNED).min(RESERVE);
    }

    fn spend(&self) -> bool {
        let mut left = locked(&self.0);
        let affordable = *left >= 1.0;
        if affordable {
            *left -= 1.0;
        }
        affordable
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Twice {
    IsOnce,
    IsTwice,
}

impl Patient {
    pub(crate) fn new(gamelift: Arc<dyn GameLift>) -> Self {
        Self {
            gamelift,
            budget: Arc::new(Budget(Mutex::new(RESERVE))),
        }
    }

    /// The calls without repetition, for who repeats on its own.
    pub(crate) fn plain(&self) -> &Arc<dyn GameLift> {
        &self.gamelift
    }

    pub(crate) async fn create_game_session(
        &self,
        request: NewGameSession,
    ) -> Result<GameSessionRecord, GameLiftError> {
        self.repeat(Twice::IsOnce, || self.gamelift.create_game_session(request.clone()))
            .await
    }

    /// Made twice it is refused the second time, which its caller understands.
    pub(crate) async fn start_placement(&self, placement: NewPlacement) -> Result<PlacementRecord, GameLiftError> {
        self.repeat(Twice::IsOnce, || self.gamelift.start_placement(placement.clone()))
            .await
    }

    pub(crate) async fn describe_placement(&self, token: &str) -> Result<Option<PlacementRecord>, GameLiftError> {
        self.repeat(Twice::IsOnce, || self.gamelift.describe_placement(token.to_owned()))
            .await
    }

    /// Made twice it is refused the second time, which its caller understands.
    pub(crate) async fn stop_placement(&self, token: &str) -> Result<PlacementRecord, GameLiftError> {
        self.repeat(Twice::IsOnce, || self.gamelift.stop_placement(token.to_owned()))
            .await
    }

    /// The game session of a token of this fleet's; `None` when there is none, or where a queue places them.
    pub(crate) async fn describe_token(&self, token: &str) -> Result<Option<GameSessionRecord>, GameLiftError> {
        let arn = self.repeat(Twice::IsOnce, || self.gamelift.arn_of_token(token.to_owned()));
        match arn.await? {
            Some(arn) => self.describe(&arn).await,
            None => Ok(None),
        }
    }

    pub(crate) async fn describe(&self, arn: &GameSessionArn) -> Result<Option<GameSessionRecord>, GameLiftError> {
        self.repeat(Twice::IsOnce, || self.gamelift.describe_game_session(arn.clone()))
            .await
    }

    pub(crate) async fn search(&self, query: SearchQuery) -> Result<RecordPage, GameLiftError> {
        self.repeat(Twice::IsOnce, || self.gamelift.search_game_sessions(query.clone()))
            .await
    }

    pub(crate) async fn reserve(
        &self,
        arn: &GameSessionArn,
        player: &str,
    ) -> Result<PlayerSessionRecord, GameLiftError> {
        self.repeat(Twice::IsTwice, || {
            self.gamelift.create_player_session(arn.clone(), player.to_owned())
        })
        .await
    }

    pub(crate) async fn seats_of(
        &self,
        player: &str,
        near: &GameSessionArn,
    ) -> Result<Vec<PlayerSessionRecord>, GameLiftError> {
        self.repeat(Twice::IsOnce, || {
            self.gamelift.describe_player_sessions(player.to_owned(), near.clone())
        })
        .await
    }

    pub(crate) async fn update(&self, change: GameSessionChange) -> Result<GameSessionRecord, GameLiftError> {
        self.repeat(Twice::IsOnce, || self.gamelift.update_game_session(change.clone()))
            .await
    }

    pub(crate) async fn terminate(&self, arn: &GameSessionArn) -> Result<(), GameLiftError> {
        self.repeat(Twice::IsOnce, || self.gamelift.terminate_game_session(arn.clone()))
            .await
    }

    async fn repeat<T>(&self, twice: Twice, call: impl Fn() -> Outcome<T>) -> Result<T, GameLiftError> {
        self.budget.earn();
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match call().await {
                Err(error) if may_repeat(error.kind, twice) && self.budget.spend() => {
                    tracing::debug!(operation = error.operation, kind = ?error.kind, "a call to GameLift is repeated");
                    tokio::time::sleep(jittered(pause)).await;
                    pause *= 3;
                }
                answer => return answer,
            }
        }
        call().await
    }
}

fn may_repeat(kind: GameLiftErrorKind, twice: Twice) -> bool {
    match kind {
        GameLiftErrorKind::Throttled | GameLiftErrorKind::Unreachable | GameLiftErrorKind::Conflict => true,
        GameLiftErrorKind::Internal | GameLiftErrorKind::TimedOut => twice == Twice::IsOnce,
        _ => false,
    }
}

/// Half of the pause to all of it, so that callers who were refused together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [128];
    // Without randomness the middle is as good as any.
    let _ = getrandom::fill(&mut byte);
    pause / 2 + pause.mul_f64(f64::from(byte[0]) / 510.0)
}
