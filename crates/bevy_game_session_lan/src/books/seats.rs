//! The seats of the host's game session.
//!
//! A seat goes from reserved to active and is then gone, or from reserved to lapsed and gone. Reserved and active seats
//! together are never more than the maximum. One address from outside holds only so many reserved seats, so that one
//! neighbour cannot take all of a large game session by asking.

use std::collections::VecDeque;
use std::net::IpAddr;

use game_session_protocol::{HostError, PlayerId, PlayerSessionId};

/// The most seats that one address has reserved and not taken up.
pub(crate) const MOST_RESERVED_OF_ONE: usize = 8;
const MOST_GONE: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Seats {
    seats: Vec<Seat>,
    /// The last ones that were freed: freeing them again succeeds.
    gone: VecDeque<PlayerSessionId>,
}

#[derive(Debug)]
struct Seat {
    id: PlayerSessionId,
    player: PlayerId,
    from: Option<IpAddr>,
    active: bool,
    lapses_at_ms: u64,
}

impl Seats {
    pub(crate) fn taken(&self) -> u16 {
        u16::try_from(self.seats.len()).unwrap_or(u16::MAX)
    }

    pub(crate) fn of(&self, player: &PlayerId) -> Option<&PlayerSessionId> {
        self.seats
            .iter()
            .find(|seat| seat.player == *player)
            .map(|seat| &seat.id)
    }

    /// Whether an address has as many reserved seats as it may have.
    pub(crate) fn has_enough(&self, from: Option<IpAddr>) -> bool {
        let reserved = self.seats.iter().filter(|seat| !seat.active && seat.from == from);
        from.is_some() && reserved.count() >= MOST_RESERVED_OF_ONE
    }

    pub(crate) fn reserve(&mut self, id: PlayerSessionId, player: PlayerId, from: Option<IpAddr>, lapses_at_ms: u64) {
        self.seats.push(Seat {
            id,
            player,
            from,
            active: false,
            lapses_at_ms,
        });
    }

    /// A fresh ticket for a reserved seat keeps it reserved as long as the ticket of a new one would.
    pub(crate) fn prolong(&mut self, player: &PlayerId, lapses_at_ms: u64) {
        for seat in self.seats.iter_mut().filter(|seat| seat.player == *player) {
            seat.lapses_at_ms = lapses_at_ms;
        }
    }

    pub(crate) fn accept(&mut self, id: &PlayerSessionId) -> Result<(), HostError> {
        let refuse = |message: &str| HostError::Refused {
            action: "accept a player",
            message: message.into(),
        };
        match self.seats.iter_mut().find(|seat| seat.id == *id) {
            Some(seat) if seat.active => Err(refuse("the seat is taken up already")),
            Some(seat) => {
                seat.active = true;
                Ok(())
            }
            None => Err(refuse("the seat is no longer reserved, or never was")),
        }
    }

    pub(crate) fn remove(&mut self, id: &PlayerSessionId) -> Result<(), HostError> {
        let refuse = |message: &str| HostError::Refused {
            action: "remove a player",
            message: message.into(),
        };
        match self.seats.iter().position(|seat| seat.id == *id) {
            Some(at) if self.seats[at].active => {
                self.free(at);
                Ok(())
            }
            Some(_) => Err(refuse("the seat was never taken up")),
            None if self.gone.contains(id) => Ok(()),
            None => Err(refuse("there is no such seat")),
        }
    }

    /// Gives up the seat that a player has reserved and not taken up; true if there was one.
    pub(crate) fn give_up(&mut self, player: &PlayerId) -> bool {
        let at = self
            .seats
            .iter()
            .position(|seat| seat.player == *player && !seat.active);
        at.is_some_and(|at| {
            self.free(at);
            true
        })
    }

    /// Frees what was reserved for too long; true if something was.
    pub(crate) fn lapse(&mut self, now_ms: u64) -> bool {
        let lapsed = |seat: &Seat| !seat.active && seat.lapses_at_ms <= now_ms;
        let mut any = false;
        while let Some(at) = self.seats.iter().position(lapsed) {
            self.free(at);
            any = true;
        }
        any
    }

    /// When the next seat lapses.
    pub(crate) fn next_lapse_ms(&self) -> Option<u64> {
        self.seats
            .iter()
            .filter(|seat| !seat.active)
            .map(|seat| seat.lapses_at_ms)
            .min()
    }

    fn free(&mut self, at: usize) {
        if self.gone.len() >= MOST_GONE {
            self.gone.pop_front();
        }
        self.gone.push_back(self.seats.remove(at).id);
    }
}
