//! Which role this process plays, decided before any plugin is built.

use std::process::ExitCode;

/// Becomes what the command line says: the client, or the dedicated server.
#[cfg(all(feature = "client", feature = "server"))]
pub fn main() -> ExitCode {
    use clap::Parser;

    let cli = crate::cli::Cli::parse();
    match cli.role {
        Some(crate::cli::Role::Server(args)) => serve(args),
        None => client::play(&cli.client),
    }
}

/// Becomes the dedicated server. Exit code 0 after an orderly end, whoever asked for it.
#[cfg(feature = "server")]
pub fn serve(args: crate::cli::ServerArgs) -> ExitCode {
    match crate::server::run(args) {
        Ok(exit) => exit_code(&exit),
        Err(error) => {
            eprintln!("The server could not start: {error}.");
            ExitCode::from(2)
        }
    }
}

#[cfg(any(feature = "client", feature = "server"))]
fn exit_code(exit: &bevy::app::AppExit) -> ExitCode {
    match exit {
        bevy::app::AppExit::Success => ExitCode::SUCCESS,
        bevy::app::AppExit::Error(code) => ExitCode::from(code.get()),
    }
}

#[cfg(all(feature = "client", feature = "server"))]
pub use client::play;

#[cfg(all(feature = "client", feature = "server"))]
mod client {
    use std::error::Error;
    use std::process::ExitCode;
    use std::sync::PoisonError;
    use std::time::Duration;

    use bevy_game_session::client::HttpSessionService;

    use crate::cli::ClientArgs;
    use crate::client::{Aim, Display, JourneyPlugin, NoWindow, Report, explain, milliseconds};

    /// How long the first dedicated server may take to start.
    #[cfg(feature = "local-stack")]
    const SERVER_START: Duration = Duration::from_secs(30);

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
        let display = if args.headless {
            Display::Headless
        } else {
            Display::detect()
        };
        if display == Display::Headless && !args.headless {
            println!("no display (neither DISPLAY nor WAYLAND_DISPLAY is set): playing headless");
        }
        let stack = if args.backend.is_none() {
            Some(start_stack()?)
        } else {
            None
        };
        let backend = match (&args.backend, &stack) {
            (Some(url), _) => url.clone(),
            (None, Some(stack)) => backend_of(stack),
            (None, None) => return Err("give the address of a backend with --backend".into()),
        };
        let aim = Aim {
            create: args.backend.is_none() || args.create,
            session: args.session.clone(),
            play: (display == Display::Headless).then(|| args.play_time()),
            end: args.end,
        };
        let (journey, report) = JourneyPlugin::new(HttpSessionService::new(&backend)?, aim);
        let exit = crate::client::run(display, journey);
        drop(stack);
        let report = std::mem::take(&mut *report.lock().unwrap_or_else(PoisonError::into_inner));
        let exit = match exit {
            Ok(exit) => exit,
            Err(NoWindow(reason)) => {
                let sentence =
                    "The window could not be shown: check the graphics driver (Vulkan), or play with `-- --headless`.";
                complain(&[sentence.into(), reason]);
                return Ok(ExitCode::FAILURE);
            }
        };
        Ok(conclude(&report, super::exit_code(&exit)))
    }

    /// The last words: the reason of a failure, or how long it took to arrive.
    fn conclude(report: &Report, exit: ExitCode) -> ExitCode {
        if let Some(failure) = &report.failure {
            complain(failure);
            return ExitCode::FAILURE;
        }
        if let Some(arrived) = report.arrived {
            println!("arrived in {}", milliseconds(arrived));
        }
        exit
    }

    /// A sentence for the player, and the causes below it.
    fn complain(failure: &[String]) {
        for (depth, line) in failure.iter().enumerate() {
            eprintln!("{}{line}", if depth == 0 { "" } else { "  because " });
        }
    }

    #[cfg(feature = "local-stack")]
    type Stack = game_session_launcher::LocalStack;

    #[cfg(feature = "local-stack")]
    fn start_stack() -> Result<Stack, Box<dyn Error>> {
        use game_session_launcher::{LocalStack, ServerCommand};

        println!("starting emulator, backend and a dedicated server on this machine");
        let command = ServerCommand::current_exe()?.arg("server").arg("--port").arg("0");
        let stack = LocalStack::start(command)?;
        stack.wait_until_ready(SERVER_START)?;
        println!(
            "play along:   cargo run --example client -- --backend {}",
            stack.backend_url()
        );
        Ok(stack)
    }

    #[cfg(feature = "local-stack")]
    fn backend_of(stack: &Stack) -> String {
        stack.backend_url().to_string()
    }

    #[cfg(not(feature = "local-stack"))]
    type Stack = std::convert::Infallible;

    #[cfg(not(feature = "local-stack"))]
    fn start_stack() -> Result<Stack, Box<dyn Error>> {
        Err("this client was built without `local-stack`: give the address of a backend with --backend".into())
    }

    #[cfg(not(feature = "local-stack"))]
    fn backend_of(stack: &Stack) -> String {
        match *stack {}
    }
}
