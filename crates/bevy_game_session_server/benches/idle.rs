//! What an idle *Ready* server costs: processor time and resident memory of 50 processes, beside a bare headless Bevy.
//!
//! `cargo bench -p bevy_game_session_server --bench idle`, on Linux: the processes are this binary itself, and what
//! they use is read from `/proc`. The bare Bevy turns 60 times a second, as `ScheduleRunnerPlugin` does it. Both run their
//! schedules on one thread, as a lean server build without Bevy's `multi_threaded` does; the build of a whole workspace
//! has it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bevy_app::{App, ScheduleRunnerPlugin, Update};
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{Schedules, SingleThreadedExecutor};
use bevy_game_session_server::{
    ListenPort, ProcessSignalsPlugin, ServerSessionState, SessionServerPlugin, SessionServerRunnerPlugin,
};
use bevy_state::app::StatesPlugin;
use bevy_state::condition::in_state;
use bevy_time::TimePlugin;
use game_session_protocol::InMemoryOrchestrator;

/// How long the processes are watched.
const WATCHED: Duration = Duration::from_secs(10);
/// Ticks of the processor clock in a second, as Linux counts them for user space.
const TICKS: f64 = 100.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("ready") => ready(),
        Some("bare") => bare(),
        _ if !cfg!(target_os = "linux") => println!("measured on Linux only"),
        _ => {
            let is_bench = std::env::args().any(|argument| argument == "--bench");
            let (servers, time) = if is_bench {
                (50, WATCHED)
            } else {
                (1, Duration::from_millis(50))
            };
            measure("ready server", "ready", servers, time)?;
            measure("bare headless Bevy", "bare", servers.min(5), time)?;
            println!("aim: 0.1 % of a core and 10 MiB each");
        }
    }
    Ok(())
}

fn ready() {
    let mut app = App::new();
    app.add_plugins((TimePlugin, StatesPlugin, SessionServerRunnerPlugin::default()))
        .add_plugins(SessionServerPlugin::new(InMemoryOrchestrator::new().host()))
        .add_plugins(ProcessSignalsPlugin::with_parent_pipe(std::io::stdin()))
        .insert_resource(ListenPort(7777))
        .add_systems(Update, say_ready.run_if(in_state(ServerSessionState::Ready)));
    on_one_thread(&mut app);
    app.run();
}

fn bare() {
    let period = Duration::from_secs_f64(1.0 / 60.0);
    let mut app = App::new();
    app.add_plugins((TimePlugin, ScheduleRunnerPlugin::run_loop(period)))
        .add_systems(Update, say_ready);
    on_one_thread(&mut app);
    app.run();
}

fn on_one_thread(app: &mut App) {
    for (_, schedule) in app.world_mut().resource_mut::<Schedules>().iter_mut() {
        schedule.set_executor(SingleThreadedExecutor::new());
    }
}

fn say_ready(mut was_said: Local<bool>) {
    if !*was_said {
        *was_said = true;
        println!("ready");
    }
}

/// Processes of one kind, killed when dropped.
struct Herd(Vec<Child>);

impl Drop for Herd {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn measure(name: &str, role: &str, number: usize, time: Duration) -> Result<(), Box<dyn std::error::Error>> {
    let mut herd = Herd(Vec::new());
    for _ in 0..number {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = child.stdout.take().ok_or("the child has no output")?;
        herd.0.push(child);
        BufReader::new(said).read_line(&mut String::new())?;
    }
    std::thread::sleep(time / 5); // they settle
    let before = total_ticks(&herd)?;
    std::thread::sleep(time);
    let used = total_ticks(&herd)? - before;
    let count = f64::from(u32::try_from(number)?);
    let share = used / TICKS / time.as_secs_f64() / count * 100.0;
    let mut memory = herd.0.iter().map(resident_kib).collect::<Result<Vec<_>, _>>()?;
    memory.sort_unstable();
    let median = f64::from(u32::try_from(memory[memory.len() / 2])?) / 1024.0;
    println!("{name}: {share:.3} % of a core and {median:.1} MiB each ({number} processes, {time:?})");
    Ok(())
}

/// User and system time of all.
fn total_ticks(herd: &Herd) -> Result<f64, Box<dyn std::error::Error>> {
    let mut ticks = 0.0;
    for child in &herd.0 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
        let (_, fields) = stat.rsplit_once(") ").ok_or("no such process")?;
        for field in fields.split(' ').skip(11).take(2) {
            ticks += field.parse::<f64>()?;
        }
    }
    Ok(ticks)
}

fn resident_kib(child: &Child) -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .ok_or("no memory is shown")?;
    Ok(line.split_whitespace().nth(1).ok_or("no memory is shown")?.parse()?)
}
