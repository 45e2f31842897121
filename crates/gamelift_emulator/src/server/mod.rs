//! The outside of the world: one loopback port, HTTP and websockets, the clock.

mod aws;
mod clock;
mod control;
mod driver;
mod guard;
mod listen;
mod process_socket;
mod query;
mod router;
mod tls;

pub(crate) use self::{
    driver::Driver,
    listen::{Running, bind},
    router::App,
    tls::Tls,
};
