//! When each step between click and play was reached.

use std::time::{Duration, Instant};

use bevy::prelude::Resource;
use bevy_game_session::protocol::ProgressStep;

/// The steps reached so far, each with its time since the click.
#[derive(Debug, Resource)]
pub struct Timeline {
    click: Instant,
    reached: Vec<(ProgressStep, Duration)>,
    quiet: bool,
}

impl Timeline {
    /// The six steps in their order.
    pub const STEPS: [ProgressStep; 6] = [
        ProgressStep::Creating,
        ProgressStep::Placing,
        ProgressStep::Activating,
        ProgressStep::Ticket,
        ProgressStep::Connecting,
        ProgressStep::InSession,
    ];

    /// A time line that starts now.
    pub fn start() -> Self {
        Self {
            click: Instant::now(),
            reached: Vec::new(),
            quiet: false,
        }
    }

    /// The next click.
    pub fn restart(&mut self) {
        *self = Self {
            quiet: self.quiet,
            ..Self::start()
        };
    }

    /// Says nothing on the terminal from now on.
    pub fn hush(&mut self) {
        self.quiet = true;
    }

    /// Whether it says nothing.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Marks a step as reached now, once; returns its time if it is new.
    pub fn reach(&mut self, step: ProgressStep) -> Option<Duration> {
        if self.at(step).is_some() {
            return None;
        }
        let after = self.click.elapsed();
        self.reached.push((step, after));
        Some(after)
    }

    /// When a step was reached, if it was.
    pub fn at(&self, step: ProgressStep) -> Option<Duration> {
        self.reached
            .iter()
            .find(|(reached, _)| *reached == step)
            .map(|(_, after)| *after)
    }

    /// The whole way in one line. `ticket` is what the backend spent on seat and ticket once the server was active,
    /// which tells when that was.
    pub fn in_one_line(&self, ticket: Duration) -> String {
        let of = |step| self.at(step).unwrap_or_default();
        let activated = of(ProgressStep::Ticket).saturating_sub(ticket);
        format!(
            "create -> placed {} -> activated {} -> ticket {} -> connected {}",
            milliseconds(of(ProgressStep::Activating)),
            milliseconds(activated),
            milliseconds(of(ProgressStep::Ticket)),
            milliseconds(of(ProgressStep::InSession)),
        )
    }

    /// Whether the player is in.
    pub fn is_complete(&self) -> bool {
        self.at(ProgressStep::InSession).is_some()
    }
}

/// A duration as people read it: milliseconds with one digit behind the point.
pub fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_reached_once() {
        let mut timeline = Timeline::start();
        assert!(timeline.reach(ProgressStep::Placing).is_some());
        assert!(timeline.reach(ProgressStep::Placing).is_none());
        assert!(timeline.at(ProgressStep::Ticket).is_none() && !timeline.is_complete());
    }
}
