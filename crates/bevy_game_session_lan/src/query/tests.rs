//! Whole networks of searches and hosts in virtual time, and neighbours that lie.
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
fn lan_a_wrong_nonce_is_dropped_and_counted() {
    let (mut search, query) = asked();
    let mut wrong = query.nonce;
    wrong[0] ^= 1;
    assert!(!search.handle_datagram(address(1), &reply(wrong, 1, "forged").encode(), SOON));
    assert!(search.found(SOON).is_empty());
    assert_eq!(search.counters.replies_unasked, 1);
    assert!(search.handle_datagram(address(1), &reply(query.nonce, 1, "true").encode(), SOON));
}

#[test]
fn lan_a_replayed_reply_is_dropped_and_counted() {
    let (mut search, query) = asked();
    let late = Duration::from_secs(4);
    assert!(!search.handle_datagram(address(1), &reply(query.nonce, 1, "replayed").encode(), late));
    assert_eq!(search.counters.replies_unasked, 1);
}

#[test]
fn lan_a_spoofed_source_cannot_answer_for_an_address_that_was_asked() {
    let mut search = Search::new(GAME, vec![address(1)], false);
    search.begin(Wanted::Any, Duration::ZERO);
    let (to, query) = search.poll_transmit(Duration::ZERO).unwrap();
    assert_eq!(to, To::Address(address(1)));
    let nonce = Query::decode(&query).unwrap().nonce;
    assert!(!search.handle_datagram(address(2), &reply(nonce, 1, "spoofed").encode(), SOON));
    assert_eq!(search.counters.replies_unasked, 1);
}

#[test]
fn lan_a_second_address_cannot_change_what_the_first_said() {
    let (mut search, query) = asked();
    search.handle_datagram(address(1), &reply(query.nonce, 1, "true").encode(), SOON);
    let mut forged = reply(query.nonce, 1, "forged");
    forged.revision = 2;
    assert!(!search.handle_datagram(address(2), &forged.encode(), SOON));
    let gone = Reply {
        part: 0,
        parts: 0,
        body: Vec::new(),
        ..forged
    };
    assert!(!search.handle_datagram(address(2), &gone.encode(), SOON));
    let found = search.found(SOON).remove(0);
    assert_eq!(found.game_session.name, "true");
    assert_eq!(
        found.doors,
        [address(1), address(2)],
        "the first that answered is the first to be tried"
    );
}

#[test]
fn lan_a_host_of_both_families_is_one_entry_and_the_address_that_still_answers_is_tried_first() {
    let v4 = address(1);
    let v6: SocketAddr = "[fd00::1]:24772".parse().unwrap();
    let mut search = Search::new(GAME, vec![v6, v4], false);
    let mut now = Duration::ZERO;
    let mut rounds = |search: &mut Search, until: Duration, answering: &[SocketAddr]| {
        while now < until {
            search.begin(Wanted::Any, now);
            while let Some((To::Address(to), query)) = search.poll_transmit(now) {
                if answering.contains(&to) {
                    let nonce = Query::decode(&query).unwrap().nonce;
                    search.handle_datagram(to, &reply(nonce, 1, "both").encode(), now);
                }
            }
            now += Duration::from_millis(500);
        }
        let found = search.found(now);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].doors.clone()
    };
    let doors = rounds(&mut search, Duration::from_secs(1), &[v6, v4]);
    assert_eq!(doors, [v4, v6], "the game's traffic prefers IPv4");
    let doors = rounds(&mut search, Duration::from_secs(5), &[v6]);
    assert_eq!(doors, [v6, v4], "IPv4 fell silent");
    let doors = rounds(&mut search, Duration::from_secs(9), &[v4]);
    assert_eq!(doors, [v4, v6], "IPv6 fell silent, IPv4 is back");
}

#[test]
fn lan_ten_thousand_fake_hosts_are_capped_and_do_not_push_out_the_true_one() {
    let (mut search, query) = asked();
    search.handle_datagram(address(1), &reply(query.nonce, u32::MAX, "true").encode(), SOON);
    for fake in 0..10_000_u32 {
        let from = (Ipv4Addr::from(0x0a01_0000 + fake), 1).into();
        search.handle_datagram(from, &reply(query.nonce, fake, "fake").encode(), SOON);
    }
    let found = search.found(SOON);
    assert_eq!(found.len(), MOST_HOSTS);
    assert_eq!(found[0].game_session.name, "true");
    assert_eq!(search.counters.hosts_left_out, 10_001 - MOST_HOSTS as u64);
}

#[test]
fn lan_ten_thousand_fake_hosts_of_one_address_leave_room_for_others() {
    let (mut search, query) = asked();
    for fake in 0..10_000_u32 {
        search.handle_datagram(address(2), &reply(query.nonce, fake, "fake").encode(), SOON);
    }
    search.handle_datagram(address(1), &reply(query.nonce, u32::MAX, "true").encode(), SOON);
    let found = search.found(SOON);
    assert_eq!(
        (found.len(), found.last().unwrap().game_session.name.as_str()),
        (17, "true")
    );
}

#[test]
fn lan_names_are_sanitised() {
    let (mut search, query) = asked();
    let name = "\u{1b}[31mred\u{202e}\n".repeat(20);
    search.handle_datagram(address(1), &reply(query.nonce, 1, &name).encode(), SOON);
    let found = search.found(SOON).remove(0).game_session.name;
    assert!(
        found.chars().count() <= 64 && !found.contains(['\u{1b}', '\u{202e}', '\n']),
        "{found:?}"
    );
}

#[test]
fn lan_garbage_is_dropped_silently_and_counted() {
    let (mut search, query) = asked();
    let mut host = host(1, &description("game", 0));
    let mut long = query.encode();
    long.push(0);
    for garbage in [&b""[..], b"BGSL", &[0xff; QUERY_BYTES], &long] {
        assert_eq!(host.handle_datagram(address(9).ip(), garbage, SOON), None);
        assert!(!search.handle_datagram(address(9), garbage, SOON));
    }
    assert_eq!(
        (host.counters.datagrams_malformed, search.counters.datagrams_malformed),
        (4, 4)
    );
    let mut out_of_bounds = description("game", 0);
    out_of_bounds.max_players = 60_000;
    let mut lie = reply(query.nonce, 1, "x");
    lie.body = out_of_bounds.parts().remove(0);
    assert!(!search.handle_datagram(address(9), &lie.encode(), SOON));
    assert!(search.found(SOON).is_empty());
}

#[test]
fn lan_another_version_of_the_protocol_is_dropped_and_counted() {
    let (mut search, query) = asked();
    let mut host = host(1, &description("game", 0));
    let (mut asked, mut answered) = (query.encode(), reply(query.nonce, 1, "newer").encode());
    (asked[4], answered[4]) = (2, 2);
    assert_eq!(host.handle_datagram(address(9).ip(), &asked, SOON), None);
    assert!(!search.handle_datagram(address(1), &answered, SOON));
    assert!(search.found(SOON).is_empty());
    assert_eq!(
        (host.counters.datagrams_malformed, search.counters.datagrams_malformed),
        (1, 1)
    );
}

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
