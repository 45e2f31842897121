//! The UDP port: held from the start of the app, because the orchestrator must know it before there is a session and
//! with it a key; let go for the line of a session, and held again after it.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::ops::RangeInclusive;
use std::time::Duration;

use bevy_ecs::prelude::*;
use bevy_game_session_server::{ListenPort, SessionServerCommands as _};
use bevy_time::{Real, Time};
use game_session_protocol::HostError;

/// Orchestrators take ports from 1 to this one.
const HIGHEST_PORT: u16 = 60_000;
const FREE_PORT_ATTEMPTS: usize = 256;
/// A port that is taken is tried for so long; then a dedicated process gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The wanted ports, the one that was got, and what holds it. Nothing is read from the socket: whoever comes too early
/// meets silence.
#[derive(Resource, Debug)]
pub(super) struct ServerPort {
    wanted: RangeInclusive<u16>,
    /// 0 while none was got yet.
    port: u16,
    holder: Option<UdpSocket>,
    /// Since when there is none, on `Time<Real>`.
    missing_since: Option<Duration>,
    was_told: bool,
}

impl ServerPort {
    pub(super) fn wanted(ports: RangeInclusive<u16>) -> Self {
        Self {
            wanted: ports,
            port: 0,
            holder: None,
            missing_since: None,
            was_told: false,
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn is_held(&self) -> bool {
        self.holder.is_some()
    }

    /// Holds the first wanted port that is free, any free one if 0 is wanted. It is the port for good from then on.
    pub(super) fn hold(&mut self) -> io::Result<()> {
        let (holder, port) = if self.port == 0 {
            bind_first(self.wanted.clone())?
        } else {
            bind(self.port)?
        };
        self.port = port;
        self.holder = Some(holder);
        self.missing_since = None;
        self.was_told = false;
        Ok(())
    }

    /// Whether a port has been missing for so long that it is time to say so, once.
    fn is_missing_for_good(&mut self, now: Duration) -> bool {
        let since = *self.missing_since.get_or_insert(now);
        let is_time = !self.was_told && now.saturating_sub(since) >= PATIENCE;
        self.was_told |= is_time;
        is_time
    }

    pub(super) fn let_go(&mut self) {
        self.holder = None;
    }
}

fn bind(port: u16) -> io::Result<(UdpSocket, u16)> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port))?;
    let port = socket.local_addr()?.port();
    Ok((socket, port))
}

fn bind_first(ports: RangeInclusive<u16>) -> io::Result<(UdpSocket, u16)> {
    let mut error = io::Error::new(io::ErrorKind::InvalidInput, "the range of ports is empty");
    for port in ports {
        match if port == 0 { bind_free_port() } else { bind(port) } {
            Ok(bound) => return Ok(bound),
            Err(reason) => error = reason,
        }
    }
    Err(error)
}

/// A free port that can be reported: operating systems give out higher ones too. Those are kept until a lower one is
/// found, so that none is given twice.
fn bind_free_port() -> io::Result<(UdpSocket, u16)> {
    let mut too_high = Vec::new();
    for _ in 0..FREE_PORT_ATTEMPTS {
        let (socket, port) = bind(0)?;
        if port <= HIGHEST_PORT {
            return Ok((socket, port));
        }
        too_high.push(socket);
    }
    Err(io::Error::new(
        io::ErrorKind::AddrNotAvailable,
        "no free port up to 60000 was found",
    ))
}

/// Holds the port at the start of the app and reports it. A port that is reported already is taken as the wanted one.
pub(super) fn hold_port(mut port: ResMut<ServerPort>, reported: Option<Res<ListenPort>>, mut commands: Commands) {
    if let Some(reported) = reported {
        port.port = reported.0;
    }
    match port.hold() {
        Ok(()) => commands.insert_resource(ListenPort(port.port())),
        Err(error) => {
            tracing::error!(ports = ?port.wanted, %error, "no UDP port can be held: is another server running? choose another port");
        }
    }
}

/// Holds the port again after a session, for the next one; or at last, when another process had it.
pub(super) fn hold_port_again(
    mut port: ResMut<ServerPort>,
    reported: Option<Res<ListenPort>>,
    time: Res<Time<Real>>,
    mut commands: Commands,
) {
    match port.hold() {
        Ok(()) if reported.is_none() => commands.insert_resource(ListenPort(port.port())),
        Ok(()) => {}
        Err(error) if port.is_missing_for_good(time.elapsed()) => {
            let message = format!("none of the UDP ports {:?} is free: {error}", port.wanted);
            commands.fail_server(HostError::Settings { message });
        }
        Err(error) => tracing::trace!(port = port.port(), %error, "the UDP port cannot be held yet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_always_one_that_can_be_reported() {
        let ports: Vec<_> = (0..200).filter_map(|_| bind_free_port().ok()).collect();
        assert_eq!(ports.len(), 200);
        assert!(ports.iter().all(|(_, port)| (1..=HIGHEST_PORT).contains(port)));
    }
}
