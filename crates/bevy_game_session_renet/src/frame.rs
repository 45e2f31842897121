//! What one netcode payload says: a leading byte, then a packet of renet, half of one, or a word of admission.
//!
//! | first byte | what follows |
//! |---|---|
//! | 1 | a packet of renet, 1 to 1,199 bytes |
//! | 2 | half of a packet that is larger: id (2 bytes, big-endian), 0 or 1 for which half, 1 to 1,196 bytes |
//! | 3 | nothing: *admitted*; the client answers the same, so that the server need not repeat it |
//! | 4 | a byte: *refused*, a [`RefusalCode`] |
//! | 5 | a byte: *goodbye*, a [`GoodbyeCode`] |

use std::collections::VecDeque;
use std::time::Duration;

use game_session_protocol::{GoodbyeCode, RefusalCode};

/// netcode carries so many bytes and no more.
const LARGEST_PAYLOAD: usize = 1200;
const LARGEST_WHOLE: usize = LARGEST_PAYLOAD - 1;
const FRAGMENT_HEADER: usize = 4;
const LARGEST_HALF: usize = LARGEST_PAYLOAD - FRAGMENT_HEADER;

/// Halves that wait for the other one: so many per connection, and not longer. What is lost renet sends again.
const MOST_WAITING: usize = 64;
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// One netcode payload, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    Packet(&'a [u8]),
    Fragment { id: u16, half: Half, bytes: &'a [u8] },
    Admitted,
    Refused(RefusalCode),
    Goodbye(GoodbyeCode),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    First,
    Second,
}

/// A payload that is no frame. It is counted and dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the payload is no frame of this transport")]
pub(crate) struct NoFrame;

impl<'a> Frame<'a> {
    pub(crate) fn decode(payload: &'a [u8]) -> Result<Self, NoFrame> {
        match payload {
            [1, packet @ ..] if !packet.is_empty() && packet.len() <= LARGEST_WHOLE => Ok(Self::Packet(packet)),
            [2, high, low, half, bytes @ ..] if !bytes.is_empty() && bytes.len() <= LARGEST_HALF => {
                let half = match half {
                    0 => Half::First,
                    1 => Half::Second,
                    _ => return Err(NoFrame),
                };
                Ok(Self::Fragment {
                    id: u16::from_be_bytes([*high, *low]),
                    half,
                    bytes,
                })
            }
            [3] => Ok(Self::Admitted),
            [4, code] => Ok(Self::Refused(RefusalCode::from_byte(*code))),
            [5, code] => Ok(Self::Goodbye(GoodbyeCode::from_byte(*code))),
            _ => Err(NoFrame),
        }
    }

    /// Writes the frame to `payload`, whose old content goes.
    pub(crate) fn encode(&self, payload: &mut Vec<u8>) {
        payload.clear();
        match self {
            Self::Packet(packet) => {
                payload.push(1);
                payload.extend_from_slice(packet);
            }
            Self::Fragment { id, half, bytes } => {
                let [high, low] = id.to_be_bytes();
                payload.extend_from_slice(&[2, high, low, u8::from(*half == Half::Second)]);
                payload.extend_from_slice(bytes);
            }
            Self::Admitted => payload.push(3),
            Self::Refused(code) => payload.extend_from_slice(&[4, code.to_byte()]),
            Self::Goodbye(code) => payload.extend_from_slice(&[5, code.to_byte()]),
        }
    }
}

/// Packs the packets of renet into frames, the large ones into two.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    next_id: u16,
}

impl Splitter {
    /// Calls `send` with the frame or the two frames of a packet. An empty packet, or one larger than two halves can
    /// hold, is not sent; renet makes neither.
    pub(crate) fn split<'a>(&mut self, packet: &'a [u8], mut send: impl FnMut(Frame<'a>)) {
        if packet.is_empty() || packet.len() > 2 * LARGEST_HALF {
            return;
        }
        if packet.len() <= LARGEST_WHOLE {
            return send(Frame::Packet(packet));
        }
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        let (first, second) = packet.split_at(packet.len() / 2);
        send(Frame::Fragment {
            id,
            half: Half::First,
            bytes: first,
        });
        send(Frame::Fragment {
            id,
            half: Half::Second,
            bytes: second,
        });
    }
}

/// Joins the halves of one connection again.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    id: u16,
    half: Half,
    bytes: Vec<u8>,
    since: Duration,
}

impl Joiner {
    /// Takes a half in; gives the packet when it was the missing one. `now` never goes back.
    pub(crate) fn join(&mut self, now: Duration, id: u16, half: Half, bytes: &[u8]) -> Option<Vec<u8>> {
        while self
            .waiting
            .front()
            .is_some_and(|oldest| now.saturating_sub(oldest.since) > LONGEST_WAIT)
        {
            self.waiting.pop_front();
        }
        if let Some(at) = self.waiting.iter().position(|other| other.id == id) {
            if self.waiting[at].half == half {
                return None;
            }
            let other = self.waiting.remove(at)?;
            return Some(match half {
                Half::Second => [&other.bytes, bytes].concat(),
                Half::First => [bytes, &other.bytes].concat(),
            });
        }
        if self.waiting.len() == MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Waiting {
            id,
            half,
            bytes: bytes.to_vec(),
            since: now,
        });
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames_of(packet: &[u8]) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        Splitter::default().split(packet, |frame| {
            let mut payload = Vec::new();
            frame.encode(&mut payload);
            frames.push(payload);
        });
        frames
    }

    fn join(joiner: &mut Joiner, now: Duration, payload: &[u8]) -> Option<Vec<u8>> {
        match Frame::decode(payload) {
            Ok(Frame::Packet(packet)) => Some(packet.to_vec()),
            Ok(Frame::Fragment { id, half, bytes }) => joiner.join(now, id, half, bytes),
            other => panic!("{other:?} is no packet"),
        }
    }

    proptest! {
        #[test]
        fn decoding_never_panics_and_what_decodes_encodes_to_the_same(payload in prop::collection::vec(any::<u8>(), 0..1300)) {
            if let Ok(frame) = Frame::decode(&payload) {
                let mut again = Vec::new();
                frame.encode(&mut again);
                prop_assert_eq!(again, payload);
            }
        }

        #[test]
        fn every_first_byte_and_tail_decodes_or_is_refused(kind in 0u8..8, tail in prop::collection::vec(any::<u8>(), 0..8)) {
            let payload = [&[kind][..], &tail].concat();
            if let Ok(frame) = Frame::decode(&payload) {
                let mut again = Vec::new();
                frame.encode(&mut again);
                prop_assert_eq!(again, payload);
            }
        }

        #[test]
        fn a_packet_of_any_size_arrives_whole_whichever_half_is_first(
            packet in prop::collection::vec(any::<u8>(), 1..=1400),
            swap: bool,
        ) {
            let mut frames = frames_of(&packet);
            prop_assert!(frames.iter().all(|frame| frame.len() <= 1200));
            if swap {
                frames.reverse();
            }
            let mut joiner = Joiner::default();
            let arrived: Vec<_> = frames.iter().filter_map(|frame| join(&mut joiner, Duration::ZERO, frame)).collect();
            prop_assert_eq!(arrived, vec![packet]);
        }
    }

    #[test]
    fn only_packets_that_do_not_fit_travel_in_two() {
        assert_eq!(frames_of(&[7; 1199]).len(), 1);
        assert_eq!(frames_of(&[7; 1200]).len(), 2);
        assert_eq!(frames_of(&[]).len(), 0);
        assert_eq!(frames_of(&[7; 2393]).len(), 0);
    }

    #[test]
    fn a_repeated_half_joins_nothing() {
        let frames = frames_of(&[7; 1300]);
        let mut joiner = Joiner::default();
        assert_eq!(join(&mut joiner, Duration::ZERO, &frames[0]), None);
        assert_eq!(join(&mut joiner, Duration::ZERO, &frames[0]), None);
        assert!(join(&mut joiner, Duration::ZERO, &frames[1]).is_some());
    }

    #[test]
    fn halves_wait_neither_for_ever_nor_in_any_number() {
        let mut joiner = Joiner::default();
        for id in 0..1000 {
            assert_eq!(joiner.join(Duration::ZERO, id, Half::First, b"a"), None);
        }
        assert_eq!(joiner.waiting.len(), MOST_WAITING);
        assert_eq!(
            joiner.join(Duration::ZERO, 0, Half::Second, b"b"),
            None,
            "the oldest had to go"
        );
        let late = LONGEST_WAIT + Duration::from_millis(1);
        assert_eq!(joiner.join(late, 999, Half::Second, b"b"), None, "too late");
    }
}
