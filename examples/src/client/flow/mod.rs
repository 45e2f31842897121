//! The player's way into a session and out again, the same with and without a window: wishes go in, [`Flow`] says how
//! things stand. This is all that a game has to do with `bevy_game_session`: it calls [`Sessions`] and hears events.
//!
//! | file | what |
//! |---|---|
//! | `wishes` | what is called when the player wants something |
//! | `news` | what is heard of it |
//! | `finding` | a search that picks a session by itself |
//! | `words` | what went wrong, in the player's words |

mod finding;
mod news;
mod wishes;
mod words;

use std::error::Error;
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use bevy::prelude::*;
use bevy_game_session::client::{FoundSession, Reach, SessionSettings};
use bevy_game_session::prelude::*;
use bevy_game_session::protocol::GameSession;
use bevy_replicon::prelude::*;
use bevy_replicon_renet::RepliconRenetPlugins;

use crate::game::{BUILD, SharedGamePlugin};

use super::flight::FlightPlugin;
use super::service::Services;
use super::timeline::Timeline;

/// What this client calls its session.
pub(crate) const GAME: &str = "game";
/// The most players in a session of this game.
pub(crate) const MAX_PLAYERS: u16 = crate::sim::MAX_SHIPS;

/// The UDP ports of which a game on the local network takes the first free one: what a firewall must let in, besides the
/// ports of `bevy_game_session_lan`.
pub const GAME_PORTS: RangeInclusive<u16> = 24_788..=24_803;

/// Takes the client into sessions and out again.
pub struct FlowPlugin {
    services: Mutex<Option<Services>>,
    ports: RangeInclusive<u16>,
}

impl FlowPlugin {
    /// Over the given services.
    pub fn new(services: Services) -> Self {
        let ports = if services.stay_on_this_machine() {
            0..=0
        } else {
            GAME_PORTS
        };
        Self {
            services: Mutex::new(Some(services)),
            ports,
        }
    }

    /// One of so many on this machine that [`GAME_PORTS`] do not suffice: any free port will do.
    #[must_use]
    pub fn on_any_port(mut self) -> Self {
        self.ports = 0..=0;
        self
    }
}

impl Plugin for FlowPlugin {
    fn build(&self, app: &mut App) {
        let services = self.services.lock().unwrap_or_else(PoisonError::into_inner).take();
        let services = services.expect("Bevy builds a plugin once");
        app.add_plugins((RepliconPlugins, RepliconRenetPlugins));
        services.add_to(app);
        let travel = TravelPlugin::replicon().ports(self.ports.clone());
        app.add_plugins((travel, SharedGamePlugin, FlightPlugin))
            .insert_resource(Timeline::start())
            .init_resource::<Flow>()
            .add_message::<Wish>()
            .add_plugins((wishes::build, finding::build, news::build));
    }
}

/// What the player wants.
#[derive(Message, Debug, Clone)]
pub enum Wish {
    /// Any fitting session, a new one if there is none.
    Quick(SessionSettings),
    /// A new session.
    Host(SessionSettings),
    /// A seat in this one.
    Join(Box<FoundSession>),
    /// A seat in the one behind this code.
    Code(String),
    /// A seat in the first one found, or the first one of that name.
    Find(Option<String>),
    /// Not any more.
    Cancel,
    /// Out of the session.
    Leave,
    /// The end of the session for everyone.
    End,
    /// The seat back, after a loss.
    Rejoin,
}

/// Where the player is on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// In no session.
    #[default]
    Idle,
    /// On the way into one.
    OnTheWay,
    /// Playing.
    Playing,
    /// The connection was lost.
    Lost,
}

/// How things stand.
#[derive(Resource, Debug, Default)]
pub struct Flow {
    /// Where the player is.
    pub stage: Stage,
    /// What is being done, for people.
    pub doing: String,
    /// The session, once there is one.
    pub session: Option<GameSession>,
    /// The code by which friends join it.
    pub code: Option<String>,
    /// Whether this player made it.
    pub owner: bool,
    /// Whether its server runs in this process.
    pub at_home: bool,
    /// Whether there may be a seat to come back to, after a loss.
    pub may_rejoin: bool,
    /// What went wrong last: a sentence for the player, then its causes.
    pub trouble: Option<Vec<String>>,
    /// The name of the session that a quick join makes when there is none.
    would_make: Option<String>,
    /// Where the session is, if that is known before.
    reach: Option<Reach>,
    /// The search that picks a session by itself.
    searching: Option<finding::Search>,
}

impl Flow {
    /// The sentence for the player.
    pub fn trouble_sentence(&self) -> Option<&str> {
        self.trouble
            .as_deref()
            .and_then(|lines| lines.first())
            .map(String::as_str)
    }

    fn set_out(&mut self, doing: String) {
        self.stage = Stage::OnTheWay;
        self.doing = doing;
        self.trouble = None;
        self.session = None;
        self.code = None;
        self.owner = false;
        self.at_home = false;
        self.would_make = None;
        self.reach = None;
    }

    /// The same session again: whose it is and where stays as it was.
    fn set_out_again(&mut self) {
        let (owner, reach) = (self.owner, self.reach);
        self.set_out("Coming back".into());
        (self.owner, self.reach) = (owner, reach);
    }

    fn fail(&mut self, stage: Stage, trouble: Vec<String>) {
        self.stage = stage;
        self.trouble = Some(trouble);
        self.searching = None;
    }
}

/// The settings of a session of this game.
pub(crate) fn settings(name: &str, players: u16) -> SessionSettings {
    SessionSettings::new(players)
        .shown_as(name)
        .build(BUILD.parse().expect("the build is a valid id"))
}

/// A sentence for the player, then the chain of causes.
pub(crate) fn explain(sentence: impl Into<String>, error: &dyn Error) -> Vec<String> {
    let mut chain = vec![sentence.into()];
    let mut cause = Some(error);
    while let Some(error) = cause {
        chain.push(error.to_string());
        cause = error.source();
    }
    chain
}
