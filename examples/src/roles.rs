//! Which role this process plays, decided before any plugin is built.

use std::process::ExitCode;

/// Becomes what the command line says: the client, or the dedicated server.
#[cfg(feature = "client")]
pub fn main() -> ExitCode {
    use clap::Parser;

    let cli = crate::cli::Cli::parse();
    match cli.role {
        Some(crate::cli::Role::Server(args)) => serve(args),
        None => crate::client::play(&cli.client),
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

/// The same to the operating system.
#[cfg(feature = "server")]
pub(crate) fn exit_code(exit: &bevy::app::AppExit) -> ExitCode {
    match exit {
        bevy::app::AppExit::Success => ExitCode::SUCCESS,
        bevy::app::AppExit::Error(code) => ExitCode::from(code.get()),
    }
}
