//! Brings the many spellings of keys into one: any case in, PascalCase out, `null` dropped.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::DecodeError;

/// Every key of the protocol, as it is spelled when sent, in the order of their bytes.
const KEYS: &[&str] = &[
    "AccessKeyId",
    "Action",
    "AssumedRoleId",
    "AssumedRoleUserArn",
    "AttrType",
    "AuthToken",
    "BackfillTicketId",
    "CertificatePath",
    "ComputeName",
    "CreationTime",
    "DnsName",
    "ErrorMessage",
    "Expiration",
    "FleetId",
    "GameProperties",
    "GameSession",
    "GameSessionArn",
    "GameSessionData",
    "GameSessionId",
    "GameSessionName",
    "HealthStatus",
    "IpAddress",
    "LatencyInMs",
    "Limit",
    "Location",
    "LogPaths",
    "MatchmakerData",
    "MatchmakingConfigurationArn",
    "MaximumPlayerSessionCount",
    "N",
    "Name",
    "NextToken",
    "PlayerAttributes",
    "PlayerData",
    "PlayerId",
    "PlayerSessionId",
    "PlayerSessionPolicy",
    "PlayerSessionStatusFilter",
    "PlayerSessions",
    "Players",
    "Port",
    "RefreshConnectionEndpoint",
    "RequestId",
    "RoleArn",
    "RoleSessionName",
    "S",
    "SDM",
    "SL",
    "SdkLanguage",
    "SdkToolName",
    "SdkToolVersion",
    "SdkVersion",
    "SecretAccessKey",
    "SessionToken",
    "Status",
    "StatusCode",
    "StatusReason",
    "Team",
    "TerminationTime",
    "TicketId",
    "UpdateReason",
];

/// How deep messages nest at most: players, their attributes, an attribute, its map.
const MAX_DEPTH: usize = 8;

/// What every frame starts with.
pub(super) struct Head {
    pub(super) action: String,
    pub(super) request_id: String,
}

/// Parses a frame and takes `Action` and `RequestId` off it.
pub(super) fn open(text: &str) -> Result<(Head, Map<String, Value>), DecodeError> {
    let value: Value = serde_json::from_str(text).map_err(|error| DecodeError::NotAnObject {
        reason: error.to_string(),
    })?;
    let Value::Object(fields) = value else {
        return Err(DecodeError::NotAnObject {
            reason: "it is some other JSON value".to_owned(),
        });
    };
    let mut fields = canonical(fields, 0);
    let mut word = |key: &str| match fields.remove(key) {
        Some(Value::String(word)) => word,
        _ => String::new(),
    };
    let head = Head {
        action: word("Action"),
        request_id: word("RequestId"),
    };
    Ok((head, fields))
}

/// Reads a message's body.
pub(super) fn body<T: DeserializeOwned>(head: &Head, fields: Map<String, Value>) -> Result<T, DecodeError> {
    serde_json::from_value(Value::Object(fields)).map_err(|error| DecodeError::BadField {
        action: head.action.clone(),
        request_id: head.request_id.clone(),
        reason: error.to_string(),
    })
}

/// The protocol's spelling of a key.
fn known(key: &str) -> Option<&'static str> {
    match KEYS.binary_search(&key) {
        Ok(at) => Some(KEYS[at]),
        Err(_) => KEYS.iter().copied().find(|known| known.eq_ignore_ascii_case(key)),
    }
}

/// Whether there is nothing to do: the usual reply.
fn is_canonical(fields: &Map<String, Value>) -> bool {
    fields.iter().all(|(key, value)| {
        let plain = !matches!(value, Value::Null | Value::Object(_) | Value::Array(_));
        plain && KEYS.binary_search(&key.as_str()).is_ok()
    })
}

fn canonical(fields: Map<String, Value>, depth: usize) -> Map<String, Value> {
    if is_canonical(&fields) {
        return fields;
    }
    let mut result = Map::new();
    for (key, value) in fields {
        if value.is_null() {
            continue;
        }
        let known = known(&key);
        let value = match known {
            Some("GameProperties" | "LatencyInMs" | "SDM") => without_nulls(value),
            Some("PlayerAttributes") => each_value(value, depth + 1),
            _ => inner(value, depth + 1),
        };
        let exact = known == Some(key.as_str());
        let key = match known {
            Some(known) if !exact => known.to_owned(),
            _ => key,
        };
        if exact || !result.contains_key(&key) {
            result.insert(key, value);
        }
    }
    result
}

fn inner(value: Value, depth: usize) -> Value {
    match value {
        Value::Object(fields) if depth < MAX_DEPTH => Value::Object(canonical(fields, depth)),
        Value::Array(items) if depth < MAX_DEPTH => {
            Value::Array(items.into_iter().map(|item| inner(item, depth)).collect())
        }
        other => other,
    }
}

/// A map whose keys are the user's own.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}

/// A map whose keys are the user's own and whose values are the protocol's.
fn each_value(value: Value, depth: usize) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, inner(value, depth)))
                .collect(),
        ),
        other => other,
    }
}

/// `""` is unset.
pub(super) fn non_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = serde::Deserialize::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// `0` and less is unset.
pub(super) fn positive<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let number: Option<i64> = serde::Deserialize::deserialize(deserializer)?;
    Ok(number
        .filter(|number| *number > 0)
        .map(|number| u32::try_from(number).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn keys_are_in_order() {
        assert!(super::KEYS.is_sorted());
    }
}
