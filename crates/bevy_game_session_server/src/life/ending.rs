//! The steps of an end, how long each may take, and how the machine goes from one to the next.

use std::time::Duration;

use game_session_protocol::{GoodbyeCode, HostError, HostLifetime};

use super::{Life, Moment, Output, Phase, Question, Tick};
use crate::error::SessionServerError;

/// How long seats may take to be freed, and the orchestrator to answer, in an end without a deadline.
pub(super) const STEP_TIME: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Goodbyes { frames: u32 },
    Seats,
    Closing,
}

#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) then: Then,
    pub(super) goodbyes_by: Duration,
    pub(super) seats_by: Duration,
    pub(super) closed_by: Duration,
}

/// What comes after an end; a later one wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Then {
    NextSession,
    Leave,
    Vanish,
}

impl End {
    /// Of a short time the goodbyes get a quarter at most, the seats another, the orchestrator the rest.
    pub(super) fn new(now: Duration, then: Then, goodbye_time: Duration, time_left: Option<Duration>) -> Self {
        let quarter = time_left.map_or(STEP_TIME, |left| left / 4);
        let goodbyes_by = now + goodbye_time.min(quarter);
        let seats_by = goodbyes_by + STEP_TIME.min(quarter);
        let closed_by = seats_by + STEP_TIME.min(quarter * 2);
        Self {
            then,
            goodbyes_by,
            seats_by,
            closed_by,
        }
    }

    /// Both ends in one: the earlier deadlines, the later consequence.
    pub(super) fn sooner_of(self, other: Self) -> Self {
        Self {
            then: self.then.max(other.then),
            goodbyes_by: self.goodbyes_by.min(other.goodbyes_by),
            seats_by: self.seats_by.min(other.seats_by),
            closed_by: self.closed_by.min(other.closed_by),
        }
    }
}

impl Life {
    pub(super) fn end(&mut self, now: Duration, reason: GoodbyeCode, then: Then, time_left: Option<Duration>) {
        let then = match self.lifetime {
            HostLifetime::OneSession => then.max(Then::Leave),
            HostLifetime::ManySessions => then,
        };
        // a shutdown that players were allowed to finish before is due after this end, whoever asked for it
        let (then, time_left) = match self.gone_by.take() {
            Some(gone_by) => {
                let left = gone_by.saturating_sub(now);
                (
                    then.max(Then::Leave),
                    Some(time_left.map_or(left, |time| time.min(left))),
                )
            }
            None => (then, time_left),
        };
        let end = self.plan(now, then, time_left);
        self.phase = Phase::Ending {
            step: Step::Goodbyes { frames: 0 },
            end,
        };
        tracing::info!(%reason, "ending");
        self.put(Output::Ending(reason));
    }

    fn plan(&self, now: Duration, then: Then, time_left: Option<Duration>) -> End {
        End::new(now, then, self.goodbye_time, time_left)
    }

    pub(super) fn hurry(&mut self, now: Duration, step: Step, end: End, then: Then, time_left: Option<Duration>) {
        let merged = end.sooner_of(self.plan(now, then, time_left));
        self.phase = Phase::Ending { step, end: merged };
        if step == Step::Closing && end.then != merged.then {
            self.ask_to_close(merged); // what was asked before is not enough any more
        }
    }

    pub(super) fn go_on_ending(&mut self, now: Duration, step: Step, end: End, tick: Tick) {
        let step = match (step, tick.moment) {
            (Step::Goodbyes { .. }, _) if tick.is_empty || now >= end.goodbyes_by => self.free_seats(),
            (Step::Goodbyes { frames }, Moment::Poll) => Step::Goodbyes { frames: frames + 1 },
            (Step::Goodbyes { frames: 1.. }, Moment::Flush) if !tick.goodbyes_held => self.free_seats(),
            (Step::Seats, _) if !tick.seats_settling || end.then == Then::Vanish || now >= end.seats_by => {
                self.phase = Phase::Ending {
                    step: Step::Closing,
                    end,
                };
                return self.ask_to_close(end);
            }
            (step, _) => step,
        };
        self.phase = Phase::Ending { step, end };
    }

    fn free_seats(&mut self) -> Step {
        self.put(Output::FreeSeats);
        Step::Seats
    }

    fn ask_to_close(&mut self, end: End) {
        match end.then {
            Then::NextSession => self.put(Output::Ask(Question::EndSession, end.closed_by)),
            Then::Leave => self.put(Output::Ask(Question::ShutDown, end.closed_by)),
            Then::Vanish => {
                self.gone();
                self.vanish();
            }
        }
    }

    pub(super) fn closed(&mut self, end: End, answer: Result<(), SessionServerError>) {
        self.gone();
        match (end.then, answer) {
            (Then::NextSession, answer) => {
                self.phase = Phase::Ready;
                // the orchestrator may have ended it by itself
                if let Err(error) = answer
                    && !matches!(error, SessionServerError::Host(HostError::WrongState { .. }))
                {
                    self.put(Output::Failed(error));
                }
            }
            (Then::Leave | Then::Vanish, answer) => {
                if let Err(error) = answer {
                    self.fail(error);
                }
                self.phase = Phase::Gone;
                self.put(Output::Exit { success: !self.failed });
            }
        }
    }

    /// There is no game session any more.
    fn gone(&mut self) {
        if self.session.take().is_some() {
            self.put(Output::SessionGone);
        }
    }

    /// There is no orchestrator any more. A dedicated process has nothing left to do then.
    pub(super) fn vanish(&mut self) {
        self.phase = Phase::Gone;
        if self.lifetime == HostLifetime::OneSession {
            self.put(Output::Exit { success: false });
        }
    }
}
