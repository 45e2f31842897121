//! A GameLift to script, and a client that calls the router directly.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod client;
pub mod fake;

pub use client::{Answer, Client, Harness};
pub use fake::{Activation, Fake};
