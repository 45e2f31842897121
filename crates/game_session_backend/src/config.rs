//! What a backend is started with.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::identity::{GuestDoor, TrustedIssuer};
use crate::keyring::Keyring;
use crate::legacy::Legacy;
use crate::placing::{Place, PlacementEvents, QueueTarget};
use crate::server::Tls;
use crate::shared_state::SharedState;

/// Everything a backend is started with. Built by value; what is not set has a default that is safe on a developer's
/// machine.
#[derive(Debug, Clone)]
pub struct BackendConfig {
    pub(crate) aws: AwsTarget,
    pub(crate) listen: SocketAddr,
    pub(crate) place: Option<Place>,
    pub(crate) events: Option<PlacementEvents>,
    pub(crate) keyring: Option<Keyring>,
    pub(crate) limits: Limits,
    pub(crate) creator_limit: Option<CreatorLimit>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) server_port: Option<u16>,
    pub(crate) property_keys: Option<BTreeSet<String>>,
    pub(crate) shared_state: Option<StateHome>,
    pub(crate) legacy: Legacy,
    pub(crate) tls: Option<Tls>,
    pub(crate) behind_proxy: BehindProxy,
    pub(crate) issuers: Vec<TrustedIssuer>,
    pub(crate) guests: GuestDoor,
}

/// Whether a proxy stands in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum BehindProxy {
    #[default]
    No,
    Yes,
}

/// Where shared rows live.
#[derive(Clone)]
pub(crate) struct StateHome(pub(crate) Arc<dyn SharedState>);

impl fmt::Debug for StateHome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateHome")
    }
}

impl BackendConfig {
    /// A backend that asks this GameLift; it listens on a free port of the loopback interface.
    pub fn new(aws: AwsTarget) -> Self {
        Self {
            aws,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            place: None,
            events: None,
            keyring: None,
            limits: Limits::default(),
            creator_limit: None,
            allowed_hosts: Vec::new(),
            server_port: None,
            property_keys: None,
            shared_state: None,
            legacy: Legacy::default(),
            tls: None,
            behind_proxy: BehindProxy::No,
            issuers: Vec::new(),
            guests: GuestDoor::Open,
        }
    }

    /// Where to listen; port 0 picks a free one. Outside the loopback interface a lasting keyring is required, and
    /// either [TLS](Self::tls) or a [proxy](Self::behind_proxy) in front that has it.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Where game sessions are placed: one fleet. This or a [queue](Self::queue) is required; the later of the two
    /// counts.
    #[must_use]
    pub fn fleet(mut self, fleet: FleetTarget) -> Self {
        self.place = Some(Place::Fleet(fleet));
        self
    }

    /// Where game sessions are placed: a queue, which picks one of its fleets, in whatever region.
    #[must_use]
    pub fn queue(mut self, queue: QueueTarget) -> Self {
        self.place = Some(Place::Queue(queue));
        self
    }

    /// The ends of the queue's placements are told to this backend. Without it GameLift is asked for them.
    #[must_use]
    pub fn placement_events(mut self, events: PlacementEvents) -> Self {
        self.events = Some(events);
        self
    }

    /// The master secrets. Without them a backend on the loopback interface makes up a random one for its run.
    #[must_use]
    pub fn keyring(mut self, keyring: Keyring) -> Self {
        self.keyring = Some(keyring);
        self
    }

    /// How much is allowed, and how long things may take.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether there is a limit on how many game sessions one player makes. By default there is, except at a loopback
    /// endpoint.
    #[must_use]
    pub fn creator_limit(mut self, limit: CreatorLimit) -> Self {
        self.creator_limit = Some(limit);
        self
    }

    /// Speaks TLS with this certificate and key, and nothing else.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// A proxy stands in front of it and nobody else can reach it: TLS may end there, and the last address of its
    /// `X-Forwarded-For` header counts as that of the client.
    #[must_use]
    pub fn behind_proxy(mut self) -> Self {
        self.behind_proxy = BehindProxy::Yes;
        self
    }

    /// A host name under which a backend on the loopback interface may be addressed besides the loopback names:
    /// needed when a reverse proxy on the same machine passes the public `Host` header on.
    #[must_use]
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.allowed_hosts.push(name.into());
        self
    }

    /// The property keys that games may set and search by; any unless told. GameLift knows 500 keys a region, for all
    /// who ever used one, so a backend that is open to strangers should name them.
    #[must_use]
    pub fn property_keys(mut self, keys: impl IntoIterator<Item = String>) -> Self {
        self.property_keys = Some(keys.into_iter().collect());
        self
    }

    /// Players of this identity provider may play too, by the tokens they got there. Another one of the same URL takes
    /// its place.
    #[must_use]
    pub fn trust(mut self, issuer: TrustedIssuer) -> Self {
        self.issuers.retain(|known| known.url() != issuer.url());
        self.issuers.push(issuer);
        self
    }

    /// There are no guests: only players of a [trusted](Self::trust) identity provider may play, and tokens of guests
    /// from before count no more.
    #[must_use]
    pub fn no_guests(mut self) -> Self {
        self.guests = GuestDoor::Closed;
        self
    }

    /// Where rows live that several instances share; in this process unless told.
    #[must_use]
    pub fn shared_state(mut self, state: Arc<dyn SharedState>) -> Self {
        self.shared_state = Some(StateHome(state));
        self
    }

    /// The UDP port that servers hold inside their containers, where it differs from the one that GameLift reports.
    #[must_use]
    pub fn server_port(mut self, port: u16) -> Self {
        self.server_port = Some(port);
        self
    }
}

/// Which GameLift is asked, with which credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsTarget(pub(crate) Target);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Environment,
    Endpoint { url: String, region: String },
}

impl AwsTarget {
    /// The AWS account, region and endpoint of the usual environment variables and profiles;
    /// `AWS_ENDPOINT_URL_GAMELIFT` points it elsewhere.
    pub fn from_env() -> Self {
        Self(Target::Environment)
    }

    /// An emulator at this URL, asked with dummy credentials.
    pub fn endpoint(url: impl Into<String>) -> Self {
        Self(Target::Endpoint {
            url: url.into(),
            region: "us-west-2".to_owned(),
        })
    }

    /// The endpoint that was named, if one was.
    pub(crate) fn plain_endpoint(&self) -> Option<&str> {
        match &self.0 {
            Target::Environment => None,
            Target::Endpoint { url, .. } => Some(url),
        }
    }

    /// The region that the emulator puts into its ARNs; `us-west-2` unless told. Does nothing to
    /// [`from_env`](Self::from_env), which knows its region.
    #[must_use]
    pub fn region(mut self, name: impl Into<String>) -> Self {
        if let Target::Endpoint { region, .. } = &mut self.0 {
            *region = name.into();
        }
        self
    }
}

/// Where game sessions are placed: one fleet, or an alias of one, and one location of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetTarget {
    pub(crate) fleet: Fleet,
    pub(crate) location: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fleet {
    Id(String),
    Alias(String),
    Build(String),
    Name(String),
}

impl FleetTarget {
    /// The fleet of this id or ARN.
    pub fn new(fleet_id: impl Into<String>) -> Self {
        Self {
            fleet: Fleet::Id(fleet_id.into()),
            location: None,
        }
    }

    /// The fleet that this alias stands for at the time of each call.
    pub fn alias(alias_id: impl Into<String>) -> Self {
        Self {
            fleet: Fleet::Alias(alias_id.into()),
            location: None,
        }
    }

    /// The newest active fleet that runs this build: found once, and again when GameLift says that it is gone.
    pub fn of_build(build_id: impl Into<String>) -> Self {
        Self {
            fleet: Fleet::Build(build_id.into()),
            location: None,
        }
    }

    /// The newest active fleet of this name: found once, and again when GameLift says that it is gone.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            fleet: Fleet::Name(name.into()),
            location: None,
        }
    }

    /// The location, required for an Anywhere fleet (there it starts with `custom-`).
    #[must_use]
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }
}

/// Whether there is a limit on game sessions per creator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreatorLimit {
    /// Each create call names its creator (by pseudonym): GameLift then allows one per second, or what the fleet's
    /// resource creation limit policy says. A queue knows no creators: there it is
    /// [`Limits::creates_per_player`], counted by the backend.
    Fleet,
    /// Create calls name no creator, and are not counted.
    Off,
}

/// How many requests are allowed: a bucket that refills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many at once.
    pub burst: u32,
    /// So many more each second.
    pub per_second: u32,
}

/// How many game sessions one player may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Creates {
    pub(crate) most: u32,
    pub(crate) period: Duration,
}

/// How much is allowed, and how long things may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub(crate) max_wait: Duration,
    pub(crate) placement_deadline: Duration,
    pub(crate) access_token_life: Duration,
    pub(crate) refresh_token_life: Duration,
    pub(crate) header_timeout: Duration,
    pub(crate) drain: Duration,
    pub(crate) concurrent_requests: usize,
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    pub(crate) per_player: Rate,
    pub(crate) per_address: Option<Rate>,
    pub(crate) creates_per_player: Creates,
    pub(crate) request_deadline: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_wait: Duration::from_secs(25),
            placement_deadline: Duration::from_mins(2),
            access_token_life: Duration::from_mins(15),
            refresh_token_life: Duration::from_hours(30 * 24),
            header_timeout: Duration::from_secs(10),
            drain: Duration::from_secs(10),
            concurrent_requests: 1024,
            connections: 4096,
            connections_per_address: 256,
            per_player: Rate {
                burst: 60,
                per_second: 20,
            },
            per_address: None,
            creates_per_player: Creates {
                most: 10,
                period: Duration::from_mins(10),
            },
            request_deadline: None,
        }
    }
}

/// What a request may take besides its wait, unless told: the calls to GameLift, repeated.
const WORK: Duration = Duration::from_secs(35);

impl Limits {
    /// How long a request may take in all, its wait included; then it is a time-out, and asking again finds what it came
    /// to. 35 s more than the longest wait unless told; a function says less, as it is cut off.
    #[must_use]
    pub fn request_deadline(mut self, deadline: Duration) -> Self {
        self.request_deadline = Some(deadline);
        self
    }

    pub(crate) fn longest_request(&self) -> Duration {
        self.request_deadline.unwrap_or(self.max_wait + WORK)
    }

    /// The longest an answer may be held back for `?wait=`; longer waits are cut to it. 25 s unless told.
    #[must_use]
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// A game session that is not active so long after this backend first saw it is ended. 120 s unless told.
    #[must_use]
    pub fn placement_deadline(mut self, deadline: Duration) -> Self {
        self.placement_deadline = deadline;
        self
    }

    /// How long an access token is good for. 15 min unless told; a week at most, because signing keys change weekly.
    #[must_use]
    pub fn access_token_life(mut self, life: Duration) -> Self {
        self.access_token_life = life;
        self
    }

    /// How long a guest who does not come back stays the same player: each refresh begins it anew. 30 days unless told.
    #[must_use]
    pub fn refresh_token_life(mut self, life: Duration) -> Self {
        self.refresh_token_life = life;
        self
    }

    /// How long a connection may take to send the head of a request. 10 s unless told.
    #[must_use]
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// Requests in progress at once; more are refused. 1024 unless told.
    #[must_use]
    pub fn concurrent_requests(mut self, most: usize) -> Self {
        self.concurrent_requests = most;
        self
    }

    /// Connections at once from one address, loopback excepted; more are closed. 256 unless told.
    #[must_use]
    pub fn connections_per_address(mut self, most: usize) -> Self {
        self.connections_per_address = most;
        self
    }

    /// Requests of one player. 60 at once and 20 a second unless told.
    #[must_use]
    pub fn per_player(mut self, rate: Rate) -> Self {
        self.per_player = rate;
        self
    }

    /// Requests from one address. Unless told, 200 at once and 50 a second where a backend listens outside the loopback
    /// interface, and any number where it does not.
    #[must_use]
    pub fn per_address(mut self, rate: Rate) -> Self {
        self.per_address = Some(rate);
        self
    }

    /// Game sessions that one player may have placed by a queue in each period, at all instances that share their rows.
    /// 10 in 10 minutes unless told. A fleet has a policy of its own for it.
    #[must_use]
    pub fn creates_per_player(mut self, most: u32, period: Duration) -> Self {
        self.creates_per_player = Creates { most, period };
        self
    }
}
