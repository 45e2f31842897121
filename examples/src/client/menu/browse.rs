//! The table of sessions: online and on the local network, kept fresh while it is looked at.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::time::Duration;

use bevy::prelude::*;
use bevy_game_session::client::{FoundSession, SessionQuery};
use bevy_game_session::prelude::*;
use bevy_game_session::protocol::GameSessionId;

use super::widgets::{Focus, Scrolls};
use super::{Action, FieldId, Form, Kit, Looks, Screen, Tone, in_the_middle, trouble_line};
use crate::client::flow::Flow;
use crate::client::row::{self, place};

/// How often the table asks again by itself.
const REFRESH: Duration = Duration::from_secs(5);
/// How many sessions of each service are on a page of an answer.
const PAGE: u16 = 20;
/// So many pages are read.
const PAGES: usize = 5;
/// The width of each column in pixels; the name takes the rest.
const COLUMNS: [(Column, f32); 5] = [
    (Column::Name, 0.0),
    (Column::Players, 110.0),
    (Column::Ping, 110.0),
    (Column::Place, 150.0),
    (Column::Build, 150.0),
];

pub(super) fn build(app: &mut App) {
    app.init_resource::<Sorting>()
        .init_resource::<Table>()
        .add_observer(turn_page)
        .add_systems(OnEnter(Screen::Browse), (ask, show).chain())
        .add_systems(OnExit(Screen::Browse), stop_asking)
        .add_systems(
            Update,
            (ask_again, read_results, say_status, mark_column, fill_rows)
                .chain()
                .run_if(in_state(Screen::Browse)),
        );
}

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Column {
    #[default]
    Name,
    Players,
    Ping,
    Place,
    Build,
}

/// By which column the table is sorted.
#[derive(Resource, Debug, Default)]
pub(super) struct Sorting {
    column: Column,
    backwards: bool,
    /// Set to ask again now.
    pub(super) wants_refresh: bool,
}

impl Sorting {
    /// By this column; the same one again turns the order round.
    pub(super) fn by(&mut self, column: Column) {
        self.backwards = self.column == column && !self.backwards;
        self.column = column;
    }

    fn compare(&self, a: &FoundSession, b: &FoundSession) -> Ordering {
        let order = match self.column {
            Column::Name => a.game_session.name.cmp(&b.game_session.name),
            Column::Players => b.game_session.current_players.cmp(&a.game_session.current_players),
            Column::Ping => (a.ping.unwrap_or(Duration::MAX)).cmp(&b.ping.unwrap_or(Duration::MAX)),
            Column::Place => place(a).cmp(place(b)),
            Column::Build => a.game_session.build.as_str().cmp(b.game_session.build.as_str()),
        };
        if self.backwards { order.reverse() } else { order }
    }
}

/// The rows of the table.
#[derive(Resource, Debug, Default)]
pub(super) struct Table {
    pub(super) rows: Vec<FoundSession>,
}

/// What is said below the table.
#[derive(Component, Default)]
struct StatusLine(String);

/// A search behind the table, for a page of it, from 0.
#[derive(Component, Clone, Copy)]
struct TableSearch(usize);

#[derive(Component)]
struct RowList;

/// The row of a session.
#[derive(Component)]
struct Row(GameSessionId);

/// The head of a column.
#[derive(Component)]
struct Head(Column, &'static str);

fn query() -> SessionQuery {
    SessionQuery::new().limit(PAGE)
}

fn ask(mut sessions: Sessions, mut table: ResMut<Table>, mut commands: Commands) {
    *table = Table::default();
    let search = sessions.find(query().refresh_every(REFRESH));
    commands.entity(search).insert(TableSearch(0));
}

fn stop_asking(searches: Query<Entity, With<TableSearch>>, mut commands: Commands) {
    searches.iter().for_each(|search| commands.entity(search).try_despawn());
}

fn ask_again(mut sorting: ResMut<Sorting>, searches: Query<Entity, With<TableSearch>>, mut commands: Commands) {
    if std::mem::take(&mut sorting.bypass_change_detection().wants_refresh) {
        searches.iter().for_each(|search| commands.entity(search).try_despawn());
        commands.run_system_cached(ask);
    }
}

/// A page has come: it replaces the same page of before, and the next one is asked for.
fn turn_page(
    found: On<SessionsFound>,
    searches: Query<(Entity, &TableSearch, Has<SearchResults>)>,
    mut sessions: Sessions,
    mut commands: Commands,
) {
    let Ok((_, &TableSearch(page), _)) = searches.get(found.entity) else {
        return;
    };
    let next = found.next_page.as_ref().filter(|_| page + 1 < PAGES);
    for (search, TableSearch(other), answered) in &searches {
        let is_older = *other == page && search != found.entity;
        let is_next = *other == page + 1 && !answered;
        let is_beyond = *other > page && next.is_none();
        if is_older || is_next || is_beyond {
            commands.entity(search).try_despawn();
        }
    }
    if let Some(next) = next {
        let search = sessions.find(query().page(next.clone()));
        commands.entity(search).insert(TableSearch(page + 1));
    }
}

/// All pages together, each session once, and whether there are more.
fn put_together<'a>(pages: impl Iterator<Item = (usize, &'a SearchResults)>) -> (Vec<FoundSession>, bool) {
    let mut pages: Vec<_> = pages.collect();
    pages.sort_by_key(|(page, _)| *page);
    let (mut all, mut known) = (Vec::new(), HashSet::new());
    for found in pages.iter().flat_map(|(_, results)| &results.sessions) {
        if known.insert(&found.game_session.id) {
            all.push(found.clone());
        }
    }
    // before the last page there is the next one to come
    let more = pages
        .last()
        .is_some_and(|(page, results)| page + 1 == PAGES && results.next_page.is_some());
    (all, more)
}

fn read_results(
    results: Query<(&TableSearch, Ref<SearchResults>)>,
    mut failed: MessageReader<SessionFailed>,
    (sorting, form): (Res<Sorting>, Res<Form>),
    mut table: ResMut<Table>,
    mut status: Single<&mut StatusLine>,
) {
    if let Some(failed) = failed.read().last() {
        status.0 = failed.error.player_message();
    }
    let news = results.iter().any(|(_, results)| results.is_changed());
    if !(news || sorting.is_changed() || form.is_changed()) {
        return;
    }
    let Some((_, first)) = results.iter().find(|(TableSearch(page), _)| *page == 0) else {
        return;
    };
    let failure = first.failures.first();
    let (all, more) = put_together(results.iter().map(|(page, results)| (page.0, results.into_inner())));
    let filter = form.text(FieldId::Filter).to_lowercase();
    let fits = |found: &&FoundSession| found.game_session.name.to_lowercase().contains(&filter);
    let mut rows: Vec<_> = all.iter().filter(fits).cloned().collect();
    for row in rows.iter_mut().filter(|row| row.ping.is_none()) {
        let before = table.rows.iter().find(|old| old.game_session.id == row.game_session.id);
        row.ping = before.and_then(|old| old.ping);
    }
    rows.sort_by(|a, b| sorting.compare(a, b));
    status.0 = match (all.len(), rows.len(), failure) {
        (0, _, Some(failure)) => failure.error.player_message(),
        (0, _, None) => "Nobody plays right now. Host a game, others will find it.".into(),
        (all, 0, _) => format!("None of the {all} has such a name."),
        (all, ..) if more => format!("{all} found, and there are more."),
        (all, ..) => format!("{all} found"),
    };
    if table.rows != rows {
        table.rows = rows;
    }
}

fn say_status(mut lines: Query<(&StatusLine, &mut Text), Changed<StatusLine>>) {
    for (status, mut text) in &mut lines {
        text.set_if_neq(Text::new(&status.0));
    }
}

/// The head of the column by which the table is sorted is bright, and says in which direction.
fn mark_column(
    sorting: Res<Sorting>,
    heads: Query<(Ref<Head>, &Children)>,
    mut texts: Query<(&mut Text, &mut TextColor)>,
) {
    for (head, children) in &heads {
        if !(sorting.is_changed() || head.is_added()) {
            continue;
        }
        let sorted = sorting.column == head.0;
        let (mark, color) = match (sorted, sorting.backwards) {
            (true, false) => ("  \u{203a}", Kit::BRIGHT),
            (true, true) => ("  \u{2039}", Kit::BRIGHT),
            (false, _) => ("", Kit::DIM),
        };
        for child in children {
            if let Ok((mut text, mut ink)) = texts.get_mut(*child) {
                text.set_if_neq(Text(format!("{}{mark}", head.1)));
                ink.set_if_neq(TextColor(color));
            }
        }
    }
}

fn show(looks: Res<Looks>, flow: Res<Flow>, mut commands: Commands) {
    let kit = Kit(&looks);
    commands
        .spawn((in_the_middle(), DespawnOnExit(Screen::Browse)))
        .with_children(|page| {
            page.spawn(Kit::panel(960.0)).with_children(|panel| {
                panel.spawn(Kit::row()).with_children(|head| {
                    let grow = Node {
                        flex_grow: 1.0,
                        ..default()
                    };
                    head.spawn((kit.bold("Games", 34.0, Kit::BRIGHT), grow));
                    kit.button(head, "Refresh", Action::Refresh, Tone::Plain);
                });
                kit.field(panel, "Filter", FieldId::Filter);
                panel.spawn(table_row()).with_children(|head| {
                    for ((column, width), label) in COLUMNS.into_iter().zip(row::HEADS) {
                        Kit::hollow_button(head, label, Action::Sort(column), cell(width))
                            .insert(Head(column, label))
                            .with_child(kit.bold(label, 16.0, Kit::DIM));
                    }
                });
                let list = Node {
                    flex_direction: FlexDirection::Column,
                    row_gap: px(4),
                    min_height: px(200),
                    max_height: px(376),
                    overflow: Overflow::scroll_y(),
                    ..default()
                };
                panel.spawn((list, Scrolls, RowList));
                let status = StatusLine("Looking for sessions ...".into());
                panel.spawn((kit.text("", 16.0, Kit::DIM), status));
                trouble_line(panel, &kit, &flow);
                kit.button(panel, "Back", Action::Go(Screen::Title), Tone::Plain);
            });
        });
}

fn table_row() -> Node {
    Node {
        align_items: AlignItems::Center,
        width: percent(100),
        flex_shrink: 0.0,
        padding: px(4).horizontal(),
        border: px(1.5).all(),
        border_radius: BorderRadius::all(px(10)),
        ..default()
    }
}

/// Whoever gave a session a long name: the other columns keep their places.
fn cell(width: f32) -> Node {
    Node {
        width: if width > 0.0 { px(width) } else { auto() },
        min_width: px(width),
        flex_grow: if width > 0.0 { 0.0 } else { 1.0 },
        flex_basis: if width > 0.0 { auto() } else { px(0) },
        flex_shrink: 0.0,
        min_height: px(38),
        padding: px(10).horizontal(),
        align_items: AlignItems::Center,
        border: px(1.5).all(),
        border_radius: BorderRadius::all(px(10)),
        overflow: Overflow::clip(),
        ..default()
    }
}

/// The same rows as before get their new words; other rows are built anew, and the keyboard stays at its session.
fn fill_rows(
    table: Res<Table>,
    looks: Res<Looks>,
    list: Single<(Ref<RowList>, Entity, Option<&Children>)>,
    (rows, cells): (Query<(&Row, &Children)>, Query<&Children>),
    mut texts: Query<(&mut Text, &mut TextColor)>,
    mut focus: ResMut<Focus>,
    mut commands: Commands,
) {
    let (fresh, list, children) = list.into_inner();
    if !(table.is_changed() || fresh.is_added()) {
        return;
    }
    let shown = children.into_iter().flatten().filter_map(|row| rows.get(*row).ok());
    if shown
        .clone()
        .map(|(row, _)| &row.0)
        .eq(table.rows.iter().map(|found| &found.game_session.id))
    {
        for ((_, inside), found) in shown.zip(&table.rows) {
            for (cell, words) in inside.iter().zip(row::cells(found)) {
                let word = cells.get(cell).ok().and_then(|inside| inside.first());
                if let Some((mut text, mut ink)) = word.and_then(|word| texts.get_mut(*word).ok()) {
                    text.set_if_neq(Text(words));
                    ink.set_if_neq(TextColor(color(found)));
                }
            }
        }
        return;
    }
    let kit = Kit(&looks);
    let focused = focus
        .0
        .and_then(|focused| rows.get(focused).ok())
        .map(|(row, _)| row.0.clone());
    commands
        .entity(list)
        .despawn_related::<Children>()
        .with_children(|list| {
            for (number, found) in table.rows.iter().enumerate() {
                let id = &found.game_session.id;
                let mut row = Kit::hollow_button(list, &found.game_session.name, Action::JoinRow(number), table_row());
                row.insert(Row(id.clone())).with_children(|row| {
                    for (words, (_, width)) in row::cells(found).into_iter().zip(COLUMNS) {
                        row.spawn(cell(width))
                            .with_child((kit.text(words, 18.0, color(found)), TextLayout::no_wrap()));
                    }
                });
                if focused.as_ref() == Some(id) {
                    focus.0 = Some(row.id());
                }
            }
        });
}

fn color(found: &FoundSession) -> Color {
    if found.is_joinable() { Kit::BRIGHT } else { Kit::DIM }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use bevy_game_session::client::Reach;
    use bevy_game_session::protocol::{GameSession, PlayerSessionPolicy};

    use super::*;
    use crate::client::menu::widgets::Control;
    use crate::game::BUILD;

    fn session(name: &str, ping: u64) -> FoundSession {
        let game_session = GameSession {
            id: format!("id-{name}").parse().unwrap(),
            name: name.into(),
            build: BUILD.parse().unwrap(),
            max_players: 8,
            current_players: 1,
            policy: PlayerSessionPolicy::AcceptAll,
            properties: default(),
            owner: None,
            locked: false,
            ping_beacon: None,
        };
        let mut found = FoundSession::new(game_session, Reach::Online, None);
        found.ping = Some(Duration::from_millis(ping));
        found
    }

    fn page(names: &[&str]) -> SearchResults {
        let mut results = SearchResults::default();
        results.sessions = names.iter().map(|name| session(name, 1)).collect();
        results
    }

    #[test]
    fn all_pages_are_shown_and_a_session_on_two_of_them_once() {
        let (first, second) = (page(&["A", "B"]), page(&["B", "C"]));
        let (all, more) = put_together([(1, &second), (0, &first)].into_iter());
        let names: Vec<_> = all.iter().map(|found| found.game_session.name.as_str()).collect();
        assert_eq!((names.as_slice(), more), (["A", "B", "C"].as_slice(), false));
    }

    /// A table whose rows are filled in each update.
    fn table_of(rows: &[(&str, u64)]) -> App {
        let mut app = App::new();
        app.init_resource::<Table>()
            .init_resource::<Looks>()
            .init_resource::<Focus>()
            .add_systems(Update, fill_rows);
        app.world_mut().spawn(RowList);
        find(&mut app, rows);
        app
    }

    fn find(app: &mut App, rows: &[(&str, u64)]) {
        app.world_mut().resource_mut::<Table>().rows = rows.iter().map(|(name, ping)| session(name, *ping)).collect();
        app.update();
    }

    fn row_of(app: &mut App, name: &str) -> Entity {
        let mut rows = app.world_mut().query::<(Entity, &Control, &Row)>();
        let mut found = rows.iter(app.world()).filter(|(_, control, _)| control.label == name);
        found.next().unwrap().0
    }

    #[test]
    fn a_refresh_that_brings_new_pings_keeps_the_rows_and_writes_them() {
        let mut app = table_of(&[("A", 10), ("B", 20)]);
        let before = row_of(&mut app, "B");
        find(&mut app, &[("A", 11), ("B", 21)]);
        assert_eq!(row_of(&mut app, "B"), before);
        let mut texts = app.world_mut().query::<&Text>();
        assert!(texts.iter(app.world()).any(|text| text.0 == "21 ms"));
    }

    #[test]
    fn the_keyboard_stays_at_its_session_when_the_rows_are_others() {
        let mut app = table_of(&[("A", 10), ("B", 20)]);
        let row = row_of(&mut app, "B");
        app.world_mut().resource_mut::<Focus>().0 = Some(row);
        find(&mut app, &[("C", 5), ("B", 20), ("A", 10)]);
        let row = row_of(&mut app, "B");
        assert_eq!(app.world().resource::<Focus>().0, Some(row));
    }
}
