//! The course of a game session at the door: the orchestrator's answers, opening, closing, and what is still to do.

use std::task::{Context, Poll};
use std::time::Duration;

use game_session_protocol::{HostError, RefusalCode};

use super::door::Door;
use super::freeing::Freeing;
use super::{Admissions, Decided, Decision, LATE_TIME, Waiting};

impl Admissions {
    /// Polls what the orchestrator was asked.
    pub(crate) fn drive(&mut self, now: Duration, cx: &mut Context<'_>) {
        self.now = now;
        let mut index = 0;
        while let Some(waiting) = self.waiting.get_mut(index) {
            let answer = waiting.call.poll(now, cx);
            let is_late = now >= waiting.forget_at;
            match answer {
                Poll::Ready(answer) => {
                    let waiting = self.waiting.swap_remove(index);
                    self.answered(waiting, answer);
                }
                Poll::Pending if is_late && waiting.player.is_some() => {
                    waiting.call.stop_repeating();
                    waiting.forget_at = now + LATE_TIME;
                    if let Some(id) = waiting.player.take() {
                        self.refuse(id, RefusalCode::Unavailable);
                    }
                    index += 1;
                }
                Poll::Pending if is_late => {
                    let waiting = self.waiting.swap_remove(index);
                    self.freeing.push(waiting.seat); // it may have been taken up for all we know
                }
                Poll::Pending => index += 1,
            }
        }
        self.let_return();
        if self.ledger.has_freed() {
            for seat in self.ledger.take_freed() {
                self.freeing.push(seat);
            }
        }
        self.freeing.drive(&self.host, now, cx);
    }

    fn answered(&mut self, waiting: Waiting, answer: Result<(), HostError>) {
        let Waiting {
            seat,
            newest,
            call,
            player,
            ..
        } = waiting;
        match (answer, player) {
            (Ok(()), Some(id)) => {
                self.door.use_up(seat.clone());
                self.someone_came = true;
                let decision = Decision::Admitted(self.ledger.take(seat, newest));
                self.decided.push_back(Decided { id, decision });
            }
            (Ok(()), None) => {
                self.door.use_up(seat.clone());
                self.freeing.push(seat);
            }
            (Err(error), player) => {
                tracing::debug!(%error, "the orchestrator did not let a player in");
                if call.was_repeated() || error.is_retryable() {
                    self.freeing.push(seat); // a question whose answer was lost may have taken the seat up
                }
                if let Some(id) = player {
                    self.refuse(id, refusal(&error));
                }
            }
        }
    }

    /// A game session begins: players may come.
    pub(crate) fn open(&mut self) {
        self.ledger.begin_session();
        self.door = Door::default();
        self.freeing = Freeing::default();
        self.someone_came = false;
        self.is_open = true;
    }

    /// Nobody comes in any more; who waits is told so.
    pub(crate) fn close(&mut self) {
        self.is_open = false;
        let mut refused = Vec::new();
        self.waiting.retain_mut(|waiting| {
            refused.extend(waiting.player.take());
            waiting.call.stop_repeating();
            waiting.forget_at = self.now + LATE_TIME;
            waiting.call.was_asked()
        });
        refused.extend(self.returning.drain(..).map(|(id, ..)| id));
        for id in refused {
            self.refuse(id, RefusalCode::Closed);
        }
        for decided in std::mem::take(&mut self.decided) {
            match decided.decision {
                Decision::Refused(_) => self.decided.push_back(decided),
                Decision::Admitted(_) | Decision::Returned(_) => self.refuse(decided.id, RefusalCode::Closed),
            }
        }
    }

    /// The game session is over at the orchestrator: there is nothing left to free.
    pub(crate) fn forget(&mut self) {
        self.waiting.clear();
        self.returning.clear();
        self.freeing = Freeing::default();
        self.ledger.begin_session();
    }

    pub(crate) fn take_rejected(&mut self) -> Vec<RefusalCode> {
        std::mem::take(&mut self.rejected)
    }

    /// Whether the orchestrator is asked about any seat, or one became free.
    pub(crate) fn is_busy(&self) -> bool {
        !self.waiting.is_empty()
            || !self.freeing.is_empty()
            || !self.returning.is_empty()
            || !self.rejected.is_empty()
            || self.ledger.has_freed()
            || self.ledger.taken() > 0
    }

    /// Whether seats are still being taken up or freed.
    pub(crate) fn is_settling(&self) -> bool {
        !self.waiting.is_empty() || !self.freeing.is_empty() || self.ledger.has_freed()
    }

    /// Whether no player is in and nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.ledger.taken() == 0 && self.waiting.is_empty()
    }

    pub(crate) fn someone_came(&self) -> bool {
        self.someone_came
    }
}

fn refusal(error: &HostError) -> RefusalCode {
    match error {
        HostError::Refused { .. } => RefusalCode::NotReserved,
        HostError::WrongState { .. } => RefusalCode::Closed,
        _ => RefusalCode::Unavailable,
    }
}
