//! The guest that outlives the process: its secret, in a file of its own, for one backend.

use game_session_protocol::requests::RefreshToken;
use game_session_protocol::{GuestIdentity, PlayerId};
use serde::{Deserialize, Serialize};
use tracing::debug;

use crate::files::PlayerFiles;

const FILE: &str = "guest.json";
const VERSION: u8 = 1;

/// Where the guest of one backend is kept.
pub(super) struct KeptGuest {
    files: PlayerFiles,
    backend: String,
}

/// The file. Who reads it can play as the guest.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u8,
    backend: String,
    player_id: PlayerId,
    refresh_token: RefreshToken,
}

impl KeptGuest {
    pub(super) fn new(files: PlayerFiles, backend: &str) -> Self {
        let backend = backend.to_owned();
        Self { files, backend }
    }

    pub(super) fn read(&self) -> Option<RefreshToken> {
        let kept: Kept = self.files.read(FILE)?;
        if kept.version == VERSION && kept.backend == self.backend {
            Some(kept.refresh_token)
        } else {
            debug!("the kept guest is one of another backend: it is ignored");
            None
        }
    }

    pub(super) fn write(&self, guest: &GuestIdentity) {
        if let Some(refresh_token) = guest.refresh_token.clone() {
            let kept = Kept {
                version: VERSION,
                backend: self.backend.clone(),
                player_id: guest.player_id.clone(),
                refresh_token,
            };
            self.files.write(FILE, &kept);
        }
    }
}
