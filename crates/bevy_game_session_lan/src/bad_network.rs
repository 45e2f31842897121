//! Losses and doublings that a test asked for.

use crate::config::BadNetwork;

/// Decides for each datagram how often it goes out.
#[derive(Debug)]
pub(crate) struct Fate {
    bad: Option<BadNetwork>,
    state: u64,
}

impl Fate {
    pub(crate) fn new(bad: Option<BadNetwork>) -> Self {
        Self {
            bad,
            state: bad.map_or(0, |bad| bad.seed),
        }
    }

    /// How often the next datagram goes out: once on a good network.
    pub(crate) fn copies(&mut self) -> usize {
        let Some(bad) = self.bad else { return 1 };
        if self.draw() < bad.loss {
            0
        } else if self.draw() < bad.duplication {
            2
        } else {
            1
        }
    }

    /// A number from 0 to 1 (`SplitMix64`).
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    fn draw(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 32) as f64 / f64::from(u32::MAX)
    }
}
