//! Numbers that need not be secret: request ids and jitter, from a seed.

use std::time::Duration;

/// Two `SplitMix64` generators side by side.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: [u64; 2],
}

impl Random {
    pub(crate) fn new(seed: u128) -> Self {
        let bytes = seed.to_le_bytes();
        let half = |from: usize| {
            bytes[from..from + 8]
                .iter()
                .rev()
                .fold(0, |all, byte| (all << 8) | u64::from(*byte))
        };
        Self {
            state: [half(0), half(8)],
        }
    }

    fn next(&mut self, lane: usize) -> u64 {
        self.state[lane] = self.state[lane].wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state[lane];
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A UUID, version 4.
    pub(crate) fn uuid(&mut self) -> String {
        let bytes = (u128::from(self.next(0)) << 64) | u128::from(self.next(1));
        uuid::Builder::from_random_bytes(bytes.to_le_bytes())
            .into_uuid()
            .to_string()
    }

    /// `middle` plus or minus up to `jitter`.
    pub(crate) fn around(&mut self, middle: Duration, jitter: Duration) -> Duration {
        let span = u64::try_from(jitter.as_millis())
            .unwrap_or(u64::MAX / 4)
            .saturating_mul(2)
            .saturating_add(1);
        let offset = Duration::from_millis(self.next(0) % span);
        (middle + offset).saturating_sub(jitter)
    }
}
