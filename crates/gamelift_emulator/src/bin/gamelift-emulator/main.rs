//! GameLift on this machine, as a program: starts the emulator and prints what clients and servers need to find it.

mod arguments;
mod banner;
mod log;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use gamelift_emulator::{Emulator, EmulatorError};

use self::arguments::{Arguments, exit_code};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::start(&arguments);
    let (config, faults) = match arguments.read() {
        Ok(read) => read,
        Err(wrong) => return complain(&wrong, 2),
    };
    let emulator = match Emulator::start(config).await {
        Ok(emulator) => emulator,
        Err(error) => return complain(&chain(&error), exit_code(&error)),
    };
    for fault in faults {
        if let Err(error) = emulator.inject(fault) {
            return complain(&error.to_string(), exit_code(&error));
        }
    }
    if let Some(path) = &arguments.certificate_file
        && let Err(error) = std::fs::write(path, emulator.certificate())
    {
        return complain(&format!("cannot write {}: {error}", path.display()), 2);
    }
    let said = if arguments.quiet {
        format!("{}\n", emulator.endpoint())
    } else if arguments.json {
        format!("{}\n", banner::json(&emulator, &arguments.process_id))
    } else {
        banner::text(&emulator, &arguments.process_id)
    };
    // nobody reads it: that is no reason to stop
    let _ = io::stdout()
        .write_all(said.as_bytes())
        .and_then(|()| io::stdout().flush());
    asked_to_stop().await;
    emulator.stop().await;
    ExitCode::SUCCESS
}

fn complain(what: &str, code: u8) -> ExitCode {
    eprintln!("gamelift-emulator: {what}");
    ExitCode::from(code)
}

/// The error and what it came from, on one line.
fn chain(error: &EmulatorError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Ctrl-C, or what a supervisor sends.
async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = interrupted => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    if interrupted.await.is_err() {
        // Without a handler there is still Ctrl-C's default: the process ends.
        std::future::pending::<()>().await;
    }
}
