//! Screens, from the title to the lost connection. A screen is built when it is entered and gone when it is left; what
//! its buttons mean stands in `actions`.
//!
//! | file | what |
//! |---|---|
//! | `widgets` | the few widgets of which all screens are made |
//! | `form` | what the player typed and chose |
//! | `actions` | what each button does |
//! | `title`, `host`, `browse`, `code`, `options` | the screens before a game |
//! | `connecting`, `hud`, `pause`, `lost` | the screens around a game |

mod actions;
mod browse;
mod code;
mod connecting;
mod form;
mod host;
mod hud;
mod lost;
mod options;
mod pause;
mod state_log;
mod title;
mod widgets;

use bevy::prelude::*;

use super::flow::{Flow, Stage};
use super::view::looks::Looks;
use form::{ChoiceId, FieldId, Form};
use widgets::{Kit, Scrolls, Tone, WidgetsPlugin};

/// The size of the window at which widgets have their own size.
const DESIGNED_FOR: Vec2 = Vec2::new(1280.0, 720.0);
/// Widgets are never smaller than this share of it.
const SMALLEST: f32 = 0.6;

/// The screens of the game.
pub(super) struct MenuPlugin {
    /// The first screen is the table of sessions.
    pub(super) browse_first: bool,
    /// The table shows only names with this in them, at first.
    pub(super) filter: Option<String>,
    /// What happens is printed, for scripts.
    pub(super) log_state: bool,
}

impl Plugin for MenuPlugin {
    fn build(&self, app: &mut App) {
        let first = if self.browse_first {
            Screen::Browse
        } else {
            Screen::Title
        };
        app.insert_state(first)
            .init_resource::<Paused>()
            .add_plugins((WidgetsPlugin, actions::build))
            .add_plugins((title::build, host::build, browse::build, code::build, options::build))
            .add_plugins((connecting::build, hud::build, pause::build, lost::build))
            .add_systems(Update, (follow_flow, fit_window));
        if let Some(filter) = &self.filter {
            app.world_mut().resource_mut::<Form>().append(FieldId::Filter, filter);
        }
        if self.log_state {
            app.add_plugins(state_log::build);
        }
    }
}

/// What fills the window.
#[derive(States, Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(in crate::client) enum Screen {
    #[default]
    Title,
    Host,
    Browse,
    Code,
    Options,
    Connecting,
    Playing,
    Lost,
}

impl Screen {
    /// Whether its widgets stand at the left of the arena.
    pub(in crate::client) fn is_beside_arena(self) -> bool {
        matches!(self, Self::Title | Self::Host | Self::Code | Self::Options)
    }
}

/// What a button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Go(Screen),
    Quick,
    Host,
    Refresh,
    Sort(browse::Column),
    JoinRow(usize),
    JoinCode,
    CopyCode,
    Save,
    Cancel,
    Resume,
    Leave,
    End,
    Rejoin,
    Quit,
}

impl Action {
    /// Whether it leads into a session.
    fn sets_out(&self) -> bool {
        matches!(
            self,
            Self::Quick | Self::Host | Self::JoinRow(_) | Self::JoinCode | Self::Rejoin
        )
    }
}

/// Whether the menu of a running game is open.
#[derive(Resource, Debug, Default, PartialEq, Eq)]
pub(in crate::client) struct Paused(pub(in crate::client) bool);

/// The screen goes with the player.
fn follow_flow(
    flow: Res<Flow>,
    mut last: Local<Stage>,
    screen: Res<State<Screen>>,
    mut came_from: Local<Screen>,
    mut next: ResMut<NextState<Screen>>,
) {
    if flow.stage == *last {
        return;
    }
    let to = match flow.stage {
        Stage::OnTheWay => {
            *came_from = *screen.get();
            Screen::Connecting
        }
        Stage::Playing => Screen::Playing,
        Stage::Lost => Screen::Lost,
        // where the player was before, with the reason if there is one
        Stage::Idle if *last == Stage::OnTheWay && *came_from != Screen::Lost => *came_from,
        Stage::Idle => Screen::Title,
    };
    *last = flow.stage;
    next.set(to);
}

/// Widgets grow and shrink with the window, but stay large enough to be read; what has no room then scrolls.
fn fit_window(windows: Query<&Window>, mut scale: ResMut<UiScale>) {
    let Ok(window) = windows.single() else { return };
    let fit = (window.size() / DESIGNED_FOR).min_element().clamp(SMALLEST, 4.0);
    if (scale.0 - fit).abs() > 0.001 {
        scale.0 = fit;
    }
}

/// The whole window, its parts at the left, where the arena is not. Its first and last part have a margin to the edge.
fn beside_arena() -> impl Bundle {
    page(AlignItems::FlexStart, px(56).left())
}

/// The whole window, its one part in the middle.
fn in_the_middle() -> impl Bundle {
    page(AlignItems::Center, UiRect::ZERO)
}

fn page(align_items: AlignItems, padding: UiRect) -> impl Bundle {
    let node = Node {
        width: percent(100),
        height: percent(100),
        padding: UiRect {
            top: px(8),
            bottom: px(8),
            ..padding
        },
        flex_direction: FlexDirection::Column,
        align_items,
        overflow: Overflow::scroll_y(),
        ..default()
    };
    (node, Scrolls)
}

/// The line that says what went wrong last; empty while nothing did.
fn trouble_line(parent: &mut ChildSpawnerCommands, kit: &Kit, flow: &Flow) {
    let sentence = flow.trouble_sentence().unwrap_or_default();
    parent.spawn((kit.text(sentence, 17.0, Kit::WRONG), TroubleLine));
}

/// The text of [`trouble_line`], kept up to date by `actions`.
#[derive(Component)]
struct TroubleLine;
