//! With `bevy_replicon` an admitted player is the client entity that replicon spawns itself.

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_replicon::prelude::{
    AuthorizedClient, ConnectedClient, ConnectedClientStats, PriorityMap, ServerMessages, ServerSystems,
};
use bevy_replicon::shared::backend::connected_client::{NetworkId, NetworkIdMap};

use super::players::{PlayerConnection, Transport};

/// The largest message that renet sends in one packet.
const MAX_SIZE: usize = 1200;

pub(super) fn build(app: &mut App) {
    app.add_observer(seat_player).add_systems(
        PostUpdate,
        drop_messages_to_nobody
            .after(ServerSystems::Send)
            .before(ServerSystems::SendPackets)
            .run_if(resource_exists::<ServerMessages>),
    );
}

/// replicon would send what is meant for one player without asking whether that player has a connection, and an absent
/// one has none.
fn drop_messages_to_nobody(mut messages: ResMut<ServerMessages>, clients: Query<(), With<NetworkId>>) {
    messages.retain_sent(|(client, ..)| clients.contains(*client));
}

/// Whether replicon is in the app and spawns the entities.
pub(super) fn spawns_clients(world: &World) -> bool {
    world.contains_resource::<NetworkIdMap>()
}

fn seat_player(
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

/// Takes from a player what replicon keeps for the connection. The game's own components stay, also its priorities.
pub(super) fn detach(world: &mut World, player: Entity) {
    let Ok(mut player) = world.get_entity_mut(player) else {
        return;
    };
    let priorities = player.take::<PriorityMap>();
    player.remove::<(ConnectedClient, ConnectedClientStats, NetworkId)>();
    player.remove_with_requires::<AuthorizedClient>();
    if let Some(priorities) = priorities {
        player.insert(priorities);
    }
    world.flush();
}

/// Makes a player a new client of replicon, which sends the whole world again once the client is authorized.
pub(super) fn attach(world: &mut World, player: Entity, client_id: u64) {
    if let Ok(mut player) = world.get_entity_mut(player) {
        player.insert((ConnectedClient { max_size: MAX_SIZE }, NetworkId::new(client_id)));
    }
    world.flush();
}
