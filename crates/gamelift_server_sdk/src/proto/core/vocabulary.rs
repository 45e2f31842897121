//! What goes into the core and what comes out of it.

use crate::{
    Error, Event,
    proto::{
        Handshake, SocketId,
        message::{
            ActivateServerProcess, DescribePlayerSessions, GetFleetRoleCredentials, PlayerSessionCreationPolicy, Reply,
            StartMatchBackfill, StopMatchBackfill,
        },
    },
};

/// Names one call of the user. The caller chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// What a user can ask for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Call {
    /// The process can host a game session.
    ProcessReady(ActivateServerProcess),
    /// The game session is ready for players.
    ActivateGameSession,
    /// A player has come.
    AcceptPlayerSession(String),
    /// A player has gone.
    RemovePlayerSession(String),
    /// Opens or closes the game session for new players.
    UpdatePlayerSessionCreationPolicy(PlayerSessionCreationPolicy),
    /// Asks for player sessions.
    DescribePlayerSessions(DescribePlayerSessions),
    /// Asks for more players.
    StartMatchBackfill(StartMatchBackfill),
    /// Takes that back.
    StopMatchBackfill(StopMatchBackfill),
    /// Asks for the compute's TLS certificate.
    GetComputeCertificate,
    /// Asks for credentials of a role.
    GetFleetRoleCredentials(GetFleetRoleCredentials),
    /// The process is about to exit.
    ProcessEnding,
    /// Closes the connection for good.
    Destroy,
}

/// How a call succeeded.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// It is done.
    Done,
    /// The service said this; read it with [`Reply::result`].
    Reply(Reply),
}

/// What the driver is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transmit {
    /// Open a websocket, then `handle_connected` or `handle_connect_failed`.
    Connect {
        /// The new connection's name.
        socket: SocketId,
        /// Where to, and as whom: see [`Handshake::url`].
        handshake: Box<Handshake>,
        /// Goes into the URL.
        idempotency_token: String,
    },
    /// Send this text frame.
    Send {
        /// On which connection.
        socket: SocketId,
        /// The frame.
        text: String,
    },
    /// Close this connection with code 1000, or give the attempt up. Nothing more is to be reported of it.
    Close {
        /// Which one.
        socket: SocketId,
    },
    /// The service refused us: get a new auth token or new credentials, then `handle_token` or `handle_authorization` if
    /// there are any.
    RenewToken,
    /// Ask the game whether it is well, then `handle_health`.
    AskHealth {
        /// Repeated in the answer.
        id: u64,
    },
}

/// What the user is to hear.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// The first connection is there, or will never be.
    Initialized(Result<(), Error>),
    /// A call ended. Every call does so exactly once.
    Done {
        /// Which call.
        call: CallId,
        /// How it ended.
        result: Result<Answer, Error>,
    },
    /// Something happened, in the order in which the service said it.
    Event(Event),
}
