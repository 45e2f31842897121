//! A line that can be cut: datagrams between a client and a server pass through it on a thread of their own.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use game_session_protocol::{InMemoryOrchestrator, SessionKey, Ticket, TicketClaims, netcode_ticket};

/// A relay that is made with the first ticket.
pub(crate) type SharedRelay = Arc<Mutex<Option<Relay>>>;

/// An orchestrator whose players all go through one relay.
pub(crate) fn orchestrator_with_relay() -> (InMemoryOrchestrator, SharedRelay) {
    let relay = SharedRelay::default();
    let made = Arc::clone(&relay);
    let orchestrator = InMemoryOrchestrator::new().with_ticket_minter(Arc::new(move |claims, key, address| {
        let mut relay = made.lock().unwrap();
        let outside = relay.get_or_insert_with(|| Relay::to(address)).address;
        mint_through(outside, claims, key, address)
    }));
    (orchestrator, relay)
}

/// Passes datagrams on while it is whole, for the client that spoke last.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    flags: Arc<Flags>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Flags {
    is_cut: AtomicBool,
    /// So many datagrams of the client pass before the line is cut; 0 when there is no such bound.
    left: AtomicUsize,
    is_over: AtomicBool,
}

impl Relay {
    /// A relay to a server that is known once a ticket was made.
    pub(crate) fn to(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        let (address, flags) = (socket.local_addr().unwrap(), Arc::<Flags>::default());
        let seen = flags.clone();
        let thread = std::thread::spawn(move || pass_on(&socket, server, &seen));
        Self {
            address,
            flags,
            thread: Some(thread),
        }
    }

    /// From now on nothing passes.
    pub(crate) fn cut(&self) {
        self.flags.is_cut.store(true, Ordering::Release);
    }

    /// From now on so many datagrams of the client pass, then nothing.
    pub(crate) fn cut_after(&self, datagrams: usize) {
        self.flags.left.store(datagrams, Ordering::Release);
        self.mend();
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.flags.is_cut.load(Ordering::Acquire)
    }

    /// From now on everything passes.
    pub(crate) fn mend(&self) {
        self.flags.is_cut.store(false, Ordering::Release);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.flags.is_over.store(true, Ordering::Release);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn pass_on(socket: &UdpSocket, server: SocketAddr, flags: &Flags) {
    let (mut datagram, mut client) = ([0; 2048], None);
    while !flags.is_over.load(Ordering::Acquire) {
        let Ok((length, from)) = socket.recv_from(&mut datagram) else {
            continue;
        };
        if flags.is_cut.load(Ordering::Acquire) {
            continue;
        }
        let to = if from == server {
            client
        } else {
            client = Some(from);
            Some(server)
        };
        if let Some(to) = to {
            let _ = socket.send_to(&datagram[..length], to);
        }
        if from != server && flags.left.load(Ordering::Acquire) > 0 && flags.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            flags.is_cut.store(true, Ordering::Release);
        }
    }
}

/// A ticket whose client goes through the relay, and whose ends give each other up after two seconds of silence.
fn mint_through(outside: SocketAddr, claims: &TicketClaims, key: &SessionKey, inside: SocketAddr) -> Ticket {
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&std::process::id().to_be_bytes().repeat(2));
    nonce[8..].copy_from_slice(&NONCES.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let stamp = claims.seal(key, nonce);
    let token = netcode::generate_connect_token(
        &[outside],
        &[inside],
        60,
        2,
        stamp.client_id,
        netcode_ticket::PROTOCOL_ID,
        key.expose(),
        &stamp.user_data,
    );
    Ticket::new(token.unwrap().to_vec()).unwrap()
}

static NONCES: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
