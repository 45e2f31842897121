//! What was dropped and why, counted.

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What a [`Lan`](crate::Lan) answered and what it dropped since its start. Junk from the network is counted here and
        /// nowhere logged.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        #[non_exhaustive]
        pub struct LanCounters {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl std::ops::Add for LanCounters {
            type Output = Self;

            fn add(self, other: Self) -> Self {
                Self { $($name: self.$name + other.$name,)* }
            }
        }
    };
}

counters! {
    /// Discovery queries that were answered.
    queries_answered,
    /// Discovery queries of a source that asked too often.
    queries_throttled,
    /// Datagrams that are no query or reply of this protocol, or of the wrong size, or whose description is out of bounds.
    datagrams_malformed,
    /// Discovery queries of another game.
    queries_of_other_games,
    /// Replies to nothing that was asked: a wrong nonce, or one that is too old.
    replies_unasked,
    /// Hosts left out because the list is full or their address has too many entries.
    hosts_left_out,
    /// Announced addresses that were not asked: not of a local network, or too many.
    announcements_dropped,
    /// Connections to the door over the limits of number or time.
    door_busy,
    /// Connections to the door that spoke something else.
    door_malformed,
    /// Tries at the door with a wrong code or password.
    door_wrong_key,
    /// Connections to the door of a source that tried wrong too often.
    door_slowed,
    /// Seats given at the door.
    door_seats,
}
