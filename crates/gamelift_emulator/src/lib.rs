//! Amazon GameLift on your own machine: the AWS API and the server SDK websocket on one port.
//!
//! Unmodified AWS SDKs talk to [`Emulator::endpoint`] (JSON 1.1 and RPC v2 CBOR), unmodified server SDKs to
//! [`Emulator::websocket_url`]. A program that wants GameLift inside itself calls [`Emulator::start`]; the binary
//! `gamelift-emulator` is the same thing on its own.

mod api;
mod config;
mod dashboard;
mod emulator;
mod error;
mod fault_words;
mod faults;
mod keep;
mod model;
mod notify;
mod populate;
mod seed;
mod server;
mod snapshot;
mod throttle;
mod world;

pub use self::{
    config::EmulatorConfig,
    emulator::Emulator,
    error::EmulatorError,
    faults::Fault,
    model::status::{GameSessionStatus, PlacementStatus, PlayerSessionStatus, ProcessStatus},
    notify::Subscription,
    seed::Seed,
    snapshot::{
        CrashReporterStatus, FleetEventSnapshot, GameSessionSnapshot, MetricSnapshot, MetricsSnapshot,
        PlacementEventSnapshot, PlacementSnapshot, PlayerSessionSnapshot, ProcessSnapshot, Snapshot,
    },
};

/// Whether a text is a filter expression of a search. For the fuzzer.
#[doc(hidden)]
pub fn reads_filter(text: &str) -> bool {
    world::reads_filter(text)
}

/// Whether a text is a sort expression of a search. For the fuzzer.
#[doc(hidden)]
pub fn reads_sort(text: &str) -> bool {
    world::reads_sort(text)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
