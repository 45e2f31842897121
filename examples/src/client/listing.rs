//! The table of sessions on the terminal: `--headless --browse`.

use std::sync::{Arc, Mutex, PoisonError};

use bevy::app::{ScheduleRunnerPlugin, TerminalCtrlCHandlerPlugin};
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::state::app::StatesPlugin;
use bevy_game_session::client::{FoundSession, NextPage, SearchFailure, SessionQuery, SessionsPinged};
use bevy_game_session::prelude::*;

use super::flow::{FlowPlugin, explain};
use super::headless::{FILTER, FRAME};
use super::row::{HEADS, cells, place};

/// What was found, and what went wrong: a sentence for the player, then its causes.
#[derive(Debug, Default)]
pub(super) struct Listing {
    sessions: Vec<FoundSession>,
    failures: Vec<SearchFailure>,
    pub(super) trouble: Option<Vec<String>>,
}

/// Looks for all sessions, page by page, and measures how far they are.
pub(super) fn look(flow: FlowPlugin) -> (AppExit, Listing) {
    let listing = Arc::<Mutex<Listing>>::default();
    let exit = App::new()
        .add_plugins((MinimalPlugins.set(ScheduleRunnerPlugin::run_loop(FRAME)), StatesPlugin))
        .add_plugins((
            TerminalCtrlCHandlerPlugin,
            LogPlugin {
                filter: FILTER.into(),
                ..default()
            },
        ))
        .add_plugins(flow)
        .insert_resource(SharedListing(listing.clone()))
        .init_resource::<OpenPage>()
        .add_systems(Startup, |mut sessions: Sessions| {
            sessions.find(SessionQuery::new());
        })
        .add_observer(note_page)
        .add_observer(note_pings)
        .add_observer(note_failure)
        .run();
    let listing = std::mem::take(&mut *listing.lock().unwrap_or_else(PoisonError::into_inner));
    (exit, listing)
}

#[derive(Resource)]
struct SharedListing(Arc<Mutex<Listing>>);

impl SharedListing {
    fn write(&self, change: impl FnOnce(&mut Listing)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// What comes after the page whose pings are measured.
#[derive(Resource, Default)]
struct OpenPage(Option<NextPage>);

fn note_page(
    found: On<SessionsFound>,
    listing: Res<SharedListing>,
    mut open: ResMut<OpenPage>,
    mut sessions: Sessions,
    mut exit: MessageWriter<AppExit>,
) {
    listing.write(|listing| listing.failures.extend(found.failures.iter().cloned()));
    open.0.clone_from(&found.next_page);
    if found.sessions.is_empty() {
        go_on(&mut open, &mut sessions, &mut exit);
    }
}

fn note_pings(
    pinged: On<SessionsPinged>,
    listing: Res<SharedListing>,
    mut open: ResMut<OpenPage>,
    mut sessions: Sessions,
    mut exit: MessageWriter<AppExit>,
) {
    listing.write(|listing| pinged.sessions.iter().for_each(|found| listing.add(found)));
    go_on(&mut open, &mut sessions, &mut exit);
}

fn go_on(open: &mut OpenPage, sessions: &mut Sessions, exit: &mut MessageWriter<AppExit>) {
    match open.0.take() {
        Some(page) => {
            sessions.find(SessionQuery::new().page(page));
        }
        None => {
            exit.write(AppExit::Success);
        }
    }
}

fn note_failure(failed: On<SessionFailed>, listing: Res<SharedListing>, mut exit: MessageWriter<AppExit>) {
    let trouble = explain(failed.error.player_message(), &failed.error);
    listing.write(|listing| listing.trouble = Some(trouble));
    exit.write(AppExit::error());
}

impl Listing {
    fn add(&mut self, found: &FoundSession) {
        let id = &found.game_session.id;
        if !self.sessions.iter().any(|known| known.game_session.id == *id) {
            self.sessions.push(found.clone());
        }
    }

    /// The table, and below it how many there are and who could not be asked; only those of a name, if one is given.
    pub(super) fn lines(&self, only: Option<&str>) -> Vec<String> {
        let mut shown: Vec<_> = self
            .sessions
            .iter()
            .filter(|found| only.is_none_or(|only| found.game_session.name == only))
            .collect();
        shown.sort_by(|a, b| (place(a), &a.game_session.name).cmp(&(place(b), &b.game_session.name)));
        let mut lines = if shown.is_empty() {
            Vec::new()
        } else {
            table(std::iter::once(HEADS.map(String::from)).chain(shown.iter().map(|found| cells(found))))
        };
        lines.push(match shown.len() {
            0 => "no sessions".into(),
            1 => "1 session".into(),
            many => format!("{many} sessions"),
        });
        let failures = self.failures.iter();
        lines.extend(failures.map(|failure| failure.error.player_message()));
        lines
    }
}

/// Columns as wide as their widest cell.
fn table(rows: impl Iterator<Item = [String; 5]>) -> Vec<String> {
    let printable = |cell: String| cell.chars().filter(|c| !c.is_control()).collect::<String>();
    let rows: Vec<_> = rows.map(|row| row.map(printable)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<_> = (0..HEADS.len()).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_take_no_control_characters() {
        let row = |name: &str, players: &str| [name, players, "-", "Online", "1"].map(String::from);
        let lines = table([row("Name", "Players"), row("Zoë\u{1b}[2J's arena", "1 / 8")].into_iter());
        assert_eq!(
            lines,
            [
                "Name            Players  -  Online  1",
                "Zoë[2J's arena  1 / 8    -  Online  1"
            ]
        );
    }

    #[test]
    fn nothing_found_is_said() {
        assert_eq!(Listing::default().lines(None), ["no sessions"]);
    }
}
