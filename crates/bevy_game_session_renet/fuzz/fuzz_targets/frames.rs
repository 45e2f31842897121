//! What a client or a server may put into a netcode payload: no panic, and what decodes encodes to the same bytes.
//!
//! The input is a row of payloads, each after two bytes that say how long it is.
#![no_main]
#![allow(dead_code, reason = "the modules are the crate's own, and not all of them is used here")]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;

#[path = "../../src/frame.rs"]
mod frame;
#[path = "../../src/untrusted.rs"]
mod untrusted;

use frame::{Frame, Joiner, Splitter};

fuzz_target!(|data: &[u8]| {
    let memory = (0..4).map(|channel| (channel, 50_000)).collect::<std::collections::HashMap<_, _>>();
    let mut guard = untrusted::Guard::new(memory.into());
    let (mut rest, mut joiner, mut splitter, mut now) = (data, Joiner::default(), Splitter::default(), Duration::ZERO);
    while let [high, low, bytes @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]) % 1400).min(bytes.len());
        let (payload, after) = bytes.split_at(length);
        rest = after;
        now += Duration::from_millis(u64::from(*low));
        let Ok(frame) = Frame::decode(payload) else { continue };
        let mut again = Vec::new();
        frame.encode(&mut again);
        assert_eq!(again, payload);
        let packet = match frame {
            Frame::Packet(packet) => Some(packet.to_vec()),
            Frame::Fragment { id, half, bytes } => joiner.join(now, id, half, bytes),
            Frame::Admitted | Frame::Refused(_) | Frame::Goodbye(_) => None,
        };
        let Some(packet) = packet else { continue };
        let _ = guard.read(now, &packet, |_| ());
        let (mut other_end, mut arrived) = (Joiner::default(), None);
        splitter.split(&packet, |frame| {
            let mut payload = Vec::new();
            frame.encode(&mut payload);
            match Frame::decode(&payload) {
                Ok(Frame::Packet(packet)) => arrived = Some(packet.to_vec()),
                Ok(Frame::Fragment { id, half, bytes }) => arrived = other_end.join(now, id, half, bytes).or(arrived.take()),
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(arrived, Some(packet));
    }
});
