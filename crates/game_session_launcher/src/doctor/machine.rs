//! This machine: toolchain, display, ports, its clock, and whether a ticket opens a door on it.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use game_session_protocol::netcode_ticket::{PROTOCOL_ID, mint};
use game_session_protocol::{SessionKey, Ticket, TicketClaims};

use super::finding::Finding;
use crate::command::PortRange;

/// The oldest toolchain that builds this project.
const OLDEST_RUST: (u32, u32) = (1, 95);

/// Signatures of AWS calls are good for so long.
const MOST_SKEW: Duration = Duration::from_mins(5);
/// So much is worth a word.
const SOME_SKEW: Duration = Duration::from_secs(30);

/// How long a ticket's handshake may take.
const ROUND_TRIP_WITHIN: Duration = Duration::from_secs(5);

pub(super) fn toolchain() -> Finding {
    const CHECK: &str = "toolchain";
    let output = Command::new("rustc").arg("--version").stdin(Stdio::null()).output();
    let text = output
        .ok()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    judge_toolchain(CHECK, text.as_deref())
}

fn judge_toolchain(check: &'static str, version: Option<&str>) -> Finding {
    let mend = "install or update Rust with rustup, to 1.95 or newer";
    let number = version.and_then(|text| {
        let mut parts = text.strip_prefix("rustc ")?.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    });
    match (version, number) {
        (Some(text), Some(number)) if number >= OLDEST_RUST => Finding::fine(check, text),
        (Some(text), Some(_)) => Finding::problem(check, format!("{text} is too old for this project"), mend),
        _ => Finding::warning(
            check,
            "no Rust compiler was found: a game that is built already runs without",
            mend,
        ),
    }
}

pub(super) fn display() -> Finding {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_display = !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY");
    if has_display {
        Finding::fine("display", "a window can be opened")
    } else {
        Finding::warning(
            "display",
            "no display was found: servers need none, the client does",
            "run the client in a desktop session, or set DISPLAY or WAYLAND_DISPLAY",
        )
    }
}

pub(super) fn server_ports(range: PortRange, servers: usize) -> Finding {
    const CHECK: &str = "server ports";
    let mut free = BTreeSet::new();
    while free.len() < servers {
        match range.free_port(&free) {
            Ok(port) => free.insert(port),
            Err(reason) => {
                let seen = format!("{} of {servers} UDP ports are free: {reason}", free.len());
                let mend = "end what holds the ports, two servers with one fixed port for instance, or widen the range";
                return Finding::problem(CHECK, seen, mend);
            }
        };
    }
    Finding::fine(CHECK, format!("{servers} UDP ports can be bound"))
}

pub(super) fn backend_port(port: u16) -> Finding {
    const CHECK: &str = "backend port";
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Finding::fine(CHECK, format!("TCP port {port} is free")),
        Err(error) => Finding::warning(
            CHECK,
            format!("TCP port {port} is taken ({error}): perhaps a backend runs there"),
            "end it, or choose another with --backend-port",
        ),
    }
}

/// Judges this machine's clock by that of the service; without one it cannot be judged.
pub(super) fn clock(service: Option<SystemTime>, here: SystemTime) -> Finding {
    const CHECK: &str = "clock";
    let mend = "let the operating system set the clock from the network (NTP)";
    let Some(service) = service else {
        return Finding::warning(
            CHECK,
            "it could not be compared with the service's",
            "mend the network first",
        );
    };
    let skew = here.duration_since(service).unwrap_or_else(|error| error.duration());
    let seen = format!("it differs by {} s from the service's", skew.as_secs());
    if skew > MOST_SKEW {
        Finding::problem(
            CHECK,
            format!("{seen}: AWS refuses signatures, and tickets are out of date"),
            mend,
        )
    } else if skew > SOME_SKEW {
        Finding::warning(CHECK, seen, mend)
    } else {
        Finding::fine(CHECK, seen)
    }
}

/// A ticket opens a netcode door on this machine, over a port that servers would have.
pub(super) fn round_trip(range: PortRange) -> Finding {
    const CHECK: &str = "netcode";
    match open_a_door(range) {
        Ok(port) => Finding::fine(
            CHECK,
            format!("a ticket opened a door on UDP port {port} of this machine"),
        ),
        Err(reason) => Finding::problem(
            CHECK,
            format!("a ticket opened no door on this machine: {reason}"),
            "let the firewall pass UDP on the servers' ports, also on the loopback interface",
        ),
    }
}

fn open_a_door(range: PortRange) -> Result<u16, String> {
    let port = range.free_port(&BTreeSet::new())?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let key = SessionKey::random();
    let now_ms = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    let claims = TicketClaims {
        player_session_id: "psess-doctor".parse().map_err(|error| format!("{error}"))?,
        build: "doctor".parse().map_err(|error| format!("{error}"))?,
        issued_at_ms: now_ms.try_into().unwrap_or(u64::MAX),
    };
    let ticket = mint(&claims, &key, address, address).map_err(|error| error.to_string())?;
    let mut door = netcode::Server::new(address, PROTOCOL_ID, key.expose(), 0.0).map_err(|error| error.to_string())?;
    door.start(1).map_err(|error| error.to_string())?;
    let start = Instant::now();
    knock(&ticket, || {
        door.update(start.elapsed().as_secs_f64());
    })?;
    Ok(port)
}

/// Connects with a ticket; the other side is given time to answer between the steps.
pub(super) fn knock(ticket: &Ticket, mut answer: impl FnMut()) -> Result<(), String> {
    let token = ticket
        .expose()
        .try_into()
        .map_err(|_| "the ticket has a wrong length".to_owned())?;
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let mut guest = netcode::Client::new(any, 0.0).map_err(|error| error.to_string())?;
    guest.connect(token).map_err(|error| error.to_string())?;
    let start = Instant::now();
    while guest.state() != netcode::ClientState::Connected {
        if guest.state().is_error() || start.elapsed() > ROUND_TRIP_WITHIN {
            return Err(format!("the handshake ended in {:?}", guest.state()));
        }
        guest.update(start.elapsed().as_secs_f64());
        answer();
        std::thread::sleep(Duration::from_millis(1));
    }
    guest.disconnect();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn an_old_toolchain_is_a_problem_and_none_at_all_only_worth_a_word() {
        let judge = |version| judge_toolchain("toolchain", version).verdict;
        assert_eq!(judge(Some("rustc 1.95.0 (abc 2026-01-01)")), Verdict::Fine);
        assert_eq!(judge(Some("rustc 1.88.0")), Verdict::Problem);
        assert_eq!(judge(Some("")), Verdict::Warning);
        assert_eq!(judge(None), Verdict::Warning);
    }

    #[test]
    fn a_clock_that_is_wrong_either_way_is_found() {
        let service = SystemTime::UNIX_EPOCH + Duration::from_hours(400_000);
        let judge = |here| clock(Some(service), here).verdict;
        assert_eq!(judge(service + Duration::from_secs(2)), Verdict::Fine);
        assert_eq!(judge(service + Duration::from_mins(1)), Verdict::Warning);
        assert_eq!(judge(service + Duration::from_hours(1)), Verdict::Problem);
        assert_eq!(judge(service - Duration::from_hours(1)), Verdict::Problem);
        assert_eq!(clock(None, service).verdict, Verdict::Warning);
    }

    #[test]
    fn a_ticket_opens_a_door_on_loopback() {
        let finding = round_trip(PortRange::any());
        assert_eq!(finding.verdict, Verdict::Fine, "{finding}");
    }
}
