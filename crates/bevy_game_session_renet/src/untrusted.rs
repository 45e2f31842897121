//! Gives renet the packets of an admitted but untrusted peer.
//!
//! renet checks most of what it reads, but it indexes by the slice number of a packet, and believes the number of
//! slices of a message to be the same in all of them. What is wrong by itself is turned away here; what is wrong only
//! beside an earlier packet makes renet panic, and the panic ends that one connection. (A program built with
//! `panic = "abort"` has only the first of the two.)

use std::panic::{AssertUnwindSafe, catch_unwind};

/// A packet that no renet has made. Its sender must go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hostile;

/// Hands the packet to `process`, a connection of renet's. After an error the connection must not be used any more.
pub(crate) fn read(packet: &[u8], process: impl FnOnce(&[u8])) -> Result<(), Hostile> {
    if !is_within_its_slices(packet) {
        return Err(Hostile);
    }
    catch_unwind(AssertUnwindSafe(|| process(packet))).map_err(|_| Hostile)
}

/// Whether the number of a slice is below the count of slices. Other packets, and those that renet itself finds too
/// short, pass.
fn is_within_its_slices(packet: &[u8]) -> bool {
    let ([2 | 3, fields @ ..], mut numbers) = (packet, [0; 3]) else {
        return true;
    };
    // sequence, channel (one byte), message, slice, slices
    let Some((_, [_channel, fields @ ..])) = varint(fields) else {
        return true;
    };
    let mut fields = fields;
    for number in &mut numbers {
        let Some((value, rest)) = varint(fields) else {
            return true;
        };
        (*number, fields) = (value, rest);
    }
    let [_message, slice, slices] = numbers;
    slice < slices
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

    use bevy_renet::renet::{ConnectionConfig, RenetClient, RenetServer};
    use proptest::prelude::*;

    use super::*;

    /// A reliable slice of message 0 on channel 1.
    fn slice(number: u8, of: u8) -> Vec<u8> {
        [&[2, 0, 1, 0, number, of, 0x44, 0xB0][..], &[7; 1200]].concat()
    }

    fn server() -> RenetServer {
        let mut server = RenetServer::new(ConnectionConfig::default());
        server.add_connection(1);
        server
    }

    fn give(server: &mut RenetServer, packet: &[u8]) -> Result<(), Hostile> {
        read(packet, |packet| server.process_packet_from(packet, 1).unwrap())
    }

    #[test]
    fn a_slice_beyond_its_message_is_turned_away() {
        let mut server = server();
        assert_eq!(give(&mut server, &slice(0, 3)), Ok(()));
        assert_eq!(give(&mut server, &slice(3, 3)), Err(Hostile));
        assert_eq!(give(&mut server, &slice(63, 2)), Err(Hostile));
    }

    #[test]
    fn a_slice_that_contradicts_an_earlier_one_ends_the_connection_and_not_the_program() {
        let mut server = server();
        assert_eq!(give(&mut server, &slice(0, 3)), Ok(()));
        assert_eq!(give(&mut server, &slice(9, 10)), Err(Hostile));
        server.disconnect(1);
        server.remove_connection(1);
        server.add_connection(2);
        assert!(server.is_connected(2));
    }

    proptest! {
        #[test]
        fn no_packet_panics_and_the_check_reads_what_renet_writes(
            kind in 0u8..6,
            body in prop::collection::vec(any::<u8>(), 0..40),
            size in 1201usize..5000,
        ) {
            let _ = give(&mut server(), &[&[kind][..], &body].concat());
            let mut client = RenetClient::new(ConnectionConfig::default());
            client.set_connected();
            client.send_message(1, vec![7; size]);
            client.send_message(0, vec![7; size]);
            let mut server = server();
            for packet in client.get_packets_to_send() {
                prop_assert_eq!(give(&mut server, &packet), Ok(()));
            }
            prop_assert_eq!(server.receive_message(1, 1).map(|message| message.len()), Some(size));
            prop_assert_eq!(server.receive_message(1, 0).map(|message| message.len()), Some(size));
        }
    }
}
