//! The server's seam: what a server process is told by an orchestrator, and what it answers.

use std::fmt;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::error::HostError;
use crate::game_session::{GameProperties, PlayerSessionPolicy};
use crate::ids::{GameSessionId, PlayerSessionId};
use crate::service::BoxedFuture;

/// The environment variable that tells a server process which of its descriptors is the pipe from its parent. The
/// only value is [`PARENT_PIPE_STDIN`].
pub const PARENT_PIPE: &str = "GAME_SESSION_PARENT_PIPE";

/// The value of [`PARENT_PIPE`]: the pipe is the standard input, and its end means that the process should end.
pub const PARENT_PIPE_STDIN: &str = "stdin";

/// An orchestrator as one server process sees it.
///
/// The life of a process: [`ready`](Self::ready), then [`HostEvent::GameSessionStarted`], then
/// [`activate`](Self::activate), players accepted and removed, and at last [`end_session`](Self::end_session) or
/// [`shut_down`](Self::shut_down). Events come out in the order in which the orchestrator sent them.
pub trait SessionHost: Send + Sync + 'static {
    /// Whether the process hosts one game session in its life or one after another.
    fn lifetime(&self) -> HostLifetime;

    /// Connects to the orchestrator and offers this process for a game session.
    fn ready(&self, process: ReadyProcess) -> BoxedFuture<Result<(), HostError>>;

    /// The next event. When there is none the waker of `cx` is kept and woken at the next one. After
    /// [`HostEvent::Lost`] nothing more comes.
    fn poll_event(&self, cx: &mut Context<'_>) -> Poll<HostEvent>;

    /// Says that the game session is loaded and players may come.
    fn activate(&self, id: GameSessionId) -> BoxedFuture<Result<(), HostError>>;

    /// Takes up a reserved seat. The orchestrator's answer is the last word on whether the player may enter.
    fn accept_player(&self, id: PlayerSessionId) -> BoxedFuture<Result<(), HostError>>;

    /// Frees a seat. Freeing one that is free already succeeds.
    fn remove_player(&self, id: PlayerSessionId) -> BoxedFuture<Result<(), HostError>>;

    /// Opens or closes the game session for new players.
    fn set_policy(&self, policy: PlayerSessionPolicy) -> BoxedFuture<Result<(), HostError>>;

    /// Ends the game session. A [`HostLifetime::OneSession`] process must leave after it.
    fn end_session(&self) -> BoxedFuture<Result<(), HostError>>;

    /// Tells the orchestrator that this process is about to leave, ends its game session if there is one, and closes
    /// the connection. Calling it twice is fine.
    fn shut_down(&self) -> BoxedFuture<Result<(), HostError>>;

    /// Says that the game's loop runs. Call it every frame; it is cheap. Without a call for long the process counts
    /// as frozen, and the orchestrator may replace it.
    fn beat(&self);
}

/// How many game sessions a process hosts in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostLifetime {
    /// One; then the process leaves and is replaced. So it is on GameLift.
    OneSession,
    /// One after another.
    ManySessions,
}

/// What a process says of itself when it is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyProcess {
    /// The UDP port it holds, 1 to 60000.
    pub port: u16,
    /// Files that the orchestrator should keep.
    pub log_paths: Vec<String>,
}

/// What an orchestrator tells a server process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostEvent {
    /// A game session was placed here: load it, then activate.
    GameSessionStarted(HostedGameSession),
    /// The game session's description changed: what its owner says about it, or who a matchmaker sends.
    GameSessionUpdated(HostedGameSession),
    /// A matchmaker that was asked to fill free seats does not do so any more.
    BackfillEnded {
        /// The request, as the matchmaker knows it.
        ticket_id: String,
        /// Why.
        outcome: BackfillOutcome,
    },
    /// The game session must end, and the process may host another one after it. Only for
    /// [`HostLifetime::ManySessions`]; any other process hears [`Self::ShutdownRequested`].
    GameSessionEndRequested,
    /// The process must be gone in so much time.
    ShutdownRequested {
        /// Time left, zero when it is over already; `None` when the orchestrator named none.
        time_left: Option<Duration>,
    },
    /// The connection to the orchestrator is lost for good.
    Lost(HostError),
}

/// Why a matchmaker does not fill free seats any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackfillOutcome {
    /// It could not.
    Failed,
    /// Nobody fitting was found in time.
    TimedOut,
    /// It was told not to.
    Cancelled,
    /// The orchestrator said something that is not known here.
    Unknown,
}

impl fmt::Display for BackfillOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "it failed",
            Self::TimedOut => "nobody was found in time",
            Self::Cancelled => "it was cancelled",
            Self::Unknown => "for an unknown reason",
        })
    }
}

/// A game session as its server process sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostedGameSession {
    /// The orchestrator's id of it.
    pub id: GameSessionId,
    /// The name its owner gave it.
    pub name: String,
    /// Seats in all.
    pub max_players: u16,
    /// What the game says about it.
    pub properties: GameProperties,
    /// Where clients reach it, if the orchestrator says so.
    pub public_address: Option<SocketAddr>,
    /// What a matchmaker says about the players, in its own format; on GameLift JSON.
    pub matchmaker_data: Option<String>,
    /// The text of [`GameSessionData`](crate::GameSessionData), secret.
    pub session_data: SecretText,
}

/// A text whose `Debug` shows only its length.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SecretText(String);

impl SecretText {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret. Do not print it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretText({} bytes)", self.0.len())
    }
}
