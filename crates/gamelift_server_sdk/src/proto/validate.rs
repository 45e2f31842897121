//! The service's rules for what is sent, checked before anything is sent.

use super::{
    Handshake,
    message::{
        DescribePlayerSessions, GetFleetRoleCredentials, PlayerSessionCreationPolicy, PlayerSessionStatus, Request,
    },
};
use crate::Error;

fn bad(field: &'static str, reason: impl Into<String>) -> Error {
    Error::Validation {
        field,
        reason: reason.into(),
    }
}

/// `text` has 1 to `max` characters, all alphanumeric or among `extra`.
fn word(field: &'static str, text: &str, max: usize, extra: &str) -> Result<(), Error> {
    if text.is_empty() {
        return Err(bad(field, "it is missing"));
    }
    if text.len() > max {
        return Err(bad(field, format!("it is longer than {max} characters")));
    }
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c)) {
        return Err(bad(field, format!("only letters, digits and {extra} are allowed")));
    }
    Ok(())
}

pub(crate) fn validate_handshake(handshake: &Handshake) -> Result<(), Error> {
    if handshake.process_id.is_empty() {
        return Err(bad("process_id", "it is missing; set GAMELIFT_SDK_PROCESS_ID"));
    }
    if handshake.process_id.len() > 1024 {
        return Err(bad("process_id", "it is longer than 1024 characters"));
    }
    if handshake.fleet_id.is_empty() {
        return Err(bad("fleet_id", "it is missing; set GAMELIFT_SDK_FLEET_ID"));
    }
    word("fleet_id", &handshake.fleet_id, 256, ".-")?;
    if handshake.host_id.is_empty() {
        return Err(bad("host_id", "it is missing; set GAMELIFT_SDK_HOST_ID"));
    }
    word("host_id", &handshake.host_id, 256, "-/")?;
    let parts: Vec<&str> = handshake.host_id.split('/').collect();
    if parts.len() > 2 || parts.contains(&"") {
        return Err(bad("host_id", "it may have one / between two words"));
    }
    Ok(())
}

/// Checks one request before it is sent.
pub(super) fn validate(request: &Request) -> Result<(), Error> {
    match request {
        Request::ActivateServerProcess(ready) if !(1..=60_000).contains(&ready.port) => {
            Err(bad("port", "it must be 1 to 60000"))
        }
        Request::AcceptPlayerSession(accept) => seat(&accept.player_session_id),
        Request::RemovePlayerSession(remove) => seat(&remove.player_session_id),
        Request::UpdatePlayerSessionCreationPolicy(update) => match &update.player_session_policy {
            PlayerSessionCreationPolicy::Unknown(_) => Err(bad("policy", "it must be ACCEPT_ALL or DENY_ALL")),
            _ => Ok(()),
        },
        Request::DescribePlayerSessions(describe) => validate_describe(describe),
        Request::StartMatchBackfill(start) => {
            arn("game_session_arn", &start.game_session_arn)?;
            gamelift_arn("matchmaking_configuration_arn", &start.matchmaking_configuration_arn)?;
            if !start.ticket_id.is_empty() {
                word("ticket_id", &start.ticket_id, 128, "-.")?;
            }
            if start.players.is_empty() {
                return Err(bad("players", "there must be at least one"));
            }
            Ok(())
        }
        Request::StopMatchBackfill(stop) => {
            gamelift_arn("game_session_arn", &stop.game_session_arn)?;
            gamelift_arn("matchmaking_configuration_arn", &stop.matchmaking_configuration_arn)?;
            word("ticket_id", &stop.ticket_id, 128, "-.")
        }
        Request::GetFleetRoleCredentials(get) => validate_role(get),
        _ => Ok(()),
    }
}

fn seat(player_session_id: &str) -> Result<(), Error> {
    word("player_session_id", player_session_id, 256, "-_.:/")
}

fn arn(field: &'static str, text: &str) -> Result<(), Error> {
    word(field, text, 256, ":/-_.")
}

/// `arn:aws|aws-cn:gamelift:<region>:<12 digits or empty>:<kind>/<rest>`
fn gamelift_arn(field: &'static str, text: &str) -> Result<(), Error> {
    arn(field, text)?;
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let good = matches!(parts.as_slice(), ["arn", "aws" | "aws-cn", "gamelift", region, account, rest]
        if !region.is_empty()
            && (account.is_empty() || account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()))
            && rest.split_once('/').is_some_and(|(kind, id)| !kind.is_empty() && !id.is_empty()));
    if good {
        Ok(())
    } else {
        Err(bad(field, "it is not the ARN of a GameLift resource"))
    }
}

fn validate_describe(describe: &DescribePlayerSessions) -> Result<(), Error> {
    let ids = [
        &describe.game_session_id,
        &describe.player_id,
        &describe.player_session_id,
    ];
    if ids.iter().filter(|id| id.is_some()).count() != 1 {
        return Err(bad(
            "id",
            "exactly one of game_session_id, player_id and player_session_id must be given",
        ));
    }
    if let Some(id) = &describe.game_session_id {
        word("game_session_id", id, 256, ":/-_.")?;
    }
    for (field, id) in [
        ("player_id", &describe.player_id),
        ("player_session_id", &describe.player_session_id),
    ] {
        if id.as_ref().is_some_and(|id| id.is_empty() || id.len() > 1024) {
            return Err(bad(field, "it must have 1 to 1024 characters"));
        }
    }
    if let Some(filter) = &describe.player_session_status_filter
        && matches!(
            PlayerSessionStatus::from(filter.as_str()),
            PlayerSessionStatus::Unknown(_)
        )
    {
        return Err(bad(
            "player_session_status_filter",
            "it must be RESERVED, ACTIVE, COMPLETED or TIMEDOUT",
        ));
    }
    if describe.limit.is_some_and(|limit| !(1..=1024).contains(&limit)) {
        return Err(bad("limit", "it must be 1 to 1024"));
    }
    Ok(())
}

fn validate_role(get: &GetFleetRoleCredentials) -> Result<(), Error> {
    word("role_arn", &get.role_arn, 256, ":/-_+=,.@")?;
    if !get.role_arn.starts_with("arn:") {
        return Err(bad("role_arn", "it is not an ARN"));
    }
    word("role_session_name", &get.role_session_name, 64, "_+=,.@-")?;
    if get.role_session_name.len() < 2 {
        return Err(bad("role_session_name", "it is shorter than 2 characters"));
    }
    Ok(())
}
