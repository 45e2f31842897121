//! The function: events of API Gateway in, answers out, with the emulator for GameLift and moto for the rest of AWS.
//! `.ci/moto` installs moto, `.ci/lambda` `cargo lambda`; where they are missing what needs them is skipped, and says so.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod events;
mod function;
mod gateway;
#[path = "../../../game_session_backend/tests/api/suite/list.rs"]
mod list;
mod moto;
#[path = "../../../game_session_backend/tests/api/emulated/process.rs"]
#[expect(dead_code, reason = "no player comes to these processes")]
mod process;
mod queued;
mod rows;
mod runtime;
mod stage;
mod template;
mod watch;
