//! The asking side of discovery: when a client asks, and what it believes of the answers.
//!
//! Rules: a search asks often in its first second and then once in a while, so that no lost packet matters for long. Every
//! query has a nonce of its own; what does not give one back, or comes from another address than the one that was asked,
//! is dropped. An entry is known by its host's id, whatever its name and however many addresses it answers from; the first
//! address that answered is the one that works, and only it can change the entry while it is heard. The list is capped, and
//! so is what one address can put into it. Who is not heard for some seconds is forgotten.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use game_session_protocol::GameSession;

use super::description::Description;
use super::wire::{Query, Reply, Wanted};
use crate::counters::LanCounters;
use crate::id::{GameMark, HostId, random};
use crate::limit::network_of;

/// When a search asks after its begin.
const ROUNDS_MS: [u64; 11] = [0, 20, 50, 100, 170, 260, 360, 480, 610, 750, 900];
/// And then each so many.
const LATER_ROUNDS: Duration = Duration::from_millis(700);
/// How long a search goes on after it was last asked for: longer than a live list waits between two searches.
pub(crate) const LINGER: Duration = Duration::from_secs(7);
/// A search that is asked for again this early goes on with its rounds as they are.
const FIRST_SECOND: Duration = Duration::from_secs(1);
/// Who is not heard for so long is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(7);
/// An address that was not heard for so long no longer speaks alone for its host.
const PRIMARY_FOR: Duration = Duration::from_secs(2);
/// How long an answer to a query is believed.
const NONCE_LIFE: Duration = Duration::from_secs(3);
/// The most entries.
pub(crate) const MOST_HOSTS: usize = 256;
/// The most entries of one address: several games may be hosted on one machine, but not any number.
const MOST_OF_ONE_ADDRESS: usize = 16;
const MOST_ADDRESSES: usize = 4;
const MOST_NONCES: usize = 4096;
const MOST_WANTS: usize = 8;
const MOST_CANDIDATES: usize = 64;
/// How often an announced address is asked without an answer.
const CANDIDATE_TRIES: u8 = 12;
const MOST_PART_QUERIES: usize = 64;

/// Where a query goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// To everybody on the network, however the driver can.
    Group,
    /// To one address.
    Address(SocketAddr),
}

/// A host's game session as it was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Grows in the order in which game sessions were found.
    pub(crate) order: u64,
    pub(crate) host: HostId,
    pub(crate) description: Description,
    pub(crate) game_session: GameSession,
    /// Where its door is, the best first.
    pub(crate) doors: Vec<SocketAddr>,
    pub(crate) round_trip: Duration,
    pub(crate) heard: Duration,
    /// The join codes it answered to.
    pub(crate) tags: Vec<[u8; 8]>,
}

#[derive(Debug)]
struct Entry {
    tags: Vec<[u8; 8]>,
    addresses: Vec<Address>,
    revision: u32,
    parts: Vec<Option<Vec<u8>>>,
    known: Option<(u64, Description)>,
    heard: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Address {
    at: SocketAddr,
    heard: Duration,
    round_trip: Duration,
}

#[derive(Debug)]
struct Want {
    wanted: Wanted,
    began: Duration,
    round: usize,
    next: Duration,
    until: Duration,
}

/// A query that gets its nonce when it is sent.
#[derive(Debug, Clone, Copy)]
struct Pending {
    to: To,
    wanted: Wanted,
    part: u8,
}

impl Pending {
    fn first_part(to: To, wanted: Wanted) -> Self {
        Self { to, wanted, part: 0 }
    }
}

#[derive(Debug)]
struct Candidate {
    at: SocketAddr,
    unanswered: u8,
}

/// The asking side.
#[derive(Debug)]
pub(crate) struct Search {
    game: GameMark,
    direct: Vec<SocketAddr>,
    group: bool,
    wants: Vec<Want>,
    candidates: Vec<Candidate>,
    nonces: HashMap<[u8; 8], (Duration, To, Wanted)>,
    nonce_order: VecDeque<[u8; 8]>,
    entries: HashMap<HostId, Entry>,
    next_order: u64,
    out: VecDeque<Pending>,
    pub(crate) counters: LanCounters,
}

impl Search {
    /// A search for one game: over the whole network unless `group` says no, and at these addresses.
    pub(crate) fn new(game: GameMark, direct: Vec<SocketAddr>, group: bool) -> Self {
        Self {
            game,
            direct,
            group,
            wants: Vec::new(),
            candidates: Vec::new(),
            nonces: HashMap::new(),
            nonce_order: VecDeque::new(),
            entries: HashMap::new(),
            next_order: 0,
            out: VecDeque::new(),
            counters: LanCounters::default(),
        }
    }

    /// Searches from now on for a while. The answer is since when entries count as heard for this search.
    pub(crate) fn begin(&mut self, wanted: Wanted, now: Duration) -> Duration {
        self.forget(now);
        if let Some(want) = self.wants.iter_mut().find(|want| want.wanted == wanted) {
            want.until = now + LINGER;
            if now >= want.began + FIRST_SECOND {
                (want.began, want.round, want.next) = (now, 0, now);
            }
            return want.began;
        }
        if self.wants.len() >= MOST_WANTS {
            self.wants.remove(0);
        }
        self.wants.push(Want {
            wanted,
            began: now,
            round: 0,
            next: now,
            until: now + LINGER,
        });
        now
    }

    /// An address that was announced by other means; it is asked before anything is believed.
    pub(crate) fn handle_candidate(&mut self, at: SocketAddr) {
        if let Some(known) = self.candidates.iter_mut().find(|known| known.at == at) {
            known.unanswered = 0;
        } else if is_local(at.ip()) && at.port() != 0 && self.candidates.len() < MOST_CANDIDATES {
            self.candidates.push(Candidate { at, unanswered: 0 });
            if let Some(want) = self.wants.first() {
                let wanted = want.wanted;
                self.out.push_back(Pending::first_part(To::Address(at), wanted));
            }
        } else {
            self.counters.announcements_dropped += 1;
        }
    }

    /// When [`Self::poll_transmit`] has more to send, `None` while nobody searches.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        if self.out.is_empty() {
            self.wants.iter().map(|want| want.next).min()
        } else {
            Some(Duration::ZERO)
        }
    }

    /// The next datagram to send.
    pub(crate) fn poll_transmit(&mut self, now: Duration) -> Option<(To, Vec<u8>)> {
        if self.out.is_empty() {
            self.run_rounds(now);
        }
        let pending = self.out.pop_front()?;
        Some((pending.to, self.query(pending, now)))
    }

    fn run_rounds(&mut self, now: Duration) {
        self.wants.retain(|want| now < want.until);
        let mut asked = Vec::new();
        for want in self.wants.iter_mut().filter(|want| want.next <= now) {
            asked.push(want.wanted);
            want.round += 1;
            want.next = match ROUNDS_MS.get(want.round) {
                Some(ms) => (want.began + Duration::from_millis(*ms)).max(now + Duration::from_millis(5)),
                None => now + LATER_ROUNDS,
            };
        }
        if asked.is_empty() {
            return;
        }
        self.forget(now);
        for wanted in asked {
            if self.group {
                self.out.push_back(Pending::first_part(To::Group, wanted));
            }
            for at in &self.direct {
                self.out.push_back(Pending::first_part(To::Address(*at), wanted));
            }
            self.candidates.retain_mut(|candidate| {
                candidate.unanswered += 1;
                candidate.unanswered <= CANDIDATE_TRIES
            });
            for candidate in &self.candidates {
                self.out
                    .push_back(Pending::first_part(To::Address(candidate.at), wanted));
            }
        }
        let missing: Vec<_> = self
            .entries
            .iter()
            .flat_map(|(host, entry)| missing_parts(*host, entry))
            .collect();
        self.out.extend(missing.into_iter().take(MOST_PART_QUERIES));
    }

    fn query(&mut self, Pending { to, wanted, part }: Pending, now: Duration) -> Vec<u8> {
        while let Some(oldest) = self.nonce_order.front() {
            let old = self.nonces.get(oldest).is_none_or(|(at, ..)| now > *at + NONCE_LIFE);
            if !old && self.nonce_order.len() < MOST_NONCES {
                break;
            }
            self.nonces.remove(oldest);
            self.nonce_order.pop_front();
        }
        let nonce = random();
        self.nonces.insert(nonce, (now, to, wanted));
        self.nonce_order.push_back(nonce);
        let game = self.game;
        Query {
            game,
            nonce,
            part,
            wanted,
        }
        .encode()
    }

    /// Takes in a datagram; true when the list changed or was confirmed by it.
    pub(crate) fn handle_datagram(&mut self, from: SocketAddr, datagram: &[u8], now: Duration) -> bool {
        let Some(reply) = Reply::decode(datagram) else {
            self.counters.datagrams_malformed += 1;
            return false;
        };
        let asked = self.nonces.get(&reply.nonce).filter(|(at, to, wanted)| {
            now <= *at + NONCE_LIFE
                && (*to == To::Group || *to == To::Address(from))
                && (!matches!(wanted, Wanted::Host(_)) || *wanted == Wanted::Host(reply.host))
        });
        let Some(&(sent, _, wanted)) = asked else {
            self.counters.replies_unasked += 1;
            return false;
        };
        let address = Address {
            at: from,
            heard: now,
            round_trip: now.saturating_sub(sent),
        };
        if let Some(candidate) = self.candidates.iter_mut().find(|candidate| candidate.at == from) {
            candidate.unanswered = 0;
        }
        if reply.parts == 0 {
            let primary = self
                .entries
                .get(&reply.host)
                .is_some_and(|entry| entry.addresses[0].at == from);
            return primary && self.entries.remove(&reply.host).is_some();
        }
        let host = reply.host;
        let changed = self.take_in(address, reply);
        if let (Wanted::Code(tag), Some(entry)) = (wanted, self.entries.get_mut(&host))
            && !entry.tags.contains(&tag)
        {
            entry.tags.truncate(MOST_WANTS - 1);
            entry.tags.insert(0, tag);
        }
        changed
    }

    fn take_in(&mut self, address: Address, reply: Reply) -> bool {
        let (host, now) = (reply.host, address.heard);
        if !self.entries.contains_key(&host) {
            let here = network_of(address.at.ip());
            let of_it = self
                .entries
                .values()
                .filter(|entry| network_of(entry.addresses[0].at.ip()) == here)
                .count();
            if self.entries.len() >= MOST_HOSTS || of_it >= MOST_OF_ONE_ADDRESS {
                self.counters.hosts_left_out += 1;
                return false;
            }
        }
        let entry = self.entries.entry(host).or_insert_with(|| Entry {
            tags: Vec::new(),
            addresses: Vec::new(),
            revision: reply.revision,
            parts: Vec::new(),
            known: None,
            heard: now,
        });
        if !entry.may_speak(address) {
            return false;
        }
        entry.heard = now;
        if entry.revision != reply.revision || entry.parts.len() != usize::from(reply.parts) {
            entry.revision = reply.revision;
            entry.parts = vec![None; usize::from(reply.parts)];
        }
        let slot = &mut entry.parts[usize::from(reply.part)];
        if slot.is_some() {
            return entry.known.is_some();
        }
        *slot = Some(reply.body);
        let whole: Option<Vec<u8>> = entry
            .parts
            .iter()
            .cloned()
            .collect::<Option<Vec<_>>>()
            .map(|parts| parts.concat());
        let Some(whole) = whole else {
            if reply.part == 0 {
                let missing: Vec<_> = missing_parts(host, entry).collect();
                self.out.extend(missing);
            }
            return false;
        };
        if let Some(description) = Description::read(&whole) {
            let same = entry
                .known
                .as_ref()
                .filter(|(_, known)| known.number == description.number);
            let order = same.map_or(self.next_order, |(order, _)| *order);
            self.next_order = self.next_order.max(order + 1);
            entry.known = Some((order, description));
            true
        } else {
            self.counters.datagrams_malformed += 1;
            if entry.known.is_none() {
                self.entries.remove(&host);
            }
            false
        }
    }

    /// What was found and not forgotten, in the order in which it was found.
    pub(crate) fn found(&self, now: Duration) -> Vec<Found> {
        let mut found: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| now <= entry.heard + FORGET_AFTER)
            .filter_map(|(host, entry)| {
                let (order, description) = entry.known.as_ref()?;
                Some(Found {
                    order: *order,
                    host: *host,
                    description: description.clone(),
                    game_session: description.game_session(*host),
                    doors: entry.doors(description.door),
                    round_trip: entry.addresses.first()?.round_trip,
                    heard: entry.heard,
                    tags: entry.tags.clone(),
                })
            })
            .collect();
        found.sort_by_key(|found| found.order);
        found
    }

    fn forget(&mut self, now: Duration) {
        self.entries.retain(|_, entry| now <= entry.heard + FORGET_AFTER);
    }
}

impl Entry {
    /// Notes the address; whether what it says counts.
    fn may_speak(&mut self, address: Address) -> bool {
        if let Some(at) = self.addresses.iter().position(|known| known.at == address.at) {
            let known = &mut self.addresses[at];
            known.round_trip = if address.heard > known.heard + PRIMARY_FOR {
                address.round_trip
            } else {
                known.round_trip.min(address.round_trip)
            };
            known.heard = address.heard;
            if at > 0 && address.heard > self.addresses[0].heard + PRIMARY_FOR {
                self.addresses.swap(0, at);
                return true;
            }
            return at == 0;
        }
        if self.addresses.len() < MOST_ADDRESSES {
            self.addresses.push(address);
        }
        self.addresses.len() == 1
    }

    /// Those that answer before those that fell silent, and of them IPv4 first: the game's own traffic prefers it.
    fn doors(&self, port: u16) -> Vec<SocketAddr> {
        let newest = self.addresses.iter().map(|address| address.heard).max();
        let is_silent = |address: &Address| newest.is_some_and(|newest| newest > address.heard + PRIMARY_FOR);
        let mut by_use = self.addresses.clone();
        by_use.sort_by_key(|address| (is_silent(address), address.at.is_ipv6()));
        by_use
            .into_iter()
            .map(|Address { at: mut door, .. }| {
                door.set_port(port);
                door
            })
            .collect()
    }
}

/// Where an incomplete entry's missing parts are asked for.
fn missing_parts(host: HostId, entry: &Entry) -> impl Iterator<Item = Pending> + use<> {
    let at = entry.addresses.first().map(|address| address.at);
    let begun = entry.parts.iter().any(Option::is_some);
    let missing: Vec<u8> = entry
        .parts
        .iter()
        .zip(0..)
        .filter(|(part, _)| begun && part.is_none())
        .map(|(_, at)| at)
        .collect();
    let wanted = Wanted::Host(host);
    at.into_iter().flat_map(move |at| {
        let to = To::Address(at);
        missing
            .clone()
            .into_iter()
            .map(move |part| Pending { to, wanted, part })
    })
}

/// Whether an address is of a local network: only such announcements are asked, so that a forged one hits nobody far away.
fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.is_unique_local() || ip.is_loopback(),
    }
}
