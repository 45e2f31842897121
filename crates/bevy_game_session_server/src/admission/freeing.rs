//! Seats that nobody has any more and that the orchestrator must hear of: it is told until it has heard.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use game_session_protocol::{PlayerSessionId, SessionHost};

use super::ANSWER_TIME;
use crate::call::Call;

/// So many seats are freed at the same time; the others wait for their turn.
const MOST_AT_ONCE: usize = 32;
/// So many seats may be to free in all: far more than a game session has, because players may come and go while the
/// orchestrator does not answer.
const MOST: usize = 4096;

/// The seats that are to be freed. An orchestrator that cannot be reached is asked again with growing pauses, until the
/// game session is over.
#[derive(Default)]
pub(super) struct Freeing {
    waiting: VecDeque<PlayerSessionId>,
    asked: Vec<Asked>,
    was_said: bool,
}

struct Asked {
    seat: PlayerSessionId,
    call: Call,
    since: Duration,
}

impl Freeing {
    pub(super) fn push(&mut self, seat: PlayerSessionId) {
        if self.waiting.contains(&seat) || self.asked.iter().any(|asked| asked.seat == seat) {
            return;
        }
        if self.waiting.len() < MOST {
            self.waiting.push_back(seat);
        } else {
            tracing::error!(%seat, "too many seats are to be freed: this one stays taken until the game session ends");
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.asked.is_empty()
    }

    /// Asks, and takes the answers.
    pub(super) fn drive(&mut self, host: &Arc<dyn SessionHost>, now: Duration, cx: &mut Context<'_>) {
        loop {
            while self.asked.len() < MOST_AT_ONCE
                && let Some(seat) = self.waiting.pop_front()
            {
                let (host, asked) = (host.clone(), seat.clone());
                let call = Call::until_answered(ANSWER_TIME, move || host.remove_player(asked.clone()));
                let since = now;
                self.asked.push(Asked { seat, call, since });
            }
            let before = self.asked.len();
            self.asked.retain_mut(|asked| match asked.call.poll(now, cx) {
                Poll::Pending => true,
                Poll::Ready(answer) => {
                    if let Err(error) = answer {
                        tracing::debug!(%error, "a seat could not be freed");
                    }
                    false
                }
            });
            if self.asked.len() == before || self.waiting.is_empty() {
                break;
            }
        }
        let is_late = |asked: &Asked| now.saturating_sub(asked.since) >= ANSWER_TIME;
        if !self.was_said && self.asked.iter().any(is_late) {
            self.was_said = true;
            tracing::warn!("the orchestrator has not heard that a seat is free: it is told until it has");
        }
    }
}
