//! Guessing slowed: who tries wrong keys waits longer each time. No clock.
//!
//! Rules: a source has [`FREE`] wrong tries; after each further one it waits twice as long, up to a minute. A right key
//! forgets them. All sources together have so many wrong tries a second, after which everyone who brings a key waits a
//! second: a network full of addresses guesses no faster. Then even the shortest code outlives its game session by far.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::limit::network_of;

/// So many wrong tries cost nothing.
pub(crate) const FREE: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
const FORGOTTEN_AFTER: Duration = Duration::from_mins(10);
const MOST_SOURCES: usize = 1024;
/// Wrong tries of all sources in one second.
const TOGETHER: u32 = 32;

#[derive(Debug, Clone, Copy)]
struct Source {
    wrong: u32,
    last: Duration,
    waits_until: Duration,
}

/// The wrong tries of all.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    sources: HashMap<IpAddr, Source>,
    second: u64,
    in_second: u32,
}

impl Tries {
    /// Whether the source may try now, or how long it must wait. The try counts as wrong until [`Self::was_right`].
    pub(crate) fn may_try(&mut self, from: IpAddr, now: Duration) -> Result<(), Duration> {
        let from = network_of(from);
        if self.second != now.as_secs() {
            (self.second, self.in_second) = (now.as_secs(), 0);
        }
        if self.in_second >= TOGETHER {
            return Err(Duration::from_secs(1));
        }
        if let Some(source) = self.sources.get(&from)
            && now < source.waits_until
        {
            return Err(source.waits_until.saturating_sub(now));
        }
        self.in_second += 1;
        self.make_room(from, now);
        let source = self.sources.entry(from).or_insert(Source {
            wrong: 0,
            last: now,
            waits_until: now,
        });
        source.wrong = source.wrong.saturating_add(1);
        source.last = now;
        if source.wrong > FREE {
            let doubled = FIRST_WAIT * 2_u32.saturating_pow((source.wrong - FREE - 1).min(6));
            source.waits_until = now + doubled.min(LONGEST_WAIT);
        }
        Ok(())
    }

    /// The last try of the source was right.
    pub(crate) fn was_right(&mut self, from: IpAddr) {
        if self.sources.remove(&network_of(from)).is_some() {
            self.in_second = self.in_second.saturating_sub(1);
        }
    }

    /// Forgets the old ones, and if need be the one that tried longest ago.
    fn make_room(&mut self, from: IpAddr, now: Duration) {
        if self.sources.len() < MOST_SOURCES || self.sources.contains_key(&from) {
            return;
        }
        self.sources.retain(|_, source| now < source.last + FORGOTTEN_AFTER);
        if self.sources.len() >= MOST_SOURCES {
            let oldest = self.sources.iter().min_by_key(|(_, source)| source.last);
            if let Some(oldest) = oldest.map(|(ip, _)| *ip) {
                self.sources.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn source(number: u32) -> IpAddr {
        Ipv4Addr::from(number).into()
    }

    /// How many tries a source that never gives up has in so much time.
    fn tries_in(time: Duration) -> u32 {
        let (mut tries, mut now, mut made) = (Tries::default(), Duration::ZERO, 0);
        while now < time {
            match tries.may_try(source(1), now) {
                Ok(()) => made += 1,
                Err(wait) => now += wait,
            }
        }
        made
    }

    #[test]
    fn guesses_of_a_code_are_slowed() {
        assert_eq!(tries_in(Duration::from_millis(1)), FREE + 1);
        let in_an_hour = tries_in(Duration::from_hours(1));
        assert!((60..80).contains(&in_an_hour), "{in_an_hour}");
    }

    #[test]
    fn guesses_of_a_code_from_many_addresses_are_slowed_together() {
        let mut tries = Tries::default();
        let in_a_second = (0..100_000).filter(|number| tries.may_try(source(*number), Duration::ZERO).is_ok());
        assert_eq!(in_a_second.count(), TOGETHER as usize);
        let minutes = (1..600_u64).flat_map(|second| (0..1000_u32).map(move |number| (second, number)));
        let made =
            minutes.filter(|(second, number)| tries.may_try(source(*number), Duration::from_secs(*second)).is_ok());
        assert!(made.count() <= 599 * TOGETHER as usize);
        assert!(tries.sources.len() <= MOST_SOURCES);
    }

    #[test]
    fn who_knows_the_code_is_never_slowed() {
        let mut tries = Tries::default();
        for second in 0..100 {
            assert_eq!(tries.may_try(source(1), Duration::from_secs(second)), Ok(()));
            tries.was_right(source(1));
        }
    }
}
