//! What the routes of the original contract take and answer, with the original's casing.

use game_session_protocol::PlayerId;
use serde::{Deserialize, Serialize};

use crate::checks::{check_name, check_players, without_ours};
use crate::gamelift::{GameSessionRecord, PlayerSessionRecord};
use crate::problem::Problem;

/// The body of `/create_session`. `build_id` is sent too and was never read.
#[derive(Debug, Deserialize)]
pub(super) struct CreateRequest {
    session_name: String,
    uuid: String,
    num_connections: f64,
}

/// The body of `/join_session`.
#[derive(Debug, Deserialize)]
pub(super) struct JoinRequest {
    #[serde(rename = "GameSessionId")]
    pub(super) game_session_id: String,
    uuid: String,
}

impl CreateRequest {
    /// Name, seats and player, checked.
    pub(super) fn checked(self) -> Result<(String, u16, PlayerId), Problem> {
        check_name(&self.session_name)?;
        let whole = self.num_connections.fract() == 0.0 && (1.0..=65_535.0).contains(&self.num_connections);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be a whole number that fits"
        )]
        let seats = if whole { self.num_connections as u16 } else { 0 };
        check_players(seats).map_err(|_| Problem::invalid("num_connections must be 1 to 200"))?;
        Ok((self.session_name, seats, player(&self.uuid)?))
    }
}

impl JoinRequest {
    pub(super) fn player(&self) -> Result<PlayerId, Problem> {
        player(&self.uuid)
    }
}

fn player(uuid: &str) -> Result<PlayerId, Problem> {
    uuid.parse().map_err(|error| Problem::invalid(format!("uuid: {error}")))
}

/// A player session as the original's lambda answered it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PlayerSessionObject {
    player_session_id: String,
    player_id: String,
    game_session_id: String,
    #[serde(flatten)]
    fleet: FleetNames,
    creation_time: String,
    status: &'static str,
    ip_address: String,
    port: u16,
}

impl PlayerSessionObject {
    /// `None` when the game session has no address.
    pub(super) fn new(
        seat: &PlayerSessionRecord,
        record: &GameSessionRecord,
        sealed_id: &str,
        created_ms: u64,
    ) -> Option<Self> {
        Some(Self {
            player_session_id: seat.id.as_str().to_owned(),
            player_id: seat.player.clone(),
            game_session_id: sealed_id.to_owned(),
            fleet: FleetNames::of(record),
            creation_time: time_text(created_ms),
            status: "RESERVED",
            ip_address: record.ip_address.clone()?,
            port: record.port?,
        })
    }
}

/// A game session as the original's lambda answered it, without `GameSessionData`, `MatchmakerData` and `CreatorId`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GameSessionObject {
    game_session_id: String,
    name: String,
    #[serde(flatten)]
    fleet: FleetNames,
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_time: Option<String>,
    current_player_session_count: u16,
    maximum_player_session_count: u16,
    status: &'static str,
    game_properties: Vec<Property>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    player_session_creation_policy: &'static str,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Property {
    key: String,
    value: String,
}

/// The fleet, as far as the game session's id tells it: an ARN without the account's number.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FleetNames {
    fleet_id: String,
    fleet_arn: String,
}

impl FleetNames {
    fn of(record: &GameSessionRecord) -> Self {
        let mut parts = record.arn.as_str().split("gamesession/");
        let head = parts.next().unwrap_or_default();
        let fleet_id = parts.next().and_then(|rest| rest.split('/').next()).unwrap_or_default();
        Self {
            fleet_id: fleet_id.to_owned(),
            fleet_arn: format!("{head}fleet/{fleet_id}"),
        }
    }
}

impl GameSessionObject {
    pub(super) fn new(record: &GameSessionRecord, sealed_id: &str) -> Self {
        let properties = without_ours(&record.properties).into_iter();
        Self {
            game_session_id: sealed_id.to_owned(),
            name: record.name.clone(),
            fleet: FleetNames::of(record),
            creation_time: record.created_at_ms.map(time_text),
            current_player_session_count: record.current_players,
            maximum_player_session_count: record.max_players,
            status: "ACTIVE",
            game_properties: properties.map(|(key, value)| Property { key, value }).collect(),
            ip_address: record.ip_address.clone(),
            port: record.port,
            player_session_creation_policy: "ACCEPT_ALL",
        }
    }
}

fn time_text(millis: u64) -> String {
    httpdate::fmt_http_date(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(millis))
}
