//! What will happen by itself, and when.
//!
//! A timer is never taken back: when it fires, its record is asked whether the time has really come, and a timer whose
//! moment has moved is set again.

use std::collections::BTreeSet;

use super::{
    World,
    keys::{GameSessionKey, PlacementKey, PlayerSessionKey, ProcessKey},
};
use crate::model::timestamp::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A process must have become ready.
    Ready(ProcessKey),
    /// A game session must have been activated.
    Activation(GameSessionKey),
    /// A seat must have been taken.
    Reservation(PlayerSessionKey),
    /// A process without a socket must have come back.
    SocketLoss(ProcessKey),
    /// A process must have sent a healthy heartbeat.
    Silence(ProcessKey),
    /// A process that was asked to end must have ended.
    Termination(ProcessKey),
    /// A process needs a new token.
    TokenRenewal(ProcessKey),
    /// A placement must have found its place, or may look farther away now.
    Placement(PlacementKey),
}

#[derive(Default)]
pub(super) struct Timers(BTreeSet<(Timestamp, Timer)>);

impl Timers {
    pub(super) fn set(&mut self, at: Timestamp, timer: Timer) {
        self.0.insert((at, timer));
    }

    fn take_due(&mut self, now: Timestamp) -> Option<Timer> {
        let &(at, timer) = self.0.first()?;
        if at > now {
            return None;
        }
        self.0.pop_first();
        Some(timer)
    }
}

impl World {
    /// When the next timer fires.
    pub(crate) fn poll_timeout(&self) -> Option<Timestamp> {
        if self.retry_placements {
            return Some(Timestamp::default());
        }
        self.timers.0.first().map(|(at, _)| *at)
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, now: Timestamp) {
        while let Some(timer) = self.timers.take_due(now) {
            match timer {
                Timer::Ready(key) => self.ready_timed_out(key, now),
                Timer::Activation(key) => self.activation_timed_out(key, now),
                Timer::Reservation(key) => self.reservation_timed_out(key, now),
                Timer::SocketLoss(key) => self.socket_loss_timed_out(key, now),
                Timer::Silence(key) => self.silence_timed_out(key, now),
                Timer::Termination(key) => self.termination_timed_out(key, now),
                Timer::TokenRenewal(key) => self.renew_token(key, now),
                Timer::Placement(key) => self.placement_timer(key, now),
            }
        }
        self.retry_waiting_placements(now);
    }
}
