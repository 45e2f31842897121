//! The supervisor's rules, without clock, process or socket: who runs, who is replaced when, how it all ends.
//!
//! There is a fixed number of places, each with at most one process. The rules, all of them in
//! [`Roster::handle`]:
//!
//! 1. An empty place gets a new process; each has a new number.
//! 2. A process that ended after it hosted, or after [`Settings::steady_after`], is replaced at once.
//! 3. One that ended sooner without having hosted, or never started, has *failed*: its replacement waits
//!    [`Settings::first_delay`], twice as long at each further failure in a row, [`Settings::longest_delay`] at most.
//! 4. At [`Input::Stop`] every pipe is closed and nothing is started any more; who still runs after
//!    [`Settings::grace`] is killed; who still runs [`Settings::grace`] later is given up.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The numbers in the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How many processes are kept.
    pub places: usize,
    /// A process that ran for so long has not failed, whatever it did.
    pub steady_after: Duration,
    /// How long a replacement waits after a first failure.
    pub first_delay: Duration,
    /// How long it waits at most.
    pub longest_delay: Duration,
    /// How long a process may take to end after its pipe was closed, and after it was killed.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            places: 1,
            steady_after: Duration::from_secs(5),
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(30),
            grace: Duration::from_secs(5),
        }
    }
}

/// The number of a process: 1, 2, 3 and so on, never used twice by one roster.
pub type ProcessNumber = u64;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A process ended, or could not be started at all.
    Ended {
        /// Which.
        process: ProcessNumber,
        /// What it did in its life.
        life: Life,
        /// How it ended, in words.
        reason: String,
    },
    /// The time of [`Roster::poll_timeout`] has come.
    Tick,
    /// All shall end.
    Stop,
}

/// What a process did in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It never ran.
    NeverStarted,
    /// It ran, and no game session was placed on it.
    Idle,
    /// It hosted a game session.
    Hosted,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Start a process of this number.
    Start(ProcessNumber),
    /// Close the pipe of a process: it should end by itself.
    ClosePipe(ProcessNumber),
    /// End a process by force.
    Kill(ProcessNumber),
    /// For the log: a process ended, and this is what comes of it.
    Ended {
        /// Which.
        process: ProcessNumber,
        /// How it ended, in words.
        reason: String,
        /// What comes of it.
        then: Then,
    },
    /// For the log: a process was killed and is still there.
    GivenUp(ProcessNumber),
}

/// What comes after a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It is replaced at once.
    ReplacedNow,
    /// It failed: its replacement waits.
    ReplacedAfter {
        /// How long.
        delay: Duration,
        /// How many failed in a row at this place.
        failures: u32,
    },
    /// Nothing, since all shall end.
    Nothing,
}

/// An input about a process that does not run: a fault in the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("process {0} does not run, so it cannot have ended")]
pub struct NotRunning(pub ProcessNumber);

/// What is at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A process.
    Running {
        /// Its number.
        process: ProcessNumber,
        /// Since when.
        since: Instant,
        /// How many before it failed in a row.
        failures: u32,
    },
    /// None: its replacement waits.
    Waiting {
        /// Until then.
        until: Instant,
        /// How many failed in a row.
        failures: u32,
        /// How the last one ended.
        reason: String,
    },
    /// None, and none will come.
    Closed,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Keeping,
    Closing { kill_at: Instant },
    Killing { give_up_at: Instant },
}

/// The rules at work. Feed it with [`handle`](Self::handle), then drain [`poll_output`](Self::poll_output), and come
/// back at [`poll_timeout`](Self::poll_timeout).
#[derive(Debug)]
pub struct Roster {
    settings: Settings,
    places: Vec<Place>,
    phase: Phase,
    started: ProcessNumber,
    outputs: VecDeque<Output>,
}

impl Roster {
    /// A roster whose processes start now.
    pub fn new(settings: Settings, now: Instant) -> Self {
        let mut roster = Self {
            settings,
            places: vec![Place::Closed; settings.places],
            phase: Phase::Keeping,
            started: 0,
            outputs: VecDeque::new(),
        };
        for place in 0..settings.places {
            roster.start(place, 0, now);
        }
        roster
    }

    /// Takes in what happened.
    ///
    /// # Errors
    /// [`NotRunning`] when a process is said to have ended that does not run.
    pub fn handle(&mut self, now: Instant, input: Input) -> Result<(), NotRunning> {
        match (input, self.phase) {
            (Input::Ended { process, life, reason }, phase) => {
                let (place, since, failures) = self.find(process).ok_or(NotRunning(process))?;
                let steady = now.saturating_duration_since(since) >= self.settings.steady_after;
                let then = match (phase, life) {
                    (Phase::Closing { .. } | Phase::Killing { .. }, _) => Then::Nothing,
                    (Phase::Keeping, Life::Hosted) => Then::ReplacedNow,
                    (Phase::Keeping, Life::Idle) if steady => Then::ReplacedNow,
                    (Phase::Keeping, Life::Idle | Life::NeverStarted) => {
                        let failures = failures.saturating_add(1);
                        Then::ReplacedAfter {
                            delay: self.delay_after(failures),
                            failures,
                        }
                    }
                };
                self.outputs.push_back(Output::Ended {
                    process,
                    reason: reason.clone(),
                    then,
                });
                match then {
                    Then::Nothing => self.places[place] = Place::Closed,
                    Then::ReplacedNow => self.start(place, 0, now),
                    Then::ReplacedAfter { delay, failures } => {
                        self.places[place] = Place::Waiting {
                            until: now + delay,
                            failures,
                            reason,
                        };
                    }
                }
            }
            (Input::Tick, Phase::Keeping) => {
                for place in 0..self.places.len() {
                    if let Place::Waiting { until, failures, .. } = self.places[place]
                        && until <= now
                    {
                        self.start(place, failures, now);
                    }
                }
            }
            (Input::Stop, Phase::Keeping) => {
                self.phase = Phase::Closing {
                    kill_at: now + self.settings.grace,
                };
                self.close_waiting();
                self.tell_running(Output::ClosePipe);
            }
            (Input::Tick, Phase::Closing { kill_at }) if kill_at <= now => {
                self.phase = Phase::Killing {
                    give_up_at: now + self.settings.grace,
                };
                self.tell_running(Output::Kill);
            }
            (Input::Tick, Phase::Killing { give_up_at }) if give_up_at <= now => {
                self.tell_running(Output::GivenUp);
                self.places.fill(Place::Closed);
            }
            // a tick before its time, and a second wish to stop
            (Input::Tick | Input::Stop, Phase::Closing { .. } | Phase::Killing { .. }) => {}
        }
        Ok(())
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back with [`Input::Tick`], if nothing happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            _ if self.is_over() => None,
            Phase::Closing { kill_at } => Some(kill_at),
            Phase::Killing { give_up_at } => Some(give_up_at),
            Phase::Keeping => self
                .places
                .iter()
                .filter_map(|place| {
                    if let Place::Waiting { until, .. } = place {
                        Some(*until)
                    } else {
                        None
                    }
                })
                .min(),
        }
    }

    /// Whether it was stopped and nothing runs any more.
    pub fn is_over(&self) -> bool {
        !matches!(self.phase, Phase::Keeping) && self.places.iter().all(|place| *place == Place::Closed)
    }

    /// What is at each place.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    fn find(&self, number: ProcessNumber) -> Option<(usize, Instant, u32)> {
        self.places.iter().enumerate().find_map(|(index, place)| match place {
            Place::Running {
                process,
                since,
                failures,
            } if *process == number => Some((index, *since, *failures)),
            _ => None,
        })
    }

    fn start(&mut self, place: usize, failures: u32, now: Instant) {
        self.started += 1;
        self.places[place] = Place::Running {
            process: self.started,
            since: now,
            failures,
        };
        self.outputs.push_back(Output::Start(self.started));
    }

    fn delay_after(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.settings
            .first_delay
            .saturating_mul(doubled)
            .min(self.settings.longest_delay)
    }

    fn close_waiting(&mut self) {
        for place in &mut self.places {
            if matches!(place, Place::Waiting { .. }) {
                *place = Place::Closed;
            }
        }
    }

    fn tell_running(&mut self, what: fn(ProcessNumber) -> Output) {
        for place in &self.places {
            if let Place::Running { process, .. } = place {
                self.outputs.push_back(what(*process));
            }
        }
    }
}

#[cfg(test)]
#[path = "roster_tests.rs"]
mod tests;
