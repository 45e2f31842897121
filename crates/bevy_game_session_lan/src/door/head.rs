//! What a client says in the open before Noise begins.

use crate::id::{GameMark, HostId};

/// `BGSD`, version, lock, game mark, host id, number of the game session.
pub(crate) const BYTES: usize = 4 + 1 + 1 + 8 + 16 + 4;
const MAGIC: [u8; 4] = *b"BGSD";
const VERSION: u8 = 1;

/// No game session has this number.
pub(crate) const ANY: u32 = 0;

/// Which key is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Without a key.
    Open = 0,
    /// With the key of the password.
    Password = 1,
    /// With the key of the join code.
    Code = 2,
}

/// The open bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) pattern: Pattern,
    pub(crate) game: GameMark,
    pub(crate) host: HostId,
    /// Which of its game sessions; [`ANY`] with a code means the one that the code opens.
    pub(crate) number: u32,
}

impl Head {
    pub(crate) fn encode(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = VERSION;
        bytes[5] = self.pattern as u8;
        bytes[6..14].copy_from_slice(&self.game.0);
        bytes[14..30].copy_from_slice(&self.host.0);
        bytes[30..].copy_from_slice(&self.number.to_be_bytes());
        bytes
    }

    /// Splits the first message into the open bytes, what they say, and Noise's part.
    pub(crate) fn split(message: &[u8]) -> Option<(&[u8; BYTES], Self, &[u8])> {
        let (open, noise) = message.split_first_chunk::<BYTES>()?;
        let (head, rest) = open.split_first_chunk::<6>()?;
        let (game, rest) = rest.split_first_chunk::<8>()?;
        let (host, number) = rest.split_first_chunk::<16>()?;
        let pattern = match head.split_first_chunk::<4>()? {
            (&MAGIC, [VERSION, 0]) => Pattern::Open,
            (&MAGIC, [VERSION, 1]) => Pattern::Password,
            (&MAGIC, [VERSION, 2]) => Pattern::Code,
            _ => return None,
        };
        let head = Self {
            pattern,
            game: GameMark(*game),
            host: HostId(*host),
            number: u32::from_be_bytes(number.try_into().ok()?),
        };
        Some((open, head, noise))
    }
}
