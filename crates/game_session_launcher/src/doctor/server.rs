//! The server program, run under an emulator of its own: whether it starts, gets ready, holds the port it reports,
//! activates a game session, and lets a player in.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use game_session_protocol::{GuestIdentity, IdempotencyKey, Seat, routes};
use serde_json::json;

use super::finding::Finding;
use super::machine::knock;
use crate::command::{PortRange, ServerCommand};
use crate::error::LauncherError;
use crate::stack::LocalStack;

/// The longest that a game session may take until it is active.
const ACTIVE_WITHIN: Duration = Duration::from_secs(20);

/// Blocks for as long as the server takes; starts and ends everything that it needs.
pub(super) fn examine(command: ServerCommand, ports: PortRange, ready_within: Duration, findings: &mut Vec<Finding>) {
    let last = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&last);
    let stack = LocalStack::builder(command)
        .server_ports(ports)
        .on_line(move |line| line.clone_into(&mut heard.lock().unwrap_or_else(PoisonError::into_inner)))
        .grace(Duration::from_secs(3))
        .start();
    let stack = match stack {
        Ok(stack) => stack,
        Err(error) => {
            findings.push(Finding::problem(
                "server",
                error.to_string(),
                "check the command after --",
            ));
            return;
        }
    };
    if let Err(error) = stack.wait_until_ready(ready_within) {
        let last = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        findings.push(not_ready(&stack, &error, &last));
        return;
    }
    findings.push(Finding::fine("server", "it starts, connects and calls ProcessReady"));
    findings.push(reported_port(&stack));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let seat = match runtime {
        Ok(runtime) => runtime.block_on(seat(stack.backend_url(), ready_within.min(ACTIVE_WITHIN))),
        Err(error) => Err(error.to_string()),
    };
    match seat {
        Ok(seat) => {
            findings.push(Finding::fine("game session", "the server activates it"));
            findings.push(match knock(&seat.ticket, || {}) {
                Ok(()) => Finding::fine("ticket", "the server lets a player with a ticket in"),
                Err(reason) => Finding::warning(
                    "ticket",
                    format!("the server answers no netcode handshake: {reason}"),
                    "add the travel plugin to the server; a server with a transport of its own can do without",
                ),
            });
        }
        Err(reason) => findings.push(Finding::problem(
            "game session",
            format!("a game session did not become active: {reason}"),
            "call ActivateGameSession when the server was told of a game session, and look at its output",
        )),
    }
    stack.stop();
}

fn not_ready(stack: &LocalStack, error: &LauncherError, last: &str) -> Finding {
    const CHECK: &str = "server";
    let last = if last.is_empty() {
        String::new()
    } else {
        format!("; its last line: {last}")
    };
    match error {
        LauncherError::NotReady { after } if stack.emulator().snapshot().open_sockets > 0 => Finding::problem(
            CHECK,
            format!(
                "it connects, and does not call ProcessReady within {} s{last}",
                after.as_secs()
            ),
            "call ProcessReady once the server could take a game session",
        ),
        LauncherError::NotReady { after } => Finding::problem(
            CHECK,
            format!(
                "it runs, and does not connect to GameLift within {} s{last}",
                after.as_secs()
            ),
            "call InitSDK of a server SDK 5, which reads the GAMELIFT_SDK_ variables; SDK 4 connects to the old GameLift \
             Local only",
        ),
        error => Finding::problem(
            CHECK,
            error.to_string(),
            "run the command by itself and mend what it says",
        ),
    }
}

fn reported_port(stack: &LocalStack) -> Finding {
    const CHECK: &str = "reported port";
    let snapshot = stack.emulator().snapshot();
    let Some(process) = snapshot.processes.iter().find(|process| process.placeable) else {
        return Finding::warning(
            CHECK,
            "the server was gone before it could be looked at",
            "look at its output",
        );
    };
    let port = process.port;
    let is_free = [Ipv4Addr::UNSPECIFIED, Ipv4Addr::LOCALHOST]
        .iter()
        .all(|address| UdpSocket::bind((*address, port)).is_ok() && TcpListener::bind((*address, port)).is_ok());
    if is_free {
        Finding::problem(
            CHECK,
            format!("it reports port {port} by ProcessReady, and nothing is bound there: players would knock in vain"),
            "report the port that the server really bound, not the configured one, and bind it before ProcessReady",
        )
    } else {
        Finding::fine(CHECK, format!("port {port} is bound"))
    }
}

/// A seat in a new game session.
async fn seat(backend: &str, within: Duration) -> Result<Seat, String> {
    let http = reqwest::Client::builder()
        .timeout(ACTIVE_WITHIN + Duration::from_secs(15))
        .build();
    let http = http.map_err(|error| error.to_string())?;
    let guest = http.post(format!("{backend}{}", routes::GUESTS)).send().await;
    let guest: GuestIdentity = guest
        .map_err(|error| error.to_string())?
        .json()
        .await
        .map_err(|error| error.to_string())?;
    let url = format!(
        "{backend}{}?{}={}",
        routes::GAME_SESSIONS,
        routes::WAIT,
        within.as_secs()
    );
    let request = http
        .post(url)
        .bearer_auth(guest.access_token.expose())
        .header(routes::IDEMPOTENCY_KEY, IdempotencyKey::random().as_str())
        .json(&json!({ "name": "doctor", "max_players": 1, "build": "doctor" }));
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    if status == 201 {
        return serde_json::from_str(&text).map_err(|error| error.to_string());
    }
    if status == 202 {
        return Err(format!("the server did not activate it within {} s", within.as_secs()));
    }
    let said = serde_json::from_str::<game_session_protocol::ErrorBody>(&text).map(|body| body.message);
    Err(said.unwrap_or(text))
}
