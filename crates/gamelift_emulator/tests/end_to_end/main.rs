//! The emulator over real sockets: AWS SDK and plain HTTP on one side, a scripted server process on the other.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api_errors;
mod aws_sdk;
mod beacons;
mod dashboard;
mod faults;
mod guard;
mod json;
mod keep;
mod kill;
mod legacy;
mod lifetime;
mod metrics;
mod modelled;
mod modelled_errors;
mod named;
mod notify;
mod process;
mod program;
mod quirks;
mod scenario;
mod scenario_calls;
mod sdks;
mod seed;
mod server_sdk;
mod sigv4;
mod sockets;
