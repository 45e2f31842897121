//! Neighbours that lie, and hosts of several addresses or of another version.

use super::*;

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
    let mut guessed = Query::decode(&query).unwrap().nonce;
    guessed[7] ^= 1;
    for spoofed in [address(1), address(2)] {
        assert!(!search.handle_datagram(spoofed, &reply(guessed, 1, "spoofed").encode(), SOON));
    }
    assert_eq!(search.counters.replies_unasked, 2);
}

#[test]
fn lan_a_host_that_answers_from_another_of_its_addresses_is_found_where_it_was_asked() {
    let mut search = Search::new(GAME, vec![address(1)], false);
    search.begin(Wanted::Any, Duration::ZERO);
    let (_, query) = search.poll_transmit(Duration::ZERO).unwrap();
    let nonce = Query::decode(&query).unwrap().nonce;
    let of_two = Reply {
        parts: 2,
        ..reply(nonce, 1, "two addresses")
    };
    let elsewhere = (Ipv4Addr::new(203, 0, 113, 5), 24_772).into();
    search.handle_datagram(elsewhere, &of_two.encode(), SOON);
    let (to, _) = search.poll_transmit(SOON).unwrap();
    assert_eq!(
        to,
        To::Address(address(1)),
        "nothing is sent where an answer only says it is from"
    );
    assert!(search.handle_datagram(elsewhere, &reply(nonce, 1, "two addresses").encode(), SOON));
    assert_eq!(search.found(SOON)[0].doors, [address(1)]);
}

#[test]
fn lan_a_second_address_cannot_change_what_the_first_said() {
    let (mut search, query) = asked();
    search.handle_datagram(address(1), &reply(query.nonce, 1, "true").encode(), SOON);
    let mut forged = reply(query.nonce, 1, "forged");
    forged.revision = 2;
    search.handle_datagram(address(2), &forged.encode(), SOON);
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
fn lan_a_neighbour_that_answers_in_a_hosts_name_cannot_say_where_its_door_is() {
    let (mut search, query) = asked();
    let elsewhere = Description {
        door: 666,
        ..description("forged", 0)
    };
    let forged = Reply {
        body: elsewhere.parts().remove(0),
        ..reply(query.nonce, 1, "forged")
    };
    search.handle_datagram(address(2), &forged.encode(), SOON);
    assert!(search.handle_datagram(address(1), &reply(query.nonce, 1, "true").encode(), SOON));
    assert!(search.found(SOON)[0].doors.contains(&address(1)));
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
fn lan_another_version_of_the_protocol_is_shown_as_incompatible_and_cannot_be_joined() {
    let (mut search, query) = asked();
    let mut host = host(1, &description("game", 0));
    let mut newer = query.encode();
    newer[4] = 2;
    newer[22..].fill(0xff);
    let answer = host.handle_datagram(address(9).ip(), &newer, SOON).unwrap();
    let mut said = Vec::from(b"BGSL\x01\x02");
    said.extend(query.nonce);
    said.extend([1; 16]);
    assert_eq!(answer[..30], said, "what is the same in all versions");
    assert_eq!(answer.len(), 36, "and nothing of the game session");

    let mut newer = answer;
    newer[4] = 2;
    newer.extend([0xff; 100]);
    assert!(search.handle_datagram(address(1), &newer, SOON));
    let found = search.found(SOON).remove(0).game_session;
    assert!(!found.is_joinable_by(&"dev".parse().unwrap()));
    assert_eq!(found.policy, PlayerSessionPolicy::DenyAll, "whatever the build");
    assert_eq!(
        search.found(SOON + Duration::from_secs(8)).len(),
        0,
        "it is forgotten like others"
    );
}

#[test]
fn lan_another_version_hears_nothing_of_a_private_session_and_changes_nothing_that_is_known() {
    let (mut search, query) = asked();
    let mut host = host(1, &description("secret", 0));
    host.show(
        Some(Shown {
            listed: false,
            ..shown(&description("secret", 0))
        }),
        SOON,
    );
    let mut newer = query.encode();
    newer[4] = 2;
    assert_eq!(host.handle_datagram(address(9).ip(), &newer, SOON), None);

    search.handle_datagram(address(1), &reply(query.nonce, 1, "true").encode(), SOON);
    let mut newer = reply(query.nonce, 1, "x").encode();
    newer[4] = 2;
    assert!(!search.handle_datagram(address(1), &newer, SOON));
    assert_eq!(search.found(SOON)[0].game_session.name, "true");
    let mut unasked = reply([0; 8], 2, "x").encode();
    unasked[4] = 2;
    assert!(!search.handle_datagram(address(1), &unasked, SOON));
    assert_eq!(search.counters.replies_unasked, 1);
}
