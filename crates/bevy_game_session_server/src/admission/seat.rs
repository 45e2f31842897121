//! A player who was let in, and the ledger that hears when the seat becomes free.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use bevy_ecs::lifecycle::HookContext;
use bevy_ecs::world::DeferredWorld;
use game_session_protocol::PlayerSessionId;

use super::newest::NewestTicket;
use crate::wakeup::ServerWaker;

/// A player who was let in. It is made by [`Admissions`](crate::Admissions) only, and sits on the player's entity.
/// When it goes - removed, despawned, dropped - the orchestrator hears that the seat is free, once. A player whose
/// connection was lost keeps it for the [grace period](crate::ServerPolicies::grace_period), with
/// [`PlayerAbsent`](crate::PlayerAbsent) beside it.
#[derive(Component, Debug)]
#[component(on_insert = sit_down, on_remove = stand_up)]
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

    fn note_entity(&self, entity: Option<Entity>) {
        let mut seats = self.ledger.lock();
        if seats.session == self.session
            && let Some(held) = seats.taken.get_mut(&self.id)
        {
            held.entity = entity;
        }
    }
}

fn sit_down(world: DeferredWorld, context: HookContext) {
    if let Some(player) = world.get::<AcceptedPlayer>(context.entity) {
        player.note_entity(Some(context.entity));
    }
}

fn stand_up(world: DeferredWorld, context: HookContext) {
    if let Some(player) = world.get::<AcceptedPlayer>(context.entity) {
        player.note_entity(None);
    }
}

impl Drop for AcceptedPlayer {
    fn drop(&mut self) {
        let mut seats = self.ledger.lock();
        if seats.session == self.session && seats.taken.remove(&self.id).is_some() {
            seats.freed.push(self.id.clone());
            drop(seats);
            self.ledger.waker.for_polling().wake();
        }
    }
}

/// Which seats are taken, by whom, and which became free.
#[derive(Debug)]
pub(super) struct SeatLedger {
    seats: Mutex<Seats>,
    waker: ServerWaker,
}

#[derive(Debug, Default)]
struct Seats {
    session: u64,
    taken: HashMap<PlayerSessionId, Held>,
    freed: Vec<PlayerSessionId>,
}

#[derive(Debug)]
struct Held {
    newest: NewestTicket,
    entity: Option<Entity>,
}

/// What a ticket is worth for a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    /// Nobody has the seat.
    NotTaken,
    /// The seat is taken, and the ticket is newer: its bearer takes the seat over.
    Newer,
    /// The seat is taken by somebody with a newer ticket, or with this one.
    Stale,
}

/// Who has a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    Nobody,
    /// A player whose entity is about to be spawned.
    Unspawned,
    /// The player of this entity.
    On(Entity),
}

impl SeatLedger {
    pub(super) fn new(waker: ServerWaker) -> Arc<Self> {
        Arc::new(Self {
            seats: Mutex::default(),
            waker,
        })
    }

    pub(super) fn take(self: &Arc<Self>, id: PlayerSessionId, newest: NewestTicket) -> AcceptedPlayer {
        let mut seats = self.lock();
        seats.taken.insert(id.clone(), Held { newest, entity: None });
        AcceptedPlayer {
            id,
            session: seats.session,
            ledger: self.clone(),
        }
    }

    /// Looks whether a ticket takes a seat over, and remembers it then.
    pub(super) fn renew(&self, id: &PlayerSessionId, ticket: &NewestTicket) -> Renewal {
        match self.lock().taken.get_mut(id) {
            None => Renewal::NotTaken,
            Some(held) => {
                if held.newest.renew(ticket) {
                    Renewal::Newer
                } else {
                    Renewal::Stale
                }
            }
        }
    }

    /// Who has a seat.
    pub(super) fn holder(&self, id: &PlayerSessionId) -> Holder {
        match self.lock().taken.get(id) {
            None => Holder::Nobody,
            Some(Held { entity: None, .. }) => Holder::Unspawned,
            Some(Held {
                entity: Some(entity), ..
            }) => Holder::On(*entity),
        }
    }

    pub(super) fn taken(&self) -> usize {
        self.lock().taken.len()
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
