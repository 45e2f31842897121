//! Discovery: a question in one datagram, the answer in one or more, each no larger than the question.
//!
//! | module | what |
//! |---|---|
//! | [`wire`] | the two datagrams |
//! | [`description`] | what a host says of its game session |
//! | [`responder`] | who answers: the state machine of a host |
//! | [`search`] | who asks: the state machine of a client |
//! | [`entry`] | one host in its list |
//!
//! Nothing here has a socket or a clock.

pub(crate) mod description;
mod entry;
pub(crate) mod responder;
pub(crate) mod search;
#[cfg(test)]
mod tests;
pub(crate) mod wire;
