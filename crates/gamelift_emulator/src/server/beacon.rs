//! UDP ping beacons, one for each location: what comes is sent back, after the location's delay.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket as Unregistered},
    time::Duration,
};

use tokio::{
    net::UdpSocket,
    sync::{mpsc::WeakSender, watch},
    time::Instant,
};

use crate::world::Beacons;

/// The largest ping; longer ones and empty ones are not answered.
const MAX_PING: usize = 300;
/// Pings that may wait for their answer at one beacon; what comes on top is lost, as UDP is.
const MAX_WAITING: usize = 4_096;

/// The beacons of one emulator.
pub(crate) struct UdpBeacons {
    alive: WeakSender<Infallible>,
    stop: watch::Receiver<bool>,
    delays: BTreeMap<String, Duration>,
    open: HashMap<String, Beacon>,
}

struct Beacon {
    port: u16,
    delay: watch::Sender<Duration>,
}

impl UdpBeacons {
    /// No beacon yet. Those that will be opened start with these delays.
    pub(crate) fn new(
        delays: BTreeMap<String, Duration>,
        alive: WeakSender<Infallible>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            alive,
            stop,
            delays,
            open: HashMap::new(),
        }
    }

    fn start(&self, location: &str) -> io::Result<Option<Beacon>> {
        // An emulator that stops needs no beacons any more.
        let Some(alive) = self.alive.upgrade() else {
            return Ok(None);
        };
        let socket = Unregistered::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        socket.set_nonblocking(true)?;
        let port = socket.local_addr()?.port();
        let socket = UdpSocket::from_std(socket)?;
        let (delay, changes) = watch::channel(self.delays.get(location).copied().unwrap_or_default());
        let mut stop = self.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = answer(&socket, changes) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
            drop(socket);
            drop(alive);
        });
        Ok(Some(Beacon { port, delay }))
    }
}

impl Beacons for UdpBeacons {
    fn open(&mut self, location: &str) {
        match self.start(location) {
            Ok(Some(beacon)) => drop(self.open.insert(location.to_owned(), beacon)),
            Ok(None) => {}
            Err(error) => tracing::warn!(location, %error, "the location has no ping beacon"),
        }
    }

    fn close(&mut self, location: &str) {
        self.open.remove(location);
    }

    fn port(&self, location: &str) -> Option<u16> {
        self.open.get(location).map(|beacon| beacon.port)
    }

    fn delayed(&self) -> Vec<(String, Duration)> {
        let told = self.open.iter().filter_map(|(name, beacon)| {
            let by = *beacon.delay.borrow();
            (by != self.delays.get(name).copied().unwrap_or_default()).then(|| (name.clone(), by))
        });
        let mut told: Vec<_> = told.collect();
        told.sort();
        told
    }

    fn delay(&mut self, location: Option<&str>, by: Option<Duration>) {
        for (name, beacon) in &self.open {
            if location.is_none_or(|wanted| wanted == name) {
                let at_start = self.delays.get(name).copied().unwrap_or_default();
                beacon.delay.send_replace(by.unwrap_or(at_start));
            }
        }
    }
}

/// Sends back what comes; returns when the beacon is closed.
async fn answer(socket: &UdpSocket, mut delay: watch::Receiver<Duration>) {
    let mut ping = [0; MAX_PING + 1];
    // all wait equally long, so that who came first is due first, also when they wait longer or shorter than at first
    let mut waiting: VecDeque<(Instant, SocketAddr, Vec<u8>)> = VecDeque::new();
    loop {
        let by = *delay.borrow();
        let next = waiting.front().map(|(came, ..)| *came + by);
        tokio::select! {
            received = socket.recv_from(&mut ping) => {
                let Ok((length, from)) = received else { continue };
                if (1..=MAX_PING).contains(&length) && waiting.len() < MAX_WAITING {
                    waiting.push_back((Instant::now(), from, ping[..length].to_vec()));
                }
            }
            () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
            changed = delay.changed() => if changed.is_err() { return },
        }
        let by = *delay.borrow();
        while waiting.front().is_some_and(|(came, ..)| came.elapsed() >= by)
            && let Some((_, to, ping)) = waiting.pop_front()
        {
            // An answer that cannot be sent is lost.
            drop(socket.try_send_to(&ping, to));
        }
    }
}
