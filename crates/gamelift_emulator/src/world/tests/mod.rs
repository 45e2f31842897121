//! The world in virtual time: no socket, no clock, no sleep.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bounds;
mod errors;
mod histories;
mod limits;
mod metrics;
mod named;
mod paging;
mod placement_ends;
mod placements;
mod reconnects;
mod restored;
mod rig;
mod search;
mod sessions;
mod timers;
