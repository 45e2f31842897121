//! The words that game clients, game servers and orchestrators of `bevy_game_session` share.
//!
//! An *orchestrator* places a game session on a server process and hands each player an address and a ticket.
//! There are exactly two seams to it: [`SessionService`] is what a client may ask, [`SessionHost`] is what a
//! server process is told and answers. Everything else here is what travels through them:
//!
//! | module | what |
//! |---|---|
//! | [`ids`] | ids as parsed newtypes: a value that exists is valid |
//! | [`game_session`] | a game session as others see it, and the seat a player gets in it |
//! | [`requests`] | what a client may ask, the bodies of the HTTP API |
//! | [`error`](mod@error) | stable error codes, and what each seam can fail with |
//! | [`routes`] | the paths of the HTTP API, version 1 |
//! | [`session_data`] | what the backend tells the server process privately |
//! | [`ticket`] | what proves a seat to the server |
//! | [`in_memory`] | an orchestrator in memory, for tests of games and of this project |
//!
//! No clock, socket or runtime lives here: times are arguments, and the futures run on any executor.

pub mod error;
pub mod game_session;
pub mod host;
pub mod ids;
pub mod in_memory;
pub mod keys;
pub mod latencies;
#[cfg(feature = "netcode")]
pub mod netcode_ticket;
pub mod progress;
pub mod refusal;
pub mod requests;
pub mod routes;
pub mod service;
pub mod session_data;
pub mod ticket;

pub use error::{ErrorBody, ErrorCode, HostError, ServiceError};
pub use game_session::{
    GameProperties, GameSession, GameSessionPage, Placing, PlayerSessionPolicy, Privacy, Seat, SeatTimings,
};
pub use host::{BackfillOutcome, HostEvent, HostLifetime, HostedGameSession, ReadyProcess, SessionHost};
pub use ids::{BuildId, GameSessionId, IdempotencyKey, InvalidId, PlayerId, PlayerSessionId};
pub use in_memory::{InMemoryHost, InMemoryOrchestrator, InMemoryService};
pub use keys::SessionKey;
pub use latencies::Latencies;
pub use progress::{Progress, ProgressStep};
pub use refusal::{GoodbyeCode, RefusalCode};
pub use requests::{
    AccessToken, CreateGameSession, EndGameSession, FindGameSessions, GameSessionOrder, GuestIdentity, JoinByCode,
    JoinCode, JoinGameSession, LeaveGameSession, Password, QuickJoin, RefreshGuest, RefreshToken, UpdateGameSession,
};
pub use service::{BoxedFuture, SessionService};
pub use session_data::GameSessionData;
pub use ticket::{Ticket, TicketClaims, TicketError, TicketStamp};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
