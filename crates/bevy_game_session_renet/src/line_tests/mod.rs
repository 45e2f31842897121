//! Both ends of the line over loopback, without Bevy.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hostile;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use bevy_renet::renet::{ConnectionConfig, RenetClient, RenetServer};
use game_session_protocol::{GoodbyeCode, RefusalCode, SessionKey, Ticket, TicketClaims, netcode_ticket};

use crate::client::line::{self as client, ClientCommand, ClientLine, ClientReport, Ending};
use crate::server::guest::Word;
use crate::server::line::{self as server, ConnectionKey, Departure, Door, ServerCommand, ServerLine, ServerReport};
use crate::server::traffic::ServerTraffic;

struct House {
    line: ServerLine,
    key: SessionKey,
    address: SocketAddr,
    traffic: ServerTraffic,
    reports: VecDeque<ServerReport>,
}

impl House {
    fn open(seats: u16) -> Self {
        Self::with_slots(server::slots_for(seats))
    }

    fn with_slots(slots: usize) -> Self {
        let port = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let (key, traffic) = (SessionKey::random(), ServerTraffic::default());
        let line = server::listen(
            Door {
                address,
                key: key.clone(),
                slots,
            },
            traffic.clone(),
            || (),
        )
        .unwrap();
        Self {
            line,
            key,
            address,
            traffic,
            reports: VecDeque::new(),
        }
    }

    fn ticket(&self) -> Ticket {
        self.ticket_for(&self.key, self.address)
    }

    fn ticket_for(&self, key: &SessionKey, outside: SocketAddr) -> Ticket {
        let claims = TicketClaims {
            player_session_id: "psess-1".parse().unwrap(),
            build: "dev".parse().unwrap(),
            issued_at_ms: 1,
        };
        netcode_ticket::mint(&claims, key, outside, self.address).unwrap()
    }

    fn call(&self, ticket: &Ticket) -> Caller {
        Caller {
            line: client::call(self.address, ticket).unwrap(),
            reports: VecDeque::new(),
        }
    }

    fn next(&mut self) -> ServerReport {
        next(&mut self.reports, |reports| {
            self.line.reports().wait(Duration::from_millis(50), reports);
        })
    }

    fn opened(&mut self) -> ConnectionKey {
        match self.next() {
            ServerReport::Opened(key, _) => key,
            _ => panic!("no connection was opened"),
        }
    }

    fn send(&self, command: ServerCommand) {
        self.line.commands().insist(command);
    }

    /// A caller who was let in.
    fn admit(&mut self) -> (ConnectionKey, Caller) {
        let ticket = self.ticket();
        let mut caller = self.call(&ticket);
        let key = self.opened();
        self.send(ServerCommand::Admit(key));
        assert_eq!(caller.next(), ClientReport::Admitted);
        (key, caller)
    }
}

struct Caller {
    line: ClientLine,
    reports: VecDeque<ClientReport>,
}

impl Caller {
    fn next(&mut self) -> ClientReport {
        next(&mut self.reports, |reports| {
            self.line.reports().wait(Duration::from_millis(50), reports);
        })
    }

    fn has_nothing_to_say_for(&mut self, time: Duration) -> bool {
        self.reports.is_empty() && {
            self.line.reports().wait(time, &mut self.reports);
            self.reports.is_empty()
        }
    }
}

fn next<T>(reports: &mut VecDeque<T>, mut wait: impl FnMut(&mut VecDeque<T>)) -> T {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(report) = reports.pop_front() {
            return report;
        }
        assert!(Instant::now() < end, "nothing was reported in time");
        wait(reports);
    }
}

#[test]
fn nobody_is_told_anything_before_the_decision_and_then_packets_pass_both_ways() {
    let mut house = House::open(4);
    let mut caller = house.call(&house.ticket());
    let key = house.opened();
    assert!(caller.has_nothing_to_say_for(Duration::from_millis(30)));
    house.send(ServerCommand::Admit(key));
    house.send(ServerCommand::Packet(key, b"welcome".to_vec()));
    assert_eq!(caller.next(), ClientReport::Admitted);
    assert_eq!(caller.next(), ClientReport::Packet(b"welcome".to_vec()));
    caller.line.commands().insist(ClientCommand::Packet(b"thanks".to_vec()));
    assert!(matches!(house.next(), ServerReport::Packet(from, packet) if from == key && packet == b"thanks"));
}

#[test]
fn a_refusal_and_a_goodbye_are_heard_with_their_codes() {
    let mut house = House::open(4);
    let mut refused = house.call(&house.ticket());
    let key = house.opened();
    house.send(ServerCommand::SendAway(key, Word::Refused(RefusalCode::Expired)));
    assert_eq!(
        refused.next(),
        ClientReport::Ended(Ending::Refused(RefusalCode::Expired))
    );
    assert!(matches!(house.next(), ServerReport::Closed(gone, Departure::Left) if gone == key));

    let (key, mut kicked) = house.admit();
    house.send(ServerCommand::SendAway(key, Word::Goodbye(GoodbyeCode::Kicked)));
    assert_eq!(kicked.next(), ClientReport::Ended(Ending::Goodbye(GoodbyeCode::Kicked)));
    assert!(matches!(house.next(), ServerReport::Closed(gone, Departure::Left) if gone == key));
}

#[test]
fn closing_says_goodbye_to_all_and_tells_when_they_have_gone() {
    let mut house = House::open(4);
    let (_, mut one) = house.admit();
    let (_, mut other) = house.admit();
    house.send(ServerCommand::Close(GoodbyeCode::SessionEnded));
    for caller in [&mut one, &mut other] {
        assert_eq!(
            caller.next(),
            ClientReport::Ended(Ending::Goodbye(GoodbyeCode::SessionEnded))
        );
    }
    while !matches!(house.next(), ServerReport::Deserted) {}
}

#[test]
fn hanging_up_is_noticed_by_the_other_side_at_once() {
    let mut house = House::open(4);
    let (key, caller) = house.admit();
    drop(caller);
    assert!(matches!(house.next(), ServerReport::Closed(gone, Departure::Left) if gone == key));
    let (_, mut caller) = house.admit();
    drop(house);
    assert_eq!(caller.next(), ClientReport::Ended(Ending::Closed));
}

#[test]
fn a_ticket_of_another_key_is_met_with_silence_and_times_out() {
    let mut house = House::open(4);
    let mut stranger = house.call(&house.ticket_for(&SessionKey::random(), house.address));
    assert_eq!(stranger.next(), ClientReport::Ended(Ending::TimedOut));
    house.admit();
}

#[test]
fn a_ticket_that_is_no_token_fails_without_a_packet() {
    let short = Ticket::new(vec![1; 100]).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    assert!(client::call(address, &short).is_err());
    let garbled = Ticket::new(vec![1; 2048]).unwrap();
    let mut caller = Caller {
        line: client::call(address, &garbled).unwrap(),
        reports: VecDeque::new(),
    };
    assert_eq!(caller.next(), ClientReport::Ended(Ending::BadTicket));
}

#[test]
fn a_server_without_a_free_slot_denies() {
    let mut house = House::with_slots(2);
    let inside: Vec<_> = (0..2).map(|_| house.admit()).collect();
    let mut late = house.call(&house.ticket());
    assert_eq!(late.next(), ClientReport::Ended(Ending::Denied));
    drop(inside);
}

#[test]
fn a_game_session_of_4_seats_that_is_raised_has_room_for_all_players() {
    let mut house = House::open(4);
    // beyond the seats it began with, and what is spare
    let inside: Vec<_> = (0..16).map(|_| house.admit()).collect();
    assert_eq!(inside.len(), 16);
    assert_eq!([0, 4, 200].map(server::slots_for), [208; 3]);
    assert_eq!([201, u16::MAX].map(server::slots_for), [209, 256]);
}

#[test]
fn a_taken_port_is_reported_with_the_reason() {
    let holder = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, holder.local_addr().unwrap().port()));
    let door = Door {
        address,
        key: SessionKey::random(),
        slots: 1,
    };
    let line = server::listen(door, ServerTraffic::default(), || ()).unwrap();
    let mut reports = VecDeque::new();
    let report = next(&mut reports, |reports| {
        line.reports().wait(Duration::from_millis(50), reports);
    });
    assert!(matches!(report, ServerReport::NoPort(_)));
}

#[test]
fn messages_around_the_payload_limit_arrive_whole_on_all_channels_both_ways() {
    let mut house = House::open(4);
    let (key, mut caller) = house.admit();
    let mut server = RenetServer::new(ConnectionConfig::default());
    let mut client = RenetClient::new(ConnectionConfig::default());
    server.add_connection(1);
    client.set_connected();
    // unreliable, reliable unordered, reliable ordered
    let channels = [0_u8, 1, 2];
    for size in 1150_usize..=1250 {
        for channel in channels {
            let message = vec![size.to_le_bytes()[0]; size];
            client.send_message(channel, message.clone());
            server.send_message(1, channel, message.clone());
            let (mut up, mut down) = (None, None);
            let end = Instant::now() + Duration::from_secs(5);
            while up.is_none() || down.is_none() {
                assert!(Instant::now() < end, "a message of {size} bytes was lost");
                let packets = client.get_packets_to_send();
                caller
                    .line
                    .commands()
                    .offer(packets.into_iter().map(ClientCommand::Packet));
                let packets = server.get_packets_to_send(1).unwrap();
                house
                    .line
                    .commands()
                    .offer(packets.into_iter().map(|packet| ServerCommand::Packet(key, packet)));
                caller
                    .line
                    .reports()
                    .wait(Duration::from_millis(2), &mut caller.reports);
                for report in caller.reports.drain(..) {
                    let ClientReport::Packet(packet) = report else {
                        panic!("{report:?}")
                    };
                    client.process_packet(&packet);
                }
                house.line.reports().wait(Duration::from_millis(2), &mut house.reports);
                for report in house.reports.drain(..) {
                    let ServerReport::Packet(_, packet) = report else {
                        panic!("no packet")
                    };
                    server.process_packet_from(&packet, 1).unwrap();
                }
                let step = Duration::from_millis(2);
                client.update(step);
                server.update(step);
                up = up.or_else(|| server.receive_message(1, channel));
                down = down.or_else(|| client.receive_message(channel));
            }
            assert!(
                up.unwrap() == message && down.unwrap() == message,
                "a message of {size} bytes was changed"
            );
        }
    }
}

#[test]
fn a_handshake_is_paced_by_polls_of_a_millisecond_and_not_by_netcodes_interval() {
    let mut house = House::open(4);
    let quickest = (0..10)
        .map(|_| {
            let start = Instant::now();
            let (_, caller) = house.admit();
            let time = start.elapsed();
            drop(caller);
            assert!(matches!(house.next(), ServerReport::Closed(..)));
            time
        })
        .min()
        .unwrap();
    // netcode alone answers a challenge no sooner than 100 ms after its request.
    assert!(quickest < Duration::from_millis(50), "{quickest:?}");
    println!("from the ticket to admitted: {quickest:?} at best");
}
