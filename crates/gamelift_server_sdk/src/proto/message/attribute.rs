//! Players of a match backfill, with their attributes.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A player who is in the game when a backfill is asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BackfillPlayer {
    /// The player's id.
    pub player_id: String,
    /// The team the player is in.
    pub team: String,
    /// What the matchmaker's rules look at.
    pub player_attributes: BTreeMap<String, AttributeValue>,
    /// Latency in milliseconds by region.
    pub latency_in_ms: BTreeMap<String, u32>,
}

/// One attribute of a player.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AttributeValue {
    /// Text (`S`).
    String(String),
    /// A number (`N`).
    Double(f64),
    /// A list of texts (`SL`).
    StringList(Vec<String>),
    /// Numbers by name (`SDM`).
    StringDoubleMap(BTreeMap<String, f64>),
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Wire {
    #[serde(rename = "AttrType")]
    kind: String,
    #[serde(rename = "S", skip_serializing_if = "Option::is_none")]
    string: Option<String>,
    #[serde(rename = "N", skip_serializing_if = "Option::is_none")]
    number: Option<f64>,
    #[serde(rename = "SL", skip_serializing_if = "Option::is_none")]
    list: Option<Vec<String>>,
    #[serde(rename = "SDM", skip_serializing_if = "Option::is_none")]
    map: Option<BTreeMap<String, f64>>,
}

impl Serialize for AttributeValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = |kind: &str| Wire {
            kind: kind.to_owned(),
            ..Wire::default()
        };
        match self.clone() {
            Self::String(text) => Wire {
                string: Some(text),
                ..wire("STRING")
            },
            Self::Double(number) => Wire {
                number: Some(number),
                ..wire("DOUBLE")
            },
            Self::StringList(list) => Wire {
                list: Some(list),
                ..wire("STRING_LIST")
            },
            Self::StringDoubleMap(map) => Wire {
                map: Some(map),
                ..wire("STRING_DOUBLE_MAP")
            },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AttributeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        match wire.kind.as_str() {
            "STRING" => Ok(Self::String(wire.string.unwrap_or_default())),
            "DOUBLE" => Ok(Self::Double(wire.number.unwrap_or_default())),
            "STRING_LIST" => Ok(Self::StringList(wire.list.unwrap_or_default())),
            "STRING_DOUBLE_MAP" => Ok(Self::StringDoubleMap(wire.map.unwrap_or_default())),
            other => Err(D::Error::custom(format!("AttrType {other:?} is not one of the four"))),
        }
    }
}
