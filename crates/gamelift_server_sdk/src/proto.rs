//! The protocol without any input or output: no socket, no clock, no source of randomness in here.

pub mod message;
mod secret;

pub use self::secret::Secret;
