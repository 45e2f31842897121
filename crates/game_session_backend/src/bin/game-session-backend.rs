//! The backend as a program of its own, configured by flags or environment variables.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use game_session_backend::{
    AwsTarget, Backend, BackendConfig, BackendError, FleetTarget, Keyring, Limits, PlacementEvents, QueueTarget,
    SigningAlgorithm, Tls, TokenKind, TrustedIssuer,
};
use tracing_subscriber::EnvFilter;

/// How the log is written.
#[derive(Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// Whether there are guests.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Guests {
    Yes,
    No,
}

/// An outside identity provider.
#[derive(clap::Args)]
struct Provider {
    /// The URL of an identity provider (OIDC) whose players may play, as its tokens' `iss` has it.
    #[arg(long = "oidc-issuer", env = "GAME_SESSION_OIDC_ISSUER", requires = "audiences")]
    issuer: Option<String>,
    /// The ids of the game's clients there, separated by commas: tokens for others do not count.
    #[arg(
        long = "oidc-audiences",
        env = "GAME_SESSION_OIDC_AUDIENCES",
        value_delimiter = ',',
        requires = "issuer"
    )]
    audiences: Vec<String>,
    /// Where its public keys are; else its discovery document says so.
    #[arg(long = "oidc-jwks-url", env = "GAME_SESSION_OIDC_JWKS_URL", requires = "issuer")]
    jwks_url: Option<String>,
    /// Which of its tokens count: access, id or either.
    #[arg(long = "oidc-tokens", env = "GAME_SESSION_OIDC_TOKENS", default_value = "access")]
    tokens: TokenKind,
    /// How its tokens may be signed, separated by commas.
    #[arg(
        long = "oidc-algorithms",
        env = "GAME_SESSION_OIDC_ALGORITHMS",
        value_delimiter = ',',
        default_value = "RS256,ES256,EdDSA"
    )]
    algorithms: Vec<SigningAlgorithm>,
    /// How many seconds its clock may differ from this machine's.
    #[arg(long = "oidc-leeway", env = "GAME_SESSION_OIDC_LEEWAY", default_value_t = 60)]
    leeway: u64,
}

impl Provider {
    fn trusted(self) -> Result<Option<TrustedIssuer>, BackendError> {
        let Some(url) = self.issuer else { return Ok(None) };
        let mut audiences = self.audiences.into_iter();
        let mut issuer = TrustedIssuer::new(url, audiences.next().unwrap_or_default())?;
        for audience in audiences {
            issuer = issuer.audience(audience)?;
        }
        if let Some(url) = self.jwks_url {
            issuer = issuer.jwks_url(url)?;
        }
        let issuer = issuer
            .tokens(self.tokens)
            .algorithms(&self.algorithms)?
            .leeway(Duration::from_secs(self.leeway))?;
        Ok(Some(issuer))
    }
}

/// The HTTP API between game clients and Amazon GameLift.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, env = "GAME_SESSION_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The id or ARN of the fleet in which game sessions are placed.
    #[arg(long, env = "GAME_SESSION_FLEET", conflicts_with = "alias")]
    fleet: Option<String>,
    /// The alias of the fleet in which game sessions are placed.
    #[arg(long, env = "GAME_SESSION_ALIAS")]
    alias: Option<String>,
    /// The build whose newest active fleet is used.
    #[arg(long, env = "GAME_SESSION_BUILD", conflicts_with_all = ["fleet", "alias"])]
    build: Option<String>,
    /// The name of the fleet; of several the newest active one is used.
    #[arg(long, env = "GAME_SESSION_FLEET_NAME", conflicts_with_all = ["fleet", "alias", "build"])]
    fleet_name: Option<String>,
    /// The name or ARN of the queue that places game sessions, in place of a fleet.
    #[arg(long, env = "GAME_SESSION_QUEUE", conflicts_with_all = ["fleet", "alias", "build", "fleet_name", "location", "legacy", "original_contract"])]
    queue: Option<String>,
    /// The ARN of a fleet or alias behind the queue, to be listed; may be repeated. The queue is asked unless told.
    #[arg(long, env = "GAME_SESSION_DESTINATIONS", value_delimiter = ',', requires = "queue")]
    destination: Vec<String>,
    /// The ARN of the SNS topic that tells of the queue's placements; it posts to /v1/events/sns.
    #[arg(long, env = "GAME_SESSION_EVENTS_TOPIC", requires = "queue")]
    events_topic: Option<String>,
    /// The URL of the certificate that an emulator on this machine signs its messages under.
    #[arg(long, env = "GAME_SESSION_EVENTS_CERTIFICATE", requires = "events_topic")]
    events_certificate: Option<String>,
    /// The location, required for an Anywhere fleet.
    #[arg(long, env = "GAME_SESSION_LOCATION")]
    location: Option<String>,
    /// The endpoint is like the old GameLift Local: five calls, the fleet fleet-123 unless told, no location.
    #[arg(long, env = "GAME_SESSION_LEGACY", conflicts_with_all = ["location", "alias"])]
    legacy: bool,
    /// Serves the original system's routes too, which trust their callers: only for a network that is trusted.
    #[arg(long, env = "GAME_SESSION_ORIGINAL_CONTRACT")]
    original_contract: bool,
    /// The URL of an emulator, asked with dummy credentials; without it the usual AWS variables and profiles count.
    #[arg(long, env = "GAME_SESSION_EMULATOR")]
    emulator: Option<String>,
    /// The file with the master secrets; else `GAME_SESSION_KEYRING` and `GAME_SESSION_KEYRING_FILE` count.
    #[arg(long)]
    keyring_file: Option<PathBuf>,
    /// The file with the certificate chain, PEM: with it the backend speaks TLS.
    #[arg(long, env = "GAME_SESSION_TLS_CERTIFICATES", requires = "tls_key")]
    tls_certificates: Option<PathBuf>,
    /// The file with the certificate's private key, PEM.
    #[arg(long, env = "GAME_SESSION_TLS_KEY", requires = "tls_certificates")]
    tls_key: Option<PathBuf>,
    /// A proxy stands in front, where TLS ends; the last address of its `X-Forwarded-For` is the client's.
    #[arg(long, env = "GAME_SESSION_BEHIND_PROXY")]
    behind_proxy: bool,
    /// The longest an answer is held back, in seconds.
    #[arg(long, env = "GAME_SESSION_MAX_WAIT", default_value_t = 25, value_parser = clap::value_parser!(u64).range(0..=300))]
    max_wait: u64,
    /// A game session that is not active after so many seconds is ended.
    #[arg(long, env = "GAME_SESSION_PLACEMENT_DEADLINE", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=600))]
    placement_deadline: u64,
    /// The UDP port that servers hold inside their containers, where it differs from the one outside.
    #[arg(long, env = "GAME_SESSION_SERVER_PORT")]
    server_port: Option<u16>,
    /// A host name under which a backend on loopback may be addressed by a proxy; may be repeated.
    #[arg(long)]
    allow_host: Vec<String>,
    /// The property keys that games may use, separated by commas; any unless told.
    #[arg(long, env = "GAME_SESSION_PROPERTY_KEYS", value_delimiter = ',')]
    property_keys: Vec<String>,
    #[command(flatten)]
    provider: Provider,
    /// Whether players may come in without an identity provider.
    #[arg(long, env = "GAME_SESSION_GUESTS", value_enum, default_value_t = Guests::Yes)]
    guests: Guests,
    /// How the log is written to standard error: for people, or one JSON object a line.
    #[arg(long, env = "GAME_SESSION_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// Prints a keyring with one new key under this id, and ends.
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "k1")]
    new_key: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match arguments.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    if let Some(id) = &arguments.new_key {
        println!("{}", Keyring::new_key_text(id));
        return ExitCode::SUCCESS;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the runtime could not be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the backend did not start: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(inner) = cause {
                eprintln!("  because: {inner}");
                cause = inner.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), BackendError> {
    // Before the socket is open, so that a signal is never missed.
    let told_to_end = told_to_end();
    let backend = Backend::start(config(arguments)?).await?;
    println!("listening on {}", backend.url());
    if let Ok(told_to_end) = told_to_end {
        told_to_end.await;
        tracing::info!("the backend stops");
        backend.stop().await;
    } else {
        tracing::warn!("signals cannot be caught here: the backend runs until it is killed");
        std::future::pending::<()>().await;
    }
    Ok(())
}

/// Ready when the process gets SIGTERM or SIGINT.
#[cfg(unix)]
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ready when Ctrl-C is pressed.
#[cfg(not(unix))]
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

fn config(arguments: Arguments) -> Result<BackendConfig, BackendError> {
    let aws = arguments.emulator.map_or_else(AwsTarget::from_env, AwsTarget::endpoint);
    let limits = Limits::default()
        .max_wait(Duration::from_secs(arguments.max_wait))
        .placement_deadline(Duration::from_secs(arguments.placement_deadline));
    let mut config = BackendConfig::new(aws).listen(arguments.listen).limits(limits);
    let fleet = arguments
        .fleet
        .map(FleetTarget::new)
        .or_else(|| arguments.alias.map(FleetTarget::alias))
        .or_else(|| arguments.build.map(FleetTarget::of_build))
        .or_else(|| arguments.fleet_name.map(FleetTarget::named))
        .or_else(|| arguments.legacy.then(|| FleetTarget::new("fleet-123")));
    if let Some(mut fleet) = fleet {
        if let Some(location) = arguments.location {
            fleet = fleet.location(location);
        }
        config = config.fleet(fleet);
    }
    if let Some(name) = arguments.queue {
        let queue = QueueTarget::new(name);
        let destinations = arguments.destination.iter();
        config = config.queue(destinations.fold(queue, |queue, arn| queue.destination(arn)));
    }
    if let Some(topic) = arguments.events_topic {
        let mut events = PlacementEvents::sns(topic);
        if let Some(url) = arguments.events_certificate {
            events = events.certificate_url(url);
        }
        config = config.placement_events(events);
    }
    if arguments.legacy {
        config = config.legacy_endpoint();
    }
    if arguments.original_contract {
        config = config.original_contract();
    }
    let keyring = match arguments.keyring_file {
        Some(path) => Some(Keyring::from_file(path)?),
        None => Keyring::from_env()?,
    };
    if let Some(keyring) = keyring {
        config = config.keyring(keyring);
    }
    if let (Some(certificates), Some(key)) = (arguments.tls_certificates, arguments.tls_key) {
        config = config.tls(Tls::from_files(certificates, key)?);
    }
    if arguments.behind_proxy {
        config = config.behind_proxy();
    }
    if let Some(issuer) = arguments.provider.trusted()? {
        config = config.trust(issuer);
    }
    if arguments.guests == Guests::No {
        config = config.no_guests();
    }
    if !arguments.property_keys.is_empty() {
        config = config.property_keys(arguments.property_keys);
    }
    if let Some(port) = arguments.server_port {
        config = config.server_port(port);
    }
    Ok(arguments.allow_host.into_iter().fold(config, BackendConfig::allow_host))
}
