//! The UDP port: held from the start of the app, because the orchestrator must know it before there is a session and
//! with it a key; let go for the line of a session, and held again after it.

use std::net::{Ipv4Addr, UdpSocket};

use bevy_ecs::prelude::*;
use bevy_game_session_server::ListenPort;

/// The wanted port and what holds it. Nothing is read from the socket: whoever comes too early meets silence.
#[derive(Resource, Debug)]
pub(super) struct ServerPort {
    port: u16,
    holder: Option<UdpSocket>,
}

impl ServerPort {
    pub(super) fn wanted(port: u16) -> Self {
        Self { port, holder: None }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn is_held(&self) -> bool {
        self.holder.is_some()
    }

    /// Holds the port, a free one if 0 is wanted, which is then the wanted one for good.
    pub(super) fn hold(&mut self) -> std::io::Result<()> {
        let holder = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, self.port))?;
        self.port = holder.local_addr()?.port();
        self.holder = Some(holder);
        Ok(())
    }

    pub(super) fn let_go(&mut self) {
        self.holder = None;
    }
}

/// Holds the port at the start of the app and reports it. A port that is reported already is taken as the wanted one.
pub(super) fn hold_port(mut port: ResMut<ServerPort>, reported: Option<Res<ListenPort>>, mut commands: Commands) {
    if let Some(reported) = reported {
        port.port = reported.0;
    }
    match port.hold() {
        Ok(()) => commands.insert_resource(ListenPort(port.port())),
        Err(error) => {
            tracing::error!(port = port.port(), %error, "the UDP port cannot be held: is another server running? choose another port");
        }
    }
}

/// Holds the port again after a session, for the next one; or at last, when another process had it.
pub(super) fn hold_port_again(mut port: ResMut<ServerPort>, reported: Option<Res<ListenPort>>, mut commands: Commands) {
    match port.hold() {
        Ok(()) if reported.is_none() => commands.insert_resource(ListenPort(port.port())),
        Ok(()) => {}
        Err(error) => tracing::trace!(port = port.port(), %error, "the UDP port cannot be held yet"),
    }
}
