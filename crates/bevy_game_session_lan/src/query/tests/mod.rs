//! Whole networks of searches and hosts in virtual time, and neighbours that flood.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BinaryHeap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use game_session_protocol::{PlayerSessionPolicy, Privacy};
use proptest::prelude::*;

use super::description::Description;
use super::responder::{Responder, Shown};
use super::search::{MOST_HOSTS, Search, To};
use super::wire::{QUERY_BYTES, Query, Reply, Wanted};
use crate::bad_network::Fate;
use crate::config::BadNetwork;
use crate::id::{GameMark, HostId};
use crate::secret::Lock;

mod neighbours;

const GAME: GameMark = GameMark([7; 8]);

fn description(name: &str, properties: usize) -> Description {
    Description {
        number: 1,
        name: name.into(),
        build: "dev".parse().unwrap(),
        max_players: 4,
        current_players: 1,
        policy: PlayerSessionPolicy::AcceptAll,
        privacy: Privacy::Listed,
        properties: (0..properties).map(|n| (format!("{n:032}"), "v".repeat(96))).collect(),
        owner: "somebody".into(),
        lock: Lock::Open,
        password: false,
        door: 24_772,
    }
}

fn shown(description: &Description) -> Shown {
    Shown {
        revision: 1,
        parts: description.parts(),
        listed: true,
        tag: None,
    }
}

fn address(host: u8) -> SocketAddr {
    (Ipv4Addr::new(10, 0, 0, host), 24_772).into()
}

fn host(number: u8, description: &Description) -> Responder {
    let mut host = Responder::new(GAME, HostId([number; 16]));
    host.show(Some(shown(description)), Duration::ZERO);
    host
}

/// A network whose datagrams take their time, get lost and come twice.
struct Network {
    hosts: Vec<Responder>,
    search: Search,
    fate: Fate,
    /// What is on its way to the search, the soonest on top.
    arriving: BinaryHeap<(std::cmp::Reverse<Duration>, u8, Vec<u8>)>,
    now: Duration,
}

impl Network {
    fn new(hosts: Vec<Responder>, loss: f64, seed: u64) -> Self {
        let bad = BadNetwork {
            loss,
            duplication: 0.1,
            seed,
        };
        Self {
            hosts,
            search: Search::new(GAME, Vec::new(), true),
            fate: Fate::new(Some(bad)),
            arriving: BinaryHeap::new(),
            now: Duration::ZERO,
        }
    }

    /// Lets time pass up to `until`, or until so many hosts are in the list.
    fn run(&mut self, until: Duration, listed: usize) -> bool {
        let one_way = Duration::from_millis(2);
        loop {
            while let Some((to, query)) = self.search.poll_transmit(self.now) {
                let (from, hosts) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 200)), 1..);
                for (host, number) in self.hosts.iter_mut().zip(hosts) {
                    if to != To::Group && to != To::Address(address(number)) {
                        continue;
                    }
                    for _ in 0..self.fate.copies() {
                        let reply = host.handle_datagram(from, &query, self.now + one_way);
                        for _ in 0..reply.as_ref().map_or(0, |_| self.fate.copies()) {
                            let at = std::cmp::Reverse(self.now + 2 * one_way);
                            self.arriving.push((at, number, reply.clone().unwrap()));
                        }
                    }
                }
            }
            if self.search.found(self.now).len() == listed {
                return true;
            }
            let arrival = self.arriving.peek().map(|(at, ..)| at.0);
            let next = arrival.into_iter().chain(self.search.next_deadline()).min();
            match next.filter(|next| *next <= until) {
                Some(next) => self.now = self.now.max(next),
                None => return false,
            }
            while self.arriving.peek().is_some_and(|(at, ..)| at.0 <= self.now) {
                let (_, from, datagram) = self.arriving.pop().unwrap();
                self.search.handle_datagram(address(from), &datagram, self.now);
            }
        }
    }
}

/// In how many of so many networks of three hosts the search found all within a second.
fn found_all(loss: f64, runs: u64, properties: usize) -> u64 {
    let described = description("game", properties);
    let runs = (0..runs).filter(|seed| {
        let hosts = (1..=3).map(|number| host(number, &described)).collect();
        let mut network = Network::new(hosts, loss, seed * 7919 + 1);
        network.search.begin(Wanted::Any, Duration::ZERO);
        network.run(Duration::from_secs(1), 3)
    });
    runs.count() as u64
}

#[test]
fn all_hosts_are_found_within_a_second_at_a_loss_of_a_fifth_in_999_of_1000_networks() {
    let found = found_all(0.2, 2000, 0);
    assert!(found * 1000 >= 2000 * 999, "{found} of 2000");
}

#[test]
fn descriptions_of_several_packets_are_found_as_surely() {
    assert!(description("large", 14).parts().len() > 1);
    let found = found_all(0.2, 1000, 14);
    assert!(found * 1000 >= 1000 * 999, "{found} of 1000");
}

#[test]
fn the_test_of_losses_can_fail() {
    assert!(found_all(0.9, 100, 0) < 100);
}

#[test]
fn without_losses_a_host_is_found_by_the_first_query() {
    let mut network = Network::new(vec![host(1, &description("game", 0))], 0.0, 1);
    network.search.begin(Wanted::Any, Duration::ZERO);
    assert!(network.run(Duration::from_secs(1), 1));
    assert_eq!(network.now, Duration::from_millis(4));
}

#[test]
fn a_host_that_is_not_heard_is_forgotten_and_one_that_says_goodbye_at_once() {
    let mut network = Network::new(vec![host(1, &description("game", 0))], 0.0, 1);
    network.search.begin(Wanted::Any, Duration::ZERO);
    assert!(network.run(Duration::from_secs(1), 1));
    assert_eq!(network.search.found(network.now + Duration::from_secs(6)).len(), 1);
    assert_eq!(network.search.found(network.now + Duration::from_secs(8)).len(), 0);
    network.hosts[0].show(None, network.now);
    assert!(network.run(network.now + Duration::from_secs(1), 0));
}

#[test]
fn a_search_ends_by_itself() {
    let mut search = Search::new(GAME, vec![address(1)], true);
    search.begin(Wanted::Any, Duration::ZERO);
    let (mut now, mut sent) = (Duration::ZERO, 0);
    while let Some(next) = search.next_deadline() {
        now = now.max(next);
        while search.poll_transmit(now).is_some() {
            sent += 1;
        }
    }
    assert!(
        (30..50).contains(&sent),
        "{sent} datagrams, to the group and to one address"
    );
}

/// A search that asked once, and its query.
fn asked() -> (Search, Query) {
    let mut search = Search::new(GAME, Vec::new(), true);
    search.begin(Wanted::Any, Duration::ZERO);
    let (to, query) = search.poll_transmit(Duration::ZERO).unwrap();
    assert_eq!(to, To::Group);
    (search, Query::decode(&query).unwrap())
}

fn reply(nonce: [u8; 8], host: u32, name: &str) -> Reply {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&host.to_be_bytes());
    Reply {
        nonce,
        host: HostId(id),
        revision: 1,
        part: 0,
        parts: 1,
        body: description(name, 0).parts().remove(0),
    }
}

const SOON: Duration = Duration::from_millis(5);

#[test]
fn lan_a_flood_of_queries_is_answered_no_further_than_its_share() {
    let (_, query) = asked();
    let mut host = host(1, &description("game", 0));
    let query = query.encode();
    let answered = (0..10_000).filter(|_| host.handle_datagram(address(9).ip(), &query, SOON).is_some());
    assert_eq!(answered.count(), 128);
    assert_eq!(host.counters.queries_throttled, 10_000 - 128);
    assert!(
        host.handle_datagram(address(8).ip(), &query, SOON).is_some(),
        "others are still answered"
    );
}

#[test]
fn lan_announced_addresses_are_asked_only_in_the_neighbourhood_and_not_for_long() {
    let mut search = Search::new(GAME, Vec::new(), false);
    search.begin(Wanted::Any, Duration::ZERO);
    search.handle_candidate((Ipv4Addr::new(8, 8, 8, 8), 53).into());
    for number in 0..=255 {
        search.handle_candidate(address(number));
    }
    assert_eq!(search.counters.announcements_dropped, 1 + 256 - 64);
    let (mut now, mut sent) = (Duration::ZERO, 0);
    while let Some(next) = search.next_deadline() {
        now = now.max(next);
        while search.poll_transmit(now).is_some() {
            sent += 1;
        }
    }
    assert!(sent <= 64 * 13, "{sent} datagrams to addresses that never answered");
}

#[test]
fn a_private_session_answers_only_who_was_told_of_it() {
    let mut host = Responder::new(GAME, HostId([1; 16]));
    let private = Shown {
        listed: false,
        tag: Some([9; 8]),
        ..shown(&description("secret", 0))
    };
    host.show(Some(private), Duration::ZERO);
    let mut answers = |wanted| {
        let query = Query {
            game: GAME,
            nonce: [0; 8],
            part: 0,
            wanted,
        };
        host.handle_datagram(address(9).ip(), &query.encode(), SOON).is_some()
    };
    assert!(!answers(Wanted::Any) && !answers(Wanted::Code([8; 8])) && !answers(Wanted::Host(HostId([2; 16]))));
    assert!(answers(Wanted::Code([9; 8])) && answers(Wanted::Host(HostId([1; 16]))));
}

proptest! {
    #[test]
    fn lan_no_reply_is_larger_than_its_query(
        name in "\\PC{1,64}", properties in 0usize..=14, part: u8, datagram in proptest::collection::vec(any::<u8>(), 0..1300),
    ) {
        let mut host = host(1, &description(&name, properties));
        let query = Query { game: GAME, nonce: [1; 8], part, wanted: Wanted::Any }.encode();
        for asked in [&query, &datagram] {
            if let Some(reply) = host.handle_datagram(address(9).ip(), asked, SOON) {
                prop_assert!(reply.len() <= asked.len());
            }
        }
    }

    #[test]
    fn lan_whatever_a_neighbour_answers_the_list_stays_sound(
        replies in proptest::collection::vec(
            (any::<u8>(), 0u32..4, any::<u32>(), 0u8..10, 0u8..10, proptest::collection::vec(any::<u8>(), 0..64), any::<bool>()),
            0..60,
        ),
    ) {
        let (mut search, query) = asked();
        for (from, host, revision, part, parts, body, honest) in replies {
            let mut said = Reply { revision, part, parts, body, ..reply(query.nonce, host, "x") };
            if honest {
                said = reply(query.nonce, host, "x");
            }
            search.handle_datagram(address(from), &said.encode(), SOON);
            while search.poll_transmit(SOON).is_some() {}
        }
        let found = search.found(SOON);
        prop_assert!(found.len() <= 4);
        prop_assert!(found.iter().all(|found| (1..=4).contains(&found.doors.len())));
    }

    #[test]
    fn a_description_of_a_stranger_is_read_without_panic(json in "\\PC*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = (Description::read(json.as_bytes()), Description::read(&bytes));
    }
}
