//! The UDP side of the sink for metrics: what a collector beside a game server would get.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::net::UdpSocket;

use super::router::{Alive, App};
use crate::world::MAX_DATAGRAM;

/// After a failed read.
const PAUSE: Duration = Duration::from_millis(50);

/// Takes a UDP port on loopback: this one, else the one with the number of the emulator's own port, else any free one.
pub(crate) async fn bind(wanted: Option<u16>, own: u16) -> io::Result<(UdpSocket, u16)> {
    let at = |port| UdpSocket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let socket = match wanted {
        Some(port) => at(port).await?,
        None => match at(own).await {
            Ok(socket) => socket,
            Err(_) => at(0).await?,
        },
    };
    let port = socket.local_addr()?.port();
    Ok((socket, port))
}

/// Takes datagrams until the emulator stops.
pub(super) fn listen(app: Arc<App>, socket: UdpSocket, alive: Alive) {
    let mut stopped = app.stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = take(&app, &socket) => {}
            _ = stopped.wait_for(|stop| *stop) => {}
        }
        drop((socket, app));
        drop(alive);
    });
}

async fn take(app: &App, socket: &UdpSocket) {
    // one byte more, by which a datagram that is too long is known
    let mut datagram = vec![0; MAX_DATAGRAM + 1];
    loop {
        if let Ok((length, _)) = socket.recv_from(&mut datagram).await {
            let datagram = &datagram[..length];
            app.driver.act(|world, now| world.handle_metrics(datagram, now));
        } else {
            // an error is that of one datagram: there is none that ends the socket
            app.driver.act(|world, _| world.count_metrics_junk());
            tokio::time::sleep(PAUSE).await;
        }
    }
}
