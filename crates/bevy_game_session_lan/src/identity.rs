//! Who this player is to LAN hosts: a secret of its own, from which each host gets another key.

use std::fmt;
use std::io;
use std::path::Path;

use game_session_protocol::PlayerId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;
use zeroize::Zeroize as _;

use crate::id::{HostId, digest, hex, random, unhex};

/// The secret by which LAN hosts know a player again, for instance to give the old seat back after a crash. No host learns
/// it: each gets a key derived for that host alone. Its `Debug` shows nothing.
///
/// With [`LanIdentity::random`] a player is a new one in every run; keep it in a file with
/// [`LanIdentity::load_or_make`].
#[derive(Clone)]
pub struct LanIdentity([u8; 32]);

impl LanIdentity {
    /// A new player.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    pub fn random() -> Self {
        Self(random())
    }

    /// The player of the file, or a new one that is written to it.
    ///
    /// # Errors
    /// What the file system says; [`io::ErrorKind::InvalidData`] when the file holds something else.
    pub fn load_or_make(path: &Path) -> io::Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => unhex(text.trim()).map(Self).ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!(
                        "{} holds no LAN identity: remove it to become a new player",
                        path.display()
                    ),
                )
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = Self::random();
                write_for_owner(path, &hex(&made.0))?;
                Ok(made)
            }
            Err(error) => Err(error),
        }
    }

    /// What the host gets to know this player by.
    pub(crate) fn key_for(&self, host: HostId) -> PlayerKey {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(b"lan player key v1");
        mac.update(&host.0);
        PlayerKey(mac.finalize().into_bytes().into())
    }
}

#[cfg(unix)]
fn write_for_owner(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(not(unix))]
fn write_for_owner(path: &Path, text: &str) -> io::Result<()> {
    std::fs::write(path, text)
}

impl fmt::Debug for LanIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LanIdentity(redacted)")
    }
}

impl Drop for LanIdentity {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What proves to one host that the same player is back.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PlayerKey(pub(crate) [u8; 32]);

impl PlayerKey {
    /// The id that the host knows the player by; it does not give the key away.
    pub(crate) fn player_id(&self) -> PlayerId {
        let id: [u8; 12] = digest(&[b"lan player id v1", &self.0]);
        format!("lan-{}", hex(&id))
            .parse()
            .expect("letters, digits and a dash are a valid id")
    }
}

impl fmt::Debug for PlayerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlayerKey(redacted)")
    }
}

impl Serialize for PlayerKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for PlayerKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        unhex(&text)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a player key is 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_player_of_a_file_is_the_same_in_the_next_run_and_another_at_every_host() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("player");
        let (first, second) = (
            LanIdentity::load_or_make(&path).unwrap(),
            LanIdentity::load_or_make(&path).unwrap(),
        );
        let (here, there) = (HostId([1; 16]), HostId([2; 16]));
        assert_eq!(first.key_for(here), second.key_for(here));
        assert_ne!(first.key_for(here), first.key_for(there));
        std::fs::write(&path, "garbage").unwrap();
        assert_eq!(
            LanIdentity::load_or_make(&path).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
    }

    #[test]
    fn no_identity_is_shown() {
        let identity = LanIdentity::random();
        let key = identity.key_for(HostId([0; 16]));
        assert_eq!(
            format!("{identity:?} {key:?}"),
            "LanIdentity(redacted) PlayerKey(redacted)"
        );
    }
}
