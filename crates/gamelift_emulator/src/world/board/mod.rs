//! What the dashboard shows of the world: totals, one page of one table, one game session in detail, the newest lines.

mod detail;
mod process;
mod table;

use serde::{Deserialize, Serialize};

use self::{
    detail::Detail,
    process::ProcessDetail,
    table::{Page, Table},
};
use super::{World, chronicle::Line};
use crate::model::status::{GameSessionStatus, PlayerSessionStatus, ProcessStatus};

/// Lines that are told at once.
const MAX_LINES: usize = 100;

/// What somebody wants to see. Everything may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Ask {
    /// Which table.
    table: Table,
    /// Only rows with this text in them, whatever its case.
    search: String,
    /// Only rows with this status word.
    status: String,
    /// Counted from 0.
    page: usize,
    /// Rows on a page.
    size: usize,
    /// The ARN of the game session to show in detail.
    game_session: String,
    /// The number of the server process to show in detail; 0 for none.
    process: u64,
    /// Only lines that warn of something.
    problems_only: bool,
}

/// What is seen.
#[derive(Debug, Serialize)]
pub(crate) struct Board {
    totals: Totals,
    page: Page,
    detail: Option<Detail>,
    process: Option<ProcessDetail>,
    lines: Vec<Line>,
    /// Lines before these that are not told.
    skipped: u64,
}

/// How many there are of everything.
#[derive(Debug, Default, Serialize)]
struct Totals {
    fleets: usize,
    computes: usize,
    processes: usize,
    free_processes: usize,
    sockets: usize,
    game_sessions: usize,
    active: usize,
    activating: usize,
    players: usize,
    reserved: usize,
    placements: usize,
    pending: usize,
    refused_activations: u32,
}

impl World {
    /// What was asked for, with the lines from this number on.
    pub(crate) fn board(&self, ask: &Ask, from_line: u64) -> Board {
        let lines = self.chronicle.since(from_line, MAX_LINES, ask.problems_only);
        let first = lines.first().map_or(self.chronicle.next(), |line| line.number);
        let skipped = if ask.problems_only || from_line == 0 {
            0
        } else {
            first.saturating_sub(from_line)
        };
        Board {
            totals: self.totals(),
            page: self.table_page(ask),
            detail: self.detail(&ask.game_session),
            process: self.process_detail(ask.process),
            lines,
            skipped,
        }
    }

    /// The number of the next line of the chronicle.
    pub(crate) fn next_line(&self) -> u64 {
        self.chronicle.next()
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals {
            fleets: self.fleets.len(),
            computes: self.computes.len(),
            free_processes: self.idle.values().map(std::collections::BTreeSet::len).sum(),
            sockets: self.sockets.len(),
            game_sessions: self.game_sessions.len(),
            placements: self.placements.len(),
            pending: self.pending_placements.len(),
            refused_activations: self.refused_activations,
            ..Totals::default()
        };
        let alive = self
            .processes
            .values()
            .filter(|process| process.status != ProcessStatus::Ended);
        totals.processes = alive.count();
        for session in self.game_sessions.values() {
            match session.status {
                GameSessionStatus::Active => totals.active += 1,
                GameSessionStatus::Activating => totals.activating += 1,
                _ => {}
            }
        }
        for player in self.player_sessions.values() {
            match player.status {
                PlayerSessionStatus::Active => totals.players += 1,
                PlayerSessionStatus::Reserved => totals.reserved += 1,
                _ => {}
            }
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn an_empty_question_is_one_and_an_unknown_word_is_none() {
        assert_eq!(serde_json::from_str::<Ask>("{}").unwrap(), Ask::default());
        assert!(serde_json::from_str::<Ask>(r#"{"tabel":"fleets"}"#).is_err());
        assert!(serde_json::from_str::<Ask>(r#"{"table":"secrets"}"#).is_err());
    }
}
