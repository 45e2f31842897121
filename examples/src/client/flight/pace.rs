//! How well a client keeps pace with its server, taken again and again, so that a drift is seen.

use bevy::prelude::*;

use super::{Helm, Playback};
use crate::sim::TICKS_PER_SECOND;

/// One moment. What should stay as it is: a value that wanders off is a drift.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pace {
    /// How far one's own ship was from where the server has it, after the same orders, in units.
    pub off: f64,
    /// How many orders are ahead of the server.
    pub ahead: f64,
    /// How many ticks the ships of others are shown behind the newest that was heard.
    pub behind: f64,
    /// The server's clock minus one's own, in ticks, from any beginning.
    pub clock: f64,
}

impl Pace {
    /// Now, at this time of one's own clock.
    #[expect(clippy::cast_precision_loss, reason = "a few orders")]
    pub fn take(helm: &Helm, playback: &Playback, own_clock: &Time<Real>) -> Self {
        Self {
            off: helm.off().into(),
            ahead: helm.unanswered() as f64,
            behind: playback.behind(),
            clock: playback.newest() - own_clock.elapsed_secs_f64() * f64::from(TICKS_PER_SECOND),
        }
    }
}

/// What became of the pace from the first third of the time to the last: `(first, last)` means.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Drift {
    /// The median distance of one's own ship from where the server has it.
    pub off: (f64, f64),
    /// Orders ahead.
    pub ahead: (f64, f64),
    /// Ticks behind.
    pub behind: (f64, f64),
    /// By how many ticks the server's clock went away from one's own.
    pub clock: f64,
}

impl Drift {
    /// Of several clients, each with its moments in their order; `None` when nobody played long enough.
    pub fn of<'a>(clients: impl Iterator<Item = &'a [Pace]>) -> Option<Self> {
        let thirds = |paces: &'a [Pace]| {
            let third = paces.len() / 3;
            (third > 0).then(|| (&paces[..third], &paces[paces.len() - third..]))
        };
        let (mut first, mut last, mut clocks) = (Vec::new(), Vec::new(), Vec::new());
        for (begin, end) in clients.filter_map(thirds) {
            first.extend(begin);
            last.extend(end);
            clocks.push(mean(end.iter().map(|pace| pace.clock)) - mean(begin.iter().map(|pace| pace.clock)));
        }
        let both = |value: fn(&Pace) -> f64| (mean(first.iter().map(value)), mean(last.iter().map(value)));
        (!clocks.is_empty()).then(|| Self {
            off: (median(&first), median(&last)),
            ahead: both(|pace| pace.ahead),
            behind: both(|pace| pace.behind),
            clock: mean(clocks.into_iter()),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand values")]
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0_usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    sum / count.max(1) as f64
}

/// Rams throw a ship elsewhere than foreseen; the median does not see them.
fn median(paces: &[Pace]) -> f64 {
    let mut offs: Vec<_> = paces.iter().map(|pace| pace.off).collect();
    offs.sort_by(f64::total_cmp);
    offs.get(offs.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_clock_that_runs_away_and_orders_that_pile_up_are_seen() {
        let paces: Vec<_> = (0..9_u8)
            .map(|second| Pace {
                off: if second == 4 { 50.0 } else { 0.5 },
                ahead: f64::from(second),
                behind: 3.0,
                clock: 100.0 + 2.0 * f64::from(second),
            })
            .collect();
        let drift = Drift::of([paces.as_slice(), &[]].into_iter()).unwrap();
        assert_eq!((drift.ahead, drift.behind), ((1.0, 7.0), (3.0, 3.0)));
        assert_eq!((drift.off, drift.clock), ((0.5, 0.5), 12.0));
        assert_eq!(Drift::of([&paces[..2]].into_iter()), None, "two moments are no time");
    }
}
