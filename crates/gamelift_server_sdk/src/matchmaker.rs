//! What the matchmaker says of a match: the JSON text in a game session's `matchmaker_data`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{AttributeValue, Error};

/// A match, as the matchmaker made it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MatchmakerData {
    /// The match.
    pub match_id: String,
    /// The configuration that made it.
    pub matchmaking_configuration_arn: String,
    /// Who plays in which team.
    pub teams: Vec<MatchedTeam>,
    /// The ticket of the running automatic backfill; empty when there is none.
    pub auto_backfill_ticket_id: String,
    /// Who asks for backfills.
    pub auto_backfill_mode: BackfillMode,
}

/// Who asks for backfills.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
#[non_exhaustive]
pub enum BackfillMode {
    /// The matchmaker does not say.
    #[default]
    Unknown,
    /// The game.
    Manual,
    /// The matchmaker itself.
    Automatic,
}

impl From<String> for BackfillMode {
    fn from(word: String) -> Self {
        match word.as_str() {
            "MANUAL" => Self::Manual,
            "AUTOMATIC" => Self::Automatic,
            _ => Self::Unknown,
        }
    }
}

/// One team of a match.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct MatchedTeam {
    /// Its name.
    pub name: String,
    /// Who is in it.
    pub players: Vec<MatchedPlayer>,
}

/// One player of a match.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MatchedPlayer {
    /// The player.
    pub player_id: String,
    /// What the matchmaker looked at.
    pub attributes: BTreeMap<String, MatchedAttribute>,
}

/// One attribute of a matched player. A kind that is not known, or a value that does not fit it, is `None`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "WireAttribute")]
pub struct MatchedAttribute(pub Option<AttributeValue>);

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireAttribute {
    attribute_type: String,
    value_attribute: Value,
}

impl From<WireAttribute> for MatchedAttribute {
    fn from(wire: WireAttribute) -> Self {
        let value = wire.value_attribute;
        Self(match wire.attribute_type.as_str() {
            "STRING" => value.as_str().map(|text| AttributeValue::String(text.to_owned())),
            "DOUBLE" => value.as_f64().map(AttributeValue::Double),
            "STRING_LIST" => serde_json::from_value(value).ok().map(AttributeValue::StringList),
            "STRING_DOUBLE_MAP" => serde_json::from_value(value).ok().map(AttributeValue::StringDoubleMap),
            _ => None,
        })
    }
}

impl MatchmakerData {
    /// Reads `GameSession::matchmaker_data`. Empty text - a game session without a matchmaker - is `None`.
    ///
    /// # Errors
    /// [`Error::Validation`] when the text is not what a matchmaker says.
    pub fn parse(text: &str) -> Result<Option<Self>, Error> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let bad = |error: serde_json::Error| Error::Validation {
            field: "matchmaker_data",
            reason: error.to_string(),
        };
        serde_json::from_str(text).map(Some).map_err(bad)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn matchmaker_data_parse_manual_automatic_absent() {
        let mode = |text: &str| MatchmakerData::parse(text).unwrap().map(|data| data.auto_backfill_mode);
        assert_eq!(mode(r#"{"autoBackfillMode":"MANUAL"}"#), Some(BackfillMode::Manual));
        assert_eq!(
            mode(r#"{"autoBackfillMode":"AUTOMATIC"}"#),
            Some(BackfillMode::Automatic)
        );
        assert_eq!(mode(r#"{"autoBackfillMode":"NEW"}"#), Some(BackfillMode::Unknown));
        assert_eq!(mode("{}"), Some(BackfillMode::Unknown));
        assert_eq!(mode(""), None);
        assert!(MatchmakerData::parse("{").is_err());
    }

    #[test]
    fn teams_players_and_attributes_are_read() {
        let text = r#"{"matchId":"m1","teams":[{"name":"red","players":[{"playerId":"p1","attributes":{
            "skill":{"attributeType":"DOUBLE","valueAttribute":23},"mode":{"attributeType":"STRING","valueAttribute":"dm"},
            "maps":{"attributeType":"STRING_LIST","valueAttribute":["a"]},"odd":{"attributeType":"DOUBLE","valueAttribute":"x"},
            "w":{"attributeType":"STRING_DOUBLE_MAP","valueAttribute":{"k":1.5}}}}]}],"extra":1}"#;
        let data = MatchmakerData::parse(text).unwrap().unwrap();
        let player = &data.teams[0].players[0];
        let value = |name: &str| player.attributes[name].0.clone();
        assert_eq!((data.match_id.as_str(), player.player_id.as_str()), ("m1", "p1"));
        assert_eq!(value("skill"), Some(AttributeValue::Double(23.0)));
        assert_eq!(value("mode"), Some(AttributeValue::String("dm".into())));
        assert_eq!(value("maps"), Some(AttributeValue::StringList(vec!["a".into()])));
        assert_eq!(
            value("w"),
            Some(AttributeValue::StringDoubleMap(BTreeMap::from([("k".to_owned(), 1.5)])))
        );
        assert_eq!(value("odd"), None);
    }
}
