//! Everything that moves bytes. The runtime, the websocket and TLS are named in this folder only.

mod claim;
mod connect;
mod container;
mod hooks;
mod http;
mod line;
mod metrics;
mod socket;
mod task;
mod tls;

pub(crate) use self::{line::Line, metrics::MetricsLine};
