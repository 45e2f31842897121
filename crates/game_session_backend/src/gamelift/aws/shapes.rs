//! The types of the AWS SDK as ours, and ours as its.

use aws_sdk_gamelift::types::{
    GameProperty, GameSession, GameSessionPlacement, GameSessionPlacementState, GameSessionStatus as AwsStatus,
    LocationModel, PlayerLatency, PlayerSession, PlayerSessionCreationPolicy as AwsPolicy,
    PlayerSessionStatus as AwsSeatStatus,
};
use game_session_protocol::host::SecretText;
use game_session_protocol::{GameProperties, Latencies, PlayerSessionPolicy};

use super::errors::unreadable;
use crate::gamelift::{
    GameLiftError, GameSessionRecord, GameSessionStatus, PlacedSeat, PlacementRecord, PlacementStatus,
    PlayerSessionRecord, PlayerSessionStatus, RecordPage,
};

/// What cannot be read is left out: it is nothing that this backend made.
pub(super) fn page(call: &'static str, list: Option<Vec<GameSession>>, next_token: Option<String>) -> RecordPage {
    let records = list
        .unwrap_or_default()
        .into_iter()
        .filter_map(|one| record(call, Some(one)).ok())
        .collect();
    RecordPage { records, next_token }
}

pub(super) fn record(
    operation: &'static str,
    session: Option<GameSession>,
) -> Result<GameSessionRecord, GameLiftError> {
    let session = session.ok_or_else(|| unreadable(operation))?;
    let arn = session
        .game_session_id()
        .and_then(|arn| arn.parse().ok())
        .ok_or_else(|| unreadable(operation))?;
    let count = |value: Option<i32>| value.and_then(|value| u16::try_from(value).ok()).unwrap_or(0);
    Ok(GameSessionRecord {
        arn,
        status: session.status().map_or(GameSessionStatus::Unknown, status_in),
        name: session.name().unwrap_or_default().to_owned(),
        max_players: count(session.maximum_player_session_count()),
        current_players: count(session.current_player_session_count()),
        policy: match session.player_session_creation_policy() {
            Some(AwsPolicy::DenyAll) => PlayerSessionPolicy::DenyAll,
            _ => PlayerSessionPolicy::AcceptAll,
        },
        properties: properties_in(session.game_properties()),
        ip_address: session
            .ip_address()
            .filter(|address| !address.is_empty())
            .map(str::to_owned),
        port: session
            .port()
            .and_then(|port| u16::try_from(port).ok())
            .filter(|port| *port != 0),
        location: session
            .location()
            .filter(|location| !location.is_empty())
            .map(str::to_owned),
        created_at_ms: session
            .creation_time()
            .and_then(|time| time.to_millis().ok()?.try_into().ok()),
        session_data: SecretText::new(session.game_session_data().unwrap_or_default()),
    })
}

pub(super) fn seat(seat: &PlayerSession) -> Option<PlayerSessionRecord> {
    Some(PlayerSessionRecord {
        id: seat.player_session_id()?.parse().ok()?,
        arn: seat.game_session_id()?.parse().ok()?,
        player: seat.player_id().unwrap_or_default().to_owned(),
        status: match seat.status() {
            Some(AwsSeatStatus::Reserved) => PlayerSessionStatus::Reserved,
            Some(AwsSeatStatus::Active) => PlayerSessionStatus::Active,
            Some(AwsSeatStatus::Completed) => PlayerSessionStatus::Completed,
            Some(AwsSeatStatus::Timedout) => PlayerSessionStatus::TimedOut,
            _ => PlayerSessionStatus::Unknown,
        },
    })
}

pub(super) fn placement(
    operation: &'static str,
    placement: Option<GameSessionPlacement>,
) -> Result<PlacementRecord, GameLiftError> {
    let placement = placement.ok_or_else(|| unreadable(operation))?;
    let millis = |time: Option<&aws_sdk_gamelift::primitives::DateTime>| time?.to_millis().ok()?.try_into().ok();
    let seats = placement.placed_player_sessions().iter().filter_map(|seat| {
        Some(PlacedSeat {
            player: seat.player_id()?.to_owned(),
            id: seat.player_session_id()?.parse().ok()?,
        })
    });
    Ok(PlacementRecord {
        status: placement.status().map_or(PlacementStatus::Unknown, placement_status_in),
        arn: placement.game_session_arn().and_then(|arn| arn.parse().ok()),
        seats: seats.collect(),
        name: placement.game_session_name().unwrap_or_default().to_owned(),
        max_players: placement
            .maximum_player_session_count()
            .and_then(|count| u16::try_from(count).ok())
            .unwrap_or(0),
        properties: properties_in(placement.game_properties()),
        session_data: SecretText::new(placement.game_session_data().unwrap_or_default()),
        started_at_ms: millis(placement.start_time()),
        ended_at_ms: millis(placement.end_time()),
    })
}

fn placement_status_in(status: &GameSessionPlacementState) -> PlacementStatus {
    match status {
        GameSessionPlacementState::Pending => PlacementStatus::Pending,
        GameSessionPlacementState::Fulfilled => PlacementStatus::Fulfilled,
        GameSessionPlacementState::Cancelled => PlacementStatus::Cancelled,
        GameSessionPlacementState::TimedOut => PlacementStatus::TimedOut,
        GameSessionPlacementState::Failed => PlacementStatus::Failed,
        _ => PlacementStatus::Unknown,
    }
}

/// None when nothing was measured: an empty list would have the queue's latency policies apply.
pub(super) fn latencies_out(player: &str, latencies: &Latencies) -> Option<Vec<PlayerLatency>> {
    let latency = |(location, millis)| {
        PlayerLatency::builder()
            .player_id(player)
            .region_identifier(location)
            .latency_in_milliseconds(f32::from(millis))
            .build()
    };
    (!latencies.is_empty()).then(|| latencies.iter().map(latency).collect())
}

/// A location and its UDP ping beacon, if it has one.
pub(super) fn beacon(location: &LocationModel) -> Option<(String, String)> {
    let endpoint = location.ping_beacon()?.udp_endpoint()?;
    let (host, port) = (endpoint.domain()?, endpoint.port()?);
    let port = u16::try_from(port).ok().filter(|port| *port != 0)?;
    Some((location.location_name()?.to_owned(), format!("{host}:{port}")))
}

fn status_in(status: &AwsStatus) -> GameSessionStatus {
    match status {
        AwsStatus::Activating => GameSessionStatus::Activating,
        AwsStatus::Active => GameSessionStatus::Active,
        AwsStatus::Terminating => GameSessionStatus::Terminating,
        AwsStatus::Terminated => GameSessionStatus::Terminated,
        AwsStatus::Error => GameSessionStatus::Error,
        _ => GameSessionStatus::Unknown,
    }
}

pub(super) fn status_out(status: GameSessionStatus) -> &'static str {
    match status {
        GameSessionStatus::Activating => "ACTIVATING",
        GameSessionStatus::Terminating => "TERMINATING",
        GameSessionStatus::Terminated => "TERMINATED",
        GameSessionStatus::Active | GameSessionStatus::Error | GameSessionStatus::Unknown => "ACTIVE",
    }
}

pub(super) fn policy_out(policy: PlayerSessionPolicy) -> AwsPolicy {
    match policy {
        PlayerSessionPolicy::AcceptAll => AwsPolicy::AcceptAll,
        PlayerSessionPolicy::DenyAll => AwsPolicy::DenyAll,
    }
}

fn properties_in(list: &[GameProperty]) -> GameProperties {
    list.iter()
        .filter_map(|pair| Some((pair.key()?.to_owned(), pair.value()?.to_owned())))
        .collect()
}

/// Always in the same order, so that a retry is the same call.
pub(super) fn properties_out(properties: GameProperties) -> Option<Vec<GameProperty>> {
    let pair = |(key, value)| GameProperty::builder().key(key).value(value).build();
    (!properties.is_empty()).then(|| properties.into_iter().map(pair).collect())
}
