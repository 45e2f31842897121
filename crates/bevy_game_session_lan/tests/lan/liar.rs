//! A neighbour that answers every search at once, and lets in at its door whoever asks for no proof.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use game_session_protocol::*;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::common::*;

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 71, 83);

/// What the liar does at its door with who brings a key that it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Answers as if it knew it.
    Pretends,
    /// Says openly that all seats are taken.
    Refuses,
    /// Says nothing.
    Stalls,
}

/// The neighbour.
pub(crate) struct Liar {
    pub(crate) id: GameSessionId,
    patterns: Arc<Mutex<Vec<u8>>>,
}

impl Liar {
    /// A neighbour on the network that says this of its door, in the name of a host or in its own.
    pub(crate) async fn on(network: Network, name: Option<&GameSessionId>, lock: &str, manner: Manner) -> Self {
        let number = rand_byte();
        let own = format!("lan-{}-1", format!("{number:02x}").repeat(16)).parse().unwrap();
        let id: GameSessionId = name.cloned().unwrap_or(own);
        let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = door.local_addr().unwrap().port();
        let mouth = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let description = format!(
            r#"{{"number":1,"name":"liar","build":"dev","max_players":4,"current_players":1,"policy":"accept_all",
            "privacy":"listed","owner":"liar","lock":"{lock}","password":false,"door":{port}}}"#
        );
        tokio::spawn(answer_searches(ear(network.group()), mouth, host_of(&id), description));
        let patterns = Arc::<Mutex<Vec<u8>>>::default();
        let (seen, of) = (patterns.clone(), id.clone());
        tokio::spawn(async move {
            while let Ok((visitor, _)) = door.accept().await {
                tokio::spawn(receive(visitor, of.clone(), manner, seen.clone()));
            }
        });
        Self { id, patterns }
    }

    /// Which keys its visitors asked to use, 0 for none.
    pub(crate) fn patterns(&self) -> Vec<u8> {
        self.patterns.lock().unwrap().clone()
    }
}

fn rand_byte() -> u8 {
    let mut byte = [0];
    getrandom::fill(&mut byte).unwrap();
    byte[0]
}

fn host_of(id: &GameSessionId) -> Vec<u8> {
    let hex = &id.as_str()[4..36];
    (0..16)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

/// Hears what the whole network is asked.
fn ear(group: u16) -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.set_reuse_address(true).unwrap();
    #[cfg(unix)]
    socket.set_reuse_port(true).unwrap();
    let at: SocketAddr = (Ipv4Addr::UNSPECIFIED, group).into();
    socket.bind(&at.into()).unwrap();
    SockRef::from(&socket)
        .join_multicast_v4(&GROUP, &Ipv4Addr::LOCALHOST)
        .unwrap();
    UdpSocket::from_std(socket.into()).unwrap()
}

async fn answer_searches(ear: UdpSocket, mouth: UdpSocket, host: Vec<u8>, description: String) {
    let mut query = [0; 2048];
    while let Ok((length, from)) = ear.recv_from(&mut query).await {
        if length == 1200 && query[..6] == *b"BGSL\x01\x01" {
            let mut reply = b"BGSL\x01\x02".to_vec();
            reply.extend(&query[14..22]);
            reply.extend(&host);
            reply.extend([0, 0, 0, 1, 0, 1]);
            reply.extend(description.as_bytes());
            mouth.send_to(&reply, from).await.unwrap();
        }
    }
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut bytes = vec![0; length.into()];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn write(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    stream.write_u16(bytes.len().try_into().unwrap()).await?;
    stream.write_all(bytes).await
}

async fn receive(mut visitor: TcpStream, id: GameSessionId, manner: Manner, seen: Arc<Mutex<Vec<u8>>>) {
    let Ok(first) = read(&mut visitor).await else { return };
    let (open, noise) = first.split_at(34);
    seen.lock().unwrap().push(open[5]);
    let _gone = match (open[5], manner) {
        (0, _) => give_a_seat(&mut visitor, open, noise, id).await,
        (_, Manner::Pretends) => write(&mut visitor, &[0; 49]).await,
        (_, Manner::Refuses) => write(&mut visitor, b"\x01{\"code\":\"session_full\",\"message\":\"no\"}").await,
        (_, Manner::Stalls) => visitor.read_u8().await.map(drop),
    };
}

/// As a host without a code does it.
async fn give_a_seat(visitor: &mut TcpStream, open: &[u8], noise: &[u8], id: GameSessionId) -> std::io::Result<()> {
    let pattern = "Noise_NN_25519_ChaChaPoly_BLAKE2s".parse().unwrap();
    let builder = snow::Builder::new(pattern).prologue(open).unwrap();
    let mut handshake = builder.build_responder().unwrap();
    let mut buffer = vec![0; 16 * 1024];
    handshake.read_message(noise, &mut buffer).unwrap();
    let length = handshake.write_message(&[], &mut buffer).unwrap();
    let mut second = vec![0];
    second.extend(&buffer[..length]);
    write(visitor, &second).await?;
    let mut channel = handshake.into_transport_mode().unwrap();
    let asked = read(visitor).await?;
    channel.read_message(&asked, &mut buffer).unwrap();
    let seat = serde_json::json!({ "seat": seat(id) }).to_string();
    let length = channel.write_message(seat.as_bytes(), &mut buffer).unwrap();
    write(visitor, &buffer[..length]).await?;
    read(visitor).await.map(drop)
}

fn seat(id: GameSessionId) -> Seat {
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 6666);
    let claims = TicketClaims {
        player_session_id: "psess-1".parse().unwrap(),
        build: build(),
        issued_at_ms: 0,
    };
    Seat {
        game_session: GameSession {
            id,
            name: "liar".into(),
            build: build(),
            max_players: 4,
            current_players: 1,
            policy: PlayerSessionPolicy::AcceptAll,
            properties: GameProperties::new(),
            owner: None,
            locked: false,
            ping_beacon: None,
        },
        address,
        player_session_id: claims.player_session_id.clone(),
        ticket: netcode_ticket::mint(&claims, &SessionKey::random(), address, address).unwrap(),
        timings: SeatTimings::default(),
    }
}
