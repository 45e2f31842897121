//! The driver over real sockets on loopback, against a service that the test plays.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod handle;
mod life;
mod metrics;
mod service;
mod tls;
