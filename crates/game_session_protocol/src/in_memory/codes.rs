//! Join codes and passwords in memory: the other ways in, and what closes the ways.

use super::joining::refused;
use super::world::World;
use crate::error::{ErrorCode, ServiceError};
use crate::ids::{GameSessionId, PlayerId};
use crate::keys::random_bytes;
use crate::requests::{JoinCode, Password};

/// No `I`, `O`, `0` and `1`: people read codes to each other.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const CODE_LIFE_SECONDS: u64 = 24 * 3600;

impl World {
    /// The code of a game session: the same whoever asks. For its owner and for who has a seat.
    pub(super) fn join_code(&mut self, player: &PlayerId, id: &GameSessionId) -> Result<JoinCode, ServiceError> {
        let session = self.session(id).ok_or_else(|| refused(ErrorCode::NotFound))?;
        if session.owner != *player && session.seats.of(player).is_none() {
            return Err(refused(ErrorCode::Forbidden));
        }
        if session.is_over() {
            return Err(refused(ErrorCode::SessionEnded));
        }
        let known = self.codes.iter().find(|(_, of)| *of == id);
        let join_code = if let Some((code, _)) = known {
            code.clone()
        } else {
            let code = random_bytes::<8>().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
            let code = String::from_iter(code);
            self.codes.insert(code.clone(), id.clone());
            code
        };
        Ok(JoinCode {
            join_code,
            expires_at: self.now_ms / 1000 + CODE_LIFE_SECONDS,
        })
    }

    /// The game session behind a code. One that is over is not told from one that never was.
    pub(super) fn behind(&mut self, code: &str) -> Result<GameSessionId, ServiceError> {
        let plain: String = code
            .chars()
            .filter(|character| !matches!(character, ' ' | '-'))
            .map(|character| character.to_ascii_uppercase())
            .collect();
        let id = self.codes.get(&plain).cloned();
        id.filter(|id| self.session(id).is_some_and(|session| !session.is_over()))
            .ok_or_else(|| refused(ErrorCode::NotFound))
    }

    /// Checks the password. The owner needs none, nor does who has a seat.
    pub(super) fn unlock(
        &mut self,
        player: &PlayerId,
        id: &GameSessionId,
        given: Option<&Password>,
    ) -> Result<(), ServiceError> {
        let Some(session) = self.session(id) else { return Ok(()) };
        let is_open = session.draft.password.is_none() || session.is_over();
        if is_open || session.owner == *player || session.seats.of(player).is_some() {
            return Ok(());
        }
        if session.draft.password.as_ref() == given {
            Ok(())
        } else {
            Err(refused(ErrorCode::WrongPassword))
        }
    }
}
