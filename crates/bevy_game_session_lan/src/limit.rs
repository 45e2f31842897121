//! How often somebody may do something: token buckets per source and for all, in bounded memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// The most sources that are remembered.
const MOST_SOURCES: usize = 1024;

/// So many at once, and so many more each second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) burst: u32,
    pub(crate) per_second: u32,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Duration,
}

impl Bucket {
    fn full(rate: Rate, now: Duration) -> Self {
        Self {
            tokens: f64::from(rate.burst),
            at: now,
        }
    }

    fn fill(&mut self, rate: Rate, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * f64::from(rate.per_second)).min(f64::from(rate.burst));
        self.at = now;
    }
}

/// Token buckets, one for each source and one for all together.
#[derive(Debug)]
pub(crate) struct Limits {
    each: Rate,
    all: Rate,
    sources: HashMap<IpAddr, Bucket>,
    together: Option<Bucket>,
}

impl Limits {
    pub(crate) fn new(each: Rate, all: Rate) -> Self {
        Self {
            each,
            all,
            sources: HashMap::new(),
            together: None,
        }
    }

    /// Whether the source may, and counts it if so.
    pub(crate) fn allow(&mut self, source: IpAddr, now: Duration) -> bool {
        let (each, all) = (self.each, self.all);
        let source = network_of(source);
        if !self.sources.contains_key(&source) && self.sources.len() >= MOST_SOURCES {
            self.sources.retain(|_, bucket| {
                bucket.fill(each, now);
                bucket.tokens < f64::from(each.burst)
            });
            if self.sources.len() >= MOST_SOURCES {
                return false;
            }
        }
        let own = self.sources.entry(source).or_insert_with(|| Bucket::full(each, now));
        own.fill(each, now);
        let together = self.together.get_or_insert_with(|| Bucket::full(all, now));
        together.fill(all, now);
        let allowed = own.tokens >= 1.0 && together.tokens >= 1.0;
        if allowed {
            own.tokens -= 1.0;
            together.tokens -= 1.0;
        }
        allowed
    }
}

/// One source: an IPv4 address, or a /64 of IPv6, which is what one machine can have for the asking.
pub(crate) fn network_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let bits = u128::from(ip) & !u128::from(u64::MAX);
            let link_local = ip.is_unicast_link_local();
            if link_local { ip.into() } else { IpAddr::V6(bits.into()) }
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn a_source_that_asks_too_often_waits_and_others_do_not() {
        let mut limits = Limits::new(
            Rate {
                burst: 2,
                per_second: 1,
            },
            Rate {
                burst: 100,
                per_second: 100,
            },
        );
        let (one, other) = (Ipv4Addr::new(10, 0, 0, 1).into(), Ipv4Addr::new(10, 0, 0, 2).into());
        let now = Duration::ZERO;
        assert!(limits.allow(one, now) && limits.allow(one, now));
        assert!(!limits.allow(one, now));
        assert!(limits.allow(other, now));
        assert!(limits.allow(one, Duration::from_secs(1)));
    }

    #[test]
    fn a_flood_of_sources_is_remembered_in_bounded_memory_and_forgotten() {
        let rate = Rate {
            burst: 1,
            per_second: 1,
        };
        let mut limits = Limits::new(
            rate,
            Rate {
                burst: 1_000_000,
                per_second: 1,
            },
        );
        for source in 0..10_000_u32 {
            limits.allow(Ipv4Addr::from(source).into(), Duration::ZERO);
        }
        assert_eq!(limits.sources.len(), MOST_SOURCES);
        assert!(limits.allow(Ipv4Addr::new(10, 0, 0, 1).into(), Duration::from_secs(2)));
        assert_eq!(limits.sources.len(), 1);
    }
}
