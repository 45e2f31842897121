//! Keys of the world's records. They grow, so their order is the order of creation.

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub(crate) struct $name(pub(super) u64);
        )+
    };
}

keys! {
    /// One open websocket.
    SocketId,
    /// One server process; a process that comes back after it ended is a new one.
    ProcessKey,
    /// One game session.
    GameSessionKey,
    /// One player session.
    PlayerSessionKey,
    /// One placement.
    PlacementKey,
}
