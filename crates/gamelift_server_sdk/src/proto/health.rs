//! When to ask the game how it is, and when to tell the service.

use std::time::Duration;

/// The heartbeat's clock. The game is asked at once, then every interval; an answer that does not come within the
/// shortest interval counts as unhealthy, and while it is still owed, so does every further heartbeat.
#[derive(Debug, Default)]
pub(super) struct Health {
    due: Option<Duration>,
    asked: Option<Asked>,
    next_id: u64,
}

#[derive(Debug)]
struct Asked {
    id: u64,
    overdue_at: Duration,
    overdue: bool,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Ask(u64),
    Report(bool),
}

impl Health {
    pub(super) fn start(&mut self, now: Duration) {
        self.due = Some(now);
    }

    pub(super) fn stop(&mut self) {
        self.due = None;
        self.asked = None;
    }

    /// Brings the next heartbeat forward, when one was lost in an outage.
    pub(super) fn make_up(&mut self, now: Duration) {
        if let Some(due) = &mut self.due {
            *due = (*due).min(now);
        }
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        let overdue = self
            .asked
            .as_ref()
            .filter(|asked| !asked.overdue)
            .map(|asked| asked.overdue_at);
        [self.due, overdue].into_iter().flatten().min()
    }

    /// Call until it returns `None`.
    pub(super) fn beat(&mut self, now: Duration, patience: Duration, next: impl FnOnce() -> Duration) -> Option<Beat> {
        if let Some(asked) = &mut self.asked
            && !asked.overdue
            && asked.overdue_at <= now
        {
            asked.overdue = true;
            return Some(Beat::Report(false));
        }
        let due = self.due.filter(|due| *due <= now)?;
        // After a pause (a suspended machine) the missed beats are not made up one by one.
        self.due = Some(due.max(now) + next());
        if self.asked.is_some() {
            return Some(Beat::Report(false));
        }
        self.next_id += 1;
        self.asked = Some(Asked {
            id: self.next_id,
            overdue_at: now + patience,
            overdue: false,
        });
        Some(Beat::Ask(self.next_id))
    }

    /// Whether the answer is to be reported.
    pub(super) fn answered(&mut self, id: u64) -> bool {
        match self.asked.take_if(|asked| asked.id == id) {
            Some(asked) => !asked.overdue,
            None => false,
        }
    }
}
