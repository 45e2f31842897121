//! The channels of renet, asked for when they are needed: replicon's are complete only once all plugins are built.

use std::sync::Arc;

use bevy_ecs::prelude::*;
#[cfg(any(feature = "client", feature = "server"))]
use bevy_renet::renet::ChannelConfig;
use bevy_renet::renet::ConnectionConfig;

#[cfg(any(feature = "client", feature = "server"))]
use crate::untrusted::ChannelMemory;

/// Makes the channels at the time of travel or hosting.
#[derive(Resource, Clone)]
pub(crate) struct Channels(Arc<dyn Fn(&World) -> ConnectionConfig + Send + Sync>);

impl Channels {
    pub(crate) fn new(make: impl Fn(&World) -> ConnectionConfig + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// The channels of replicon's messages and of everything it replicates.
    #[cfg(feature = "replicon")]
    pub(crate) fn replicon() -> Self {
        use bevy_replicon::prelude::RepliconChannels;
        use bevy_replicon_renet::RenetChannelsExt as _;

        Self::new(|world| {
            let Some(channels) = world.get_resource::<RepliconChannels>() else {
                tracing::error!("there are no replicon channels: add RepliconPlugins to this app");
                return ConnectionConfig::default();
            };
            ConnectionConfig {
                server_channels_config: channels.server_configs(),
                client_channels_config: channels.client_configs(),
                ..Default::default()
            }
        })
    }
}

/// How much each channel that a peer sends on may hold here.
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) fn memory_of(channels: &[ChannelConfig]) -> ChannelMemory {
    let memory = |channel: &ChannelConfig| (channel.channel_id, channel.max_memory_usage_bytes);
    Arc::new(channels.iter().map(memory).collect())
}

/// The channels as they are now.
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) fn connection_config(world: &World) -> ConnectionConfig {
    world
        .get_resource::<Channels>()
        .map_or_else(ConnectionConfig::default, |channels| (channels.0)(world))
}
