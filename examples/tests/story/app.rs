//! A client in this process, so that a test can wish what no command line says.

use std::thread;
use std::time::{Duration, Instant};

use bevy::prelude::*;
use bevy::state::app::StatesPlugin;
use bevy_game_session::client::SessionSettings;
use bevy_game_session_examples::client::flight::OwnShip;
use bevy_game_session_examples::client::flow::{Flow, FlowPlugin, Stage as Way, Wish};
use bevy_game_session_examples::client::{LanReach, Services};
use bevy_game_session_examples::game::BUILD;

use super::PATIENCE;
use super::stage::Stage;

/// The client's app.
pub(super) struct Client(App);

impl Client {
    pub(super) fn start(stage: &Stage) -> Self {
        let services = Services::new(Some(&stage.backend_url()), LanReach::Nowhere).unwrap();
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin, FlowPlugin::new(services)));
        app.finish();
        app.cleanup();
        Self(app)
    }

    pub(super) fn wishes_a_game(&mut self) {
        let settings = SessionSettings::new(8).shown_as("Arena");
        self.wishes(Wish::Quick(settings.build(BUILD.parse().unwrap())));
    }

    pub(super) fn wishes(&mut self, wish: Wish) {
        self.0.world_mut().write_message(wish);
    }

    /// Plays on until the player has a ship, whose number is the answer.
    pub(super) fn plays(&mut self) -> u16 {
        self.until("plays", |world| {
            let plays = world.resource::<Flow>().stage == Way::Playing;
            world.resource::<OwnShip>().0.filter(|_| plays)
        })
    }

    pub(super) fn loses_the_connection(&mut self) {
        self.until("is cut off", |world| {
            (world.resource::<Flow>().stage == Way::Lost).then_some(())
        });
    }

    pub(super) fn is_out(&mut self) {
        self.until("is out", |world| {
            (world.resource::<Flow>().stage == Way::Idle).then_some(())
        });
    }

    pub(super) fn may_end_the_session(&self) -> bool {
        self.0.world().resource::<Flow>().owner
    }

    fn until<T>(&mut self, what: &str, look: impl Fn(&World) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            self.0.update();
            if let Some(seen) = look(self.0.world()) {
                return seen;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!(
            "waited in vain until the player {what}: {:?}",
            self.0.world().resource::<Flow>()
        );
    }
}
