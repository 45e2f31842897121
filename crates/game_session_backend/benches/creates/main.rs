//! Creates per second at 1, 8 and 64 clients: through the backend, through a small Python handler as one is quickly
//! written (boto3, a look every 10 ms), and at the emulator alone. All in one run, with the same emulator and the same
//! server processes, on the same cores.
//!
//! A create is whole when its player has a seat in an active game session. Each uses up one server process of a stock
//! that is connected before the clock runs; the game sessions live on while others are made, as on a busy fleet.
//! `cargo bench -p game_session_backend --bench creates` prints the figures; the Python handler needs boto3, which
//! `.ci/boto3` installs under `target/`.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

mod clients;
mod fleet;
mod python;

use std::time::Duration;

use game_session_backend::{AwsTarget, Backend, BackendConfig, FleetTarget, Limits, Rate};
use gamelift_emulator::{Emulator, EmulatorConfig};
use tokio::runtime::{Builder, Runtime};

use clients::{Alone, Call, Creates, FirstLook, ThroughBackend};
use fleet::Fleet;
use python::{Handler, ThroughPython};

/// How long and with how many clients is measured.
struct Plan {
    clients: &'static [usize],
    time: Duration,
    /// How many processes one client can use up in that time, and how many there are at most.
    each: usize,
    most: usize,
}

fn main() {
    let measures = std::env::args().any(|argument| argument == "--bench");
    let plan = if measures {
        Plan {
            clients: &[1, 8, 64],
            time: Duration::from_secs(2),
            each: 1_500,
            most: 5_000,
        }
    } else {
        // Under `cargo test` it only has to work.
        Plan {
            clients: &[2],
            time: Duration::from_millis(200),
            each: 4,
            most: 4,
        }
    };
    let (services, load) = (threads(2), threads(1));
    let emulator = services.block_on(Emulator::start(EmulatorConfig::default())).unwrap();
    let backend = services.block_on(backend(&emulator));
    let handler = if measures {
        Handler::start(&emulator)
    } else {
        Err("it is not measured here".to_owned())
    };
    if let Err(reason) = &handler {
        println!("the Python handler is left out: {reason}");
    }

    println!(
        "{:<34}{:>9}{:>14}{:>18}",
        "creates per second", "clients", "a second", "calls per create"
    );
    let mut figures = Vec::new();
    for &clients in plan.clients {
        let ways: [Option<Box<dyn Call>>; 4] = [
            Some(Box::new(ThroughBackend::new(backend.url()))),
            handler
                .as_ref()
                .ok()
                .map(|handler| Box::new(ThroughPython::new(handler.url())) as Box<dyn Call>),
            Some(Box::new(Alone::new(&emulator, FirstLook::After20Millis))),
            Some(Box::new(Alone::new(&emulator, FirstLook::AtOnce))),
        ];
        for way in ways.into_iter().flatten() {
            let processes = u16::try_from(plan.most.min(plan.each * clients)).unwrap();
            let fleet = load.block_on(Fleet::start(&emulator, &format!("{clients}-{}", way.name()), processes));
            emulator.reset_calls();
            let Creates {
                name,
                whole,
                failed,
                took,
            } = load.block_on(clients::run(way, clients, plan.time, processes));
            let rate = f64::from(whole) / took.as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "calls are far fewer than 2^52")]
            let calls = emulator.calls().len() as f64 / f64::from(whole.max(1));
            println!("{name:<34}{clients:>9}{rate:>14.1}{calls:>18.2}");
            if failed > 0 {
                println!("  {failed} creates failed");
            }
            figures.push((name, clients, rate));
            load.block_on(fleet.stop());
        }
    }
    let rate_of = |name: &str, clients| {
        let found = figures.iter().find(|figure| figure.0 == name && figure.1 == clients);
        found.map(|figure| figure.2)
    };
    for &clients in plan.clients {
        let ours = rate_of(ThroughBackend::NAME, clients).unwrap_or_default();
        for (name, aim) in [(ThroughPython::NAME, "30"), (FirstLook::AtOnce.name(), "0.4")] {
            if let Some(other) = rate_of(name, clients) {
                println!(
                    "backend : {name} at {clients} clients = {:.2} (aim {aim})",
                    ours / other
                );
            }
        }
    }
    drop(handler);
    services.block_on(backend.stop());
    services.block_on(emulator.stop());
}

fn threads(count: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(count)
        .enable_all()
        .build()
        .unwrap()
}

async fn backend(emulator: &Emulator) -> Backend {
    let rate = Rate {
        burst: 1_000_000,
        per_second: 1_000_000,
    };
    let config = BackendConfig::new(AwsTarget::endpoint(emulator.endpoint()).region(emulator.region()))
        .fleet(FleetTarget::new(emulator.fleet_id()).location(emulator.location()))
        .limits(Limits::default().per_player(rate));
    Backend::start(config).await.unwrap()
}
