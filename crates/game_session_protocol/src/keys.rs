//! The session key: 32 secret bytes that the backend and one game session's server share.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

/// 32 secret bytes: netcode's private key and the key under the ticket's MAC. Its `Debug` shows nothing, it is wiped
/// when dropped, and an all-zero key cannot be made.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey([u8; 32]);

/// An all-zero or wrongly sized session key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a session key is 32 bytes that are not all zero")]
pub struct InvalidKey;

impl SessionKey {
    /// A key of these bytes.
    ///
    /// # Errors
    /// [`InvalidKey`] when all bytes are zero.
    pub fn new(bytes: [u8; 32]) -> Result<Self, InvalidKey> {
        if bytes == [0; 32] {
            Err(InvalidKey)
        } else {
            Ok(Self(bytes))
        }
    }

    /// A new random key.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    pub fn random() -> Self {
        Self(random_bytes())
    }

    /// The secret bytes. Do not print or keep them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

impl Drop for SessionKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(redacted)")
    }
}

impl Serialize for SessionKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for SessionKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| serde::de::Error::custom(InvalidKey))?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| serde::de::Error::custom(InvalidKey))?;
        Self::new(bytes).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown_and_never_zero() {
        assert_eq!(format!("{:?}", SessionKey::random()), "SessionKey(redacted)");
        assert_eq!(SessionKey::new([0; 32]), Err(InvalidKey));
    }
}
