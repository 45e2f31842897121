//! Waiting for game sessions to become active, without hammering GameLift.
//!
//! All waiters of a backend's fleet and location share one task. While one or two wait, it asks for their game
//! sessions by id; while more wait, it lists the fleet's active and activating ones instead, and asks by id only for
//! those that are in neither list: their end is near. So the number of calls does not grow with that of waiters. The
//! task ends with its last waiter.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use crate::gamelift::{
    GameLift, GameLiftError, GameLiftErrorKind, GameSessionArn, GameSessionRecord, GameSessionStatus, StatusQuery,
};
use crate::locks::locked;

const MOST_WAITERS: usize = 16_384;
/// Up to so many waiters are asked for one by one.
const FEW: usize = 2;
/// A list is read up to so many pages.
const MOST_PAGES: usize = 10;

/// How fast to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// At a GameLift on this machine: after 20 ms, then twice as long each time, up to 2 s.
    Loopback,
    /// At AWS, whose limit is 20 calls a second for the whole account: after 500 ms, 1 s, then every 2 s.
    Remote,
}

impl Pace {
    fn pause(self, polls: u32) -> Duration {
        match (self, polls) {
            (Self::Loopback, _) => Duration::from_millis(20 << polls.min(7)).min(Duration::from_secs(2)),
            (Self::Remote, 0) => Duration::from_millis(500),
            (Self::Remote, 1) => Duration::from_secs(1),
            (Self::Remote, _) => Duration::from_secs(2),
        }
    }

    /// Polls are never closer than this, however many waiters come one after another.
    fn spacing(self) -> Duration {
        self.pause(0)
    }
}

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

/// The shared wait. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ActivationWatch(Arc<Shared>);

struct Shared {
    gamelift: Arc<dyn GameLift>,
    pace: Pace,
    lane: Mutex<Lane>,
    changed: Notify,
}

#[derive(Default)]
struct Lane {
    waiters: Vec<Waiter>,
    task: Task,
}

#[derive(Default, PartialEq, Eq)]
enum Task {
    #[default]
    Idle,
    Running,
    /// No more waits, for good.
    Over,
}

struct Waiter {
    arn: GameSessionArn,
    polls: u32,
    due: Instant,
    answer: oneshot::Sender<Answer>,
}

/// Wakes the task when a waiter leaves, so that it does not outlive its last one.
struct Leaving<'a>(&'a Shared);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.changed.notify_one();
    }
}

impl ActivationWatch {
    pub(crate) fn new(gamelift: Arc<dyn GameLift>, pace: Pace) -> Self {
        Self(Arc::new(Shared {
            gamelift,
            pace,
            lane: Mutex::default(),
            changed: Notify::new(),
        }))
    }

    /// Waits until a game session that was activating at `seen` is active or over, for so long at most.
    pub(crate) async fn settled(&self, arn: &GameSessionArn, seen: Instant, wait: Duration) -> Waited {
        let Some(answer) = self.enter(arn, seen) else {
            return Waited::TooMany;
        };
        // Dropped after `answer`: the task must find the channel closed.
        let (_leaving, answer) = (Leaving(&self.0), answer);
        match timeout(wait, answer).await {
            Ok(Ok(Ok(Some(record)))) => Waited::Settled(record),
            Ok(Ok(Ok(None))) => Waited::Gone,
            Ok(Ok(Err(error))) => Waited::Failed(error),
            Ok(Err(_)) => Waited::Stopped,
            Err(_) => Waited::StillActivating,
        }
    }

    /// Ends all waits, also later ones, so that their requests are answered before the backend stops.
    pub(crate) fn stop(&self) {
        let mut lane = locked(&self.0.lane);
        lane.task = Task::Over;
        lane.waiters.clear();
        self.0.changed.notify_one();
    }

    fn enter(&self, arn: &GameSessionArn, seen: Instant) -> Option<oneshot::Receiver<Answer>> {
        let (answer, receiver) = oneshot::channel();
        let due = seen + self.0.pace.pause(0);
        let mut lane = locked(&self.0.lane);
        if lane.waiters.len() >= MOST_WAITERS {
            return None;
        }
        if lane.task == Task::Over {
            // The sender is dropped, which tells the waiter.
            return Some(receiver);
        }
        lane.waiters.push(Waiter {
            arn: arn.clone(),
            polls: 0,
            due,
            answer,
        });
        if lane.task == Task::Idle {
            lane.task = Task::Running;
            tokio::spawn(run(Arc::clone(&self.0)));
        } else {
            self.0.changed.notify_one();
        }
        Some(receiver)
    }
}

async fn run(shared: Arc<Shared>) {
    let mut not_before = Instant::now();
    while let Some(due) = shared.next_due() {
        tokio::select! {
            () = sleep_until(due.max(not_before)) => {
                shared.poll().await;
                not_before = Instant::now() + shared.pace.spacing();
            }
            () = shared.changed.notified() => {}
        }
    }
}

impl Shared {
    /// When to ask next; `None` ends the task, because nobody waits.
    fn next_due(&self) -> Option<Instant> {
        let mut lane = locked(&self.lane);
        lane.waiters.retain(|waiter| !waiter.answer.is_closed());
        let due = lane.waiters.iter().map(|waiter| waiter.due).min();
        if due.is_none() && lane.task == Task::Running {
            lane.task = Task::Idle;
        }
        due
    }

    async fn poll(&self) {
        let now = Instant::now();
        let due: BTreeSet<_> = {
            let mut lane = locked(&self.lane);
            let due = lane
                .waiters
                .iter_mut()
                .filter(|waiter| waiter.due <= now && !waiter.answer.is_closed());
            due.map(|waiter| {
                waiter.polls += 1;
                waiter.due = now + self.pace.pause(waiter.polls);
                waiter.arn.clone()
            })
            .collect()
        };
        let mut answers = HashMap::new();
        if due.len() <= FEW {
            for arn in due {
                self.ask_by_id(arn, &mut answers).await;
            }
        } else if let Err(error) = self.ask_by_lists(&due, &mut answers).await {
            answers.extend(due.into_iter().map(|arn| (arn, Err(error.clone()))));
        }
        self.deliver(&answers);
    }

    async fn ask_by_id(&self, arn: GameSessionArn, answers: &mut HashMap<GameSessionArn, Answer>) {
        let answer = self.gamelift.describe_game_session(arn.clone()).await;
        answers.insert(arn, answer);
    }

    async fn ask_by_lists(
        &self,
        due: &BTreeSet<GameSessionArn>,
        answers: &mut HashMap<GameSessionArn, Answer>,
    ) -> Result<(), GameLiftError> {
        let mut missing = due.clone();
        for status in [GameSessionStatus::Active, GameSessionStatus::Activating] {
            let mut next_token = None;
            for _ in 0..MOST_PAGES {
                if missing.is_empty() {
                    return Ok(());
                }
                let page = self
                    .gamelift
                    .describe_game_sessions(StatusQuery { status, next_token })
                    .await?;
                for record in page.records {
                    if missing.remove(&record.arn) {
                        answers.insert(record.arn.clone(), Ok(Some(record)));
                    }
                }
                next_token = page.next_token;
                if next_token.is_none() {
                    break;
                }
            }
        }
        for arn in missing {
            self.ask_by_id(arn, answers).await;
        }
        Ok(())
    }

    fn deliver(&self, answers: &HashMap<GameSessionArn, Answer>) {
        let mut lane = locked(&self.lane);
        for waiter in std::mem::take(&mut lane.waiters) {
            match answers.get(&waiter.arn).filter(|answer| is_final(answer)) {
                // A waiter that has left does not want it any more.
                Some(answer) => drop(waiter.answer.send(answer.clone())),
                None => lane.waiters.push(waiter),
            }
        }
    }
}

/// Whether waiting longer would not change it.
fn is_final(answer: &Answer) -> bool {
    match answer {
        Ok(Some(record)) => record.status == GameSessionStatus::Active || record.status.is_over(),
        Ok(None) => true,
        Err(error) => !matches!(
            error.kind,
            GameLiftErrorKind::Throttled
                | GameLiftErrorKind::Internal
                | GameLiftErrorKind::TimedOut
                | GameLiftErrorKind::Unreachable
                | GameLiftErrorKind::Conflict
        ),
    }
}
