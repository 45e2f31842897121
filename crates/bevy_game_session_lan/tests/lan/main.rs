//! Hosts and players on this machine's loopback, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
mod families;
mod hostile;
mod joining;
mod liar;
mod lies;
mod life;
mod search;
mod ticket;
