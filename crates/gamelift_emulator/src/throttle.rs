//! The request rates of the service, off by default: one bucket of turns per operation, and one for the account.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use gamelift_server_sdk::proto::message::Request;

use crate::model::{operations::OPERATIONS, timestamp::Timestamp};

/// Calls per second, and how many may come at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) burst: f64,
}

/// What is called the rate of all operations together.
pub(crate) const ACCOUNT_NAME: &str = "account";

const fn rate(per_second: f64) -> Rate {
    Rate {
        per_second,
        burst: per_second,
    }
}

/// Of all operations together.
const ACCOUNT: Rate = rate(500.0);

/// The published rate of an operation; the others are limited by the account's alone.
fn published(operation: &str) -> Option<Rate> {
    Some(match operation {
        ACCOUNT_NAME => ACCOUNT,
        "CreateGameSession" => rate(50.0),
        "CreatePlayerSession" | "CreatePlayerSessions" | "DescribePlayerSessions" => rate(200.0),
        "StartGameSessionPlacement" | "DescribeGameSessionPlacement" => rate(75.0),
        "DescribeGameSessions"
        | "StopGameSessionPlacement"
        | "UpdateGameSession"
        | "TerminateGameSession"
        | "RegisterCompute" => rate(20.0),
        "DescribeGameSessionDetails" | "SearchGameSessions" => rate(30.0),
        "GetComputeAuthToken" => Rate {
            per_second: 5.0,
            burst: 10.0,
        },
        "CreateFleet" => Rate {
            per_second: 1.0,
            burst: 4.0,
        },
        list if list.starts_with("List") && OPERATIONS.contains(&list) => rate(30.0),
        _ => return None,
    })
}

/// Of a server process. Those about a player count for each player alone.
fn rate_of_request(request: &Request) -> Option<(Rate, &str)> {
    let each = |per_second, burst| Rate { per_second, burst };
    Some(match request {
        Request::AcceptPlayerSession(request) => (each(1.0, 3.0), &request.player_session_id),
        Request::RemovePlayerSession(request) => (each(1.0, 3.0), &request.player_session_id),
        Request::ActivateGameSession(_) => (each(1.0, 3.0), ""),
        Request::DescribePlayerSessions(_) => (each(5.0, 10.0), ""),
        Request::GetComputeCertificate(_) | Request::GetFleetRoleCredentials(_) => (SELDOM, ""),
        _ => return None,
    })
}

/// Of one creator's game sessions on a fleet that has no policy for them.
const CREATOR: Rate = rate(1.0);
/// Of `InitSDK`, and of what a process asks for once.
const SELDOM: Rate = Rate {
    per_second: 0.1,
    burst: 3.0,
};
/// With so many buckets, those that have been full for long are emptied out; if that is not enough, all are.
const MANY_BUCKETS: usize = 10_000;
/// Every bucket of a process is full again by then.
const FULL_AFTER: Duration = Duration::from_mins(1);

/// Buckets of turns.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    buckets: HashMap<String, Bucket>,
    /// Rates that are not the published ones.
    rates: BTreeMap<String, Rate>,
}

#[derive(Debug)]
struct Bucket {
    turns: f64,
    since: Timestamp,
}

impl Throttle {
    /// The published rates, but for these.
    pub(crate) fn with(rates: BTreeMap<String, Rate>) -> Self {
        Self {
            buckets: HashMap::new(),
            rates,
        }
    }

    /// Takes a turn for a call of an operation, if there is one.
    pub(crate) fn allows(&mut self, operation: &str, now: Timestamp) -> bool {
        self.takes_of(ACCOUNT_NAME, now) && self.takes_of(operation, now)
    }

    fn takes_of(&mut self, name: &str, now: Timestamp) -> bool {
        let rate = self.rates.get(name).copied().or_else(|| published(name));
        rate.is_none_or(|rate| self.takes(name, rate, now))
    }

    /// Takes a turn for a game session of a creator, if there is one.
    pub(crate) fn allows_creator(&mut self, fleet_id: &str, creator: &str, now: Timestamp) -> bool {
        self.make_room(now);
        self.takes(&format!("creator/{fleet_id}/{creator}"), CREATOR, now)
    }

    /// Takes a turn for a request of a server process, if there is one.
    pub(crate) fn allows_request(&mut self, process: &str, request: &Request, now: Timestamp) -> bool {
        let Some((rate, player)) = rate_of_request(request) else {
            return true;
        };
        self.make_room(now);
        self.takes(&format!("{process}/{}/{player}", request.action()), rate, now)
    }

    /// Takes a turn for a new connection of a server process, if there is one.
    pub(crate) fn allows_connection(&mut self, process: &str, now: Timestamp) -> bool {
        self.make_room(now);
        self.takes(process, SELDOM, now)
    }

    fn make_room(&mut self, now: Timestamp) {
        if self.buckets.len() >= MANY_BUCKETS {
            self.buckets.retain(|_, bucket| now.since(bucket.since) < FULL_AFTER);
            if self.buckets.len() >= MANY_BUCKETS {
                self.buckets.clear();
            }
        }
    }

    fn takes(&mut self, name: &str, rate: Rate, now: Timestamp) -> bool {
        let bucket = self.buckets.entry(name.to_owned()).or_insert(Bucket {
            turns: rate.burst,
            since: now,
        });
        let earned = now.since(bucket.since).as_secs_f64() * rate.per_second;
        bucket.turns = (bucket.turns + earned).min(rate.burst);
        bucket.since = bucket.since.max(now);
        let taken = bucket.turns >= 1.0;
        if taken {
            bucket.turns -= 1.0;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_followed_by_the_rate() {
        let mut throttle = Throttle::default();
        let start = Timestamp::from_millis(1_000_000);
        let at_once = (0..100).filter(|_| throttle.allows("GetComputeAuthToken", start));
        assert_eq!(at_once.count(), 10);
        let mut later = 0;
        for second in 1..=10 {
            let now = start + Duration::from_secs(second);
            later += (0..100).filter(|_| throttle.allows("GetComputeAuthToken", now)).count();
        }
        assert_eq!(later, 50, "5 a second");
    }

    #[test]
    fn operations_do_not_take_each_others_turns_but_the_account_has_a_limit() {
        let mut throttle = Throttle::default();
        let now = Timestamp::from_millis(1_000_000);
        assert_eq!(
            (0..100).filter(|_| throttle.allows("CreateGameSession", now)).count(),
            50
        );
        assert!(throttle.allows("SearchGameSessions", now));
        let rest = (0..1000).filter(|_| throttle.allows("DescribeAlias", now)).count();
        assert_eq!(rest, 399, "500 in all, of which 101 are asked already");
    }
    #[test]
    fn a_rate_can_be_another_than_the_published_one() {
        let rate = Rate {
            per_second: 1.0,
            burst: 2.0,
        };
        let mut throttle = Throttle::with(BTreeMap::from([("CreateGameSession".to_owned(), rate)]));
        let now = Timestamp::from_millis(1_000_000);
        let mut allowed = |operation| (0..100).filter(|_| throttle.allows(operation, now)).count();
        assert_eq!(allowed("CreateGameSession"), 2);
        assert_eq!(allowed("ListFleets"), 30, "as published");
        let account = Rate {
            per_second: 3.0,
            burst: 3.0,
        };
        let mut throttle = Throttle::with(BTreeMap::from([(ACCOUNT_NAME.to_owned(), account)]));
        assert_eq!((0..100).filter(|_| throttle.allows("ListFleets", now)).count(), 3);
    }

    #[test]
    fn neither_unknown_operations_nor_many_creators_make_buckets_without_end() {
        let mut throttle = Throttle::default();
        let now = Timestamp::from_millis(1_000_000);
        for number in 0..100 {
            assert!(throttle.allows(&format!("List{number}"), now));
        }
        assert_eq!(throttle.buckets.len(), 1, "the account's");
        for number in 0..3 * MANY_BUCKETS {
            assert!(throttle.allows_creator("fleet", &number.to_string(), now));
        }
        assert!(throttle.buckets.len() <= MANY_BUCKETS);
    }
}
