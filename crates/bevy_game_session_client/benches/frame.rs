//! What the plugin costs a frame, in instructions and allocations, beside an app without it, and beside an app with
//! nothing but a state, which Bevy asks each frame whether it changes.
//!
//! Instructions are counted by `valgrind --tool=callgrind` around this program itself: they do not depend on how busy
//! the machine is. Without valgrind the reason is printed and only allocations are counted.

use std::alloc::System;
use std::process::Command;
use std::time::Duration;

use bevy_app::prelude::*;
use bevy_ecs::schedule::{Schedules, SingleThreadedExecutor};
use bevy_game_session_client::prelude::*;
use bevy_state::app::{AppExtStates as _, StatesPlugin};
use bevy_state::state::States;
use bevy_time::{TimePlugin, TimeUpdateStrategy};
use game_session_protocol::InMemoryOrchestrator;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Names what a child does, and for how many frames.
const CHILD: &str = "FRAME_BENCH_CHILD";
const CASES: [&str; 4] = ["without", "bare state", "idle", "in flight"];
const SHORT: u32 = 200;
const LONG: u32 = 600;

fn main() {
    if let Ok(child) = std::env::var(CHILD) {
        let (case, frames) = child.split_once('/').expect("the parent wrote it");
        return run(&mut app(case), frames.parse().expect("the parent wrote it"));
    }
    if !std::env::args().any(|argument| argument == "--bench") {
        return run(&mut app("in flight"), 10);
    }
    println!(
        "{:<12}{:>20}{:>20}",
        "plugin", "instructions/frame", "allocations/frame"
    );
    let mut base = None;
    for case in CASES {
        let (instructions, allocations) = (instructions(case), allocations(case));
        let shown = match &instructions {
            Ok(count) => count.to_string(),
            Err(_) => "not counted".to_owned(),
        };
        println!("{case:<12}{shown:>20}{allocations:>20.3}");
        match (instructions, base) {
            (Ok(count), None) => base = Some(count),
            (Ok(count), Some(base)) => println!("{:<12}{:>+20}", "  more", i128::from(count) - i128::from(base)),
            (Err(reason), _) => println!("  instructions are not counted: {reason}"),
        }
    }
    println!("aim: 2000 instructions and no allocation a frame, idle");
}

/// A state of some game's.
#[derive(States, Debug, Clone, PartialEq, Eq, Hash, Default)]
enum Bare {
    #[default]
    Only,
}

fn app(case: &str) -> App {
    let mut app = App::new();
    app.add_plugins((TimePlugin, StatesPlugin))
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_micros(1)));
    if case == "bare state" {
        app.init_state::<Bare>();
    } else if case != "without" {
        let orchestrator = InMemoryOrchestrator::new();
        orchestrator.hold();
        let player = "anna".parse().expect("a word is a valid id");
        app.add_plugins(SessionClientPlugin::new(orchestrator.service(player)));
    }
    if case == "in flight" {
        app.add_systems(Startup, |mut sessions: Sessions| {
            sessions.quick_join("game", SessionSettings::new(4));
            sessions.find(SessionQuery::new());
        });
    }
    // The executor on several threads spins and allocates for each system of a frame, ours or not.
    for (_, schedule) in app.world_mut().resource_mut::<Schedules>().iter_mut() {
        schedule.set_executor(SingleThreadedExecutor::new());
    }
    app
}

fn run(app: &mut App, frames: u32) {
    for _ in 0..frames {
        app.update();
    }
}

fn allocations(case: &str) -> f64 {
    let mut app = app(case);
    run(&mut app, SHORT);
    let region = Region::new(ALLOCATOR);
    run(&mut app, SHORT);
    let count = u32::try_from(region.change().allocations).unwrap_or(u32::MAX);
    f64::from(count) / f64::from(SHORT)
}

/// The instructions of a frame: what a long run takes more than a short one.
fn instructions(case: &str) -> Result<u64, String> {
    let (short, long) = (counted(case, SHORT)?, counted(case, LONG)?);
    Ok((long - short) / u64::from(LONG - SHORT))
}

fn counted(case: &str, frames: u32) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .env(CHILD, format!("{case}/{frames}"))
        .output()
        .map_err(|error| format!("valgrind cannot be started ({error})"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let count = collected.and_then(|(_, count)| count.trim().parse().ok());
    count.ok_or_else(|| format!("valgrind said {:?}", said.lines().last().unwrap_or_default()))
}
