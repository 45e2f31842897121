//! The bounds of what a client may send, and our own game properties among the game's.
//!
//! GameLift searches by game properties only, so build and privacy are kept in two of ours, which no answer shows and
//! no request may name.

use std::collections::BTreeSet;

use game_session_protocol::game_session::{MAX_PLAYERS, MAX_PROPERTIES};
use game_session_protocol::{BuildId, CreateGameSession, GameProperties, Privacy, QuickJoin, UpdateGameSession};

use crate::gamelift::GameSessionRecord;
use crate::problem::Problem;

/// Names of our own game properties start with it.
const OURS: &str = "gs_";
/// Our game property with the build.
pub(crate) const BUILD: &str = "gs_build";
/// Our game property that says whether others find the game session: `1` or `0`.
pub(crate) const LISTED: &str = "gs_listed";

/// The property keys that a deployment allows; `None` for any.
pub(crate) type AllowedKeys = Option<BTreeSet<String>>;

const LONGEST_NAME: usize = 64;

pub(crate) fn check_create(request: &CreateGameSession, allowed: &AllowedKeys) -> Result<(), Problem> {
    check_name(&request.name)?;
    check_players(request.max_players)?;
    check_properties(&request.properties, allowed)
}

pub(crate) fn check_quick_join(request: &QuickJoin, allowed: &AllowedKeys) -> Result<(), Problem> {
    check_name(&request.name)?;
    check_players(request.max_players)?;
    check_properties(&request.properties, allowed)
}

pub(crate) fn check_update(request: &UpdateGameSession, allowed: &AllowedKeys) -> Result<(), Problem> {
    if request.name.is_none()
        && request.max_players.is_none()
        && request.policy.is_none()
        && request.properties.is_empty()
    {
        return Err(Problem::invalid("the request changes nothing"));
    }
    request.name.as_deref().map_or(Ok(()), check_name)?;
    request.max_players.map_or(Ok(()), check_players)?;
    check_properties(&request.properties, allowed)
}

/// Refuses what GameLift would refuse of this game session: it adds properties and takes none away, and it ends no seats.
pub(crate) fn check_change(request: &UpdateGameSession, record: &GameSessionRecord) -> Result<(), Problem> {
    let added = request
        .properties
        .keys()
        .filter(|key| !record.properties.contains_key(*key));
    if without_ours(&record.properties).len() + added.count() > MAX_PROPERTIES {
        return Err(Problem::invalid(
            "there may be at most 14 properties, with those that the game session has",
        ));
    }
    if request.max_players.is_some_and(|most| most < record.current_players) {
        return Err(Problem::not_accepting("more players than that are in the game session"));
    }
    Ok(())
}

pub(crate) fn check_name(name: &str) -> Result<(), Problem> {
    let length = name.chars().count();
    if !(1..=LONGEST_NAME).contains(&length) || name.trim().is_empty() {
        Err(Problem::invalid("name must have 1 to 64 characters, not only spaces"))
    } else if name.chars().any(char::is_control) {
        Err(Problem::invalid("name must not hold control characters"))
    } else {
        Ok(())
    }
}

pub(crate) fn check_players(count: u16) -> Result<(), Problem> {
    if (1..=MAX_PLAYERS).contains(&count) {
        Ok(())
    } else {
        Err(Problem::invalid("max_players must be 1 to 200"))
    }
}

pub(crate) fn check_properties(properties: &GameProperties, allowed: &AllowedKeys) -> Result<(), Problem> {
    if properties.len() > MAX_PROPERTIES {
        return Err(Problem::invalid("there may be at most 14 properties"));
    }
    for (key, value) in properties {
        let key_fits = (1..=32).contains(&key.len())
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !key_fits {
            return Err(Problem::invalid(
                "a property's key must be 1 to 32 letters, digits, `_` and `-`",
            ));
        }
        if key.starts_with(OURS) {
            return Err(Problem::invalid("a property's key must not start with `gs_`"));
        }
        if allowed.as_ref().is_some_and(|allowed| !allowed.contains(key)) {
            return Err(Problem::invalid("a property's key is not one that this game uses"));
        }
        if !(1..=96).contains(&value.chars().count()) || value.chars().any(char::is_control) {
            return Err(Problem::invalid(
                "a property's value must have 1 to 96 characters, none of them a control character",
            ));
        }
    }
    Ok(())
}

/// The game's properties with ours added.
pub(crate) fn with_ours(mut properties: GameProperties, build: &BuildId, privacy: Privacy) -> GameProperties {
    let listed = match privacy {
        Privacy::Listed => "1",
        Privacy::Private => "0",
    };
    properties.insert(BUILD.to_owned(), build.as_str().to_owned());
    properties.insert(LISTED.to_owned(), listed.to_owned());
    properties
}

/// The game's properties without ours.
pub(crate) fn without_ours(properties: &GameProperties) -> GameProperties {
    properties
        .iter()
        .filter(|(key, _)| !key.starts_with(OURS))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
