//! A seat that a host sent, checked before anybody sees it.

use std::net::SocketAddr;

use game_session_protocol::{Seat, ServiceError, Ticket};

use crate::address::{is_local, needs_interface};
use crate::entering::Entered;
use crate::id::HostId;
use crate::query::description::{OF_ANOTHER_VERSION, cleaned};

/// Where a connect token has its addresses: after netcode's version, four numbers, a nonce and the private part.
const ADDRESSES_AT: usize = 13 + 3 * 8 + 24 + 1024 + 4;

/// The seat, if it is of this host and of the game session of that number, where one was asked for. Its texts come out
/// cleaned. Its ticket leads to one address alone: one that the host answered from or one of a local network, so that no host
/// sends players against somebody far away.
pub(crate) fn checked(seat: Seat, entered: &Entered, number: Option<u32>) -> Result<Seat, ServiceError> {
    let of_host = HostId::of_session(&seat.game_session.id).is_some_and(|(host, own)| {
        host == entered.host && own != OF_ANOTHER_VERSION && number.is_none_or(|number| own == number)
    });
    if !of_host {
        return Err(strange("a seat in another game session"));
    }
    if !leads_to_host(seat.address, entered) || address_of(&seat.ticket) != Some(seat.address) {
        return Err(strange("a ticket that leads somewhere else"));
    }
    let game_session = cleaned(seat.game_session).ok_or_else(|| strange("a game session out of bounds"))?;
    Ok(Seat { game_session, ..seat })
}

fn leads_to_host(address: SocketAddr, entered: &Entered) -> bool {
    let ip = address.ip().to_canonical();
    let is_door = |door: &SocketAddr| door.ip().to_canonical() == ip;
    address.port() != 0
        && !needs_interface(ip)
        && (is_local(ip) || entered.doors.iter().any(is_door))
        && (!ip.is_loopback() || entered.door.ip().to_canonical().is_loopback())
}

/// The one address that a connect token leads to.
fn address_of(ticket: &Ticket) -> Option<SocketAddr> {
    let (&count, rest) = ticket.expose().get(ADDRESSES_AT..)?.split_first_chunk::<4>()?;
    let (&family, rest) = rest.split_first()?;
    match (u32::from_le_bytes(count), family) {
        (1, 1) => {
            let (&ip, rest) = rest.split_first_chunk::<4>()?;
            Some((ip, port(rest)?).into())
        }
        (1, 2) => {
            let (ip, rest) = rest.split_first_chunk::<16>()?;
            let (segments, _) = ip.as_chunks::<2>();
            let mut segments = segments.iter().map(|segment| u16::from_le_bytes(*segment));
            let ip: [u16; 8] = std::array::from_fn(|_| segments.next().unwrap_or_default());
            Some((ip, port(rest)?).into())
        }
        _ => None,
    }
}

fn port(rest: &[u8]) -> Option<u16> {
    rest.first_chunk::<2>().map(|port| u16::from_le_bytes(*port))
}

fn strange(what: &str) -> ServiceError {
    ServiceError::Protocol { what: what.into() }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use game_session_protocol::{
        GameSession, PlayerSessionPolicy, SeatTimings, SessionKey, TicketClaims, netcode_ticket,
    };

    use super::*;
    use crate::door::words::Answer;

    const HOST: HostId = HostId([1; 16]);

    fn ticket(address: SocketAddr) -> Ticket {
        let claims = TicketClaims {
            player_session_id: "psess-1".parse().unwrap(),
            build: "dev".parse().unwrap(),
            issued_at_ms: 0,
        };
        netcode_ticket::mint(&claims, &SessionKey::random(), address, address).unwrap()
    }

    fn seat(address: &str) -> Seat {
        let address = address.parse().unwrap();
        Seat {
            game_session: GameSession {
                id: HOST.session(7),
                name: "friends".into(),
                build: "dev".parse().unwrap(),
                max_players: 4,
                current_players: 1,
                policy: PlayerSessionPolicy::AcceptAll,
                properties: [("map".to_owned(), "moon".to_owned())].into(),
                owner: Some("somebody".into()),
                locked: true,
                ping_beacon: None,
            },
            address,
            player_session_id: "psess-1".parse().unwrap(),
            ticket: ticket(address),
            timings: SeatTimings::default(),
        }
    }

    /// What a player makes of it who came in by the first of these doors.
    fn checked_by(seat: &Seat, doors: &[&str]) -> Result<Seat, ServiceError> {
        let doors: Vec<_> = doors.iter().map(|door| door.parse().unwrap()).collect();
        let entered = Entered {
            answer: Answer::Left,
            host: HOST,
            door: doors[0],
            doors,
        };
        checked(seat.clone(), &entered, Some(7))
    }

    #[test]
    fn a_ticket_tells_its_one_address() {
        for address in ["10.1.2.3:7000", "[fd00::1234:5]:7001"] {
            let address = address.parse().unwrap();
            assert_eq!(address_of(&ticket(address)), Some(address));
        }
        for bytes in [1, ADDRESSES_AT, ADDRESSES_AT + 4, ADDRESSES_AT + 11] {
            assert_eq!(address_of(&Ticket::new(vec![1; bytes]).unwrap()), None);
        }
    }

    #[test]
    fn lan_a_seat_leads_to_the_host_or_into_the_local_network_and_nowhere_else() {
        for (address, door) in [
            ("192.168.0.9:7000", "[fe80::1%2]:24772"),
            ("[fd00::1]:7000", "10.0.0.1:24772"),
            ("203.0.113.5:7000", "203.0.113.5:24772"),
            ("[2001:db8::1]:7000", "[2001:db8::1]:24772"),
            ("127.0.0.1:7000", "[::1]:24772"),
        ] {
            assert!(checked_by(&seat(address), &[door]).is_ok(), "{address} by {door}");
        }
        for (address, door) in [
            ("203.0.113.5:7000", "192.168.0.9:24772"),
            ("[2001:db8::1]:7000", "[fe80::1%2]:24772"),
            ("[fe80::1]:7000", "[fe80::1%2]:24772"),
            ("127.0.0.1:7000", "192.168.0.9:24772"),
            ("0.0.0.0:7000", "192.168.0.9:24772"),
            ("255.255.255.255:7000", "192.168.0.9:24772"),
            ("192.168.0.9:0", "192.168.0.9:24772"),
        ] {
            assert!(checked_by(&seat(address), &[door]).is_err(), "{address} by {door}");
        }
        let elsewhere = Seat {
            ticket: ticket("203.0.113.5:7000".parse().unwrap()),
            ..seat("192.168.0.9:7000")
        };
        assert!(
            checked_by(&elsewhere, &["192.168.0.9:24772"]).is_err(),
            "the ticket says another"
        );
    }

    #[test]
    fn lan_the_texts_of_a_seat_are_cleaned_and_its_numbers_bounded() {
        let mut long = seat("192.168.0.9:7000");
        long.game_session.name = "\u{1b}[31mred\u{202e}\n".repeat(1000);
        long.game_session.owner = Some("\u{200b}".into());
        long.game_session.properties = [("map".to_owned(), "mo\u{7}on".to_owned())].into();
        let clean = checked_by(&long, &["192.168.0.9:24772"]).unwrap().game_session;
        assert!(clean.name.chars().count() <= 64 && !clean.name.contains(['\u{1b}', '\u{202e}', '\n']));
        assert_eq!(clean.owner.as_deref(), Some("?"));
        assert_eq!(clean.properties["map"], "moon");
        let mut many = seat("192.168.0.9:7000");
        many.game_session.properties = (0..100).map(|n| (n.to_string(), String::new())).collect();
        assert!(checked_by(&many, &["192.168.0.9:24772"]).is_err());
        let mut crowd = seat("192.168.0.9:7000");
        crowd.game_session.max_players = u16::MAX;
        assert!(checked_by(&crowd, &["192.168.0.9:24772"]).is_err());
        let mut other = seat("192.168.0.9:7000");
        other.game_session.id = HostId([2; 16]).session(7);
        assert!(checked_by(&other, &["192.168.0.9:24772"]).is_err());
    }
}
