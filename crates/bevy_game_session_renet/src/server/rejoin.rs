//! Players whose connection is exchanged under them: lost, back, or taken over by a newer ticket.
//!
//! The entity stays, and with it the id under which renet knows the player. renet's own state belongs to a connection,
//! so it is thrown away with it. replicon must take the player for a new client on the old entity: its components for
//! the connection go and come again, and what renet says of the exchange is kept from it, or it would despawn the
//! entity and spawn another one.

use bevy_ecs::prelude::*;
use bevy_renet::{RenetServer, RenetServerEvent};

use super::players::Transport;

/// The connection is gone, the player may come back.
pub(super) fn lose_connection(world: &mut World, player: Entity, client_id: u64) {
    exchange(world, player, |server| server.remove_connection(client_id));
}

/// The player is on another connection.
pub(super) fn renew_connection(world: &mut World, player: Entity, client_id: u64) {
    exchange(world, player, |server| {
        server.remove_connection(client_id);
        server.add_connection(client_id);
    });
    #[cfg(feature = "replicon")]
    if is_by_replicon(world) {
        super::replicon::attach(world, player, client_id);
    }
}

fn exchange(world: &mut World, player: Entity, change: impl FnOnce(&mut RenetServer)) {
    if is_by_replicon(world) {
        #[cfg(feature = "replicon")]
        super::replicon::detach(world, player);
        quietly(world, change);
    } else if let Some(mut server) = world.get_resource_mut::<RenetServer>() {
        let _ = player;
        change(&mut server);
    }
}

fn is_by_replicon(world: &World) -> bool {
    world.get_resource::<Transport>().is_some_and(Transport::is_by_replicon)
}

/// Changes connections without renet's events about it. Those that wait from before are told first.
fn quietly(world: &mut World, change: impl FnOnce(&mut RenetServer)) {
    let Some(mut server) = world.get_resource_mut::<RenetServer>() else {
        return;
    };
    let before: Vec<_> = std::iter::from_fn(|| server.get_event()).collect();
    change(&mut server);
    while server.get_event().is_some() {}
    for event in before {
        world.trigger(RenetServerEvent(event));
    }
    world.flush();
}
