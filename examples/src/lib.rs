//! The example game of `bevy_game_session`: ships on a round arena gather stars and steal them, the server decides.
//!
//! One package, every role: [`roles::main`] reads the command line and becomes the windowed client, the headless
//! client, a crowd of bots or the dedicated server. The client without `--backend` starts everything else itself.
//!
//! | module | what |
//! |---|---|
//! | [`cli`] | the command line |
//! | [`roles`] | which role this process plays, decided before any plugin is built |
//! | [`sim`] | the game itself: no app, no network, no window |
//! | [`game`] | what clients and server share: what travels between them |
//! | `server` | the dedicated server |
//! | `client` | the client: its way into a session, its window, its headless twin, a crowd of bots |

pub mod cli;
#[cfg(feature = "client")]
pub mod client;
pub mod game;
pub mod roles;
#[cfg(feature = "server")]
pub mod server;
pub mod sim;
