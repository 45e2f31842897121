//! From the command line to a running client.

use std::error::Error;
use std::process::ExitCode;

use bevy::prelude::AppExit;

use crate::cli::ClientArgs;
use crate::roles::exit_code;

use super::crowd;
use super::flow::{FlowPlugin, MAX_PLAYERS, Wish, explain, settings};
use super::headless::{self, Errand, Report};
use super::listing;
use super::saved::Saved;
use super::service::{LanReach, Services};
use super::timeline::milliseconds;
use super::window::{self, NoWindow};

/// How many servers a client with a window keeps ready: one more than it can play on.
const SERVERS_FOR_A_WINDOW: usize = 2;

/// Becomes the client.
pub fn play(args: &ClientArgs) -> ExitCode {
    match try_play(args) {
        Ok(code) => code,
        Err(error) => {
            complain(&explain("The game could not start.", &*error));
            ExitCode::FAILURE
        }
    }
}

fn try_play(args: &ClientArgs) -> Result<ExitCode, Box<dyn Error>> {
    let headless = args.headless || !window::has_display();
    if headless && !args.headless {
        println!("no display (neither DISPLAY nor WAYLAND_DISPLAY is set): playing headless");
    }
    if headless && args.browse && args.backend.is_none() && !args.lan {
        return Err("without a window --browse needs to know where to look: give --backend URL or --lan".into());
    }
    let saved = if headless { Saved::default() } else { Saved::load() }.overruled_by(args);
    let servers = match (headless, args.bots) {
        (false, _) => SERVERS_FOR_A_WINDOW,
        (true, bots) => usize::from(bots.unwrap_or(1).div_ceil(MAX_PLAYERS)),
    };
    let stack = if saved.backend.is_none() && !args.lan {
        Some(stack::start(servers)?)
    } else {
        None
    };
    let own = stack.as_ref().map(|stack| stack::backend_url(stack).to_owned());
    let lan = match (args.loopback, args.lan || args.browse || !headless) {
        (true, _) => LanReach::Loopback,
        (false, true) => LanReach::Everywhere,
        (false, false) => LanReach::Nowhere,
    };
    let backend = saved.backend.as_deref().or(own.as_deref()).filter(|_| !args.lan);
    let services = || Services::new(backend, lan);
    match args.bots {
        _ if headless && args.browse => Ok(list(args, services()?)),
        Some(count) => play_crowd(args, count, services),
        None if headless => Ok(play_headless(args, services()?)),
        None => Ok(play_in_window(args, saved.clone(), services()?)),
    }
}

fn play_in_window(args: &ClientArgs, saved: Saved, services: Services) -> ExitCode {
    match window::run(args, saved, services) {
        Ok(exit) => exit_code(&exit),
        Err(NoWindow(reason)) => {
            let sentence =
                "The window could not be shown: check the graphics driver (Vulkan), or play with `-- --headless`.";
            complain(&[sentence.into(), reason]);
            ExitCode::FAILURE
        }
    }
}

fn list(args: &ClientArgs, services: Services) -> ExitCode {
    let (exit, listing) = listing::look(FlowPlugin::new(services));
    if let Some(trouble) = &listing.trouble {
        complain(trouble);
        return ExitCode::FAILURE;
    }
    for line in listing.lines(args.session.as_deref()) {
        println!("{line}");
    }
    exit_code(&exit)
}

fn play_headless(args: &ClientArgs, services: Services) -> ExitCode {
    let (exit, report) = headless::run(FlowPlugin::new(services), errand(args));
    conclude(&report, &exit)
}

fn play_crowd(
    args: &ClientArgs,
    count: u16,
    services: impl Fn() -> Result<Services, Box<dyn Error>>,
) -> Result<ExitCode, Box<dyn Error>> {
    let flows: Result<Vec<_>, Box<dyn Error>> = (0..count)
        .map(|_| Ok(FlowPlugin::new(services()?).on_any_port()))
        .collect();
    let errand = Errand {
        way_in: crowd_way_in(args),
        quiet: true,
        ..errand(args)
    };
    let (well, reports) = crowd::run(flows?, &errand);
    for line in crowd::sum_up(&reports) {
        println!("{line}");
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a client without a window does.
fn errand(args: &ClientArgs) -> Errand {
    Errand {
        way_in: way_in(args).unwrap_or_else(|| match args.backend {
            Some(_) => Wish::Find(args.session.clone()),
            None if args.lan => Wish::Find(args.session.clone()),
            None => Wish::Host(settings(session_name(args), MAX_PLAYERS)),
        }),
        play: args.play_time(),
        end: args.end,
        name: args.name.clone(),
        seed: 1,
        quiet: false,
    }
}

/// What the command line wants at once, if anything. Who only browses goes nowhere.
pub(super) fn way_in(args: &ClientArgs) -> Option<Wish> {
    if args.browse {
        return None;
    }
    if args.host {
        return Some(Wish::Host(settings(session_name(args), MAX_PLAYERS)));
    }
    if let Some(code) = &args.join {
        return Some(Wish::Code(code.clone()));
    }
    args.session.is_some().then(|| Wish::Find(args.session.clone()))
}

/// Each of a crowd goes where the command line says, or into any session.
fn crowd_way_in(args: &ClientArgs) -> Wish {
    way_in(args).unwrap_or_else(|| Wish::Quick(settings(session_name(args), MAX_PLAYERS)))
}

fn session_name(args: &ClientArgs) -> &str {
    args.session.as_deref().unwrap_or("Star Gatherers")
}

/// The last words: the reason of a failure, or how long it took to arrive.
fn conclude(report: &Report, exit: &AppExit) -> ExitCode {
    if let Some(failure) = &report.failure {
        complain(failure);
        return ExitCode::FAILURE;
    }
    if let Some(arrived) = report.arrived {
        println!("arrived in {}", milliseconds(arrived));
    }
    exit_code(exit)
}

/// A sentence for the player, and the causes below it.
fn complain(failure: &[String]) {
    for (depth, line) in failure.iter().enumerate() {
        eprintln!("{}{line}", if depth == 0 { "" } else { "  because " });
    }
}

/// Emulator, backend and dedicated servers from inside the client.
#[cfg(feature = "local-stack")]
mod stack {
    use std::error::Error;
    use std::time::Duration;

    use game_session_launcher::{LocalStack, ServerCommand};

    /// How long the first dedicated server may take to start.
    const SERVER_START: Duration = Duration::from_secs(30);

    pub(super) fn start(servers: usize) -> Result<LocalStack, Box<dyn Error>> {
        println!("starting emulator, backend and a dedicated server on this machine");
        let command = ServerCommand::current_exe()?.arg("server").arg("--port").arg("0");
        let stack = LocalStack::builder(command).servers(servers).start()?;
        stack.wait_until_ready(SERVER_START)?;
        println!(
            "play along:   cargo run --example client -- --backend {}",
            stack.backend_url()
        );
        Ok(stack)
    }

    pub(super) fn backend_url(stack: &LocalStack) -> &str {
        stack.backend_url()
    }
}

/// A client that was built without them.
#[cfg(not(feature = "local-stack"))]
mod stack {
    use std::convert::Infallible;
    use std::error::Error;

    pub(super) fn start(_: usize) -> Result<Infallible, Box<dyn Error>> {
        Err("this client was built without `local-stack`: give the address of a backend with --backend".into())
    }

    pub(super) fn backend_url(stack: &Infallible) -> &str {
        match *stack {}
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn args(given: &[&str]) -> ClientArgs {
        Cli::try_parse_from([&["client"], given].concat()).unwrap().client
    }

    #[test]
    fn a_player_without_a_window_has_the_name_that_was_given() {
        assert_eq!(
            errand(&args(&["--headless", "--name", "Zoe"])).name.as_deref(),
            Some("Zoe")
        );
    }

    #[test]
    fn who_browses_for_a_session_is_shown_it_and_not_taken_there() {
        assert!(way_in(&args(&["--browse", "--session", "Arena"])).is_none());
        let found = way_in(&args(&["--session", "Arena"]));
        assert!(matches!(found, Some(Wish::Find(Some(name))) if name == "Arena"));
    }
}
