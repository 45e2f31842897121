//! What is found, and how it is listed.

use bevy_game_session_lan::{BadNetwork, Lan, LanConfig, LanDoor};
use game_session_protocol::*;

use super::common::*;

#[tokio::test]
async fn lan_two_hosts_of_the_same_name_are_both_listed() {
    let network = Network::new();
    let (one, two) = (network.host(LanDoor::Open).await, network.host(LanDoor::Open).await);
    one.start(named("twins", 2)).await;
    two.start(named("twins", 2)).await;
    let found = find(&network.player(), 2).await;
    assert_eq!(found.len(), 2);
    assert_ne!(found[0].id, found[1].id);
}

#[tokio::test]
async fn lan_the_same_host_by_two_ways_is_one_entry_and_its_working_address_is_used() {
    let network = Network::new();
    let host = network.host(LanDoor::Open).await;
    host.start(named("one", 2)).await;
    // Asked by group, and by its own address, from which the second answer comes.
    let guest = Lan::new(network.config(LanDoor::Open).direct([host.door()])).unwrap();
    for _ in 0..10 {
        assert_eq!(find(&guest, 1).await.len(), 1);
    }
    let found = find(&guest, 1).await.remove(0);
    join(&guest, &found).await.unwrap();
}

#[tokio::test]
async fn lan_another_build_is_listed_and_cannot_be_joined() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    host.start(CreateGameSession::new("newer", 2, "2.0".parse().unwrap()))
        .await;
    let found = find(&guest, 1).await.remove(0);
    assert!(!found.is_joinable_by(&build()));
    assert_eq!(code_of(join(&guest, &found).await), ErrorCode::VersionMismatch);
    let mine = FindGameSessions {
        build: Some(build()),
        ..FindGameSessions::default()
    };
    let page = within(guest.service().find(mine)).await.unwrap();
    assert_eq!(
        (page.game_sessions.len(), page.next_page),
        (0, None),
        "the whole second was waited for"
    );
}

#[tokio::test]
async fn hosts_that_hear_no_group_are_found_at_their_addresses() {
    let network = Network::new();
    let host = Hosting::of(Lan::new(network.config(LanDoor::Open).without_group()).unwrap()).await;
    host.start(named("hidden", 2)).await;
    let deaf = network.config(LanDoor::Open).without_group();
    let guest = Lan::new(deaf.clone().direct([host.door()])).unwrap();
    let found = find(&guest, 1).await.remove(0);
    join(&guest, &found).await.unwrap();
    let nobody = Lan::new(deaf).unwrap();
    let page = within(nobody.service().find(FindGameSessions::default()))
        .await
        .unwrap();
    assert!(page.game_sessions.is_empty());
}

#[tokio::test]
async fn sessions_of_another_game_are_not_seen() {
    let network = Network::new();
    let host = network.host(LanDoor::Open).await;
    host.start(named("ours", 2)).await;
    let theirs = LanConfig::new("another game", LanDoor::Open)
        .on_loopback()
        .group_port(network.group());
    let page = within(Lan::new(theirs).unwrap().service().find(FindGameSessions::default()))
        .await
        .unwrap();
    assert!(page.game_sessions.is_empty());
    assert!(host.lan.counters().queries_of_other_games > 0);
}

#[tokio::test]
async fn a_search_is_filtered_sorted_and_cut() {
    let network = Network::new();
    let mut hosts = Vec::new();
    for (name, map) in [("b", "moon"), ("a", "moon"), ("c", "mars")] {
        let host = network.host(LanDoor::Open).await;
        let mut request = named(name, 4);
        request.properties.insert("map".into(), map.into());
        host.start(request).await;
        hosts.push(host);
    }
    let guest = network.player();
    find(&guest, 3).await;
    let query = FindGameSessions {
        properties: [("map".to_owned(), "moon".to_owned())].into(),
        sort: Some(GameSessionOrder::Name),
        ..FindGameSessions::default()
    };
    let names = |page: &GameSessionPage| {
        page.game_sessions
            .iter()
            .map(|found| found.name.clone())
            .collect::<Vec<_>>()
    };
    let page = within(guest.service().find(query)).await.unwrap();
    assert_eq!(names(&page), ["a", "b"]);
    let one = FindGameSessions {
        limit: Some(1),
        ..FindGameSessions::default()
    };
    let first = within(guest.service().find(one.clone())).await.unwrap();
    let second = FindGameSessions {
        page: first.next_page.clone(),
        ..one
    };
    let second = within(guest.service().find(second)).await.unwrap();
    assert_eq!((first.game_sessions.len(), second.game_sessions.len()), (1, 1));
    assert_ne!(first.game_sessions[0].id, second.game_sessions[0].id);
    let wrong = FindGameSessions {
        page: Some("page two".into()),
        ..FindGameSessions::default()
    };
    assert_eq!(
        code_of(within(guest.service().find(wrong)).await),
        ErrorCode::InvalidRequest
    );
}

#[tokio::test]
async fn hosts_are_found_and_joined_on_a_bad_network() {
    let network = Network::new();
    let bad = |seed| BadNetwork {
        loss: 0.2,
        duplication: 0.2,
        seed,
    };
    let mut hosts = Vec::new();
    for seed in 0..3 {
        let host = Hosting::of(Lan::new(network.config(LanDoor::Open).bad_network(bad(seed))).unwrap()).await;
        host.start(named("shaky", 4)).await;
        hosts.push(host);
    }
    let guest = Lan::new(network.config(LanDoor::Open).bad_network(bad(7))).unwrap();
    for found in find(&guest, 3).await {
        join(&guest, &found).await.unwrap();
    }
}
