//! The SDK's words in ours.

use std::time::{Duration, SystemTime};

use game_session_protocol::host::SecretText;
use game_session_protocol::{BackfillOutcome, HostError, HostEvent, HostedGameSession};
use gamelift_server_sdk::{Error, GameSession, GameSessionUpdate, UpdateReason};

/// A game session as we know it.
pub(super) fn hosted(session: &GameSession) -> Result<HostedGameSession, HostError> {
    let id = session.id().parse().map_err(|error| HostError::Refused {
        action: "host a game session",
        message: format!("GameLift sent an {error}"),
    })?;
    Ok(HostedGameSession {
        id,
        name: session.name().to_owned(),
        max_players: u16::try_from(session.max_players()).unwrap_or(u16::MAX),
        properties: session.game_properties().clone(),
        public_address: session
            .ip_address()
            .parse()
            .ok()
            .map(|ip: std::net::IpAddr| (ip, session.port()).into()),
        matchmaker_data: Some(session.matchmaker_data().to_owned()).filter(|data| !data.is_empty()),
        session_data: SecretText::new(session.game_session_data()),
    })
}

/// What an update of the game session means.
pub(super) fn updated(update: &GameSessionUpdate) -> Result<HostEvent, HostError> {
    let outcome = match update.reason() {
        UpdateReason::MatchmakingDataUpdated => {
            return hosted(update.game_session()).map(HostEvent::GameSessionUpdated);
        }
        UpdateReason::BackfillFailed => BackfillOutcome::Failed,
        UpdateReason::BackfillTimedOut => BackfillOutcome::TimedOut,
        UpdateReason::BackfillCancelled => BackfillOutcome::Cancelled,
        _ if update.backfill_ticket_id().is_empty() => {
            return hosted(update.game_session()).map(HostEvent::GameSessionUpdated);
        }
        _ => BackfillOutcome::Unknown,
    };
    let ticket_id = update.backfill_ticket_id().to_owned();
    Ok(HostEvent::BackfillEnded { ticket_id, outcome })
}

/// What is left until a time on the system's clock.
pub(super) fn time_left(termination: Option<SystemTime>) -> Option<Duration> {
    termination.map(|time| time.duration_since(SystemTime::now()).unwrap_or_default())
}

/// A failed call, with the one distinction that matters: whether asking again may help.
pub(super) fn refused(action: &'static str, error: &Error) -> HostError {
    let message = error.to_string();
    match error {
        error if error.is_retryable() => HostError::Unavailable { action, message },
        Error::Disconnected { .. } => HostError::Unavailable { action, message },
        Error::NotReady { .. } | Error::NoGameSession { .. } | Error::AlreadyReady | Error::Ended => {
            HostError::WrongState { action, message }
        }
        Error::Validation { .. } | Error::Connect { .. } | Error::AlreadyInitialized { .. } => {
            HostError::Settings { message }
        }
        _ => HostError::Refused { action, message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_termination_time_in_the_past_leaves_no_time_and_an_absurd_one_is_no_panic() {
        assert_eq!(time_left(None), None);
        assert_eq!(time_left(Some(SystemTime::UNIX_EPOCH)), Some(Duration::ZERO));
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(u32::MAX.into());
        assert!(time_left(Some(far)).is_some_and(|left| left > Duration::from_secs(1)));
    }
}
