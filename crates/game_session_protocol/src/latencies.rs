//! How far a player is from the locations of an orchestrator.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Round trips that a client measured, by location: an orchestrator with several locations places its game session
/// near. At most [`MAX_LOCATIONS`](Self::MAX_LOCATIONS), names of 1 to 64 letters, digits and dashes, whole
/// milliseconds up to [`MAX_MILLIS`](Self::MAX_MILLIS). As JSON it is an object: `{"us-west-2": 41}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, u16>", into = "BTreeMap<String, u16>")]
pub struct Latencies(BTreeMap<String, u16>);

/// Latencies that break a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "latencies are at most {} locations of 1 to 64 letters, digits and dashes, with 0 to {} milliseconds each",
    Latencies::MAX_LOCATIONS,
    Latencies::MAX_MILLIS
)]
pub struct InvalidLatencies;

impl Latencies {
    /// The most locations.
    pub const MAX_LOCATIONS: usize = 32;
    /// The longest round trip that is told apart; who is further away says this.
    pub const MAX_MILLIS: u16 = 60_000;

    /// Adds a location, or replaces its round trip.
    ///
    /// # Errors
    /// [`InvalidLatencies`] when there are too many, or one is out of bounds.
    pub fn with(mut self, location: impl Into<String>, millis: u16) -> Result<Self, InvalidLatencies> {
        self.0.insert(location.into(), millis);
        self.0.try_into()
    }

    /// Locations and round trips in milliseconds, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u16)> {
        self.0.iter().map(|(location, millis)| (location.as_str(), *millis))
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<BTreeMap<String, u16>> for Latencies {
    type Error = InvalidLatencies;

    fn try_from(latencies: BTreeMap<String, u16>) -> Result<Self, InvalidLatencies> {
        let named = |location: &String| {
            (1..=64).contains(&location.len())
                && location
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let fit = latencies.len() <= Self::MAX_LOCATIONS
            && latencies
                .iter()
                .all(|(location, millis)| named(location) && *millis <= Self::MAX_MILLIS);
        if fit {
            Ok(Self(latencies))
        } else {
            Err(InvalidLatencies)
        }
    }
}

impl From<Latencies> for BTreeMap<String, u16> {
    fn from(latencies: Latencies) -> Self {
        latencies.0
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn latencies_travel_as_an_object_and_out_of_bounds_not_at_all() {
        let near = Latencies::default().with("us-west-2", 41).unwrap();
        assert_eq!(serde_json::to_string(&near).unwrap(), r#"{"us-west-2":41}"#);
        assert_eq!(serde_json::from_str::<Latencies>(r#"{"us-west-2":41}"#).unwrap(), near);
        for bad in [
            r#"{"":1}"#,
            r#"{"a b":1}"#,
            r#"{"a":60001}"#,
            r#"{"a":-1}"#,
            r#"{"a":1.5}"#,
        ] {
            assert!(serde_json::from_str::<Latencies>(bad).is_err(), "{bad}");
        }
        let many: BTreeMap<_, _> = (0..33).map(|at| (format!("custom-{at}"), 1)).collect();
        assert_eq!(Latencies::try_from(many), Err(InvalidLatencies));
    }
}
