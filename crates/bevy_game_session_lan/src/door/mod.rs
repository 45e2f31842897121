//! The door: how a player of another machine asks a host for a seat, over TCP and under Noise.
//!
//! The client speaks first. Every message is two bytes of length, big-endian, and at most [`frames::MOST_BYTES`].
//!
//! | who | what |
//! |---|---|
//! | client | 34 bytes in the open ([`head`]): which game session is meant, and which key is used; then Noise's first message |
//! | host | `0` and Noise's second message, or `1` and a refusal in the open |
//! | client | the question, encrypted |
//! | host | the answer, encrypted |
//! | client | an empty encrypted message: the answer came. Without it a new seat is given up again |
//!
//! Noise is `NN` where nothing is known of a game session, `NNpsk0` with the key of its password or of its join code, over
//! X25519, ChaCha20-Poly1305 and BLAKE2s, with the open bytes as its prologue. Every door knows the code's key, an open one
//! too: who was told a code comes in by it or not at all, whatever anybody says of the door.

pub(crate) mod frames;
pub(crate) mod head;
pub(crate) mod host;
pub(crate) mod knock;
mod noise;
#[cfg(test)]
mod tests;
pub(crate) mod tries;
pub(crate) mod words;
