//! How an emulator is set up.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    error::EmulatorError,
    model::{operations::OPERATIONS, scalars, shape},
    notify::{Retries, Subscription},
    seed::Seed,
    throttle::{ACCOUNT_NAME, Rate},
    world::{Credentials, Profile, Settings},
};

/// How an emulator is set up. The default is useful as it is: any free port, one Anywhere fleet, one location.
///
/// ```
/// use std::time::Duration;
/// use gamelift_emulator::EmulatorConfig;
///
/// let config = EmulatorConfig::default()
///     .port(9870)
///     .activation_timeout(Duration::from_secs(10));
/// # drop(config);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct EmulatorConfig {
    pub(crate) port: u16,
    pub(crate) statsd_port: Option<u16>,
    pub(crate) settings: Settings,
    pub(crate) seed: Seed,
    pub(crate) throttled: bool,
    pub(crate) rates: BTreeMap<String, Rate>,
    pub(crate) data_dir: Option<std::path::PathBuf>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) realistic: bool,
    pub(crate) ping_delays: BTreeMap<String, Duration>,
}

impl EmulatorConfig {
    /// Listens on this port of the loopback interface; 0, the default, takes any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Takes metrics of server processes (`StatsD` over UDP) at this loopback port. The default is the number of
    /// [`EmulatorConfig::port`], or any free one when that is taken; server SDKs that are told nothing send to 8125.
    pub fn statsd_port(mut self, port: u16) -> Self {
        self.statsd_port = Some(port);
        self
    }

    /// The id of the fleet that exists from the start; `fleet-local` by default.
    pub fn fleet_id(mut self, fleet_id: impl Into<String>) -> Self {
        self.settings.fleet_id = fleet_id.into();
        self
    }

    /// The location that exists from the start; `custom-local` by default.
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.settings.location = location.into();
        self
    }

    /// The region in ARNs; `us-west-2` by default.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.settings.region = region.into();
        self
    }

    /// How long a process may take from its connection to `ProcessReady` before a fleet event tells of it; 60 s by default,
    /// 5 minutes on AWS. Nothing else happens to it.
    pub fn ready_timeout(mut self, timeout: Duration) -> Self {
        self.settings.ready_timeout = timeout;
        self
    }

    /// How long a game session may take from `CreateGameSession` to `ActivateGameSession`; 60 s by default.
    pub fn activation_timeout(mut self, timeout: Duration) -> Self {
        self.settings.activation_timeout = timeout;
        self
    }

    /// How long a seat is held for a player who does not come; 60 s by default, as on AWS.
    pub fn reservation_timeout(mut self, timeout: Duration) -> Self {
        self.settings.reservation_timeout = timeout;
        self
    }

    /// How long a process may be without a socket before it counts as crashed; 3 s by default, so that a killed server
    /// is noticed soon. AWS waits for minutes.
    pub fn socket_loss_grace(mut self, grace: Duration) -> Self {
        self.settings.socket_loss_grace = grace;
        self
    }

    /// How long a process may be without a healthy heartbeat; 3 minutes by default, as on AWS.
    pub fn unhealthy_after(mut self, limit: Duration) -> Self {
        self.settings.unhealthy_after = limit;
        self
    }

    /// How long a process that was told to end may take; 60 s by default, which the C++ SDK needs.
    pub fn terminate_grace(mut self, grace: Duration) -> Self {
        self.settings.terminate_grace = grace;
        self
    }

    /// How long an auth token is good; 3 hours by default, as on AWS. Processes get a new one in time.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.token_lifetime = lifetime;
        self
    }

    /// Lets a process that is known reconnect with an empty token, as the C++ SDK does after failed sends. Off by default.
    pub fn accept_tokenless_reconnects(mut self) -> Self {
        self.settings.tokenless_reconnects = true;
        self
    }

    /// Tells computes and server processes the `wss` URL, for SDKs that can do nothing else, such as the C++ one.
    pub fn advertise_tls(mut self) -> Self {
        self.settings.advertise_tls = true;
        self
    }

    /// The credentials that `SigV4` handshakes must be signed with. Without them a signature is not verified, only its
    /// shape and its date.
    pub fn credentials(mut self, access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        self.settings.credentials = Some(Credentials {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
        });
        self
    }

    /// A token that is always good for the computes of the default fleet, for scripts that want to know it beforehand.
    /// Processes are still given random ones when theirs would expire.
    pub fn auth_token(mut self, token: impl Into<String>) -> Self {
        self.settings.fixed_token = Some(token.into());
        self
    }

    /// What exists from the start besides the default fleet.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// How long the ping beacon of a location takes to answer; nothing by default, so that every location is near. A seed
    /// can say the same.
    pub fn ping_delay(mut self, location: impl Into<String>, delay: Duration) -> Self {
        self.ping_delays.insert(location.into(), delay);
        self
    }

    /// Has a subscriber told of placement events from the start, as by Amazon SNS or Amazon `EventBridge`.
    pub fn subscribe(mut self, subscription: Subscription) -> Self {
        self.subscriptions.push(subscription);
        self
    }

    pub(crate) fn retries(&self) -> Retries {
        if self.realistic {
            Retries::realistic()
        } else {
            Retries::quick()
        }
    }

    /// Keeps everything in this directory, which is made if there is none: whatever was answered is there again after a
    /// restart, and server processes that come back are known by their process id. Nothing is kept by default.
    ///
    /// Give the emulator the same port each time, so that processes find it again. A seed is sown once, into an empty
    /// directory. Tokens and session data are in it; only its owner may read it.
    pub fn data_dir(mut self, directory: impl Into<std::path::PathBuf>) -> Self {
        self.data_dir = Some(directory.into());
        self
    }

    /// Refuses calls, and requests of server processes, that come faster than the service's published rates. Off by
    /// default.
    pub fn throttled(mut self) -> Self {
        self.throttled = true;
        self.settings.throttled = true;
        self
    }

    /// Refuses calls of an operation, or of all together (`account`), that come faster than so many a second and so many at
    /// once; other operations keep the rates of [`EmulatorConfig::throttled`], which this implies.
    pub fn throttle_rate(mut self, operation: impl Into<String>, per_second: f64, burst: f64) -> Self {
        self.rates.insert(operation.into(), Rate { per_second, burst });
        self.throttled()
    }

    /// Lets processes of the fleet have role credentials, made-up ones, as on a managed fleet.
    pub fn managed_role(mut self) -> Self {
        self.settings.managed_fleet = true;
        self
    }

    /// Answers as GameLift Local did, AWS's old tool: five calls, the fleet `fleet-123`, the region `local`, no locations.
    /// A fleet id or region that was set before is replaced. Server processes still connect with a server SDK 5.
    pub fn legacy(mut self) -> Self {
        self.settings.profile = Profile::Legacy;
        self.fleet_id("fleet-123").region("local")
    }

    /// The times of AWS where the defaults are shorter: 5 minutes for `ProcessReady`, for activation and for a process that
    /// was told to end, 3 minutes for a process without a socket, and a search finds a game session a second after its
    /// activation.
    pub fn realistic(self) -> Self {
        const MINUTE: Duration = Duration::from_mins(1);
        let mut config = self;
        config.realistic = true;
        config.settings.search_lag = Duration::from_secs(1);
        config
            .ready_timeout(5 * MINUTE)
            .activation_timeout(5 * MINUTE)
            .terminate_grace(5 * MINUTE)
            .socket_loss_grace(3 * MINUTE)
    }

    pub(crate) fn check(&self) -> Result<(), EmulatorError> {
        let fits = |shape, value: &str| {
            let member = shape::Member::required("Name", shape);
            shape::check(&[member], &serde_json::json!({ "Name": value })).is_ok()
        };
        let Settings {
            fleet_id,
            location,
            region,
            ..
        } = &self.settings;
        if !fits(&scalars::FLEET, fleet_id) || fleet_id.contains(':') || fleet_id.len() > 128 {
            return Err(EmulatorError::BadName {
                what: "fleet id",
                value: fleet_id.clone(),
                rule: "fleet- and then letters, digits and dashes, 128 characters at most",
            });
        }
        if !fits(&scalars::CUSTOM_LOCATION, location) {
            return Err(EmulatorError::BadName {
                what: "location",
                value: location.clone(),
                rule: "custom- and then letters, digits and dashes, 64 characters at most",
            });
        }
        if !fits(&scalars::LOCATION, region) {
            return Err(EmulatorError::BadName {
                what: "region",
                value: region.clone(),
                rule: "letters, digits and dashes",
            });
        }
        for (operation, rate) in &self.rates {
            if operation != ACCOUNT_NAME && !OPERATIONS.contains(&operation.as_str()) {
                return Err(EmulatorError::BadName {
                    what: "operation of a rate",
                    value: operation.clone(),
                    rule: "an operation such as CreateGameSession, or account for all together",
                });
            }
            let Rate { per_second, burst } = *rate;
            if !(per_second.is_finite() && per_second > 0.0 && burst.is_finite() && burst >= 1.0) {
                return Err(EmulatorError::BadName {
                    what: "rate",
                    value: format!("{operation}={per_second}/{burst}"),
                    rule: "more than 0 a second, and 1 or more at once",
                });
            }
        }
        Ok(())
    }
}
