//! Passwords of game sessions: only a slow, salted hash is kept, in the private data of the game session.
//!
//! The salt is derived from the session token, so that a retry of a create request is the same call.

use std::sync::Arc;

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
pub(crate) struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
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
        let hashed = self.in_turn(move || slowly(password.as_bytes(), &salt)).await?;
        hashed.ok_or(Problem::internal("the password could not be hashed"))
    }

    /// Does slow work when it is its turn. The work goes on when its request is dropped, and keeps its place until it is
    /// done.
    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let turn = Arc::clone(&self.0).acquire_owned().await.map_err(|_| Problem::busy())?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await
            .map_err(|_| Problem::internal("the password could not be hashed"))
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_whose_request_was_dropped_keeps_its_place_until_it_is_done() {
        let passwords = Arc::new(Passwords::default());
        let (begun, begins) = mpsc::channel();
        let mut ends = Vec::new();
        for _ in 0..AT_ONCE {
            let (end, ended) = mpsc::channel::<()>();
            let (passwords, begun) = (Arc::clone(&passwords), begun.clone());
            let request = tokio::spawn(async move {
                let work = move || {
                    let begun = begun.send(());
                    begun.is_ok() && ended.recv().is_ok()
                };
                passwords.in_turn(work).await
            });
            // One after another, so that a request is dropped only when its work has begun.
            while begins.try_recv().is_err() {
                tokio::task::yield_now().await;
            }
            request.abort();
            assert!(request.await.is_err());
            ends.push(end);
        }
        assert_eq!(passwords.0.available_permits(), 0);
        drop(ends);
        assert_eq!(passwords.in_turn(|| 7).await, Ok(7));
    }
}
