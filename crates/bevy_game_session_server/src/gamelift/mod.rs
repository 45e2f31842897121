//! Game sessions from Amazon GameLift: the one module that knows the GameLift server SDK.

mod line;
mod translate;
mod watchdog;

use std::task::{Context, Poll, ready};
use std::time::Duration;

use game_session_protocol::{
    BoxedFuture, GameSessionId, HostError, HostEvent, HostLifetime, PlayerSessionId, PlayerSessionPolicy, ReadyProcess,
    SessionHost,
};
use gamelift_server_sdk::{
    Error, Event, GameLiftServer, PlayerSessionCreationPolicy, ProcessParameters, ServerParameters,
};

use line::Line;
use translate::{hosted, refused, time_left, updated};

/// What GameLift, a launcher or `game-session local` sets for a server process.
const NEEDED: [&str; 4] = [
    "GAMELIFT_SDK_WEBSOCKET_URL",
    "GAMELIFT_SDK_PROCESS_ID",
    "GAMELIFT_SDK_HOST_ID",
    "GAMELIFT_SDK_FLEET_ID",
];

/// Hosts a game session that Amazon GameLift places on this process: one in its life.
///
/// It owns a thread for its connection. Dropping it without a
/// [`shut_down`](SessionHost::shut_down), as a panic does, still tells GameLift that the process ends; that takes at
/// most two seconds.
#[derive(Debug)]
pub struct GameLiftHost {
    line: Line,
}

impl GameLiftHost {
    /// The GameLift that started this process. `None` when none did, which is said in the log: serve plainly then, with
    /// any other host.
    ///
    /// # Errors
    /// [`HostError::Settings`] when some variables of GameLift are there and others are missing,
    /// [`HostError::Unavailable`] when the system gives no thread.
    pub fn detect() -> Result<Option<Self>, HostError> {
        if was_started_by_gamelift(crate::env::variable) {
            return Self::from_env().map(Some);
        }
        tracing::warn!("GameLift has not started this process: it serves plainly");
        Ok(None)
    }

    /// A host for the GameLift that the official `GAMELIFT_SDK_*` variables name. It connects when the plugin is ready.
    ///
    /// # Errors
    /// [`HostError::Settings`] when a variable is missing, [`HostError::Unavailable`] when the system gives no thread.
    pub fn from_env() -> Result<Self, HostError> {
        let missing: Vec<_> = NEEDED
            .into_iter()
            .filter(|name| crate::env::variable(name).is_none())
            .collect();
        if missing.is_empty() {
            Self::new(ServerParameters::from_env())
        } else {
            let message = format!(
                "{} must be set; GameLift sets them on its fleets, `game-session local` on this machine",
                missing.join(", ")
            );
            Err(HostError::Settings { message })
        }
    }

    /// A host for the GameLift that these variables name, as pairs of name and value; for tests and for programs that
    /// start several servers in one process. Those of the real environment still win.
    ///
    /// # Errors
    /// [`HostError::Unavailable`] when the system gives no thread.
    pub fn from_variables<N: AsRef<str>, V: Into<String>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, HostError> {
        let set = |parameters: ServerParameters, (name, value): (N, V)| match name.as_ref() {
            "GAMELIFT_SDK_WEBSOCKET_URL" => parameters.websocket_url(value),
            "GAMELIFT_SDK_PROCESS_ID" => parameters.process_id(value),
            "GAMELIFT_SDK_HOST_ID" => parameters.host_id(value),
            "GAMELIFT_SDK_FLEET_ID" => parameters.fleet_id(value),
            "GAMELIFT_SDK_AUTH_TOKEN" => parameters.auth_token(value),
            _ => parameters,
        };
        Self::new(variables.into_iter().fold(ServerParameters::default(), set))
    }

    /// A game's loop that did not turn for so long counts as frozen, and the process as unhealthy; 30 s unless said
    /// otherwise. GameLift asks about every minute, and replaces a process that is unhealthy three times in a row. A
    /// game that loads for longer within one frame needs more.
    #[must_use]
    pub fn frozen_after(self, time: Duration) -> Self {
        self.line.watchdog().set_patience(time);
        self
    }

    fn new(parameters: ServerParameters) -> Result<Self, HostError> {
        let line = Line::new(parameters).map_err(|error| HostError::Unavailable {
            action: "host game sessions",
            message: error.to_string(),
        })?;
        Ok(Self { line })
    }

    /// A call on the open line.
    fn call<F>(
        &self,
        action: &'static str,
        ask: impl FnOnce(GameLiftServer) -> F + Send + 'static,
    ) -> BoxedFuture<Result<(), HostError>>
    where
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let Some(server) = self.line.server() else {
            let error = HostError::WrongState {
                action,
                message: "the process was not ready yet".into(),
            };
            return Box::pin(std::future::ready(Err(error)));
        };
        Box::pin(async move { ask(server).await.map_err(|error| refused(action, &error)) })
    }
}

impl SessionHost for GameLiftHost {
    fn lifetime(&self) -> HostLifetime {
        HostLifetime::OneSession
    }

    fn ready(&self, process: ReadyProcess) -> BoxedFuture<Result<(), HostError>> {
        let opened = self.line.open();
        let parameters = ProcessParameters::new(process.port).log_paths(process.log_paths);
        Box::pin(async move {
            let server = opened.await.map_err(|error| refused("connect", &error))?;
            server
                .process_ready(parameters)
                .await
                .map_err(|error| refused("take the process as ready", &error))
        })
    }

    fn poll_event(&self, cx: &mut Context<'_>) -> Poll<HostEvent> {
        let Some(server) = self.line.server_or_wake(cx) else {
            return Poll::Pending;
        };
        loop {
            match ready!(server.poll_event(cx)) {
                Some(Event::StartGameSession(session)) => {
                    return Poll::Ready(match hosted(&session) {
                        Ok(session) => HostEvent::GameSessionStarted(session),
                        Err(error) => HostEvent::Lost(error),
                    });
                }
                Some(Event::UpdateGameSession(update)) => match updated(&update) {
                    Ok(event) => return Poll::Ready(event),
                    Err(error) => tracing::warn!(%error, "an update of the game session was not understood"),
                },
                Some(Event::ProcessTerminate { termination_time }) => {
                    return Poll::Ready(HostEvent::ShutdownRequested {
                        time_left: time_left(termination_time),
                    });
                }
                // not for good: the SDK goes on trying, and who is in plays on
                Some(Event::ConnectionLost(error)) => tracing::warn!(%error, "GameLift cannot be reached"),
                Some(_) => tracing::debug!("an event of a newer SDK was ignored"),
                None if self.line.is_ended() => return Poll::Pending,
                None => {
                    let message = "the connection was closed".to_owned();
                    return Poll::Ready(HostEvent::Lost(HostError::Unavailable {
                        action: "listen",
                        message,
                    }));
                }
            }
        }
    }

    fn activate(&self, _id: GameSessionId) -> BoxedFuture<Result<(), HostError>> {
        self.call("activate the game session", |server| async move {
            server.activate_game_session().await
        })
    }

    fn accept_player(&self, id: PlayerSessionId) -> BoxedFuture<Result<(), HostError>> {
        self.call("accept a player", move |server| async move {
            server.accept_player_session(id.as_str()).await
        })
    }

    fn remove_player(&self, id: PlayerSessionId) -> BoxedFuture<Result<(), HostError>> {
        self.call("remove a player", move |server| async move {
            server.remove_player_session(id.as_str()).await
        })
    }

    fn set_policy(&self, policy: PlayerSessionPolicy) -> BoxedFuture<Result<(), HostError>> {
        let policy = match policy {
            PlayerSessionPolicy::AcceptAll => PlayerSessionCreationPolicy::AcceptAll,
            PlayerSessionPolicy::DenyAll => PlayerSessionCreationPolicy::DenyAll,
        };
        self.call("open or close the game session", move |server| async move {
            server.update_player_session_creation_policy(policy).await
        })
    }

    /// A game session on GameLift ends with its process.
    fn end_session(&self) -> BoxedFuture<Result<(), HostError>> {
        self.shut_down()
    }

    fn shut_down(&self) -> BoxedFuture<Result<(), HostError>> {
        let ending = self.line.end();
        Box::pin(async move { ending.await.map_err(|error| refused("let the process leave", &error)) })
    }

    fn beat(&self) {
        self.line.watchdog().feed();
    }
}

/// One of its variables is enough: the others are then missing, not out of place.
fn was_started_by_gamelift(variable: impl Fn(&str) -> Option<String>) -> bool {
    NEEDED.into_iter().any(|name| variable(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_variable_of_gamelift_is_enough_to_be_started_by_it() {
        assert!(!was_started_by_gamelift(|_| None));
        let host_alone = |name: &str| (name == "GAMELIFT_SDK_HOST_ID").then(|| "i-1".to_owned());
        assert!(was_started_by_gamelift(host_alone));
    }
}
