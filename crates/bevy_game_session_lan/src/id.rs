//! Who is who: the id of a host, the game's mark, and the id of a game session made of them.

use std::fmt;

use game_session_protocol::GameSessionId;
use sha2::{Digest as _, Sha256};

/// Random for every process that hosts: hosts are told apart by it and never by name or address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct HostId(pub(crate) [u8; 16]);

impl HostId {
    pub(crate) fn random() -> Self {
        Self(random())
    }

    /// The id of this host's game session of the given number.
    pub(crate) fn session(self, number: u32) -> GameSessionId {
        format!("lan-{self}-{number}")
            .parse()
            .expect("letters, digits and dashes are a valid id")
    }

    /// Reads what [`Self::session`] made.
    pub(crate) fn of_session(id: &GameSessionId) -> Option<(Self, u32)> {
        let (host, number) = id.as_str().strip_prefix("lan-")?.split_once('-')?;
        let number: u32 = number.parse().ok()?;
        let host = Self(unhex(host)?);
        (host.session(number) == *id).then_some((host, number))
    }
}

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostId({self})")
    }
}

/// Eight bytes by which a game knows its own packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GameMark(pub(crate) [u8; 8]);

impl GameMark {
    pub(crate) fn of(game: &str) -> Self {
        Self(digest(&[b"lan game v1", game.as_bytes()]))
    }
}

/// The first bytes of SHA-256 over the parts, each with its length before it.
pub(crate) fn digest<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let all: [u8; 32] = hash.finalize().into();
    let mut first = [0; N];
    first.copy_from_slice(&all[..N]);
    first
}

/// Random bytes.
///
/// # Panics
/// When the operating system has no randomness to give.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_game_session_tells_its_host_and_nothing_else_is_one() {
        let host = HostId::random();
        assert_eq!(HostId::of_session(&host.session(7)), Some((host, 7)));
        for other in [
            "lan-00-1",
            "memory-1",
            "lan-",
            &format!("lan-{host}-007"),
            &format!("lan-{host}-+7"),
        ] {
            let other = other.parse().expect("a valid id of some orchestrator");
            assert_eq!(HostId::of_session(&other), None);
        }
    }
}
