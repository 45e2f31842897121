//! Why a server turns a player away or says goodbye, in one byte for the transport's frames.

use std::fmt;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident: $($(#[$variant_doc:meta])* $variant:ident = $byte:literal, $sentence:literal;)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A code that a newer server knows and this client does not.
            Other(u8),
        }

        impl $name {
            /// The byte that travels.
            pub fn to_byte(self) -> u8 {
                match self {
                    $(Self::$variant => $byte,)*
                    Self::Other(byte) => byte,
                }
            }

            /// Reads a byte; every byte is some code.
            pub fn from_byte(byte: u8) -> Self {
                match byte {
                    $($byte => Self::$variant,)*
                    _ => Self::Other(byte),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant => f.write_str($sentence),)*
                    Self::Other(byte) => write!(f, "the server gave a reason that this version does not know ({byte})"),
                }
            }
        }
    };
}

codes! {
    /// Why a server refuses a player at the door.
    RefusalCode:
    /// The ticket proves nothing here.
    WrongTicket = 1, "the ticket is not for this game session";
    /// The ticket is older than 45 seconds.
    Expired = 2, "the ticket has expired";
    /// The ticket's seat was taken up before.
    Used = 3, "the ticket was used before";
    /// The player runs another build.
    WrongBuild = 4, "the server runs another version of the game";
    /// The orchestrator refused the seat: it lapsed, or never was.
    NotReserved = 5, "the seat is no longer reserved";
    /// The orchestrator could not be asked in time.
    Unavailable = 6, "the server could not check the seat in time";
    /// The game session is closed or closing.
    Closed = 7, "the game session is closed";
}

codes! {
    /// Why a server ends a player's connection.
    GoodbyeCode:
    /// The game session is over.
    SessionEnded = 1, "the game session has ended";
    /// The server process must leave.
    ShuttingDown = 2, "the server is shutting down";
    /// The game removed the player.
    Kicked = 3, "the server removed the player";
    /// The same seat was taken up by a newer connection.
    TakenOver = 4, "the player came back over another connection";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_a_code_and_survives_the_trip() {
        for byte in 0..=255 {
            assert_eq!(RefusalCode::from_byte(byte).to_byte(), byte);
            assert_eq!(GoodbyeCode::from_byte(byte).to_byte(), byte);
        }
    }
}
