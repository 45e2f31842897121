//! The master secrets of a deployment, and all that is derived from them.
//!
//! Every use has a purpose of its own: `HKDF-SHA256(master, salt, purpose)`, so that no derived key serves two ends.
//! New things are made with the active (first) key; things that name their key id are read with any key of the ring,
//! so a key is rotated by adding a new one behind, moving it to the front when every instance has it, and removing the old
//! one when its game sessions are over.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::BASE32_NOPAD;
use game_session_protocol::{IdempotencyKey, PlayerId, SessionKey};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The environment variable with the ring itself.
pub const KEYRING_VARIABLE: &str = "GAME_SESSION_KEYRING";
/// The environment variable with the path of a file that holds the ring.
pub const KEYRING_FILE_VARIABLE: &str = "GAME_SESSION_KEYRING_FILE";

/// The bytes of a session token's HMAC that are kept: 39 characters of base32, 48 with the key id and the dash.
const TOKEN_BYTES: usize = 24;
const LONGEST_KEY_ID: usize = 8;

/// One to eight master secrets, the active one first. Its `Debug` shows the key ids only.
///
/// Its text is `ID:BASE64` per key, separated by commas or line ends; a line that starts with `#` is a comment. An id
/// is 1 to 8 lower-case letters and digits, a secret is 32 bytes.
#[derive(Clone)]
pub struct Keyring {
    keys: Vec<Master>,
    origin: Origin,
}

#[derive(Clone)]
pub(crate) struct Master {
    id: String,
    secret: Zeroizing<[u8; 32]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Given,
    Random,
}

/// What a derived key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    SessionToken,
    SessionKey,
    SealedIds,
    Pages,
    AccessTokens,
    RefreshTokens,
    Passwords,
    Pseudonyms,
    TraceIds,
    Owners,
    Rows,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::SessionToken => b"session token v1",
            Self::SessionKey => b"game session key v1",
            Self::SealedIds => b"sealed game session ids v1",
            Self::Pages => b"sealed pages v1",
            Self::AccessTokens => b"access token signatures v1",
            Self::RefreshTokens => b"refresh tokens v1",
            Self::Passwords => b"password salts v1",
            Self::Pseudonyms => b"pseudonyms v1",
            Self::TraceIds => b"trace ids v1",
            Self::Owners => b"owners of placements v1",
            Self::Rows => b"sealed rows v1",
        }
    }
}

/// A keyring that cannot be used. Its text holds nothing of the secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// The file cannot be read.
    #[error("the keyring file {path} cannot be read: check the path and its permissions")]
    File {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no key in it.
    #[error("the keyring holds no key: make one with `game-session-backend --new-key`")]
    Empty,
    /// There are too many keys in it.
    #[error("the keyring holds more than 8 keys: remove those whose game sessions are over")]
    TooMany,
    /// One key cannot be read.
    #[error(
        "key number {number} of the keyring is not `ID:BASE64` with an id of 1 to 8 lower-case letters and digits and \
         32 secret bytes that are not all zero"
    )]
    Malformed {
        /// Which, counted from 1.
        number: usize,
    },
    /// Two keys have one id.
    #[error("key number {number} of the keyring has the id of an earlier one")]
    Duplicate {
        /// Which, counted from 1.
        number: usize,
    },
}

impl Keyring {
    /// A ring of one random key. All it made is lost with the process, so a backend outside the loopback interface
    /// refuses it.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    pub fn random() -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut_slice()).expect("the operating system gives randomness");
        Self {
            keys: vec![Master {
                id: "run".to_owned(),
                secret,
            }],
            origin: Origin::Random,
        }
    }

    /// The text of a ring with one new key, to be kept in a secret place.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    pub fn new_key_text(id: &str) -> String {
        format!("{id}:{}", STANDARD.encode(Self::random().keys[0].secret.as_slice()))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`KeyringError`] when it cannot be read or holds no usable ring.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyringError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| KeyringError::File {
            path: path.display().to_string(),
            source,
        })?;
        Zeroizing::new(text).parse()
    }

    /// Reads [`KEYRING_VARIABLE`], else the file that [`KEYRING_FILE_VARIABLE`] names; `None` when neither is set.
    ///
    /// # Errors
    /// [`KeyringError`] when one is set and holds no usable ring.
    pub fn from_env() -> Result<Option<Self>, KeyringError> {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let Some(text) = set(KEYRING_VARIABLE) {
            Zeroizing::new(text).parse().map(Some)
        } else if let Some(path) = set(KEYRING_FILE_VARIABLE) {
            Self::from_file(path).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Whether it outlives this process.
    pub(crate) fn is_lasting(&self) -> bool {
        self.origin == Origin::Given
    }

    pub(crate) fn active(&self) -> &Master {
        &self.keys[0]
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Master> {
        self.keys.iter()
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Master> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// The session token of a click: the same for the same player and key, and nobody else can tell it.
    pub(crate) fn session_token(&self, player: &PlayerId, click: &IdempotencyKey) -> SessionToken {
        self.active().session_token(player, click)
    }

    /// The tokens that the same click has where another key of the ring is the active one.
    pub(crate) fn other_session_tokens(
        &self,
        player: &PlayerId,
        click: &IdempotencyKey,
    ) -> impl Iterator<Item = SessionToken> {
        self.keys
            .iter()
            .skip(1)
            .map(|master| master.session_token(player, click))
    }

    /// The key of the game session with this token; `None` when its master key is not in the ring.
    pub(crate) fn session_key(&self, token: &SessionToken) -> Option<SessionKey> {
        let master = self.by_id(token.key_id())?;
        SessionKey::new(*master.derive::<32>(Purpose::SessionKey, token.as_str().as_bytes())).ok()
    }

    /// Follows a click through every log, and tells nothing of the token.
    pub(crate) fn trace_id(&self, token: &SessionToken) -> String {
        let master = self.by_id(token.key_id()).unwrap_or(self.active());
        let mac = master.mac(Purpose::TraceIds, &[token.as_str()]);
        data_encoding::HEXLOWER.encode(&mac[..16])
    }

    /// The salt of the password of the game session of a token.
    pub(crate) fn password_salt(&self, token: &SessionToken) -> [u8; 16] {
        let master = self.by_id(token.key_id()).unwrap_or(self.active());
        let mac = master.mac(Purpose::Passwords, &[token.as_str()]);
        let mut salt = [0; 16];
        salt.copy_from_slice(&mac[..16]);
        salt
    }

    /// What stands for the owner of a placement in its id: the same on any instance, before and after a rotation.
    pub(crate) fn owner_tag(&self, token: &SessionToken, owner: &PlayerId) -> String {
        let master = self.by_id(token.key_id()).unwrap_or(self.active());
        let mac = master.mac(Purpose::Owners, &[token.as_str(), owner.as_str()]);
        BASE32_NOPAD.encode(&mac[..10]).to_ascii_lowercase()
    }

    /// What other players see of a player.
    pub(crate) fn pseudonym(&self, player: &PlayerId) -> String {
        let mac = self.active().mac(Purpose::Pseudonyms, &[player.as_str()]);
        format!("player-{}", BASE32_NOPAD.encode(&mac[..10]).to_ascii_lowercase())
    }
}

impl Master {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    fn session_token(&self, player: &PlayerId, click: &IdempotencyKey) -> SessionToken {
        let mac = self.mac(Purpose::SessionToken, &[player.as_str(), click.as_str()]);
        let text = BASE32_NOPAD.encode(&mac[..TOKEN_BYTES]).to_ascii_lowercase();
        SessionToken(format!("{}-{text}", self.id))
    }

    pub(crate) fn derive<const N: usize>(&self, purpose: Purpose, salt: &[u8]) -> Zeroizing<[u8; N]> {
        let mut key = Zeroizing::new([0; N]);
        Hkdf::<Sha256>::new(Some(salt), self.secret.as_slice())
            .expand(purpose.label(), key.as_mut_slice())
            .expect("at most 64 bytes are asked for, HKDF gives 8160");
        key
    }

    /// An HMAC under the purpose's key over the parts, each preceded by its length: no two lists of parts are one input.
    fn mac(&self, purpose: Purpose, parts: &[&str]) -> [u8; 32] {
        let key = self.derive::<32>(purpose, b"");
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

impl FromStr for Keyring {
    type Err = KeyringError;

    fn from_str(text: &str) -> Result<Self, KeyringError> {
        let entries = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .filter(|entry| !entry.is_empty());
        let mut keys: Vec<Master> = Vec::new();
        for (index, entry) in entries.enumerate() {
            let number = index + 1;
            let key = parse_key(entry).ok_or(KeyringError::Malformed { number })?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(KeyringError::Duplicate { number });
            }
            keys.push(key);
        }
        match keys.len() {
            0 => Err(KeyringError::Empty),
            1..=8 => Ok(Self {
                keys,
                origin: Origin::Given,
            }),
            _ => Err(KeyringError::TooMany),
        }
    }
}

fn parse_key(entry: &str) -> Option<Master> {
    let (id, secret) = entry.split_once(':')?;
    let fits = (1..=LONGEST_KEY_ID).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = Zeroizing::new(STANDARD.decode(secret).ok()?);
    let secret = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?);
    (fits && *secret != [0; 32]).then(|| Master {
        id: id.to_owned(),
        secret,
    })
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|key| key.id.as_str()).collect();
        write!(f, "Keyring({})", ids.join(", "))
    }
}

/// GameLift's idempotency token of one click: at most 48 letters, digits and dashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SessionToken(String);

impl SessionToken {
    /// Reads a token that came back, for instance as the end of an ARN.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (id, rest) = text.split_once('-')?;
        let fits = text.len() <= 48 && !id.is_empty() && !rest.is_empty();
        (fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn key_id(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
