//! Gives renet the packets of an admitted but untrusted peer.
//!
//! renet checks most of what it reads, but it indexes by the slice number of a packet, believes the number of slices of a
//! message to be the same in all of them, and writes a line to the log for each message that finds no memory. What no
//! renet sends is turned away here. Whatever else makes renet panic ends that one connection. (A program built with
//! `panic = "abort"` has only the first of the two.)

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// The bytes of a slice, also of the last one when memory is set aside for it.
const SLICE: usize = 1200;
/// renet forgets an unreliable message that had no new slice for 3 s; it is forgotten here a little later.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(4);
/// So many sliced messages of a channel are known, however little memory it has.
const LEAST_KNOWN: usize = 4096;

/// A packet that no renet has made. Its sender must go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hostile;

/// How many bytes each channel may hold, by its id.
pub(crate) type ChannelMemory = Arc<HashMap<u8, usize>>;

/// What is known of one connection's sliced messages.
#[derive(Debug)]
pub(crate) struct Guard {
    memory: ChannelMemory,
    reliable: HashMap<u8, Reliable>,
    unreliable: HashMap<u8, Unreliable>,
}

impl Guard {
    pub(crate) fn new(memory: ChannelMemory) -> Self {
        Self {
            memory,
            reliable: HashMap::new(),
            unreliable: HashMap::new(),
        }
    }

    /// Hands the packet to `process`, the connection of renet, unless there is no memory for it. After an error the
    /// connection must not be used any more. `now` never goes back.
    pub(crate) fn read(&mut self, now: Duration, packet: &[u8], process: impl FnOnce(&[u8])) -> Result<(), Hostile> {
        if let Some(slice) = Slice::of(packet) {
            match self.judge(now, &slice) {
                Verdict::Good => {}
                Verdict::NoMemory => return Ok(()),
                Verdict::Hostile => return Err(Hostile),
            }
        }
        catch_unwind(AssertUnwindSafe(|| process(packet))).map_err(|_| Hostile)
    }

    fn judge(&mut self, now: Duration, slice: &Slice) -> Verdict {
        // of a channel that does not exist renet knows it by itself
        let Some(memory) = self.memory.get(&slice.channel) else {
            return Verdict::Good;
        };
        let most = memory / SLICE;
        if slice.number >= slice.of {
            Verdict::Hostile
        } else if slice.is_reliable {
            self.reliable.entry(slice.channel).or_default().judge(slice, most)
        } else {
            self.unreliable
                .entry(slice.channel)
                .or_default()
                .judge(now, slice, most)
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    NoMemory,
    Hostile,
}

/// How many slices the latest messages of a reliable channel have. A message has as many for ever: renet sends slices
/// again when it has them all already. Those of a message that is older than all of these would be sent again after more
/// data than the channel holds, which no renet does.
#[derive(Debug, Default)]
struct Reliable {
    slices: BTreeMap<u64, usize>,
    /// Messages below this one are not known any more.
    known_from: u64,
}

impl Reliable {
    fn judge(&mut self, slice: &Slice, most: usize) -> Verdict {
        if slice.of > most || slice.message < self.known_from {
            return Verdict::Hostile;
        }
        if *self.slices.entry(slice.message).or_insert(slice.of) != slice.of {
            return Verdict::Hostile;
        }
        if self.slices.len() > (2 * most).max(LEAST_KNOWN)
            && let Some((oldest, _)) = self.slices.pop_first()
        {
            self.known_from = oldest + 1;
        }
        Verdict::Good
    }
}

/// The latest messages of an unreliable channel. Those that are unfinished get three quarters of its memory, so that there
/// is always room for messages that come whole.
#[derive(Debug, Default)]
struct Unreliable {
    latest: BTreeMap<u64, Sliced>,
    /// Slices of all that are unfinished.
    slices: usize,
    /// Messages below this one come too late.
    known_from: u64,
}

#[derive(Debug)]
struct Sliced {
    of: usize,
    received: Vec<bool>,
    missing: usize,
    new_slice_at: Duration,
}

impl Unreliable {
    fn judge(&mut self, now: Duration, slice: &Slice, most: usize) -> Verdict {
        self.forget(now);
        if slice.message < self.known_from {
            return Verdict::NoMemory;
        }
        let room = (most - most / 4).saturating_sub(self.slices);
        let is_full = self.latest.len() >= (2 * most).max(LEAST_KNOWN);
        if !self.latest.contains_key(&slice.message) && (slice.of > room || is_full) {
            return Verdict::NoMemory;
        }
        let sliced = self.latest.entry(slice.message).or_insert_with(|| {
            self.slices += slice.of;
            Sliced {
                of: slice.of,
                received: vec![false; slice.of],
                missing: slice.of,
                new_slice_at: now,
            }
        });
        if sliced.of != slice.of {
            return Verdict::Hostile;
        }
        if let Some(received) = sliced.received.get_mut(slice.number)
            && !std::mem::replace(received, true)
        {
            sliced.new_slice_at = now;
            sliced.missing -= 1;
            if sliced.missing == 0 {
                sliced.received = Vec::new();
                self.slices -= slice.of;
            }
        }
        Verdict::Good
    }

    /// Forgets from the oldest on, as renet does.
    fn forget(&mut self, now: Duration) {
        while let Some(oldest) = self.latest.first_entry()
            && now.saturating_sub(oldest.get().new_slice_at) >= FORGOTTEN_AFTER
        {
            self.known_from = oldest.key() + 1;
            self.slices -= oldest.remove().received.len();
        }
    }
}

/// What a packet with a slice says of it.
#[derive(Debug)]
struct Slice {
    is_reliable: bool,
    channel: u8,
    message: u64,
    number: usize,
    of: usize,
}

impl Slice {
    /// `None` for other packets, and for those that renet itself finds too short.
    fn of(packet: &[u8]) -> Option<Self> {
        let [kind @ (2 | 3), fields @ ..] = packet else {
            return None;
        };
        let (_sequence, [channel, fields @ ..]) = varint(fields)? else {
            return None;
        };
        let (message, fields) = varint(fields)?;
        let (number, fields) = varint(fields)?;
        let (of, _) = varint(fields)?;
        let size = |value| usize::try_from(value).unwrap_or(usize::MAX);
        Some(Self {
            is_reliable: *kind == 2,
            channel: *channel,
            message,
            number: size(number),
            of: size(of),
        })
    }
}

/// A variable-length integer of QUIC, as renet writes them: the two high bits say how many bytes it has.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let first = *bytes.first()?;
    let (number, rest) = bytes.split_at_checked(1 << (first >> 6))?;
    let value = number.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    Some((value & !(0b11_u64 << (8 * number.len() - 2)), rest))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use bevy_renet::renet::{ConnectionConfig, DefaultChannel, RenetClient, RenetServer};
    use proptest::prelude::*;

    use super::*;
    use crate::channels::memory_of;

    const UNRELIABLE: u8 = 0;
    const UNORDERED: u8 = 1;
    const ORDERED: u8 = 2;

    /// A packet with a slice; `kind` is 2 on reliable channels, 3 on the others.
    fn slice_on(kind: u8, channel: u8, message: u64, number: u16, of: u16) -> Vec<u8> {
        let long = |value: u64| (value | 0xC0 << 56).to_be_bytes();
        let fields = [long(message), long(number.into()), long(of.into())].concat();
        [&[kind, 0, channel][..], &fields, &[0x44, 0xB0], &[7; 1200]].concat()
    }

    /// A reliable slice of message 0 on channel 1.
    fn slice(number: u16, of: u16) -> Vec<u8> {
        slice_on(2, UNORDERED, 0, number, of)
    }

    /// A server of renet with one client, behind its guard.
    struct Guarded {
        server: RenetServer,
        guard: Guard,
        now: Duration,
    }

    impl Guarded {
        fn new() -> Self {
            let config = ConnectionConfig::default();
            let guard = Guard::new(memory_of(&config.client_channels_config));
            let mut server = RenetServer::new(config);
            server.add_connection(1);
            let now = Duration::ZERO;
            Self { server, guard, now }
        }

        fn give(&mut self, packet: &[u8]) -> Result<(), Hostile> {
            let server = &mut self.server;
            self.guard.read(self.now, packet, |packet| {
                server.process_packet_from(packet, 1).unwrap();
            })
        }

        fn pass(&mut self, time: Duration) {
            self.now += time;
            self.server.update(time);
        }
    }

    #[test]
    fn a_slice_beyond_its_message_is_turned_away() {
        let mut guarded = Guarded::new();
        assert_eq!(guarded.give(&slice(0, 3)), Ok(()));
        assert_eq!(guarded.give(&slice(3, 3)), Err(Hostile));
        assert_eq!(guarded.give(&slice(63, 2)), Err(Hostile));
    }

    #[test]
    fn a_slice_that_contradicts_an_earlier_one_is_turned_away_on_every_channel() {
        for (kind, channel) in [(2, UNORDERED), (2, ORDERED), (3, UNRELIABLE)] {
            let mut guarded = Guarded::new();
            assert_eq!(guarded.give(&slice_on(kind, channel, 7, 0, 3)), Ok(()));
            assert_eq!(guarded.give(&slice_on(kind, channel, 7, 1, 10)), Err(Hostile));
            assert_eq!(guarded.give(&slice_on(kind, channel, 7, 2, 2)), Err(Hostile));
        }
    }

    #[test]
    fn nobody_makes_renet_count_more_memory_as_freed_than_was_taken() {
        let mut guarded = Guarded::new();
        let mut client = RenetClient::new(ConnectionConfig::default());
        client.set_connected();
        for _ in 0..11 {
            client.send_message(DefaultChannel::ReliableOrdered, vec![7; 1000]);
        }
        let packets = client.get_packets_to_send();
        for packet in &packets[1..] {
            assert_eq!(guarded.give(packet), Ok(()));
        }
        // renet would believe the second count, and the game's own reading would panic once message 0 is there
        assert_eq!(guarded.give(&slice_on(2, ORDERED, 11, 0, 2)), Ok(()));
        assert_eq!(guarded.give(&slice_on(2, ORDERED, 11, 1, 10)), Err(Hostile));
        assert_eq!(guarded.give(&packets[0]), Ok(()));
        while guarded
            .server
            .receive_message(1, DefaultChannel::ReliableOrdered)
            .is_some()
        {}
    }

    #[test]
    fn what_is_known_of_reliable_messages_is_bounded_and_none_is_counted_anew() {
        let mut guarded = Guarded::new();
        let most = u64::try_from(2 * (5 * 1024 * 1024 / SLICE)).unwrap();
        for message in 0..=most {
            assert_eq!(guarded.give(&slice_on(2, UNORDERED, message, 0, 1)), Ok(()));
            guarded.server.receive_message(1, DefaultChannel::ReliableUnordered);
        }
        assert_eq!(guarded.guard.reliable[&UNORDERED].slices.len() as u64, most);
        assert_eq!(guarded.give(&slice_on(2, UNORDERED, 0, 0, 1)), Err(Hostile));
    }

    #[test]
    fn unfinished_unreliable_messages_leave_room_for_whole_ones_and_are_forgotten() {
        let mut guarded = Guarded::new();
        let mut client = RenetClient::new(ConnectionConfig::default());
        client.set_connected();
        // more than the channel holds, as much as it may hold, and then some more in small pieces
        let mut handed = Vec::new();
        let counts = [5000, 3277].into_iter().chain([2; 1000]);
        for (message, of) in (0..).zip(counts) {
            let packet = slice_on(3, UNRELIABLE, message, 0, of);
            let read = guarded.guard.read(Duration::ZERO, &packet, |_| handed.push(message));
            assert_eq!(read, Ok(()), "it is not for this that a player goes");
            guarded.give(&packet).unwrap();
        }
        assert_eq!(handed, [1], "renet would write a line for each of the others");
        let is_heard = |guarded: &mut Guarded, client: &mut RenetClient| {
            client.send_message(DefaultChannel::Unreliable, vec![7; 100]);
            for packet in client.get_packets_to_send() {
                guarded.give(&packet).unwrap();
            }
            guarded.server.receive_message(1, DefaultChannel::Unreliable).is_some()
        };
        assert!(is_heard(&mut guarded, &mut client));
        // renet and its guard forget what nobody finishes
        guarded.pass(FORGOTTEN_AFTER);
        assert_eq!(guarded.give(&slice_on(3, UNRELIABLE, 2000, 0, 3277)), Ok(()));
        let known = &guarded.guard.unreliable[&UNRELIABLE];
        assert_eq!((known.slices, known.latest.len(), known.known_from), (3277, 1, 2));
        assert_eq!(
            guarded.give(&slice_on(3, UNRELIABLE, 1, 1, 9)),
            Ok(()),
            "too late to matter"
        );
    }

    #[test]
    fn a_panic_of_renet_ends_the_connection_and_not_the_program() {
        let mut guard = Guard::new(memory_of(&[]));
        assert_eq!(guard.read(Duration::ZERO, &[9], |_| panic!("of a test")), Err(Hostile));
    }

    proptest! {
        #[test]
        fn no_packet_panics_and_the_check_reads_what_renet_writes(
            kind in 0u8..6,
            body in prop::collection::vec(any::<u8>(), 0..40),
            size in 1201usize..5000,
        ) {
            let _ = Guarded::new().give(&[&[kind][..], &body].concat());
            let mut client = RenetClient::new(ConnectionConfig::default());
            client.set_connected();
            client.send_message(1, vec![7; size]);
            client.send_message(0, vec![7; size]);
            let mut guarded = Guarded::new();
            for packet in client.get_packets_to_send() {
                prop_assert_eq!(guarded.give(&packet), Ok(()));
            }
            prop_assert_eq!(guarded.server.receive_message(1, 1).map(|message| message.len()), Some(size));
            prop_assert_eq!(guarded.server.receive_message(1, 0).map(|message| message.len()), Some(size));
        }
    }
}
