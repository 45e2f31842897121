//! The seats of one game session in memory.
//!
//! A seat goes from reserved to active to completed, or from reserved to timed out, and never back. Reserved and
//! active seats together are never more than the maximum: who reserves asks [`Seats::taken`] first.

use super::snapshot::{SeatSnapshot, SeatStatus};
use crate::error::HostError;
use crate::ids::{PlayerId, PlayerSessionId};

#[derive(Default)]
pub(super) struct Seats(Vec<Seat>);

struct Seat {
    id: PlayerSessionId,
    player: PlayerId,
    status: SeatStatus,
    lapses_at_ms: u64,
}

impl Seats {
    /// How many seats are reserved or active.
    pub(super) fn taken(&self) -> u16 {
        let taken = |seat: &&Seat| matches!(seat.status, SeatStatus::Reserved | SeatStatus::Active);
        u16::try_from(self.0.iter().filter(taken).count()).unwrap_or(u16::MAX)
    }

    /// The seat that a player has, reserved or active.
    pub(super) fn of(&self, player: &PlayerId) -> Option<&PlayerSessionId> {
        self.0
            .iter()
            .find(|seat| seat.player == *player && matches!(seat.status, SeatStatus::Reserved | SeatStatus::Active))
            .map(|seat| &seat.id)
    }

    pub(super) fn reserve(&mut self, id: PlayerSessionId, player: PlayerId, lapses_at_ms: u64) {
        self.0.push(Seat {
            id,
            player,
            status: SeatStatus::Reserved,
            lapses_at_ms,
        });
    }

    pub(super) fn accept(&mut self, id: &PlayerSessionId) -> Result<(), HostError> {
        let action = "accept a player";
        let refuse = |message: &str| HostError::Refused {
            action,
            message: message.into(),
        };
        let seat = self
            .0
            .iter_mut()
            .find(|seat| seat.id == *id)
            .ok_or_else(|| refuse("there is no such seat"))?;
        match seat.status {
            SeatStatus::Reserved => {
                seat.status = SeatStatus::Active;
                Ok(())
            }
            SeatStatus::Active => Err(refuse("the seat is taken up already")),
            SeatStatus::Completed | SeatStatus::TimedOut => Err(refuse("the seat is no longer reserved")),
        }
    }

    pub(super) fn remove(&mut self, id: &PlayerSessionId) -> Result<(), HostError> {
        let action = "remove a player";
        let refuse = |message: &str| HostError::Refused {
            action,
            message: message.into(),
        };
        let seat = self
            .0
            .iter_mut()
            .find(|seat| seat.id == *id)
            .ok_or_else(|| refuse("there is no such seat"))?;
        match seat.status {
            SeatStatus::Reserved => Err(refuse("the seat was never taken up")),
            SeatStatus::Active => {
                seat.status = SeatStatus::Completed;
                Ok(())
            }
            SeatStatus::Completed | SeatStatus::TimedOut => Ok(()),
        }
    }

    /// Gives up a seat that its player has not taken up.
    pub(super) fn give_up(&mut self, player: &PlayerId) {
        for seat in self
            .0
            .iter_mut()
            .filter(|seat| seat.player == *player && seat.status == SeatStatus::Reserved)
        {
            seat.status = SeatStatus::TimedOut;
        }
    }

    pub(super) fn lapse(&mut self, now_ms: u64) {
        for seat in self
            .0
            .iter_mut()
            .filter(|seat| seat.status == SeatStatus::Reserved && seat.lapses_at_ms <= now_ms)
        {
            seat.status = SeatStatus::TimedOut;
        }
    }

    pub(super) fn end_all(&mut self) {
        for seat in &mut self.0 {
            seat.status = match seat.status {
                SeatStatus::Reserved | SeatStatus::TimedOut => SeatStatus::TimedOut,
                SeatStatus::Active | SeatStatus::Completed => SeatStatus::Completed,
            };
        }
    }

    pub(super) fn snapshot(&self) -> Vec<SeatSnapshot> {
        self.0
            .iter()
            .map(|seat| SeatSnapshot {
                id: seat.id.clone(),
                player: seat.player.clone(),
                status: seat.status,
            })
            .collect()
    }
}
