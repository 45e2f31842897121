//! What the service answers.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    DecodeError, PlayerSessionStatus,
    keys::{self, Head},
};
use crate::proto::Secret;

/// The answer to one request: bare, with a result, or a failure.
#[derive(Clone, PartialEq)]
pub struct Reply {
    /// The request's action, repeated.
    pub action: String,
    /// The request's id, repeated.
    pub request_id: String,
    /// 200 for success. `None` when it was missing or no integer, which counts as an internal error.
    pub status_code: Option<u16>,
    /// What went wrong, in the service's words.
    pub error_message: Option<String>,
    fields: Map<String, Value>,
}

impl Reply {
    /// A bare success.
    pub fn success(action: &str, request_id: &str) -> Self {
        Self {
            action: action.to_owned(),
            request_id: request_id.to_owned(),
            status_code: Some(200),
            error_message: None,
            fields: Map::new(),
        }
    }

    /// A success with one of the result types of this module.
    pub fn with_result<T: Serialize>(action: &str, request_id: &str, result: &T) -> Self {
        let fields = match serde_json::to_value(result) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        Self {
            fields,
            ..Self::success(action, request_id)
        }
    }

    /// A failure with a status such as 400 and a message.
    pub fn failure(action: &str, request_id: &str, status_code: u16, message: &str) -> Self {
        Self {
            status_code: Some(status_code),
            error_message: Some(message.to_owned()),
            ..Self::success(action, request_id)
        }
    }

    /// Reads the result of a success.
    ///
    /// # Errors
    /// [`DecodeError::BadField`] when a field has the wrong type.
    pub fn result<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let head = Head {
            action: self.action.clone(),
            request_id: self.request_id.clone(),
        };
        keys::body(&head, self.fields.clone())
    }

    /// The whole text frame.
    #[expect(clippy::missing_panics_doc, reason = "it cannot panic")]
    pub fn encode(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Frame<'a> {
            action: &'a str,
            request_id: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            status_code: Option<u16>,
            #[serde(skip_serializing_if = "Option::is_none")]
            error_message: Option<&'a str>,
            #[serde(flatten)]
            fields: &'a Map<String, Value>,
        }
        serde_json::to_string(&Frame {
            action: &self.action,
            request_id: &self.request_id,
            status_code: self.status_code,
            error_message: self.error_message.as_deref(),
            fields: &self.fields,
        })
        .expect("a reply holds only JSON values")
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("action", &self.action)
            .field("request_id", &self.request_id)
            .field("status_code", &self.status_code)
            .field("error_message", &self.error_message)
            .finish_non_exhaustive()
    }
}

pub(super) fn from_fields(head: Head, mut fields: Map<String, Value>) -> Reply {
    let status_code = match fields.remove("StatusCode") {
        Some(Value::Number(number)) => number.as_u64().and_then(|code| u16::try_from(code).ok()),
        _ => None,
    };
    let error_message = match fields.remove("ErrorMessage") {
        Some(Value::String(message)) if !message.is_empty() => Some(message),
        _ => None,
    };
    Reply {
        action: head.action,
        request_id: head.request_id,
        status_code,
        error_message,
        fields,
    }
}

/// One page of player sessions: the result of `DescribePlayerSessions`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PlayerSessions {
    /// Where the next page starts; empty on the last one.
    pub next_token: String,
    /// The seats of this page.
    pub player_sessions: Vec<PlayerSession>,
}

/// One seat as the service knows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PlayerSession {
    /// The player.
    pub player_id: String,
    /// The seat.
    pub player_session_id: String,
    /// The game session.
    pub game_session_id: String,
    /// The fleet.
    pub fleet_id: String,
    /// What the game attached to the player.
    pub player_data: String,
    /// The address to connect to.
    pub ip_address: String,
    /// The port to connect to.
    pub port: u16,
    /// Epoch milliseconds.
    pub creation_time: i64,
    /// Epoch milliseconds, 0 while the seat lives.
    pub termination_time: i64,
    /// The name to connect to, on fleets with TLS.
    pub dns_name: String,
    /// Where the seat is in its life.
    pub status: PlayerSessionStatus,
}

/// The result of `StartMatchBackfill`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct StartedMatchBackfill {
    /// The ticket's id.
    pub ticket_id: String,
}

/// The result of `GetComputeCertificate`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ComputeCertificate {
    /// The file with the certificate; empty when there is none.
    pub certificate_path: String,
    /// The compute.
    pub compute_name: String,
}

/// The result of `GetFleetRoleCredentials`. An empty `access_key_id` means that the fleet is not a managed one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct FleetRoleCredentials {
    /// The role as it was taken.
    pub assumed_role_user_arn: String,
    /// The id of that.
    pub assumed_role_id: String,
    /// The access key's id.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: Secret,
    /// The session token that belongs to the key.
    pub session_token: Secret,
    /// Epoch milliseconds.
    pub expiration: i64,
}
