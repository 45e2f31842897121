//! The server's end of the line: netcode's server on its own thread, for one game session with its key.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use game_session_protocol::netcode_ticket::PROTOCOL_ID;
use game_session_protocol::{GoodbyeCode, SessionKey, TicketStamp};
use netcode::{DisconnectReason, MAX_CLIENTS, Server, ServerEvent};

use super::guest::{Guest, Stage, Word};
use super::traffic::ServerTraffic;
use crate::frame::Frame;
use crate::line::{Clock, Line, Mailboxes, Pace, StopCommand};

/// Packets in either direction that may wait for the other side.
const ROOM: usize = 16_384;
/// Reports that may wait before new connections are turned away unread: the game's loop stands still.
const MOST_REPORTS: usize = ROOM + 1024;
/// A game session may be raised to so many seats while it goes on, and netcode's slots are made once. One takes about
/// 2.5 KB, and next to no time while it is free.
const MOST_SEATS: usize = 200;
/// Slots beyond the seats, for who is being refused, checked, or comes back before the old connection is gone.
const SPARE_SLOTS: usize = 8;
/// The port was held until a moment ago; so long it is tried again.
const BIND_LIMIT: Duration = Duration::from_secs(2);
const BIND_RETRY: Duration = Duration::from_millis(20);
/// A session is young for so long: players are on their way, and the socket is looked at often.
const YOUNG: Duration = Duration::from_secs(30);

pub(crate) type ServerLine = Line<ServerCommand, ServerReport>;

/// One connection in the life of a line. A client id may come twice, a key never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ConnectionKey(u64);

#[cfg(test)]
impl ConnectionKey {
    pub(crate) fn for_test() -> Self {
        Self(0)
    }
}

/// What the ECS tells the line. Commands for connections that are gone do nothing.
pub(crate) enum ServerCommand {
    Packet(ConnectionKey, Vec<u8>),
    Admit(ConnectionKey),
    /// Say the word for a while, then cut the connection.
    SendAway(ConnectionKey, Word),
    /// Say goodbye to all, and let nobody in any more.
    Close(GoodbyeCode),
    Stop,
}

impl StopCommand for ServerCommand {
    fn stop() -> Self {
        Self::Stop
    }
}

/// What the line tells the ECS. For one connection: `Opened`, then packets once admitted, then `Closed`.
pub(crate) enum ServerReport {
    Opened(ConnectionKey, Box<TicketStamp>),
    Packet(ConnectionKey, Vec<u8>),
    Closed(ConnectionKey, Departure),
    /// After `Close`: everybody has gone.
    Deserted,
    /// The port could not be bound; the line has ended.
    NoPort(String),
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    /// One of the two sides said so.
    Left,
    /// Nothing was heard of the client for too long.
    Lost,
}

/// Where and for whom a line listens.
pub(crate) struct Door {
    /// The address that tickets name as the server's own; its port is bound on all interfaces.
    pub(crate) address: SocketAddr,
    pub(crate) key: SessionKey,
    pub(crate) slots: usize,
}

/// The connections that there is room for in a game session of so many seats, now or later.
pub(crate) fn slots_for(seats: u16) -> usize {
    (usize::from(seats).max(MOST_SEATS) + SPARE_SLOTS).min(MAX_CLIENTS)
}

/// Starts to listen; `wake` is called when somebody stands at the door, and when all have gone.
pub(crate) fn listen(
    door: Door,
    traffic: ServerTraffic,
    wake: impl Fn() + Send + 'static,
) -> std::io::Result<ServerLine> {
    let wake = Box::new(wake);
    Line::start("game session server", ROOM, move |mailboxes| {
        match Listener::bind(&door, traffic, wake, mailboxes) {
            Ok(Some(listener)) => listener.run(mailboxes),
            Ok(None) => {}
            Err(error) => mailboxes.reports.insist(ServerReport::NoPort(error)),
        }
    })
}

struct Listener {
    server: Server,
    clock: Clock,
    pace: Pace,
    guests: Vec<Option<Guest>>,
    next_key: u64,
    closing: Option<GoodbyeCode>,
    traffic: ServerTraffic,
    wake: Box<dyn Fn()>,
    payload: Vec<u8>,
}

impl Listener {
    /// Binds the port. `None` when it was told to stop meanwhile.
    fn bind(
        door: &Door,
        traffic: ServerTraffic,
        wake: Box<dyn Fn()>,
        mailboxes: &Mailboxes<ServerCommand, ServerReport>,
    ) -> Result<Option<Self>, String> {
        let clock = Clock::start();
        let mut server = loop {
            let time = clock.now();
            match Server::new(door.address, PROTOCOL_ID, door.key.expose(), time.as_secs_f64()) {
                Ok(server) => break server,
                Err(error) if time > BIND_LIMIT => return Err(error.to_string()),
                Err(_) => {}
            }
            let mut commands = VecDeque::new();
            mailboxes.commands.wait(BIND_RETRY, &mut commands);
            if commands.iter().any(|command| matches!(command, ServerCommand::Stop)) {
                return Ok(None);
            }
        };
        server.start(door.slots).map_err(|error| error.to_string())?;
        Ok(Some(Self {
            server,
            pace: Pace::busy(clock.now() + YOUNG),
            clock,
            guests: (0..door.slots).map(|_| None).collect(),
            next_key: 0,
            closing: None,
            traffic,
            wake,
            payload: Vec::new(),
        }))
    }

    fn run(mut self, mailboxes: &Mailboxes<ServerCommand, ServerReport>) {
        let mut commands = VecDeque::new();
        let mut deserted = false;
        loop {
            let now = self.clock.now();
            self.server.update(now.as_secs_f64());
            self.take_events(now, mailboxes);
            self.take_payloads(now, mailboxes);
            self.repeat_words(now);
            if !deserted && self.closing.is_some() && self.guests.iter().all(Option::is_none) {
                deserted = true;
                mailboxes.reports.insist(ServerReport::Deserted);
                (self.wake)();
            }
            mailboxes.commands.wait(self.pace.pause(now), &mut commands);
            for command in commands.drain(..) {
                match command {
                    ServerCommand::Packet(key, packet) => self.send_packet(key, &packet),
                    ServerCommand::Admit(key) => self.enter(key, Stage::admitted()),
                    ServerCommand::SendAway(key, word) => self.enter(key, Stage::leaving(word, self.clock.now())),
                    ServerCommand::Close(code) => self.close(code),
                    // Dropping netcode's server sends its disconnect packets.
                    ServerCommand::Stop => return,
                }
            }
        }
    }

    fn take_events(&mut self, now: Duration, mailboxes: &Mailboxes<ServerCommand, ServerReport>) {
        while let Some(event) = self.server.next_event() {
            self.pace.heard(now);
            match event {
                ServerEvent::ClientConnected { client_index } => self.open(client_index, now, mailboxes),
                ServerEvent::ClientDisconnected { client_index, reason } => {
                    let departure = match reason {
                        DisconnectReason::TimedOut => Departure::Lost,
                        DisconnectReason::ClientDisconnect | DisconnectReason::ServerDisconnect => Departure::Left,
                    };
                    if let Some(guest) = self.guests[client_index].take() {
                        mailboxes.reports.insist(ServerReport::Closed(guest.key, departure));
                    }
                }
            }
        }
    }

    fn open(&mut self, slot: usize, now: Duration, mailboxes: &Mailboxes<ServerCommand, ServerReport>) {
        // It may have gone within the same update.
        let Some(user_data) = self.server.client_user_data(slot).copied() else {
            return;
        };
        if mailboxes.reports.len() >= MOST_REPORTS {
            self.traffic.count_turned_away();
            return self.server.disconnect_client(slot);
        }
        let key = ConnectionKey(self.next_key);
        self.next_key += 1;
        let stage = match self.closing {
            Some(code) => Stage::leaving(Word::Goodbye(code), now),
            None => Stage::Waiting,
        };
        self.guests[slot] = Some(Guest::new(key, stage));
        if self.closing.is_none() {
            let stamp = TicketStamp {
                client_id: self.server.client_id(slot),
                user_data,
            };
            mailboxes.reports.insist(ServerReport::Opened(key, Box::new(stamp)));
            (self.wake)();
        }
    }

    fn take_payloads(&mut self, now: Duration, mailboxes: &Mailboxes<ServerCommand, ServerReport>) {
        for (slot, guest) in self.guests.iter_mut().enumerate() {
            let Some(guest) = guest else { continue };
            while let Some((payload, _)) = self.server.receive_packet(slot) {
                self.pace.heard(now);
                let Ok(frame) = Frame::decode(&payload) else {
                    self.traffic.count_malformed();
                    continue;
                };
                match guest.handle_frame(now, frame) {
                    Ok(packet) => {
                        let packet = packet.map(|packet| ServerReport::Packet(guest.key, packet));
                        self.traffic.count_dropped(mailboxes.reports.offer(packet));
                    }
                    Err(_) => self.traffic.count_out_of_place(),
                }
            }
        }
    }

    fn repeat_words(&mut self, now: Duration) {
        for (slot, guest) in self.guests.iter_mut().enumerate() {
            let Some(guest) = guest else { continue };
            if let Some(frame) = guest.poll_word(now) {
                frame.encode(&mut self.payload);
                let _ = self.server.send_packet(slot, &self.payload);
            }
            if guest.is_overdue(now) {
                self.server.disconnect_client(slot);
            }
        }
    }

    fn slot_of(&self, key: ConnectionKey) -> Option<usize> {
        self.guests
            .iter()
            .position(|guest| guest.as_ref().is_some_and(|guest| guest.key == key))
    }

    fn enter(&mut self, key: ConnectionKey, stage: Stage) {
        let Some(slot) = self.slot_of(key) else { return };
        if let Some(guest) = &mut self.guests[slot] {
            guest.enter(stage);
        }
    }

    fn send_packet(&mut self, key: ConnectionKey, packet: &[u8]) {
        let Some(slot) = self.slot_of(key) else { return };
        let Some(guest) = &mut self.guests[slot] else { return };
        if !guest.is_admitted() {
            return;
        }
        self.pace.heard(self.clock.now());
        let Self { server, payload, .. } = self;
        guest.splitter.split(packet, |frame| {
            frame.encode(payload);
            // The size is right by construction, and a lost connection shows at the next update.
            let _ = server.send_packet(slot, payload);
        });
    }

    fn close(&mut self, code: GoodbyeCode) {
        let now = self.clock.now();
        self.closing = Some(code);
        for guest in self.guests.iter_mut().flatten() {
            guest.enter(Stage::leaving(Word::Goodbye(code), now));
        }
    }
}
