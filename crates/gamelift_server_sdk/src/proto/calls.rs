//! The requests that wait for their replies.

use std::{collections::VecDeque, time::Duration};

use super::{CallId, SocketId};

/// One request on its way.
#[derive(Debug)]
pub(super) struct Pending {
    /// Who waits; nobody does for a heartbeat.
    pub(super) call: Option<CallId>,
    pub(super) action: &'static str,
    pub(super) request_id: String,
    pub(super) text: String,
    /// Whether it may be sent again when the connection is lost.
    pub(super) repeatable: bool,
    pub(super) sent_on: Option<SocketId>,
    pub(super) deadline: Duration,
}

/// All of them, oldest first. As all wait equally long, that is also the order of their deadlines.
#[derive(Debug, Default)]
pub(super) struct Calls {
    list: VecDeque<Pending>,
}

impl Calls {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn push(&mut self, pending: Pending) {
        self.list.push_back(pending);
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.list.front().map(|pending| pending.deadline)
    }

    /// Takes the request that a reply answers.
    pub(super) fn answer(&mut self, request_id: &str) -> Option<Pending> {
        let at = self.list.iter().position(|pending| pending.request_id == request_id)?;
        self.list.remove(at)
    }

    /// Takes the oldest request whose time is up.
    pub(super) fn expired(&mut self, now: Duration) -> Option<Pending> {
        self.list.pop_front_if(|pending| pending.deadline <= now)
    }

    /// Marks what was not sent yet as sent on `socket` and returns its texts, oldest first.
    pub(super) fn send_all(&mut self, socket: SocketId) -> Vec<String> {
        let unsent = self.list.iter_mut().filter(|pending| pending.sent_on.is_none());
        unsent
            .map(|pending| {
                pending.sent_on = Some(socket);
                pending.text.clone()
            })
            .collect()
    }

    /// `socket` is gone: what can be repeated is unsent again, the rest is returned.
    pub(super) fn lost(&mut self, socket: SocketId) -> Vec<Pending> {
        let mut failed = Vec::new();
        let mut kept = VecDeque::with_capacity(self.list.len());
        for mut pending in self.list.drain(..) {
            if pending.sent_on == Some(socket) {
                if !pending.repeatable {
                    failed.push(pending);
                    continue;
                }
                pending.sent_on = None;
            }
            kept.push_back(pending);
        }
        self.list = kept;
        failed
    }

    /// Whether any request waits for a reply on `socket`.
    pub(super) fn any_on(&self, socket: SocketId) -> bool {
        self.list.iter().any(|pending| pending.sent_on == Some(socket))
    }

    /// Takes them all.
    pub(super) fn take_all(&mut self) -> VecDeque<Pending> {
        std::mem::take(&mut self.list)
    }
}
