//! Keys of the world's records. They grow, so their order is the order of creation.

use serde::{Deserialize, Serialize};

use super::rows::RowKey;

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            pub(crate) struct $name(pub(super) u64);

            impl RowKey for $name {
                fn text(&self) -> String {
                    self.0.text()
                }

                fn read(text: &str) -> Option<Self> {
                    u64::read(text).map(Self)
                }
            }
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

impl ProcessKey {
    /// The key as the dashboard knows it.
    pub(super) const fn number(self) -> u64 {
        self.0
    }

    pub(super) const fn numbered(number: u64) -> Self {
        Self(number)
    }
}
