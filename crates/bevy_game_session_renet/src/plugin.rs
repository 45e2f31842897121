//! The plugin: both sides of travel, each asleep unless its session plugin is in the app.

use std::ops::RangeInclusive;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use bevy_renet::renet::ConnectionConfig;
use bevy_renet::{RenetClientPlugin, RenetServerPlugin};

use crate::channels::Channels;

/// Travel over `bevy_renet`. Add it after `RepliconRenetPlugins` if you use them, because it adds the plugins of
/// `bevy_renet` itself where they are missing.
pub struct TravelPlugin {
    channels: Channels,
    ports: RangeInclusive<u16>,
}

impl TravelPlugin {
    /// Travel with these channels of renet, which must be the same on both sides. The closure runs when a client
    /// travels and when a server starts to host: by then all plugins are built.
    pub fn new(channels: impl Fn(&World) -> ConnectionConfig + Send + Sync + 'static) -> Self {
        Self {
            channels: Channels::new(channels),
            ports: 0..=0,
        }
    }

    /// Travel with the channels of `bevy_replicon`. Add `RepliconPlugins` and `RepliconRenetPlugins` before it.
    #[cfg(feature = "replicon")]
    pub fn replicon() -> Self {
        Self {
            channels: Channels::replicon(),
            ports: 0..=0,
        }
    }

    /// The UDP port that a server holds from its start; 0, the default, is any free one. The port is reported in
    /// `ListenPort`. While it is taken that is missing; after 10 s of it a dedicated process leaves with a failure.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.ports = port..=port;
        self
    }

    /// The UDP ports of which a server holds the first free one, for several servers on one machine. Which one it is
    /// stands in `ListenPort` and is what the orchestrator hears.
    #[must_use]
    pub fn ports(mut self, ports: RangeInclusive<u16>) -> Self {
        self.ports = ports;
        self
    }
}

impl Plugin for TravelPlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<RenetServerPlugin>() {
            app.add_plugins(RenetServerPlugin);
        }
        if !app.is_plugin_added::<RenetClientPlugin>() {
            app.add_plugins(RenetClientPlugin);
        }
        app.insert_resource(self.channels.clone());
        #[cfg(feature = "client")]
        crate::client::build(app);
        #[cfg(feature = "server")]
        crate::server::build(app, self.ports.clone());
        #[cfg(all(feature = "client", feature = "server"))]
        crate::local::build(app);
    }
}
