//! The ways in: open, by code, by password, and back.

use bevy_game_session_lan::{Lan, LanDoor};
use game_session_protocol::*;

use super::common::*;

async fn by_code(lan: &Lan, code: &str, password: Option<&str>) -> Result<Seat, ServiceError> {
    let request = JoinByCode {
        join_code: code.to_owned(),
        build: build(),
        password: password.map(Password::new),
    };
    within(lan.service().join_by_code(request, Progress::ignored())).await
}

async fn with_password(lan: &Lan, id: &GameSessionId, password: &str) -> Result<Seat, ServiceError> {
    let request = JoinGameSession {
        password: Some(Password::new(password)),
        ..JoinGameSession::new(id.clone(), build())
    };
    within(lan.service().join(request, Progress::ignored())).await
}

#[tokio::test]
async fn a_locked_session_opens_to_its_join_code_alone() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::JoinCode).await, network.player());
    let own = host.start(named("friends", 4)).await;
    let code = host.code(&own).await;
    let found = find(&guest, 1).await.remove(0);
    assert!(found.locked);
    assert_eq!(code_of(join(&guest, &found).await), ErrorCode::WrongPassword);
    assert_eq!(
        code_of(with_password(&guest, &found.id, "ABCDEFGH").await),
        ErrorCode::WrongPassword
    );
    assert_eq!(host.lan.counters().door_wrong_key, 1);
    let written = format!("{}-{}", code[..4].to_lowercase(), &code[4..]);
    let seat = by_code(&guest, &written, None).await.unwrap();
    host.host.accept_player(seat.player_session_id.clone()).await.unwrap();

    // Who is in may tell the code, and comes back without it.
    assert_eq!(
        within(guest.service().join_code(found.id.clone()))
            .await
            .unwrap()
            .join_code,
        code
    );
    let back = join(&guest, &found).await.unwrap();
    assert_eq!(back.player_session_id, seat.player_session_id);
}

#[tokio::test]
async fn a_private_session_opens_to_its_code_alone_and_a_stranger_who_knows_its_id_is_refused() {
    let network = Network::new();
    let (host, other, guest) = (
        network.host(LanDoor::Open).await,
        network.host(LanDoor::Open).await,
        network.player(),
    );
    let request = CreateGameSession {
        privacy: Privacy::Private,
        ..named("private", 4)
    };
    let own = host.start(request).await;
    other.start(named("listed", 4)).await;
    assert_eq!(find(&guest, 1).await.len(), 1, "the private one is not listed");
    let stranger = network.player();
    assert_eq!(
        code_of(join(&stranger, &own.game_session).await),
        ErrorCode::WrongPassword
    );
    assert_eq!(
        code_of(with_password(&stranger, &own.game_session.id, "ABCDEFGH").await),
        ErrorCode::WrongPassword
    );
    let code = host.code(&own).await;
    let seat = by_code(&guest, &code, None).await.unwrap();
    assert_eq!(seat.game_session.id, own.game_session.id);
    assert!(seat.game_session.locked);
    assert_eq!(find(&guest, 1).await[0].name, "listed");
    assert_eq!(code_of(by_code(&guest, "AAAAAAAA", None).await), ErrorCode::NotFound);
    assert_eq!(code_of(by_code(&guest, "no code", None).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_password_opens_the_session_that_it_was_set_for() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    let request = CreateGameSession {
        password: Some(Password::new("open sesame")),
        ..named("cave", 4)
    };
    host.start(request).await;
    let found = find(&guest, 1).await.remove(0);
    assert!(found.locked);
    assert_eq!(code_of(join(&guest, &found).await), ErrorCode::WrongPassword);
    assert_eq!(
        code_of(with_password(&guest, &found.id, "open barley").await),
        ErrorCode::WrongPassword
    );
    with_password(&guest, &found.id, "open sesame").await.unwrap();
}

#[tokio::test]
async fn a_code_and_a_password_are_both_needed_where_both_are_set() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::JoinCode).await, network.player());
    let request = CreateGameSession {
        password: Some(Password::new("sesame")),
        ..named("vault", 4)
    };
    let own = host.start(request).await;
    let code = host.code(&own).await;
    assert_eq!(code_of(by_code(&guest, &code, None).await), ErrorCode::WrongPassword);
    assert_eq!(
        code_of(by_code(&guest, &code, Some("barley")).await),
        ErrorCode::WrongPassword
    );
    by_code(&guest, &code, Some("sesame")).await.unwrap();
}

#[tokio::test]
async fn a_code_leads_past_the_password_to_who_asks_for_it_inside() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    let request = CreateGameSession {
        password: Some(Password::new("sesame")),
        ..named("cave", 4)
    };
    let own = host.start(request).await;
    let code = host.code(&own).await;
    // The code's slow hash is made after the start.
    within(async { while code_of(by_code(&guest, &code, None).await) != ErrorCode::WrongPassword {} }).await;
    let seat = by_code(&guest, &code, Some("sesame")).await.unwrap();
    let back = with_password(&guest, &seat.game_session.id, "sesame").await.unwrap();
    assert_eq!(back.player_session_id, seat.player_session_id);
}

#[tokio::test]
async fn a_click_that_is_repeated_keeps_the_code() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    let click = named("friends", 4);
    let own = host.start(click.clone()).await;
    let code = host.code(&own).await;
    within(async { while by_code(&guest, &code, None).await.is_err() {} }).await;
    for _ in 0..3 {
        let again = within(host.lan.service().create(click.clone(), Progress::ignored())).await;
        assert_eq!(again.unwrap().game_session.id, own.game_session.id);
    }
    // Each of these makes as slow a hash as the host would.
    for _ in 0..8 {
        by_code(&guest, &code, None).await.unwrap();
    }
    assert_eq!(host.code(&own).await, code);
}

#[tokio::test]
async fn a_full_session_and_another_build_are_refused_at_the_door() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    host.start(named("duel", 2)).await;
    let found = find(&guest, 1).await.remove(0);
    let other_build = JoinGameSession::new(found.id.clone(), "other".parse().unwrap());
    let refused = within(guest.service().join(other_build, Progress::ignored())).await;
    assert_eq!(code_of(refused), ErrorCode::VersionMismatch);
    join(&guest, &found).await.unwrap();
    assert_eq!(code_of(join(&network.player(), &found).await), ErrorCode::SessionFull);
}

#[tokio::test]
async fn a_seat_that_was_given_up_is_free_and_one_that_was_asked_for_twice_is_the_same() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    host.start(named("duel", 2)).await;
    let found = find(&guest, 1).await.remove(0);
    let (first, second) = (join(&guest, &found).await.unwrap(), join(&guest, &found).await.unwrap());
    assert_eq!(first.player_session_id, second.player_session_id);
    assert_ne!(first.ticket, second.ticket);
    within(guest.service().leave(LeaveGameSession { id: found.id.clone() }))
        .await
        .unwrap();
    join(&network.player(), &found).await.unwrap();
}

#[tokio::test]
async fn a_player_who_is_removed_frees_the_seat_once() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    host.start(named("duel", 2)).await;
    let found = find(&guest, 1).await.remove(0);
    let seat = join(&guest, &found).await.unwrap();
    let id = seat.player_session_id;
    host.host.accept_player(id.clone()).await.unwrap();
    assert!(host.host.accept_player(id.clone()).await.is_err(), "it is taken up");
    host.host.remove_player(id.clone()).await.unwrap();
    host.host.remove_player(id.clone()).await.unwrap();
    assert!(host.host.accept_player(id).await.is_err(), "it is gone");
}

#[tokio::test]
async fn a_quick_join_prefers_a_running_session_and_hosts_one_when_there_is_none() {
    let network = Network::new();
    let (host, second) = (network.host(LanDoor::Open).await, network.host(LanDoor::Open).await);
    let quick = |lan: &Lan| {
        let request = QuickJoin {
            idempotency_key: IdempotencyKey::random(),
            name: "quick".into(),
            max_players: 4,
            build: build(),
            properties: GameProperties::new(),
            latencies: game_session_protocol::Latencies::default(),
        };
        lan.service().quick_join(request, Progress::ignored())
    };
    let first = quick(&host.lan);
    host.activate().await;
    let first = within(first).await.unwrap();
    let joined = within(quick(&second.lan)).await.unwrap();
    assert_eq!(joined.game_session.id, first.game_session.id);
}

#[tokio::test]
async fn the_ping_of_a_session_is_the_round_trip_of_its_search() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::Open).await, network.player());
    host.start(named("near", 2)).await;
    let found = find(&guest, 1).await.remove(0);
    assert!(within(guest.service().ping(&found)).await.is_some());
    let unknown = GameSession {
        id: "lan-00000000000000000000000000000000-1".parse().unwrap(),
        ..found
    };
    assert_eq!(within(guest.service().ping(&unknown)).await, None);
}
