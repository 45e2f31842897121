//! With `bevy_replicon` an admitted player is the client entity that replicon spawns itself.

use bevy_ecs::prelude::*;
use bevy_replicon::shared::backend::connected_client::{NetworkId, NetworkIdMap};

use super::players::{PlayerConnection, Transport};

/// Whether replicon is in the app and spawns the entities.
pub(super) fn spawns_clients(world: &World) -> bool {
    world.contains_resource::<NetworkIdMap>()
}

pub(super) fn seat_player(
    added: On<Add, NetworkId>,
    clients: Query<&NetworkId>,
    transport: Option<ResMut<Transport>>,
    mut commands: Commands,
) {
    let (Some(mut transport), Ok(client)) = (transport, clients.get(added.entity)) else {
        return;
    };
    if let Some(player) = transport.seat(client.get(), added.entity) {
        commands
            .entity(added.entity)
            .try_insert((PlayerConnection::new(client.get()), player));
    }
}
