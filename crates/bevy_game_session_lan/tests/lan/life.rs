//! The life of game sessions on a LAN.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake};
use std::time::Duration;

use bevy_game_session_lan::LanDoor;
use game_session_protocol::*;

use super::common::*;

#[tokio::test]
async fn a_session_is_hosted_found_joined_and_ended_by_its_owner() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    let own = host.start(named("Friday", 4)).await;
    assert_eq!(own.address.port(), host.port);
    let found = find(&guest, 1).await.remove(0);
    assert_eq!(
        (found.name.as_str(), found.current_players, found.max_players),
        ("Friday", 1, 4)
    );
    let seat = join(&guest, &found).await.unwrap();
    assert_eq!((seat.address, &seat.game_session.id), (own.address, &found.id));
    host.host.accept_player(seat.player_session_id).await.unwrap();
    host.host.accept_player(own.player_session_id).await.unwrap();

    let end = |lan: &bevy_game_session_lan::Lan| lan.service().end(EndGameSession { id: found.id.clone() });
    assert_eq!(code_of(within(end(&guest)).await), ErrorCode::Forbidden);
    within(end(&host.lan)).await.unwrap();
    assert_eq!(host.event().await, HostEvent::GameSessionEndRequested);
    host.host.end_session().await.unwrap();
    find_until(&guest, <[_]>::is_empty).await;
    assert_eq!(code_of(join(&guest, &found).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn one_session_after_another_is_hosted_by_the_same_process() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    for round in 0..5 {
        let own = host.start(named(&format!("round {round}"), 2)).await;
        let found = find_until(&guest, |found| {
            found.iter().any(|found| found.id == own.game_session.id)
        })
        .await;
        assert_eq!(found.len(), 1, "{found:?}");
        join(&guest, &found[0]).await.unwrap();
        host.host.end_session().await.unwrap();
    }
}

#[tokio::test]
async fn a_second_session_of_one_process_is_refused_until_the_first_has_ended() {
    let host = Network::new().host(LanDoor::Open).await;
    let own = host.start(named("first", 2)).await;
    let second = host.lan.service().create(named("second", 2), Progress::ignored());
    assert_eq!(code_of(within(second).await), ErrorCode::NoCapacity);
    // An end that the game has not finished yet is waited for.
    host.lan
        .service()
        .end(EndGameSession {
            id: own.game_session.id,
        })
        .await
        .unwrap();
    let third = host.lan.service().create(named("third", 2), Progress::ignored());
    assert_eq!(host.event().await, HostEvent::GameSessionEndRequested);
    host.host.end_session().await.unwrap();
    host.activate().await;
    assert_eq!(within(third).await.unwrap().game_session.name, "third");
}

#[tokio::test]
async fn without_a_server_plugin_a_start_says_what_is_missing() {
    let player = Network::new().player();
    let start = player.service().create(named("nowhere", 2), Progress::ignored());
    assert_eq!(code_of(within(start).await), ErrorCode::NoCapacity);
}

#[tokio::test]
async fn a_start_waits_for_the_server_plugin_to_be_ready() {
    let lan = Network::new().player();
    let host = lan.host();
    let seat = lan.service().create(named("early", 2), Progress::ignored());
    drop(host);
    let host = Hosting::of(lan).await;
    host.activate().await;
    assert_eq!(within(seat).await.unwrap().game_session.name, "early");
}

#[tokio::test]
async fn a_host_handle_that_goes_touches_no_other() {
    let network = Network::new();
    let host = network.host(LanDoor::Open).await;
    let own = host.start(named("running", 2)).await;
    drop(host.lan.host());
    let found = find(&network.player(), 1).await.remove(0);
    assert_eq!(found.id, own.game_session.id, "it runs on");

    let Hosting { lan, host: old, port } = host;
    let new = lan.host();
    drop(old);
    let process = ReadyProcess {
        port,
        log_paths: vec![],
    };
    within(new.ready(process)).await.unwrap();
    let host = Hosting { lan, host: new, port };
    host.start(named("the next", 2)).await;
}

/// Whether an answer that nobody takes has come.
#[derive(Default)]
struct Came(AtomicBool);

impl Wake for Came {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

#[tokio::test]
async fn a_seat_that_came_when_nobody_waited_any_more_is_given_back() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    host.start(named("duel", 2)).await;
    let found = find(&guest, 1).await.remove(0);
    let request = JoinGameSession::new(found.id.clone(), build());
    let mut joining = guest.service().join(request, Progress::ignored());
    let came = Arc::new(Came::default());
    assert!(
        joining
            .as_mut()
            .poll(&mut Context::from_waker(&came.clone().into()))
            .is_pending()
    );
    within(async {
        while !came.0.load(Ordering::Acquire) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(code_of(join(&network.player(), &found).await), ErrorCode::SessionFull);
    drop(joining);
    within(async { while join(&network.player(), &found).await.is_err() {} }).await;
}

#[tokio::test]
async fn a_start_that_is_cancelled_ends_the_game_session() {
    let host = Network::new().host(LanDoor::Open).await;
    let seat = host.lan.service().create(named("undecided", 2), Progress::ignored());
    assert!(matches!(host.event().await, HostEvent::GameSessionStarted(_)));
    drop(seat);
    assert_eq!(host.event().await, HostEvent::GameSessionEndRequested);
}

#[tokio::test]
async fn a_server_without_a_player_hosts_too() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    let hosted = host.lan.host_game_session(named("headless", 8));
    host.activate().await;
    let id = within(hosted).await.unwrap();
    let found = find(&guest, 1).await.remove(0);
    assert_eq!((found.id.clone(), found.current_players), (id, 0));
    join(&guest, &found).await.unwrap();
}

#[tokio::test]
async fn what_the_owner_changes_is_found() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    let own = host.start(named("before", 2)).await;
    let change = UpdateGameSession {
        id: own.game_session.id.clone(),
        name: Some("after".into()),
        max_players: Some(6),
        policy: Some(PlayerSessionPolicy::DenyAll),
        properties: [("map".to_owned(), "moon".to_owned())].into(),
    };
    assert_eq!(host.lan.service().update(change.clone()).await.unwrap().name, "after");
    assert!(matches!(host.event().await, HostEvent::GameSessionUpdated(session) if session.max_players == 6));
    let found = find_until(&guest, |found| found.iter().any(|found| found.name == "after"))
        .await
        .remove(0);
    assert_eq!((found.max_players, found.properties["map"].as_str()), (6, "moon"));
    assert_eq!(code_of(join(&guest, &found).await), ErrorCode::NotAccepting);
    assert_eq!(code_of(guest.service().update(change).await), ErrorCode::Forbidden);
}

#[tokio::test]
async fn a_description_larger_than_a_packet_is_found_whole() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    let mut request = named(&"Ω".repeat(64), 200);
    request.properties = (0..14).map(|n| (format!("{n:032}"), "ä".repeat(48))).collect();
    host.start(request.clone()).await;
    let found = find(&guest, 1).await.remove(0);
    assert_eq!((found.name, found.properties), (request.name, request.properties));
}

#[tokio::test]
async fn a_host_that_goes_is_gone_for_searches() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    host.start(named("polite", 2)).await;
    let found = find(&guest, 1).await.remove(0);
    host.host.shut_down().await.unwrap();
    drop(host);
    find_until(&guest, <[_]>::is_empty).await;
    let late = join(&guest, &found).await;
    assert_eq!(code_of(late), ErrorCode::NotFound);
}

#[tokio::test]
async fn the_handles_end_their_thread() {
    let lan = Network::new().player();
    let service = lan.service();
    drop(lan);
    assert!(
        within(service.find(FindGameSessions::default())).await.is_ok(),
        "a handle keeps it"
    );
    drop(service);
}
