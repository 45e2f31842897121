//! The client plugin in whole apps, and the session service over loopback sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod http_server;
mod life;
mod memory;
mod random;
