//! Whole apps on a LAN: the client's own life-cycle suite, and travel to hosts and listen servers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../bevy_game_session_client/tests/client/common.rs"]
#[expect(dead_code, reason = "the suite uses a part of it")]
mod common;
mod life_cycle;
mod stage;
#[path = "../../../bevy_game_session_client/tests/suite/mod.rs"]
mod suite;
mod travel;
