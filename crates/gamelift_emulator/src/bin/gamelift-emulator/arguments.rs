//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use gamelift_emulator::{EmulatorConfig, EmulatorError, Fault, Seed, Subscription};

/// Amazon `GameLift` on this machine, for clients with any AWS SDK and servers with any server SDK 5.
#[derive(Parser)]
#[command(
    version,
    after_help = "Open the dashboard at the address it prints, http://127.0.0.1:9870 unless told otherwise.",
    after_long_help = EXAMPLES
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Arguments {
    /// The loopback port; 0 takes any free one.
    #[arg(long, default_value_t = 9870, env = "GAMELIFT_EMULATOR_PORT")]
    port: u16,
    /// The loopback UDP port for metrics of server processes; SDKs that are told nothing send to 8125. The default is the
    /// number of the port, or any free one.
    #[arg(long, value_name = "PORT")]
    statsd_port: Option<u16>,
    /// A TOML file of what exists from the start: locations, fleets, computes, aliases, queues.
    #[arg(long, value_name = "FILE", help_heading = "What there is")]
    seed: Option<PathBuf>,
    /// Keeps everything in this directory: after a restart, or a crash, it goes on where it was.
    #[arg(long, value_name = "DIRECTORY", help_heading = "What there is")]
    data_dir: Option<PathBuf>,
    /// The fleet that exists from the start.
    #[arg(long, default_value = "fleet-local", help_heading = "What there is")]
    fleet_id: String,
    /// The location that exists from the start.
    #[arg(long, default_value = "custom-local", help_heading = "What there is")]
    location: String,
    /// The region in ARNs.
    #[arg(long, default_value = "us-west-2", help_heading = "What there is")]
    region: String,
    /// AWS's own, longer time limits.
    #[arg(long, help_heading = "How it behaves")]
    realistic: bool,
    /// Refuses calls that come faster than AWS would take them.
    #[arg(long, help_heading = "How it behaves")]
    throttle: bool,
    /// Another rate for an operation, or for all together (`account`): calls a second, and how many may come at once.
    /// Implies --throttle.
    #[arg(long, value_parser = rate, value_name = "OPERATION=RATE[/BURST]", help_heading = "How it behaves")]
    throttle_rate: Vec<(String, f64, f64)>,
    /// Answers as the old `GameLift` Local did: five calls, the fleet fleet-123, no locations.
    #[arg(long, conflicts_with_all = ["fleet_id", "region", "seed"], help_heading = "How it behaves")]
    legacy: bool,
    /// Something to go wrong, as the control route takes it: `{"fault": "delay_calls", "millis": 500, "times": 9}`.
    #[arg(long, value_name = "JSON", help_heading = "How it behaves")]
    fault: Vec<String>,
    /// How late the ping beacon of a location answers: `LOCATION=MILLISECONDS`.
    #[arg(long, value_parser = ping, value_name = "PING", help_heading = "How it behaves")]
    ping: Vec<(String, Duration)>,
    /// Tells an HTTP subscriber of a topic about placements, as SNS does: `TOPIC_ARN=http://...`.
    #[arg(long, value_parser = sns, value_name = "ARN=URL", help_heading = "Placement events")]
    sns: Vec<Subscription>,
    /// Tells an HTTP target about placements, as an `EventBridge` rule does.
    #[arg(long, value_name = "URL", help_heading = "Placement events")]
    event_bridge: Vec<String>,
    /// Tells computes and server processes the wss URL.
    #[arg(long, help_heading = "TLS")]
    wss: bool,
    /// Where to write the certificate of this run, for clients that verify it.
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub(crate) certificate_file: Option<PathBuf>,
    /// The process id in the lines for a server.
    #[arg(long, default_value = "process-1", help_heading = "What it prints")]
    pub(crate) process_id: String,
    /// Prints the endpoint alone, and logs errors alone.
    #[arg(long, conflicts_with = "json", help_heading = "What it prints")]
    pub(crate) quiet: bool,
    /// Prints one JSON object with everything that clients and servers need, and logs one JSON object a line.
    #[arg(long, help_heading = "What it prints")]
    pub(crate) json: bool,
}

const EXAMPLES: &str = "\
Open the dashboard at the address it prints, http://127.0.0.1:9870 unless told otherwise.

Examples:
  gamelift-emulator
      one Anywhere fleet, fleet-local in custom-local, on port 9870
  gamelift-emulator --port 0 --json
      any free port, told as JSON: for scripts and tests
  gamelift-emulator --data-dir ~/.gamelift-emulator
      everything is there again after a restart
  gamelift-emulator --realistic --throttle
      AWS's time limits and request rates
  gamelift-emulator --fault '{\"fault\": \"fail_calls\", \"error\": \"ThrottlingException\", \"times\": 3}'
      the next three calls are throttled

Exit codes: 0 stopped by a signal, 1 something else, 2 the command line or a file it names is wrong,
3 a port is taken, 4 the data directory cannot be used.

The log goes to standard error, coloured on a terminal unless NO_COLOR is set, one JSON
object a line with --json; RUST_LOG says how much of it.";

/// What is wrong with the command line or a file that it names.
pub(crate) type Wrong = String;

impl Arguments {
    /// The configuration, and what is to go wrong from the start.
    pub(crate) fn read(&self) -> Result<(EmulatorConfig, Vec<Fault>), Wrong> {
        let mut config = EmulatorConfig::default()
            .port(self.port)
            .fleet_id(self.fleet_id.clone())
            .location(self.location.clone())
            .region(self.region.clone());
        if let Some(port) = self.statsd_port {
            config = config.statsd_port(port);
        }
        if self.legacy {
            config = config.legacy();
        }
        if let Some(directory) = &self.data_dir {
            config = config.data_dir(directory);
        }
        if self.realistic {
            config = config.realistic();
        }
        if self.throttle {
            config = config.throttled();
        }
        for (operation, per_second, burst) in &self.throttle_rate {
            config = config.throttle_rate(operation, *per_second, *burst);
        }
        for (location, delay) in &self.ping {
            config = config.ping_delay(location.clone(), *delay);
        }
        if self.wss {
            config = config.advertise_tls();
        }
        let rules = self.event_bridge.iter();
        let rules = rules.map(|endpoint| Subscription::EventBridge {
            endpoint: endpoint.clone(),
        });
        for subscription in self.sns.iter().cloned().chain(rules) {
            config = config.subscribe(subscription);
        }
        if let Some(path) = &self.seed {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            config = config.seed(Seed::from_toml(&text).map_err(|error| error.to_string())?);
        }
        let faults = self.fault.iter().map(|fault| {
            let read = serde_json::from_str(fault);
            read.map_err(|error| format!("{fault} is no fault: {error}"))
        });
        Ok((config, faults.collect::<Result<_, _>>()?))
    }
}

/// What the program ends with when the emulator cannot start.
pub(crate) fn exit_code(error: &EmulatorError) -> u8 {
    match error {
        EmulatorError::Listen { .. } | EmulatorError::Metrics { .. } => 3,
        EmulatorError::DataDirectory { .. } => 4,
        EmulatorError::BadName { .. }
        | EmulatorError::Seed(_)
        | EmulatorError::UnknownError(_)
        | EmulatorError::UnknownTarget { .. }
        | EmulatorError::Subscription(_) => 2,
        _ => 1,
    }
}

fn ping(text: &str) -> Result<(String, Duration), String> {
    let parsed = text.split_once('=').and_then(|(location, millis)| {
        let millis = millis.parse().ok()?;
        Some((location.to_owned(), Duration::from_millis(millis)))
    });
    parsed.ok_or_else(|| "write it as LOCATION=MILLISECONDS, such as custom-local=40".to_owned())
}

fn rate(text: &str) -> Result<(String, f64, f64), String> {
    let parsed = text.split_once('=').and_then(|(operation, rate)| {
        let (per_second, burst) = match rate.split_once('/') {
            Some((per_second, burst)) => (per_second.parse().ok()?, burst.parse().ok()?),
            None => rate.parse().ok().map(|rate: f64| (rate, rate.max(1.0)))?,
        };
        Some((operation.to_owned(), per_second, burst))
    });
    parsed
        .ok_or_else(|| "write it as OPERATION=RATE or OPERATION=RATE/BURST, such as SearchGameSessions=5/10".to_owned())
}

fn sns(text: &str) -> Result<Subscription, String> {
    let parsed = text.split_once('=');
    let (topic_arn, endpoint) = parsed.ok_or("write it as TOPIC_ARN=URL")?;
    Ok(Subscription::Sns {
        topic_arn: topic_arn.to_owned(),
        endpoint: endpoint.to_owned(),
    })
}
