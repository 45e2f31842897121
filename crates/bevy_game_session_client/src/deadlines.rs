//! How long each call may take.

use std::time::Duration;

use crate::operation::SessionOperation;

/// How long each call may take before it ends as [`TimedOut`](crate::SessionError::TimedOut) and is cancelled at the
/// orchestrator. Measured by [`Time<Real>`](bevy_time::Time), so a test can let time pass at will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionDeadlines {
    /// For a start, the server's loading included: 60 s.
    pub start: Duration,
    /// For a join, a join by code, a quick join or a rejoin: 60 s, because a quick join may start a game session.
    pub join: Duration,
    /// For a search: 10 s. What one service found by then is told, also if another one has not answered.
    pub find: Duration,
    /// For an update, and for a join code: 10 s.
    pub update: Duration,
    /// For a leave: 5 s.
    pub leave: Duration,
    /// For an end: 15 s.
    pub end: Duration,
    /// For a travel, from the request to the arrival: 20 s.
    pub travel: Duration,
}

impl Default for SessionDeadlines {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            start: seconds(60),
            join: seconds(60),
            find: seconds(10),
            update: seconds(10),
            leave: seconds(5),
            end: seconds(15),
            travel: seconds(20),
        }
    }
}

impl SessionDeadlines {
    pub(crate) fn of(&self, operation: SessionOperation) -> Duration {
        match operation {
            SessionOperation::Start => self.start,
            SessionOperation::Join
            | SessionOperation::QuickJoin
            | SessionOperation::JoinByCode
            | SessionOperation::Rejoin => self.join,
            SessionOperation::Find => self.find,
            SessionOperation::Update | SessionOperation::JoinCode => self.update,
            SessionOperation::End => self.end,
            SessionOperation::Travel => self.travel,
            _ => self.leave,
        }
    }
}
