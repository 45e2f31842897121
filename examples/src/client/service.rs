//! Which orchestrators this client asks: the backend for online sessions, the local network for those near by.

use std::error::Error;

use bevy::prelude::*;
use bevy_game_session::client::HttpSessionService;
use bevy_game_session::lan::{Lan, LanConfig, LanDoor};
use bevy_game_session::prelude::*;

use crate::game::{BUILD, RulesPlugin};

/// What this game is called on the local network, in every build.
const GAME_ON_LAN: &str = "star-gatherers";

/// How far the local network goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LanReach {
    /// Not asked at all.
    Nowhere,
    /// Everyone near by.
    Everywhere,
    /// This machine alone.
    Loopback,
}

/// The services of one client. With the local network the client can be a server too.
pub struct Services {
    online: Option<HttpSessionService>,
    lan: Option<Lan>,
    reach: LanReach,
}

/// Whether there are online sessions for this client.
#[derive(Resource, Debug, Clone, Copy)]
pub(super) struct PlaysOnline(pub(super) bool);

impl Services {
    /// Sessions of this backend, if one is given, and of the local network.
    ///
    /// # Errors
    /// When the address is none, when the local network cannot be used, or when there is nothing to ask at all.
    pub fn new(backend: Option<&str>, lan: LanReach) -> Result<Self, Box<dyn Error>> {
        let online = backend.map(HttpSessionService::new).transpose()?;
        let config = LanConfig::new(GAME_ON_LAN, LanDoor::Open);
        let reach = lan;
        let config = match lan {
            LanReach::Nowhere if online.is_none() => return Err("give a backend, or play with --lan".into()),
            LanReach::Nowhere => None,
            LanReach::Everywhere => Some(config),
            LanReach::Loopback => Some(config.on_loopback()),
        };
        let lan = config.map(Lan::new).transpose()?;
        Ok(Self { online, lan, reach })
    }

    /// Whether nobody from elsewhere can join what is hosted here.
    pub(super) fn stay_on_this_machine(&self) -> bool {
        self.reach != LanReach::Everywhere
    }

    /// Adds the session plugins to an app: the client's, and beside it the server's for sessions on the local network.
    pub(super) fn add_to(self, app: &mut App) {
        let build = BUILD.parse().expect("the build is a valid id");
        app.insert_resource(PlaysOnline(self.online.is_some()));
        let client = match (self.online, &self.lan) {
            (Some(online), Some(lan)) => SessionClientPlugin::new(online).lan(lan.service()),
            (Some(online), None) => SessionClientPlugin::new(online),
            (None, Some(lan)) => SessionClientPlugin::lan_only(lan.service()),
            (None, None) => return,
        };
        app.add_plugins(client.client_build(build));
        if let Some(lan) = self.lan {
            app.add_plugins((SessionServerPlugin::new(lan.host()), RulesPlugin));
        }
    }
}
