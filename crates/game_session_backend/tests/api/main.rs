//! The API: through its router on a GameLift to script, where time passes at once, and on sockets with the emulator.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bounds;
mod contract;
mod create;
mod emulated;
mod events;
mod faults;
mod identity;
mod instances;
mod join;
mod late;
mod legacy;
mod oidc;
mod openapi;
mod owasp;
mod program;
mod quick;
mod random;
mod socket;
mod suite;
mod support;
mod ways_in;
