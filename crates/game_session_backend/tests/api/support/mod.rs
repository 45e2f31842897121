//! A GameLift to script, and a client that calls the router directly.

pub(crate) mod client;
pub(crate) mod fake;
pub(crate) mod log;

pub(crate) use client::{Answer, Harness};
pub(crate) use fake::{Activation, Fake, LOCATION};
