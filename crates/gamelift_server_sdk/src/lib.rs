//! Amazon GameLift server SDK 5.x in Rust: engine-free, never blocking.

pub mod proto;
