//! Which orchestrators this client asks: the backend for online sessions, the local network for those near by.

use std::error::Error;

use bevy::prelude::*;
use bevy_game_session::client::HttpSessionService;
use bevy_game_session::prelude::*;

use crate::game::BUILD;

/// The services of one client.
pub struct Services {
    online: Option<HttpSessionService>,
}

impl Services {
    /// Sessions of this backend, if one is given, and of the local network.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(backend: Option<&str>) -> Result<Self, Box<dyn Error>> {
        let online = backend.map(HttpSessionService::new).transpose()?;
        Ok(Self { online })
    }

    /// Adds the session plugins to an app.
    pub(super) fn add_to(self, app: &mut App) {
        let build = BUILD.parse().expect("the build is a valid id");
        if let Some(online) = self.online {
            app.add_plugins(SessionClientPlugin::new(online).client_build(build));
        }
    }
}
