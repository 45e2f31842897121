//! Game sessions that are over, and the sentences of refusals.

use std::collections::VecDeque;

use game_session_protocol::{ErrorCode, ServiceError};

const MOST: usize = 64;

/// How the last game sessions ended.
#[derive(Debug, Default)]
pub(crate) struct Past(VecDeque<(u32, ErrorCode)>);

impl Past {
    pub(crate) fn add(&mut self, number: u32, why: ErrorCode) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back((number, why));
    }

    /// Why a game session is not here any more; `newest` is the highest number ever given.
    pub(crate) fn why(&self, number: u32, newest: u32) -> ServiceError {
        let known = self
            .0
            .iter()
            .find(|(past, _)| *past == number)
            .map(|(_, why)| why.clone());
        let of_old = (1..=newest).contains(&number).then_some(ErrorCode::SessionEnded);
        refused(known.or(of_old).unwrap_or(ErrorCode::NotFound))
    }
}

/// A refusal with its sentence.
pub(crate) fn refused(code: ErrorCode) -> ServiceError {
    let message = match code {
        ErrorCode::NotFound => "there is no such game session on the network",
        ErrorCode::SessionFull => "all seats are taken",
        ErrorCode::NotAccepting => "the game session takes no new players",
        ErrorCode::VersionMismatch => "the game session runs another build",
        ErrorCode::SessionEnded => "the game session is over",
        ErrorCode::Forbidden => "only the owner may do this",
        ErrorCode::WrongPassword => "the password or join code is wrong or missing",
        ErrorCode::NoCapacity => "this process is not ready to host: give the server plugin the host of the same Lan",
        ErrorCode::ActivationFailed => "the game did not get the game session going",
        ErrorCode::IdempotencyMismatch => "the idempotency key was used with another request",
        ErrorCode::Throttled => "too many tries from this address: wait a moment",
        _ => "the request is not valid",
    };
    ServiceError::refused(code, message)
}
