//! Flying over a network, with or without a window: one's own ship obeys at once, all others are shown smoothly a moment
//! late.
//!
//! | file | what |
//! |---|---|
//! | `helm` | one's own ship: orders go out, the answer is foreseen and corrected |
//! | `tracks` | the others: shown between what was heard, a little in the past |
//! | `autopilot` | flies where nobody sits at the keys |
//! | `pace` | whether a client keeps pace with its server |

mod autopilot;
mod helm;
mod pace;
mod tracks;

use bevy::prelude::*;
use bevy_game_session::prelude::*;
use bevy_replicon::prelude::*;

use crate::game::{Course, Hello, Ship, Welcome};
use crate::sim::{Input, Motion};

pub(crate) use autopilot::AutopilotPlugin;
pub use helm::Helm;
pub use pace::{Drift, Pace};
pub use tracks::Playback;

/// From one hello to the next, in seconds, while the server has not answered.
const HELLO_EVERY: f64 = 0.25;

/// Makes ships fly on this machine.
pub struct FlightPlugin;

impl Plugin for FlightPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Intent>()
            .init_resource::<OwnShip>()
            .init_resource::<Helm>()
            .init_resource::<Playback>()
            .add_observer(show_ship)
            .add_systems(OnExit(ClientSessionState::InSession), forget_flight)
            .add_systems(Update, say_hello.run_if(in_state(ClientSessionState::InSession)))
            .add_systems(FixedUpdate, helm::steer.run_if(in_state(ClientSessionState::InSession)))
            .add_systems(
                Update,
                (
                    meet_own_ship,
                    (tracks::note_courses, tracks::play_back, tracks::show_others),
                    (helm::correct, helm::show_own),
                )
                    .chain()
                    .in_set(FlightSystems),
            );
    }
}

/// When ships are moved to where they are shown, in `Update`.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlightSystems;

/// The name of the player, told to the server on arrival.
#[derive(Resource, Debug, Clone, Default)]
pub struct PlayerName(pub String);

/// What the player at this machine wants from now on. A dash is wanted once.
#[derive(Resource, Debug, Clone, Copy, Default)]
pub struct Intent(pub Input);

/// The number of the player's own ship, once the server said it.
#[derive(Resource, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnShip(pub Option<u16>);

/// Where and how a ship is shown in this frame.
#[derive(Component, Debug, Clone, Copy, Default)]
pub struct Shown(pub Motion);

fn show_ship(ship: On<Add, Ship>, courses: Query<&Course>, mut commands: Commands) {
    let motion = courses.get(ship.entity).map(Course::motion).unwrap_or_default();
    commands
        .entity(ship.entity)
        .insert((Shown(motion), tracks::Track::default()));
}

/// On arrival, and again until the server has answered which ship it is.
fn say_hello(
    own: Res<OwnShip>,
    name: Option<Res<PlayerName>>,
    time: Res<Time<Real>>,
    mut again: Local<f64>,
    mut out: MessageWriter<Hello>,
) {
    let now = time.elapsed_secs_f64();
    if own.0.is_none() && now >= *again {
        *again = now + HELLO_EVERY;
        let name = name.map(|name| name.0.clone()).unwrap_or_default();
        out.write(Hello { name });
    }
}

fn meet_own_ship(mut welcomes: MessageReader<Welcome>, mut own: ResMut<OwnShip>) {
    for welcome in welcomes.read() {
        own.0 = Some(welcome.ship);
    }
}

/// What the server showed goes with the connection.
fn forget_flight(shown: Query<Entity, With<Remote>>, mut commands: Commands) {
    shown.iter().for_each(|thing| commands.entity(thing).try_despawn());
    commands.insert_resource(OwnShip::default());
    commands.insert_resource(Helm::default());
    commands.insert_resource(Playback::default());
    commands.insert_resource(Intent::default());
}
