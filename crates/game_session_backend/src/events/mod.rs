//! The ends of a queue's placements, as AWS tells them: over SNS, or by `EventBridge`.
//!
//! Neither promises order, or that a message comes once, or at all. So an event only ever says that a placement is over,
//! which is written down once and never changed, and what events do not tell is found by
//! [`reconcile`](crate::reconcile()).
//!
//! A plain server takes messages of SNS at `POST /v1/events/sns` and checks who signed them ([`PlacementEvents::sns`]);
//! a function is invoked, and hands what it was given to [`handle_invocation`].
//!
//! [`PlacementEvents::sns`]: crate::PlacementEvents::sns

mod certificates;
mod signature;
pub(crate) mod sns;
mod time;

use serde::Deserialize;

use crate::gamelift::PlacedSeat;
use crate::keyring::SessionToken;
use crate::queue::{LedgerError, Outcome, Spot};
use crate::state::AppState;

pub(crate) use time::millis_of;

const SOURCE: &str = "aws.gamelift";
const DETAIL_TYPE: &str = "GameLift Queue Placement Event";
/// More seats of one placement are not read.
const MOST_SEATS: usize = 200;

/// The end of one placement, as an event tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementEvent {
    queues: Vec<String>,
    placement_id: String,
    outcome: Outcome,
}

/// An event that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// It is no event of a placement.
    #[error("this is no placement event: {0}")]
    Malformed(&'static str),
    /// It is about something else than the queue of this backend.
    #[error("this event is not for this backend: {0}")]
    Foreign(&'static str),
    /// It could not be written down, or acted on: it should come again.
    #[error("the event could not be taken, send it again: {0}")]
    Unavailable(String),
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The placement's end is known now, or was before.
    Settled,
    /// Another backend made the placement, or a person.
    NotOurs,
}

#[derive(Deserialize)]
struct Raw {
    source: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    #[serde(default)]
    resources: Vec<String>,
    detail: RawDetail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDetail {
    placement_id: String,
    #[serde(rename = "type")]
    kind: String,
    end_time: Option<String>,
    game_session_arn: Option<String>,
    #[serde(default)]
    placed_player_sessions: Vec<RawSeat>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSeat {
    player_id: String,
    player_session_id: String,
}

impl PlacementEvent {
    /// Reads an event as `EventBridge` delivers it, and as the message of SNS holds it.
    ///
    /// # Errors
    /// [`EventError::Malformed`] and [`EventError::Foreign`].
    pub fn parse(json: &str) -> Result<Self, EventError> {
        let raw: Raw = serde_json::from_str(json).map_err(|_| EventError::Malformed("it lacks a member"))?;
        if raw.source != SOURCE {
            return Err(EventError::Foreign("its source is another one"));
        }
        if raw.detail_type != DETAIL_TYPE {
            return Err(EventError::Foreign("it tells of something else"));
        }
        let detail = raw.detail;
        let outcome = match detail.kind.as_str() {
            "PlacementFulfilled" => {
                let arn = detail.game_session_arn.and_then(|arn| arn.parse().ok());
                let seat = |seat: RawSeat| {
                    let id = seat.player_session_id.parse().ok()?;
                    let player = seat.player_id;
                    Some(PlacedSeat { player, id })
                };
                let seats = detail.placed_player_sessions.into_iter().take(MOST_SEATS);
                Outcome::Placed(Spot {
                    arn: arn.ok_or(EventError::Malformed("it names no game session"))?,
                    seats: seats.filter_map(seat).collect(),
                    at_ms: detail.end_time.as_deref().and_then(millis_of).unwrap_or(0),
                })
            }
            "PlacementCancelled" => Outcome::Cancelled,
            "PlacementTimedOut" => Outcome::TimedOut,
            "PlacementFailed" => Outcome::Failed,
            _ => return Err(EventError::Foreign("it tells of another end than is known")),
        };
        Ok(Self {
            queues: raw.resources,
            placement_id: detail.placement_id,
            outcome,
        })
    }
}

/// Takes an event that is known to be AWS's: from a function that only a topic or a rule may invoke.
///
/// # Errors
/// [`EventError`]; after [`Unavailable`](EventError::Unavailable) the event should come again.
pub async fn handle(state: &AppState, event: PlacementEvent) -> Result<Heard, EventError> {
    let shared = &state.0;
    let queue = shared.queue.as_ref().ok_or(EventError::Foreign("it has no queue"))?;
    if !event.queues.iter().any(|arn| queue.target.has_arn(arn)) {
        return Err(EventError::Foreign("its queue is another one"));
    }
    let ours = SessionToken::parse(&event.placement_id).filter(|token| shared.ring.session_key(token).is_some());
    let Some(token) = ours else {
        tracing::debug!("a placement event is about a placement that this backend did not make");
        return Ok(Heard::NotOurs);
    };
    shared.listings_changed();
    match queue.settle(&token, event.outcome).await {
        Ok(_) => Ok(Heard::Settled),
        Err(error) => {
            tracing::warn!(trace_id = shared.ring.trace_id(&token), %error, "a placement event could not be taken");
            Err(EventError::Unavailable(match error {
                LedgerError::Rows(_) => "the shared state cannot be used".to_owned(),
                LedgerError::GameLift(error) => format!("{} failed", error.operation),
            }))
        }
    }
}

/// Takes what a function was invoked with: an event of an `EventBridge` rule, or the records of an SNS topic. All records
/// are taken, also after one that cannot be.
///
/// # Errors
/// The first [`EventError`]. One that is not [`Unavailable`](EventError::Unavailable) stays when the event comes again.
pub async fn handle_invocation(state: &AppState, payload: &serde_json::Value) -> Result<(), EventError> {
    let Some(records) = payload.get("Records").and_then(serde_json::Value::as_array) else {
        let event = PlacementEvent::parse(&payload.to_string())?;
        return handle(state, event).await.map(drop);
    };
    let mut first = Ok(());
    for record in records {
        let message = record.pointer("/Sns/Message").and_then(serde_json::Value::as_str);
        let taken = match message.ok_or(EventError::Malformed("a record holds no message")) {
            Ok(message) => match PlacementEvent::parse(message) {
                Ok(event) => handle(state, event).await.map(drop),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        first = first.and(taken);
    }
    first
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn event(kind: &str) -> Value {
        json!({
            "version": "0", "id": "x", "detail-type": DETAIL_TYPE, "source": SOURCE, "account": "1", "region": "r",
            "time": "2026-01-01T00:00:00Z", "resources": ["arn:aws:gamelift:r:1:gamesessionqueue/arena"],
            "detail": {"placementId": "k1-A", "type": kind, "endTime": "1970-01-01T00:00:02.500Z", "port": "7777",
                "gameSessionArn": "arn:aws:gamelift:r::gamesession/fleet-1/x",
                "placedPlayerSessions": [{"playerId": "ann", "playerSessionId": "psess-1"}]},
        })
    }

    fn outcome(event: &Value) -> Result<Outcome, EventError> {
        PlacementEvent::parse(&event.to_string()).map(|event| event.outcome)
    }

    #[test]
    fn every_kind_of_event_is_read() {
        let Ok(Outcome::Placed(spot)) = outcome(&event("PlacementFulfilled")) else {
            panic!("it is fulfilled");
        };
        assert_eq!((spot.at_ms, spot.seats.len()), (2500, 1));
        assert_eq!(outcome(&event("PlacementCancelled")), Ok(Outcome::Cancelled));
        assert_eq!(outcome(&event("PlacementTimedOut")), Ok(Outcome::TimedOut));
        assert_eq!(outcome(&event("PlacementFailed")), Ok(Outcome::Failed));
    }

    #[test]
    fn what_is_no_placement_event_is_refused() {
        let with = |pointer: &str, value: Value| {
            let mut event = event("PlacementFulfilled");
            if let Some(member) = event.pointer_mut(pointer) {
                *member = value;
            }
            outcome(&event)
        };
        assert!(matches!(with("/source", json!("aws.ec2")), Err(EventError::Foreign(_))));
        assert!(matches!(with("/detail-type", json!("x")), Err(EventError::Foreign(_))));
        assert!(matches!(with("/detail/type", json!("x")), Err(EventError::Foreign(_))));
        assert!(matches!(
            with("/detail/gameSessionArn", json!("<x>")),
            Err(EventError::Malformed(_))
        ));
        assert!(matches!(with("/detail", json!({})), Err(EventError::Malformed(_))));
    }

    proptest! {
        #[test]
        fn no_text_is_read_with_a_panic(text in "\\PC{0,200}") {
            let _ = PlacementEvent::parse(&text);
        }
    }
}
