//! What goes into the machine and comes out of it.

use std::time::Duration;

use game_session_protocol::{
    BackfillOutcome, GameSessionId, GoodbyeCode, HostError, HostEvent, HostedGameSession, PlayerSessionPolicy,
};

use crate::error::SessionServerError;
use crate::session::HostedSession;

pub(crate) enum Input {
    Port(u16),
    Event(HostEvent),
    Done(Question, Result<(), SessionServerError>),
    Command(Command),
    Tick(Tick),
}

/// What a game asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Activate,
    End,
    Fail(HostError),
    SetPolicy(PlayerSessionPolicy),
    ShutDown { time_left: Option<Duration> },
}

/// How things are at this moment.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts, not states")]
pub(crate) struct Tick {
    pub(crate) moment: Moment,
    pub(crate) is_empty: bool,
    pub(crate) someone_came: bool,
    pub(crate) seats_settling: bool,
    pub(crate) goodbyes_held: bool,
}

/// The two times in a frame at which the machine turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Poll,
    Flush,
}

/// What the orchestrator is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    Ready(u16),
    Activate(GameSessionId),
    SetPolicy(PlayerSessionPolicy),
    EndSession,
    ShutDown,
}

pub(crate) enum Output {
    /// Ask the orchestrator, with a deadline.
    Ask(Question, Duration),
    Started(HostedSession),
    Updated(HostedGameSession),
    BackfillEnded(String, BackfillOutcome),
    ShutdownRequested(Option<Duration>),
    Ending(GoodbyeCode),
    FreeSeats,
    SessionGone,
    Failed(SessionServerError),
    Exit {
        success: bool,
    },
}
