//! From the click to connected over loopback, in frames and milliseconds, beside stock `bevy_renet` with its own netcode.
//!
//! The stock side is a program of its own (`benches/stock`), because two netcodes do not belong into one tree:
//! `.ci/travel-figures` builds it, names it in `STOCK_TRAVEL`, and runs this bench, which plays both in turn.

mod common;

use std::process::Command;
use std::time::{Duration, Instant};

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_game_session_client::{SessionSettings, SessionStarted, Sessions};
use bevy_renet::RenetClient;
use common::{LIMIT, Pace, Server, percentile, player};

/// The usual rate of a game, and one at which frames hardly count.
const RATES: [u32; 2] = [60, 1000];

/// How long a travel took.
#[derive(Clone, Copy, Default)]
struct Took {
    frames: u32,
    time: Duration,
}

/// The frames and times of the steps of one travel.
#[derive(Resource, Default)]
struct Watch {
    frame: u32,
    clicked: Option<(u32, Instant)>,
    seated: Option<(u32, Instant)>,
    connected: Option<(u32, Instant)>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let rounds = if is_bench { 30 } else { 1 };
    println!("{:<44}{:>10}{:>14}{:>14}", "", "frames", "median", "p90");
    for rate in RATES {
        println!("both loops at {rate} Hz, {rounds} travels each");
        let (mut whole, mut seated, mut stock) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (click, seat) = travel(f64::from(rate));
            whole.push(click);
            seated.push(seat);
            stock.extend(travel_of_stock(rate)?);
        }
        let ours = show("  ours: seat (server active) to connected", &mut seated);
        show("  ours: click to connected, with activation", &mut whole);
        if stock.is_empty() {
            println!("  stock: not measured, run .ci/travel-figures");
        } else {
            let stock = show("  stock bevy_renet: click to connected", &mut stock);
            let share = ours.as_secs_f64() / stock.as_secs_f64();
            println!("  seat to connected is {share:.2} of stock (aim: a frame and 3 ms, under 0.50 of stock)");
        }
    }
    Ok(())
}

fn show(what: &str, all: &mut [Took]) -> Duration {
    all.sort_unstable_by_key(|took| took.time);
    let times: Vec<_> = all.iter().map(|took| took.time).collect();
    let mut frames: Vec<_> = all.iter().map(|took| took.frames).collect();
    frames.sort_unstable();
    let median = percentile(&times, 0.5);
    println!(
        "{what:<44}{:>10}{:>11.2} ms{:>11.2} ms",
        frames[frames.len() / 2],
        median.as_secs_f64() * 1e3,
        percentile(&times, 0.9).as_secs_f64() * 1e3
    );
    median
}

/// One travel: from the click, and from the seat.
fn travel(rate: f64) -> (Took, Took) {
    let server = Server::start(rate, |_| ());
    let mut app = player(&server.orchestrator);
    app.init_resource::<Watch>()
        .add_systems(First, |mut watch: ResMut<Watch>| watch.frame += 1)
        .add_observer(|_: On<SessionStarted>, mut watch: ResMut<Watch>| {
            watch.seated = Some((watch.frame, Instant::now()));
        })
        .add_systems(Update, (click, look));
    app.finish();
    app.cleanup();
    let (mut pace, end) = (Pace::hertz(rate), Instant::now() + LIMIT);
    loop {
        app.update();
        let watch = app.world().resource::<Watch>();
        if let (Some(clicked), Some(seated), Some(connected)) = (watch.clicked, watch.seated, watch.connected) {
            return (took(clicked, connected), took(seated, connected));
        }
        assert!(Instant::now() < end, "the travel did not end in time");
        pace.wait();
    }
}

fn took(from: (u32, Instant), to: (u32, Instant)) -> Took {
    Took {
        frames: to.0 - from.0,
        time: to.1 - from.1,
    }
}

/// The player clicks when the game has run for a while.
fn click(mut watch: ResMut<Watch>, mut sessions: Sessions) {
    if watch.frame == 10 {
        watch.clicked = Some((watch.frame, Instant::now()));
        sessions
            .create("game", SessionSettings::new(4))
            .expect("the name is free");
        sessions.start("game");
    }
}

fn look(mut watch: ResMut<Watch>, client: Option<Res<RenetClient>>) {
    if watch.connected.is_none() && client.is_some_and(|client| client.is_connected()) {
        watch.connected = Some((watch.frame, Instant::now()));
    }
}

/// What the other program measured in one travel: `frames microseconds` on its last line.
fn travel_of_stock(rate: u32) -> Result<Option<Took>, Box<dyn std::error::Error>> {
    let Ok(program) = std::env::var("STOCK_TRAVEL") else {
        return Ok(None);
    };
    let output = Command::new(program).arg(rate.to_string()).output()?;
    let said = String::from_utf8(output.stdout)?;
    let (frames, micros) = said.trim().split_once(' ').ok_or("the stock program said nothing")?;
    Ok(Some(Took {
        frames: frames.parse()?,
        time: Duration::from_micros(micros.parse()?),
    }))
}
