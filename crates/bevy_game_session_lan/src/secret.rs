//! Join codes and passwords: what is told to friends, and the keys that are stretched from it.

use std::fmt;

use argon2::Argon2;
use game_session_protocol::SessionKey;
use serde::{Deserialize, Serialize};

use crate::id::{GameMark, HostId, digest, random};

/// The signs of a join code: none that look alike, 32 of them.
const SIGNS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// What the pre-shared key of a game session's door is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Lock {
    /// There is none: anyone on the network may knock.
    Open,
    /// The owner's password.
    Password,
    /// The join code.
    Code,
}

/// A new code of 8 signs: 40 random bits.
pub(crate) fn new_code() -> String {
    let bytes: [u8; 8] = random();
    bytes
        .iter()
        .map(|byte| char::from(SIGNS[usize::from(byte % 32)]))
        .collect()
}

/// A code as a person wrote it, brought to its one form; `None` when it cannot be one.
pub(crate) fn normal_code(written: &str) -> Option<String> {
    let code: String = written
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(9)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    (code.len() == 8 && code.bytes().all(|sign| SIGNS.contains(&sign))).then_some(code)
}

/// What is made from a join code by slow hashing.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CodeKeys {
    /// Finds the game session: it is asked for in the open.
    pub(crate) tag: [u8; 8],
    /// Opens its door.
    pub(crate) key: SessionKey,
}

impl fmt::Debug for CodeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeKeys(redacted)")
    }
}

/// Stretches a code. Takes tens of milliseconds and 19 MiB on purpose, see [`stretch`].
pub(crate) fn keys_of_code(game: GameMark, code: &str) -> CodeKeys {
    let stretched = stretch(b"lan code v1", &game.0, code.as_bytes());
    CodeKeys {
        tag: digest(&[b"tag", &stretched]),
        key: key(&[b"key", &stretched]),
    }
}

/// Stretches the password of one game session.
pub(crate) fn key_of_password(host: HostId, number: u32, password: &str) -> SessionKey {
    let mut salt = host.0.to_vec();
    salt.extend(number.to_be_bytes());
    key(&[&stretch(b"lan password v1", &salt, password.as_bytes())])
}

fn key(parts: &[&[u8]]) -> SessionKey {
    SessionKey::new(digest(parts)).expect("a hash is not all zero")
}

/// Argon2id with the crate's defaults, which are OWASP's: 19 MiB, two passes. Who records or fakes a handshake can try codes
/// at home; each try costs this much.
fn stretch(purpose: &[u8], salt: &[u8], secret: &[u8]) -> [u8; 32] {
    let salt: [u8; 16] = digest(&[purpose, salt]);
    let mut key = [0; 32];
    Argon2::default()
        .hash_password_into(secret, &salt, &mut key)
        .expect("the salt and the key have lengths that Argon2 takes, and a password is short");
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_said() {
        let code = new_code();
        let (first, last) = code.split_at(4);
        let written = format!(" {}-{} ", first.to_lowercase(), last);
        assert_eq!(normal_code(&written), Some(code));
        for wrong in ["", "ABCDEFG", "ABCDEFGHJ", "ABCDEFG0", "ÄBCDEFGH"] {
            assert_eq!(normal_code(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_gives_the_same_keys_only_in_the_same_game() {
        let (here, there) = (GameMark::of("here"), GameMark::of("there"));
        assert_eq!(keys_of_code(here, "ABCDEFGH"), keys_of_code(here, "ABCDEFGH"));
        assert_ne!(keys_of_code(here, "ABCDEFGH").key, keys_of_code(there, "ABCDEFGH").key);
    }
}
