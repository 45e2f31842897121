//! A player who was let in, and the ledger that hears when the seat becomes free.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bevy_ecs::component::Component;
use game_session_protocol::PlayerSessionId;

use crate::wakeup::ServerWaker;

/// A player who was let in. It is made by [`Admissions`](crate::Admissions) only, and sits on the player's entity.
/// When it goes - removed, despawned, dropped - the orchestrator hears that the seat is free, once.
#[derive(Component, Debug)]
pub struct AcceptedPlayer {
    id: PlayerSessionId,
    session: u64,
    ledger: Arc<SeatLedger>,
}

impl AcceptedPlayer {
    /// The player's seat at the orchestrator.
    pub fn player_session_id(&self) -> &PlayerSessionId {
        &self.id
    }
}

impl Drop for AcceptedPlayer {
    fn drop(&mut self) {
        let mut seats = self.ledger.lock();
        if seats.session == self.session {
            seats.taken = seats.taken.saturating_sub(1);
            seats.freed.push(self.id.clone());
            drop(seats);
            self.ledger.waker.for_polling().wake();
        }
    }
}

/// Which seats are taken and which became free.
#[derive(Debug)]
pub(super) struct SeatLedger {
    seats: Mutex<Seats>,
    waker: ServerWaker,
}

#[derive(Debug, Default)]
struct Seats {
    session: u64,
    taken: usize,
    freed: Vec<PlayerSessionId>,
}

impl SeatLedger {
    pub(super) fn new(waker: ServerWaker) -> Arc<Self> {
        Arc::new(Self {
            seats: Mutex::default(),
            waker,
        })
    }

    pub(super) fn take(self: &Arc<Self>, id: PlayerSessionId) -> AcceptedPlayer {
        let mut seats = self.lock();
        seats.taken += 1;
        AcceptedPlayer {
            id,
            session: seats.session,
            ledger: self.clone(),
        }
    }

    pub(super) fn taken(&self) -> usize {
        self.lock().taken
    }

    pub(super) fn has_freed(&self) -> bool {
        !self.lock().freed.is_empty()
    }

    pub(super) fn take_freed(&self) -> Vec<PlayerSessionId> {
        std::mem::take(&mut self.lock().freed)
    }

    /// Another game session begins: the seats of the one before mean nothing any more.
    pub(super) fn begin_session(&self) {
        let mut seats = self.lock();
        *seats = Seats {
            session: seats.session + 1,
            ..Seats::default()
        };
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
