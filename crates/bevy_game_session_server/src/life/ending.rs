//! The steps of an end, and how long each may take.

use std::time::Duration;

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
