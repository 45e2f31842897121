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
use widgets::{Kit, Tone, WidgetsPlugin};

/// The size of the window at which widgets have their own size.
const DESIGNED_FOR: Vec2 = Vec2::new(1280.0, 720.0);

/// The screens of the game.
pub(super) struct MenuPlugin {
    /// The first screen is the table of sessions.
    pub(super) browse_first: bool,
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

/// Widgets grow and shrink with the window.
fn fit_window(windows: Query<&Window>, mut scale: ResMut<UiScale>) {
    let Ok(window) = windows.single() else { return };
    let fit = (window.size() / DESIGNED_FOR).min_element().clamp(0.55, 4.0);
    if (scale.0 - fit).abs() > 0.001 {
        scale.0 = fit;
    }
}

/// The whole window, its one part at the left, where the arena is not.
fn beside_arena() -> Node {
    Node {
        width: percent(100),
        height: percent(100),
        padding: px(64).left(),
        flex_direction: FlexDirection::Column,
        justify_content: JustifyContent::Center,
        align_items: AlignItems::FlexStart,
        ..default()
    }
}

/// The whole window, its one part in the middle.
fn in_the_middle() -> Node {
    Node {
        width: percent(100),
        height: percent(100),
        flex_direction: FlexDirection::Column,
        justify_content: JustifyContent::Center,
        align_items: AlignItems::Center,
        ..default()
    }
}

/// The line that says what went wrong last; empty while nothing did.
fn trouble_line(parent: &mut ChildSpawnerCommands, kit: &Kit, flow: &Flow) {
    let sentence = flow.trouble_sentence().unwrap_or_default();
    parent.spawn((kit.text(sentence, 17.0, Kit::WRONG), TroubleLine));
}

/// The text of [`trouble_line`], kept up to date by `actions`.
#[derive(Component)]
struct TroubleLine;
