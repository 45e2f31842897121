//! The moments of a game session and of its players, for its time line.

use serde::{Deserialize, Serialize};

use serde_json::Value;

use super::{World, chronicle::Caller};
use crate::model::timestamp::Timestamp;

/// A trace id is no longer than this; anything longer is something else.
const MAX_TRACE: usize = 128;

/// When what happened to a game session, besides its creation and its end.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Story {
    /// When the request that led to it came.
    pub(super) called: Option<Timestamp>,
    /// The id under which the caller follows that request.
    pub(super) request_trace: Option<String>,
    /// The trace id in the session data, of which nothing else is told.
    pub(super) data_trace: Option<String>,
    pub(super) activated: Option<Timestamp>,
    pub(super) asked_to_end: Option<Timestamp>,
}

/// The same of a player session.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct SeatStory {
    pub(super) request_trace: Option<String>,
    pub(super) accepted: Option<Timestamp>,
}

impl Story {
    pub(super) fn begin(caller: &Caller, session_data: Option<&str>) -> Self {
        Self {
            called: caller.at,
            request_trace: caller.trace.clone(),
            data_trace: session_data.and_then(trace_in),
            activated: None,
            asked_to_end: None,
        }
    }
}

impl World {
    pub(super) fn seat_story(&self) -> SeatStory {
        SeatStory {
            request_trace: self.caller.trace.clone(),
            accepted: None,
        }
    }
}

/// The trace id of a session data that is a JSON object with one.
fn trace_in(session_data: &str) -> Option<String> {
    let data: Value = serde_json::from_str(session_data).ok()?;
    let trace = data.get("trace_id").or_else(|| data.get("trace"))?.as_str()?;
    is_a_trace(trace).then(|| trace.to_owned())
}

/// Whether a text looks like a trace id: short, and of the letters such ids are written with.
pub(crate) fn is_a_trace(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:=;/+".contains(&byte);
    (1..=MAX_TRACE).contains(&text.len()) && text.bytes().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_trace_id_of_the_session_data_is_told() {
        let data = r#"{"key":"secret","trace_id":"4f2a"}"#;
        assert_eq!(trace_in(data).as_deref(), Some("4f2a"));
        assert_eq!(trace_in(r#"{"trace":"a-b"}"#).as_deref(), Some("a-b"));
        for data in [
            "",
            "no json",
            r#"{"trace_id":7}"#,
            r#"{"trace_id":"<b>"}"#,
            r#"["trace"]"#,
            r#"{"trace":""}"#,
        ] {
            assert_eq!(trace_in(data), None, "{data}");
        }
    }
}
