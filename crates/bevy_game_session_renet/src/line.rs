//! The thread that a transport runs on, and what both sides of one share: its mailboxes, clock and pace.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::mailbox::Mailbox;

/// How long a line may take to say its farewell when its handle is dropped.
const LONGEST_FAREWELL: Duration = Duration::from_millis(250);
/// While a handshake or traffic is recent the socket is looked at so often, else so seldom.
const BUSY_POLL: Duration = Duration::from_millis(1);
const QUIET_POLL: Duration = Duration::from_millis(5);
const RECENT: Duration = Duration::from_millis(250);

/// The two mailboxes of a line, as its thread sees them.
#[derive(Debug)]
pub(crate) struct Mailboxes<Command, Report> {
    pub(crate) commands: Mailbox<Command>,
    pub(crate) reports: Mailbox<Report>,
}

/// The handle of a line. Dropping it stops the thread, and waits for it briefly.
pub(crate) struct Line<Command: StopCommand, Report> {
    mailboxes: Arc<Mailboxes<Command, Report>>,
    thread: Option<JoinHandle<()>>,
}

/// What tells the thread to say farewell and end.
pub(crate) trait StopCommand: Send + 'static {
    fn stop() -> Self;
}

impl<Command: StopCommand, Report: Send + 'static> Line<Command, Report> {
    /// Starts the thread; `room` bounds the packets in either direction.
    pub(crate) fn start(
        name: &str,
        room: usize,
        run: impl FnOnce(&Mailboxes<Command, Report>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let mailboxes = Arc::new(Mailboxes {
            commands: Mailbox::new(room),
            reports: Mailbox::new(room),
        });
        let theirs = Arc::clone(&mailboxes);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(&theirs))?;
        Ok(Self {
            mailboxes,
            thread: Some(thread),
        })
    }

    pub(crate) fn commands(&self) -> &Mailbox<Command> {
        &self.mailboxes.commands
    }

    pub(crate) fn reports(&self) -> &Mailbox<Report> {
        &self.mailboxes.reports
    }

    /// Asks the thread to say farewell and end, without waiting for it.
    #[cfg(feature = "server")]
    pub(crate) fn stop(&self) {
        self.mailboxes.commands.insist(Command::stop());
    }

    /// Whether the thread has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl<Command: StopCommand, Report> Drop for Line<Command, Report> {
    fn drop(&mut self) {
        self.mailboxes.commands.insist(Command::stop());
        let Some(thread) = self.thread.take() else { return };
        let end = Instant::now() + LONGEST_FAREWELL;
        while !thread.is_finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_micros(100));
        }
        if thread.is_finished() && thread.join().is_err() {
            tracing::error!("the transport's thread had panicked");
        }
    }
}

/// The time that netcode is told: seconds since the line began, and it can be put forward.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    ahead: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
            ahead: Duration::ZERO,
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed() + self.ahead
    }

    #[cfg(feature = "client")]
    pub(crate) fn put_forward(&mut self, by: Duration) {
        self.ahead += by;
    }
}

/// How often a line looks at its socket.
#[derive(Debug)]
pub(crate) struct Pace {
    busy_until: Duration,
}

impl Pace {
    pub(crate) fn busy(now: Duration) -> Self {
        Self {
            busy_until: now + RECENT,
        }
    }

    pub(crate) fn heard(&mut self, now: Duration) {
        self.busy_until = now + RECENT;
    }

    pub(crate) fn pause(&self, now: Duration) -> Duration {
        if now < self.busy_until { BUSY_POLL } else { QUIET_POLL }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_quick_while_it_hears_something_and_slow_else() {
        let mut pace = Pace::busy(Duration::ZERO);
        assert_eq!(pace.pause(Duration::from_millis(249)), BUSY_POLL);
        assert_eq!(pace.pause(Duration::from_millis(250)), QUIET_POLL);
        pace.heard(Duration::from_secs(1));
        assert_eq!(pace.pause(Duration::from_millis(1_200)), BUSY_POLL);
    }
}
