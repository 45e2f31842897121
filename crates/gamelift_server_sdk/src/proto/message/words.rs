//! The closed vocabularies of the protocol, each keeping words it does not know.

use std::{convert::Infallible, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_doc])* $word,)+
            /// A word that this version does not know, or the empty one.
            Unknown(String),
        }

        impl $name {
            /// The word as it is on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $text,)+
                    Self::Unknown(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($text => Self::$word,)+
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(word: &str) -> Result<Self, Infallible> {
                Ok(Self::from(word))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Unknown(String::new())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(|word| Self::from(word.as_str()))
            }
        }
    };
}

words! {
    /// Whether a game session takes new player sessions.
    PlayerSessionCreationPolicy {
        /// New player sessions are taken.
        AcceptAll = "ACCEPT_ALL",
        /// No new player session is taken.
        DenyAll = "DENY_ALL",
    }
}

words! {
    /// Where a player session is in its life.
    PlayerSessionStatus {
        /// The seat is kept, the player has not been accepted yet.
        Reserved = "RESERVED",
        /// The player has been accepted.
        Active = "ACTIVE",
        /// The player has left.
        Completed = "COMPLETED",
        /// The player was not accepted in time.
        TimedOut = "TIMEDOUT",
    }
}

words! {
    /// Which container group a container belongs to.
    ContainerGroupType {
        /// One with a game server in it.
        GameServer = "GAME_SERVER",
        /// The one that each instance runs once.
        PerInstance = "PER_INSTANCE",
    }
}

words! {
    /// Why a game session was updated.
    UpdateReason {
        /// A backfill matched new players.
        MatchmakingDataUpdated = "MATCHMAKING_DATA_UPDATED",
        /// The backfill failed.
        BackfillFailed = "BACKFILL_FAILED",
        /// The backfill ran out of time.
        BackfillTimedOut = "BACKFILL_TIMED_OUT",
        /// The backfill was cancelled.
        BackfillCancelled = "BACKFILL_CANCELLED",
    }
}
