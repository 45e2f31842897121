//! Ends a server process in order when it is asked to from outside: by a signal, or by its parent's end.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bevy_app::{App, AppExit, Plugin, PreUpdate};
use bevy_ecs::prelude::*;
use game_session_protocol::host::{PARENT_PIPE, PARENT_PIPE_STDIN};

use crate::commands::SessionServerCommands;
use crate::drive::HostLink;
use crate::plugin::SessionServerSystems;
use crate::wakeup::ServerWaker;

/// How long an end may take that comes from outside.
const TIME_LEFT: Duration = Duration::from_secs(10);

/// Ends the process in order on SIGTERM, SIGINT, and when the pipe from its parent closes: goodbyes, seats, a word to
/// the orchestrator, exit code 0. Bevy by itself leaves SIGTERM to the system, which kills the process.
pub struct ProcessSignalsPlugin {
    parent: Mutex<Option<Box<dyn Read + Send>>>,
}

impl ProcessSignalsPlugin {
    /// Signals, and the parent's pipe when `GAME_SESSION_PARENT_PIPE=stdin` is in the environment.
    pub fn from_env() -> Self {
        let from_parent = crate::env::variable(PARENT_PIPE).as_deref() == Some(PARENT_PIPE_STDIN);
        if from_parent {
            Self::with_parent_pipe(std::io::stdin())
        } else {
            Self::signals_only()
        }
    }

    /// Signals, and this pipe from the parent: its end is the process's end. What comes through it is ignored.
    pub fn with_parent_pipe(pipe: impl Read + Send + 'static) -> Self {
        Self {
            parent: Mutex::new(Some(Box::new(pipe))),
        }
    }

    /// Signals alone.
    pub fn signals_only() -> Self {
        Self {
            parent: Mutex::new(None),
        }
    }
}

impl Default for ProcessSignalsPlugin {
    fn default() -> Self {
        Self::from_env()
    }
}

impl Plugin for ProcessSignalsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<ServerWaker>();
        let request = EndRequest {
            was_made: Arc::default(),
            waker: app.world().resource::<ServerWaker>().clone(),
        };
        if let Some(pipe) = self.parent.lock().unwrap_or_else(PoisonError::into_inner).take() {
            watch_parent(pipe, request.clone());
        }
        app.insert_resource(watch_signals(&request))
            .insert_resource(request)
            .add_systems(
                PreUpdate,
                end_process.run_if(end_was_requested).before(SessionServerSystems::Poll),
            );
    }
}

/// That somebody outside wants the process to end.
#[derive(Resource, Clone)]
struct EndRequest {
    was_made: Arc<AtomicBool>,
    waker: ServerWaker,
}

impl EndRequest {
    fn make(&self) {
        self.was_made.store(true, Ordering::Release);
        self.waker.wake();
    }
}

fn end_was_requested(request: Res<EndRequest>) -> bool {
    request.was_made.load(Ordering::Acquire)
}

fn end_process(
    request: Res<EndRequest>,
    link: Option<Res<HostLink>>,
    mut commands: Commands,
    mut exit: MessageWriter<AppExit>,
) {
    request.was_made.store(false, Ordering::Release);
    if link.is_some() {
        commands.shut_down_server(Some(TIME_LEFT));
    } else {
        exit.write(AppExit::Success);
    }
}

fn watch_parent(mut pipe: Box<dyn Read + Send>, request: EndRequest) {
    let watch = move || {
        let mut ignored = [0; 256];
        loop {
            match pipe.read(&mut ignored) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        tracing::info!("the parent process is gone");
        request.make();
    };
    if let Err(error) = std::thread::Builder::new().name("parent-pipe".into()).spawn(watch) {
        tracing::error!(%error, "the parent process cannot be watched");
    }
}

/// Watches for signals until dropped.
#[derive(Resource)]
struct SignalWatch {
    #[cfg(unix)]
    handle: Option<signal_hook::iterator::Handle>,
}

#[cfg(unix)]
fn watch_signals(request: &EndRequest) -> SignalWatch {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let request = request.clone();
    let watched = signal_hook::iterator::Signals::new([SIGTERM, SIGINT]).and_then(|mut signals| {
        let handle = signals.handle();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                tracing::info!(signal, "a signal asks for the end");
                request.make();
            }
        })?;
        Ok(handle)
    });
    if let Err(error) = &watched {
        tracing::error!(%error, "signals cannot be watched");
    }
    SignalWatch { handle: watched.ok() }
}

#[cfg(not(unix))]
fn watch_signals(_request: &EndRequest) -> SignalWatch {
    SignalWatch {}
}

impl Drop for SignalWatch {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(handle) = &self.handle {
            handle.close();
        }
    }
}
