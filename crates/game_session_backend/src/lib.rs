//! The HTTP API between game clients and Amazon GameLift: it holds the credentials and mints the tickets.
//!
//! A game client may not hold AWS credentials, so it asks this backend, which asks GameLift: create a game session,
//! find one, take a seat in one, end one. [`app`] is the API as one axum `Router`; [`Backend::start`] serves it on a
//! socket, inside another program or as the binary `game-session-backend`.
//!
//! ```no_run
//! use game_session_backend::{AwsTarget, Backend, BackendConfig, FleetTarget, Keyring};
//!
//! # async fn example() -> Result<(), game_session_backend::BackendError> {
//! let config = BackendConfig::new(AwsTarget::endpoint("http://127.0.0.1:9870"))
//!     .fleet(FleetTarget::new("fleet-123").location("custom-local"))
//!     .keyring(Keyring::random());
//! let backend = Backend::start(config).await?;
//! println!("clients connect to {}", backend.url());
//! # Ok(()) }
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`config`] | what a backend is started with |
//! | [`keyring`] | the master secrets, and all that is derived from them |
//! | [`events`] | the ends of a queue's placements, as AWS tells them |
//! | [`gamelift`] | the calls to GameLift as a trait, so that a test can stand in for it |
//! | [`shared_state`] | rows that instances of a backend share |
//! | [`state`] | what all requests share |
//! | [`server`] | the API on a socket |

mod addresses;
mod api;
mod beacons;
mod checks;
mod claims;
pub mod clock;
pub mod config;
pub mod events;
mod fetch;
mod finding;
mod flow_limits;
pub mod gamelift;
mod identity;
mod joining;
pub mod keyring;
mod legacy;
mod locks;
mod passwords;
mod placement;
mod placing;
mod problem;
mod queue;
mod quick;
mod recent;
mod sealing;
mod seats;
pub mod server;
pub mod shared_state;
pub mod state;
mod watch;

pub use api::{Peer, app, openapi_json};
pub use clock::Clock;
pub use config::{AwsTarget, BackendConfig, CreatorLimit, FleetTarget, Limits, Rate};
pub use identity::{IssuerError, SigningAlgorithm, TokenKind, TrustedIssuer};
pub use keyring::{Keyring, KeyringError};
pub use placing::{PlacementEvents, QueueTarget};
pub use queue::reconcile::{Reconciled, reconcile};
pub use server::{Backend, BackendError, Tls, TlsError};
pub use state::AppState;
