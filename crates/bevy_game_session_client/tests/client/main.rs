//! The client plugin in whole apps, and the session service over loopback sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::semicolon_if_nothing_returned,
    reason = "a test's closures are one call long"
)]

mod common;
mod doubles;
mod ends;
mod faults;
mod histories;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod http_server;
#[cfg(feature = "http")]
mod http_undo;
mod idle;
mod life;
mod memory;
mod random;
#[cfg(feature = "resume")]
mod resume;
mod rounds;
mod search;
#[path = "../suite/mod.rs"]
mod suite;
mod travel;
mod ways_in;
