//! The round trip to a UDP beacon: what is sent there comes back. The only file that knows UDP.
//!
//! GameLift has one for each location (port 7770): it takes up to 300 bytes and sends them back, three times a second
//! for each source. So a beacon is asked at most three times, 350 ms apart, and its answer is kept for a minute.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UdpSocket, lookup_host};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::debug;

/// How long a round trip, or that there was no answer, is remembered.
const FRESH: Duration = Duration::from_mins(1);
/// How long a beacon's name may take to be looked up.
const LOOK_UP: Duration = Duration::from_secs(1);
/// How often a beacon is asked at most, and how long each time.
const TRIES: u8 = 3;
const PATIENCE: Duration = Duration::from_millis(350);
/// How many beacons are remembered.
const MOST: usize = 64;

/// The beacons that were asked.
#[derive(Default)]
pub(super) struct Beacons(Mutex<HashMap<String, Arc<Mutex<Option<Measured>>>>>);

#[derive(Clone, Copy)]
struct Measured {
    at: Instant,
    round_trip: Option<Duration>,
}

impl Beacons {
    /// The round trip to `host:port`; who asks at the same time waits for the same answer.
    pub(super) async fn ping(&self, beacon: &str) -> Option<Duration> {
        let known = self.slot(beacon).await;
        let mut known = known.lock().await;
        if let Some(measured) = known.filter(|measured| measured.at.elapsed() < FRESH) {
            return measured.round_trip;
        }
        let round_trip = match ask(beacon).await {
            Ok(round_trip) => Some(round_trip),
            Err(error) => {
                debug!(beacon, %error, "a ping beacon did not answer");
                None
            }
        };
        let at = Instant::now();
        *known = Some(Measured { at, round_trip });
        round_trip
    }

    async fn slot(&self, beacon: &str) -> Arc<Mutex<Option<Measured>>> {
        let mut beacons = self.0.lock().await;
        if let Some(known) = beacons.get(beacon) {
            return known.clone();
        }
        if beacons.len() >= MOST {
            beacons.clear();
        }
        beacons.entry(beacon.to_owned()).or_default().clone()
    }
}

async fn ask(beacon: &str) -> io::Result<Duration> {
    let address = timeout(LOOK_UP, lookup_host(beacon)).await??.next();
    let address = address.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    let here: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(here).await?;
    socket.connect(address).await?;
    let nonce = RandomState::new().hash_one(());
    let mut sent = Vec::with_capacity(usize::from(TRIES));
    for number in 0..TRIES {
        socket.send(&probe(nonce, number)).await?;
        sent.push(Instant::now());
        if let Ok(number) = timeout_at(Instant::now() + PATIENCE, echo(&socket, nonce)).await {
            let number = usize::from(number?);
            return sent
                .get(number)
                .map(Instant::elapsed)
                .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData));
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// Waits for one of the probes to come back; gives its number. Anything else is dropped.
async fn echo(socket: &UdpSocket, nonce: u64) -> io::Result<u8> {
    let mut datagram = [0; 64];
    loop {
        let length = socket.recv(&mut datagram).await?;
        let number = (0..TRIES).find(|number| datagram[..length].starts_with(&probe(nonce, *number)));
        if let Some(number) = number {
            return Ok(number);
        }
    }
}

fn probe(nonce: u64, number: u8) -> [u8; 16] {
    let mut probe = *b"ping....\0\0\0\0\0\0\0\0";
    probe[4] = number;
    probe[8..].copy_from_slice(&nonce.to_be_bytes());
    probe
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// A beacon that lets the first datagrams fall, and counts all.
    async fn beacon(deaf_to: usize) -> (String, Arc<std::sync::atomic::AtomicUsize>) {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let heard = Arc::new(AtomicUsize::new(0));
        let counted = heard.clone();
        tokio::spawn(async move {
            let mut datagram = [0; 300];
            loop {
                let (length, from) = socket.recv_from(&mut datagram).await.unwrap();
                if counted.fetch_add(1, Ordering::SeqCst) >= deaf_to {
                    socket.send_to(b"something else", from).await.unwrap();
                    socket.send_to(&datagram[..length], from).await.unwrap();
                }
            }
        });
        (address, heard)
    }

    #[tokio::test]
    async fn a_beacon_is_asked_once_a_minute_however_many_ask() {
        let (address, heard) = beacon(0).await;
        let beacons = Beacons::default();
        let (one, other) = tokio::join!(beacons.ping(&address), beacons.ping(&address));
        assert!(one.is_some() && one == other);
        let asked = heard.load(std::sync::atomic::Ordering::SeqCst);
        assert_eq!(beacons.ping(&address).await, one);
        assert_eq!(heard.load(std::sync::atomic::Ordering::SeqCst), asked);
    }

    #[tokio::test]
    async fn a_datagram_that_was_lost_is_sent_again() {
        let (address, heard) = beacon(1).await;
        assert!(Beacons::default().ping(&address).await.is_some());
        assert!(heard.load(std::sync::atomic::Ordering::SeqCst) >= 2);
    }

    #[tokio::test]
    async fn a_beacon_that_is_silent_or_no_address_has_no_ping() {
        let (silent, _) = beacon(usize::MAX).await;
        let beacons = Beacons::default();
        assert_eq!(beacons.ping(&silent).await, None);
        assert_eq!(beacons.ping("no address").await, None);
    }
}
