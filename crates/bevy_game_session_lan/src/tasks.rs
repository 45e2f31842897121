//! The loops around the state machines.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};

use crate::books::Books;
use crate::net::{GroupEars, Interface, Mouth, interfaces};
use crate::query::search::{LINGER, To};
use crate::query::wire::QUERY_BYTES;
use crate::shared::Shared;

/// How often interfaces are looked at again.
const INTERFACES: Duration = Duration::from_secs(5);
/// How long after an announcement changed the next change waits.
const ANNOUNCE_PAUSE: Duration = Duration::from_millis(500);
/// How long a socket that failed is left alone.
const SOCKET_PAUSE: Duration = Duration::from_millis(250);
/// How often seats are looked at that may lapse.
const LAPSE: Duration = Duration::from_millis(500);

/// Sends searches and takes in the answers.
pub(crate) async fn search(shared: Arc<Shared>) {
    shared.search_wanted.notified().await;
    let mouth = loop {
        match Mouth::open() {
            Ok(mouth) => break mouth,
            Err(error) => {
                tracing::warn!(%error, "no socket for searches; trying again");
                sleep(SOCKET_PAUSE).await;
            }
        }
    };
    let mut over: Option<(Vec<Interface>, Duration)> = None;
    let (mut v4, mut v6) = ([0; QUERY_BYTES + 1], [0; QUERY_BYTES + 1]);
    loop {
        send_all(&shared, &mouth, &mut over).await;
        let next = shared.search().next_deadline();
        let wait = async {
            match next {
                Some(at) => sleep(at.saturating_sub(shared.clock.now())).await,
                None => std::future::pending().await,
            }
        };
        let received = tokio::select! {
            received = mouth.v4.recv_from(&mut v4) => received.map(|(length, from)| (from, &v4[..length])),
            received = receive(mouth.v6.as_ref(), &mut v6) => received.map(|(length, from)| (from, &v6[..length])),
            () = wait => continue,
            () = shared.search_wanted.notified() => continue,
        };
        // An error here is a port that was unreachable at some host: nothing to do about it.
        let Ok((from, datagram)) = received else { continue };
        let now = shared.clock.now();
        if shared.search().handle_datagram(from, datagram, now) {
            shared.found_changed.notify_waiters();
        }
    }
}

async fn receive(socket: Option<&UdpSocket>, into: &mut [u8]) -> std::io::Result<(usize, SocketAddr)> {
    match socket {
        Some(socket) => socket.recv_from(into).await,
        None => std::future::pending().await,
    }
}

async fn send_all(shared: &Shared, mouth: &Mouth, over: &mut Option<(Vec<Interface>, Duration)>) {
    loop {
        let now = shared.clock.now();
        let Some((to, query)) = shared.search().poll_transmit(now) else {
            return;
        };
        let copies = shared.fate().copies();
        for _ in 0..copies {
            match (to, shared.config.group) {
                (To::Address(to), _) => mouth.send(to, &query).await,
                (To::Group, Some(port)) => {
                    let fresh = over.take().filter(|(_, seen)| now < *seen + INTERFACES);
                    let (over, _) = over.insert(fresh.unwrap_or_else(|| (interfaces(shared.scope()), now)));
                    mouth.send_to_group(port, over, &query).await;
                }
                (To::Group, None) => {}
            }
        }
    }
}

/// Looks for announcements as long as somebody searches.
pub(crate) async fn browse(shared: Arc<Shared>) {
    loop {
        shared.browse_wanted.notified().await;
        let Some(mut browse) = shared.dns_sd.browse() else {
            return;
        };
        loop {
            tokio::select! {
                found = timeout(LINGER, browse.next(&shared.config.game)) => match found {
                    Ok(Some(doors)) => {
                        let mut search = shared.search();
                        for door in doors {
                            search.handle_candidate(door);
                        }
                        drop(search);
                        shared.search_wanted.notify_one();
                    }
                    Ok(None) => return,
                    Err(_) => break,
                },
                () = shared.browse_wanted.notified() => {}
            }
        }
    }
}

/// Answers queries that come to the door's own port.
pub(crate) async fn answer(socket: Arc<UdpSocket>, shared: Arc<Shared>) {
    let mut datagram = [0; QUERY_BYTES + 1];
    loop {
        match socket.recv_from(&mut datagram).await {
            Ok((length, from)) => reply(&datagram[..length], from, &socket, &shared).await,
            Err(_) => sleep(Duration::from_millis(1)).await,
        }
    }
}

/// Answers queries that go to everybody, from the door's port.
pub(crate) async fn answer_group(port: u16, doors: Vec<Arc<UdpSocket>>, shared: Arc<Shared>) {
    let ears = loop {
        match GroupEars::open(port, shared.scope()) {
            Ok(ears) => break ears,
            Err(error) => {
                tracing::warn!(%error, port, "searches of the whole network are not heard: the port is taken");
                sleep(INTERFACES).await;
            }
        }
    };
    let (mut v4, mut v6) = ([0; QUERY_BYTES + 1], [0; QUERY_BYTES + 1]);
    let mut look_again = tokio::time::interval(INTERFACES);
    loop {
        let received = tokio::select! {
            received = receive(ears.v4.as_ref(), &mut v4) => received.map(|(length, from)| (from, &v4[..length])),
            received = receive(ears.v6.as_ref(), &mut v6) => received.map(|(length, from)| (from, &v6[..length])),
            _ = look_again.tick() => {
                ears.join(shared.scope());
                continue;
            }
        };
        let Ok((from, datagram)) = received else {
            sleep(Duration::from_millis(1)).await;
            continue;
        };
        if let Some(socket) = doors
            .iter()
            .find(|socket| socket.local_addr().is_ok_and(|own| own.is_ipv4() == from.is_ipv4()))
        {
            reply(datagram, from, socket, &shared).await;
        }
    }
}

async fn reply(datagram: &[u8], from: SocketAddr, socket: &UdpSocket, shared: &Shared) {
    let now = shared.clock.now();
    let reply = shared.responder().handle_datagram(from.ip(), datagram, now);
    if let Some(reply) = reply {
        let copies = shared.fate().copies();
        for _ in 0..copies {
            let _lost = socket.send_to(&reply, from).await;
        }
    }
}

/// Keeps the announcement as the game session is.
pub(crate) async fn announce(shared: Arc<Shared>) {
    let mut announced = None;
    loop {
        shared.seen_changed.notified().await;
        let seen = shared.look_at_books(Books::description);
        let listed = seen.filter(|(description, _)| crate::books::is_listed(description));
        let number = listed.as_ref().map(|(description, _)| description.number);
        if let Some((_, old)) = announced.take_if(|(old, _)| Some(*old) != number) {
            shared.dns_sd.withdraw(old).await;
        }
        if let Some((description, _)) = listed {
            let name = shared.dns_sd.announce(&shared.config.game, shared.host, &description);
            // Renamed: the old name goes.
            let renamed = announced.take_if(|(_, old)| name.as_ref().is_some_and(|name| name != old));
            if let Some((_, old)) = renamed {
                shared.dns_sd.withdraw(old).await;
            }
            announced = name.map(|name| (description.number, name)).or(announced);
            sleep(ANNOUNCE_PAUSE).await;
        }
    }
}

/// Lets seats lapse.
pub(crate) async fn keep_books(shared: Arc<Shared>) {
    let mut tick = tokio::time::interval(LAPSE);
    loop {
        tick.tick().await;
        let due = shared.look_at_books(|books| books.next_deadline_ms().is_some_and(|at| at <= shared.clock.unix_ms()));
        if due {
            shared.with_books(|_, _| ());
        }
    }
}
