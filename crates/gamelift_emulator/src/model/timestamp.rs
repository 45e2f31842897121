//! A moment, as the service counts it: whole milliseconds since the Unix epoch.

use std::{
    fmt,
    ops::Add,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ciborium::tag::Required;
use serde::{Serialize, Serializer};

/// Milliseconds since the Unix epoch. On the API it is seconds with a fraction: a plain number in JSON, tag 1 in CBOR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Timestamp(u64);

impl Timestamp {
    /// The moment this many milliseconds after the Unix epoch.
    #[cfg(test)]
    pub(crate) const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch, as the server SDK socket carries a moment.
    pub(crate) const fn as_millis(self) -> u64 {
        self.0
    }

    /// The time that passed since an earlier moment; zero when it is not earlier.
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds stay exact in a double for 285,000 years"
    )]
    fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ms", self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_f64(self.seconds())
        } else {
            Required::<f64, 1>(self.seconds()).serialize(serializer)
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_timestamp_is_a_number_of_seconds_in_json_and_tag_1_in_cbor() {
        let moment = Timestamp::from_millis(1_469_498_468_057);
        assert_eq!(serde_json::to_string(&moment).unwrap(), "1469498468.057");

        let mut bytes = Vec::new();
        ciborium::into_writer(&moment, &mut bytes).unwrap();
        assert_eq!(bytes[..2], [0xc1, 0xfb], "tag 1, then a double");
    }
}
