//! What all requests share.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use game_session_protocol::PlayerId;
use tokio::sync::Semaphore;

use crate::beacons::Beacons;
use crate::clock::Clock;
use crate::config::{BackendConfig, CreatorLimit, Limits, Rate};
use crate::events::sns::Sns;
use crate::finding::Listing;
use crate::flow_limits::Buckets;
use crate::gamelift::{GameLift, GameSessionArn, GameSessionRecord, Patient};
use crate::identity::{Callers, Guests, Issuer};
use crate::keyring::{Keyring, SessionToken};
use crate::legacy::Legacy;
use crate::locks::KeyedLocks;
use crate::passwords::Passwords;
use crate::placing::Place;
use crate::queue::{Books, Events, Queue};
use crate::quick::Lease;
use crate::recent::Recent;
use crate::shared_state::{InMemoryState, SharedState};
use crate::watch::{ActivationWatch, Pace};

/// What all requests share. Cheap to clone.
#[derive(Clone)]
pub struct AppState(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) ring: Keyring,
    pub(crate) callers: Callers,
    pub(crate) gamelift: Patient,
    pub(crate) watch: ActivationWatch,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) creator_limit: CreatorLimit,
    pub(crate) server_port: Option<u16>,
    /// The names under which a loopback backend may be addressed; `None` for any.
    pub(crate) hosts: Option<Vec<String>>,
    pub(crate) players: Buckets<PlayerId>,
    /// By client, as `client_of` tells them apart.
    pub(crate) addresses: Option<Buckets<IpAddr>>,
    pub(crate) requests: Semaphore,
    /// Keeps parallel retries of one click apart.
    pub(crate) clicks: KeyedLocks<String, ()>,
    /// Keeps requests for one seat apart, and remembers whether one was asked for.
    pub(crate) seats: KeyedLocks<(GameSessionArn, PlayerId), SeatMemory>,
    /// Game sessions that this instance has seen activating and not active since. Their time is counted from then: no clock
    /// of the wall is asked, neither this machine's nor GameLift's.
    pub(crate) activating: Recent<GameSessionArn, GameSessionRecord>,
    pub(crate) listings: KeyedLocks<String, Option<Listing>>,
    pub(crate) leases: KeyedLocks<String, Lease>,
    pub(crate) passwords: Passwords,
    pub(crate) beacons: Beacons,
    /// What instances share.
    pub(crate) rows: Arc<dyn SharedState>,
    /// What this instance is called in them.
    pub(crate) instance: String,
    /// The property keys that games may use; `None` for any.
    pub(crate) property_keys: Option<BTreeSet<String>>,
    pub(crate) legacy: Legacy,
    /// What a backend has besides where a queue places.
    pub(crate) queue: Option<Queue>,
    /// Where placement events come from, if they come over HTTP.
    pub(crate) sns: Option<Sns>,
    changes: AtomicU64,
}

/// Whether this backend asked GameLift for a seat before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SeatMemory {
    #[default]
    NeverAsked,
    Asked,
}

impl AppState {
    /// The state of a backend that asks `gamelift`; what a real one needs besides comes from the configuration. A
    /// configuration without keyring gets a random one.
    pub fn new(config: &BackendConfig, gamelift: Arc<dyn GameLift>, clock: Clock) -> Self {
        Self::with(config, gamelift, clock, GameLiftPlace::Remote, Reach::Caller)
    }

    /// As [`new`](Self::new), for a GameLift on this machine: polls come sooner.
    pub fn for_loopback(config: &BackendConfig, gamelift: Arc<dyn GameLift>, clock: Clock) -> Self {
        Self::with(config, gamelift, clock, GameLiftPlace::Loopback, Reach::Caller)
    }

    pub(crate) fn with(
        config: &BackendConfig,
        gamelift: Arc<dyn GameLift>,
        clock: Clock,
        place: GameLiftPlace,
        reach: Reach,
    ) -> Self {
        let (polling, creators) = match place {
            GameLiftPlace::Loopback => (Pace::Loopback, CreatorLimit::Off),
            GameLiftPlace::Remote => (Pace::Remote, CreatorLimit::Fleet),
        };
        let limits = config.limits.clone();
        let strangers = (reach == Reach::Network).then_some(STRANGERS);
        let per_address = limits.per_address.or(strangers);
        let minutes = |count: u64| Duration::from_secs(count * 60);
        let ring = config.keyring.clone().unwrap_or_else(Keyring::random);
        let patient = Patient::new(Arc::clone(&gamelift));
        let rows = config
            .shared_state
            .clone()
            .map_or_else(|| Arc::new(InMemoryState::default()) as _, |it| it.0);
        let queue = match &config.place {
            Some(Place::Queue(target)) => {
                let books = Books {
                    ring: ring.clone(),
                    rows: Arc::clone(&rows),
                    gamelift: patient.clone(),
                    clock: clock.clone(),
                    deadline: limits.placement_deadline,
                    max_wait: limits.max_wait,
                    events: if config.events.is_some() {
                        Events::Told
                    } else {
                        Events::Asked
                    },
                };
                Some(Queue::new(target.clone(), books, polling))
            }
            Some(Place::Fleet(_)) | None => None,
        };
        Self(Arc::new(Shared {
            callers: Callers::new(Issuer::new(ring.clone()), &config.issuers, config.guests),
            ring,
            watch: ActivationWatch::new(gamelift, polling),
            gamelift: patient,
            clock,
            creator_limit: config.creator_limit.unwrap_or(creators),
            server_port: config.server_port,
            hosts: match reach {
                Reach::Loopback { names } => Some(names),
                Reach::Network | Reach::Caller => None,
            },
            players: Buckets::new(limits.per_player),
            addresses: per_address.map(Buckets::new),
            requests: Semaphore::new(limits.concurrent_requests),
            clicks: KeyedLocks::new(Duration::ZERO, 16_384),
            seats: KeyedLocks::new(minutes(5), 65_536),
            activating: Recent::new(limits.placement_deadline * 2, 16_384),
            listings: KeyedLocks::new(Duration::from_secs(10), 256),
            leases: KeyedLocks::new(minutes(1), 1024),
            limits,
            passwords: Passwords::default(),
            beacons: Beacons::default(),
            rows,
            instance: uuid::Uuid::new_v4().simple().to_string(),
            queue,
            sns: config.events.as_ref().and_then(Sns::of),
            property_keys: config.property_keys.clone(),
            legacy: config.legacy,
            changes: AtomicU64::new(0),
        }))
    }
}

/// Requests from one address of a network, unless told.
const STRANGERS: Rate = Rate {
    burst: 200,
    per_second: 50,
};

/// Who can reach the API.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Who calls the router.
    Caller,
    /// Programs of this machine, under one of these names.
    Loopback {
        /// With port, or without where any will do.
        names: Vec<String>,
    },
    /// Anybody.
    Network,
}

/// How far away GameLift is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GameLiftPlace {
    Loopback,
    Remote,
}

impl Shared {
    /// What guests are made with.
    pub(crate) fn guests(&self) -> Guests<'_> {
        Guests {
            ring: &self.ring,
            clock: &self.clock,
            issuer: &self.callers.issuer,
            limits: &self.limits,
        }
    }

    /// What stands for a game session in the log.
    pub(crate) fn trace_id(&self, arn: &GameSessionArn) -> String {
        SessionToken::parse(arn.last_part()).map_or_else(|| "unknown".to_owned(), |token| self.ring.trace_id(&token))
    }

    /// Listings made before are out of date.
    pub(crate) fn listings_changed(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }
}
