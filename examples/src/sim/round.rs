//! The clock: play, then a moment to see who won, then the next round.

use super::seconds;

/// How long a round lasts, in ticks.
const PLAY: u32 = seconds(90);
/// How long the result stands, in ticks.
const RESULT: u32 = seconds(8);

/// What the clock counts down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Stars are gathered.
    #[default]
    Play,
    /// The round is over; everyone sees the result.
    Result,
}

/// The clock of a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Counts up from 1.
    pub number: u16,
    /// What is counted down.
    pub phase: Phase,
    ticks_left: u32,
}

impl Default for Round {
    fn default() -> Self {
        Self {
            number: 1,
            phase: Phase::Play,
            ticks_left: PLAY,
        }
    }
}

impl Round {
    /// Whole seconds until the phase is over.
    pub fn seconds_left(&self) -> u32 {
        self.ticks_left.div_ceil(super::TICKS_PER_SECOND)
    }

    /// One tick; says whether a new round begins with it.
    pub(super) fn tick(&mut self) -> bool {
        self.ticks_left -= 1;
        if self.ticks_left > 0 {
            return false;
        }
        match self.phase {
            Phase::Play => {
                self.phase = Phase::Result;
                self.ticks_left = RESULT;
                false
            }
            Phase::Result => {
                self.phase = Phase::Play;
                self.ticks_left = PLAY;
                self.number = self.number.wrapping_add(1);
                true
            }
        }
    }
}
