//! Neighbours that answer in the place of a host whose code or password somebody knows.

use bevy_game_session_lan::{Lan, LanDoor};
use game_session_protocol::*;

use super::common::*;
use super::liar::{Liar, Manner};

const MANNERS: [Manner; 3] = [Manner::Pretends, Manner::Refuses, Manner::Stalls];

async fn by_code(lan: &Lan, code: &str) -> Result<Seat, ServiceError> {
    let request = JoinByCode {
        join_code: code.to_owned(),
        build: build(),
        password: None,
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

#[track_caller]
fn never_asked_openly(liar: &Liar) {
    let patterns = liar.patterns();
    assert!(!patterns.is_empty(), "the lie was believed to be worth a try");
    assert!(patterns.iter().all(|pattern| *pattern != 0), "{patterns:?}");
}

#[tokio::test]
async fn lan_an_open_lookalike_proves_nothing_and_is_joined_by_who_knows_nothing() {
    let network = Network::new();
    let liar = Liar::on(network, None, "open", Manner::Pretends).await;
    let guest = network.player();
    let found = find(&guest, 1).await.remove(0);
    assert_eq!(found.id, liar.id);
    let seat = join(&guest, &found).await.unwrap();
    assert_eq!(seat.address.port(), 6666);
}

#[tokio::test]
async fn lan_a_neighbour_cannot_answer_a_join_by_code_with_an_open_door() {
    let network = Network::new();
    let mut liars = Vec::new();
    for (lock, manner) in [("open", MANNERS[0]), ("password", MANNERS[1]), ("code", MANNERS[0])] {
        liars.push(Liar::on(network, None, lock, manner).await);
    }
    assert!(by_code(&network.player(), "ABCDEFGH").await.is_err());
    liars.iter().for_each(never_asked_openly);
}

#[tokio::test]
async fn lan_a_join_by_code_finds_the_host_that_knows_it_behind_every_neighbour_that_does_not() {
    for door in [LanDoor::JoinCode, LanDoor::Open] {
        let network = Network::new();
        let mut liars = Vec::new();
        for (lock, manner) in [("open", MANNERS[0]), ("password", MANNERS[1]), ("code", MANNERS[2])] {
            liars.push(Liar::on(network, None, lock, manner).await);
        }
        let host = network.host(door).await;
        let own = host.start(named("friends", 4)).await;
        let code = host.code(&own).await;
        let guest = network.player();
        // The code's slow hash of an open door is made after the start.
        let seat = within(async {
            loop {
                if let Ok(seat) = by_code(&guest, &code).await {
                    return seat;
                }
            }
        })
        .await;
        assert_eq!(
            (&seat.game_session.id, seat.address),
            (&own.game_session.id, own.address)
        );
        assert!(
            liars
                .iter()
                .all(|liar| liar.patterns().iter().all(|pattern| *pattern != 0))
        );
        let back = join(&guest, &seat.game_session).await.unwrap();
        assert_eq!(
            back.player_session_id, seat.player_session_id,
            "who was in comes back by the code"
        );
    }
}

#[tokio::test]
async fn lan_a_neighbour_in_a_hosts_own_name_cannot_take_a_join_by_password_or_a_way_back() {
    for (manner, lock) in MANNERS.into_iter().zip(["open", "password", "open"]) {
        let network = Network::new();
        let host = network.host(LanDoor::Open).await;
        let request = CreateGameSession {
            password: Some(Password::new("sesame")),
            ..named("cave", 4)
        };
        let own = host.start(request).await;
        let id = &own.game_session.id;
        let before = Lan::new(network.config(LanDoor::Open).without_group().direct([host.door()])).unwrap();
        let seat = with_password(&before, id, "sesame").await.unwrap();
        assert_eq!(&seat.game_session.id, id);

        // It was heard first, and says that the door is open.
        let liar = Liar::on(network, Some(id), lock, manner).await;
        let guest = Lan::new(network.config(LanDoor::Open).direct([host.door()])).unwrap();
        while guest.heard_from().len() < 2 {
            find(&guest, 1).await;
        }
        let seat = with_password(&guest, id, "sesame").await.unwrap();
        assert_eq!(seat.address, own.address);
        let found = find(&guest, 1).await.remove(0);
        let back = join(&guest, &found).await.unwrap();
        assert_eq!(
            (back.player_session_id, back.address),
            (seat.player_session_id, own.address)
        );
        within(guest.service().leave(LeaveGameSession { id: id.clone() }))
            .await
            .unwrap();
        assert!(liar.patterns().iter().all(|pattern| *pattern != 0));
    }
}
