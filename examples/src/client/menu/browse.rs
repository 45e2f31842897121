//! The table of sessions: online and on the local network, kept fresh while it is looked at.

use std::cmp::Ordering;
use std::time::Duration;

use bevy::prelude::*;
use bevy_game_session::client::{FoundSession, SessionQuery};
use bevy_game_session::prelude::*;

use super::{Action, FieldId, Form, Kit, Looks, Screen, Tone, in_the_middle, trouble_line};
use crate::client::flow::Flow;
use crate::client::row::{self, place};

/// How often the table asks again by itself.
const REFRESH: Duration = Duration::from_secs(5);
/// How many rows are shown; who looks for more filters.
const ROWS: usize = 8;
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
        .add_systems(OnEnter(Screen::Browse), (ask, show).chain())
        .add_systems(OnExit(Screen::Browse), stop_asking)
        .add_systems(
            Update,
            (ask_again, read_results, fill_rows)
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

/// The rows that are shown.
#[derive(Resource, Debug, Default)]
pub(super) struct Table {
    pub(super) rows: Vec<FoundSession>,
    status: String,
}

/// The search behind the table.
#[derive(Component)]
struct TableSearch;

#[derive(Component)]
struct RowList;

#[derive(Component)]
struct StatusLine;

fn ask(mut sessions: Sessions, mut table: ResMut<Table>, mut commands: Commands) {
    *table = Table {
        status: "Looking for sessions ...".into(),
        ..default()
    };
    let search = sessions.find(SessionQuery::new().limit(20).refresh_every(REFRESH));
    commands.entity(search).insert(TableSearch);
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

fn read_results(
    results: Query<Ref<SearchResults>, With<TableSearch>>,
    mut failed: MessageReader<SessionFailed>,
    (sorting, form): (Res<Sorting>, Res<Form>),
    mut table: ResMut<Table>,
) {
    for failed in failed.read() {
        table.status = failed.error.player_message();
    }
    let Ok(results) = results.single() else { return };
    if !(results.is_changed() || sorting.is_changed() || form.is_changed()) {
        return;
    }
    let filter = form.text(FieldId::Filter).to_lowercase();
    let fits = |found: &&FoundSession| found.game_session.name.to_lowercase().contains(&filter);
    let mut rows: Vec<_> = results.sessions.iter().filter(fits).cloned().collect();
    rows.sort_by(|a, b| sorting.compare(a, b));
    table.status = match (results.sessions.len(), rows.len(), results.failures.first()) {
        (0, _, Some(failure)) => failure.error.player_message(),
        (0, _, None) => "Nobody plays right now. Host a game, others will find it.".into(),
        (all, 0, _) => format!("None of the {all} has such a name."),
        (all, shown, _) if shown > ROWS => format!("{ROWS} of {all} shown: filter by name to see others."),
        (all, ..) => format!("{all} found"),
    };
    rows.truncate(ROWS);
    if table.rows != rows {
        table.rows = rows;
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
                        Kit::hollow_button(head, label, Action::Sort(column), cell(width)).with_child(kit.bold(
                            label,
                            16.0,
                            Kit::DIM,
                        ));
                    }
                });
                let list = Node {
                    flex_direction: FlexDirection::Column,
                    row_gap: px(4),
                    min_height: px(200),
                    ..default()
                };
                panel.spawn((list, RowList));
                panel.spawn((kit.text("", 16.0, Kit::DIM), StatusLine));
                trouble_line(panel, &kit, &flow);
                kit.button(panel, "Back", Action::Go(Screen::Title), Tone::Plain);
            });
        });
}

fn table_row() -> Node {
    Node {
        align_items: AlignItems::Center,
        width: percent(100),
        padding: px(4).horizontal(),
        ..default()
    }
}

fn cell(width: f32) -> Node {
    Node {
        width: if width > 0.0 { px(width) } else { auto() },
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

fn fill_rows(
    table: Res<Table>,
    looks: Res<Looks>,
    lists: Query<(Entity, Option<&Children>), With<RowList>>,
    mut status: Query<&mut Text, With<StatusLine>>,
    mut commands: Commands,
) {
    if !table.is_changed() {
        return;
    }
    for mut line in &mut status {
        line.set_if_neq(Text::new(&table.status));
    }
    let kit = Kit(&looks);
    for (list, _) in &lists {
        commands
            .entity(list)
            .despawn_related::<Children>()
            .with_children(|list| {
                for (number, found) in table.rows.iter().enumerate() {
                    let node = Node {
                        border: px(1.5).all(),
                        border_radius: BorderRadius::all(px(10)),
                        ..table_row()
                    };
                    Kit::hollow_button(list, &found.game_session.name, Action::JoinRow(number), node).with_children(
                        |row| {
                            for (text, width) in cells(found) {
                                let color = if found.is_joinable() { Kit::BRIGHT } else { Kit::DIM };
                                row.spawn(Node {
                                    border: UiRect::ZERO,
                                    ..cell(width)
                                })
                                .with_child((kit.text(text, 18.0, color), TextLayout::no_wrap()));
                            }
                        },
                    );
                }
            });
    }
}

/// What stands in the cells of a row, with their widths.
fn cells(found: &FoundSession) -> impl Iterator<Item = (String, f32)> {
    let widths = COLUMNS.iter().map(|(.., width)| *width);
    row::cells(found).into_iter().zip(widths)
}
