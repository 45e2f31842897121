//! The asking side of discovery: when a client asks, and what it believes of the answers.
//!
//! Rules: a search asks often in its first second and then once in a while, so that no lost packet matters for long. Every
//! query has a nonce of its own; what does not give one back is dropped. Who gives back the nonce of a question to one
//! address is heard as that address, whatever the datagram says: a machine with several may answer from another, and nothing
//! is ever sent to an address that only an answer named so. An entry is known by its host's id, whatever its name and however many addresses it answers from; the first
//! address that answered is the one that works, and only it can change the entry while it is heard. The list is capped, and
//! so is what one address can put into it. Who is not heard for some seconds is forgotten.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use game_session_protocol::GameSession;

use super::description::{Description, OF_ANOTHER_VERSION};
use super::entry::{Address, Entry};
use super::wire::{Query, Reply, Wanted, reply_of_another_version};
use crate::address::is_local;
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
/// How long an answer to a query is believed.
const NONCE_LIFE: Duration = Duration::from_secs(3);
/// The most entries.
pub(crate) const MOST_HOSTS: usize = 256;
/// The most entries of one address: several games may be hosted on one machine, but not any number.
const MOST_OF_ONE_ADDRESS: usize = 16;
const MOST_NONCES: usize = 4096;
const MOST_WANTS: usize = 8;
const MOST_CANDIDATES: usize = 64;
/// How often an announced address is asked without an answer.
const CANDIDATE_TRIES: u8 = 12;
const MOST_PART_QUERIES: usize = 64;

/// A datagram for who asked.
enum Heard {
    Reply(Reply),
    OfAnotherVersion([u8; 8], HostId),
}

impl Heard {
    fn decode(datagram: &[u8]) -> Option<Self> {
        let other = || reply_of_another_version(datagram).map(|(nonce, host)| Self::OfAnotherVersion(nonce, host));
        Reply::decode(datagram).map(Self::Reply).or_else(other)
    }

    fn nonce_and_host(&self) -> ([u8; 8], HostId) {
        match self {
            Self::Reply(reply) => (reply.nonce, reply.host),
            Self::OfAnotherVersion(nonce, host) => (*nonce, *host),
        }
    }
}

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
        let Some(heard) = Heard::decode(datagram) else {
            self.counters.datagrams_malformed += 1;
            return false;
        };
        let (nonce, host) = heard.nonce_and_host();
        let asked = self.nonces.get(&nonce).filter(|(at, _, wanted)| {
            now <= *at + NONCE_LIFE && (!matches!(wanted, Wanted::Host(_)) || *wanted == Wanted::Host(host))
        });
        let Some(&(sent, to, wanted)) = asked else {
            self.counters.replies_unasked += 1;
            return false;
        };
        let at = match to {
            To::Group => from,
            To::Address(asked) => asked,
        };
        let address = Address {
            at,
            heard: now,
            round_trip: now.saturating_sub(sent),
        };
        if let Some(candidate) = self.candidates.iter_mut().find(|candidate| candidate.at == at) {
            candidate.unanswered = 0;
        }
        let reply = match heard {
            Heard::Reply(reply) => reply,
            Heard::OfAnotherVersion(..) => return self.take_in_other_version(address, host),
        };
        if reply.parts == 0 {
            let primary = self
                .entries
                .get(&reply.host)
                .is_some_and(|entry| entry.addresses[0].at == at);
            return primary && self.entries.remove(&reply.host).is_some();
        }
        let changed = self.take_in(address, reply);
        if let (Wanted::Code(tag), Some(entry)) = (wanted, self.entries.get_mut(&host))
            && !entry.tags.contains(&tag)
        {
            entry.tags.truncate(MOST_WANTS - 1);
            entry.tags.insert(0, tag);
        }
        changed
    }

    /// Whether a host is in the list or may come into it.
    fn has_room(&mut self, host: HostId, address: Address) -> bool {
        if self.entries.contains_key(&host) {
            return true;
        }
        let here = network_of(address.at.ip());
        let of_it = |entry: &&Entry| network_of(entry.addresses[0].at.ip()) == here;
        let has_room =
            self.entries.len() < MOST_HOSTS && self.entries.values().filter(of_it).count() < MOST_OF_ONE_ADDRESS;
        self.counters.hosts_left_out += u64::from(!has_room);
        has_room
    }

    /// A host that speaks another version is listed, so that its players are not looked for in vain.
    fn take_in_other_version(&mut self, address: Address, host: HostId) -> bool {
        if !self.has_room(host, address) {
            return false;
        }
        let order = self.next_order;
        let entry = self.entries.entry(host).or_insert_with(|| {
            let mut entry = Entry::new(address.heard);
            entry.known = Some((order, Description::of_another_version()));
            entry
        });
        let known = entry.known.as_ref();
        if known.is_none_or(|(_, known)| known.number != OF_ANOTHER_VERSION) || !entry.may_speak(address) {
            return false;
        }
        entry.heard = address.heard;
        self.next_order = self.next_order.max(order + 1);
        true
    }

    fn take_in(&mut self, address: Address, reply: Reply) -> bool {
        let (host, now) = (reply.host, address.heard);
        if !self.has_room(host, address) {
            return false;
        }
        let entry = self.entries.entry(host).or_insert_with(|| Entry::new(now));
        let addresses = entry.addresses.len();
        if !entry.may_speak(address) {
            return entry.addresses.len() > addresses;
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
                    doors: entry.doors(),
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
