//! What can be wrong before anything is asked.

use std::io;

/// A [`Lan`](crate::Lan) that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LanError {
    /// The game's name.
    #[error("the game's name must be 1 to 64 characters: it tells this game's sessions from those of others")]
    Game,
    /// The thread.
    #[error("the thread for the network could not be started: is the limit of threads or open files reached?")]
    Thread(#[source] io::Error),
}
