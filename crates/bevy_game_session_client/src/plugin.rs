//! The plugin: what it adds to an app.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_state::app::{AppExtStates as _, StatesPlugin};
use bevy_time::{Real, Time, TimePlugin};
use game_session_protocol::{BuildId, SessionService};

use crate::components::SessionName;
use crate::deadlines::SessionDeadlines;
use crate::events;
use crate::in_flight::Answer;
use crate::index::SessionIndex;
use crate::outcome;
use crate::reachability::ServiceReachability;
use crate::search::SessionSearch;
use crate::services::Services;
use crate::state::ClientSessionState;
use crate::travel::TravelPolicy;

/// How long the end of the app may wait for the last words to the orchestrator.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// Sessions for a client: adds [`Sessions`](crate::Sessions), the events and the state. Add it after Bevy's own
/// plugins; the ones for time and states are added when they are absent.
pub struct SessionClientPlugin {
    services: Services,
    build: Option<BuildId>,
    deadlines: SessionDeadlines,
    travel: TravelPolicy,
    #[cfg(feature = "resume")]
    files: Option<crate::PlayerFiles>,
}

impl SessionClientPlugin {
    /// Sessions of this online orchestrator.
    pub fn new(service: impl SessionService) -> Self {
        Self::with(Services {
            online: Some(Arc::new(service)),
            lan: None,
        })
    }

    /// Sessions on the LAN, and no online ones.
    pub fn lan_only(service: impl SessionService) -> Self {
        Self::with(Services {
            online: None,
            lan: Some(Arc::new(service)),
        })
    }

    /// Sessions on the LAN too: searches show both, and [`Reach::Lan`](crate::Reach) in the
    /// [settings](crate::SessionSettings::reach) of a session starts it there.
    #[must_use]
    pub fn lan(mut self, service: impl SessionService) -> Self {
        self.services.lan = Some(Arc::new(service));
        self
    }

    fn with(services: Services) -> Self {
        Self {
            services,
            build: None,
            deadlines: SessionDeadlines::default(),
            travel: TravelPolicy::default(),
            #[cfg(feature = "resume")]
            files: None,
        }
    }

    /// The build of this client: players meet only where it is equal. With it a join of a game session of another build
    /// fails before anything is asked; without it the game has to look at
    /// [`GameSession::is_joinable_by`](game_session_protocol::GameSession::is_joinable_by) itself, and sessions
    /// whose [settings](crate::SessionSettings) name no build run as `dev`.
    #[must_use]
    pub fn client_build(mut self, build: BuildId) -> Self {
        self.build = Some(build);
        self
    }

    /// How long each call may take.
    #[must_use]
    pub fn deadlines(mut self, deadlines: SessionDeadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// Who starts the travel; [`TravelPolicy::Automatic`] unless said otherwise. Later it is a resource.
    #[must_use]
    pub fn travel(mut self, policy: TravelPolicy) -> Self {
        self.travel = policy;
        self
    }

    /// Keeps where the player is, so that a process after a crash can [come back](crate::Sessions::resume) to it. An
    /// online player must be [kept](crate::HttpSettings::keep_guest) too: the seat is its.
    #[cfg(feature = "resume")]
    #[must_use]
    pub fn keep_session(mut self, files: crate::PlayerFiles) -> Self {
        self.files = Some(files);
        self
    }
}

/// When the plugin works, to order systems against.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionClientSystems {
    /// In `PreUpdate`: answers are read and told. Runs only while a call is in flight, or a live search is due.
    Poll,
    /// In `Last`, when the app exits: what runs is called off, the seat is given back.
    Goodbye,
}

impl Plugin for SessionClientPlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<TimePlugin>() {
            app.add_plugins(TimePlugin);
        }
        if !app.is_plugin_added::<StatesPlugin>() {
            app.add_plugins(StatesPlugin);
        }
        events::add_messages(app);
        app.init_state::<ClientSessionState>()
            .insert_resource(SessionIndex::new(
                self.services.clone(),
                self.build.clone(),
                self.deadlines,
            ))
            .insert_resource(self.travel)
            .init_resource::<ServiceReachability>()
            .add_observer(forget_despawned_session)
            .add_observer(forget_despawned_search)
            .add_systems(
                PreUpdate,
                outcome::poll_sessions
                    .in_set(SessionClientSystems::Poll)
                    .run_if(something_is_in_flight),
            )
            .add_systems(
                Last,
                say_goodbye
                    .in_set(SessionClientSystems::Goodbye)
                    .run_if(on_message::<AppExit>),
            );
        #[cfg(feature = "resume")]
        if let Some(files) = &self.files {
            crate::resume::build(app, files.clone());
        }
    }
}

fn something_is_in_flight(index: Res<SessionIndex>, time: Res<Time<Real>>) -> bool {
    index.has_work(time.elapsed())
}

fn forget_despawned_session(gone: On<Remove, SessionName>, index: ResMut<SessionIndex>, commands: Commands) {
    forget_despawned(gone.entity, index, commands);
}

fn forget_despawned_search(gone: On<Remove, SessionSearch>, index: ResMut<SessionIndex>, commands: Commands) {
    forget_despawned(gone.entity, index, commands);
}

/// Despawning is a way to stop: what runs is called off, a seat is given back.
fn forget_despawned(entity: Entity, mut index: ResMut<SessionIndex>, mut commands: Commands) {
    if let Some(remains) = index.forget(entity) {
        commands.queue(move |world: &mut World| outcome::bury(world, entity, Some(remains)));
    }
}

/// Calls off what runs, gives the seat back, and waits shortly for the orchestrator to hear of it.
fn say_goodbye(world: &mut World) {
    #[cfg(feature = "resume")]
    crate::resume::forget_at_exit(world);
    for entity in world.resource::<SessionIndex>().entities() {
        let remains = world.resource_mut::<SessionIndex>().forget(entity);
        outcome::bury(world, entity, remains);
    }
    let until = Instant::now() + LAST_WORDS;
    for answer in world.resource_mut::<SessionIndex>().take_background() {
        wait_until(until, answer);
    }
}

/// Runs a future on this thread, until a time at most.
fn wait_until(until: Instant, mut answer: Answer) {
    #[derive(Default)]
    struct Bell(Mutex<bool>, Condvar);
    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
            self.1.notify_all();
        }
    }
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    while answer.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        let left = until.saturating_duration_since(Instant::now());
        let rung = bell.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = bell.1.wait_timeout_while(rung, left, |rung| !*rung);
        let (mut rung, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            return;
        }
        *rung = false;
    }
}
