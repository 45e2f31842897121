//! What a process asks the service: the twelve actions.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    BackfillPlayer, DecodeError, PlayerSessionCreationPolicy,
    keys::{self, Head},
};

macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
            #[serde(rename_all = "PascalCase", default)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl From<$name> for Request {
                fn from(request: $name) -> Self {
                    Self::$name(request)
                }
            }
        )+

        /// One request of a process.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum Request {
            $($(#[$doc])* $name($name),)+
        }

        impl Request {
            /// The word in `Action`.
            pub fn action(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)+
                }
            }

            fn from_fields(head: &Head, fields: Map<String, Value>) -> Result<Self, DecodeError> {
                match head.action.as_str() {
                    $(stringify!($name) => keys::body(head, fields).map(Self::$name),)+
                    _ => Err(DecodeError::UnknownAction {
                        action: head.action.clone(),
                        request_id: head.request_id.clone(),
                    }),
                }
            }
        }
    };
}

requests! {
    /// `ProcessReady`: the process can host a game session.
    ActivateServerProcess {
        /// Version of the SDK that asks.
        sdk_version: String,
        /// Language of the SDK that asks.
        sdk_language: String,
        /// Name of a tool around the SDK.
        #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "keys::non_empty")]
        sdk_tool_name: Option<String>,
        /// Version of that tool.
        #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "keys::non_empty")]
        sdk_tool_version: Option<String>,
        /// The port players connect to.
        port: u16,
        /// Files that the service collects when the process ends.
        log_paths: Vec<String>,
    }
    /// The process is alive, and well or not.
    HeartbeatServerProcess {
        /// Whether the game says that it is well.
        health_status: bool,
    }
    /// The game session is ready for players.
    ActivateGameSession {
        /// The game session.
        game_session_id: String,
    }
    /// A player has come.
    AcceptPlayerSession {
        /// The game session.
        game_session_id: String,
        /// The player's seat.
        player_session_id: String,
    }
    /// A player has gone.
    RemovePlayerSession {
        /// The game session.
        game_session_id: String,
        /// The player's seat.
        player_session_id: String,
    }
    /// Opens or closes the game session for new players.
    UpdatePlayerSessionCreationPolicy {
        /// The game session.
        game_session_id: String,
        /// The new policy. (The key is `PlayerSessionPolicy`.)
        player_session_policy: PlayerSessionCreationPolicy,
    }
    /// `ProcessEnding`: the process is about to exit.
    TerminateServerProcess {}
    /// Asks for player sessions by exactly one of the three ids.
    DescribePlayerSessions {
        /// All seats of this game session.
        #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "keys::non_empty")]
        game_session_id: Option<String>,
        /// All seats of this player.
        #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "keys::non_empty")]
        player_id: Option<String>,
        /// This one seat.
        #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "keys::non_empty")]
        player_session_id: Option<String>,
        /// Only seats in this status.
        #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "keys::non_empty")]
        player_session_status_filter: Option<String>,
        /// Where the last page ended.
        #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "keys::non_empty")]
        next_token: Option<String>,
        /// Seats per page.
        #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "keys::positive")]
        limit: Option<u32>,
    }
    /// Asks the matchmaker for more players.
    StartMatchBackfill {
        /// The game session.
        game_session_arn: String,
        /// The matchmaking configuration.
        matchmaking_configuration_arn: String,
        /// The ticket's id; empty lets the service make one.
        ticket_id: String,
        /// Who is in the game now.
        players: Vec<BackfillPlayer>,
    }
    /// Takes a backfill back.
    StopMatchBackfill {
        /// The game session.
        game_session_arn: String,
        /// The matchmaking configuration.
        matchmaking_configuration_arn: String,
        /// The ticket's id.
        ticket_id: String,
    }
    /// Asks where the compute's TLS certificate is.
    GetComputeCertificate {}
    /// Asks for credentials of a role of the fleet.
    GetFleetRoleCredentials {
        /// The role.
        role_arn: String,
        /// The name under which the role is taken.
        role_session_name: String,
    }
}

impl Request {
    /// The whole text frame for this request.
    #[expect(clippy::missing_panics_doc, reason = "it cannot panic")]
    pub fn encode(&self, request_id: &str) -> String {
        #[derive(Serialize)]
        struct Frame<'a> {
            #[serde(rename = "Action")]
            action: &'a str,
            #[serde(rename = "RequestId")]
            request_id: &'a str,
            #[serde(flatten)]
            body: &'a Request,
        }
        serde_json::to_string(&Frame {
            action: self.action(),
            request_id,
            body: self,
        })
        .expect("requests hold only strings, numbers and maps with string keys")
    }
}

/// A request as a service reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestFrame {
    /// The id that the reply must carry.
    pub request_id: String,
    /// What is asked.
    pub request: Request,
}

impl RequestFrame {
    /// Reads one text frame of a process.
    ///
    /// # Errors
    /// [`DecodeError::NotAnObject`] for a frame to ignore, the others for one to answer with status 400.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let (head, fields) = keys::open(text)?;
        let request = Request::from_fields(&head, fields)?;
        Ok(Self {
            request_id: head.request_id,
            request,
        })
    }
}
