//! The client plugin in whole apps, and the session service over loopback sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::semicolon_if_nothing_returned,
    reason = "a test's closures are one call long"
)]

mod common;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod http_server;
mod life;
mod memory;
mod random;
#[path = "../suite/mod.rs"]
mod suite;
mod travel;
