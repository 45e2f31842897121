//! The parsers and state machines that see strangers' bytes, opened to the fuzzer. Not for games: the feature has no promise.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::door::head::Head;
use crate::door::words::{Answer, Ask, Refusal};
use crate::id::{GameMark, HostId};
use crate::query::description::Description;
use crate::query::responder::{Responder, Shown};
use crate::query::search::{MOST_HOSTS, Search};
use crate::query::wire::{Query, Reply, Wanted};

const GAME: GameMark = GameMark([0; 8]);
const NOW: Duration = Duration::from_millis(1);

/// Bytes as a datagram to a host and to a player, and as a description.
///
/// # Panics
/// When a rule of discovery is broken.
pub fn discovery(bytes: &[u8]) {
    let from: SocketAddr = (Ipv4Addr::new(10, 0, 0, 9), 1).into();
    let mut host = Responder::new(GAME, HostId([1; 16]));
    let shown = Shown {
        revision: 1,
        parts: vec![vec![1; 1000], vec![2; 1000]],
        listed: true,
        tag: Some([3; 8]),
    };
    host.show(Some(shown), Duration::ZERO);
    if let Some(reply) = host.handle_datagram(from.ip(), bytes, NOW) {
        assert!(reply.len() <= bytes.len(), "no reply is larger than its query");
        assert!(Reply::decode(&reply).is_some(), "what is sent can be read");
    }
    let mut search = Search::new(GAME, Vec::new(), true);
    search.begin(Wanted::Any, Duration::ZERO);
    let asked = search.poll_transmit(Duration::ZERO);
    let query = asked
        .and_then(|(_, query)| Query::decode(&query))
        .expect("a search asks at once");
    search.handle_datagram(from, bytes, NOW);
    // The same from a neighbour that was asked: with its nonce, whole and as the body of a reply.
    let mut answered = bytes.to_vec();
    if let Some(nonce) = answered.get_mut(6..14) {
        nonce.copy_from_slice(&query.nonce);
    }
    search.handle_datagram(from, &answered, NOW);
    if let Some(version) = answered.get_mut(4) {
        *version = version.wrapping_add(1);
    }
    search.handle_datagram(from, &answered, NOW);
    let reply = Reply {
        nonce: query.nonce,
        host: HostId([2; 16]),
        revision: 1,
        part: 0,
        parts: 1,
        body: bytes.to_vec(),
    };
    search.handle_datagram(from, &reply.encode(), NOW);
    while search.poll_transmit(NOW).is_some() {}
    assert!(search.found(NOW).len() <= MOST_HOSTS, "the list is capped");
    if let Some(description) = Description::read(bytes) {
        assert!(description.name.chars().count() <= 64, "names are short");
        assert!(!description.name.chars().any(char::is_control), "names are clean");
    }
}

/// Bytes as the first message to the door, and as what is said inside.
///
/// # Panics
/// When the open bytes are not read as they are written.
pub fn door(bytes: &[u8]) {
    if let Some((open, head, _)) = Head::split(bytes) {
        assert_eq!(head.encode(), *open, "what was read is what was written");
    }
    let _ = serde_json::from_slice::<Ask>(bytes);
    let _ = serde_json::from_slice::<Answer>(bytes);
    let _ = serde_json::from_slice::<Refusal>(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_strangers_send_breaks_no_rule(
            bytes in proptest::collection::vec(any::<u8>(), 0..1300),
            part: u8,
            pattern in 0u8..3,
        ) {
            discovery(&bytes);
            door(&bytes);
            discovery(&Query { game: GAME, nonce: [0; 8], part, wanted: Wanted::Code([3; 8]) }.encode());
            let mut first = b"BGSD\x01".to_vec();
            first.push(pattern);
            first.extend(&bytes);
            door(&first);
        }
    }
}
