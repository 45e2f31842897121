//! Passwords of game sessions: only a slow, salted hash is kept, in the private data of the game session.
//!
//! The salt is derived from the session token, so that a retry of a create request is the same call.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use game_session_protocol::requests::Password;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::keyring::{Keyring, SessionToken};
use crate::problem::Problem;

const LONGEST: usize = 64;
/// OWASP's least for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// So many are hashed at a time: each takes memory and a core.
const AT_ONCE: usize = 4;

/// The hash of a password, as it stands in the private data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PasswordHash(String);

/// Hashes passwords, a few at a time.
pub(crate) struct Passwords(Semaphore);

impl Default for Passwords {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Passwords {
    /// The hash of a password for the game session of this token.
    pub(crate) async fn hash(
        &self,
        ring: &Keyring,
        token: &SessionToken,
        password: &Password,
    ) -> Result<PasswordHash, Problem> {
        check(password)?;
        let salt = ring.password_salt(token);
        let password = Zeroizing::new(password.expose().to_owned());
        let _turn = self.0.acquire().await.map_err(|_| Problem::busy())?;
        let hashed = tokio::task::spawn_blocking(move || slowly(password.as_bytes(), &salt)).await;
        hashed
            .ok()
            .flatten()
            .ok_or(Problem::internal("the password could not be hashed"))
    }

    /// Whether this is the password that was hashed.
    pub(crate) async fn fits(
        &self,
        ring: &Keyring,
        token: &SessionToken,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<bool, Problem> {
        let given = self.hash(ring, token, password).await?;
        Ok(given.0.as_bytes().ct_eq(hash.0.as_bytes()).into())
    }
}

fn check(password: &Password) -> Result<(), Problem> {
    if (1..=LONGEST).contains(&password.expose().chars().count()) {
        Ok(())
    } else {
        Err(Problem::invalid("a password must have 1 to 64 characters"))
    }
}

fn slowly(password: &[u8], salt: &[u8]) -> Option<PasswordHash> {
    let cost = Params::new(MEMORY_KIB, PASSES, 1, None).ok()?;
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost)
        .hash_password_into(password, salt, &mut hash)
        .ok()?;
    Some(PasswordHash(URL_SAFE_NO_PAD.encode(hash)))
}
