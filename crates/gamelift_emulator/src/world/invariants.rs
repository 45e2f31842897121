//! What must be true of the world after every step, whatever happened.

use std::collections::HashSet;

use super::{Outgoing, World};
use crate::model::status::{GameSessionStatus, PlacementStatus};

impl World {
    /// The first broken promise, if one is.
    pub(super) fn broken_invariant(&self) -> Option<String> {
        let mut hosting = HashSet::new();
        for (key, session) in &self.game_sessions {
            let taken = session
                .player_sessions
                .iter()
                .filter(|player| self.player_sessions[player].status.holds_a_seat())
                .count();
            if taken != session.seats_taken as usize {
                return Some(format!(
                    "{}: {taken} seats taken, {} counted",
                    session.arn, session.seats_taken
                ));
            }
            if session.seats_taken > session.maximum {
                return Some(format!("I2: {} has more players than seats", session.arn));
            }
            if session.status.is_over() && taken > 0 {
                return Some(format!("{} is over and still has players", session.arn));
            }
            if self.game_session_arns.get(&session.arn) != Some(key) {
                return Some(format!("I3: two game sessions are {}", session.arn));
            }
            if !hosting.insert(session.process) {
                return Some(format!("I5: {:?} has had two game sessions", session.process));
            }
        }
        if let Some(broken) = self.broken_placement() {
            return Some(broken);
        }
        if let Some(wrong) = self.search.wrong(&self.game_sessions) {
            return Some(wrong);
        }
        if let Some(early) = self.early_push() {
            return Some(early);
        }
        for ((_, _), idle) in &self.idle {
            for key in idle {
                if !self.processes.get(key).is_some_and(super::Process::is_placeable) {
                    return Some(format!("{key:?} is on the list of free processes and is not free"));
                }
            }
        }
        None
    }

    /// A process that is not known to be ready is told nothing.
    fn early_push(&self) -> Option<String> {
        self.outbox.iter().find_map(|outgoing| {
            let Outgoing::Push(socket, push) = outgoing else {
                return None;
            };
            let process = self.processes.get(&self.sockets.get(socket)?.process)?;
            let early = process.unproven;
            early.then(|| format!("{} is told {push:?} and may not be ready", process.name.process_id))
        })
    }

    fn broken_placement(&self) -> Option<String> {
        let mut placed = HashSet::new();
        for (key, placement) in &self.placements {
            let id = &placement.call.placement_id;
            let pending = placement.status == PlacementStatus::Pending;
            if pending != self.pending_placements.contains(key) {
                return Some(format!(
                    "{id} is {:?}, on the list of waiting ones or not",
                    placement.status
                ));
            }
            let Some(session) = placement.game_session else {
                if placement.status == PlacementStatus::Fulfilled {
                    return Some(format!("{id} is fulfilled by nothing"));
                }
                continue;
            };
            if !placed.insert(session) {
                return Some(format!("I3: {id} shares its game session with another placement"));
            }
            if pending && self.placement_of.get(&session) != Some(key) {
                return Some(format!("{id} waits for a game session that does not know it"));
            }
            let status = self.game_sessions[&session].status;
            if pending && !matches!(status, GameSessionStatus::Activating | GameSessionStatus::Terminating) {
                return Some(format!("{id} waits for a game session that is {status:?}"));
            }
        }
        None
    }
}
