//! What a ticket opens: the netcode server that a host's transport makes of its game session.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use bevy_game_session_lan::LanDoor;
use game_session_protocol::*;
use netcode::{CONNECT_TOKEN_BYTES, Client, ClientState, Server, ServerEvent};

use super::common::*;

/// Turns both ends until the client is in, or given up.
fn travel(server: &mut Server, seat: &Seat) -> ClientState {
    let token: [u8; CONNECT_TOKEN_BYTES] = seat.ticket.expose().try_into().unwrap();
    let mut client = Client::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 0.0).unwrap();
    client.connect(&token).unwrap();
    let (begun, mut time) = (Instant::now(), 0.0);
    loop {
        // Their clocks run by steps: a slow machine changes nothing.
        time += 0.01;
        client.update(time);
        server.update(time);
        let state = client.state();
        if state == ClientState::Connected || !client_is_busy(state) || begun.elapsed() > Duration::from_mins(1) {
            return state;
        }
        std::thread::yield_now();
    }
}

fn client_is_busy(state: ClientState) -> bool {
    matches!(
        state,
        ClientState::SendingConnectionRequest | ClientState::SendingConnectionResponse
    )
}

#[tokio::test]
async fn a_ticket_opens_the_transport_of_its_own_game_session_and_names_the_seat() {
    let network = Network::new();
    let (host, guest) = (network.host(LanDoor::JoinCode).await, network.player());
    let starting = host.lan.service().create(named("duel", 4), Progress::ignored());
    let hosted = host.activate().await;
    let own = within(starting).await.unwrap();
    let data = GameSessionData::parse(hosted.session_data.expose()).unwrap();
    let (address, key) = (hosted.public_address.unwrap(), data.key);
    assert_eq!(address.port(), host.port);
    let mut server = Server::new(address, netcode_ticket::PROTOCOL_ID, key.expose(), 0.0).unwrap();
    server.start(4).unwrap();

    let request = JoinByCode {
        join_code: host.code(&own).await,
        build: build(),
        password: None,
    };
    let seat = within(guest.service().join_by_code(request, Progress::ignored()))
        .await
        .unwrap();
    assert_eq!(travel(&mut server, &seat), ClientState::Connected);
    let index = std::iter::from_fn(|| server.next_event())
        .find_map(|event| match event {
            ServerEvent::ClientConnected { client_index, .. } => Some(client_index),
            ServerEvent::ClientDisconnected { .. } => None,
        })
        .unwrap();
    let stamp = TicketStamp {
        client_id: server.client_id(index),
        user_data: *server.client_user_data(index).unwrap(),
    };
    let claims = TicketClaims::open(&key, &stamp).unwrap();
    assert_eq!(claims.player_session_id, seat.player_session_id);

    // The next game session of the same process has another key.
    host.host.end_session().await.unwrap();
    let next = host.lan.service().create(named("next", 4), Progress::ignored());
    let hosted = host.activate().await;
    within(next).await.unwrap();
    let next_key = GameSessionData::parse(hosted.session_data.expose()).unwrap().key;
    assert_ne!(next_key, key);
    assert!(TicketClaims::open(&next_key, &stamp).is_err());
}
