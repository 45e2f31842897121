//! GameLift on this machine, as a program: starts the emulator and prints what clients and servers need to find it.

use std::{error::Error, path::PathBuf, time::Duration};

use clap::Parser;
use gamelift_emulator::{Emulator, EmulatorConfig, Fault, Seed};
use tracing_subscriber::EnvFilter;

/// Amazon `GameLift` on this machine, for clients with any AWS SDK and servers with any server SDK 5.
#[derive(Parser)]
#[command(version)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
struct Arguments {
    /// The loopback port; 0 takes any free one.
    #[arg(long, default_value_t = 9870)]
    port: u16,
    /// The fleet that exists from the start.
    #[arg(long, default_value = "fleet-local")]
    fleet_id: String,
    /// The location that exists from the start.
    #[arg(long, default_value = "custom-local")]
    location: String,
    /// The region in ARNs.
    #[arg(long, default_value = "us-west-2")]
    region: String,
    /// Answers as the old GameLift Local did: five calls, the fleet fleet-123, no locations.
    #[arg(long, conflicts_with_all = ["fleet_id", "region", "seed"])]
    legacy: bool,
    /// AWS's own, longer time limits.
    #[arg(long)]
    realistic: bool,
    /// A TOML file of what exists from the start: locations, fleets, computes, aliases, queues.
    #[arg(long)]
    seed: Option<PathBuf>,
    /// Refuses calls that come faster than AWS would take them.
    #[arg(long)]
    throttle: bool,
    /// Something to go wrong, as the control route takes it: `{"fault": "delay_calls", "millis": 500, "times": 9}`.
    #[arg(long)]
    fault: Vec<String>,
    /// How late the ping beacon of a location answers: `LOCATION=MILLISECONDS`.
    #[arg(long, value_parser = ping)]
    ping: Vec<(String, Duration)>,
    /// Tells computes and server processes the wss URL.
    #[arg(long)]
    wss: bool,
    /// Where to write the certificate of this run, for clients that verify it.
    #[arg(long)]
    certificate_file: Option<PathBuf>,
    /// The process id in the lines for a server.
    #[arg(long, default_value = "process-1")]
    process_id: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let mut config = EmulatorConfig::default()
        .port(arguments.port)
        .fleet_id(arguments.fleet_id)
        .location(arguments.location)
        .region(arguments.region);
    if arguments.legacy {
        config = config.legacy();
    }
    if arguments.realistic {
        config = config.realistic();
    }
    if arguments.throttle {
        config = config.throttled();
    }
    for (location, delay) in arguments.ping {
        config = config.ping_delay(location, delay);
    }
    if arguments.wss {
        config = config.advertise_tls();
    }
    if let Some(path) = &arguments.seed {
        let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        config = config.seed(Seed::from_toml(&text)?);
    }
    let mut faults: Vec<Fault> = Vec::new();
    for fault in &arguments.fault {
        faults.push(serde_json::from_str(fault).map_err(|error| format!("{fault} is no fault: {error}"))?);
    }
    let emulator = Emulator::start(config).await?;
    for fault in faults {
        emulator.inject(fault)?;
    }
    if let Some(path) = &arguments.certificate_file {
        std::fs::write(path, emulator.certificate())
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    print_exports(&emulator, &arguments.process_id);
    // Without a signal handler there is still Ctrl-C's default: the process ends.
    if tokio::signal::ctrl_c().await.is_ok() {
        emulator.stop().await;
    }
    Ok(())
}

fn ping(text: &str) -> Result<(String, Duration), String> {
    let parsed = text.split_once('=').and_then(|(location, millis)| {
        let millis = millis.parse().ok()?;
        Some((location.to_owned(), Duration::from_millis(millis)))
    });
    parsed.ok_or_else(|| "write it as LOCATION=MILLISECONDS, such as custom-local=40".to_owned())
}

fn print_exports(emulator: &Emulator, process_id: &str) {
    println!("# gamelift-emulator on {}", emulator.endpoint());
    println!("# for clients and the backend (any credentials will do):");
    println!("export AWS_ENDPOINT_URL_GAMELIFT={}", emulator.endpoint());
    println!("export AWS_REGION={0} AWS_DEFAULT_REGION={0}", emulator.region());
    println!("export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local");
    println!(
        "# the fleet is {}, its location {}",
        emulator.fleet_id(),
        emulator.location()
    );
    println!("# for the control routes under /_emulator/ (as a bearer token):");
    println!("export GAMELIFT_EMULATOR_SECRET={}", emulator.control_secret());
    println!("# server SDKs that want TLS: {}", emulator.secure_websocket_url());
    println!("# for a game server process (another process needs another process id):");
    for (name, value) in emulator.server_environment(process_id) {
        println!("export {name}={value}");
    }
}
