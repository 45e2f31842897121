//! One line per process id and service.

use std::{
    collections::HashSet,
    sync::{LazyLock, Mutex, PoisonError},
};

use crate::{Error, proto::Config};

/// One line per process id and service in this program.
pub(super) struct Claim(String);

static CLAIMS: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

impl Claim {
    pub(super) fn new(config: &Config) -> Result<Self, Error> {
        let handshake = &config.handshake;
        let key = format!("{} {}", handshake.endpoint, handshake.process_id);
        if CLAIMS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.clone())
        {
            Ok(Self(key))
        } else {
            Err(Error::AlreadyInitialized {
                process_id: handshake.process_id.clone(),
            })
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        CLAIMS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}
