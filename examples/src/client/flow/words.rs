//! What went wrong, in the player's words: where the game knows more of it than the library.

use bevy_game_session::client::{Reach, SessionError, SessionOperation};

/// A sentence for the player. A session on the local network needs no game service.
pub(super) fn of_failure(operation: SessionOperation, error: &SessionError, reach: Option<Reach>) -> String {
    match (operation, error) {
        (SessionOperation::JoinByCode, SessionError::NotFound { .. }) => {
            "There is no game with this code. Look at it once more.".into()
        }
        (_, SessionError::Unreachable { .. }) if reach == Some(Reach::Lan) => {
            "The machine of this game cannot be reached. It may be gone, or a firewall keeps you out.".into()
        }
        _ => error.player_message(),
    }
}

/// Whether there is no seat to come back to.
pub(super) fn is_over(error: &SessionError) -> bool {
    matches!(error, SessionError::NotFound { .. } | SessionError::Expired { .. })
}

#[cfg(test)]
mod tests {
    use bevy_game_session::protocol::{ErrorCode, ServiceError};

    use super::*;

    fn refused(code: ErrorCode) -> SessionError {
        ServiceError::refused(code, "because").into()
    }

    #[test]
    fn a_mistyped_code_is_called_so_and_a_host_nearby_is_no_game_service() {
        let gone = refused(ErrorCode::NotFound);
        assert!(of_failure(SessionOperation::JoinByCode, &gone, None).contains("no game with this code"));
        assert!(of_failure(SessionOperation::Join, &gone, None).contains("no longer exists"));
        let silent = refused(ErrorCode::Unavailable);
        let said = |reach| of_failure(SessionOperation::Join, &silent, Some(reach));
        assert!(said(Reach::Online).contains("game service"));
        assert!(!said(Reach::Lan).contains("game service"));
    }
}
