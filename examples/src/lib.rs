//! The example game of `bevy_game_session`: ships on a round arena gather stars, the server decides.
//!
//! One package, every role: [`roles::main`] reads the command line and becomes the windowed client, the headless
//! client or the dedicated server. The client without `--backend` starts everything else itself.
//!
//! | module | what |
//! |---|---|
//! | [`cli`] | the command line |
//! | [`roles`] | which role this process plays, decided before any plugin is built |
//! | [`game`] | what clients and server share: components, messages, the rules of movement |
//! | `server` | the dedicated server |
//! | `client` | the client: its way into a session, its window, its headless twin |

pub mod cli;
#[cfg(feature = "client")]
pub mod client;
pub mod game;
pub mod roles;
#[cfg(feature = "server")]
pub mod server;
