//! The outside of the world: one loopback port, HTTP and websockets, the clock.

mod aws;
mod beacon;
mod clock;
mod control;
mod crash_reporter;
mod driver;
mod guard;
mod listen;
mod process_socket;
mod query;
mod router;
mod sns;
pub(crate) mod statsd;
mod tls;

pub(crate) use self::{
    beacon::UdpBeacons,
    driver::Driver,
    listen::{Running, Tasks, bind},
    router::App,
    tls::Tls,
};
