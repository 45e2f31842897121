//! Waiting without hammering GameLift: all who wait for things of one kind share one task, which asks for them.
//!
//! | file | what |
//! |---|---|
//! | this | the shared wait: who is due, how long until the next question, an end with the last waiter |
//! | `activation` | game sessions that activate |

mod activation;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use crate::locks::locked;

pub(crate) use activation::{ActivationWatch, Waited, may_pass};

const MOST_WAITERS: usize = 16_384;

/// How fast to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// At a GameLift on this machine: at once, after 2 ms, then twice as long each time, up to 2 s.
    Loopback,
    /// At AWS, whose limit is 20 calls a second for the whole account: after 500 ms, 1 s, then every 2 s.
    Remote,
}

impl Pace {
    fn pause(self, polls: u32) -> Duration {
        match (self, polls) {
            (Self::Loopback, 0) => Duration::ZERO,
            (Self::Loopback, _) => Duration::from_millis(1 << polls.min(11)).min(Duration::from_secs(2)),
            (Self::Remote, 0) => Duration::from_millis(500),
            (Self::Remote, 1) => Duration::from_secs(1),
            (Self::Remote, _) => Duration::from_secs(2),
        }
    }

    /// Polls are never closer than this, however many waiters come one after another.
    fn spacing(self) -> Duration {
        match self {
            Self::Loopback => Duration::from_millis(2),
            Self::Remote => self.pause(0),
        }
    }
}

/// Whom to ask, and how.
pub(crate) trait Source: Send + Sync + 'static {
    type Key: Clone + Ord + Send + Sync + 'static;
    type Answer: Clone + Send + 'static;

    /// At most so many are asked for at once; those who have been due for longest come first.
    const AT_ONCE: usize;

    /// Asks for these, each with how long it has been waited for; gives the answers that are final. The others are
    /// asked for again.
    fn ask(&self, due: BTreeMap<Self::Key, Duration>) -> impl Future<Output = Vec<(Self::Key, Self::Answer)>> + Send;
}

/// What a shared wait comes to.
#[derive(Debug)]
pub(crate) enum Awaited<A> {
    /// The answer.
    Answer(A),
    /// The time is up, and there is none.
    NotYet,
    /// Too many wait already.
    TooMany,
    /// The backend is about to stop.
    Stopped,
}

/// The shared wait. Cheap to clone.
pub(crate) struct Watch<S: Source>(Arc<Shared<S>>);

impl<S: Source> Clone for Watch<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Shared<S: Source> {
    source: S,
    pace: Pace,
    lane: Mutex<Lane<S>>,
    changed: Notify,
}

struct Lane<S: Source> {
    waiters: Vec<Waiter<S>>,
    task: Task,
}

#[derive(PartialEq, Eq)]
enum Task {
    Idle,
    Running,
    /// No more waits, for good.
    Over,
}

struct Waiter<S: Source> {
    key: S::Key,
    seen: Instant,
    polls: u32,
    due: Instant,
    answer: oneshot::Sender<S::Answer>,
}

/// Wakes the task when a waiter leaves, so that it does not outlive its last one.
struct Leaving<'a>(&'a Notify);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl<S: Source> Watch<S> {
    pub(crate) fn new(source: S, pace: Pace) -> Self {
        Self(Arc::new(Shared {
            source,
            pace,
            lane: Mutex::new(Lane {
                waiters: Vec::new(),
                task: Task::Idle,
            }),
            changed: Notify::new(),
        }))
    }

    /// Waits for what was not there yet at `seen`, for so long at most.
    pub(crate) async fn answer(&self, key: &S::Key, seen: Instant, wait: Duration) -> Awaited<S::Answer> {
        let Some(answer) = self.enter(key, seen) else {
            return Awaited::TooMany;
        };
        // Dropped after `answer`: the task must find the channel closed.
        let (_leaving, answer) = (Leaving(&self.0.changed), answer);
        match timeout(wait, answer).await {
            Ok(Ok(answer)) => Awaited::Answer(answer),
            Ok(Err(_)) => Awaited::Stopped,
            Err(_) => Awaited::NotYet,
        }
    }

    /// Gives an answer that came by itself to all who wait for it.
    pub(crate) fn tell(&self, key: &S::Key, answer: &S::Answer) {
        self.0.deliver(&BTreeMap::from([(key.clone(), answer.clone())]));
        self.0.changed.notify_one();
    }

    /// Ends all waits, also later ones, so that their requests are answered before the backend stops.
    pub(crate) fn stop(&self) {
        let mut lane = locked(&self.0.lane);
        lane.task = Task::Over;
        lane.waiters.clear();
        self.0.changed.notify_one();
    }

    fn enter(&self, key: &S::Key, seen: Instant) -> Option<oneshot::Receiver<S::Answer>> {
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
            key: key.clone(),
            seen,
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

async fn run<S: Source>(shared: Arc<Shared<S>>) {
    let mut not_before = Instant::now();
    while let Some(due) = shared.next_due() {
        tokio::select! {
            () = sleep_until(due.max(not_before)) => {
                let due = shared.take_due();
                let answers = shared.source.ask(due).await;
                shared.deliver(&answers.into_iter().collect());
                not_before = Instant::now() + shared.pace.spacing();
            }
            () = shared.changed.notified() => {}
        }
    }
}

impl<S: Source> Shared<S> {
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

    /// What is to be asked for now, with how long it has been waited for.
    fn take_due(&self) -> BTreeMap<S::Key, Duration> {
        let now = Instant::now();
        let mut lane = locked(&self.lane);
        let mut waiting: Vec<_> = lane
            .waiters
            .iter_mut()
            .filter(|waiter| waiter.due <= now && !waiter.answer.is_closed())
            .collect();
        waiting.sort_by_key(|waiter| waiter.due);
        let mut due = BTreeMap::new();
        for waiter in waiting {
            if due.len() >= S::AT_ONCE && !due.contains_key(&waiter.key) {
                continue;
            }
            waiter.polls += 1;
            waiter.due = now + self.pace.pause(waiter.polls);
            let waited: &mut Duration = due.entry(waiter.key.clone()).or_default();
            *waited = (*waited).max(now - waiter.seen);
        }
        due
    }

    fn deliver(&self, answers: &BTreeMap<S::Key, S::Answer>) {
        let mut lane = locked(&self.lane);
        for waiter in std::mem::take(&mut lane.waiters) {
            match answers.get(&waiter.key) {
                // A waiter that has left does not want it any more.
                Some(answer) => drop(waiter.answer.send(answer.clone())),
                None => lane.waiters.push(waiter),
            }
        }
    }
}
