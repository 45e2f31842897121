//! Ids as newtypes: parsing is the only way to make one, so a value that exists is valid.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is no id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid {kind}: {reason}")]
pub struct InvalidId {
    kind: &'static str,
    reason: String,
}

impl InvalidId {
    /// Which kind of id was wanted, for instance `game session id`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }
}

fn check(kind: &'static str, text: &str, longest: usize, allowed: fn(char) -> bool) -> Result<(), InvalidId> {
    let reason = if text.is_empty() {
        "it is empty".to_owned()
    } else if text.len() > longest {
        format!("it has {} bytes, at most {longest} are allowed", text.len())
    } else if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
        format!("the character {bad:?} is not allowed")
    } else {
        return Ok(());
    };
    Err(InvalidId { kind, reason })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $longest:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                check($kind, text, $longest, $allowed).map(|()| Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                check($kind, &text, $longest, $allowed).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// Names one game session. Clients see it sealed by the backend, servers see the orchestrator's own id; both are opaque.
    /// 1 to 512 printable ASCII characters without spaces.
    GameSessionId, "game session id", 512, |c| c.is_ascii_graphic()
}

id! {
    /// Names one player session, a seat in a game session. 1 to 128 letters, digits and dashes.
    PlayerSessionId, "player session id", 128, |c| c.is_ascii_alphanumeric() || c == '-'
}

id! {
    /// Names a player. 1 to 128 printable ASCII characters without spaces.
    PlayerId, "player id", 128, |c| c.is_ascii_graphic()
}

id! {
    /// The version of the game: players meet only where it is equal. 1 to 48 letters, digits and `.-_+`.
    BuildId, "build id", 48, |c| c.is_ascii_alphanumeric() || ".-_+".contains(c)
}

id! {
    /// Names one click: a repeated request with the same key has the same effect once. 1 to 64 letters, digits, dashes.
    IdempotencyKey, "idempotency key", 64, |c| c.is_ascii_alphanumeric() || c == '-'
}

impl IdempotencyKey {
    /// A new random key, for a new click.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    pub fn random() -> Self {
        Self(hex(&crate::keys::random_bytes::<16>()))
    }
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn an_id_says_why_it_is_refused() {
        let error = "psess 1".parse::<PlayerSessionId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid player session id: the character ' ' is not allowed"
        );
        assert_eq!(
            "".parse::<BuildId>().unwrap_err().to_string(),
            "invalid build id: it is empty"
        );
        assert!(
            "x".repeat(129)
                .parse::<PlayerId>()
                .unwrap_err()
                .to_string()
                .contains("129 bytes")
        );
    }

    #[test]
    fn an_id_is_checked_when_it_is_deserialised() {
        assert!(serde_json::from_str::<PlayerSessionId>("\"psess-1\"").is_ok());
        assert!(serde_json::from_str::<PlayerSessionId>("\"psess/1\"").is_err());
    }

    #[test]
    fn random_idempotency_keys_differ_and_are_valid() {
        let (a, b) = (IdempotencyKey::random(), IdempotencyKey::random());
        assert_ne!(a, b);
        assert_eq!(a.as_str().parse(), Ok(a.clone()));
    }
}
