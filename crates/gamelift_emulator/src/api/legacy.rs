//! The legacy profile: the calls that AWS's old GameLift Local knew, and no others.

use serde_json::Value;

use crate::model::error::{ApiError, ErrorKind};

/// All that the old tool knew.
const KNOWN: [&str; 5] = [
    "CreateGameSession",
    "CreatePlayerSession",
    "CreatePlayerSessions",
    "DescribeGameSessions",
    "DescribePlayerSessions",
];

/// Refuses what the old tool did not know, and names the location that its callers could not name.
pub(super) fn translate(operation: &str, body: &mut Value, location: String) -> Result<(), ApiError> {
    if !KNOWN.contains(&operation) {
        return Err(ApiError::new(
            ErrorKind::UnknownOperation,
            format!("the legacy profile knows only {}, not {operation}", KNOWN.join(", ")),
        ));
    }
    let Some(members) = body.as_object_mut() else {
        return Ok(());
    };
    if members.get("Location").is_some_and(|value| !value.is_null()) {
        return Err(ApiError::invalid(
            "the legacy profile knows no locations: leave Location out",
        ));
    }
    if operation == "CreateGameSession" {
        members.insert("Location".to_owned(), Value::String(location));
    }
    Ok(())
}
