//! The plugin: puts the machine into an app.

use std::sync::Arc;
use std::time::Duration;

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_state::app::{AppExtStates, StatesPlugin};
use game_session_protocol::SessionHost;

use crate::absence::{GracePeriod, PlayerAbsent, give_up_absent_players};
use crate::admission::Admissions;
use crate::drive::{HostLink, beat, flush_host, has_something_to_do, host_listens, poll_host};
use crate::events::{
    BackfillEnded, GameSessionStarted, GameSessionUpdated, HostFailed, PlayerLost, PlayerRejected, PlayerReturned,
    SessionEnding, ShutdownRequested,
};
use crate::goodbye::Goodbyes;
use crate::life::Life;
use crate::policy::ServerPolicies;
use crate::session::ServerSessionState;
use crate::wakeup::ServerWaker;

/// The UDP port that this process holds for players, 1 to 60000. The process is offered to the orchestrator once this
/// exists; a transport inserts it, or you.
#[derive(Resource, Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenPort(pub u16);

/// When the plugin works. Order your systems against these.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionServerSystems {
    /// In `PreUpdate`: answers and events of the orchestrator come in. Transports receive after it.
    Poll,
    /// In `PostUpdate`: what this frame led to goes out. Transports send before it.
    Flush,
}

/// Hosts game sessions that an orchestrator places here. Add it after Bevy's own plugins: it needs `TimePlugin`.
pub struct SessionServerPlugin {
    host: Arc<dyn SessionHost>,
    policies: ServerPolicies,
    goodbye_time: Duration,
    log_paths: Vec<String>,
}

impl SessionServerPlugin {
    /// A server for this orchestrator, with the [`ServerPolicies::default`].
    pub fn new(host: impl SessionHost) -> Self {
        Self {
            host: Arc::new(host),
            policies: ServerPolicies::default(),
            goodbye_time: Duration::from_millis(250),
            log_paths: Vec::new(),
        }
    }

    /// When game sessions activate and end by themselves.
    #[must_use]
    pub fn policies(mut self, policies: ServerPolicies) -> Self {
        self.policies = policies;
        self
    }

    /// How long an end waits at most for [`Goodbyes`]; 250 ms unless said otherwise.
    #[must_use]
    pub fn goodbye_time(mut self, time: Duration) -> Self {
        self.goodbye_time = time;
        self
    }

    /// A file that the orchestrator should keep when the process has left.
    #[must_use]
    pub fn log_path(mut self, path: impl Into<String>) -> Self {
        self.log_paths.push(path.into());
        self
    }
}

impl Plugin for SessionServerPlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<StatesPlugin>() {
            app.add_plugins(StatesPlugin);
        }
        app.init_resource::<ServerWaker>();
        let waker = app.world().resource::<ServerWaker>().clone();
        let life = Life::new(self.host.lifetime(), self.policies.clone(), self.goodbye_time);
        let link = HostLink::new(self.host.clone(), waker.clone(), life, self.log_paths.clone());
        app.insert_resource(Admissions::new(self.host.clone(), waker))
            .insert_resource(link)
            .insert_resource(GracePeriod(self.policies.grace_period))
            .init_resource::<Goodbyes>()
            .init_state::<ServerSessionState>()
            .add_message::<GameSessionStarted>()
            .add_message::<GameSessionUpdated>()
            .add_message::<BackfillEnded>()
            .add_message::<SessionEnding>()
            .add_message::<ShutdownRequested>()
            .add_message::<HostFailed>()
            .add_message::<PlayerRejected>()
            .add_message::<PlayerLost>()
            .add_message::<PlayerReturned>()
            .add_systems(
                PreUpdate,
                (
                    give_up_absent_players
                        .run_if(any_with_component::<PlayerAbsent>)
                        .before(SessionServerSystems::Poll),
                    poll_host.run_if(has_something_to_do).in_set(SessionServerSystems::Poll),
                ),
            )
            .add_systems(
                PostUpdate,
                (beat.run_if(host_listens), flush_host.run_if(has_something_to_do))
                    .chain()
                    .in_set(SessionServerSystems::Flush),
            );
    }
}
