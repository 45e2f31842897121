//! In which order a queue tries its places, and which of them it may use at all.
//!
//! A place is a location of a destination. Without latencies the queue's own order of destinations counts, then the
//! locations' names; with latencies the mean latency first, then the cost. A priority configuration replaces this, and a
//! latency policy shuts out what is too far from any player.

use std::{cmp::Ordering, collections::BTreeMap, time::Duration};

use crate::model::{
    placements::{FallbackStrategy, PlayerLatency, PriorityOverride},
    queues::{GameSessionQueue, PlayerLatencyPolicy, Priority},
};

/// Where a game session could be placed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) destination: usize,
    pub(super) fleet_id: String,
    pub(super) location: String,
    pub(super) cost: f64,
}

/// What a placement says about its players and its wishes.
pub(super) struct Wishes<'a> {
    pub(super) latencies: &'a [PlayerLatency],
    pub(super) priority_override: Option<&'a PriorityOverride>,
}

/// The places that may be used now, best first, and when the answer may change by itself.
pub(super) fn ordered(
    queue: &GameSessionQueue,
    places: Vec<Place>,
    wishes: &Wishes<'_>,
    waited: Duration,
) -> (Vec<Place>, Option<Duration>) {
    let allowed = queue
        .filter_configuration
        .as_ref()
        .and_then(|filter| filter.allowed_locations.as_ref());
    let by_location = latencies_by_location(wishes.latencies);
    let (cap, until) = if wishes.latencies.is_empty() {
        (None, None)
    } else {
        policy_in_force(&queue.player_latency_policies, waited)
    };
    let mut places: Vec<Place> = places
        .into_iter()
        .filter(|place| allowed.is_none_or(|allowed| allowed.contains(&place.location)))
        .filter(|place| cap.is_none_or(|cap| is_near(&by_location, &place.location, wishes.latencies, cap)))
        .collect();
    let order = priorities(queue, !wishes.latencies.is_empty());
    let listed = queue
        .priority_configuration
        .as_ref()
        .and_then(|priority| priority.location_order.as_deref())
        .unwrap_or_default();
    let mean = |place: &Place| mean(&by_location, &place.location);
    places.sort_by(|one, other| {
        order.iter().fold(Ordering::Equal, |so_far, priority| {
            so_far.then_with(|| match priority {
                Priority::Latency => mean(one).total_cmp(&mean(other)),
                Priority::Cost => one.cost.total_cmp(&other.cost),
                Priority::Destination => one.destination.cmp(&other.destination),
                Priority::Location => rank(listed, one).cmp(&rank(listed, other)),
            })
        })
    });
    if let Some(wish) = wishes.priority_override {
        places = overridden(places, wish);
    }
    (places, until)
}

/// First the places that the override names, in its order; then the others, or none.
fn overridden(places: Vec<Place>, wish: &PriorityOverride) -> Vec<Place> {
    let (mut named, others): (Vec<Place>, Vec<Place>) = places
        .into_iter()
        .partition(|place| wish.location_order.contains(&place.location));
    named.sort_by_key(|place| wish.location_order.iter().position(|name| *name == place.location));
    match wish.placement_fallback_strategy.unwrap_or_default() {
        FallbackStrategy::DefaultAfterSinglePass => named.extend(others),
        FallbackStrategy::None => {}
    }
    named
}

/// What the queue names, then the rest in the order of the service.
fn priorities(queue: &GameSessionQueue, with_latencies: bool) -> Vec<Priority> {
    let default = if with_latencies {
        [
            Priority::Latency,
            Priority::Cost,
            Priority::Destination,
            Priority::Location,
        ]
    } else {
        [
            Priority::Destination,
            Priority::Location,
            Priority::Cost,
            Priority::Latency,
        ]
    };
    let named = queue
        .priority_configuration
        .as_ref()
        .and_then(|priority| priority.priority_order.clone());
    let mut order = named.unwrap_or_default();
    for priority in default {
        if !order.contains(&priority) {
            order.push(priority);
        }
    }
    order
}

/// The cap of the policy that counts after this time, and the time at which the next one begins. The last one, and one
/// without a duration, counts for good.
fn policy_in_force(policies: &[PlayerLatencyPolicy], waited: Duration) -> (Option<f64>, Option<Duration>) {
    let mut end = Duration::ZERO;
    for (place, policy) in policies.iter().enumerate() {
        let cap = policy.maximum_individual_player_latency_milliseconds.map(f64::from);
        let seconds = policy.policy_duration_seconds.filter(|_| place + 1 < policies.len());
        let Some(seconds) = seconds else {
            return (cap, None);
        };
        end += Duration::from_secs(seconds.into());
        if waited < end {
            return (cap, Some(end));
        }
    }
    (None, None)
}

fn latencies_by_location(latencies: &[PlayerLatency]) -> BTreeMap<&str, Vec<(&str, f64)>> {
    let mut by_location: BTreeMap<&str, Vec<(&str, f64)>> = BTreeMap::new();
    for latency in latencies {
        if let (Some(location), Some(millis)) = (&latency.region_identifier, latency.latency_in_milliseconds) {
            let player = latency.player_id.as_deref().unwrap_or_default();
            by_location.entry(location).or_default().push((player, millis));
        }
    }
    by_location
}

/// Whether every player who said anything is under the cap there.
fn is_near(
    by_location: &BTreeMap<&str, Vec<(&str, f64)>>,
    location: &str,
    latencies: &[PlayerLatency],
    cap: f64,
) -> bool {
    let here = by_location.get(location).map_or(&[][..], Vec::as_slice);
    latencies.iter().all(|latency| {
        let player = latency.player_id.as_deref().unwrap_or_default();
        here.iter().any(|(who, millis)| *who == player && *millis <= cap)
    })
}

/// The mean latency at a location; the worst when nobody knows.
fn mean(by_location: &BTreeMap<&str, Vec<(&str, f64)>>, location: &str) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are not that many players")]
    by_location.get(location).map_or(f64::INFINITY, |latencies| {
        latencies.iter().map(|(_, millis)| millis).sum::<f64>() / latencies.len() as f64
    })
}

fn rank<'a>(listed: &[String], place: &'a Place) -> (usize, &'a str) {
    let position = listed.iter().position(|name| *name == place.location);
    (position.unwrap_or(listed.len()), &place.location)
}
