//! What a game may ask of its server: an extension of Bevy's `Commands`.

use std::time::Duration;

use bevy_ecs::system::Commands;
use bevy_ecs::world::World;
use game_session_protocol::{HostError, PlayerSessionPolicy};

use crate::drive::HostLink;
use crate::life::Command;

/// What a game may ask of its server. A command that does not fit the state is answered by
/// [`HostFailed`](crate::HostFailed).
pub trait SessionServerCommands {
    /// Says that the game session is loaded and players may come; needed only with
    /// [`ServerPolicies::manual_activation`](crate::ServerPolicies::manual_activation).
    fn activate_session(&mut self);

    /// Ends the game session in order: goodbyes, then the seats, then the orchestrator.
    fn end_session(&mut self);

    /// Lets new players join.
    fn open_session(&mut self);

    /// Lets nobody join any more. Who has a seat may still come.
    fn close_session(&mut self);

    /// Says that this process cannot host, for a reason that the orchestrator does not know:
    /// [`HostFailed`](crate::HostFailed) is told, and the game session ends in order. A dedicated process leaves with a
    /// failure; a host of many sessions stays where it is.
    fn fail_server(&mut self, error: HostError);

    /// Ends the game session if there is one, tells the orchestrator that the process leaves, and exits.
    fn shut_down_server(&mut self, time_left: Option<Duration>);
}

impl SessionServerCommands for Commands<'_, '_> {
    fn activate_session(&mut self) {
        self.queue(|world: &mut World| ask(world, Command::Activate));
    }

    fn end_session(&mut self) {
        self.queue(|world: &mut World| ask(world, Command::End));
    }

    fn open_session(&mut self) {
        self.queue(|world: &mut World| ask(world, Command::SetPolicy(PlayerSessionPolicy::AcceptAll)));
    }

    fn close_session(&mut self) {
        self.queue(|world: &mut World| ask(world, Command::SetPolicy(PlayerSessionPolicy::DenyAll)));
    }

    fn fail_server(&mut self, error: HostError) {
        self.queue(|world: &mut World| ask(world, Command::Fail(error)));
    }

    fn shut_down_server(&mut self, time_left: Option<Duration>) {
        self.queue(move |world: &mut World| ask(world, Command::ShutDown { time_left }));
    }
}

fn ask(world: &mut World, command: Command) {
    if let Some(mut link) = world.get_resource_mut::<HostLink>() {
        link.ask(command);
    } else {
        tracing::warn!("a session command was given without a SessionServerPlugin");
    }
}
