//! The client's side: from an address and a ticket to a connected `RenetClient`, or a typed reason why not.

pub(crate) mod line;
mod systems;

pub(crate) use systems::build;
