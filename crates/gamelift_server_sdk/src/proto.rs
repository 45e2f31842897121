//! The protocol without any input or output: no socket, no clock, no source of randomness in here. Feed [`Core`] what
//! happened with `handle_*`, and do what it says in `poll_*`; time is a parameter, counted from any start you like.

mod calls;
mod core;
mod endpoint;
mod handshake;
mod health;
mod link;
pub mod message;
mod random;
mod secret;
mod sigv4;
#[cfg(test)]
mod tests;
mod validate;

pub use self::{
    core::{Answer, Call, CallId, Core, Output, Transmit},
    endpoint::Endpoint,
    handshake::{Authorization, Handshake},
    link::{ConnectFailure, SocketId},
    secret::Secret,
    sigv4::AwsCredentials,
};
pub(crate) use self::{random::Random, validate::validate_handshake};

use std::time::Duration;

/// What the core is to do, and how patient it is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where to connect to and as whom.
    pub handshake: Handshake,
    /// How long a call waits for its reply, an outage included. 20 s.
    pub call_timeout: Duration,
    /// How long one attempt to connect may take. 20 s.
    pub connect_timeout: Duration,
    /// How often the first connect is tried before `init` fails, and a reconnect before the game hears of it. 8.
    pub connect_attempts: u32,
    /// How long a replaced connection is kept for replies that are on their way. 5 s.
    pub drain: Duration,
    /// The middle of the heartbeat's interval. 60 s.
    pub heartbeat_interval: Duration,
    /// How far an interval may be off, to both sides. 10 s.
    pub heartbeat_jitter: Duration,
    /// How many calls may wait for their reply at once. 1024.
    pub max_calls: usize,
    /// How many bytes one request may have. 512 KiB.
    pub max_request_bytes: usize,
}

impl Config {
    /// The official times for this handshake.
    pub fn new(handshake: Handshake) -> Self {
        Self {
            handshake,
            call_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(20),
            connect_attempts: 8,
            drain: Duration::from_secs(5),
            heartbeat_interval: Duration::from_mins(1),
            heartbeat_jitter: Duration::from_secs(10),
            max_calls: 1024,
            max_request_bytes: 512 * 1024,
        }
    }
}
