//! The client's end of the line: netcode's client on its own thread, not paced by frames.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use game_session_protocol::{GoodbyeCode, RefusalCode, Ticket};
use netcode::{CONNECT_TOKEN_BYTES, Client, ClientState};

use crate::frame::{Frame, Joiner, Splitter};
use crate::line::{Clock, Line, Mailboxes, Pace, StopCommand};

/// Packets in either direction that may wait for the other side.
const ROOM: usize = 4096;
/// The handshake must be done in so much time.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);
/// The server may ask the orchestrator for up to 10 seconds.
const ADMISSION_LIMIT: Duration = Duration::from_secs(12);
/// netcode repeats its packets at this interval, and would hold back its answer to the challenge for as long.
const NETCODE_SEND_INTERVAL: Duration = Duration::from_millis(101);

pub(crate) type ClientLine = Line<ClientCommand, ClientReport>;

/// What the ECS tells the line.
pub(crate) enum ClientCommand {
    Packet(Vec<u8>),
    Stop,
}

impl StopCommand for ClientCommand {
    fn stop() -> Self {
        Self::Stop
    }
}

/// What the line tells the ECS. `Admitted` comes before every packet; after an `Ended` nothing comes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClientReport {
    Admitted,
    Packet(Vec<u8>),
    Ended(Ending),
}

/// Why a line has ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Ending {
    #[error("the server refused: {0}")]
    Refused(RefusalCode),
    #[error("the server said goodbye: {0}")]
    Goodbye(GoodbyeCode),
    #[error("the server was not heard in time")]
    TimedOut,
    #[error("the server is full")]
    Denied,
    #[error("the ticket is not a connect token")]
    BadTicket,
    #[error("the server closed the connection without a word")]
    Closed,
    #[error("no UDP socket could be opened")]
    NoSocket,
}

/// Starts to connect with the ticket.
pub(crate) fn call(address: SocketAddr, ticket: &Ticket) -> Result<ClientLine, CallError> {
    let token: Box<[u8; CONNECT_TOKEN_BYTES]> = ticket
        .expose()
        .to_vec()
        .into_boxed_slice()
        .try_into()
        .map_err(|_| CallError::NotAConnectToken)?;
    Line::start("game session client", ROOM, move |mailboxes| {
        match Caller::new(address, &token) {
            Ok(caller) => caller.run(mailboxes),
            Err(ending) => mailboxes.reports.insist(ClientReport::Ended(ending)),
        }
    })
    .map_err(CallError::NoThread)
}

/// Why a line could not even start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("the ticket is not a connect token")]
    NotAConnectToken,
    #[error("no thread could be started")]
    NoThread(#[source] std::io::Error),
}

struct Caller {
    client: Client,
    clock: Clock,
    pace: Pace,
    splitter: Splitter,
    joiner: Joiner,
    answered_challenge: bool,
    connected_at: Option<Duration>,
    admitted: bool,
    payload: Vec<u8>,
}

impl Caller {
    fn new(address: SocketAddr, token: &[u8; CONNECT_TOKEN_BYTES]) -> Result<Self, Ending> {
        let clock = Clock::start();
        let now = clock.now();
        let here = SocketAddr::new(local_address(address.ip()), 0);
        let mut client = Client::new(here, now.as_secs_f64()).map_err(|_| Ending::NoSocket)?;
        client.connect(token).map_err(|_| Ending::BadTicket)?;
        Ok(Self {
            client,
            clock,
            pace: Pace::busy(now),
            splitter: Splitter::default(),
            joiner: Joiner::default(),
            answered_challenge: false,
            connected_at: None,
            admitted: false,
            payload: Vec::new(),
        })
    }

    fn run(mut self, mailboxes: &Mailboxes<ClientCommand, ClientReport>) {
        let mut commands = VecDeque::new();
        loop {
            self.update();
            if let Err(ending) = self.listen(mailboxes).and_then(|()| self.check()) {
                self.client.disconnect();
                mailboxes.reports.insist(ClientReport::Ended(ending));
                return;
            }
            mailboxes
                .commands
                .wait(self.pace.pause(self.clock.now()), &mut commands);
            for command in commands.drain(..) {
                match command {
                    ClientCommand::Packet(packet) => self.send(&packet),
                    ClientCommand::Stop => return self.client.disconnect(),
                }
            }
        }
    }

    fn update(&mut self) {
        self.client.update(self.clock.now().as_secs_f64());
        if self.client.state() == ClientState::SendingConnectionResponse && !self.answered_challenge {
            self.answered_challenge = true;
            self.clock.put_forward(NETCODE_SEND_INTERVAL);
            self.client.update(self.clock.now().as_secs_f64());
        }
        if self.client.state() == ClientState::Connected && self.connected_at.is_none() {
            self.connected_at = Some(self.clock.now());
        }
    }

    fn listen(&mut self, mailboxes: &Mailboxes<ClientCommand, ClientReport>) -> Result<(), Ending> {
        while let Some((payload, _)) = self.client.receive_packet() {
            let now = self.clock.now();
            self.pace.heard(now);
            let packet = match Frame::decode(&payload) {
                Ok(Frame::Packet(packet)) => Some(packet.to_vec()),
                Ok(Frame::Fragment { id, half, bytes }) => self.joiner.join(now, id, half, bytes),
                Ok(Frame::Admitted) => {
                    self.say(Frame::Admitted);
                    None
                }
                Ok(Frame::Refused(code)) => return Err(Ending::Refused(code)),
                Ok(Frame::Goodbye(code)) => return Err(Ending::Goodbye(code)),
                Err(_) => continue,
            };
            // A packet may overtake the word: whoever gets packets is admitted.
            if !self.admitted {
                self.admitted = true;
                mailboxes.reports.insist(ClientReport::Admitted);
            }
            // renet sends again what finds no room because the game's loop stands still.
            let _dropped = mailboxes.reports.offer(packet.map(ClientReport::Packet));
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Ending> {
        let now = self.clock.now();
        match self.client.state() {
            ClientState::Connected => match self.connected_at {
                Some(since) if !self.admitted && now.saturating_sub(since) > ADMISSION_LIMIT => Err(Ending::TimedOut),
                _ => Ok(()),
            },
            state if state.is_connecting() && now <= HANDSHAKE_LIMIT => Ok(()),
            ClientState::ConnectionDenied => Err(Ending::Denied),
            ClientState::InvalidConnectToken => Err(Ending::BadTicket),
            ClientState::Disconnected => Err(Ending::Closed),
            _ => Err(Ending::TimedOut),
        }
    }

    fn send(&mut self, packet: &[u8]) {
        self.pace.heard(self.clock.now());
        let Self {
            client,
            payload,
            splitter,
            ..
        } = self;
        splitter.split(packet, |frame| {
            frame.encode(payload);
            // The size is right by construction, and a lost line shows at the next update.
            let _ = client.send_packet(payload);
        });
    }

    fn say(&mut self, word: Frame<'_>) {
        word.encode(&mut self.payload);
        let _ = self.client.send_packet(&self.payload);
    }
}

/// The local address to call from: nothing but loopback for a server on this machine.
fn local_address(server: IpAddr) -> IpAddr {
    match server {
        IpAddr::V4(ip) if ip.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(ip) if ip.is_loopback() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}
